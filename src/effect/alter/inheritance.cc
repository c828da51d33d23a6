// INHERIT, ATTACH PARTITION and their opposites.
#include <algorithm>

#include "catalog/relation_kind.h"
#include "effect/alter/alter.h"

namespace pglint::effect {
namespace {

bool has_parent(const Relation& child, const Relation& parent) {
  const Vec<Relation*>& parents = child.extra().parents;
  return std::find(parents.begin(), parents.end(), &parent) != parents.end();
}

}  // namespace

void Alter::inherit(const ::RangeVar* parent) {
  if (table_ != nullptr && table_->is_partition) m_.fail("42809", "cannot change inheritance of a partition");
  const Lookup found = m_.find(parent);
  if (const Relation* above = found.relation; above != nullptr && table_ != nullptr) {
    if (above == table_)
      m_.fail("42P07", "circular inheritance not allowed");
    else if (has_parent(*table_, *above))
      m_.fail("42P07", "relation \"{}\" would be inherited from more than once", m_.text(above->name));
    else if (above->kind == RelationKind::partitioned_table)
      m_.fail("42809", "cannot inherit from partitioned table \"{}\"", m_.text(above->name));
  }
  m_.lock(found, RelationKind::table, LockMode::share_update_exclusive, Because::inherits);
}

void Alter::disinherit(const ::RangeVar* parent) {
  if (table_ != nullptr && table_->is_partition) m_.fail("42809", "cannot change inheritance of a partition");
  const Lookup found = m_.find(parent);
  if (const Relation* above = found.relation;
      above != nullptr && table_ != nullptr && table_->known && above->known && !has_parent(*table_, *above))
    m_.fail("42P01", "relation \"{}\" is not a parent of relation \"{}\"", m_.text(above->name), table_name());
  m_.lock(found, RelationKind::table, LockMode::access_share, Because::inherits);
}

void Alter::attach(const ::PartitionCmd& partition, Part& part) {
  if (is_index(catalog::relation_kind(statement_.objtype)) || (table_ != nullptr && is_index(table_->kind)))
    attach_index(partition);
  else if (table_ != nullptr)
    part.work |= attach_partition(m_, *table_, partition);
  else if (m_.open(m_.find(partition.name), RelationKind::table, LockMode::access_exclusive, Because::partition,
                   Work::scan))
    part.work |= Work::scan;
}

// The planner opens the index of the partition, so that its readers wait.
void Alter::attach_index(const ::PartitionCmd& partition) {
  const Lookup child = m_.find(partition.name);
  if (!m_.open(child, RelationKind::index, LockMode::access_exclusive, Because::partition)) return;
  for (const Relation* index : {table_, static_cast<const Relation*>(child.relation)})
    if (index != nullptr && index->index != nullptr && index->index->table != nullptr)
      m_.lock(*index->index->table, LockMode::access_share, Because::index);
  const catalog::Index* above = table_ != nullptr && table_->known ? table_->index : nullptr;
  const catalog::Index* below = child.relation != nullptr && child.relation->known ? child.relation->index : nullptr;
  if (above == nullptr || below == nullptr || above->table == nullptr || below->table == nullptr) return;
  if (!has_parent(*below->table, *above->table))
    m_.fail("55000", "cannot attach index \"{}\" as a partition of index \"{}\"", m_.text(child.name), table_name());
  else if (child.relation->extra().parents.empty() && !serves(*below, *above))
    m_.fail("42P17", "cannot attach index \"{}\" as a partition of index \"{}\"", m_.text(child.name), table_name());
}

void Alter::detach(const ::AlterTableCmd& command) {
  // A pending detach is what an interrupted session left; the history has none.
  if (command.subtype == AT_DetachPartitionFinalize && table_ != nullptr && table_->known)
    m_.may_fail("55000", "no detach of the partition is pending");
  const auto& partition = pg::cast<::PartitionCmd>(command.def);
  if (partition.concurrent && m_.out.has_error) return;
  if (table_ != nullptr) return detach_partition(m_, *table_, partition);
  m_.lock(m_.find(partition.name), RelationKind::table, LockMode::access_exclusive, Because::partition,
          partition.concurrent ? Work::wait : Work::none);
}

}  // namespace pglint::effect
