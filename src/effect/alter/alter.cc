// One ALTER TABLE: its locks first, then its subcommands in the order they are written.
#include "effect/alter/alter.h"

#include <algorithm>

#include "catalog/relation_kind.h"

namespace pglint::effect {

void Alter::add_work(const Relation& table, Work work, Part& part) {
  m_.work(table, work);
  part.work |= work;
}

// The rows of a partitioned table are in its partitions. Where none are known, they may still be there.
void Alter::add_work_below(Work work, Part& part, bool recurse) {
  part.work |= work;
  if (table_ == nullptr) {
    if (RelationEffect* effect = m_.entry(found_.schema, found_.name)) effect->work |= work;
    return;
  }
  each_in_tree(*table_, recurse && recurse_, [&](const Relation& table) {
    if (table.kind == RelationKind::partitioned_table && !table.extra().children.empty()) return;
    m_.work(table, work);
  });
}

bool Alter::drops_column(Symbol name) const {
  return has_command(AT_DropColumn, [&](const ::AlterTableCmd& other) { return m_.symbol(other.name) == name; });
}

bool Alter::drops_default(Symbol name) const {
  return has_command(AT_ColumnDefault, [&](const ::AlterTableCmd& other) {
    return other.def == nullptr && m_.symbol(other.name) == name;
  });
}

bool Alter::drops_constraint(Symbol name) const {
  return has_command(AT_DropConstraint, [&](const ::AlterTableCmd& other) { return m_.symbol(other.name) == name; });
}

bool Alter::adds_column(Symbol name) const {
  return has_command(AT_AddColumn, [&](const ::AlterTableCmd& other) {
    return m_.symbol(pg::cast<::ColumnDef>(other.def).colname) == name;
  });
}

bool Alter::adds_constraint(Symbol name) const {
  return has_command(AT_AddConstraint, [&](const ::AlterTableCmd& other) {
    const char* added = pg::cast<::Constraint>(other.def).conname;
    return added == nullptr || m_.symbol(added) == name;  // without one it gets a name that may be this
  });
}

bool Alter::sets_not_null(Symbol name) const {
  return has_command(AT_SetNotNull, [&](const ::AlterTableCmd& other) { return m_.symbol(other.name) == name; });
}

bool Alter::has_column(Symbol name, std::string_view written) {
  if (!complete() || catalog::column(*table_, name) != nullptr || adds_column(name)) return true;
  m_.fail("42703", "column \"{}\" of relation \"{}\" does not exist", written, table_name());
  return false;
}

const Constraint* Alter::proof(const Relation& table, Symbol column) const {
  const Constraint* found = catalog::proof_of_not_null(table, column);
  return found != nullptr && !drops_constraint(found->name) ? found : nullptr;
}

void Alter::run() {
  found_ = m_.find(statement_.relation);
  if (found_.presence == Presence::gone) {
    if (!statement_.missing_ok) m_.missing(found_);
    return;
  }
  table_ = found_.relation;

  LockMode strongest = LockMode::none;
  bool below = false;
  for (const ::AlterTableCmd& command : pg::list<::AlterTableCmd>(statement_.cmds)) {
    strongest = std::max(strongest, lock_of(command));
    below = below || recurses(m_, command, table_);
    // Alone in its statement, by the grammar.
    if (command.subtype == AT_DetachPartition && pg::cast<::PartitionCmd>(command.def).concurrent)
      (void)m_.outside_transaction("ALTER TABLE ... DETACH CONCURRENTLY");
  }
  m_.lock(found_, catalog::relation_kind(statement_.objtype), strongest, Because::target);
  if (table_ != nullptr) check_not_pending(m_, *table_, "ALTER TABLE");
  if (table_ != nullptr && below && recurse_ && !table_->extra().children.empty())
    each_in_tree(*table_, true,
                 [&](const Relation& table) { m_.lock(table, strongest, as_child(table, *table_, Because::target)); });

  std::uint16_t index = 0;
  for (const ::AlterTableCmd& command : pg::list<::AlterTableCmd>(statement_.cmds)) {
    if (table_ != nullptr) check_kind(command);
    if (!recurse_ && table_ != nullptr && !table_->extra().children.empty()) check_only(command);
    Part part{.command = index, .lock = lock_of(command)};
    this->command(command, part);
    m_.out.parts.push_back(part);
    if (++index == 0) break;  // more than 65,535
  }
  rebuild_indexes();
}

void Alter::command(const ::AlterTableCmd& command, Part& part) {
  switch (command.subtype) {
    case AT_AddColumn:
      return add_column(pg::cast<::ColumnDef>(command.def), command.missing_ok, part);
    case AT_DropColumn:
      return drop_column(command);
    case AT_SetNotNull: {
      const Symbol name = m_.symbol(command.name);
      if (has_column(name, pg::text(command.name))) set_not_null(name, part);
      return;
    }
    case AT_DropNotNull:
      return drop_not_null(command);
    case AT_ColumnDefault:
      return change_default(command);
    case AT_SetStorage:
      return set_column_storage(command);
    case AT_SetCompression:
    case AT_SetOptions:
    case AT_ResetOptions:
      (void)has_column(m_.symbol(command.name), pg::text(command.name));
      return;
    case AT_SetStatistics:
      return set_statistics(command);
    case AT_EnableTrig:
    case AT_EnableAlwaysTrig:
    case AT_EnableReplicaTrig:
    case AT_DisableTrig:
      return check_trigger(command);
    case AT_EnableRule:
    case AT_EnableAlwaysRule:
    case AT_EnableReplicaRule:
    case AT_DisableRule:
      return check_rule(command);
    case AT_AddOf:
    case AT_DropOf:
      return check_typed(command);
    case AT_SetExpression:
      return set_expression(command, part);
    case AT_DropExpression:
      return drop_expression(command);
    case AT_AlterColumnType:
      return change_type(command, part);
    case AT_AddConstraint:
      return add_constraint(pg::cast<::Constraint>(command.def), part);
    case AT_DropConstraint:
      return drop_constraint(command);
    case AT_ValidateConstraint:
      return validate(command, part);
    case AT_AlterConstraint:
      return alter_constraint(command, part);
    case AT_AddIdentity:
    case AT_SetIdentity:
    case AT_DropIdentity:
      return identity(command);
    case AT_SetLogged:
      return set_persistence(true, part);
    case AT_SetUnLogged:
      return set_persistence(false, part);
    case AT_ChangeOwner:
      return change_owner(command);
    case AT_SetTableSpace:
      return set_tablespace(command, part);
    case AT_SetAccessMethod:
      return set_access_method(command, part);
    case AT_ClusterOn:
      lock_index(command.name, LockMode::share_update_exclusive);
      check_clusterable(m_, m_.catalog.find(found_.schema, m_.symbol(command.name)));
      return;
    case AT_ReplicaIdentity:
      return replica_identity(pg::cast<::ReplicaIdentityStmt>(command.def));
    case AT_SetRelOptions:
      return set_options(reinterpret_cast<const ::List*>(command.def));
    case AT_AddInherit:
      return inherit(pg::as<::RangeVar>(command.def));
    case AT_DropInherit:
      return disinherit(pg::as<::RangeVar>(command.def));
    case AT_AttachPartition:
      return attach(pg::cast<::PartitionCmd>(command.def), part);
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize:
      return detach(command);
    default:
      return;
  }
}

void alter_table(Model& model, const ::AlterTableStmt& statement) {
  if (statement.objtype == OBJECT_TYPE) return alter_composite(model, statement);
  Alter(model, statement).run();
}

}  // namespace pglint::effect
