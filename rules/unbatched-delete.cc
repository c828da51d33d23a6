// One DELETE over many rows: row locks and dead rows for all of them in a single transaction.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "lint/context.h"
#include "lint/reach.h"
#include "lint/words.h"

namespace pglint::rules::unbatched_delete {
namespace {

using namespace lint;

// Tables whose rows go with those that are deleted, as a sentence; empty if there are none.
std::string also_deleted(const effect::RelationEffect& table, const Context& context) {
  if (table.relation == nullptr) return {};
  std::string names;
  bool by_index = true;
  for (const catalog::Constraint* key : table.relation->referenced_by) {
    if (key->dropped || key->table == nullptr || key->table->dropped || key->on_delete != catalog::Action::cascade ||
        key->table == table.relation)
      continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", context.display(key->table->schema, key->table->name));
    const Symbol first = key->columns.empty() ? Symbol{} : key->columns[0];
    by_index = by_index && std::ranges::any_of(key->table->indexes, [&](const catalog::Relation* index) {
                 return !index->dropped && index->index != nullptr && !index->index->keys.empty() &&
                        index->index->keys[0].column == first;
               });
  }
  if (names.empty()) return {};
  return fmt::format(" Rows of {} go with them (ON DELETE CASCADE), by one query for each row{}.", names,
                     by_index ? "" : ", which reads the whole table where no index leads with the key");
}

void check_one(const DeleteStmt& statement, std::size_t nth, const Context& context) {
  const effect::RelationEffect* table = effect_on(statement.relation, context);
  if (table == nullptr || table->is_new) return;
  const Reach rows = reach(reinterpret_cast<const ::Node*>(&statement), statement.whereClause, *table, context);
  if (rows == Reach::one) return;

  const std::string name = context.display(*table);
  const bool whole = statement.whereClause == nullptr;
  context.report({
      .at = nth == 0 ? context.keywords("DELETE", "FROM") : context.keyword("DELETE", nth),
      .message = whole ? fmt::format("DELETE removes every row of {} in one transaction", name)
                       : fmt::format("DELETE may remove many rows of {} in one transaction", name),
      .why = "Each row stays locked until the transaction ends, foreign keys that point here are checked row by row, "
             "and the rows stay on disk until vacuum has been over all of them." +
             also_deleted(*table, context),
      .help =
          "Delete by key in batches of some hundred to some thousand rows, each in a transaction of its own, with a "
          "pause between them.",
      .relation = table,
      .work = Work::scan,
      .at_most = rows == Reach::some ? std::optional(Severity::warning) : std::nullopt,
  });
}

void check(const Context& context) {
  if (context.batched) return;
  each_write<DeleteStmt>(context,
                         [&](const DeleteStmt& statement, std::size_t nth) { check_one(statement, nth, context); });
}

constexpr std::array<int, 1> tags = {T_DeleteStmt};
// Their WITH clauses may have some.
constexpr std::array in_transaction = {int{T_SelectStmt}, int{T_InsertStmt}, int{T_MergeStmt}, int{T_UpdateStmt}};
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
    .in_transaction = in_transaction,
    .check = check,
});

}  // namespace pglint::rules::unbatched_delete
