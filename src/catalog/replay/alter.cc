#include <algorithm>

#include "catalog/relation_kind.h"
#include "catalog/replay/state.h"

namespace pglint::catalog {
namespace {

// ALTER TABLE makes several passes, whatever the order in which its subcommands are written.
enum class Pass : std::uint8_t { drop, type, add_column, expression, attributes, keys, constraints, rest };

Pass pass_of(const ::AlterTableCmd& command) {
  switch (command.subtype) {
    case AT_DropColumn:
    case AT_DropConstraint:
    case AT_DropNotNull:
    case AT_DropExpression:
    case AT_DropIdentity:
      return Pass::drop;
    case AT_ColumnDefault:
      return command.def == nullptr ? Pass::drop : Pass::constraints;
    case AT_AlterColumnType:
      return Pass::type;
    case AT_AddColumn:
      return Pass::add_column;
    case AT_SetExpression:
      return Pass::expression;
    case AT_SetNotNull:
    case AT_SetIdentity:
      return Pass::attributes;
    case AT_AddIdentity:
      return Pass::constraints;
    case AT_AddConstraint: {
      const auto* written = pg::as<::Constraint>(command.def);
      if (written == nullptr) return Pass::rest;
      switch (written->contype) {
        case CONSTR_PRIMARY:
        case CONSTR_UNIQUE:
        case CONSTR_EXCLUSION:
          return Pass::keys;
        default:
          return Pass::constraints;
      }
    }
    default:
      return Pass::rest;
  }
}

}  // namespace

void Replay::alter_table(const ::AlterTableStmt& statement) {
  if (statement.objtype == OBJECT_TYPE) {
    alter_composite(statement);
    return;
  }
  Relation* relation = target(statement.relation, relation_kind(statement.objtype));
  if (relation == nullptr) return;
  const bool recurse = statement.relation->inh;
  const auto commands = pg::nodes(statement.cmds);
  if (commands.size() == 1) {
    if (const auto* command = pg::as<::AlterTableCmd>(commands[0])) alter_table(*relation, *command, recurse);
    return;
  }
  unsigned present = 0;
  for (const ::AlterTableCmd& command : pg::only<::AlterTableCmd>(statement.cmds))
    present |= 1U << static_cast<unsigned>(pass_of(command));
  for (unsigned pass = 0; present >> pass != 0; ++pass) {
    if ((present >> pass & 1U) == 0) continue;
    for (const ::AlterTableCmd& command : pg::only<::AlterTableCmd>(statement.cmds))
      if (static_cast<unsigned>(pass_of(command)) == pass) alter_table(*relation, command, recurse);
  }
}

void Replay::alter_table(Relation& relation, const ::AlterTableCmd& command, bool recurse) {
  const Symbol name = symbol(command.name);
  switch (command.subtype) {
    case AT_AddColumn:
      if (const auto* definition = pg::as<::ColumnDef>(command.def))
        new_column(relation, *definition, command.missing_ok, recurse);
      break;
    case AT_DropColumn:
      drop_column(relation, name, recurse);
      break;
    case AT_AlterColumnType:
      if (const auto* definition = pg::as<::ColumnDef>(command.def)) change_type(relation, name, *definition, recurse);
      break;
    case AT_ColumnDefault:
      change_default(relation, name, command.def, recurse);
      break;
    case AT_SetNotNull:
      if (Column* column = column_of(relation, name)) set_not_null(relation, *column, recurse);
      break;
    case AT_DropNotNull:
      drop_not_null(relation, name, recurse);
      break;
    case AT_SetExpression:
      change_expression(relation, name, command.def, recurse);
      break;
    case AT_DropExpression:
      change_expression(relation, name, nullptr, recurse);
      break;
    case AT_AddIdentity:
    case AT_SetIdentity:
    case AT_DropIdentity:
      change_identity(relation, command);
      break;
    case AT_AddConstraint:
      if (const auto* written = pg::as<::Constraint>(command.def)) add_written_constraint(relation, *written, recurse);
      break;
    case AT_DropConstraint:
      drop_constraint(relation, name, recurse);
      break;
    case AT_ValidateConstraint:
      validate_constraint(relation, name);
      break;
    case AT_AlterConstraint:
      if (const auto* change = pg::as<::ATAlterConstraint>(command.def)) alter_constraint(relation, *change);
      break;
    case AT_ChangeOwner:
      set_owner(relation, role_of(command.newowner));
      break;
    case AT_SetLogged:
    case AT_SetUnLogged:
      set_logged(relation, command.subtype == AT_SetLogged);
      break;
    case AT_SetAccessMethod:
      set(relation.access_method, name);
      break;
    case AT_SetTableSpace:
      set(relation.tablespace, name);
      break;
    case AT_EnableTrig:
    case AT_EnableAlwaysTrig:
    case AT_EnableReplicaTrig:
    case AT_EnableTrigAll:
    case AT_EnableTrigUser:
      enable_trigger(relation, name, true);
      break;
    case AT_DisableTrig:
    case AT_DisableTrigAll:
    case AT_DisableTrigUser:
      enable_trigger(relation, name, false);
      break;
    case AT_EnableRowSecurity:
      set(relation.row_security, true);
      break;
    case AT_DisableRowSecurity:
      set(relation.row_security, false);
      break;
    case AT_ClusterOn:
    case AT_DropCluster:
      set(relation.clustered, command.subtype == AT_ClusterOn);
      break;
    case AT_ReplicaIdentity:
      if (const auto* identity = pg::as<::ReplicaIdentityStmt>(command.def)) {
        set(relation.replica_identity, identity->identity_type);
        const Symbol by = symbol(pg::text(identity->name));
        for (Relation* index : relation.indexes)
          if (index->index != nullptr && index->index->identity != (by && index->name == by && !index->dropped))
            set(index->index->identity, !index->index->identity);
      }
      break;
    case AT_AddInherit:
      if (Relation* parent = target(pg::as<::RangeVar>(command.def))) add_parent(relation, *parent);
      break;
    case AT_DropInherit:
      if (Relation* parent = seen(pg::as<::RangeVar>(command.def))) remove_parent(relation, *parent);
      break;
    case AT_AddOf: {
      const auto* written = pg::as<::TypeName>(command.def);
      const TypeName type = type_name(written);
      if (Type* of = c.type_of(type.schema, type.name); of != nullptr && of->relation != nullptr) {
        set(extra(relation).of_type, of);
        append_live(of->users, &relation);
      }
      break;
    }
    case AT_DropOf:
      if (relation.extra().of_type != nullptr) set(extra(relation).of_type, nullptr);
      break;
    case AT_AttachPartition:
      if (const auto* partition = pg::as<::PartitionCmd>(command.def)) {
        if (relation.index != nullptr)
          attach_index(relation, *partition);
        else
          attach_partition(relation, *partition);
      }
      break;
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize:
      if (const auto* partition = pg::as<::PartitionCmd>(command.def)) detach_partition(relation, *partition);
      break;
    default:
      break;
  }
}

// Indexes and sequences of its own go with the table.
void Replay::set_logged(Relation& relation, bool logged) {
  // Of a partitioned table it means nothing to its partitions.
  if (relation.persistence == Persistence::temporary || relation.kind == RelationKind::partitioned_table) return;
  const Persistence persistence = logged ? Persistence::permanent : Persistence::unlogged;
  set(relation.persistence, persistence);
  for (Relation* index : relation.indexes)
    if (!index->dropped) set(index->persistence, persistence);
  for (Relation* sequence : relation.owned)
    if (!sequence->dropped && sequence->owner_table == &relation) set(sequence->persistence, persistence);
}

template <class F>
void Replay::each_of(const Type& type, F&& change) {
  change(*type.relation);
  for (std::uint32_t i = 0; i < type.users.size(); ++i)
    if (Relation& table = *type.users[i]; !table.dropped && table.extra().of_type == &type) change(table);
}

// ALTER TYPE … of a composite type.
void Replay::alter_composite(const ::AlterTableStmt& statement) {
  const ::RangeVar& name = *statement.relation;
  const Type* type = c.find_type(symbol(name.schemaname), symbol(name.relname));
  if (type == nullptr || type->relation == nullptr) return;
  for (const ::AlterTableCmd& command : pg::only<::AlterTableCmd>(statement.cmds)) {
    const auto* definition = pg::as<::ColumnDef>(command.def);
    const Symbol attribute = symbol(command.name);
    each_of(*type, [&](Relation& relation) {
      if (command.subtype == AT_DropColumn) drop_column(relation, attribute, false);
      if (command.subtype == AT_AddColumn && definition != nullptr) new_column(relation, *definition, false, false);
      if (command.subtype == AT_AlterColumnType && definition != nullptr)
        change_type(relation, attribute, *definition, false);
    });
  }
}

void Replay::rename_attribute(const Type& type, Symbol from, Symbol to) {
  each_of(type, [&](Relation& relation) { rename_column(relation, from, to, false); });
}

}  // namespace pglint::catalog
