// DROP INDEX without CONCURRENTLY: it must have the table to itself, and queues behind every running query.
#include <fmt/format.h>

#include <array>

#include "lint/rule.h"
#include "lint/words.h"

namespace pglint::rules {
namespace {

using namespace lint;

void check(const DropStmt& statement, const Context& context) {
  if (statement.removeType != OBJECT_INDEX || statement.concurrent) return;
  // The index's table where the history knows it, else the index itself.
  const effect::RelationEffect* relation = context.table();
  if (relation == nullptr) relation = context.effects->target();
  if (relation == nullptr || relation->is_new || !blocks_reads(relation->lock)) return;

  const bool is_index = relation->kind == catalog::RelationKind::index;
  const std::string what =
      is_index ? fmt::format("the table of {}", context.display(*relation)) : context.display(*relation);
  context.report({
      .at = context.keywords("DROP", "INDEX"),
      .message = fmt::format("DROP INDEX locks {} against reads and writes", what),
      .why = fmt::format("PostgreSQL takes ACCESS EXCLUSIVE on the index and on {}: it waits for every running query "
                         "there, and every new one waits behind it.",
                         what),
      .help =
          fmt::format("Use DROP INDEX CONCURRENTLY, one index a statement. {}", outside_transaction(context.runner)),
      .relation = relation,
  });
}

constexpr std::array tags = {T_DropStmt};
constexpr std::array aliases = {Alias{"squawk", "require-concurrent-index-deletion"},
                                Alias{"pgfence", "drop-index-not-concurrent"},
                                Alias{"pgsafe", "drop-index-non-concurrent"}};

}  // namespace

extern const Rule drop_index_not_concurrent;
constexpr Rule drop_index_not_concurrent = complete({
    .id = "drop-index-not-concurrent",
    .category = Category::lock,
    .severity = Severity::warning,
    .summary = "An index is dropped under a lock that nobody can read or write beside",
    .aliases = aliases,
    .tags = tags,
    .check = on<DropStmt, check>,
});

}  // namespace pglint::rules
