#include "lint/reach.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "pg/tree.h"

namespace pglint::lint {
namespace {

// A sub-select that names nothing but its own tables, so that it gives the same to every row.
bool is_asked_once(const ::Node* select) {
  std::vector<std::string_view> own;
  pg::each<RangeVar>(select, [&](const RangeVar& table) {
    own.push_back(pg::text(table.alias != nullptr ? table.alias->aliasname : table.relname));
  });
  std::sort(own.begin(), own.end());
  bool all_own = true;
  pg::each<ColumnRef>(select, [&](const ColumnRef& column) {
    const auto fields = pg::nodes(column.fields);
    if (fields.size() > 1 && !std::binary_search(own.begin(), own.end(), pg::string(fields[0]))) all_own = false;
  });
  return all_own;
}

// A value that is the same for every row: literals, parameters, (SELECT …) of one value, and what is computed of them.
bool is_constant(const ::Node* node) {
  if (node != nullptr && (node->type == T_A_Const || node->type == T_ParamRef)) return true;
  bool constant = true;
  pg::walk(node, [&](const ::Node& n) {
    if (const auto* select = pg::as<SubLink>(&n)) {
      constant = constant && select->subLinkType == EXPR_SUBLINK && is_asked_once(select->subselect);
      return false;
    }
    if (n.type == T_ColumnRef) constant = false;
    return constant;
  });
  return constant;
}

std::string_view column_of(const ::Node* node) {
  const auto* column = pg::as<ColumnRef>(pg::without_casts(node));
  return column != nullptr ? pg::column_name(*column) : std::string_view();
}

// A sub-select that cannot give more rows than a batch has.
bool is_batch(const ::Node* select) {
  constexpr std::int64_t most = 20'000;
  const auto* query = pg::as<SelectStmt>(select);
  if (query == nullptr || query->limitCount == nullptr) return false;
  const std::optional<std::int64_t> limit = pg::constant_integer(query->limitCount);
  return limit.has_value() && *limit <= most && is_asked_once(select);
}

// The column of `id IN (SELECT … LIMIT 1000)`, or of `id = ANY (ARRAY (SELECT … LIMIT 1000))`; empty if it is neither.
std::string_view batched(const ::Node* term) {
  if (const auto* in = pg::as<SubLink>(term); in != nullptr && in->subLinkType == ANY_SUBLINK)
    return in->operName == nullptr && is_batch(in->subselect) ? column_of(in->testexpr) : std::string_view();
  const auto* any = pg::as<A_Expr>(term);
  if (any == nullptr || any->kind != AEXPR_OP_ANY || pg::last_name(any->name) != "=") return {};
  const auto* array = pg::as<SubLink>(pg::without_casts(any->rexpr));
  return array != nullptr && array->subLinkType == ARRAY_SUBLINK && is_batch(array->subselect) ? column_of(any->lexpr)
                                                                                               : std::string_view();
}

// Columns that the clause pins to constants, at the top level of its ANDs.
void pinned(const ::Node* where, bool in_body, std::vector<std::string_view>& columns) {
  std::vector<const ::Node*> terms{where};
  while (!terms.empty()) {
    const ::Node* term = terms.back();
    terms.pop_back();
    if (const auto* both = pg::as<BoolExpr>(term); both != nullptr && both->boolop == AND_EXPR) {
      for (const ::Node* arg : pg::nodes(both->args)) terms.push_back(arg);
      continue;
    }
    // In a block there may be a loop around it, and then it is no batch but all of them.
    if (!in_body)
      if (const auto column = batched(term); !column.empty()) columns.push_back(column);
    const auto* comparison = pg::as<A_Expr>(term);
    if (comparison == nullptr || pg::last_name(comparison->name) != "=") continue;
    if (comparison->kind == AEXPR_OP) {
      if (const auto left = column_of(comparison->lexpr); !left.empty() && is_constant(comparison->rexpr))
        columns.push_back(left);
      else if (const auto right = column_of(comparison->rexpr); !right.empty() && is_constant(comparison->lexpr))
        columns.push_back(right);
    } else if (comparison->kind == AEXPR_IN || comparison->kind == AEXPR_OP_ANY) {
      // The right side of IN is a bare list: its elements are looked at one by one.
      const auto left = column_of(comparison->lexpr);
      bool constant = !left.empty();
      if (constant && comparison->rexpr != nullptr && comparison->rexpr->type == T_List) {
        for (const ::Node* value : pg::nodes(reinterpret_cast<const ::List*>(comparison->rexpr)))
          constant = constant && is_constant(value);
      } else {
        constant = constant && is_constant(comparison->rexpr);
      }
      if (constant) columns.push_back(left);
    }
  }
}

bool covers_a_key(const catalog::Relation& table, const std::vector<std::string_view>& columns,
                  const catalog::Catalog& catalog) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const catalog::Relation* index) {
    if (index->dropped || index->index == nullptr || !index->index->unique || !index->index->valid ||
        !index->index->predicate.empty() || index->index->keys.empty())
      return false;
    return std::all_of(index->index->keys.begin(), index->index->keys.end(), [&](const catalog::IndexKey& key) {
      return key.column && std::ranges::find(columns, catalog.text(key.column)) != columns.end();
    });
  });
}

}  // namespace

Reach reach(const ::Node* where, const effect::RelationEffect& table, const Context& context) {
  if (where == nullptr) return Reach::all;
  std::vector<std::string_view> columns;
  pinned(where, context.in_body, columns);
  if (columns.empty()) return Reach::all;
  // A row's place is its own.
  if (std::ranges::find(columns, "ctid") != columns.end()) return Reach::one;
  if (table.relation != nullptr && covers_a_key(*table.relation, columns, *context.catalog)) return Reach::one;
  // Of a table that the history never made the keys are not known; `id` is one nearly everywhere.
  if (!table.known && std::ranges::find(columns, "id") != columns.end()) return Reach::one;
  return Reach::some;
}

}  // namespace pglint::lint
