// Partitions that come and go. Each of these statements is about one partition, and most lock the default partition
// too, since what belongs there changes.

#include <algorithm>

#include "effect/model.h"
#include "effect/partition_bound.h"

namespace pglint::effect {
namespace {

using catalog::Constraint;

bool same_symbols(const Vec<Symbol>& a, const Vec<Symbol>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

// Each index of the parent has one in the partition, made now where there is none that fits. Says if one is built.
bool follow_indexes(Model& model, const Relation& parent, const Relation* partition, Symbol schema, Symbol name) {
  bool builds = false;
  each_index(parent, [&](const Relation& index) {
    model.lock(index, LockMode::share_update_exclusive, Because::index);
    bool found = false;
    if (partition != nullptr)
      each_index(*partition, [&](const Relation& own) {
        found = found || (own.extra().parents.empty() && serves(*own.index, *index.index));
      });
    if (found) return;
    builds = true;
    const Symbol chosen = model.choose_like(schema, model.text(name), *index.index);
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

// Bounds that another partition has, or that are of another kind.
void check_bound(Model& model, const Relation& parent, const ::PartitionBoundSpec* bound, std::string_view name) {
  if (bound == nullptr || !parent.known) return;
  if (bound->is_default) {
    if (const Relation* fallback = catalog::default_partition(parent))
      model.fail("42P17", "partition \"{}\" conflicts with existing default partition \"{}\"", name,
                 model.text(fallback->name));
    return;
  }
  const auto refuse = [&](catalog::Bound strategy, char letter, std::string_view word) {
    if (parent.partition_strategy == strategy && bound->strategy != letter)
      model.fail("42P16", "invalid bound specification for a {} partition", word);
  };
  refuse(catalog::Bound::range, PARTITION_STRATEGY_RANGE, "range");
  refuse(catalog::Bound::list, PARTITION_STRATEGY_LIST, "list");
  refuse(catalog::Bound::hash, PARTITION_STRATEGY_HASH, "hash");
  if (parent.extra().partition_key.size() != 1) return;
  // The latest first, and not more than that: of thousands of partitions the new one is next to those made last.
  std::size_t comparisons = 4096;
  const auto hits = [&](const KeyRange& range) {
    const Vec<Relation*>& partitions = parent.extra().children;
    for (std::uint32_t i = partitions.size(); i != 0 && comparisons != 0; --i) {
      const Relation* other = partitions[i - 1];
      const catalog::PartitionBound* bounds = other->extra().bounds;
      if (other->dropped || other->bound == catalog::Bound::default_ || bounds == nullptr) continue;
      comparisons -= std::min<std::size_t>(comparisons, 1 + bounds->values.size());
      if (may_hold(parent, *other, range))
        model.fail("42P17", "partition \"{}\" would overlap partition \"{}\"", name, model.text(other->name));
    }
  };
  if (bound->strategy == PARTITION_STRATEGY_LIST) {
    for (const ::Node* value : pg::nodes(bound->listdatums))
      if (const auto constant = bound_value(value)) hits({constant, constant, false});
    return;
  }
  if (bound->strategy != PARTITION_STRATEGY_RANGE) return;
  const auto lower = pg::nodes(bound->lowerdatums);
  const auto upper = pg::nodes(bound->upperdatums);
  if (lower.size() != 1 || upper.size() != 1) return;
  KeyRange range;
  range.from = bound_value(lower[0]);
  range.to = bound_value(upper[0]);
  range.below = true;
  const auto is_open = [](const ::Node* node, std::string_view word) {
    const auto* reference = pg::as<::ColumnRef>(node);
    return reference != nullptr && pg::column_name(*reference) == word;
  };
  if ((range.from || is_open(lower[0], "minvalue")) && (range.to || is_open(upper[0], "maxvalue"))) hits(range);
}

// A key of the parent that the new partition, itself partitioned, could not hold.
void check_sub_partition(Model& model, const Relation& parent, const ::PartitionSpec* spec) {
  if (spec == nullptr) return;
  each_index(parent, [&](const Relation& index) {
    if (!index.index->unique) return;
    for (const ::PartitionElem& element : pg::only<::PartitionElem>(spec->partParams)) {
      const Symbol column = model.symbol(element.name);
      const bool held =
          element.name != nullptr && std::any_of(index.index->keys.begin(), index.index->keys.end(),
                                                 [&](const catalog::IndexKey& key) { return key.column == column; });
      if (!held) model.fail("0A000", "unique constraint on partitioned table must include all partitioning columns");
    }
  });
}

Work scan_default(Model& model, const Relation& parent, const Relation* except, const ::PartitionBoundSpec* bound) {
  const Relation* fallback = catalog::default_partition(parent);
  if (fallback == nullptr || fallback == except) return Work::none;
  const bool scans = bound != nullptr && !proves_outside(model, *fallback, parent, *bound);
  if (scans) model.may_fail("23514", "a row of the default partition belongs into the new one");
  each_in_tree(*fallback, bound != nullptr, [&](const Relation& part) {
    const bool rows = part.kind != RelationKind::partitioned_table || part.extra().children.empty();
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
  if (partition != nullptr && partition->is_partition)
    model.fail("42809", "\"{}\" is already a partition", model.text(found.name));
  check_bound(model, parent, command.bound, model.text(found.name));
  const bool scans =
      partition == nullptr || command.bound == nullptr || !proves_inside(model, *partition, parent, *command.bound);
  if (partition == nullptr) {
    model.lock(found, RelationKind::table, LockMode::access_exclusive, Because::partition, Work::scan);
    work |= Work::scan;
  } else {
    each_in_tree(*partition, true, [&](const Relation& part) {
      const bool rows = (part.kind != RelationKind::partitioned_table || part.extra().children.empty()) &&
                        part.kind != RelationKind::foreign_table;
      model.lock(part, LockMode::access_exclusive, Because::partition, scans && rows ? Work::scan : Work::none);
    });
    if (scans) work |= Work::scan;
  }
  if (scans) model.may_fail("23514", "a row is outside of the bounds");
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
  if (found.relation != nullptr && found.presence == Presence::known && parent.known &&
      std::find(found.relation->extra().parents.begin(), found.relation->extra().parents.end(), &parent) ==
          found.relation->extra().parents.end())
    return model.fail("42P01", "relation \"{}\" is not a partition of relation \"{}\"", model.text(found.name),
                      model.text(parent.name));
  const Relation* fallback = catalog::default_partition(parent);
  if (command.concurrent) {
    if (fallback != nullptr) {
      model.fail("55000", "cannot detach partitions concurrently when a default partition exists");
      return;
    }
    model.lock(found, RelationKind::table, LockMode::access_exclusive, Because::partition, Work::wait);
    return;
  }
  if (found.relation != nullptr)
    for (const Relation* child : found.relation->extra().children)
      if (!child->dropped)
        each_in_tree(*child, true,
                     [&](const Relation& below) { model.lock(below, LockMode::access_exclusive, Because::partition); });
  if (!parent.referenced_by.empty()) model.may_fail("23503", "rows of the partition are referenced");
  model.lock(found, RelationKind::table,
             model.version < 14 ? LockMode::share_update_exclusive : LockMode::access_exclusive, Because::partition);
  if (fallback != nullptr && fallback != found.relation)
    model.lock(*fallback, LockMode::access_exclusive, Because::default_partition);
  if (found.relation != nullptr)
    each_index(*found.relation, [&](const Relation& index) {
      if (!index.extra().parents.empty()) model.lock(index, LockMode::access_exclusive, Because::index);
    });
  each_foreign_key(parent, [&](const Constraint& key) {
    model.lock(*key.references, LockMode::share_row_exclusive, Because::references);
  });
  each_reference(
      parent, [&](const Constraint& key) { model.lock(*key.table, LockMode::access_exclusive, Because::references); });
}

void new_partition(Model& model, const Relation& parent, const ::CreateStmt& statement, Symbol schema, Symbol name) {
  model.lock(parent, LockMode::access_exclusive, Because::parent);
  if (parent.known && parent.kind != RelationKind::partitioned_table)
    model.fail("42P17", "\"{}\" is not partitioned", model.text(parent.name));
  check_bound(model, parent, statement.partbound, model.text(name));
  check_sub_partition(model, parent, statement.partspec);
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
