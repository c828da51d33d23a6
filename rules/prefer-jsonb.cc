// json, which has no equality: SELECT DISTINCT and GROUP BY fail on it.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/columns.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::prefer_jsonb {
namespace {

using namespace lint;

void check(const Context& context) {
  each_typed_column(context, [&](const ColumnDef& column, std::string_view type) {
    if (!(type == "json")) return;
    context.report({
        .at = context.node_span(column.typeName->location),
        .message = fmt::format("{} is json", subject(column)),
        .why = "json has no equality operator: SELECT DISTINCT, GROUP BY and UNION over it fail (42883), also those "
               "that an ORM writes. It is parsed anew for each access, and no index serves it.",
        .help = "Write jsonb.",
    });
  });
}

constexpr std::array<int, 2> tags = {T_CreateStmt, T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_AlterColumnType}};
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
    .commands = commands,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::prefer_jsonb
