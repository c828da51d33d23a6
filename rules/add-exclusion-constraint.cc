// An exclusion constraint builds its index under ACCESS EXCLUSIVE, and there is no other way to have it.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::add_exclusion_constraint {
namespace {

using namespace lint;

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || context.effects->has_error) return;
  for (const effect::Part& part : context.effects->parts) {
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement.cmds)[part.command]);
    const auto* constraint = command.subtype == AT_AddConstraint ? pg::as<Constraint>(command.def) : nullptr;
    if (constraint == nullptr || constraint->contype != CONSTR_EXCLUSION || !grows_with_table(part.work)) continue;
    const std::string name = context.display(*table);
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("EXCLUDE builds an index on {} while nobody else can use it", name),
        .why = fmt::format(
            "PostgreSQL holds ACCESS EXCLUSIVE on {} for the whole build and checks every row; reads and writes "
            "wait. An exclusion constraint takes neither an index that is there nor NOT VALID.",
            name),
        .help = "Do it in a window in which nobody needs the table; or make a new table with the constraint, copy in "
                "batches "
                "with a trigger that keeps it equal, and swap the names.",
        .relation = table,
        .work = part.work,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddConstraint}};
constexpr std::array aliases = {Alias{"pgfence", "add-constraint-exclude"}, Alias{"eugene", "E8"},
                                Alias{"django-pg-zero-downtime-migrations", "add-constraint-exclude"},
                                Alias{"migrationpilot", "MP031"}, Alias{"pg-migration-lint", "PGM019"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "add-exclusion-constraint",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "An exclusion constraint builds its index while nobody else can use the table",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::add_exclusion_constraint
