// CREATE INDEX. What DROP INDEX and REINDEX do is beside the other drops and the other maintenance.

#include <algorithm>
#include <array>
#include <cstring>

#include "catalog/expression.h"
#include "catalog/names.h"
#include "effect/model.h"

namespace pglint::effect {
namespace {

// "a_lower" of an index on (a, lower(b)): the middle of the name that the server chooses.
Symbol index_name(const Model& model, const Relation& table, const ::IndexStmt& statement) {
  IndexColumns joined;
  const auto append = [&](const ::List* elements) {
    for (const ::IndexElem& element : pg::only<::IndexElem>(elements)) {
      std::string_view name = pg::text(element.name);
      if (name.empty()) name = catalog::output_name(element.expr);
      joined.add(name.empty() ? std::string_view("expr") : name);
    }
  };
  append(statement.indexParams);
  append(statement.indexIncludingParams);
  return model.choose_name(table.schema, model.text(table.name), joined.text(), "idx");
}

bool has_columns(Model& model, const Relation& table, const ::IndexStmt& statement) {
  if (!table.known || !table.columns_known) return true;
  for (const ::List* elements : {statement.indexParams, statement.indexIncludingParams})
    for (const ::IndexElem& element : pg::only<::IndexElem>(elements)) {
      if (element.name == nullptr || catalog::column(table, model.symbol(element.name)) != nullptr) continue;
      model.fail("42703", "column \"{}\" does not exist", pg::text(element.name));
      return false;
    }
  return true;
}

}  // namespace

std::string_view excluded_column(const ::Constraint& constraint) {
  for (const ::Node* pair : pg::nodes(constraint.exclusions)) {
    const auto parts = pg::nodes(pg::as<::List>(pair));
    const auto* element = parts.empty() ? nullptr : pg::as<::IndexElem>(parts[0]);
    if (element != nullptr && element->name != nullptr) return pg::text(element->name);
    break;
  }
  return "expr";
}

bool lacks_partition_key(const Model& model, const Relation& table, const ::List* keys) {
  return std::any_of(table.extra().partition_key.begin(), table.extra().partition_key.end(), [&](Symbol column) {
    if (!column) return true;  // an expression, which no key can hold
    for (const ::Node* key : pg::nodes(keys)) {
      const auto* element = pg::as<::IndexElem>(key);
      if (element != nullptr ? model.symbol(element->name) == column : model.symbol_of(key) == column) return false;
    }
    return true;
  });
}

namespace {

// An index over columns alone that no other follows yet. Expressions are not compared.
const Relation* same_index(const Model& model, const Relation& table, const ::IndexStmt& statement) {
  if (statement.whereClause != nullptr) return nullptr;
  const auto wanted = pg::nodes(statement.indexParams);
  const std::string_view method = statement.accessMethod != nullptr ? pg::text(statement.accessMethod) : "btree";
  for (const Relation* relation : table.indexes) {
    if (relation->dropped || relation->index == nullptr || !relation->extra().parents.empty()) continue;
    const catalog::Index& index = *relation->index;
    if (!index.valid || index.unique != statement.unique || !index.predicate.empty() ||
        model.text(index.method) != method || index.keys.size() != wanted.size() ||
        index.include.size() != pg::nodes(statement.indexIncludingParams).size())
      continue;
    bool same = true;
    for (std::uint32_t i = 0; same && i < index.keys.size(); ++i) {
      const auto* element = pg::as<::IndexElem>(wanted[i]);
      const catalog::IndexKey& key = index.keys[i];
      same = element != nullptr && element->name != nullptr && key.column == model.symbol(element->name) &&
             (element->opclass == nullptr) == !key.opclass && (element->collation == nullptr) == !key.collation;
    }
    for (std::uint32_t i = 0; same && i < index.include.size(); ++i) {
      const auto* element = pg::as<::IndexElem>(pg::nodes(statement.indexIncludingParams)[i]);
      same = element != nullptr && index.include[i] == model.symbol(element->name);
    }
    if (same) return relation;
  }
  return nullptr;
}

}  // namespace

// What btree cannot sort.
bool is_unordered(std::string_view type) {
  constexpr std::array<std::string_view, 9> types = {"json",    "xml",    "point", "lseg", "line",
                                                     "polygon", "circle", "path",  "box"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

namespace {

// What an access method cannot do.
void check_method(Model& model, const ::IndexStmt& statement) {
  const std::string_view method = pg::text(statement.accessMethod);
  const auto is = [&](std::initializer_list<std::string_view> methods) {
    return std::find(methods.begin(), methods.end(), method) != methods.end();
  };
  if (!is({"gin", "gist", "brin", "hash", "spgist"})) return;  // btree can; of others nothing is known
  if (statement.unique) return model.fail("0A000", "access method \"{}\" does not support unique indexes", method);
  if (statement.indexIncludingParams != nullptr &&
      (is({"gin", "brin", "hash"}) || (is({"spgist"}) && model.version < 14)))
    return model.fail("0A000", "access method \"{}\" does not support included columns", method);
  if (is({"hash", "spgist"}) && list_length(statement.indexParams) > 1)
    return model.fail("0A000", "access method \"{}\" does not support multicolumn indexes", method);
  for (const ::IndexElem& element : pg::only<::IndexElem>(statement.indexParams)) {
    if (element.ordering != SORTBY_DEFAULT)
      return model.fail("0A000", "access method \"{}\" does not support ASC/DESC options", method);
    if (element.nulls_ordering != SORTBY_NULLS_DEFAULT)
      return model.fail("0A000", "access method \"{}\" does not support NULLS FIRST/LAST options", method);
  }
}

void check_keys(Model& model, const Relation* table, const ::IndexStmt& statement) {
  const std::string_view method = pg::text(statement.accessMethod);
  const ColumnTypes columns{.table = table};
  if (statement.whereClause != nullptr && has_subquery(statement.whereClause))
    model.fail("0A000", "cannot use subquery in index predicate");
  if (is_mutable(model, statement.whereClause, columns))
    model.fail("42P17", "functions in index predicate must be marked IMMUTABLE");
  for (const ::IndexElem& element : pg::only<::IndexElem>(statement.indexParams)) {
    if (element.name == nullptr) {
      if (has_subquery(element.expr)) model.fail("0A000", "cannot use subquery in index expression");
      if (is_mutable(model, element.expr, columns))
        model.fail("42P17", "functions in index expression must be marked IMMUTABLE");
      continue;
    }
    const catalog::Column* column = table != nullptr ? catalog::column(*table, model.symbol(element.name)) : nullptr;
    if (column == nullptr || element.opclass != nullptr || column->type.array_dimensions > 0 || column->type.schema)
      continue;
    const std::string_view type = model.text(column->type.name);
    const bool sorts = method.empty() || method == "btree";
    if ((sorts && is_unordered(type)) || ((method == "gin" || method == "gist" || method == "hash") && type == "json"))
      model.fail("42704", "data type {} has no default operator class for access method \"{}\"", type,
                 sorts ? std::string_view("btree") : method);
  }
}

}  // namespace

void build_index(Model& model, const Relation& table, const ::IndexStmt& statement, Symbol name) {
  each_in_tree(table, statement.relation->inh && table.kind == RelationKind::partitioned_table,
               [&](const Relation& part) {
                 if (&part != &table) model.lock(part, LockMode::share, Because::partition);
                 if (statement.unique && part.kind == RelationKind::partitioned_table &&
                     lacks_partition_key(model, part, statement.indexParams))
                   model.fail("0A000", "unique constraint on partitioned table must include all partitioning columns");
                 // One that is there and means the same is taken instead.
                 if (const Relation* there = &part != &table ? same_index(model, part, statement) : nullptr) {
                   model.lock(*there, LockMode::share, Because::index);
                   return;
                 }
                 const Symbol own = &part == &table ? name : index_name(model, part, statement);
                 if (part.kind == RelationKind::partitioned_table &&
                     (!part.extra().children.empty() || !statement.relation->inh))
                   model.made(RelationKind::partitioned_index, part.schema, own, Because::index);
                 else
                   model.build_new(part, own);
               });
}

void create_index(Model& model, const ::IndexStmt& statement) {
  const bool refused = statement.concurrent && !model.outside_transaction("CREATE INDEX CONCURRENTLY");
  const LockMode mode = statement.concurrent ? LockMode::share_update_exclusive : LockMode::share;
  const Lookup found = model.find(statement.relation);
  if (!model.open(found, RelationKind::table, mode, Because::target) || refused) return;
  const Relation* table = found.relation;

  if (table != nullptr && table->known &&
      (table->kind == RelationKind::view || table->kind == RelationKind::sequence ||
       table->kind == RelationKind::foreign_table))
    return model.fail("42809", "cannot create index on relation \"{}\"", model.text(found.name));
  if (table != nullptr && table->kind == RelationKind::partitioned_table) {
    if (statement.concurrent) {
      model.fail("0A000", "cannot create index on partitioned table \"{}\" concurrently", model.text(found.name));
      return;
    }
    if (statement.unique && lacks_partition_key(model, *table, statement.indexParams)) {
      model.fail("0A000", "unique constraint on partitioned table must include all partitioning columns");
      return;
    }
  }
  Symbol name = model.symbol(statement.idxname);
  if (name) {
    const Lookup taken = model.catalog.find(found.schema, name);
    if (taken.presence == Presence::known) {
      if (!statement.if_not_exists) model.fail("42P07", "relation \"{}\" already exists", model.text(name));
      return;
    }
  }
  if (table != nullptr && !has_columns(model, *table, statement)) return;
  if (table != nullptr) check_not_pending(model, *table, "CREATE INDEX");
  if (statement.unique) model.may_fail("23505", "two rows have the same key");
  const bool failed = model.out.has_error;
  check_method(model, statement);
  if (!failed && model.out.has_error) return;
  check_keys(model, table, statement);

  if (table == nullptr) {
    if (!name) {
      Relation unseen;
      unseen.schema = found.schema;
      unseen.name = found.name;
      name = index_name(model, unseen, statement);
    }
    model.build_new(found.schema, found.name, name);
  } else {
    build_index(model, *table, statement, name ? name : index_name(model, *table, statement));
  }
  if (statement.concurrent) model.lock(found, RelationKind::table, mode, Because::target, Work::wait);
}

}  // namespace pglint::effect
