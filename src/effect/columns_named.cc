// Columns that a statement names and its table does not have, values that its columns do not match, and the key of
// ON CONFLICT (transformInsertStmt, transformUpdateTargetList, colNameToVar and infer_arbiter_indexes in PostgreSQL's
// sources).
//
// Only what can be told for certain: of tables whose columns are known, and in expressions over one table alone,
// outside of subqueries.

#include <algorithm>
#include <string_view>
#include <vector>

#include "effect/model.h"

namespace pglint::effect {
namespace {

const Relation* with_known_columns(const Model& model, const ::RangeVar* name) {
  if (name == nullptr) return nullptr;
  const Relation* relation = model.find(name).relation;
  // The catalogue does not list what a sequence has.
  const bool known = relation != nullptr && relation->known && relation->columns_known && !relation->dropped &&
                     relation->kind != RelationKind::sequence;
  return known ? relation : nullptr;
}

void check_targets(Model& model, const Relation& table, const ::List* targets) {
  for (const ::ResTarget& target : pg::only<::ResTarget>(targets))
    if (target.name != nullptr && catalog::column(table, model.symbol(target.name)) == nullptr &&
        !is_system_column(pg::text(target.name)))
      return model.fail("42703", "column \"{}\" of relation \"{}\" does not exist", pg::text(target.name),
                        model.text(table.name));
}

// --- expressions over one table

struct TableScope {
  const Relation* table = nullptr;
  std::string_view name = {};  // as expressions know it
  bool inserted = false;       // `excluded` is the row that was refused
};

TableScope scope_of(const Model& model, const ::RangeVar* name) {
  const Relation* table = with_known_columns(model, name);
  if (table == nullptr || (name->alias != nullptr && name->alias->colnames != nullptr)) return {};
  return {table, name->alias != nullptr ? pg::text(name->alias->aliasname) : pg::text(name->relname)};
}

void check_reference(Model& model, const TableScope& scope, const ::ColumnRef& reference) {
  const std::string_view name = pg::column_name(reference);
  if (name.empty()) return;
  const auto fields = pg::nodes(reference.fields);
  if (fields.size() > 2) return;
  std::string_view qualifier;
  if (fields.size() == 2) {
    qualifier = pg::string(fields[0]);
    if (qualifier != scope.name && !(scope.inserted && qualifier == "excluded"))
      return model.fail("42P01", "missing FROM-clause entry for table \"{}\"", qualifier);
  }
  const Symbol symbol = model.symbol(name);
  if (catalog::column(*scope.table, symbol) != nullptr || is_system_column(name)) return;
  if (qualifier.empty()) {
    // The table's own name is its row.
    if (name != scope.name) model.fail("42703", "column \"{}\" does not exist", name);
  } else if (model.catalog.find_function({}, symbol) == nullptr) {
    // t.f is a function of the row, too.
    model.fail("42703", "column {}.{} does not exist", qualifier, name);
  }
}

void check_expression(Model& model, const TableScope& scope, const ::Node* expression) {
  if (expression == nullptr || model.out.has_error) return;
  std::vector<const ::Node*> stack{expression};
  while (!stack.empty() && !model.out.has_error) {
    const ::Node* at = stack.back();
    stack.pop_back();
    if (at == nullptr) continue;
    switch (at->type) {
      case T_ColumnRef:
        check_reference(model, scope, pg::cast<::ColumnRef>(at));
        break;
      // Names in these may be others' columns, keywords of a function, or no columns at all.
      case T_SubLink:
      case T_SelectStmt:
      case T_TypeName:
        break;
      default:
        pg::children(at, stack);
    }
  }
}

void check_values(Model& model, const TableScope& scope, const ::List* targets) {
  for (const ::ResTarget& target : pg::only<::ResTarget>(targets)) check_expression(model, scope, target.val);
}

// What a query over one table reads of it. Names in ORDER BY and GROUP BY may be those of its output.
void check_query(Model& model, const ::SelectStmt& query, const ::WithClause* around) {
  if (query.op != SETOP_NONE || query.withClause != nullptr || around != nullptr) return;
  const auto from = pg::nodes(query.fromClause);
  if (from.size() != 1 || from[0] == nullptr || from[0]->type != T_RangeVar) return;
  const TableScope scope = scope_of(model, pg::as<::RangeVar>(from[0]));
  if (scope.table == nullptr) return;
  check_values(model, scope, query.targetList);
  check_expression(model, scope, query.whereClause);
}

// --- INSERT

bool stands_for_many(const ::Node* value) {
  if (const auto* column = pg::as<::ColumnRef>(value)) return pg::column_name(*column).empty();
  if (const auto* part = pg::as<::A_Indirection>(value)) {
    const auto fields = pg::nodes(part->indirection);
    return !fields.empty() && fields[fields.size() - 1]->type == T_A_Star;
  }
  return false;
}

// How many columns a row of the query has; none if that is not known.
std::size_t width_of(const ::SelectStmt& query) {
  const ::List* row = query.targetList;
  if (query.valuesLists != nullptr) row = pg::as<::List>(pg::nodes(query.valuesLists)[0]);
  std::size_t width = 0;
  for (const ::Node* item : pg::nodes(row)) {
    const auto* target = pg::as<::ResTarget>(item);
    if (stands_for_many(target != nullptr ? target->val : item)) return 0;
    ++width;
  }
  return width;
}

void check_width(Model& model, const ::InsertStmt& insert, const Relation& table) {
  const auto* query = pg::as<::SelectStmt>(insert.selectStmt);
  if (query == nullptr || query->op != SETOP_NONE) return;
  const std::size_t width = width_of(*query);
  if (width == 0) return;
  for (const ::Node* row : pg::nodes(query->valuesLists))
    if (static_cast<std::size_t>(list_length(pg::as<::List>(row))) != width) {
      // A row that is one value of many columns is beyond this.
      if (std::ranges::any_of(pg::nodes(pg::as<::List>(row)), stands_for_many)) return;
      return model.fail("42601", "VALUES lists must all be the same length");
    }
  std::size_t columns = pg::nodes(insert.cols).size();
  const bool named = columns != 0;
  if (!named)
    columns = static_cast<std::size_t>(
        std::ranges::count_if(table.columns, [](const catalog::Column& column) { return !column.dropped; }));
  if (width > columns) return model.fail("42601", "INSERT has more expressions than target columns");
  if (named && width < columns) model.fail("42601", "INSERT has more target columns than expressions");
}

// Whether an index has these columns as its key, in any order, each for all rows.
bool is_key(const Relation& relation, const std::vector<Symbol>& columns) {
  const catalog::Index* index = relation.index;
  if (relation.dropped || index == nullptr) return false;
  // One whose key is not known might be it.
  if (!relation.known || index->keys.empty()) return true;
  if (!index->unique || !index->predicate.empty() || !index->valid) return false;
  const auto is_named = [&](const catalog::IndexKey& key) {
    return key.column && std::find(columns.begin(), columns.end(), key.column) != columns.end();
  };
  const auto is_in_key = [&](Symbol column) {
    return std::any_of(index->keys.begin(), index->keys.end(),
                       [&](const catalog::IndexKey& key) { return key.column == column; });
  };
  return std::all_of(index->keys.begin(), index->keys.end(), is_named) &&
         std::all_of(columns.begin(), columns.end(), is_in_key);
}

void check_conflict(Model& model, const Relation& table, const ::OnConflictClause& conflict) {
  const auto* infer = conflict.infer;
  // A view passes it on to its table.
  if (infer == nullptr || !table.is_table()) return;
  if (infer->conname != nullptr) {
    if (catalog::constraint(table, model.symbol(infer->conname)) == nullptr)
      model.fail("42704", "constraint \"{}\" for table \"{}\" does not exist", pg::text(infer->conname),
                 model.text(table.name));
    return;
  }
  if (infer->whereClause != nullptr) return;
  std::vector<Symbol> columns;
  for (const ::IndexElem& element : pg::only<::IndexElem>(infer->indexElems)) {
    if (element.name == nullptr || element.collation != nullptr || element.opclass != nullptr) return;
    const Symbol name = model.symbol(element.name);
    if (catalog::column(table, name) == nullptr)
      return model.fail("42703", "column \"{}\" does not exist", pg::text(element.name));
    columns.push_back(name);
  }
  if (columns.empty()) return;
  const bool found = std::any_of(table.indexes.begin(), table.indexes.end(),
                                 [&](const Relation* index) { return is_key(*index, columns); });
  if (!found) model.fail("42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification");
}

void check_insert(Model& model, const ::InsertStmt& insert, bool variables) {
  const Relation* table = with_known_columns(model, insert.relation);
  if (table != nullptr) {
    check_targets(model, *table, insert.cols);
    check_width(model, insert, *table);
    if (insert.onConflictClause != nullptr) {
      check_targets(model, *table, insert.onConflictClause->targetList);
      check_conflict(model, *table, *insert.onConflictClause);
    }
  }
  if (variables) return;
  if (const auto* query = pg::as<::SelectStmt>(insert.selectStmt)) check_query(model, *query, insert.withClause);
  TableScope scope = scope_of(model, insert.relation);
  if (scope.table == nullptr) return;
  if (insert.onConflictClause != nullptr) {
    scope.inserted = true;
    check_values(model, scope, insert.onConflictClause->targetList);
    check_expression(model, scope, insert.onConflictClause->whereClause);
    scope.inserted = false;
  }
}

void check_update(Model& model, const ::UpdateStmt& update, bool variables) {
  const Relation* table = with_known_columns(model, update.relation);
  if (table != nullptr) check_targets(model, *table, update.targetList);
  if (variables || update.fromClause != nullptr) return;
  const TableScope scope = scope_of(model, update.relation);
  if (scope.table == nullptr) return;
  check_values(model, scope, update.targetList);
  check_expression(model, scope, update.whereClause);
}

void check_merge(Model& model, const ::MergeStmt& merge) {
  const Relation* table = with_known_columns(model, merge.relation);
  if (table == nullptr) return;
  for (const ::MergeWhenClause& when : pg::only<::MergeWhenClause>(merge.mergeWhenClauses))
    check_targets(model, *table, when.targetList);
}

}  // namespace

void check_columns_named(Model& model, const ::Node* statement, bool variables) {
  switch (statement->type) {
    case T_InsertStmt:
      return check_insert(model, pg::cast<::InsertStmt>(statement), variables);
    case T_UpdateStmt:
      return check_update(model, pg::cast<::UpdateStmt>(statement), variables);
    case T_MergeStmt:
      return check_merge(model, pg::cast<::MergeStmt>(statement));
    case T_DeleteStmt: {
      const auto& erase = pg::cast<::DeleteStmt>(statement);
      if (variables || erase.usingClause != nullptr) return;
      if (const TableScope scope = scope_of(model, erase.relation); scope.table != nullptr)
        check_expression(model, scope, erase.whereClause);
      return;
    }
    case T_SelectStmt:
      if (!variables) check_query(model, pg::cast<::SelectStmt>(statement), nullptr);
      return;
    case T_ViewStmt:
      if (const auto* query = pg::as<::SelectStmt>(pg::cast<::ViewStmt>(statement).query);
          query != nullptr && !variables)
        check_query(model, *query, nullptr);
      return;
    case T_CreateTableAsStmt:
      if (const auto* query = pg::as<::SelectStmt>(pg::cast<::CreateTableAsStmt>(statement).query);
          query != nullptr && !variables)
        check_query(model, *query, nullptr);
      return;
    default:
      return;
  }
}

}  // namespace pglint::effect
