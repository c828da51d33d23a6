// INSERT … SELECT, CREATE TABLE AS or MERGE that copies a whole table in one transaction.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::insert_from_query {
namespace {

using namespace lint;

// A query over tables that are in use, without a limit.
const effect::RelationEffect* read_whole(const Context& context) {
  for (const effect::RelationEffect& effect : context.effects->relations)
    if (effect.because == effect::Because::reads && !effect.is_new && has(effect.work, Work::scan) &&
        effect.kind != catalog::RelationKind::index && context.catalog->text(effect.schema) != "pg_catalog" &&
        context.catalog->text(effect.schema) != "information_schema")
      return &effect;
  return nullptr;
}

void check(const Context& context) {
  if (context.effects->has_error || context.batched) return;
  std::string_view what = "INSERT";
  if (const auto* insert = context.as<InsertStmt>()) {
    const auto* query = pg::as<SelectStmt>(insert->selectStmt);
    if (query == nullptr || query->valuesLists != nullptr || query->fromClause == nullptr ||
        query->limitCount != nullptr)
      return;
  } else {
    what = "MERGE";
  }
  const effect::RelationEffect* table = context.effects->target();
  if (table == nullptr || table->is_new) return;
  const effect::RelationEffect* from = read_whole(context);
  if (from == nullptr) return;
  const std::string name = context.display(*table);
  context.report({
      .at = context.keyword(what),
      .message = fmt::format("{} may write as many rows into {} as {} has, in one transaction", what, name,
                             context.display(*from)),
      .why = "It is one transaction for as long as that takes: vacuum can clean nothing meanwhile anywhere, replicas "
             "fall behind, and "
             "what it locks stays locked.",
      .help = "Copy by key in batches of some hundred to some thousand rows, each in a transaction of its own, outside "
              "the migration "
              "that changes the schema.",
      .relation = table,
      .work = Work::scan,
  });
}

constexpr std::array<int, 2> tags = {T_InsertStmt, T_MergeStmt};
constexpr std::array aliases = {Alias{"pg-migration-lint", "PGM301"}, Alias{"migrationpilot", "MP080"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "insert-from-query",
    .category = Category::data,
    .severity = Severity::warning,
    .summary = "Many rows are copied into a table in use in one transaction",
    .aliases = aliases,
    .tags = tags,
    .check = check,
});

}  // namespace pglint::rules::insert_from_query
