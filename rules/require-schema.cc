// A table without its schema: what it means is a matter of search_path.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::require_schema {
namespace {

using namespace lint;

void check(const Context& context) {
  const ::RangeVar* name = pg::relation_of(context.node);
  if (name == nullptr || name->schemaname != nullptr || name->relpersistence == 't') return;
  const catalog::Lookup found = context.catalog->find(*name);
  if (found.relation != nullptr && found.relation->persistence == catalog::Persistence::temporary) return;
  context.report({
      .at = context.node_span(name->location),
      .message = fmt::format("{} is named without its schema", quoted(pg::text(name->relname))),
      .why = "Where it is looked for, or made, is a matter of the search_path of the role that migrates: in another "
             "environment it may be "
             "another table.",
      .help = "Write the schema before it.",
  });
}

constexpr std::array<int, 5> tags = {T_CreateStmt, T_AlterTableStmt, T_IndexStmt, T_CreateTrigStmt, T_TruncateStmt};
constexpr std::array aliases = {Alias{"squawk", "require-table-schema"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "require-schema",
    .category = Category::style,
    .severity = Severity::advice,
    .summary = "A table is named without its schema",
    .aliases = aliases,
    .tags = tags,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::require_schema
