// ADD PRIMARY KEY, UNIQUE and EXCLUDE, built or USING INDEX.
#include <algorithm>

#include "effect/alter/alter.h"

namespace pglint::effect {

void Alter::add_key(const ::Constraint& constraint, Part& part) {
  const bool primary = constraint.contype == CONSTR_PRIMARY;
  part.work |= Work::scan | Work::index_build;
  if (table_ == nullptr) {
    add_work_below(Work::scan | Work::index_build, part, false);
    return;
  }
  if (constraint.contype == CONSTR_EXCLUSION)
    m_.may_fail("23P01", "two rows exclude each other");
  else
    m_.may_fail("23505", "two rows have the same key");
  if (primary) m_.may_fail("23502", "a key column is null");
  if (constraint.contype != CONSTR_EXCLUSION) {
    const auto keys = pg::nodes(constraint.keys);
    for (std::size_t i = 0; i < keys.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (pg::string(keys[i]) == pg::string(keys[j]))
          m_.fail("42701", "column \"{}\" appears twice in {} constraint", pg::string(keys[i]),
                  primary ? "primary key" : "unique");
    for (const ::Node* column : pg::nodes(constraint.keys)) {
      const Column* key = catalog::column(*table_, m_.symbol_of(column));
      if (complete() && key == nullptr && !adds_column(m_.symbol_of(column))) {
        m_.fail("42703", "column \"{}\" named in key does not exist", pg::string(column));
        return;
      }
      if (key != nullptr && key->type.array_dimensions == 0 && !key->type.schema &&
          is_unordered(m_.text(key->type.name)))
        m_.fail("42704", "data type {} has no default operator class for access method \"btree\"",
                m_.text(key->type.name));
    }
  }
  if (primary) {
    for (const Constraint* other : table_->constraints)
      if (!other->dropped && other->kind == ConstraintKind::primary_key && !drops_constraint(other->name)) {
        m_.fail("42P16", "multiple primary keys for table \"{}\" are not allowed", table_name());
        return;
      }
    for (const Constraint* other : table_->constraints)
      if (!other->dropped && other->kind == ConstraintKind::not_null && !other->valid)
        for (const ::Node* column : pg::nodes(constraint.keys))
          if (contains(other->columns, m_.symbol_of(column)))
            m_.fail("55000", "cannot create primary key on column \"{}\"", pg::string(column));
  }
  const bool partitioned = table_->kind == RelationKind::partitioned_table;
  if (partitioned && constraint.contype == CONSTR_EXCLUSION && m_.version < 17)
    m_.fail("0A000", "exclusion constraints are not supported on partitioned tables");
  if (partitioned && constraint.contype != CONSTR_EXCLUSION && lacks_partition_key(m_, *table_, constraint.keys))
    m_.fail("0A000", "unique constraint on partitioned table must include all partitioning columns");

  // Partitions are locked as for the index alone, unless a column of theirs has to become NOT NULL.
  LockMode below = LockMode::share;
  if (primary) {
    if (m_.version >= 18) {
      below = LockMode::access_exclusive;
    } else {
      for (const ::Node* column : pg::nodes(constraint.keys))
        if (const Column* found = catalog::column(*table_, m_.symbol_of(column)); found == nullptr || !found->not_null)
          below = LockMode::access_exclusive;
    }
  }
  if (primary && !partitioned)
    for (const ::Node* column : pg::nodes(constraint.keys)) lock_heirs_of_key(m_.symbol_of(column));
  const auto name_on = [&](const Relation& table) {
    if (&table == table_ && constraint.conname != nullptr) return m_.symbol(constraint.conname);
    if (primary) {
      const Relation* old = primary_key_index(table);
      if (old != nullptr && drops_constraint(old->name)) return old->name;
      return m_.choose_name(table.schema, m_.text(table.name), {}, "pkey");
    }
    if (constraint.contype == CONSTR_EXCLUSION)
      return m_.choose_name(table.schema, m_.text(table.name), excluded_column(constraint), "excl");
    return m_.choose_key_name(table.schema, m_.text(table.name), constraint.keys, constraint.including, "key");
  };
  each_in_tree(*table_, partitioned && recurse_, [&](const Relation& table) {
    if (&table != table_) m_.lock(table, below, Because::partition);
    if (table.kind == RelationKind::partitioned_table && !table.extra().children.empty())
      m_.made(RelationKind::partitioned_index, table.schema, name_on(table), Because::index);
    else
      m_.build_new(table, name_on(table));
  });
}

// The column of a primary key becomes NOT NULL in those that inherit it, too; they are locked for that if it is so
// already.
void Alter::lock_heirs_of_key(Symbol column) {
  if (!recurse_ || table_->extra().children.empty()) return;
  each_in_tree(*table_, true, [&](const Relation& heir) {
    if (&heir == table_) return;
    const Column* found = catalog::column(heir, column);
    const bool proved = (found != nullptr && found->not_null) || proof(heir, column) != nullptr;
    m_.lock(heir, LockMode::access_exclusive, Because::inherits, proved ? Work::none : Work::scan);
  });
}

void Alter::use_index(const ::Constraint& constraint, Part& part) {
  const Lookup found = m_.find(pg::QualifiedName{{}, m_.text(found_.schema), pg::text(constraint.indexname)});
  const bool primary = constraint.contype == CONSTR_PRIMARY;
  if (table_ != nullptr && table_->kind == RelationKind::partitioned_table)
    m_.fail("0A000", "ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables");
  if (found.presence == Presence::gone) {
    m_.fail("42704", "index \"{}\" does not exist", pg::text(constraint.indexname));
    return;
  }
  // It is renamed to the constraint's name.
  const bool renamed = constraint.conname != nullptr && pg::text(constraint.conname) != pg::text(constraint.indexname);
  m_.lock(found, RelationKind::index, renamed ? LockMode::share_update_exclusive : LockMode::access_share,
          Because::index);
  const Relation* relation = found.relation;
  const catalog::Index* index = relation != nullptr && relation->known ? relation->index : nullptr;
  if (relation != nullptr && relation->known && index == nullptr) {
    m_.fail("42809", "\"{}\" is not an index", pg::text(constraint.indexname));
    return;
  }
  if (index != nullptr) {
    const std::string_view name = pg::text(constraint.indexname);
    if (index->constraint != nullptr && !index->constraint->dropped)
      m_.fail("55000", "index \"{}\" is already associated with a constraint", name);
    else if (index->table != nullptr && table_ != nullptr && index->table != table_)
      m_.fail("55000", "index \"{}\" does not belong to table \"{}\"", name, table_name());
    else if (!index->valid)
      m_.fail("55000", "index \"{}\" is not valid", name);
    else if (!index->unique)
      m_.fail("42809", "\"{}\" is not a unique index", name);
    else if (std::any_of(index->keys.begin(), index->keys.end(), [](const catalog::IndexKey& k) { return !k.column; }))
      m_.fail("42809", "index \"{}\" contains expressions", name);
    else if (!index->predicate.empty())
      m_.fail("42809", "\"{}\" is a partial index", name);
    else
      for (std::uint32_t i = 0; i < index->keys.size(); ++i)
        if (index->keys[i].descending || index->keys[i].nulls_first)
          m_.fail("42809", "index \"{}\" column number {} does not have default sorting behavior", name, i + 1);
  }
  if (!primary) return;
  if (table_ == nullptr || index == nullptr) {
    // Which columns it has is not known, nor whether one of them may be NULL.
    add_work_below(Work::scan, part, false);
    return;
  }
  for (const Constraint* other : table_->constraints) {
    if (other->dropped) continue;
    if (other->kind == ConstraintKind::primary_key && !drops_constraint(other->name))
      m_.fail("42P16", "multiple primary keys for table \"{}\" are not allowed", table_name());
    if (other->kind == ConstraintKind::not_null && !other->valid)
      for (const catalog::IndexKey& key : index->keys)
        if (contains(other->columns, key.column))
          m_.fail("55000", "incompatible NOT VALID constraint \"{}\" on relation \"{}\"", m_.text(other->name),
                  table_name());
  }
  for (const catalog::IndexKey& key : index->keys) {
    if (!key.column) continue;
    set_not_null(key.column, part);
    lock_heirs_of_key(key.column);
  }
}

}  // namespace pglint::effect
