// What ALTER TABLE refuses: by the kind of relation, because ONLY leaves out what is below, or since what it names is
// not there.
#include "effect/alter/alter.h"

namespace pglint::effect {

// What a kind of relation does not have, or gets from elsewhere.
void Alter::check_kind(const ::AlterTableCmd& command) {
  if (!table_->known) return;
  const bool partitioned = table_->kind == RelationKind::partitioned_table;
  switch (command.subtype) {
    case AT_AddColumn:
    case AT_DropColumn:
    case AT_AlterColumnType: {
      const std::string_view does = command.subtype == AT_AddColumn    ? "add column to"
                                    : command.subtype == AT_DropColumn ? "drop column from"
                                                                       : "alter column type of";
      if (table_->extra().of_type != nullptr) m_.fail("42809", "cannot {} typed table", does);
      if (table_->kind == RelationKind::view && command.subtype != AT_AlterColumnType)
        m_.fail("42809", "ALTER action {} COLUMN cannot be performed on relation \"{}\"",
                command.subtype == AT_AddColumn ? "ADD" : "DROP", table_name());
      return;
    }
    case AT_AddConstraint: {
      const auto& constraint = pg::cast<::Constraint>(command.def);
      if (table_->kind == RelationKind::foreign_table && constraint.contype != CONSTR_CHECK &&
          constraint.contype != CONSTR_NOTNULL)
        m_.fail("0A000", "{} constraints are not supported on foreign tables",
                constraint.contype == CONSTR_PRIMARY   ? "primary key"
                : constraint.contype == CONSTR_UNIQUE  ? "unique"
                : constraint.contype == CONSTR_FOREIGN ? "foreign key"
                                                       : "exclusion");
      if (partitioned && constraint.contype == CONSTR_CHECK && constraint.is_no_inherit)
        m_.fail("42P16", "cannot add NO INHERIT constraint to partitioned table \"{}\"", table_name());
      return;
    }
    case AT_AttachPartition:
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize:
      if (table_->kind == RelationKind::index)
        m_.fail("42809", "ALTER action ATTACH PARTITION cannot be performed on relation \"{}\"", table_name());
      else if (!partitioned && table_->kind != RelationKind::partitioned_index)
        m_.fail(m_.version >= 18 ? "42809" : "42P17", "table \"{}\" is not partitioned", table_name());
      return;
    case AT_SetRelOptions:
    case AT_ResetRelOptions:
      if (table_->kind == RelationKind::partitioned_index)
        m_.fail("42809", "ALTER action SET cannot be performed on relation \"{}\"", table_name());
      return;
    case AT_ChangeOwner:
      if (table_->kind == RelationKind::sequence && table_->owner_table != nullptr && !table_->owner_table->dropped)
        m_.fail("0A000", "cannot change owner of sequence \"{}\"", table_name());
      return;
    default:
      return;
  }
}

// ONLY, where there is something below: what has to be the same everywhere is refused.
void Alter::check_only(const ::AlterTableCmd& command) {
  const bool partitioned = table_->kind == RelationKind::partitioned_table;
  const auto lock_children = [&] {
    for (const Relation* child : table_->extra().children)
      if (!child->dropped) m_.lock(*child, LockMode::access_exclusive, as_child(*child, *table_, Because::target));
  };
  switch (command.subtype) {
    case AT_AddColumn:
      return m_.fail("42P16", "column must be added to child tables too");
    case AT_AlterColumnType:
      return m_.fail("42P16", "type of inherited column \"{}\" must be changed in child tables too",
                     pg::text(command.name));
    case AT_DropColumn:
      if (partitioned) m_.fail("42P16", "cannot drop column from only the partitioned table when partitions exist");
      return lock_children();
    case AT_DropConstraint: {
      const Constraint* constraint = catalog::constraint(*table_, m_.symbol(command.name));
      if (constraint == nullptr || constraint->no_inherit || constraint->kind != ConstraintKind::check) return;
      if (partitioned)
        m_.fail("42P16", "cannot remove constraint from only the partitioned table when partitions exist");
      return lock_children();
    }
    case AT_SetNotNull: {
      if (!partitioned && m_.version < 18) return;
      const Symbol name = m_.symbol(command.name);
      for (const Relation* child : table_->extra().children) {
        const Column* column = catalog::column(*child, name);
        if (child->dropped || column == nullptr || column->not_null) continue;
        return m_.fail("42P16", "constraint must be added to child tables too");
      }
      return;
    }
    case AT_AddConstraint: {
      const auto& constraint = pg::cast<::Constraint>(command.def);
      if (constraint.contype == CONSTR_CHECK && !constraint.is_no_inherit)
        m_.fail("42P16", "constraint must be added to child tables too");
      else if (constraint.contype == CONSTR_FOREIGN && partitioned)
        m_.fail("42809", "cannot use ONLY for foreign key on partitioned table \"{}\" referencing relation \"{}\"",
                table_name(), pg::text(constraint.pktable->relname));
      return;
    }
    case AT_ValidateConstraint: {
      const Constraint* constraint = catalog::constraint(*table_, m_.symbol(command.name));
      if (constraint != nullptr && constraint->kind == ConstraintKind::check && !constraint->valid &&
          !constraint->no_inherit)
        m_.fail("42P16", "constraint must be validated on child tables too");
      return;
    }
    default:
      return;
  }
}

// OF a type, and NOT OF.
void Alter::check_typed(const ::AlterTableCmd& command) {
  if (command.subtype == AT_AddOf) {
    const auto name = pg::qualified_name(pg::cast<::TypeName>(command.def).names);
    check_type(m_, name.schema, name.name);
  } else if (table_ != nullptr && table_->known && table_->extra().of_type == nullptr) {
    m_.fail("42809", "\"{}\" is not a typed table", table_name());
  }
}

void Alter::check_trigger(const ::AlterTableCmd& command) {
  if (!complete() || command.name == nullptr) return;
  const Symbol name = m_.symbol(command.name);
  const bool there = std::any_of(table_->extra().triggers.begin(), table_->extra().triggers.end(),
                                 [&](const catalog::Trigger& t) { return !t.dropped && t.name == name; });
  // Those of foreign keys have names that no history knows.
  if (!there && !pg::text(command.name).starts_with("RI_ConstraintTrigger"))
    m_.fail("42704", "trigger \"{}\" for table \"{}\" does not exist", pg::text(command.name), table_name());
}

void Alter::check_rule(const ::AlterTableCmd& command) {
  if (complete() && !contains(table_->extra().rules, m_.symbol(command.name)))
    m_.fail("42704", "rule \"{}\" for relation \"{}\" does not exist", pg::text(command.name), table_name());
}

}  // namespace pglint::effect
