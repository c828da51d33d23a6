// A column is dropped while the running release still names it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::drop_column {
namespace {

using namespace lint;

bool has_column(const Vec<Symbol>& columns, Symbol column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

// The column was made by this migration: no release knows it.
bool is_new(const catalog::Column& column, const catalog::Catalog& catalog) {
  return (catalog.now.migration != 0 && column.created.migration == catalog.now.migration) ||
         (catalog.now.transaction != 0 && column.created.transaction == catalog.now.transaction);
}

// Indexes and constraints over other columns too, which go with it without a word; a sentence, or nothing.
std::string also_gone(const catalog::Relation& table, Symbol column, const catalog::Catalog& catalog) {
  std::string names;
  const auto add = [&](Symbol name) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", quoted(catalog.text(name)));
  };
  for (const catalog::Relation* index : table.indexes) {
    if (index->dropped || index->index == nullptr) continue;
    const catalog::Index& of = *index->index;
    const bool over =
        std::ranges::any_of(of.keys, [&](const catalog::IndexKey& key) { return key.column == column; }) ||
        has_column(of.include, column) || has_column(of.expression_columns, column);
    if (over && of.keys.size() + of.include.size() > 1) add(index->name);
  }
  for (const catalog::Constraint* constraint : table.constraints)
    if (!constraint->dropped && constraint->index == nullptr && constraint->columns.size() > 1 &&
        has_column(constraint->columns, column))
      add(constraint->name);
  return names.empty() ? names : fmt::format(" With it go, without a word: {}.", names);
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (statement.objtype != OBJECT_TABLE || table == nullptr || table->is_new || context.effects->has_error) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    if (command.subtype != AT_DropColumn || behind_gate(context)) continue;
    const catalog::Catalog& catalog = *context.catalog;
    const Symbol name = catalog.symbols.intern(pg::text(command.name));
    const catalog::Column* column = table->relation != nullptr ? catalog::column(*table->relation, name) : nullptr;
    if (column != nullptr && is_new(*column, catalog)) continue;
    if (column == nullptr && command.missing_ok && table->relation != nullptr && table->relation->columns_known)
      continue;
    const std::string named = fmt::format("{}.{}", context.display(*table), quoted(pg::text(command.name)));
    context.report({
        .at = context.command(at),
        .message = fmt::format("Dropping {} breaks the release that is running", named),
        .why = fmt::format("Its queries that name the column, and those that an ORM writes with every column it knows, "
                           "fail (42703) until the last process of that release is gone. The data is gone at once.{}",
                           column != nullptr ? also_gone(*table->relation, name, catalog) : std::string()),
        .help = "Release code that no longer names it first, with the ORM told to leave it out; drop it in a migration "
                "that is deployed after that.",
        .relation = table,
        .lock = LockMode::access_exclusive,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_DropColumn}};
constexpr std::array aliases = {Alias{"squawk", "ban-drop-column"}, Alias{"pgfence", "drop-column"},
                                Alias{"strong_migrations", "remove_column"}, Alias{"pg-migration-lint", "PGM009"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drop-column",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "A column is dropped under the release that is running",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::drop_column
