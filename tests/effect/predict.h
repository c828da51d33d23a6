// What the model says of a form of testdata/facts, in the terms in which it was measured.
#pragma once

#include <algorithm>
#include <string>

#include "effect/history.h"
#include "support/facts.h"

namespace pglint::test {

struct Prediction {
  bool transactional = true;
  Locks locks;
  Locks new_locks;
  bool blocks_reads = false;
  bool blocks_writes = false;
  std::set<std::string> rewritten;
  std::set<std::string> scanned;
  std::set<std::string> builds;
  std::string sqlstate;
};

// Everything is in a schema w, as it was measured. The servers had their clock on UTC, and the extensions that the
// forms use.
inline Prediction predict(const Form& form, int version, bool in_block) {
  Prediction out;
  History history(version);
  history.released("CREATE EXTENSION citext; CREATE SCHEMA w; SET search_path = w, public");
  history.time_zone("UTC");
  history.released(form.session);
  history.released(form.setup);
  if (!history.error().empty()) {
    out.sqlstate = history.error();
    return out;
  }
  history.begin(in_block);
  const catalog::Catalog& catalog = history.catalog();
  const auto add = [&](const effect::Effects& effects) {
    for (const effect::RelationEffect& effect : effects.relations) {
      // A name that the setup never made is not there.
      if (effect.lock == LockMode::none || !effect.known) continue;
      const std::string name(catalog.text(effect.name));
      const bool made = effect.relation == nullptr;
      LockMode& lock = made ? out.new_locks[name] : out.locks[name];
      lock = std::max(lock, effect.lock);
    }
  };
  const auto judge = [&](const effect::Effects& effects) {
    add(effects);
    if (effects.has_error) out.sqlstate = effects.error.sqlstate;
    out.transactional = effects.transactional;
    for (const effect::RelationEffect& effect : effects.relations) {
      if (!effect.known) continue;
      const std::string name(catalog.text(effect.name));
      const bool index =
          effect.kind == catalog::RelationKind::index || effect.kind == catalog::RelationKind::partitioned_index;
      if (has(effect.work, Work::rewrite)) out.rewritten.insert(name);
      if (has(effect.work, Work::scan) && !index) out.scanned.insert(name);
      if (name != form.target) continue;
      out.blocks_reads = out.blocks_reads || effect.blocks_table_reads;
      out.blocks_writes = out.blocks_writes || effect.blocks_table_writes;
    }
    for (const effect::Build& build : effects.builds) out.builds.insert(std::string(catalog.text(build.name)));
  };
  // Locks of the transaction's earlier statements are still held.
  if (!form.before.empty()) history.each(form.before, add);
  history.each(form.statement, judge);
  if (const auto target = out.locks.find(form.target); target != out.locks.end()) {
    out.blocks_reads = out.blocks_reads || blocks_reads(target->second);
    out.blocks_writes = out.blocks_writes || blocks_writes(target->second);
  }
  return out;
}

}  // namespace pglint::test
