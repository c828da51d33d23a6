// SET NOT NULL that reads the whole table under ACCESS EXCLUSIVE, since nothing yet proves that no NULL is there.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules {
namespace {

using namespace lint;

std::string advice(const Context& context, std::string_view table, std::string_view column) {
  if (context.target->pg_version >= 18)
    return fmt::format(
        "Add the constraint without the scan: ALTER TABLE {0} ADD CONSTRAINT {1} NOT NULL {2} NOT VALID; then ALTER "
        "TABLE {0} VALIDATE CONSTRAINT {1}, which lets reads and writes go on. {3}",
        table, quoted(fmt::format("{}_not_null", column)), quoted(column), later_transaction(context.runner));
  return fmt::format(
      "Prove it first: ALTER TABLE {0} ADD CONSTRAINT {1} CHECK ({2} IS NOT NULL) NOT VALID; then ALTER TABLE {0} "
      "VALIDATE CONSTRAINT {1}, which lets reads and writes go on; then SET NOT NULL reads nothing, and the check can "
      "be dropped in a statement of its own. {3}",
      table, quoted(fmt::format("{}_not_null", column)), quoted(column), later_transaction(context.runner));
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  for (const effect::Part& part : context.effects->parts) {
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement.cmds)[part.command]);
    std::string_view column;
    if (command.subtype == AT_SetNotNull) {
      column = pg::text(command.name);
    } else if (command.subtype == AT_AddConstraint) {
      const auto* constraint = pg::as<Constraint>(command.def);
      if (constraint == nullptr || constraint->contype != CONSTR_NOTNULL) continue;
      column = pg::last_name(constraint->keys);
    } else {
      continue;
    }
    if (!has(part.work, Work::scan)) continue;

    const std::string name = context.display(*table);
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("Making {}.{} NOT NULL reads the whole table while nobody else can use it", name,
                               quoted(column)),
        .why = fmt::format("PostgreSQL holds {} on {} and reads every row to be sure that no NULL is there; reads and "
                           "writes wait until it is done.",
                           pglint::name(table->lock), name),
        .help = advice(context, name, column),
        .relation = table,
        .work = part.work,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array aliases = {Alias{"squawk", "adding-not-nullable-field"}, Alias{"eugene", "E2"},
                                Alias{"pgfence", "alter-column-set-not-null"},
                                Alias{"strong_migrations", "change_column_null"}};

}  // namespace

extern const Rule set_not_null;
constexpr Rule set_not_null = complete({
    .id = "set-not-null",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A column becomes NOT NULL, and the table is read while nobody else can use it",
    .aliases = aliases,
    .tags = tags,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules
