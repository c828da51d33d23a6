// Slow work while an earlier statement of the same transaction holds a lock that others wait for: a lock that would
// have been given back in a moment is kept for as long as the scan, the build or the UPDATE takes.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lint/context.h"
#include "lint/reach.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::backfill_under_lock {
namespace {

using namespace lint;

// VALIDATE of what the same transaction added: another rule says that, and better.
bool validates_own(const Context& context) {
  const auto* alter = context.as<AlterTableStmt>();
  const effect::RelationEffect* table = context.table();
  if (alter == nullptr || table == nullptr || table->relation == nullptr) return false;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(alter->cmds)) {
    if (command.subtype != AT_ValidateConstraint) return false;
    const catalog::Constraint* constraint =
        catalog::constraint(*table->relation, context.catalog->symbols.find(pg::text(command.name)));
    if (constraint == nullptr || constraint->created.transaction != context.catalog->now.transaction) return false;
  }
  return true;
}

// What takes long here, as the subject of a sentence; empty if nothing does.
std::string slow(const Context& context, const effect::RelationEffect*& relation) {
  if (const auto* update = context.as<UpdateStmt>()) {
    relation = context.table();
    if (relation == nullptr || relation->is_new ||
        reach(context.node, update->whereClause, *relation, context) == Reach::one)
      return {};
    return fmt::format("UPDATE of {}", context.display(*relation));
  }
  if (const auto* removal = context.as<DeleteStmt>()) {
    relation = context.table();
    if (relation == nullptr || relation->is_new ||
        reach(context.node, removal->whereClause, *relation, context) == Reach::one)
      return {};
    return fmt::format("DELETE from {}", context.display(*relation));
  }
  // A foreign key of a table that has no rows yet looks for nothing in the other one.
  const effect::RelationEffect* table = context.table();
  const bool empty = table != nullptr && table->is_new && table->relation != nullptr && !table->relation->filled;
  for (const effect::RelationEffect& effect : context.effects->relations) {
    if (effect.is_new || !grows_with_table(effect.work)) continue;
    if (empty && effect.because == effect::Because::references) continue;
    // The system catalogs are asked by index, and are small.
    const std::string_view schema = context.catalog->text(effect.schema);
    if (schema == "pg_catalog" || schema == "information_schema") continue;
    relation = &effect;
    const std::string name = context.display(effect);
    if (has(effect.work, Work::rewrite)) return fmt::format("rewrite of {}", name);
    if (has(effect.work, Work::index_build)) return fmt::format("index build on {}", name);
    return fmt::format("scan of {}", name);
  }
  return {};
}

bool stops_readers(const effect::RelationEffect& lock) { return blocks_reads(lock.lock) || lock.blocks_table_reads; }

// The statement's own lock already keeps out everybody whom the held one keeps out, and another rule says so.
bool adds_nothing(const effect::RelationEffect& held, const Context& context) {
  return std::ranges::any_of(context.effects->relations, [&](const effect::RelationEffect& own) {
    return own.schema == held.schema && own.name == held.name && blocks_others(own) &&
           (stops_readers(own) || !stops_readers(held));
  });
}

void check(const Context& context) {
  const Held* held = context.facts->worst();
  if (held == nullptr || held->told || context.effects->has_error || context.batched || validates_own(context)) return;
  const effect::RelationEffect* relation = nullptr;
  const std::string work = slow(context, relation);
  if (work.empty() || adds_nothing(held->relation, context)) return;
  held->told = true;
  // A block of several statements that goose is told not to wrap is one query, or several: the driver decides.
  const bool doubtful = context.runner == "goose" && context.transaction->kind == TransactionKind::implicit;

  const std::string locked = context.display(held->relation);
  const LockMode mode = held->relation.lock;
  const std::string_view waiting = held->relation.blocks_table_reads ? "reads and writes" : who_waits(mode);
  context.report({
      .at = context.first_word(),
      .message = fmt::format("The {} runs while {} on {} is held", work, name(mode), locked),
      .why =
          fmt::format("An earlier statement of this transaction took the lock; {} of {} wait until the transaction is "
                      "over, for as long as this takes.",
                      waiting, locked),
      .help = fmt::format("Commit what takes the lock first, and do the slow part in a transaction of its own.{}",
                          context.runner == "drizzle" ? fmt::format(" {}", later_transaction(context.runner)) : ""),
      .relation = &held->relation,
      .lock = mode,
      .work = relation->work,
      .at_most = doubtful ? std::optional(Severity::advice) : std::nullopt,
      .related = {{held->file, held->at, fmt::format("{} on {} is taken here", name(mode), locked)}},
  });
}

constexpr std::array aliases = {Alias{"eugene", "E4"}, Alias{"pgfence", "statement-after-access-exclusive"},
                                Alias{"migrationpilot", "MP008"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "backfill-under-lock",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "Slow work is done while an earlier statement of the transaction holds a lock that others wait for",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::any,
    .aliases = aliases,
    .subject = Subject::transaction,
    .check = check,
});

}  // namespace pglint::rules::backfill_under_lock
