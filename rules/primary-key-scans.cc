// A primary key that takes an index which is there, over columns that may hold NULL: the server makes them NOT NULL,
// and reads the table for it under ACCESS EXCLUSIVE.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::primary_key_scans {
namespace {

using namespace lint;

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || context.effects->has_error) return;
  for (const effect::Part& part : context.effects->parts) {
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement.cmds)[part.command]);
    const auto* constraint = command.subtype == AT_AddConstraint ? pg::as<Constraint>(command.def) : nullptr;
    if (constraint == nullptr || constraint->contype != CONSTR_PRIMARY || constraint->indexname == nullptr) continue;
    if (!has(part.work, Work::scan)) continue;
    const bool guess = table->relation == nullptr || !table->known;
    const std::string name = context.display(*table);
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("Adding PRIMARY KEY {} all of {} while nobody else can use it",
                               guess ? "may read" : "reads", name),
        .why = fmt::format(
            "The index is there, but its columns may hold NULL: PostgreSQL makes them NOT NULL, holds ACCESS "
            "EXCLUSIVE on {} and reads every row; reads and writes wait.",
            name),
        .help = "Make its columns NOT NULL first, each proved by a valid CHECK (… IS NOT NULL): then the index is "
                "taken as it is.",
        .relation = table,
        .work = part.work,
        .at_most = guess ? std::optional(Severity::warning) : std::nullopt,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddConstraint}};
constexpr std::array aliases = {Alias{"eugene", "W14"}, Alias{"pg-migration-lint", "PGM016"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "primary-key-scans",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A primary key over columns that may hold NULL reads the table while nobody else can use it",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::add_unique,
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::primary_key_scans
