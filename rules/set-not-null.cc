// SET NOT NULL that reads the whole table under ACCESS EXCLUSIVE, since nothing yet proves that no NULL is there.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::set_not_null {
namespace {

using namespace lint;

// A constraint that would prove it, if it were valid.
const catalog::Constraint* waiting_proof(const catalog::Relation& table, Symbol column) {
  for (const catalog::Constraint* constraint : table.constraints) {
    if (constraint->dropped || constraint->valid || !constraint->enforced) continue;
    const Vec<Symbol>& proved =
        constraint->kind == catalog::ConstraintKind::not_null ? constraint->columns : constraint->implies_not_null;
    if (std::find(proved.begin(), proved.end(), column) != proved.end()) return constraint;
  }
  return nullptr;
}

std::string advice(const Context& context, const effect::RelationEffect& relation, std::string_view column) {
  const catalog::Catalog& catalog = *context.catalog;
  const std::string table = context.display(relation);
  if (relation.relation != nullptr) {
    const Symbol symbol = catalog.symbols.find(column);
    if (const auto* proof = catalog::proof_of_not_null(*relation.relation, symbol))
      return fmt::format(
          "The check {} proves that there is none, but not to the statement that drops it: DROP CONSTRAINT in a "
          "statement of its own, after this one.",
          quoted(catalog.text(proof->name)));
    if (const auto* waiting = waiting_proof(*relation.relation, symbol))
      return fmt::format(
          "ALTER TABLE {} VALIDATE CONSTRAINT {} before it, in a transaction of its own, which lets reads and writes "
          "go "
          "on; then SET NOT NULL reads nothing.{}",
          table, quoted(catalog.text(waiting->name)),
          context.runner == "drizzle" ? fmt::format(" {}", later_transaction(context.runner)) : "");
  }
  const std::string name = quoted(fmt::format("{}_not_null", column));
  if (context.target->pg_version >= 18)
    return fmt::format(
        "Add the constraint without the scan: ALTER TABLE {0} ADD CONSTRAINT {1} NOT NULL {2} NOT VALID; then ALTER "
        "TABLE {0} VALIDATE CONSTRAINT {1}, which lets reads and writes go on. {3}",
        table, name, quoted(column), later_transaction(context.runner));
  return fmt::format(
      "Prove it first: ALTER TABLE {0} ADD CONSTRAINT {1} CHECK ({2} IS NOT NULL) NOT VALID; then ALTER TABLE {0} "
      "VALIDATE CONSTRAINT {1}, which lets reads and writes go on; then SET NOT NULL reads nothing, and the check can "
      "be dropped in a statement of its own. {3}",
      table, name, quoted(column), later_transaction(context.runner));
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
        .help = advice(context, *table, column),
        .relation = table,
        .work = part.work,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_SetNotNull}, int{AT_AddConstraint}};
constexpr std::array aliases = {Alias{"squawk", "adding-not-nullable-field"}, Alias{"eugene", "E2"},
                                Alias{"pgfence", "alter-column-set-not-null"},
                                Alias{"strong_migrations", "change_column_null"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "set-not-null",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A column becomes NOT NULL, and the table is read while nobody else can use it",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::set_not_null,
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::set_not_null
