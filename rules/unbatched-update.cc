// One UPDATE over many rows: row locks, bloat and WAL for all of them in a single transaction.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/reach.h"
#include "lint/words.h"

namespace pglint::rules::unbatched_update {
namespace {

using namespace lint;

void check_one(const UpdateStmt& statement, std::size_t nth, const Context& context) {
  const effect::RelationEffect* table = effect_on(statement.relation, context);
  if (table == nullptr || table->is_new) return;
  const Reach rows = reach(reinterpret_cast<const ::Node*>(&statement), statement.whereClause, *table, context);
  if (rows == Reach::one) return;

  const std::string name = context.display(*table);
  const bool whole = statement.whereClause == nullptr;
  context.report({
      .at = context.keyword("UPDATE", nth),
      .message = whole ? fmt::format("UPDATE writes every row of {} in one transaction", name)
                       : fmt::format("UPDATE may write many rows of {} in one transaction", name),
      .why = "Each row stays locked until the transaction ends, so other writers of these rows wait for all of it; "
             "every row is written anew, vacuum can clean none of the old ones meanwhile, and replicas fall behind.",
      .help = "Update by key in batches of some hundred to some thousand rows, each in a transaction of its own, with "
              "a pause between them, and outside the migration that changes the schema.",
      .relation = table,
      .work = Work::scan,
      .at_most = rows == Reach::some ? std::optional(Severity::warning) : std::nullopt,
  });
}

void check(const Context& context) {
  if (context.batched) return;
  each_write<UpdateStmt>(context,
                         [&](const UpdateStmt& statement, std::size_t nth) { check_one(statement, nth, context); });
}

constexpr std::array<int, 1> tags = {T_UpdateStmt};
// Their WITH clauses may have some.
constexpr std::array in_transaction = {int{T_SelectStmt}, int{T_InsertStmt}, int{T_MergeStmt}, int{T_DeleteStmt}};
constexpr std::array aliases = {Alias{"pgfence", "update-in-migration"}, Alias{"migrationpilot", "MP011"},
                                Alias{"pg-migration-lint", "PGM302"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "unbatched-update",
    .category = Category::data,
    .severity = Severity::error,
    .summary = "Many rows of a table in use are updated in one transaction",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::update_rows,
    .aliases = aliases,
    .tags = tags,
    .in_transaction = in_transaction,
    .check = check,
});

}  // namespace pglint::rules::unbatched_update
