// A foreign key that reads its whole table while writers of both tables wait; with a column that is added in the same
// statement, readers too.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::add_foreign_key_validating {
namespace {

using namespace lint;

// Only a column that is added with a value for the rows there are has anything to look up.
bool has_value(const ColumnDef& column) {
  for (const Constraint& constraint : pg::only<Constraint>(column.constraints)) {
    if (constraint.contype == CONSTR_IDENTITY || constraint.contype == CONSTR_GENERATED) return true;
    if (constraint.contype == CONSTR_DEFAULT && !pg::is_null_constant(constraint.raw_expr)) return true;
  }
  return column.typeName != nullptr && pg::last_name(column.typeName->names).ends_with("serial");
}

const Constraint* foreign_key_of(const AlterTableCmd& command) {
  if (command.subtype == AT_AddConstraint) {
    const auto* constraint = pg::as<Constraint>(command.def);
    return constraint != nullptr && constraint->contype == CONSTR_FOREIGN ? constraint : nullptr;
  }
  if (command.subtype == AT_AddColumn) {
    if (const auto* column = pg::as<ColumnDef>(command.def); column != nullptr && has_value(*column))
      for (const Constraint& constraint : pg::only<Constraint>(column->constraints))
        if (constraint.contype == CONSTR_FOREIGN) return &constraint;
  }
  return nullptr;
}

// The table that the key points to, as a message names tables.
std::string table_of(const Constraint& key) {
  const std::string_view schema = pg::text(key.pktable->schemaname);
  const std::string table = quoted(pg::text(key.pktable->relname));
  return schema.empty() || schema == "public" ? table : fmt::format("{}.{}", quoted(schema), table);
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  for (const effect::Part& part : context.effects->parts) {
    if (!has(part.work, Work::scan)) continue;
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement.cmds)[part.command]);
    const Constraint* key = foreign_key_of(command);
    if (key == nullptr || key->pktable == nullptr) continue;

    const std::string name = context.display(*table);
    const std::string other = table_of(*key);
    const std::string_view written = pg::text(key->conname);
    const bool itself = name == other;
    const bool with_column = command.subtype == AT_AddColumn;
    // Another part of the statement may need more than the key.
    const LockMode mode = std::max(part.lock, table->lock);
    const bool readers_wait = blocks_reads(mode);
    const bool partitioned = table->kind == catalog::RelationKind::partitioned_table && context.target->pg_version < 18;
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("{} reads all of {} while {}",
                               with_column ? "Adding a column with a foreign key and a value"
                                           : fmt::format("Adding a foreign key to {}", other),
                               name,
                               readers_wait ? "nobody else can use it"
                               : itself     ? "writers of it wait"
                                            : "writers of both wait"),
        .why = fmt::format("PostgreSQL holds {} on {}{} while it looks up every row; {} wait on {}{}.",
                           pglint::name(mode), name,
                           itself         ? ""
                           : readers_wait ? fmt::format(" and SHARE ROW EXCLUSIVE on {}", other)
                                          : fmt::format(" and {}", other),
                           who_waits(mode), itself || readers_wait ? name : "both",
                           readers_wait && !itself ? fmt::format(", and writes on {}", other) : ""),
        .help =
            partitioned
                ? fmt::format("NOT VALID is refused on a partitioned table before PostgreSQL 18: add the key to each "
                              "partition NOT VALID, VALIDATE each, then add it to {}, which takes theirs over and "
                              "reads nothing, but locks {} for a moment.",
                              name, other)
                : fmt::format("{} NOT VALID, which reads nothing; then ALTER TABLE {} VALIDATE CONSTRAINT {}, which "
                              "lets reads and writes go on. {}",
                              with_column ? "Add the column without the key, then the key" : "Add it", name,
                              written.empty() ? "…" : quoted(written), later_transaction(context.runner)),
        .relation = table,
        .work = part.work,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_AddConstraint}};
constexpr std::array aliases = {Alias{"squawk", "adding-foreign-key-constraint"}, Alias{"eugene", "E1"},
                                Alias{"pgfence", "add-constraint-fk-no-not-valid"},
                                Alias{"strong_migrations", "add_foreign_key"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "add-foreign-key-validating",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A foreign key is checked against every row while writers wait",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::add_foreign_key,
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::add_foreign_key_validating
