// DROP INDEX without CONCURRENTLY: it must have the table to itself, and queues behind every running query.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"

namespace pglint::rules::drop_index_not_concurrent {
namespace {

using namespace lint;

// The table whose readers and writers wait; of an index that the history never made the index itself stands for it.
const effect::RelationEffect* locked(const Context& context) {
  const effect::RelationEffect* index = nullptr;
  for (const effect::RelationEffect& relation : context.effects->relations) {
    if (relation.is_new || !blocks_reads(relation.lock)) continue;
    if (relation.kind != catalog::RelationKind::index && relation.kind != catalog::RelationKind::partitioned_index)
      return &relation;
    if (index == nullptr) index = &relation;
  }
  return index;
}

void check(const DropStmt& statement, const Context& context) {
  if (statement.removeType != OBJECT_INDEX || statement.concurrent) return;
  const effect::RelationEffect* relation = locked(context);
  if (relation == nullptr) return;

  const bool is_index = relation->kind == catalog::RelationKind::index;
  const std::string what =
      is_index ? fmt::format("the table of {}", context.display(*relation)) : context.display(*relation);
  context.report({
      .at = context.keywords("DROP", "INDEX"),
      .message = fmt::format("DROP INDEX locks {} against reads and writes", what),
      .why = fmt::format("PostgreSQL takes ACCESS EXCLUSIVE on the index and on {}: it waits for every running query "
                         "there, and every new one waits behind it.",
                         what),
      .help = relation->kind == catalog::RelationKind::partitioned_table
                  ? std::string("CONCURRENTLY is refused on a partitioned index: SET lock_timeout to a few seconds "
                                "before it, and try again until it gets the lock.")
                  : fmt::format("Use DROP INDEX CONCURRENTLY, one index a statement. {}",
                                outside_transaction(context.runner)),
      .relation = relation,
  });
}

constexpr std::array<int, 1> tags = {T_DropStmt};
constexpr std::array aliases = {Alias{"squawk", "require-concurrent-index-deletion"},
                                Alias{"pgfence", "drop-index-not-concurrent"},
                                Alias{"pgsafe", "drop-index-non-concurrent"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drop-index-not-concurrent",
    .category = Category::lock,
    .severity = Severity::warning,
    .summary = "An index is dropped under a lock that nobody can read or write beside",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::drop_index,
    .aliases = aliases,
    .tags = tags,
    .check = on<DropStmt, check>,
});

}  // namespace pglint::rules::drop_index_not_concurrent
