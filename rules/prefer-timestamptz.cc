// timestamp without time zone, which says no moment.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/columns.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::prefer_timestamptz {
namespace {

using namespace lint;

void check(const Context& context) {
  each_typed_column(context, [&](const ColumnDef& column, std::string_view type) {
    if (!(type == "timestamp")) return;
    context.report({
        .at = context.node_span(column.typeName->location),
        .message = fmt::format("{} is a timestamp without time zone", subject(column)),
        .why = "It stores what a clock on some wall showed: sessions with another TimeZone read another moment from "
               "it, and one hour a year is there twice.",
        .help = "Write timestamptz, which takes the same eight bytes.",
    });
  });
}

constexpr std::array<int, 2> tags = {T_CreateStmt, T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_AlterColumnType}};
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
    .commands = commands,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::prefer_timestamptz
