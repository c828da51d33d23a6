// Partitions that come and go. Each of these statements is about one partition, and most lock the default partition
// too, since what belongs there changes.

#include <algorithm>

#include "effect/model.h"
#include "effect/partition_bound.h"

namespace pglint::effect {
namespace {

using catalog::Constraint;
using catalog::ConstraintKind;

bool same_symbols(const Vec<Symbol>& a, const Vec<Symbol>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

bool serves(const catalog::Index& index, const catalog::Index& wanted) {
  const bool constraint = wanted.constraint != nullptr;
  return index.valid && index.unique == wanted.unique && index.method == wanted.method &&
         index.keys.size() == wanted.keys.size() && index.include.size() == wanted.include.size() &&
         index.predicate == wanted.predicate &&
         std::equal(index.keys.begin(), index.keys.end(), wanted.keys.begin(),
                    [](const catalog::IndexKey& a, const catalog::IndexKey& b) {
                      return a.column == b.column && a.expression == b.expression && a.opclass == b.opclass &&
                             a.collation == b.collation;
                    }) &&
         (!constraint || (index.constraint != nullptr && index.constraint->kind == wanted.constraint->kind));
}

// Each index of the parent has one in the partition, made now where there is none that fits. Says if one is built.
bool follow_indexes(Model& model, const Relation& parent, const Relation* partition, Symbol schema, Symbol name) {
  bool builds = false;
  each_index(parent, [&](const Relation& index) {
    model.lock(index, LockMode::share_update_exclusive, Because::index);
    bool found = false;
    if (partition != nullptr)
      each_index(*partition, [&](const Relation& own) {
        found = found || (own.parents.empty() && serves(*own.index, *index.index));
      });
    if (found) return;
    builds = true;
    char joined[64];
    std::size_t size = 0;
    for (const catalog::IndexKey& key : index.index->keys) {
      const std::string_view column = key.column ? model.text(key.column) : std::string_view("expr");
      if (size + column.size() + 1 >= sizeof joined) break;
      if (size > 0) joined[size++] = '_';
      std::copy(column.begin(), column.end(), joined + size);
      size += column.size();
    }
    const Constraint* constraint = index.index->constraint;
    const bool primary = constraint != nullptr && constraint->kind == ConstraintKind::primary_key;
    const Symbol chosen =
        model.choose_name(schema, model.text(name), primary ? std::string_view() : std::string_view(joined, size),
                          primary                 ? "pkey"
                          : constraint != nullptr ? "key"
                                                  : "idx");
    if (partition != nullptr)
      model.build_new(*partition, chosen);
    else
      model.build_new(schema, name, chosen);
  });
  return builds;
}

// Foreign keys that point to the parent point to its new partition, too.
void follow_references(Model& model, const Relation& parent) {
  each_reference(parent, [&](const Constraint& key) {
    model.lock(*key.table, LockMode::share_row_exclusive, Because::references);
  });
}

Work scan_default(Model& model, const Relation& parent, const Relation* except, const ::PartitionBoundSpec* bound) {
  const Relation* fallback = catalog::default_partition(parent);
  if (fallback == nullptr || fallback == except) return Work::none;
  const bool scans = bound != nullptr && !proves_outside(model, *fallback, parent, *bound);
  each_in_tree(*fallback, bound != nullptr, [&](const Relation& part) {
    const bool rows = part.kind != RelationKind::partitioned_table || part.children.empty();
    model.lock(part, LockMode::access_exclusive, Because::default_partition, scans && rows ? Work::scan : Work::none);
  });
  return scans ? Work::scan : Work::none;
}

}  // namespace

Work attach_partition(Model& model, const Relation& parent, const ::PartitionCmd& command) {
  const Lookup found = model.find(command.name);
  if (!model.open(found, RelationKind::table, LockMode::access_exclusive, Because::partition)) return Work::none;
  const Relation* partition = found.relation;
  Work work = Work::none;
  const bool scans =
      partition == nullptr || command.bound == nullptr || !proves_inside(model, *partition, parent, *command.bound);
  if (partition == nullptr) {
    model.lock(found, RelationKind::table, LockMode::access_exclusive, Because::partition, Work::scan);
    work |= Work::scan;
  } else {
    each_in_tree(*partition, true, [&](const Relation& part) {
      const bool rows = (part.kind != RelationKind::partitioned_table || part.children.empty()) &&
                        part.kind != RelationKind::foreign_table;
      model.lock(part, LockMode::access_exclusive, Because::partition, scans && rows ? Work::scan : Work::none);
    });
    if (scans) work |= Work::scan;
  }
  if (command.bound != nullptr && !command.bound->is_default)
    (void)scan_default(model, parent, partition, command.bound);
  if (partition != nullptr && follow_indexes(model, parent, partition, found.schema, found.name))
    work |= Work::scan | Work::index_build;

  each_foreign_key(parent, [&](const Constraint& key) {
    bool has_own = false;
    if (partition != nullptr)
      each_foreign_key(*partition, [&](const Constraint& own) {
        has_own = has_own || (own.references == key.references && own.parent == nullptr &&
                              same_symbols(own.columns, key.columns) && own.valid);
      });
    if (has_own) {
      // The partition's own triggers there are dropped in favour of the parent's.
      model.lock(*key.references, LockMode::access_exclusive, Because::references);
      return;
    }
    const Lookup referenced{key.references, key.references->known ? Presence::known : Presence::unknown,
                            key.references->schema, key.references->name};
    add_foreign_key(model, {.table = partition,
                            .referenced = referenced,
                            .referenced_columns = nullptr,
                            .self = false,
                            .validates = key.valid && key.enforced});
    if (key.valid && key.enforced) work |= Work::scan;
  });
  follow_references(model, parent);
  return work;
}

void detach_partition(Model& model, const Relation& parent, const ::PartitionCmd& command) {
  const Lookup found = model.find(command.name);
  if (found.presence == Presence::gone) return model.missing(found);
  const Relation* fallback = catalog::default_partition(parent);
  if (command.concurrent) {
    if (fallback != nullptr) {
      model.fail("55000", "cannot detach partitions concurrently when a default partition exists");
      return;
    }
    model.lock(found, RelationKind::table, LockMode::access_exclusive, Because::partition, Work::wait);
    return;
  }
  model.lock(found, RelationKind::table,
             model.version < 14 ? LockMode::share_update_exclusive : LockMode::access_exclusive, Because::partition);
  if (fallback != nullptr && fallback != found.relation)
    model.lock(*fallback, LockMode::access_exclusive, Because::default_partition);
  if (found.relation != nullptr)
    each_index(*found.relation, [&](const Relation& index) {
      if (!index.parents.empty()) model.lock(index, LockMode::access_exclusive, Because::index);
    });
  each_foreign_key(parent, [&](const Constraint& key) {
    model.lock(*key.references, LockMode::share_row_exclusive, Because::references);
  });
  each_reference(
      parent, [&](const Constraint& key) { model.lock(*key.table, LockMode::access_exclusive, Because::references); });
}

void new_partition(Model& model, const Relation& parent, const ::CreateStmt& statement, Symbol schema, Symbol name) {
  model.lock(parent, LockMode::access_exclusive, Because::parent);
  if (statement.partbound != nullptr && !statement.partbound->is_default)
    (void)scan_default(model, parent, nullptr, statement.partbound);
  (void)follow_indexes(model, parent, nullptr, schema, name);
  each_foreign_key(parent, [&](const Constraint& key) {
    const Lookup referenced{key.references, key.references->known ? Presence::known : Presence::unknown,
                            key.references->schema, key.references->name};
    add_foreign_key(model, {.table = nullptr, .referenced = referenced, .self = false, .validates = false});
  });
  follow_references(model, parent);
}

}  // namespace pglint::effect
