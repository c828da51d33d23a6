// A foreign key that reads its whole table while writers of both tables wait.
#include <fmt/format.h>

#include <array>

#include "lint/rule.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules {
namespace {

using namespace lint;

const Constraint* foreign_key_of(const AlterTableCmd& command) {
  if (command.subtype == AT_AddConstraint) {
    const auto* constraint = pg::as<Constraint>(command.def);
    return constraint != nullptr && constraint->contype == CONSTR_FOREIGN ? constraint : nullptr;
  }
  if (command.subtype == AT_AddColumn) {
    if (const auto* column = pg::as<ColumnDef>(command.def))
      for (const Constraint& constraint : pg::only<Constraint>(column->constraints))
        if (constraint.contype == CONSTR_FOREIGN) return &constraint;
  }
  return nullptr;
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
    const std::string other = quoted(pg::text(key->pktable->relname));
    const std::string_view written = pg::text(key->conname);
    const bool partitioned = table->kind == catalog::RelationKind::partitioned_table && context.target->pg_version < 18;
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("Adding a foreign key to {} reads all of {} while writers of {} wait", other, name,
                               name == other ? "it" : "both"),
        .why =
            fmt::format("PostgreSQL holds {} on {} and SHARE ROW EXCLUSIVE on {} while it looks up every row; INSERT, "
                        "UPDATE and DELETE wait.",
                        pglint::name(part.lock), name, other),
        .help =
            partitioned
                ? fmt::format("NOT VALID is refused on a partitioned table before PostgreSQL 18: add the key to each "
                              "partition NOT VALID, VALIDATE each, then add it to {}.",
                              name)
                : fmt::format("Add it NOT VALID, which reads nothing; then ALTER TABLE {} VALIDATE CONSTRAINT {}, "
                              "which lets reads and writes go on. {}",
                              name, written.empty() ? "its name" : quoted(written), later_transaction(context.runner)),
        .relation = table,
        .work = part.work,
    });
  }
}

constexpr std::array tags = {T_AlterTableStmt};
constexpr std::array aliases = {Alias{"squawk", "adding-foreign-key-constraint"}, Alias{"eugene", "E1"},
                                Alias{"pgfence", "add-constraint-fk-no-not-valid"},
                                Alias{"strong_migrations", "add_foreign_key"}};

}  // namespace

extern const Rule add_foreign_key_validating;
constexpr Rule add_foreign_key_validating = complete({
    .id = "add-foreign-key-validating",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A foreign key is checked against every row while writers wait",
    .aliases = aliases,
    .tags = tags,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules
