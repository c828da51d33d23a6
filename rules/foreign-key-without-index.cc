// A foreign key whose columns no index begins with: every DELETE of the other table reads this one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::foreign_key_without_index {
namespace {

using namespace lint;

// Notes the table; which keys it has is looked at when the file is over.
void check(const Context& context) {
  if (context.effects->has_error) return;
  const effect::RelationEffect* table = context.effects->target();
  if (table == nullptr) return;
  Span at = {};
  if (const auto* alter = context.as<AlterTableStmt>()) {
    std::size_t index = 0;
    for (const AlterTableCmd& command : pg::list<AlterTableCmd>(alter->cmds)) {
      const std::size_t number = index++;
      bool key = false;
      if (command.subtype == AT_AddConstraint) {
        const auto* constraint = pg::as<Constraint>(command.def);
        key = constraint != nullptr && constraint->contype == CONSTR_FOREIGN;
      } else if (command.subtype == AT_AddColumn) {
        if (const auto* column = pg::as<ColumnDef>(command.def))
          for (const Constraint& constraint : pg::only<Constraint>(column->constraints))
            key = key || constraint.contype == CONSTR_FOREIGN;
      }
      if (!key) continue;
      at = context.command(number);
      break;
    }
    if (at.empty()) return;
  } else if (const auto* create = context.as<CreateStmt>()) {
    bool key = false;
    for (const ::Node* element : pg::nodes(create->tableElts)) {
      if (const auto* constraint = pg::as<Constraint>(element)) key = key || constraint->contype == CONSTR_FOREIGN;
      if (const auto* column = pg::as<ColumnDef>(element))
        for (const Constraint& constraint : pg::only<Constraint>(column->constraints))
          key = key || constraint.contype == CONSTR_FOREIGN;
    }
    if (!key) return;
    at = context.keywords("CREATE", "TABLE");
  } else {
    return;
  }
  context.note({.at = at, .schema = table->schema, .name = table->name});
}

bool indexed(const catalog::Relation& table, const catalog::Constraint& key) {
  return std::ranges::any_of(table.indexes, [&](const catalog::Relation* relation) {
    if (relation->dropped || relation->index == nullptr || !relation->index->predicate.empty()) return false;
    const Vec<catalog::IndexKey>& keys = relation->index->keys;
    if (keys.size() < key.columns.size()) return false;
    // In any order, as long as they are the first ones.
    for (std::uint32_t i = 0; i < key.columns.size(); ++i)
      if (std::find(key.columns.begin(), key.columns.end(), keys[i].column) == key.columns.end()) return false;
    return true;
  });
}

void at_end(const Context& context, const Note& note) {
  const catalog::Catalog& catalog = *context.catalog;
  const catalog::Lookup found = catalog.find(note.schema, note.name);
  if (found.relation == nullptr || found.presence == catalog::Presence::gone) return;
  for (const catalog::Constraint* key : found.relation->constraints) {
    if (key->dropped || key->kind != catalog::ConstraintKind::foreign_key || key->parent != nullptr ||
        key->columns.empty() || key->created.migration != catalog.now.migration || indexed(*found.relation, *key))
      continue;
    std::string columns;
    for (const Symbol column : key->columns)
      columns += fmt::format("{}{}", columns.empty() ? "" : ", ", quoted(catalog.text(column)));
    const std::string table = context.display(note.schema, note.name);
    const std::string other = key->references != nullptr
                                  ? context.display(key->references->schema, key->references->name)
                                  : std::string("the other table");
    context.report({
        .at = note.at,
        .message = fmt::format("No index of {} begins with {}, the columns of a foreign key", table, columns),
        .why = fmt::format("For each row that is deleted from {0}, or whose key changes there, PostgreSQL looks for "
                           "rows that point to "
                           "it: without an index it reads all of {1}, under the locks that the DELETE holds.",
                           other, table),
        .help = fmt::format("CREATE INDEX CONCURRENTLY ON {} ({}), before the foreign key.", table, columns),
    });
    return;
  }
}

constexpr std::array<int, 2> tags = {T_AlterTableStmt, T_CreateStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_AddConstraint}};
constexpr std::array aliases = {Alias{"pgfence", "fk-missing-index"}, Alias{"eugene", "E15"},
                                Alias{"migrationpilot", "MP016"}, Alias{"pg-migration-lint", "PGM501"},
                                Alias{"pgsafe", "fk-without-covering-index"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "foreign-key-without-index",
    .category = Category::policy,
    .severity = Severity::advice,
    .summary = "A foreign key has no index on its columns",
    .aliases = aliases,
    .subject = Subject::history,
    .tags = tags,
    .commands = commands,
    .check = check,
    .at_end = at_end,
});

}  // namespace pglint::rules::foreign_key_without_index
