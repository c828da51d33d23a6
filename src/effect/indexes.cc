// CREATE INDEX. What DROP INDEX and REINDEX do is beside the other drops and the other maintenance.

#include <algorithm>
#include <cstring>

#include "catalog/expression.h"
#include "catalog/names.h"
#include "effect/model.h"

namespace pglint::effect {
namespace {

// "a_lower" of an index on (a, lower(b)): the middle of the name that the server chooses.
Symbol index_name(const Model& model, const Relation& table, const ::IndexStmt& statement) {
  char joined[64];
  std::size_t size = 0;
  const auto append = [&](const ::List* elements) {
    for (const ::IndexElem& element : pg::only<::IndexElem>(elements)) {
      if (size >= sizeof joined - 1) return;
      std::string_view name = pg::text(element.name);
      if (name.empty()) name = catalog::output_name(element.expr);
      if (name.empty()) name = "expr";
      if (size > 0) joined[size++] = '_';
      name = catalog::clip(name, sizeof joined - 1 - size);
      std::memcpy(joined + size, name.data(), name.size());
      size += name.size();
    }
  };
  append(statement.indexParams);
  append(statement.indexIncludingParams);
  return model.choose_name(table.schema, model.text(table.name), std::string_view(joined, size), "idx");
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
  return std::any_of(table.partition_key.begin(), table.partition_key.end(), [&](Symbol column) {
    if (!column) return true;  // an expression, which no key can hold
    for (const ::Node* key : pg::nodes(keys)) {
      const auto* element = pg::as<::IndexElem>(key);
      if (element != nullptr ? model.symbol(element->name) == column : model.symbol_of(key) == column) return false;
    }
    return true;
  });
}

void build_index(Model& model, const Relation& table, const ::IndexStmt& statement, Symbol name) {
  each_in_tree(
      table, statement.relation->inh && table.kind == RelationKind::partitioned_table, [&](const Relation& part) {
        if (&part != &table) model.lock(part, LockMode::share, Because::partition);
        const Symbol own = &part == &table ? name : index_name(model, part, statement);
        if (part.kind == RelationKind::partitioned_table && (!part.children.empty() || !statement.relation->inh))
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

  if (table != nullptr && table->known && (table->kind == RelationKind::view || table->kind == RelationKind::sequence))
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
  const std::string_view method = pg::text(statement.accessMethod);
  if (statement.unique &&
      (method == "gin" || method == "gist" || method == "brin" || method == "hash" || method == "spgist")) {
    model.fail("0A000", "access method \"{}\" does not support unique indexes", method);
    return;
  }

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
