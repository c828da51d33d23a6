// LOCK TABLE in a mode that others wait for, until the transaction ends.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::lock_table {
namespace {

using namespace lint;

void check(const LockStmt& statement, const Context& context) {
  const auto mode = static_cast<LockMode>(statement.mode);
  if (!blocks_writes(mode)) return;
  const effect::RelationEffect* first = nullptr;
  std::string names;
  for (const effect::RelationEffect& effect : context.effects->relations) {
    if (effect.is_new || effect.because != effect::Because::target) continue;
    if (first == nullptr) first = &effect;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", context.display(effect));
  }
  if (first == nullptr) return;
  context.report({
      .at = context.keyword("LOCK"),
      .message = fmt::format("LOCK TABLE keeps {} of {} waiting until the transaction ends", who_waits(mode), names),
      .why = fmt::format("PostgreSQL holds {} on {} for all that the transaction goes on to do.", name(mode), names),
      .help = "Let a trigger carry over what is written meanwhile and copy in batches, without a lock. Where it has to "
              "be held, do "
              "nothing under it that takes longer than a moment, with a short lock_timeout before it.",
      .relation = first,
      .at_most = blocks_reads(mode) ? std::nullopt : std::optional(Severity::warning),
  });
}

constexpr std::array<int, 1> tags = {T_LockStmt};
constexpr std::array aliases = {Alias{"migrationpilot", "MP065"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "lock-table",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "LOCK TABLE keeps others out until the transaction ends",
    .aliases = aliases,
    .tags = tags,
    .check = on<LockStmt, check>,
});

}  // namespace pglint::rules::lock_table
