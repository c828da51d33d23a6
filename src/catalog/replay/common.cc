#include <algorithm>

#include "catalog/replay/state.h"

namespace pglint::catalog {

Vec<Symbol> Replay::symbols_of(const ::List* strings) const {
  Vec<Symbol> out;
  const auto all = pg::nodes(strings);
  reserve(out, static_cast<std::uint32_t>(all.size()), c.arena);
  for (const ::Node* string : all) push(out, symbol_of(string), c.arena);
  return out;
}

// --- relations -------------------------------------------------------------------------------------------------------

Relation* Replay::target(Symbol schema, Symbol name, RelationKind assumed) const {
  if (!name) return nullptr;
  const Lookup lookup = c.find(schema, name);
  if (lookup.presence == Presence::gone) return nullptr;
  if (lookup.relation != nullptr) return lookup.relation;
  assumed_one = true;
  return c.assume(lookup.schema, lookup.name, assumed);
}

Relation* Replay::target(const ::RangeVar* name, RelationKind assumed) const {
  return name == nullptr ? nullptr : target(symbol(name->schemaname), c.relation_name(*name), assumed);
}

Relation* Replay::seen(Symbol schema, Symbol name) const {
  if (!name) return nullptr;
  const Lookup lookup = c.find(schema, name);
  return lookup.presence == Presence::gone ? nullptr : lookup.relation;
}

Relation* Replay::seen(const ::RangeVar* name) const {
  return name == nullptr ? nullptr : seen(symbol(name->schemaname), c.relation_name(*name));
}

Symbol Replay::schema_for(const ::RangeVar& name) const {
  if (name.relpersistence == RELPERSISTENCE_TEMP) return c.pg_temp_;
  return name.schemaname != nullptr ? symbol(name.schemaname) : c.creation_schema();
}

Relation* Replay::make_relation(Symbol schema, Symbol name, RelationKind kind, Persistence persistence) const {
  auto* relation = c.arena.make<Relation>();
  relation->kind = kind;
  relation->schema = schema;
  relation->name = name;
  relation->persistence = persistence;
  relation->created = c.now;
  relation->owner = c.session.role;
  return relation;
}

Relation* Replay::begin_relation(const ::RangeVar& name, RelationKind kind, bool if_not_exists) {
  const Symbol schema = schema_for(name);
  const Symbol relname = symbol(name.relname);
  Persistence persistence = Persistence::permanent;
  if (schema == c.pg_temp_)
    persistence = Persistence::temporary;
  else if (name.relpersistence == RELPERSISTENCE_UNLOGGED)
    persistence = Persistence::unlogged;

  const Lookup lookup = c.at(schema, relname);
  if (lookup.presence == Presence::known) return nullptr;
  if (lookup.presence == Presence::gone || lookup.relation == nullptr) {
    newborn = making = make_relation(schema, relname, kind, persistence);
    return making;
  }
  // It was assumed to exist. With IF NOT EXISTS it still may, otherwise it did not.
  if (if_not_exists) return nullptr;
  Relation* relation = lookup.relation;
  if (relation->index != nullptr) {
    // Assumed as an index, and none.
    drop_index(*relation);
    newborn = making = make_relation(schema, relname, kind, persistence);
    return making;
  }
  while (!relation->extra().children.empty()) remove_parent(*relation->extra().children[0], *relation);
  while (!relation->extra().parents.empty()) remove_parent(*relation, *relation->extra().parents[0]);
  for (Relation* sequence : relation->owned)
    if (!sequence->dropped && sequence->owner_table == relation) set(sequence->owner_table, nullptr);
  for (Constraint* constraint : relation->constraints)
    if (!constraint->dropped) drop_constraint(*constraint);
  for (Relation* index : relation->indexes)
    if (!index->dropped) drop_index(*index);
  Relation fresh;
  fresh.kind = kind;
  fresh.schema = schema;
  fresh.name = relname;
  fresh.persistence = persistence;
  fresh.created = c.now;
  fresh.owner = c.session.role;
  fresh.referenced_by = relation->referenced_by;
  fresh.dependents = relation->dependents;
  fresh.mark = relation->mark;
  set(*relation, fresh);
  return relation;
}

void Replay::end_relation(Relation& relation) {
  if (making == nullptr) return;
  making = nullptr;
  // It may have been named, and assumed, while it was being made: CREATE TABLE t (LIKE t).
  if (assumed_one) {
    const Lookup lookup = c.at(relation.schema, relation.name);
    if (lookup.relation != nullptr && lookup.presence == Presence::unknown) drop_relation(*lookup.relation, true);
  }
  c.put(relation.schema, relation.name, &relation);
}

bool Replay::spend(std::uint64_t copies) const {
  if (c.copies_left_ < copies) {
    c.copies_left_ = 0;
    return false;
  }
  c.copies_left_ -= copies;
  return true;
}

// --- columns ---------------------------------------------------------------------------------------------------------

Column* Replay::column_of(Relation& relation, Symbol name) const {
  Column* found = column(relation, name);
  if (found != nullptr || relation.columns_known || !name) return found;
  Column assumed;
  assumed.name = name;
  add_column(relation, assumed);
  return column(relation, name);
}

void Replay::add_column(Relation& relation, const Column& added) const {
  // What no table can have; it also bounds every search.
  constexpr std::uint32_t most_columns = 1600;
  if (relation.columns.size() >= most_columns && relation.columns_known) return;
  if (relation.columns.size() >= 2 * most_columns) return;
  push(relation.columns, added, c.arena, log(relation));
  remember(relation, Names::Kind::column, added.name, relation.columns.size() - 1, relation.columns.size());
}

bool Replay::has_columns(const Relation& relation, const Vec<Symbol>& names) const {
  return !relation.columns_known || std::all_of(names.begin(), names.end(),
                                                [&relation](Symbol name) { return column(relation, name) != nullptr; });
}

// --- inheritance -----------------------------------------------------------------------------------------------------

std::vector<Relation*> Replay::heirs(Relation& root) const {
  std::vector<Relation*> out;
  if (root.extra().children.empty()) return out;
  const std::uint32_t mark = ++c.walk_;
  root.mark = mark;
  for (Relation* child : root.extra().children) {
    child->mark = mark;
    out.push_back(child);
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (Relation* child : out[i]->extra().children) {
      if (child->mark == mark) continue;
      child->mark = mark;
      out.push_back(child);
    }
  }
  if (!spend(out.size())) out.clear();
  return out;
}

void Replay::add_child(Relation& parent, Relation& child) const {
  if (child.extra().parents.empty()) set(extra(child).position, parent.extra().children.size());
  append(extra(child).parents, &parent);
  Extra& of_parent = extra(parent);
  append(of_parent.children, &child);
  if (child.kind == RelationKind::foreign_table) set(of_parent.foreign_children, of_parent.foreign_children + 1);
  if (child.is_partition && child.bound == Bound::default_) set(of_parent.default_child, &child);
}

void Replay::remove_child(Relation& parent, Relation& child) const {
  Extra& of_parent = extra(parent);
  const Vec<Relation*>& children = of_parent.children;
  std::uint32_t at = child.extra().position;
  if (at >= children.size() || children[at] != &child)
    at = static_cast<std::uint32_t>(std::find(children.begin(), children.end(), &child) - children.begin());
  if (at < children.size()) {
    take_out(children, at, c.journal);
    if (child.kind == RelationKind::foreign_table && of_parent.foreign_children != 0)
      set(of_parent.foreign_children, of_parent.foreign_children - 1);
    if (of_parent.default_child == &child) set(of_parent.default_child, nullptr);
    if (at < children.size() && children[at]->extra().parents.size() != 0 &&
        children[at]->extra().parents[0] == &parent)
      set(extra(*children[at]).position, at);
  }
  for (std::uint32_t i = 0; i < child.extra().parents.size(); ++i) {
    if (child.extra().parents[i] != &parent) continue;
    Vec<Relation*> kept;
    reserve(kept, child.extra().parents.size(), c.arena);
    for (std::uint32_t j = 0; j < child.extra().parents.size(); ++j)
      if (j != i) push(kept, child.extra().parents[j], c.arena);
    set(extra(child).parents, kept);
    break;
  }
}

// --- finding by name -------------------------------------------------------------------------------------------------

void Replay::remember(Relation& relation, Names::Kind kind, Symbol name, std::uintptr_t value,
                      std::uint32_t count) const {
  if (count <= Names::few) return;
  if (relation.names == nullptr) set(relation.names, c.arena.make<Names>());
  Names& names = *relation.names;
  if (!names.has(kind)) {
    const auto keep = [&](Symbol of, std::uintptr_t what) {
      names.at.set(Names::key(kind, of), what, c.arena, c.journal);
    };
    std::uint32_t i = 0;
    switch (kind) {
      case Names::Kind::constraint:
        for (Constraint* constraint : relation.constraints)
          if (!constraint->dropped) keep(constraint->name, reinterpret_cast<std::uintptr_t>(constraint));
        break;
      case Names::Kind::trigger:
        for (const Trigger& trigger : relation.extra().triggers) {
          if (!trigger.dropped) keep(trigger.name, i);
          ++i;
        }
        break;
      case Names::Kind::policy:
        for (const Symbol policy : relation.extra().policies) keep(policy, i++);
        break;
      case Names::Kind::rule:
        for (const Symbol rule : relation.extra().rules) keep(rule, i++);
        break;
      case Names::Kind::column:
        for (const Column& column : relation.columns) {
          if (!column.dropped) keep(column.name, i);
          ++i;
        }
        break;
      case Names::Kind::value:
        break;
    }
    set(names.built, names.built | Names::bit(kind));
  }
  names.at.set(Names::key(kind, name), value, c.arena, c.journal);
}

Constraint* Replay::constraint_of(const Relation& relation, Symbol name) const {
  return const_cast<Constraint*>(constraint(relation, name));
}

Trigger* Replay::trigger_of(const Relation& relation, Symbol name) const {
  if (relation.names != nullptr && relation.names->has(Names::Kind::trigger)) {
    const std::uintptr_t* found = relation.names->at.find(Names::key(Names::Kind::trigger, name));
    if (found == nullptr) return nullptr;
    Trigger& trigger = relation.extra().triggers[static_cast<std::uint32_t>(*found)];
    return trigger.dropped || trigger.name != name ? nullptr : &trigger;
  }
  for (Trigger& trigger : relation.extra().triggers)
    if (trigger.name == name && !trigger.dropped) return &trigger;
  return nullptr;
}

}  // namespace pglint::catalog
