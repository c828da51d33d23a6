// A check that reads its whole table under ACCESS EXCLUSIVE.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::add_check_validating {
namespace {

using namespace lint;

// A check that is added, by itself or with a column.
const Constraint* check_of(const AlterTableCmd& command) {
  if (command.subtype == AT_AddConstraint) {
    const auto* constraint = pg::as<Constraint>(command.def);
    return constraint != nullptr && constraint->contype == CONSTR_CHECK ? constraint : nullptr;
  }
  if (command.subtype == AT_AddColumn) {
    if (const auto* column = pg::as<ColumnDef>(command.def))
      for (const Constraint& constraint : pg::only<Constraint>(column->constraints))
        if (constraint.contype == CONSTR_CHECK) return &constraint;
  }
  return nullptr;
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  for (const effect::Part& part : context.effects->parts) {
    if (!has(part.work, Work::scan)) continue;
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement.cmds)[part.command]);
    const Constraint* constraint = check_of(command);
    if (constraint == nullptr) continue;

    const std::string name = context.display(*table);
    const bool with_column = command.subtype == AT_AddColumn;
    const std::string_view written = pg::text(constraint->conname);
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("Adding a check reads all of {} while nobody else can use it", name),
        .why =
            fmt::format("PostgreSQL holds ACCESS EXCLUSIVE on {} and tests every row{}; reads and writes wait until it "
                        "is done.",
                        name, with_column ? ", although the column is new to all of them" : ""),
        .help = fmt::format("{} NOT VALID, which reads nothing; then ALTER TABLE {} VALIDATE CONSTRAINT {}, which lets "
                            "reads and writes go on. {}",
                            with_column ? "Add the column without the check, then the check" : "Add it", name,
                            written.empty() ? "…" : quoted(written), later_transaction(context.runner)),
        .relation = table,
        .work = part.work,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_AddConstraint}};
constexpr std::array aliases = {Alias{"squawk", "constraint-missing-not-valid"}, Alias{"eugene", "E1"},
                                Alias{"pgfence", "add-constraint-check-no-not-valid"},
                                Alias{"strong_migrations", "add_check_constraint"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "add-check-validating",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A check is tested on every row while nobody else can use the table",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::add_check,
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::add_check_validating
