// ADD, DROP, ALTER and VALIDATE CONSTRAINT, but for keys that an index stands behind.
#include <algorithm>

#include "effect/alter/alter.h"

namespace pglint::effect {

void Alter::add_constraint(const ::Constraint& constraint, Part& part) {
  const Symbol name = m_.symbol(constraint.conname);
  if (name && table_ != nullptr && constraint.contype != CONSTR_NOTNULL && !drops_constraint(name) &&
      catalog::constraint(*table_, name) != nullptr) {
    if (constraint.contype == CONSTR_CHECK || constraint.contype == CONSTR_FOREIGN)
      m_.fail("42710", "constraint \"{}\" for relation \"{}\" already exists", pg::text(constraint.conname),
              table_name());
    else if (constraint.indexname == nullptr)
      m_.fail("42P07", "relation \"{}\" already exists", pg::text(constraint.conname));
  }
  if (name && constraint.indexname == nullptr &&
      (constraint.contype == CONSTR_PRIMARY || constraint.contype == CONSTR_UNIQUE ||
       constraint.contype == CONSTR_EXCLUSION)) {
    const Lookup taken = m_.catalog.find(found_.schema, name);
    if (taken.presence == Presence::known && taken.relation != nullptr && !drops_constraint(name))
      m_.fail("42P07", "relation \"{}\" already exists", pg::text(constraint.conname));
  }
  switch (constraint.contype) {
    case CONSTR_CHECK:
      return add_check(constraint, part);
    case CONSTR_NOTNULL: {
      const Symbol column = m_.symbol(pg::last_name(constraint.keys));
      if (!has_column(column, pg::last_name(constraint.keys))) return;
      if (!constraint.skip_validation) set_not_null(column, part);
      return;
    }
    case CONSTR_FOREIGN:
      return add_foreign_key(constraint, part);
    case CONSTR_PRIMARY:
    case CONSTR_UNIQUE:
    case CONSTR_EXCLUSION:
      return constraint.indexname != nullptr ? use_index(constraint, part) : add_key(constraint, part);
    default:
      return;
  }
}

void Alter::add_check(const ::Constraint& constraint, Part& part) {
  if (has_subquery(constraint.raw_expr)) m_.fail("0A000", "cannot use subquery in check constraint");
  if (const auto* alone = pg::as<::ColumnRef>(constraint.raw_expr); alone != nullptr && table_ != nullptr) {
    const Column* column = catalog::column(*table_, m_.symbol(pg::column_name(*alone)));
    if (column != nullptr && !column->type.schema && column->type.name &&
        m_.catalog.is_builtin_type(column->type.name) && m_.text(column->type.name) != "bool")
      m_.fail("42804", "argument of CHECK must be type boolean, not type {}", type_text(m_, column->type));
  }
  expression(m_, constraint.raw_expr, Run::analyse);
  if (complete())
    pg::each<::ColumnRef>(constraint.raw_expr, [&](const ::ColumnRef& reference) {
      const std::string_view column = pg::column_name(reference);
      if (!column.empty() && list_length(reference.fields) == 1 && column != table_name() &&
          catalog::column(*table_, m_.symbol(column)) == nullptr && !adds_column(m_.symbol(column)))
        m_.fail("42703", "column \"{}\" does not exist", column);
    });
  if (constraint.is_enforced && !constraint.skip_validation &&
      (table_ == nullptr || table_->kind != RelationKind::foreign_table)) {
    add_work_below(Work::scan, part, !constraint.is_no_inherit);
    m_.may_fail("23514", "a row violates the check");
  }
}

void Alter::add_foreign_key(const ::Constraint& constraint, Part& part) {
  for (const ::Node* column : pg::nodes(constraint.fk_attrs)) {
    const Symbol name = m_.symbol_of(column);
    if (complete() && catalog::column(*table_, name) == nullptr && !adds_column(name)) {
      m_.fail("42703", "column \"{}\" referenced in foreign key constraint does not exist", pg::string(column));
      return;
    }
  }
  const Lookup referenced = m_.find(constraint.pktable);
  const bool self = referenced.schema == found_.schema && referenced.name == found_.name;
  // A table that refers to itself may get the key that it refers to by the same statement.
  if (!self || (complete() && list_length(statement_.cmds) == 1)) {
    std::vector<catalog::TypeName> types;
    for (const ::Node* name : pg::nodes(constraint.fk_attrs)) {
      const Column* column = table_ != nullptr ? catalog::column(*table_, m_.symbol_of(name)) : nullptr;
      types.push_back(column != nullptr ? column->type : catalog::TypeName{});
    }
    check_foreign_key(m_, found_.schema, found_.name, types, constraint, referenced);
  }
  if (constraint.skip_validation && m_.version < 18 && table_ != nullptr &&
      table_->kind == RelationKind::partitioned_table)
    m_.fail("42809", "cannot add NOT VALID foreign key on partitioned table \"{}\" referencing relation \"{}\"",
            table_name(), m_.text(referenced.name));
  if (!self && table_ != nullptr && table_->known) check_persistence(m_, table_->persistence, referenced);
  const bool validates = constraint.is_enforced && !constraint.skip_validation;
  if (validates) {
    m_.may_fail("23503", "a row has no counterpart in the referenced table");
    part.work |= Work::scan;
    if (table_ == nullptr) add_work_below(Work::scan, part, false);
  }
  effect::add_foreign_key(m_, {.table = table_,
                               .referenced = referenced,
                               .referenced_columns = constraint.pk_attrs,
                               .self = self,
                               .validates = validates});
}

void Alter::drop_constraint(const ::AlterTableCmd& command) {
  if (table_ == nullptr) return;
  const Symbol name = m_.symbol(command.name);
  const Constraint* constraint = catalog::constraint(*table_, name);
  if (constraint == nullptr) {
    if (complete() && !command.missing_ok && !adds_constraint(name))
      m_.fail("42704", "constraint \"{}\" of relation \"{}\" does not exist", pg::text(command.name), table_name());
    return;
  }
  if (constraint->parent != nullptr) {
    m_.fail("42P16", "cannot drop inherited constraint \"{}\" of relation \"{}\"", pg::text(command.name),
            table_name());
    return;
  }
  const bool cascade = command.behavior == DROP_CASCADE;
  const auto drop_one = [&](const Constraint& one) {
    if (one.kind == ConstraintKind::foreign_key && one.references != nullptr && one.references != one.table)
      each_in_tree(*one.references, one.references->kind == RelationKind::partitioned_table,
                   [&](const Relation& other) {
                     m_.lock(other, LockMode::access_exclusive, as_child(other, *one.references, Because::references));
                   });
    if (one.index == nullptr || one.index->dropped) return;
    m_.lock(*one.index, LockMode::access_exclusive, Because::index);
    const catalog::Index* index = one.index->index;
    each_reference(*one.table, [&](const Constraint& key) {
      // It may rest on another index of the same columns.
      if (index == nullptr || key.referenced_columns.size() != index->keys.size() ||
          !std::all_of(index->keys.begin(), index->keys.end(),
                       [&](const catalog::IndexKey& k) { return contains(key.referenced_columns, k.column); }))
        return;
      if (cascade)
        m_.lock(*key.table, LockMode::access_exclusive, Because::references);
      else
        m_.fail("2BP01", "cannot drop constraint {} on table {} because other objects depend on it",
                pg::text(command.name), table_name());
    });
  };
  drop_one(*constraint);
  if (!recurse_) return;
  each_in_tree(*table_, true, [&](const Relation& table) {
    if (&table == table_) return;
    for (const Constraint* below : table.constraints) {
      if (below->dropped) continue;
      for (const Constraint* parent = below->parent; parent != nullptr; parent = parent->parent)
        if (parent == constraint) {
          drop_one(*below);
          break;
        }
    }
  });
}

void Alter::validate(const ::AlterTableCmd& command, Part& part) {
  const Symbol name = m_.symbol(command.name);
  const Constraint* constraint = table_ != nullptr ? catalog::constraint(*table_, name) : nullptr;
  if (constraint == nullptr) {
    if (adds_constraint(name)) {
      // Of this very statement: what it adds NOT VALID is read after all.
      for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds)) {
        const auto* added = other.subtype == AT_AddConstraint ? pg::as<::Constraint>(other.def) : nullptr;
        if (added == nullptr || added->contype != CONSTR_FOREIGN || m_.symbol(added->conname) != name) continue;
        validate_foreign_key(m_, table_, m_.find(added->pktable).relation);
      }
    } else if (complete()) {
      m_.fail("42704", "constraint \"{}\" of relation \"{}\" does not exist", pg::text(command.name), table_name());
      return;
    }
    add_work_below(Work::scan, part, true);
    return;
  }
  if (constraint->kind != ConstraintKind::check && constraint->kind != ConstraintKind::foreign_key &&
      !(constraint->kind == ConstraintKind::not_null && m_.version >= 18)) {
    m_.fail("42809", "constraint \"{}\" of relation \"{}\" is not a foreign key or check constraint",
            pg::text(command.name), table_name());
    return;
  }
  if (!constraint->enforced) {
    m_.fail("55000", "cannot validate NOT ENFORCED constraint");
    return;
  }
  if (constraint->valid) return;
  if (constraint->kind == ConstraintKind::foreign_key)
    m_.may_fail("23503", "a row has no counterpart in the referenced table");
  else if (constraint->kind == ConstraintKind::check)
    m_.may_fail("23514", "a row violates the check");
  else
    m_.may_fail("23502", "a row has a null there");
  if (constraint->kind == ConstraintKind::foreign_key) {
    part.work |= Work::scan;
    if (constraint->references != nullptr && constraint->references != table_)
      m_.lock(*constraint->references, LockMode::row_share, Because::references);
    validate_foreign_key(m_, table_, constraint->references);
    return;
  }
  add_work_below(Work::scan, part, true);
}

void Alter::alter_constraint(const ::AlterTableCmd& command, Part& part) {
  const auto& change = pg::cast<::ATAlterConstraint>(command.def);
  if (table_ == nullptr) return;
  const Constraint* constraint = catalog::constraint(*table_, m_.symbol(change.conname));
  if (constraint == nullptr) {
    if (complete() && !adds_constraint(m_.symbol(change.conname)))
      m_.fail("42704", "constraint \"{}\" of relation \"{}\" does not exist", pg::text(change.conname), table_name());
    return;
  }
  if (change.alterDeferrability && constraint->kind != ConstraintKind::foreign_key) {
    m_.fail("42809", "constraint \"{}\" of relation \"{}\" is not a foreign key constraint", pg::text(change.conname),
            table_name());
    return;
  }
  if (change.alterEnforceability) {
    if (constraint->kind != ConstraintKind::foreign_key) {
      m_.fail("42809", "cannot alter enforceability of constraint \"{}\" of relation \"{}\"", pg::text(change.conname),
              table_name());
      return;
    }
    if (change.is_enforced == constraint->enforced || constraint->references == nullptr) return;
    const bool other = constraint->references != table_;
    if (!change.is_enforced) {
      if (other) m_.lock(*constraint->references, LockMode::access_exclusive, Because::references);
      return;
    }
    if (other) m_.lock(*constraint->references, LockMode::share_row_exclusive, Because::references);
    part.work |= Work::scan;
    validate_foreign_key(m_, table_, constraint->references);
  }
}

}  // namespace pglint::effect
