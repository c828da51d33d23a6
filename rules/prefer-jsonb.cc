// json, which has no equality: SELECT DISTINCT and GROUP BY fail on it.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::prefer_jsonb {
namespace {

using namespace lint;

// Columns that the statement makes or gives a type to.
template <class F>
void each_column(const Context& context, F&& visit) {
  if (const auto* create = context.as<CreateStmt>()) {
    for (const ColumnDef& column : pg::only<ColumnDef>(create->tableElts)) visit(column);
  } else if (const auto* alter = context.as<AlterTableStmt>()) {
    for (const AlterTableCmd& command : pg::list<AlterTableCmd>(alter->cmds)) {
      if (command.subtype != AT_AddColumn && command.subtype != AT_AlterColumnType) continue;
      if (const auto* column = pg::as<ColumnDef>(command.def)) visit(*column);
    }
  }
}

void check(const Context& context) {
  each_column(context, [&](const ColumnDef& column) {
    if (column.typeName == nullptr) return;
    const std::string_view type = pg::last_name(column.typeName->names);
    if (!(type == "json")) return;
    context.report({
        .at = context.node_span(column.typeName->location),
        .message =
            fmt::format("{} is json", column.colname != nullptr ? quoted(column.colname) : std::string("The column")),
        .why = "json has no equality operator: SELECT DISTINCT, GROUP BY and UNION over it fail (42883), also those "
               "that an ORM writes. It is parsed anew for each access, and no index serves it.",
        .help = "Write jsonb.",
    });
  });
}

constexpr std::array<int, 2> tags = {T_CreateStmt, T_AlterTableStmt};
constexpr std::array aliases = {Alias{"eugene", "E3"}, Alias{"pgfence", "add-column-json"},
                                Alias{"pg-migration-lint", "PGM106"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "prefer-jsonb",
    .category = Category::style,
    .severity = Severity::advice,
    .summary = "A column is json, which cannot be compared",
    .aliases = aliases,
    .tags = tags,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::prefer_jsonb
