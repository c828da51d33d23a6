#include "lint/reach.h"

#include <algorithm>
#include <cstdint>
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

constexpr std::int64_t most = 20'000;  // rows of a batch

// A sub-select that cannot give more rows than a batch has.
bool is_batch(const ::Node* select) {
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

// What an UPDATE or DELETE calls sub-selects that give no more rows than a batch has: of its WITH clause, its FROM or
// USING.
std::vector<std::string_view> batches_of(const ::Node* write) {
  std::vector<std::string_view> names;
  if (const ::WithClause* with = pg::with_clause(write))
    for (const ::CommonTableExpr& one : pg::only<::CommonTableExpr>(with->ctes))
      if (is_batch(one.ctequery)) names.push_back(pg::text(one.ctename));
  const auto* update = pg::as<::UpdateStmt>(write);
  const auto* erase = pg::as<::DeleteStmt>(write);
  const ::List* from = update != nullptr ? update->fromClause : erase != nullptr ? erase->usingClause : nullptr;
  const std::size_t of_with = names.size();
  for (const ::Node* item : pg::nodes(from)) {
    if (const auto* select = pg::as<::RangeSubselect>(item); select != nullptr && select->alias != nullptr) {
      if (is_batch(select->subquery)) names.push_back(pg::text(select->alias->aliasname));
    } else if (const auto* table = pg::as<::RangeVar>(item); table != nullptr && table->alias != nullptr) {
      const auto end = names.begin() + static_cast<std::ptrdiff_t>(of_with);
      if (std::find(names.begin(), end, pg::text(table->relname)) != end)
        names.push_back(pg::text(table->alias->aliasname));
    }
  }
  return names;
}

// The table that a column is said to be of; empty if nothing is said.
std::string_view qualifier(const ::Node* node) {
  const auto* column = pg::as<ColumnRef>(pg::without_casts(node));
  if (column == nullptr || list_length(column->fields) != 2) return {};
  return pg::string(pg::nodes(column->fields)[0]);
}

// Columns that the clause pins to constants or to a batch, at the top level of its ANDs.
void pinned(const ::Node* where, bool in_body, const std::vector<std::string_view>& batches,
            std::vector<std::string_view>& columns) {
  const auto is_of_batch = [&](const ::Node* node) {
    return !in_body && std::ranges::find(batches, qualifier(node)) != batches.end();
  };
  std::vector<const ::Node*> terms;
  pg::conjuncts(where, terms);
  for (const ::Node* term : terms) {
    // In a block there may be a loop around it, and then it is no batch but all of them.
    if (!in_body)
      if (const auto column = batched(term); !column.empty()) columns.push_back(column);
    const auto* comparison = pg::as<A_Expr>(term);
    if (comparison == nullptr || pg::last_name(comparison->name) != "=") continue;
    if (comparison->kind == AEXPR_OP) {
      if (const auto left = column_of(comparison->lexpr);
          !left.empty() && (is_constant(comparison->rexpr) || is_of_batch(comparison->rexpr)))
        columns.push_back(left);
      else if (const auto right = column_of(comparison->rexpr);
               !right.empty() && (is_constant(comparison->lexpr) || is_of_batch(comparison->lexpr)))
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

// The ends of a range that constants give a column, each as a value that is in it.
struct Range {
  std::string_view column;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;
};

// Columns that hold whole numbers between two constants, and so few of them that a batch has no more.
void ranged(const ::Node* where, const effect::RelationEffect& table, const catalog::Catalog& catalog,
            std::vector<std::string_view>& columns) {
  if (table.relation == nullptr) return;
  std::vector<Range> ranges;
  const auto range_of = [&](std::string_view column) -> Range& {
    const auto found = std::ranges::find(ranges, column, &Range::column);
    return found != ranges.end() ? *found : ranges.emplace_back(Range{column, {}, {}});
  };
  constexpr std::size_t most_ranges = 32;  // as many columns as an index has
  std::vector<const ::Node*> terms;
  pg::conjuncts(where, terms);
  for (const ::Node* term : terms) {
    const auto* comparison = pg::as<A_Expr>(term);
    if (comparison == nullptr || pg::as<ColumnRef>(comparison->lexpr) == nullptr) continue;
    const std::string_view column = column_of(comparison->lexpr);
    if (column.empty() || ranges.size() == most_ranges) continue;
    if (comparison->kind == AEXPR_BETWEEN) {
      const auto ends = pg::nodes(pg::as<::List>(comparison->rexpr));
      if (ends.size() != 2) continue;
      range_of(column).from = pg::constant_integer(ends[0]);
      range_of(column).to = pg::constant_integer(ends[1]);
    } else if (const auto value = pg::constant_integer(comparison->rexpr);
               value && comparison->kind == AEXPR_OP && *value > INT64_MIN / 4 && *value < INT64_MAX / 4) {
      const std::string_view name = pg::last_name(comparison->name);
      if (name == ">" || name == ">=") range_of(column).from = *value + (name == ">" ? 1 : 0);
      if (name == "<" || name == "<=") range_of(column).to = *value - (name == "<" ? 1 : 0);
    }
  }
  for (const Range& range : ranges) {
    const auto is_far = [](std::int64_t value) { return value < INT64_MIN / 4 || value > INT64_MAX / 4; };
    if (!range.from || !range.to || is_far(*range.from) || is_far(*range.to)) continue;
    if (*range.to - *range.from >= most) continue;
    const catalog::Column* column = catalog::column(*table.relation, catalog.symbols.find(range.column));
    const std::string_view type = column != nullptr ? catalog.text(column->type.name) : std::string_view();
    if (type == "int2" || type == "int4" || type == "int8") columns.push_back(range.column);
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

const effect::RelationEffect* effect_on(const ::RangeVar* relation, const Context& context) {
  if (relation == nullptr) return nullptr;
  const catalog::Lookup found = context.catalog->find(*relation);
  for (const effect::RelationEffect& effect : context.effects->relations)
    if (effect.schema == found.schema && effect.name == found.name) return &effect;
  return nullptr;
}

Reach reach(const ::Node* write, const ::Node* where, const effect::RelationEffect& table, const Context& context) {
  if (where == nullptr) return Reach::all;
  std::vector<std::string_view> columns;
  pinned(where, context.in_body, batches_of(write), columns);
  std::vector<std::string_view> keyed = columns;
  ranged(where, table, *context.catalog, keyed);
  if (table.relation != nullptr && keyed.size() > columns.size() &&
      covers_a_key(*table.relation, keyed, *context.catalog))
    return Reach::one;
  if (columns.empty()) return Reach::all;
  // A row's place is its own.
  if (std::ranges::find(columns, "ctid") != columns.end()) return Reach::one;
  if (table.relation != nullptr && covers_a_key(*table.relation, columns, *context.catalog)) return Reach::one;
  // Of a table that the history never made the keys are not known; `id` is one nearly everywhere.
  if (!table.known && std::ranges::find(columns, "id") != columns.end()) return Reach::one;
  return Reach::some;
}

}  // namespace pglint::lint
