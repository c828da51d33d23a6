// A column is renamed while the running release still asks for it by its old name.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lint/context.h"
#include "lint/words.h"

namespace pglint::rules::rename_column {
namespace {

using namespace lint;

// Of a column that this migration has added nobody knows the old name.
bool is_new(const RenameStmt& statement, const effect::RelationEffect& table, const Context& context) {
  if (table.relation == nullptr) return false;
  const catalog::Catalog& catalog = *context.catalog;
  const catalog::Column* column = catalog::column(*table.relation, catalog.symbols.find(pg::text(statement.subname)));
  if (column == nullptr) return false;
  return (catalog.now.migration != 0 && column->created.migration == catalog.now.migration) ||
         (catalog.now.transaction != 0 && column->created.transaction == catalog.now.transaction);
}

// A column of the new name was dropped in the same transaction: one takes the place of another, and whoever uses that
// name goes on.
bool takes_a_place(const RenameStmt& statement, const effect::RelationEffect& table, const Context& context) {
  if (table.relation == nullptr) return false;
  const catalog::Catalog& catalog = *context.catalog;
  const Symbol name = catalog.symbols.find(pg::text(statement.newname));
  return std::any_of(table.relation->columns.begin(), table.relation->columns.end(), [&](const catalog::Column& one) {
    return one.dropped && one.name == name && catalog.now.transaction != 0 &&
           one.left.transaction == catalog.now.transaction;
  });
}

void check(const RenameStmt& statement, const Context& context) {
  const bool of_relation = statement.relationType == OBJECT_TABLE || statement.relationType == OBJECT_VIEW ||
                           statement.relationType == OBJECT_MATVIEW || statement.relationType == OBJECT_FOREIGN_TABLE;
  if (statement.renameType != OBJECT_COLUMN || !of_relation) return;
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || is_new(statement, *table, context)) return;
  if (takes_a_place(statement, *table, context)) return;

  const std::string name = context.display(*table);
  const std::string from = quoted(pg::text(statement.subname));
  const std::string to = quoted(pg::text(statement.newname));
  std::string help;
  if (statement.relationType == OBJECT_VIEW)
    help = fmt::format(
        "CREATE OR REPLACE VIEW {0} with {2} as one more column at its end, release code that uses {2}, and take {1} "
        "out "
        "after that.",
        name, from, to);
  else if (statement.relationType == OBJECT_MATVIEW)
    help = fmt::format("Make another materialized view with {} beside it, release code that uses that, then drop {}.",
                       to, name);
  else
    help = fmt::format(
        "Add {1} beside {0}, keep the two equal with a trigger, fill the old rows in batches, release code that uses "
        "{1}, then drop {0}.",
        from, to);
  if (context.runner == "drizzle" && statement.relationType == OBJECT_TABLE)
    help += fmt::format(
        " If only the code should say {}, leave the column as it is: name the property in schema.ts and "
        "give it the column '{}', and no migration is needed.",
        to, pg::text(statement.subname));
  context.report({
      .at = context.keywords("RENAME", "TO"),
      .message = fmt::format("Renaming {0}.{1} to {2} breaks the release that is running", name, from, to),
      .why =
          fmt::format("The rename is instant, and from then on every query that says {} fails (42703), until the last "
                      "process of the old release is gone. A release that says {} fails before it.",
                      from, to),
      .help = std::move(help),
      .relation = table,
  });
}

constexpr std::array<int, 1> tags = {T_RenameStmt};
constexpr std::array aliases = {Alias{"squawk", "renaming-column"}, Alias{"pgfence", "rename-column"},
                                Alias{"strong_migrations", "rename_column"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "rename-column",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "A column is renamed under the release that is running",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::rename_column,
    .aliases = aliases,
    .tags = tags,
    .check = on<RenameStmt, check>,
});

}  // namespace pglint::rules::rename_column
