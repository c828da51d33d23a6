// A loop that fills the rows in which a column IS NULL, from something that may be NULL itself: such a row is found
// again and again.
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "catalog/catalog.h"
#include "lint/context.h"
#include "lint/reach.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::batch_may_never_end {
namespace {

using namespace lint;

// Whether the statement looks for rows in which a column is NULL, or is not.
bool asks(const UpdateStmt& statement, std::string_view column, NullTestType type) {
  bool found = false;
  pg::each<NullTest>(statement.whereClause, [&](const NullTest& test) {
    const auto* reference = pg::as<ColumnRef>(test.arg);
    found = found || (test.nulltesttype == type && reference != nullptr && pg::column_name(*reference) == column);
  });
  return found;
}

// A column that the value is made of and that may be NULL; empty if there is none.
std::string_view nullable_source(const UpdateStmt& statement, const ::Node* value, const catalog::Relation* table,
                                 const catalog::Catalog& catalog) {
  std::string_view source;
  pg::walk(value, [&](const ::Node& node) {
    // COALESCE with a constant has a value; of what CASE and sub-selects do nothing is known.
    if (node.type == T_CaseExpr || node.type == T_SubLink) return false;
    if (const auto* coalesce = pg::as<CoalesceExpr>(&node))
      for (const ::Node* one : pg::nodes(coalesce->args))
        if (pg::without_casts(one)->type == T_A_Const && !pg::is_null_constant(one)) return false;
    const auto* reference = pg::as<ColumnRef>(&node);
    if (reference == nullptr) return true;
    const std::string_view name = pg::column_name(*reference);
    if (name.empty() || asks(statement, name, IS_NOT_NULL)) return false;
    const catalog::Column* column = table != nullptr ? catalog::column(*table, catalog.symbols.intern(name)) : nullptr;
    if (source.empty() && (column == nullptr || !column->not_null)) source = name;
    return false;
  });
  return source;
}

void check(const UpdateStmt& statement, const Context& context) {
  if (!context.batched) return;
  const effect::RelationEffect* table = effect_on(statement.relation, context);
  if (table == nullptr) return;
  for (const ResTarget& target : pg::only<ResTarget>(statement.targetList)) {
    const std::string_view column = pg::text(target.name);
    if (!asks(statement, column, IS_NULL)) continue;
    const std::string_view source = nullable_source(statement, target.val, table->relation, *context.catalog);
    if (source.empty()) continue;
    context.report({
        .at = context.keyword("UPDATE"),
        .message = fmt::format("The loop may never end: {} of {} stays NULL where {} is NULL", quoted(column),
                               context.display(*table), quoted(source)),
        .why = "Such a row is written and found again in the next round. As many of them as a batch has, and the loop "
               "does nothing else any more.",
        .help =
            fmt::format("Walk the key instead: WHERE id > the last one ORDER BY id LIMIT n. Or leave these rows out: "
                        "AND {} IS NOT NULL.",
                        quoted(source)),
        .relation = table,
    });
    return;
  }
}

constexpr std::array<int, 1> tags = {T_UpdateStmt};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "batch-may-never-end",
    .category = Category::data,
    .severity = Severity::advice,
    .summary = "A loop fills NULLs from what may be NULL itself",
    .tags = tags,
    .check = on<UpdateStmt, check>,
});

}  // namespace pglint::rules::batch_may_never_end
