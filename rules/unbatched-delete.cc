// One DELETE over many rows: row locks and dead rows for all of them in a single transaction.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/reach.h"
#include "lint/words.h"

namespace pglint::rules::unbatched_delete {
namespace {

using namespace lint;

void check(const DeleteStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || context.batched) return;
  const Reach rows = reach(statement.whereClause, *table, context);
  if (rows == Reach::one) return;

  const std::string name = context.display(*table);
  const bool whole = statement.whereClause == nullptr;
  context.report({
      .at = context.keywords("DELETE", "FROM"),
      .message = whole ? fmt::format("DELETE removes every row of {} in one transaction", name)
                       : fmt::format("DELETE may remove many rows of {} in one transaction", name),
      .why = "Each row stays locked until the transaction ends, foreign keys that point here are checked row by row, "
             "and the rows stay on disk until vacuum has been over all of them.",
      .help =
          "Delete by key in batches of some hundred to some thousand rows, each in a transaction of its own, with a "
          "pause between them.",
      .relation = table,
      .work = Work::scan,
      .at_most = rows == Reach::some ? std::optional(Severity::warning) : std::nullopt,
  });
}

constexpr std::array<int, 1> tags = {T_DeleteStmt};
constexpr std::array aliases = {Alias{"pgfence", "delete-without-where"}, Alias{"migrationpilot", "MP067"},
                                Alias{"pg-migration-lint", "PGM303"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "unbatched-delete",
    .category = Category::data,
    .severity = Severity::error,
    .summary = "Many rows of a table in use are deleted in one transaction",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::delete_rows,
    .aliases = aliases,
    .tags = tags,
    .check = on<DeleteStmt, check>,
});

}  // namespace pglint::rules::unbatched_delete
