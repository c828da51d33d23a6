#include <algorithm>

#include "catalog/expression.h"
#include "catalog/replay/state.h"
#include "catalog/replay/text.h"

namespace pglint::catalog {
namespace {

Action action_of(char code) {
  switch (code) {
    case FKCONSTR_ACTION_RESTRICT:
      return Action::restrict;
    case FKCONSTR_ACTION_CASCADE:
      return Action::cascade;
    case FKCONSTR_ACTION_SETNULL:
      return Action::set_null;
    case FKCONSTR_ACTION_SETDEFAULT:
      return Action::set_default;
    default:
      return Action::no_action;
  }
}

bool same_symbols(const Vec<Symbol>& a, const Vec<Symbol>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

bool is_key(ConstraintKind kind) { return kind == ConstraintKind::primary_key || kind == ConstraintKind::unique; }

}  // namespace

// --- adding ----------------------------------------------------------------------------------------------------------

void Replay::add_constraint(Relation& relation, Constraint& added) const {
  added.table = &relation;
  append_live(relation.constraints, &added, log(relation));
  if (added.kind == ConstraintKind::foreign_key) log(relation).set(relation.foreign_keys, relation.foreign_keys + 1);
  remember(relation, Names::Kind::constraint, added.name, reinterpret_cast<std::uintptr_t>(&added),
           relation.constraints.size());
  take_constraint_name(relation.schema, added.name);
  if (added.deferrable) set(c.deferred_, c.deferred_ + 1);
}

Constraint* Replay::add_check(Relation& relation, const ::Constraint& written, const Attributes& attributes,
                              bool new_table) {
  auto* check = c.arena.make<Constraint>();
  check->kind = ConstraintKind::check;
  check->columns = columns_named(c, written.raw_expr);
  if (written.conname != nullptr) {
    check->name = symbol(written.conname);
    check->named = true;
    if (Constraint* same = constraint_of(relation, check->name)) {
      // What is inherited may be declared again.
      if (same->kind == ConstraintKind::check && same->parent != nullptr && !same->local) set(same->local, true);
      return nullptr;
    }
  } else {
    const std::string_view of_column = check->columns.size() == 1 ? c.text(check->columns[0]) : std::string_view{};
    check->name = choose_constraint_name(c.text(relation.name), of_column, "check", relation.schema);
  }
  check->enforced = attributes.enforced;
  // A new table has no rows that could break it: NOT VALID means nothing there.
  check->valid = attributes.enforced && (!written.skip_validation || (new_table && relation.is_table()));
  check->no_inherit = written.is_no_inherit;
  check->implies_not_null = implied_not_null(c, written.raw_expr);
  check->sql = c.arena.copy(in_parentheses(sql, written.location));
  check->created = c.now;
  use_functions(relation, written.raw_expr);
  add_constraint(relation, *check);
  return check;
}

// A key that says the same as one before it in the same definition makes no second index.
bool Replay::same_as_earlier(const Relation& relation, const ::Constraint& written, const Constraint& key,
                             const Vec<Symbol>& include) {
  if (key.kind != ConstraintKind::unique) return false;
  const std::uint32_t count = relation.constraints.size();
  for (std::uint32_t i = 0; i < count && i < Names::few; ++i) {
    const Constraint& other = *relation.constraints[count - 1 - i];
    if (&other == last_before) return false;
    if (!is_key(other.kind) || other.dropped || other.index == nullptr || !same_symbols(other.columns, key.columns) ||
        other.deferrable != key.deferrable || other.initially_deferred != key.initially_deferred ||
        !same_symbols(other.index->index->include, include) ||
        other.index->index->nulls_not_distinct != written.nulls_not_distinct)
      continue;
    // The name that one of the two was given is the name of both.
    if (!other.named && key.name) {
      set(relation.constraints[count - 1 - i]->named, true);
      rename_relation(*other.index, other.index->schema, key.name);
    }
    return true;
  }
  return false;
}

void Replay::add_index_constraint(Relation& relation, const ::Constraint& written, Symbol of_column,
                                  const Attributes& attributes, bool recurse) {
  if (written.indexname != nullptr) {
    use_index(relation, written);
    return;
  }
  const Symbol name = symbol(written.conname);
  if (name && (relation_name_taken(relation.schema, name) || constraint(relation, name) != nullptr)) return;

  IndexPlan plan;
  plan.constraint = true;
  plan.tablespace = symbol(written.indexspace);
  plan.index.method = symbol(written.access_method);
  plan.index.unique = written.contype != CONSTR_EXCLUSION;
  plan.index.nulls_not_distinct = written.nulls_not_distinct;
  plan.kind = written.contype == CONSTR_PRIMARY  ? ConstraintKind::primary_key
              : written.contype == CONSTR_UNIQUE ? ConstraintKind::unique
                                                 : ConstraintKind::exclusion;
  Vec<Symbol> columns;
  if (plan.kind == ConstraintKind::exclusion) {
    for (const ::List& pair : pg::only<::List>(written.exclusions)) {
      const auto* element = pg::nodes(&pair).empty() ? nullptr : pg::as<::IndexElem>(pg::nodes(&pair)[0]);
      if (element == nullptr) continue;
      IndexKey key;
      key.column = symbol(element->name);
      key.opclass = symbol(pg::last_name(element->opclass));
      key.collation = symbol(pg::last_name(element->collation));
      add_columns_named(c, element->expr, plan.index.expression_columns);
      if (key.column) push(columns, key.column, c.arena);
      push(plan.index.keys, key, c.arena);
    }
    if (written.where_clause != nullptr) {
      plan.index.predicate = c.arena.copy(in_parentheses(sql, after_word(sql, written.location, "where")));
      add_columns_named(c, written.where_clause, plan.index.expression_columns);
    }
  } else {
    if (written.keys != nullptr)
      columns = symbols_of(written.keys);
    else
      push(columns, of_column, c.arena);
    reserve(plan.index.keys, columns.size(), c.arena);
    for (const Symbol column : columns) {
      IndexKey key;
      key.column = column;
      push(plan.index.keys, key, c.arena);
    }
  }
  plan.index.include = symbols_of(written.including);

  auto* added = c.arena.make<Constraint>();
  added->kind = plan.kind;
  added->columns = columns;
  added->deferrable = attributes.deferrable || written.deferrable;
  added->initially_deferred = attributes.initially_deferred || written.initdeferred;
  added->created = c.now;
  added->name = name;
  added->named = static_cast<bool>(name);
  if (!has_columns(relation, columns) || !has_columns(relation, plan.index.include)) return;
  if (same_as_earlier(relation, written, *added, plan.index.include)) return;
  if (plan.kind == ConstraintKind::primary_key) {
    for (const Constraint* other : relation.constraints)
      if (other->kind == ConstraintKind::primary_key && !other->dropped) return;
    for (const Symbol key : columns)
      if (Column* column = column_of(relation, key)) {
        if (version >= 18 || !column->not_null) set_not_null(relation, *column, recurse);
      }
  }
  Relation* index = add_index(relation, plan, name, added);
  if (index == nullptr || relation.kind != RelationKind::partitioned_table || relation.extra().children.empty()) return;
  if (recurse)
    index_partitions(relation, *index);
  else
    set(index->index->valid, false);
}

void Replay::propagate_check(Relation& relation, Constraint& check) {
  for (Relation* heir : heirs(relation)) {
    Constraint* above = &check;
    for (const Relation* parent : heir->extra().parents)
      if (Constraint* of_parent = constraint_of(*parent, check.name)) above = of_parent;
    inherit_check(*above, *heir, false);
  }
}

void Replay::add_foreign_key(Relation& relation, const ::Constraint& written, Symbol of_column,
                             const Attributes& attributes, bool validated) {
  Relation* references = target(written.pktable);
  if (references == nullptr) return;
  auto* key = c.arena.make<Constraint>();
  key->kind = ConstraintKind::foreign_key;
  if (written.fk_attrs != nullptr)
    key->columns = symbols_of(written.fk_attrs);
  else
    push(key->columns, of_column, c.arena);
  if (!has_columns(relation, key->columns)) return;
  if (written.conname != nullptr) {
    key->name = symbol(written.conname);
    key->named = true;
    if (constraint(relation, key->name) != nullptr) return;
  } else {
    key->name = choose_constraint_name(c.text(relation.name), joined(key->columns).text(), "fkey", relation.schema);
  }
  key->references = references;
  if (written.pk_attrs != nullptr) {
    key->referenced_columns = symbols_of(written.pk_attrs);
    if (!has_columns(*references, key->referenced_columns)) return;
  } else {
    for (const Constraint* other : references->constraints)
      if (other->kind == ConstraintKind::primary_key && !other->dropped)
        key->referenced_columns = copied(other->columns);
  }
  if (key->referenced_index == nullptr) key->referenced_index = index_for(*key);
  key->enforced = attributes.enforced;
  key->valid = attributes.enforced && validated;
  key->deferrable = attributes.deferrable || written.deferrable;
  key->initially_deferred = attributes.initially_deferred || written.initdeferred;
  key->on_delete = action_of(written.fk_del_action);
  key->on_update = action_of(written.fk_upd_action);
  key->created = c.now;
  add_constraint(relation, *key);
  append_live(references->referenced_by, key);
  if (relation.kind != RelationKind::partitioned_table) return;
  // Parents come before children.
  for (Relation* heir : heirs(relation))
    if (heir->is_partition && !heir->extra().parents.empty())
      if (Constraint* above = heir->extra().parents[0] == &relation ? key : follower(*key, *heir->extra().parents[0]))
        clone_foreign_key(*above, *heir);
}

void Replay::add_not_null(Relation& relation, Symbol of_column, Symbol name, bool valid, bool no_inherit) {
  for (Constraint* other : relation.constraints) {
    if (other->kind != ConstraintKind::not_null || other->dropped || other->columns[0] != of_column) continue;
    if (valid && !other->valid) {
      set(other->valid, true);
      set(other->validated, c.now);
    }
    return;
  }
  if (name && constraint(relation, name) != nullptr) return;
  auto* added = c.arena.make<Constraint>();
  added->kind = ConstraintKind::not_null;
  added->name =
      name ? name : choose_constraint_name(c.text(relation.name), c.text(of_column), "not_null", relation.schema);
  push(added->columns, of_column, c.arena);
  added->valid = valid;
  added->no_inherit = no_inherit;
  added->created = c.now;
  add_constraint(relation, *added);
}

void Replay::add_written_constraint(Relation& relation, const ::Constraint& written, bool recurse) {
  last_before = relation.constraints.empty() ? nullptr : relation.constraints.back();
  const Attributes attributes{written.deferrable, written.initdeferred, written.is_enforced};
  switch (written.contype) {
    case CONSTR_CHECK: {
      Constraint* added = add_check(relation, written, attributes, false);
      if (added == nullptr || !recurse || written.is_no_inherit) return;
      propagate_check(relation, *added);
      return;
    }
    case CONSTR_NOTNULL: {
      if (written.keys == nullptr) return;
      Column* column = column_of(relation, symbol_of(pg::nodes(written.keys)[0]));
      if (column == nullptr) return;
      const Symbol name = column->name;
      const bool valid = !written.skip_validation;
      // A NOT NULL that is not valid yet makes no promise about the rows that are there.
      if (valid && !column->not_null) set(column->not_null, true);
      add_not_null(relation, name, symbol(written.conname), valid, written.is_no_inherit);
      if (!recurse || written.is_no_inherit) return;
      for (Relation* heir : heirs(relation)) {
        if (Column* below = column_of(*heir, name); below != nullptr && valid && !below->not_null)
          set(below->not_null, true);
        add_not_null(*heir, name, symbol(written.conname), valid, false);
      }
      return;
    }
    case CONSTR_PRIMARY:
    case CONSTR_UNIQUE:
    case CONSTR_EXCLUSION:
      add_index_constraint(relation, written, {}, attributes, recurse);
      return;
    case CONSTR_FOREIGN:
      add_foreign_key(relation, written, {}, attributes, !written.skip_validation);
      return;
    default:
      return;
  }
}

// ADD CONSTRAINT … USING INDEX: the index takes the constraint's name.
void Replay::use_index(Relation& relation, const ::Constraint& written) {
  const Symbol index_name = symbol(written.indexname);
  Relation* index = target(relation.schema, index_name, RelationKind::index);
  if (index == nullptr || index->index == nullptr || index->index->constraint != nullptr) return;
  Index& details = *index->index;
  if (details.table == nullptr) {
    // Never seen being built: it can only be a unique index of this table.
    set(details.table, &relation);
    set(details.unique, true);
    append_live(relation.indexes, index);
  }
  if (details.table != &relation) return;
  const Symbol name = written.conname != nullptr ? symbol(written.conname) : index_name;
  if (constraint(relation, name) != nullptr) return;
  if (name != index_name) {
    if (relation_name_taken(relation.schema, name)) return;
    rename_relation(*index, index->schema, name);
  }
  auto* added = c.arena.make<Constraint>();
  added->kind = written.contype == CONSTR_PRIMARY ? ConstraintKind::primary_key : ConstraintKind::unique;
  added->name = name;
  added->named = true;
  added->deferrable = written.deferrable;
  added->initially_deferred = written.initdeferred;
  added->created = c.now;
  added->index = index;
  for (const IndexKey& key : details.keys)
    if (key.column) push(added->columns, key.column, c.arena);
  if (added->kind == ConstraintKind::primary_key)
    for (const Symbol key : added->columns)
      if (Column* column = column_of(relation, key))
        if (version >= 18 || !column->not_null) set_not_null(relation, *column, true);
  set(details.constraint, added);
  add_constraint(relation, *added);
}

// --- following a parent ----------------------------------------------------------------------------------------------

Constraint* Replay::clone(Constraint& from, Relation& to) const {
  auto* copy = c.arena.make<Constraint>(from);
  copy->table = &to;
  copy->columns = copied(from.columns);
  copy->referenced_columns = copied(from.referenced_columns);
  copy->implies_not_null = copied(from.implies_not_null);
  copy->index = nullptr;
  copy->local = false;
  copy->parent = &from;
  copy->created = c.now;
  copy->validated = {};
  return copy;
}

Constraint* Replay::follower(const Constraint& of, const Relation& in) const {
  // Nearly always of the same name.
  if (Constraint* same = constraint_of(in, of.name); same != nullptr && same->parent == &of) return same;
  for (Constraint* other : in.constraints)
    if (other->parent == &of && !other->dropped) return other;
  return nullptr;
}

void Replay::clone_foreign_key(Constraint& from, Relation& to) {
  // One that is there already and says the same is taken.
  for (Constraint* other : to.constraints) {
    if (other->dropped || other->kind != ConstraintKind::foreign_key || other->parent != nullptr ||
        other->references != from.references || !same_symbols(other->columns, from.columns) ||
        !same_symbols(other->referenced_columns, from.referenced_columns) || other->on_delete != from.on_delete ||
        other->on_update != from.on_update || other->deferrable != from.deferrable ||
        other->initially_deferred != from.initially_deferred || !other->valid)
      continue;
    set(other->parent, &from);
    set(other->local, false);
    return;
  }
  if (!spend(1)) return;
  Constraint* copy = clone(from, to);
  if (constraint(to, copy->name) != nullptr)
    copy->name = choose_constraint_name(c.text(to.name), joined(copy->columns).text(), "fkey", to.schema);
  add_constraint(to, *copy);
  append_live(copy->references->referenced_by, copy);
}

void Replay::inherit_check(Constraint& from, Relation& to, bool new_table) {
  if (from.dropped || from.no_inherit) return;
  if (from.kind == ConstraintKind::not_null) {
    if (version >= 18) add_not_null(to, from.columns[0], from.name, from.valid, false);
    return;
  }
  if (from.kind != ConstraintKind::check) return;
  if (Constraint* same = constraint_of(to, from.name)) {
    if (same->kind != ConstraintKind::check || same->parent != nullptr) return;
    set(same->parent, &from);
    if (to.is_partition) set(same->local, false);
    return;
  }
  if (!spend(1)) return;
  Constraint* copy = clone(from, to);
  if (new_table) copy->valid = copy->enforced;
  add_constraint(to, *copy);
}

// --- dropping and changing -------------------------------------------------------------------------------------------

void Replay::drop_constraint(Constraint& dropped) {
  if (dropped.dropped) return;
  if (dropped.index != nullptr) {
    drop_index(*dropped.index);
    return;
  }
  set(dropped.dropped, true);
  if (dropped.table != nullptr) release_constraint_name(dropped.table->schema, dropped.name);
}

Relation* Replay::index_for(const Constraint& key) const {
  const Vec<Symbol>& columns = key.referenced_columns;
  for (Relation* index : key.references->indexes) {
    const Index& details = *index->index;
    if (index->dropped || !details.unique || !details.predicate.empty() || details.keys.size() != columns.size())
      continue;
    const bool same = std::all_of(details.keys.begin(), details.keys.end(), [&](const IndexKey& part) {
      return part.column && std::find(columns.begin(), columns.end(), part.column) != columns.end();
    });
    if (same) return index;
  }
  return nullptr;
}

void Replay::drop_references(Relation& index) {
  const Index& details = *index.index;
  if (!details.unique || details.table == nullptr) return;
  for (std::uint32_t i = 0; i < details.table->referenced_by.size(); ++i) {
    Constraint& key = *details.table->referenced_by[i];
    if (!key.dropped && key.referenced_index == &index) drop_constraint(key);
  }
}

void Replay::drop_constraint(Relation& relation, Symbol name, bool recurse) {
  Constraint* dropped = constraint_of(relation, name);
  if (dropped == nullptr) return;
  const ConstraintKind kind = dropped->kind;
  drop_constraint(*dropped);
  if (kind == ConstraintKind::not_null && !dropped->columns.empty())
    if (Column* column = column_of(relation, dropped->columns[0])) set(column->not_null, false);
  if (relation.extra().children.empty() || is_key(kind) || kind == ConstraintKind::exclusion) return;
  if (!recurse) {
    for (Relation* child : relation.extra().children)
      if (Constraint* below = follower(*dropped, *child)) {
        set(below->parent, nullptr);
        set(below->local, true);
      }
    return;
  }
  // Parents before children: what follows a dropped constraint is dropped with it.
  for (Relation* heir : heirs(relation)) {
    Constraint* below = constraint_of(*heir, name);
    if (below == nullptr || below->parent == nullptr || !below->parent->dropped) {
      const auto orphan =
          std::find_if(heir->constraints.begin(), heir->constraints.end(), [kind](const Constraint* one) {
            return !one->dropped && one->kind == kind && one->parent != nullptr && one->parent->dropped;
          });
      if (orphan == heir->constraints.end()) continue;
      below = *orphan;
    }
    if (below->local)
      set(below->parent, nullptr);
    else
      drop_constraint(*below);
  }
}

void Replay::validate_constraint(Relation& relation, Symbol name) {
  Constraint* found = constraint_of(relation, name);
  if (found == nullptr) return;
  const auto validate = [this](Constraint& one) {
    if (one.valid) return;
    set(one.valid, true);
    set(one.validated, c.now);
    if (one.kind == ConstraintKind::not_null && one.table != nullptr)
      if (Column* column = column_of(*one.table, one.columns[0])) set(column->not_null, true);
  };
  validate(*found);
  for (Relation* heir : heirs(relation))
    if (Constraint* below = constraint_of(*heir, name); below != nullptr && below->kind == found->kind)
      validate(*below);
}

void Replay::alter_constraint(Relation& relation, const ::ATAlterConstraint& change) {
  const Symbol name = symbol(change.conname);
  const auto alter = [&](Constraint& one) {
    if (change.alterDeferrability) {
      set(one.deferrable, change.deferrable);
      set(one.initially_deferred, change.initdeferred);
      if (change.deferrable) set(c.deferred_, c.deferred_ + 1);
    }
    if (change.alterEnforceability) {
      set(one.enforced, change.is_enforced);
      set(one.valid, change.is_enforced);
    }
    if (change.alterInheritability) set(one.no_inherit, change.noinherit);
  };
  Constraint* found = constraint_of(relation, name);
  if (found == nullptr) return;
  alter(*found);
  for (Relation* heir : heirs(relation))
    if (Constraint* below = constraint_of(*heir, name); below != nullptr && below->parent != nullptr) alter(*below);
}

void Replay::rename_constraint(Relation& relation, Symbol from, Symbol to) {
  Constraint* found = constraint_of(relation, from);
  if (found == nullptr || from == to || constraint(relation, to) != nullptr) return;
  if (found->index != nullptr) {
    rename_relation(*found->index, found->index->schema, to);
    return;
  }
  const auto rename_one = [&](Constraint& one) {
    Relation& table = *one.table;
    release_constraint_name(table.schema, from);
    set(one.name, to);
    take_constraint_name(table.schema, to);
    remember(table, Names::Kind::constraint, to, reinterpret_cast<std::uintptr_t>(&one), table.constraints.size());
  };
  rename_one(*found);
  if (found->kind != ConstraintKind::check && found->kind != ConstraintKind::not_null) return;
  for (Relation* heir : heirs(relation))
    if (Constraint* below = constraint_of(*heir, from); below != nullptr && below->parent != nullptr)
      rename_one(*below);
}

}  // namespace pglint::catalog
