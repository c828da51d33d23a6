// Short questions about effects, for tests.
#pragma once

#include <string>
#include <string_view>

#include "effect/history.h"

namespace pglint::test {

struct Look {
  effect::Effects effects;
  const catalog::Catalog* catalog = nullptr;

  [[nodiscard]] const effect::RelationEffect* find(std::string_view name) const {
    for (const effect::RelationEffect& effect : effects.relations)
      if (catalog->text(effect.name) == name) return &effect;
    return nullptr;
  }
  [[nodiscard]] LockMode lock(std::string_view name) const {
    const effect::RelationEffect* effect = find(name);
    return effect != nullptr ? effect->lock : LockMode::none;
  }
  [[nodiscard]] bool scans(std::string_view name) const {
    const effect::RelationEffect* effect = find(name);
    return effect != nullptr && has(effect->work, Work::scan);
  }
  [[nodiscard]] bool rewrites(std::string_view name) const {
    const effect::RelationEffect* effect = find(name);
    return effect != nullptr && has(effect->work, Work::rewrite);
  }
  [[nodiscard]] bool builds(std::string_view index) const {
    for (const effect::Build& build : effects.builds)
      if (catalog->text(build.name) == index) return true;
    return false;
  }
  [[nodiscard]] std::string error() const { return effects.has_error ? effects.error.sqlstate : ""; }
  [[nodiscard]] const std::string& message() const { return effects.error.message; }
};

// What a statement does behind a history: in a transaction of its own, or, for `in_block`, after BEGIN.
inline Look look(History& history, std::string_view sql) { return {history.of(sql), &history.catalog()}; }

}  // namespace pglint::test
