// Domains and composite types: their changes reach into every table that has a column of them.

#include <algorithm>
#include <vector>

#include "effect/model.h"

namespace pglint::effect {
namespace {

using catalog::Type;
using catalog::TypeKind;

bool is_of(const Model& model, catalog::TypeName type, const Type& wanted) {
  // A domain over the domain is one of it.
  for (int depth = 0; depth < 32; ++depth) {
    const Type* found = model.catalog.find_type(type);
    if (found == nullptr) return false;
    if (found == &wanted) return true;
    if (found->kind != TypeKind::domain) return false;
    type = found->base;
  }
  return false;
}

// Tables that have a column of the type now, or of a domain over it.
template <class F>
void each_user(const Model& model, const Type& type, F&& visit) {
  std::vector<const Type*> types{&type};
  for (std::size_t i = 0; i < types.size(); ++i) {
    for (const Relation* table : types[i]->users) {
      if (table->dropped) continue;
      for (const catalog::Column& column : table->columns) {
        if (column.dropped || !is_of(model, column.type, type)) continue;
        visit(*table, column);
        break;
      }
    }
    if (types[i]->kind != TypeKind::domain) continue;
    for (const catalog::Schema* schema : model.catalog.schemas())
      for (const Type* other : schema->types)
        if (other->kind == TypeKind::domain && other->base.name == types[i]->name && !other->dropped &&
            other->schema == schema->name && model.catalog.find_type(other->base) == types[i])
          types.push_back(other);
  }
}

// Every row of every user is looked at, while nobody may write.
void check_users(Model& model, const Type& type) {
  each_user(model, type, [&](const Relation& table, const catalog::Column&) {
    // What has no rows of its own is passed over; a partitioned table has them in partitions that may not be known.
    if (has_storage(table) || (table.kind == RelationKind::partitioned_table && table.extra().children.empty()))
      model.lock(table, LockMode::share, Because::domain, Work::scan);
    model.may_fail("23514", "a row violates the check");
    model.may_fail("23502", "a row has a null there");
  });
}

}  // namespace

void alter_domain(Model& model, const ::AlterDomainStmt& statement) {
  const auto name = pg::qualified_name(statement.typeName);
  const Type* type =
      model.catalog.find_type(name.schema.empty() ? Symbol{} : model.symbol(name.schema), model.symbol(name.name));
  if (statement.subtype == 'C') {
    const auto* constraint = pg::as<::Constraint>(statement.def);
    if (constraint != nullptr && constraint->contype == CONSTR_NOTNULL && model.version < 17)
      return model.newer_syntax("NOT");
    if (type != nullptr && constraint != nullptr && constraint->conname != nullptr)
      for (const catalog::Constraint* check : type->checks)
        if (!check->dropped && check->name == model.symbol(constraint->conname))
          model.fail("42710", "constraint \"{}\" for domain \"{}\" already exists", pg::text(constraint->conname),
                     name.name);
    if (type != nullptr && constraint != nullptr && !constraint->skip_validation) check_users(model, *type);
    if (type == nullptr) check_type(model, name.schema, name.name);
    return;
  }
  if (type == nullptr) return check_type(model, name.schema, name.name);
  switch (statement.subtype) {
    case 'O':  // SET NOT NULL
      if (!type->domain_not_null) check_users(model, *type);
      return;
    case 'V':  // VALIDATE CONSTRAINT
    case 'X': {
      const Symbol wanted = model.symbol(statement.name);
      const auto found = std::find_if(type->checks.begin(), type->checks.end(), [&](const catalog::Constraint* check) {
        return !check->dropped && check->name == wanted;
      });
      if (found == type->checks.end()) {
        if (!statement.missing_ok)
          model.fail("42704", "constraint \"{}\" of domain \"{}\" does not exist", pg::text(statement.name), name.name);
        return;
      }
      if (statement.subtype == 'V') check_users(model, *type);
      return;
    }
    default:
      return;
  }
}

// Tables of a composite type change with it, if that is asked for.
void lock_typed_tables(Model& model, const Type& type, bool cascade, Work work) {
  for (const Relation* table : type.users) {
    if (table->dropped || table->extra().of_type != &type) continue;
    if (!cascade)
      return model.fail("2BP01", "cannot alter type \"{}\" because it is the type of a typed table",
                        model.text(type.name));
    const bool rows = has_storage(*table);
    model.lock(*table, LockMode::access_exclusive, Because::dependent, rows ? work : Work::none);
    if (rows && has(work, Work::rewrite)) each_index(*table, [&](const Relation& index) { model.rebuild(index); });
  }
}

// ALTER TYPE of a composite type: tables of the type change with it; a column of it stands in the way.
void alter_composite(Model& model, const ::AlterTableStmt& statement) {
  const Lookup found = model.find(statement.relation);
  const Type* type = model.catalog.find_type(found.schema, found.name);
  if (type == nullptr || type->kind != TypeKind::composite) return;
  for (const ::AlterTableCmd& command : pg::only<::AlterTableCmd>(statement.cmds)) {
    Work work = Work::none;
    if (command.subtype == AT_AlterColumnType) {
      const auto& definition = pg::cast<::ColumnDef>(command.def);
      const catalog::Column* before =
          type->relation != nullptr ? catalog::column(*type->relation, model.symbol(command.name)) : nullptr;
      if (before == nullptr || coercion(model, before->type, type_of(model, definition.typeName), nullptr, {}).rewrites)
        work = Work::scan | Work::rewrite;
    }
    if (command.subtype == AT_AlterColumnType)
      each_user(model, *type, [&](const Relation& table, const catalog::Column& column) {
        if (has_storage(table) || table.kind == RelationKind::partitioned_table)
          model.fail("0A000", "cannot alter type \"{}\" because column \"{}.{}\" uses it", model.text(type->name),
                     model.text(table.name), model.text(column.name));
      });
    lock_typed_tables(model, *type, command.behavior == DROP_CASCADE, work);
  }
}

void rename_attribute(Model& model, const ::RenameStmt& statement) {
  const Lookup found = model.find(statement.relation);
  const Type* type = model.catalog.find_type(found.schema, found.name);
  if (type != nullptr && type->kind == TypeKind::composite)
    lock_typed_tables(model, *type, statement.behavior == DROP_CASCADE, Work::none);
}

}  // namespace pglint::effect
