// A key or a number of 16 or 32 bits, which may run out.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/columns.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::prefer_bigint {
namespace {

using namespace lint;

void check(const Context& context) {
  each_typed_column(context, [&](const ColumnDef& column, std::string_view type) {
    if (!(type == "int4" || type == "int2" || type == "serial" || type == "smallserial" || type == "serial4" ||
          type == "serial2" || type == "integer" || type == "int" || type == "smallint"))
      return;
    context.report({
        .at = context.node_span(column.typeName->location),
        .message =
            fmt::format("{} is a number of {} bits", subject(column),
                        type == "int2" || type == "smallint" || type == "smallserial" || type == "serial2" ? 16 : 32),
        .why = "A sequence that runs out stops every INSERT (2200H), and a column is made larger by a rewrite of its "
               "table.",
        .help = "Write bigint: it takes four bytes more, often none for the padding.",
    });
  });
}

constexpr std::array<int, 2> tags = {T_CreateStmt, T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_AlterColumnType}};
constexpr std::array aliases = {Alias{"squawk", "prefer-bigint-over-int"},
                                Alias{"squawk", "prefer-bigint-over-smallint"},
                                Alias{"pgfence", "prefer-bigint-over-int"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "prefer-bigint",
    .category = Category::style,
    .severity = Severity::advice,
    .summary = "A column of 16 or 32 bits may run out of numbers",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::prefer_bigint
