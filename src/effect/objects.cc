// What hangs on tables: triggers, rules, policies, statistics, publications, sequences, names, comments, privileges.

#include <algorithm>

#include "effect/model.h"

namespace pglint::effect {
namespace {

bool has_table(::ObjectType type) {
  switch (type) {
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
    case OBJECT_INDEX:
    case OBJECT_FOREIGN_TABLE:
      return true;
    default:
      return false;
  }
}

RelationKind kind_of(::ObjectType type) {
  switch (type) {
    case OBJECT_VIEW:
      return RelationKind::view;
    case OBJECT_MATVIEW:
      return RelationKind::materialized_view;
    case OBJECT_SEQUENCE:
      return RelationKind::sequence;
    case OBJECT_INDEX:
      return RelationKind::index;
    case OBJECT_FOREIGN_TABLE:
      return RelationKind::foreign_table;
    default:
      return RelationKind::table;
  }
}

void rename_column(Model& model, const ::RenameStmt& statement, const Lookup& found) {
  const Relation* table = found.relation;
  if (table == nullptr) return;
  const Symbol from = model.symbol(statement.subname);
  if (table->known && table->columns_known && catalog::column(*table, from) == nullptr)
    return model.fail("42703", "column \"{}\" does not exist", pg::text(statement.subname));
  if (catalog::column(*table, model.symbol(statement.newname)) != nullptr)
    model.fail("42701", "column \"{}\" of relation \"{}\" already exists", pg::text(statement.newname),
               model.text(found.name));
  each_in_tree(*table, statement.relation->inh, [&](const Relation& part) {
    model.lock(part, LockMode::access_exclusive, as_child(part, *table, Because::target));
  });
}

void rename_constraint(Model& model, const ::RenameStmt& statement, const Lookup& found) {
  const Relation* table = found.relation;
  if (table == nullptr) return;
  const catalog::Constraint* constraint = catalog::constraint(*table, model.symbol(statement.subname));
  if (constraint == nullptr) {
    if (table->known && table->columns_known)
      model.fail("42704", "constraint \"{}\" for table \"{}\" does not exist", pg::text(statement.subname),
                 model.text(found.name));
    return;
  }
  if (constraint->index != nullptr)
    model.lock(*constraint->index, LockMode::share_update_exclusive, Because::index);
  else if (constraint->kind != catalog::ConstraintKind::foreign_key && !constraint->no_inherit)
    each_in_tree(*table, statement.relation->inh, [&](const Relation& part) {
      model.lock(part, LockMode::access_exclusive, as_child(part, *table, Because::target));
    });
}

void lock_publication_tables(Model& model, const ::List* objects) {
  for (const ::PublicationObjSpec& object : pg::only<::PublicationObjSpec>(objects)) {
    if (object.pubobjtype != PUBLICATIONOBJ_TABLE || object.pubtable == nullptr) {
      if (model.version < 15 && object.pubobjtype != PUBLICATIONOBJ_TABLE) return model.newer_syntax("TABLES");
      continue;
    }
    if (model.version < 15 && object.pubtable->whereClause != nullptr) return model.newer_syntax("WHERE");
    if (model.version < 15 && object.pubtable->columns != nullptr) return model.newer_syntax("(");
    const Lookup found = model.find(object.pubtable->relation);
    if (!model.open(found, RelationKind::table, LockMode::share_update_exclusive, Because::target)) return;
    if (found.relation != nullptr && found.relation->kind != RelationKind::partitioned_table)
      each_in_tree(*found.relation, object.pubtable->relation->inh, [&](const Relation& part) {
        model.lock(part, LockMode::share_update_exclusive, as_child(part, *found.relation, Because::target));
      });
  }
}

}  // namespace

// --- names -----------------------------------------------------------------------------------------------------------

void rename(Model& model, const ::RenameStmt& statement) {
  LockMode mode = LockMode::access_exclusive;
  switch (statement.renameType) {
    case OBJECT_INDEX:
      mode = LockMode::share_update_exclusive;
      break;
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_COLUMN:
    case OBJECT_TABCONSTRAINT:
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_POLICY:
      break;
    case OBJECT_ATTRIBUTE:
      return rename_attribute(model, statement);
    default:
      return;  // not about a relation
  }
  if (statement.relation == nullptr) return;
  const Lookup found = model.find(statement.relation);
  const Relation* relation = found.relation;
  // ALTER INDEX of what turns out to be a table is as strong as ALTER TABLE.
  if (mode == LockMode::share_update_exclusive && relation != nullptr && relation->known && !is_index(relation->kind))
    mode = LockMode::access_exclusive;
  const ::ObjectType of = statement.renameType == OBJECT_COLUMN ? statement.relationType : statement.renameType;
  if (!model.open(found, kind_of(of), mode, Because::target, Work::none, statement.missing_ok)) return;
  switch (statement.renameType) {
    case OBJECT_COLUMN:
      return rename_column(model, statement, found);
    case OBJECT_TABCONSTRAINT:
      return rename_constraint(model, statement, found);
    case OBJECT_TRIGGER: {
      if (model.version < 15 || relation == nullptr || relation->kind != RelationKind::partitioned_table) return;
      each_in_tree(*relation, true, [&](const Relation& part) {
        model.lock(part, LockMode::access_exclusive, as_child(part, *relation, Because::target));
      });
      return;
    }
    case OBJECT_RULE:
    case OBJECT_POLICY:
      return;
    default:
      if (model.catalog.find(found.schema, model.symbol(statement.newname)).presence == Presence::known)
        model.fail("42P07", "relation \"{}\" already exists", pg::text(statement.newname));
      return;
  }
}

void set_schema(Model& model, const ::AlterObjectSchemaStmt& statement) {
  if (!has_table(statement.objectType) || statement.relation == nullptr) return;
  const Lookup found = model.find(statement.relation);
  if (!model.open(found, kind_of(statement.objectType), LockMode::access_exclusive, Because::target, Work::none,
                  statement.missing_ok) ||
      found.relation == nullptr)
    return;
  for (const Relation* sequence : found.relation->owned)
    if (!sequence->dropped && sequence->owner_table == found.relation)
      model.lock(*sequence, LockMode::access_exclusive, Because::sequence);
}

void depends_on_extension(Model& model, const ::AlterObjectDependsStmt& statement) {
  if (statement.relation == nullptr) return;
  (void)model.open(model.find(statement.relation), kind_of(statement.objectType), LockMode::access_exclusive,
                   Because::target);
}

// --- triggers, rules, policies ---------------------------------------------------------------------------------------

void create_trigger(Model& model, const ::CreateTrigStmt& statement) {
  const Lookup found = model.find(statement.relation);
  if (!model.open(found, RelationKind::table, LockMode::share_row_exclusive, Because::target)) return;
  const Relation* table = found.relation;
  if (table != nullptr && statement.row && table->kind == RelationKind::partitioned_table)
    each_in_tree(*table, true, [&](const Relation& part) {
      model.lock(part, LockMode::share_row_exclusive, as_child(part, *table, Because::target));
    });
  if (statement.constrrel != nullptr)
    (void)model.open(model.find(statement.constrrel), RelationKind::table, LockMode::access_share, Because::references);
  if (table == nullptr || !table->known || statement.replace) return;
  const Symbol name = model.symbol(statement.trigname);
  for (const catalog::Trigger& trigger : table->triggers)
    if (!trigger.dropped && trigger.name == name)
      return model.fail("42710", "trigger \"{}\" for relation \"{}\" already exists", pg::text(statement.trigname),
                        model.text(found.name));
}

void create_rule(Model& model, const ::RuleStmt& statement) {
  if (!model.open(model.find(statement.relation), RelationKind::table, LockMode::access_exclusive, Because::target))
    return;
  for (const ::Node* action : pg::nodes(statement.actions)) query(model, action, Run::analyse);
  expression(model, statement.whereClause, Run::analyse);
}

void create_policy(Model& model, const ::CreatePolicyStmt& statement) {
  if (!model.open(model.find(statement.table), RelationKind::table, LockMode::access_exclusive, Because::target))
    return;
  expression(model, statement.qual, Run::analyse);
  expression(model, statement.with_check, Run::analyse);
}

void alter_policy(Model& model, const ::AlterPolicyStmt& statement) {
  if (!model.open(model.find(statement.table), RelationKind::table, LockMode::access_exclusive, Because::target))
    return;
  expression(model, statement.qual, Run::analyse);
  expression(model, statement.with_check, Run::analyse);
}

// --- statistics, publications ----------------------------------------------------------------------------------------

void create_statistics(Model& model, const ::CreateStatsStmt& statement) {
  for (const ::RangeVar& relation : pg::only<::RangeVar>(statement.relations))
    (void)model.open(model.find(&relation), RelationKind::table, LockMode::share_update_exclusive, Because::target);
}

void create_publication(Model& model, const ::CreatePublicationStmt& statement) {
  lock_publication_tables(model, statement.pubobjects);
}

void alter_publication(Model& model, const ::AlterPublicationStmt& statement) {
  lock_publication_tables(model, statement.pubobjects);
}

// --- comments, privileges --------------------------------------------------------------------------------------------

// COMMENT and SECURITY LABEL.
void comment(Model& model, ::ObjectType type, const ::Node* object) {
  if (has_table(type)) {
    (void)model.open(model.find(pg::object_name(object)), kind_of(type), LockMode::share_update_exclusive,
                     Because::target);
    return;
  }
  switch (type) {
    case OBJECT_COLUMN:
      (void)model.open(model.find(pg::owner_of(pg::as<::List>(object))), RelationKind::table,
                       LockMode::share_update_exclusive, Because::target);
      return;
    case OBJECT_TABCONSTRAINT:
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_POLICY:
      (void)model.open(model.find(pg::owner_of(pg::as<::List>(object))), RelationKind::table, LockMode::access_share,
                       Because::target);
      return;
    default:
      return;
  }
}

void grant(Model& model, const ::GrantStmt& statement) {
  // Relations are locked since 18.
  if (model.version < 18 || statement.targtype != ACL_TARGET_OBJECT ||
      (statement.objtype != OBJECT_TABLE && statement.objtype != OBJECT_SEQUENCE))
    return;
  for (const ::RangeVar& relation : pg::only<::RangeVar>(statement.objects))
    if (!model.open(model.find(&relation), kind_of(statement.objtype), LockMode::access_share, Because::target)) return;
}

// --- sequences -------------------------------------------------------------------------------------------------------

namespace {

// OWNED BY table.column
void lock_owner(Model& model, const ::List* options) {
  const ::DefElem* owned = pg::option(options, "owned_by");
  const auto* names = owned != nullptr ? pg::as<::List>(owned->arg) : nullptr;
  if (names == nullptr || list_length(names) < 2) return;
  (void)model.open(model.find(pg::owner_of(names)), RelationKind::table, LockMode::access_share, Because::reads);
}

}  // namespace

void create_sequence(Model& model, const ::CreateSeqStmt& statement) {
  if (model.version < 15 && statement.sequence->relpersistence == RELPERSISTENCE_UNLOGGED)
    return model.fail("0A000", "unlogged sequences are not supported");
  const Symbol schema = model.schema_for(*statement.sequence);
  const Symbol name = model.symbol(statement.sequence->relname);
  if (model.catalog.find(schema, name).presence == Presence::known) {
    if (!statement.if_not_exists) model.fail("42P07", "relation \"{}\" already exists", model.text(name));
    return;
  }
  model.made(RelationKind::sequence, schema, name, Because::target);
  lock_owner(model, statement.options);
}

void alter_sequence(Model& model, const ::AlterSeqStmt& statement) {
  if (!model.open(model.find(statement.sequence), RelationKind::sequence, LockMode::share_row_exclusive,
                  Because::target, Work::none, statement.missing_ok))
    return;
  lock_owner(model, statement.options);
}

}  // namespace pglint::effect
