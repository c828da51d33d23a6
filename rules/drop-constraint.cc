// A constraint goes: what it promised is no longer so, and a primary key is what replication and upserts stand on.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::drop_constraint {
namespace {

using namespace lint;

// Made by this migration, or only there to prove a NOT NULL that holds by now.
bool is_scaffold(const catalog::Constraint& constraint, const catalog::Catalog& catalog) {
  if (catalog.now.migration != 0 && constraint.created.migration == catalog.now.migration) return true;
  if (constraint.kind != catalog::ConstraintKind::check || constraint.table == nullptr || constraint.columns.empty())
    return false;
  return std::ranges::all_of(constraint.columns, [&](Symbol name) {
    const catalog::Column* column = catalog::column(*constraint.table, name);
    return column != nullptr && column->not_null &&
           std::find(constraint.implies_not_null.begin(), constraint.implies_not_null.end(), name) !=
               constraint.implies_not_null.end();
  });
}

bool adds_constraint(const AlterTableStmt& statement) {
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    if (command.subtype == AT_AddConstraint) return true;
    if (command.subtype != AT_AddColumn) continue;
    for (const Constraint& own : pg::only<Constraint>(pg::cast<ColumnDef>(command.def).constraints))
      if (own.contype == CONSTR_PRIMARY || own.contype == CONSTR_UNIQUE) return true;
  }
  return false;
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (statement.objtype != OBJECT_TABLE || table == nullptr || table->is_new || context.effects->has_error) return;
  if (adds_constraint(statement)) return;  // another takes its place
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    if (command.subtype != AT_DropConstraint || behind_gate(context)) continue;
    const catalog::Constraint* constraint =
        table->relation != nullptr
            ? catalog::constraint(*table->relation, context.catalog->symbols.intern(pg::text(command.name)))
            : nullptr;
    if (constraint != nullptr && is_scaffold(*constraint, *context.catalog)) continue;
    if (constraint == nullptr && command.missing_ok && table->known) continue;
    const bool primary = constraint != nullptr && constraint->kind == catalog::ConstraintKind::primary_key;
    const bool unique = constraint != nullptr && constraint->kind == catalog::ConstraintKind::unique;
    const std::string name = context.display(*table);
    const std::string named = quoted(pg::text(command.name));
    context.report({
        .at = context.command(at),
        .message = primary ? fmt::format("{} has no primary key any more", name)
                           : fmt::format("What {} promised of {} no longer holds", named, name),
        .why =
            primary
                ? fmt::format("ON CONFLICT on the key fails at once (42P10), and so does every UPDATE and DELETE of {} "
                              "if a publication has it (55000). Queries by key read the whole table.",
                              name)
            : unique
                ? std::string("ON CONFLICT on its columns fails at once (42P10), its index goes with it, and rows may "
                              "be stored twice while there is none.")
                : std::string("Rows that break it may be written from then on; to have it back, all rows have to be "
                              "checked again."),
        .help = primary || unique
                    ? "Build the index that takes its place first, by CREATE UNIQUE INDEX CONCURRENTLY; then drop "
                      "the old constraint and ADD the new one USING INDEX in one statement."
                    : "Drop it when no release relies on it any more.",
        .relation = table,
        .at_most = primary || unique ? std::nullopt : std::optional(Severity::advice),
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_DropConstraint}};
constexpr std::array aliases = {Alias{"pgfence", "drop-constraint"}, Alias{"pg-migration-lint", "PGM011"},
                                Alias{"migrationpilot", "MP055"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drop-constraint",
    .category = Category::compat,
    .severity = Severity::warning,
    .summary = "A constraint that others rely on is dropped",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::drop_constraint
