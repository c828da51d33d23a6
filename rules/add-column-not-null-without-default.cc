// ADD COLUMN … NOT NULL without a default: fails on a table with rows, and refuses what the running release inserts.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::add_column_not_null_without_default {
namespace {

using namespace lint;

// Whether the column takes no NULL and has nothing to put in its place.
bool needs_a_value(const ColumnDef& column) {
  bool not_null = false;
  bool has_value = false;
  for (const Constraint& constraint : pg::only<Constraint>(column.constraints)) {
    switch (constraint.contype) {
      case CONSTR_NOTNULL:
      case CONSTR_PRIMARY:
        not_null = true;
        break;
      case CONSTR_DEFAULT:
        has_value = has_value || !pg::is_null_constant(constraint.raw_expr);
        break;
      case CONSTR_IDENTITY:
      case CONSTR_GENERATED:
        has_value = true;
        break;
      default:
        break;
    }
  }
  if (column.typeName != nullptr && pg::last_name(column.typeName->names).ends_with("serial")) has_value = true;
  return not_null && !has_value;
}

// One value for all rows will not do.
bool is_key(const ColumnDef& column) {
  for (const Constraint& constraint : pg::only<Constraint>(column.constraints))
    if (constraint.contype == CONSTR_PRIMARY || constraint.contype == CONSTR_UNIQUE) return true;
  return false;
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  // A table that is new has no rows yet, unless they were just written.
  const bool filled = table != nullptr && table->relation != nullptr && table->relation->filled;
  if (statement.objtype != OBJECT_TABLE || (table != nullptr && table->is_new && !filled)) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    const auto* column = command.subtype == AT_AddColumn ? pg::as<ColumnDef>(command.def) : nullptr;
    if (column == nullptr || !needs_a_value(*column)) continue;
    // IF NOT EXISTS, and it does: nothing is added.
    if (command.missing_ok && table != nullptr && table->relation != nullptr &&
        catalog::column(*table->relation, context.catalog->symbols.find(pg::text(column->colname))) != nullptr)
      continue;
    const std::string name = table != nullptr ? context.display(*table) : quoted(pg::text(statement.relation->relname));
    const std::string named = quoted(pg::text(column->colname));
    context.report({
        .at = context.command(at),
        .message = fmt::format("Column {}.{} is NOT NULL and has no default", name, named),
        .why = fmt::format("If {} has a row the statement fails (23502); if it has none, every INSERT of the running "
                           "release, which does not know the column, fails from then on.",
                           name),
        .help = is_key(*column)
                    ? "Add it nullable, release code that writes it, fill the old rows in batches, and make "
                      "it NOT NULL and a key then."
                    : "Add it with a constant DEFAULT, which rewrites nothing. Or add it nullable, release "
                      "code that writes it, fill the old rows in batches, and make it NOT NULL then.",
        .relation = table,
        .lock = LockMode::access_exclusive,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}};
constexpr std::array aliases = {Alias{"squawk", "adding-required-field"},
                                Alias{"pgfence", "add-column-not-null-no-default"},
                                Alias{"pg-migration-lint", "PGM008"}, Alias{"atlas", "MF103"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "add-column-not-null-without-default",
    .category = Category::fails,
    .severity = Severity::error,
    .summary = "A NOT NULL column without a default is added to a table that may have rows",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::add_column,
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::add_column_not_null_without_default
