// CREATE INDEX CONCURRENTLY IF NOT EXISTS takes the invalid index that a failed build left behind for a good one.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::index_may_be_invalid {
namespace {

using namespace lint;

void check(const IndexStmt& statement, const Context& context) {
  if (!statement.concurrent || !statement.if_not_exists || statement.idxname == nullptr || context.effects->has_error)
    return;
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  const catalog::Catalog& catalog = *context.catalog;
  // The migration removed what might be there.
  const catalog::Lookup found = catalog.find(table->schema, catalog.symbols.intern(pg::text(statement.idxname)));
  if (found.presence == catalog::Presence::gone || looked_for_invalid(context)) return;
  const std::string name = quoted(pg::text(statement.idxname));
  context.report({
      .at = context.keywords("IF", "EXISTS"),
      .message = fmt::format("IF NOT EXISTS takes an invalid {} for a good one", name),
      .why = "A build that fails (a duplicate, a timeout, a deadlock, a cancelled deploy) leaves the index behind as "
             "INVALID. The next "
             "try finds the name taken and reports success; writes keep the index up, and no query uses it.",
      .help = fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {0} before it, so that every try builds anew.", name),
      .relation = table,
      // With Drizzle what stands behind COMMIT runs again when something later fails.
      .at_most = context.runner == "drizzle" ? std::optional(Severity::advice) : std::nullopt,
  });
}

constexpr std::array<int, 1> tags = {T_IndexStmt};
constexpr std::array aliases = {Alias{"migrationpilot", "MP070"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "index-may-be-invalid",
    .category = Category::fails,
    .severity = Severity::warning,
    .summary = "IF NOT EXISTS passes over an invalid index that a failed build left",
    .aliases = aliases,
    .tags = tags,
    .check = on<IndexStmt, check>,
});

}  // namespace pglint::rules::index_may_be_invalid
