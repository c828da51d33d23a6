// timestamp without time zone, which says no moment.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::prefer_timestamptz {
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
    if (!(type == "timestamp")) return;
    context.report({
        .at = context.node_span(column.typeName->location),
        .message = fmt::format("{} is a timestamp without time zone",
                               column.colname != nullptr ? quoted(column.colname) : std::string("The column")),
        .why = "It stores what a clock on some wall showed: sessions with another TimeZone read another moment from "
               "it, and one hour a year is there twice.",
        .help = "Write timestamptz, which takes the same eight bytes.",
    });
  });
}

constexpr std::array<int, 2> tags = {T_CreateStmt, T_AlterTableStmt};
constexpr std::array aliases = {Alias{"squawk", "prefer-timestamp-tz"}, Alias{"pgfence", "prefer-timestamptz"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "prefer-timestamptz",
    .category = Category::style,
    .severity = Severity::advice,
    .summary = "A column is a timestamp without time zone",
    .aliases = aliases,
    .tags = tags,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::prefer_timestamptz
