// varchar(n) and char(n), whose length is hard to change and costs nothing less than text.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/columns.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::prefer_text {
namespace {

using namespace lint;

void check(const Context& context) {
  each_typed_column(context, [&](const ColumnDef& column, std::string_view type) {
    if (!((type == "varchar" && column.typeName->typmods != nullptr) || type == "bpchar" || type == "char")) return;
    context.report({
        .at = context.node_span(column.typeName->location),
        .message = fmt::format("{} is {}", subject(column),
                               type == "varchar" ? "a varchar with a limit" : "padded with spaces"),
        .why = "The limit is part of the type: to make it smaller rewrites the table; char pads with spaces that "
               "comparisons then pass over. Neither is faster than text.",
        .help = "Write text, and a CHECK on its length where there is one.",
    });
  });
}

constexpr std::array<int, 2> tags = {T_CreateStmt, T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_AlterColumnType}};
constexpr std::array aliases = {Alias{"squawk", "prefer-text-field"}, Alias{"squawk", "ban-char-field"},
                                Alias{"pgfence", "prefer-text-field"}, Alias{"pgfence", "ban-char-field"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "prefer-text",
    .category = Category::style,
    .severity = Severity::advice,
    .summary = "A column has a length limit in its type, or is padded",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::prefer_text
