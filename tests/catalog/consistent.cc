#include "consistent.h"

#include <algorithm>

namespace pglint::catalog::test {
namespace {

template <class T>
bool contains(const Vec<T>& list, T one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

}  // namespace

std::string inconsistencies(const Catalog& catalog) {
  std::string out;
  const auto check = [&](bool holds, const Relation& relation, std::string_view what) {
    if (!holds) out += catalog.qualified(relation) + ": " + std::string(what) + "\n";
  };
  for (const Schema* schema : catalog.schemas()) {
    for (const Relation* at : schema->relations) {
      const Relation& relation = *at;
      if (relation.dropped || relation.schema != schema->name) continue;
      const Lookup lookup = catalog.find(relation.schema, relation.name);
      check(lookup.relation == at && lookup.presence != Presence::gone, relation, "is not found under its name");
      for (const Relation* child : relation.extra().children) {
        check(!child->dropped, relation, "has a child that is dropped");
        check(std::count(child->extra().parents.begin(), child->extra().parents.end(), at) == 1, relation,
              "has a child that denies it");
      }
      for (const Relation* parent : relation.extra().parents) {
        check(!parent->dropped, relation, "has a parent that is dropped");
        check(std::count(parent->extra().children.begin(), parent->extra().children.end(), at) == 1, relation,
              "has a parent that does not know it");
      }
      if (relation.extra().default_child != nullptr)
        check(contains(relation.extra().children, relation.extra().default_child), relation,
              "has a default partition that left");
      for (const Relation* index : relation.indexes) {
        if (index->dropped) continue;
        check(index->index != nullptr && index->index->table == at, relation, "has an index of another table");
        check(index->schema == relation.schema, relation, "has an index in another schema");
        if (index->index->constraint != nullptr)
          check(!index->index->constraint->dropped && index->index->constraint->index == index, relation,
                "has an index whose constraint is gone");
        for (const IndexKey& key : index->index->keys)
          if (key.column && relation.columns_known)
            check(column(relation, key.column) != nullptr, relation, "has an index over a column that is not there");
      }
      for (const Constraint* one : relation.constraints) {
        if (one->dropped) continue;
        check(one->table == at, relation, "has a constraint of another table");
        check(constraint(relation, one->name) != nullptr, relation, "has a constraint that is not found");
        if (one->index != nullptr)
          check(!one->index->dropped && one->index->name == one->name, relation,
                "has a constraint that lost its index");
        if (one->parent != nullptr)
          check(!one->parent->dropped, relation, "has a constraint that follows a dropped one");
        if (one->kind == ConstraintKind::foreign_key) {
          check(one->references != nullptr && !one->references->dropped, relation, "references what is gone");
          check(contains(one->references->referenced_by, const_cast<Constraint*>(one)), relation,
                "has a foreign key that the referenced table does not know");
        }
      }
      for (const Constraint* key : relation.referenced_by)
        if (!key->dropped) {
          check(key->references == at, relation, "is referenced by mistake");
          check(!key->table->dropped, relation, "is referenced by a table that is gone");
        }
      if (relation.index != nullptr && relation.known)
        check(relation.index->table != nullptr && !relation.index->table->dropped &&
                  contains(relation.index->table->indexes, const_cast<Relation*>(at)),
              relation, "is the index of a table that does not know it");
      for (const Dependency& read : relation.extra().reads)
        check(contains(read.on->dependents, const_cast<Relation*>(at)), relation, "reads what does not know of it");
      if (relation.owner_table != nullptr)
        check(!relation.owner_table->dropped && contains(relation.owner_table->owned, const_cast<Relation*>(at)),
              relation, "is owned by what does not know it");
    }
  }
  return out;
}

}  // namespace pglint::catalog::test
