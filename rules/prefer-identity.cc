// serial, whose sequence is an object of its own with rights and an owner of its own.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/columns.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::prefer_identity {
namespace {

using namespace lint;

void check(const Context& context) {
  each_typed_column(context, [&](const ColumnDef& column, std::string_view type) {
    if (!(type == "serial" || type == "bigserial" || type == "smallserial" || type == "serial4" || type == "serial8" ||
          type == "serial2"))
      return;
    context.report({
        .at = context.node_span(column.typeName->location),
        .message = fmt::format("{} is {}", subject(column), type),
        .why = "Its sequence needs a GRANT beside the table, DROP DEFAULT leaves it behind, and an INSERT that names a "
               "number leaves the sequence where it was, without an error.",
        .help = "Write bigint GENERATED ALWAYS AS IDENTITY.",
    });
  });
}

constexpr std::array<int, 2> tags = {T_CreateStmt, T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_AlterColumnType}};
constexpr std::array aliases = {Alias{"squawk", "prefer-identity"}, Alias{"pgfence", "prefer-identity"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "prefer-identity",
    .category = Category::style,
    .severity = Severity::advice,
    .summary = "A column is serial where an identity would do",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::prefer_identity
