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
  bool unless_empty = false;       // it takes a row to fail so
  std::set<std::string> may_fail;  // SQLSTATEs that rows decide
};

// Whether rows are in the form's target: only where its setup makes it and puts none there, or empties it, there are
// none.
inline bool has_rows(const Form& form) {
  if (form.setup.ends_with("TRUNCATE " + form.target)) return false;
  return form.target.empty() || form.setup.find("CREATE TABLE " + form.target + "(") == std::string::npos ||
         form.setup.find("INSERT INTO " + form.target + " ") != std::string::npos ||
         form.setup.find("INSERT INTO " + form.target + "(") != std::string::npos;
}

// The error that this form ends in by the model: which of those that rows decide, only they can tell.
inline std::string error_by_rows(const Form& form, const Prediction& predicted, const std::string& measured) {
  if (predicted.may_fail.contains(measured)) return measured;
  if (measured.empty() && predicted.unless_empty && !has_rows(form)) return {};
  return predicted.sqlstate;
}

// The name that a relation has after all, of one that the transaction made; empty if it is gone.
inline std::string settled(const catalog::Catalog& catalog, const std::string& name) {
  const catalog::Lookup found = catalog.find(Symbol{}, catalog.symbols.intern(name));
  if (found.presence != catalog::Presence::gone || found.relation == nullptr) return name;
  if (!catalog.new_in_transaction(*found.relation)) return name;
  return found.relation->dropped ? std::string() : std::string(catalog.text(found.relation->name));
}
inline void settle(const catalog::Catalog& catalog, Locks& locks) {
  Locks kept;
  for (const auto& [name, mode] : locks)
    if (const std::string now = settled(catalog, name); !now.empty()) kept[now] = std::max(kept[now], mode);
  locks = std::move(kept);
}
inline void settle(const catalog::Catalog& catalog, std::set<std::string>& names) {
  std::set<std::string> kept;
  for (const std::string& name : names)
    if (std::string now = settled(catalog, name); !now.empty()) kept.insert(std::move(now));
  names = std::move(kept);
}

// Everything is in a schema w, as it was measured. The servers had their clock on UTC, and the extensions that the
// forms use.
inline Prediction predict(const Form& form, int version, bool in_block) {
  Prediction out;
  History history(version);
  history.whole();
  history.released(
      "SET role = postgres; CREATE EXTENSION citext; CREATE EXTENSION btree_gist; CREATE SCHEMA w; SET search_path = "
      "w, "
      "public");
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
      // Only what is in these schemas was looked at.
      if (catalog.text(effect.schema) == "pg_temp") continue;
      const std::string name(catalog.text(effect.name));
      const bool made = effect.relation == nullptr || catalog.new_in_transaction(*effect.relation);
      LockMode& lock = made ? out.new_locks[name] : out.locks[name];
      lock = std::max(lock, effect.lock);
    }
  };
  const auto built = [&](const effect::Effects& effects) {
    for (const effect::Build& build : effects.builds)
      if (catalog.text(build.table_schema) != "pg_temp") out.builds.insert(std::string(catalog.text(build.name)));
  };
  const auto judge = [&](const effect::Effects& effects) {
    add(effects);
    if (effects.has_error) {
      out.sqlstate = effects.error.sqlstate;
      out.unless_empty = effects.error.unless_empty;
    }
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
    built(effects);
    for (const effect::PossibleError& error : effects.may_fail) out.may_fail.insert(error.sqlstate);
  };
  // Locks of the transaction's earlier statements are still held.
  if (!form.before.empty())
    history.each(form.before, [&](const effect::Effects& effects) {
      add(effects);
      built(effects);
    });
  history.each(form.statement, judge);
  settle(catalog, out.new_locks);
  settle(catalog, out.builds);
  if (const auto target = out.locks.find(form.target); target != out.locks.end()) {
    out.blocks_reads = out.blocks_reads || blocks_reads(target->second);
    out.blocks_writes = out.blocks_writes || blocks_writes(target->second);
  }
  return out;
}

}  // namespace pglint::test
