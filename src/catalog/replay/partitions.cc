#include <algorithm>

#include "catalog/replay/state.h"

namespace pglint::catalog {
namespace {

Bound strategy_of(char code) {
  switch (code) {
    case PARTITION_STRATEGY_LIST:
      return Bound::list;
    case PARTITION_STRATEGY_RANGE:
      return Bound::range;
    case PARTITION_STRATEGY_HASH:
      return Bound::hash;
    default:
      return Bound::none;
  }
}

bool bound_value(Arena& arena, const ::Node* node, BoundValue& value) {
  node = pg::without_casts(node);
  if (const auto number = pg::constant_integer(node)) {
    value = {true, *number, {}};
    return true;
  }
  const auto text = pg::constant_string(node);
  if (text) value = {false, 0, arena.copy(*text)};
  return text.has_value();
}

// MINVALUE and MAXVALUE look like columns to the grammar.
bool is_limit(const ::Node* node, std::string_view word) {
  const auto* reference = pg::as<::ColumnRef>(node);
  return reference != nullptr && pg::column_name(*reference) == word;
}

const PartitionBound* bound_constants(Arena& arena, const ::PartitionBoundSpec& written) {
  PartitionBound bound;
  if (written.is_default) return nullptr;
  if (written.strategy == PARTITION_STRATEGY_LIST) {
    for (const ::Node* node : pg::nodes(written.listdatums)) {
      BoundValue value;
      if (pg::is_null_constant(node))
        bound.has_null = true;
      else if (bound_value(arena, node, value))
        push(bound.values, value, arena);
      else
        return nullptr;
    }
  } else if (written.strategy == PARTITION_STRATEGY_RANGE) {
    const auto from = pg::nodes(written.lowerdatums);
    const auto to = pg::nodes(written.upperdatums);
    if (from.size() != 1 || to.size() != 1) return nullptr;
    bound.from_start = is_limit(from[0], "minvalue");
    bound.to_end = is_limit(to[0], "maxvalue");
    if (!bound.from_start && !bound_value(arena, from[0], bound.from)) return nullptr;
    if (!bound.to_end && !bound_value(arena, to[0], bound.to)) return nullptr;
  } else {
    return nullptr;
  }
  return arena.make<PartitionBound>(bound);
}

}  // namespace

void Replay::set_partition_key(Relation& relation, const ::PartitionSpec& spec) const {
  relation.partition_strategy = strategy_of(static_cast<char>(spec.strategy));
  for (const ::PartitionElem& element : pg::only<::PartitionElem>(spec.partParams))
    push(extra(relation).partition_key, symbol(element.name), c.arena);
}

void Replay::set_bound(Relation& relation, const ::PartitionBoundSpec& bound) const {
  const Bound value = bound.is_default ? Bound::default_ : strategy_of(bound.strategy);
  const PartitionBound* constants = bound_constants(c.arena, bound);
  if (&relation == making) {
    relation.bound = value;
    extra(relation).bounds = constants;
  } else {
    set(relation.bound, value);
    set(extra(relation).bounds, constants);
  }
}

void Replay::follow_parent(Relation& partition, Relation& parent) {
  if (!spend(parent.indexes.size() + parent.extra().triggers.size() + parent.constraints.size())) return;
  if (partition.is_table()) {
    for (std::uint32_t i = 0; i < parent.indexes.size(); ++i) {
      Relation& index = *parent.indexes[i];
      if (index.dropped || index.index == nullptr) continue;
      bool made = false;
      Relation* below = ensure_index(partition, index, made);
      if (below == nullptr) continue;
      if (made && partition.kind == RelationKind::partitioned_table) index_partitions(partition, *below);
      if (!made && !below->index->valid && index.index->valid) set(index.index->valid, false);
    }
  }
  for (std::uint32_t i = 0; i < parent.extra().triggers.size(); ++i) {
    const Trigger& trigger = parent.extra().triggers[i];
    if (trigger.dropped || !trigger.row || trigger_of(partition, trigger.name) != nullptr) continue;
    Trigger copy = trigger;
    copy.created = c.now;
    copy.inherited = true;
    add_trigger(partition, copy);
    for (Relation* heir : heirs(partition))
      if (heir->is_partition && trigger_of(*heir, copy.name) == nullptr) add_trigger(*heir, copy);
  }
  for (std::uint32_t i = 0; i < parent.constraints.size(); ++i) {
    Constraint& key = *parent.constraints[i];
    if (key.dropped || key.kind != ConstraintKind::foreign_key) continue;
    clone_foreign_key(key, partition);
    Constraint* own = follower(key, partition);
    if (own == nullptr) continue;
    for (Relation* heir : heirs(partition))
      if (heir->is_partition && !heir->extra().parents.empty())
        if (Constraint* above =
                heir->extra().parents[0] == &partition ? own : follower(*own, *heir->extra().parents[0]))
          clone_foreign_key(*above, *heir);
  }
}

bool Replay::descends_from(const Relation& relation, const Relation& ancestor) const {
  const std::uint32_t mark = ++c.walk_;
  std::vector<const Relation*> work{&relation};
  // The mark of what was looked at is a scratch value of the walk.
  while (!work.empty()) {
    const Relation* one = work.back();
    work.pop_back();
    if (one == &ancestor) return true;
    for (Relation* parent : one->extra().parents) {
      if (parent->mark == mark) continue;
      parent->mark = mark;
      work.push_back(parent);
    }
  }
  return false;
}

bool Replay::has_columns_of(const Relation& relation, const Relation& parent) const {
  return !relation.columns_known || std::all_of(parent.columns.begin(), parent.columns.end(), [&](const Column& above) {
    return above.dropped || column(relation, above.name) != nullptr;
  });
}

// ATTACH PARTITION and INHERIT: the columns and checks of the parent must be there already, and now follow it.
void Replay::add_parent(Relation& relation, Relation& parent) {
  for (const Relation* other : relation.extra().parents)
    if (other == &parent) return;
  if (&relation == &parent || descends_from(parent, relation) || !has_columns_of(relation, parent)) return;
  add_child(parent, relation);
  for (const Column& above : parent.columns) {
    if (above.dropped) continue;
    Column* below = column(relation, above.name);
    if (below == nullptr) continue;
    Column changed = *below;
    ++changed.inherited;
    if (relation.is_partition) changed.local = false;
    set(*below, changed);
  }
  for (std::uint32_t i = 0; i < parent.constraints.size(); ++i) {
    Constraint& above = *parent.constraints[i];
    if (above.dropped || above.kind != ConstraintKind::check) continue;
    if (relation.columns_known || constraint(relation, above.name) != nullptr) inherit_check(above, relation, false);
  }
}

void Replay::remove_parent(Relation& relation, Relation& parent) {
  if (std::find(relation.extra().parents.begin(), relation.extra().parents.end(), &parent) ==
      relation.extra().parents.end())
    return;
  remove_child(parent, relation);
  for (Column& below : relation.columns) {
    if (below.dropped || below.inherited == 0 || column(parent, below.name) == nullptr) continue;
    Column changed = below;
    --changed.inherited;
    if (changed.inherited == 0) changed.local = true;
    set(below, changed);
  }
  for (Constraint* below : relation.constraints) {
    if (below->dropped || below->parent == nullptr || below->parent->table != &parent) continue;
    set(below->parent, nullptr);
    set(below->local, true);
  }
}

void Replay::attach_partition(Relation& parent, const ::PartitionCmd& command) {
  Relation* partition = target(command.name);
  if (partition == nullptr || partition == &parent || partition->is_partition) return;
  if (!parent.known && parent.kind == RelationKind::table) set(parent.kind, RelationKind::partitioned_table);
  if (descends_from(parent, *partition) || !has_columns_of(*partition, parent)) return;
  set(partition->is_partition, true);
  if (command.bound != nullptr) set_bound(*partition, *command.bound);
  add_parent(*partition, parent);
  follow_parent(*partition, parent);
}

void Replay::detach_partition(Relation& parent, const ::PartitionCmd& command) {
  Relation* partition = target(command.name);
  if (partition == nullptr) return;
  remove_parent(*partition, parent);
  set(partition->is_partition, false);
  set(partition->bound, Bound::none);
  for (Relation* index : partition->indexes) {
    if (index->dropped || index->extra().parents.empty()) continue;
    Relation& above = *index->extra().parents[0];
    remove_child(above, *index);
    if (Constraint* own = index->index->constraint; own != nullptr && own->parent != nullptr) {
      set(own->parent, nullptr);
      set(own->local, true);
    }
    if (!above.index->valid) check_partitioned_index(above);
  }
  const auto drop_inherited = [&](Relation& relation) {
    for (Trigger& trigger : relation.extra().triggers)
      if (!trigger.dropped && trigger.inherited && trigger_of(parent, trigger.name) != nullptr)
        set(trigger.dropped, true);
  };
  drop_inherited(*partition);
  for (Relation* heir : heirs(*partition)) drop_inherited(*heir);
}

}  // namespace pglint::catalog
