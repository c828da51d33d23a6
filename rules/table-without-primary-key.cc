// A table without a primary key: its rows cannot be told apart, by replication either.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::table_without_primary_key {
namespace {

using namespace lint;

void check(const CreateStmt& statement, const Context& context) {
  if (context.effects->has_error || statement.partbound != nullptr || statement.ofTypename != nullptr ||
      statement.inhRelations != nullptr || statement.relation->relpersistence == 't')
    return;
  for (const ::Node* element : pg::nodes(statement.tableElts)) {
    if (element->type == T_TableLikeClause) return;
    if (const auto* constraint = pg::as<Constraint>(element);
        constraint != nullptr && constraint->contype == CONSTR_PRIMARY)
      return;
    if (const auto* column = pg::as<ColumnDef>(element))
      for (const Constraint& constraint : pg::only<Constraint>(column->constraints))
        if (constraint.contype == CONSTR_PRIMARY) return;
  }
  const catalog::Lookup found = context.catalog->find(*statement.relation);
  context.note({.at = context.keywords("CREATE", "TABLE"), .schema = found.schema, .name = found.name});
}

void at_end(const Context& context, const Note& note) {
  const catalog::Lookup found = context.catalog->find(note.schema, note.name);
  if (found.relation == nullptr || found.presence != catalog::Presence::known ||
      found.relation->created.migration != context.catalog->now.migration)
    return;
  for (const catalog::Constraint* constraint : found.relation->constraints)
    if (!constraint->dropped && constraint->kind == catalog::ConstraintKind::primary_key) return;
  context.report({
      .at = note.at,
      .message = fmt::format("{} has no primary key", context.display(note.schema, note.name)),
      .why = "Two rows that are equal cannot be told apart: one of them can neither be changed nor deleted. Logical "
             "replication "
             "refuses UPDATE and DELETE (55000), batches have no key to go by, and so do most ORMs.",
      .help = "Give it a primary key now: later it takes an index and a scan of the table.",
  });
}

constexpr std::array<int, 1> tags = {T_CreateStmt};
constexpr std::array aliases = {Alias{"migrationpilot", "MP045"}, Alias{"pg-migration-lint", "PGM502"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "table-without-primary-key",
    .category = Category::policy,
    .severity = Severity::advice,
    .summary = "A table has no primary key",
    .aliases = aliases,
    .subject = Subject::migration,
    .tags = tags,
    .check = on<CreateStmt, check>,
    .at_end = at_end,
});

}  // namespace pglint::rules::table_without_primary_key
