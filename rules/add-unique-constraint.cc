// A unique constraint or primary key that builds its index under ACCESS EXCLUSIVE.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::add_unique_constraint {
namespace {

using namespace lint;

bool is_unique(const Constraint& constraint) {
  return constraint.contype == CONSTR_UNIQUE || constraint.contype == CONSTR_PRIMARY;
}

const Constraint* unique_of(const AlterTableCmd& command) {
  if (command.subtype == AT_AddConstraint) {
    const auto* constraint = pg::as<Constraint>(command.def);
    return constraint != nullptr && is_unique(*constraint) ? constraint : nullptr;
  }
  if (command.subtype == AT_AddColumn) {
    if (const auto* column = pg::as<ColumnDef>(command.def))
      for (const Constraint& constraint : pg::only<Constraint>(column->constraints))
        if (is_unique(constraint)) return &constraint;
  }
  return nullptr;
}

// Not on a partitioned table alone, whose partitions get theirs one by one.
bool builds_anything(const effect::Effects& effects) {
  return std::ranges::any_of(
      effects.relations, [](const effect::RelationEffect& relation) { return has(relation.work, Work::index_build); });
}

// How to have it without the build under the lock; sentences.
std::string way_around(const effect::RelationEffect& table, std::string_view what, bool with_column,
                       const Context& context) {
  const std::string name = context.display(table);
  if (table.kind == catalog::RelationKind::partitioned_table)
    return fmt::format(
        "A partitioned table takes neither CONCURRENTLY nor USING INDEX: ALTER TABLE ONLY {} ADD CONSTRAINT … {} (…), "
        "which builds nothing; give each partition the constraint by CREATE UNIQUE INDEX CONCURRENTLY and USING INDEX; "
        "then ALTER INDEX … ATTACH PARTITION for each.",
        name, what);
  return fmt::format(
      "{} CREATE UNIQUE INDEX CONCURRENTLY. {} Then ALTER TABLE {} ADD CONSTRAINT … {} USING INDEX …, which builds "
      "nothing{}.",
      with_column ? "Add the column alone, then" : "First", outside_transaction(context.runner), name, what,
      what == "PRIMARY KEY" ? " once its columns are NOT NULL" : "");
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  for (const effect::Part& part : context.effects->parts) {
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement.cmds)[part.command]);
    const Constraint* constraint = unique_of(command);
    if (constraint == nullptr) continue;
    if (!has(part.work, Work::index_build) || !builds_anything(*context.effects)) continue;

    const std::string name = context.display(*table);
    const bool primary = constraint->contype == CONSTR_PRIMARY;
    const std::string_view what = primary ? "PRIMARY KEY" : "UNIQUE";
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("Adding {} builds an index on {} while nobody else can use it", what, name),
        .why = fmt::format("PostgreSQL holds ACCESS EXCLUSIVE on {} for the whole build; reads and writes wait.", name),
        .help = way_around(*table, what, command.subtype == AT_AddColumn, context),
        .relation = table,
        .work = part.work,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_AddConstraint}};
constexpr std::array aliases = {Alias{"squawk", "disallowed-unique-constraint"}, Alias{"eugene", "E7"},
                                Alias{"pgfence", "add-constraint-unique"},
                                Alias{"pgfence", "add-pk-without-using-index"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "add-unique-constraint",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A unique constraint or primary key builds its index while nobody else can use the table",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::add_unique,
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::add_unique_constraint
