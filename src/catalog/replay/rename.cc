#include <algorithm>

#include "catalog/relation_kind.h"
#include "catalog/replay/state.h"

namespace pglint::catalog {

void Replay::rename_relation(Relation& relation, Symbol schema, Symbol name) {
  const Symbol old_schema = relation.schema;
  const Symbol old_name = relation.name;
  // What is only assumed under the new name cannot be there: the server would have refused.
  if (old_schema == schema && old_name == name) return;
  const Lookup taken = c.at(schema, name);
  if (taken.presence == Presence::known) return;
  if (taken.presence == Presence::unknown && taken.relation != nullptr) drop_relation(*taken.relation, false);
  release_relation_name(old_schema, old_name);
  set(relation.schema, schema);
  set(relation.name, name);
  c.put(schema, name, &relation);
  if (relation.index != nullptr) {
    // A constraint and its index share a name.
    Constraint* owner = relation.index->constraint;
    if (owner == nullptr || owner->dropped) return;
    release_constraint_name(old_schema, owner->name);
    set(owner->name, name);
    take_constraint_name(schema, name);
    if (owner->table != nullptr)
      remember(*owner->table, Names::Kind::constraint, name, reinterpret_cast<std::uintptr_t>(owner),
               owner->table->constraints.size());
    return;
  }
  if (schema != old_schema)
    for (const Constraint* constraint : relation.constraints) {
      if (constraint->dropped || constraint->index != nullptr) continue;
      release_constraint_name(old_schema, constraint->name);
      take_constraint_name(schema, constraint->name);
    }
  if (relation.kind == RelationKind::composite)
    if (Type* type = c.type_of(old_schema, old_name); type != nullptr && type->relation == &relation)
      rename_type(*type, schema, name);
}

void Replay::move_table(Relation& relation, Symbol schema) {
  if (relation.schema == schema || c.at(schema, relation.name).presence == Presence::known) return;
  // All of it moves, or nothing.
  for (const Relation* index : relation.indexes)
    if (!index->dropped && c.at(schema, index->name).presence == Presence::known) return;
  for (const Relation* sequence : relation.owned)
    if (!sequence->dropped && sequence->owner_table == &relation &&
        c.at(schema, sequence->name).presence == Presence::known)
      return;
  rename_relation(relation, schema, relation.name);
  for (Relation* index : relation.indexes)
    if (!index->dropped) rename_relation(*index, schema, index->name);
  for (Relation* sequence : relation.owned)
    if (!sequence->dropped && sequence->owner_table == &relation) rename_relation(*sequence, schema, sequence->name);
}

void Replay::rename_schema(Symbol from, Symbol to) {
  if (!from || !to || from == to) return;
  if (const Schema* taken = c.find_schema(to); taken != nullptr) {
    const auto lives = [to](const auto* object) { return !object->dropped && object->schema == to; };
    if ((taken->known && !taken->dropped) || std::any_of(taken->relations.begin(), taken->relations.end(), lives) ||
        std::any_of(taken->types.begin(), taken->types.end(), lives) ||
        std::any_of(taken->functions.begin(), taken->functions.end(), lives))
      return;
  }
  Schema& schema = *c.schema_of(from);
  const Vec<Relation*> relations = schema.relations;
  const Vec<Type*> types = schema.types;
  const Vec<Function*> functions = schema.functions;
  set(schema.relations, {});
  set(schema.types, {});
  set(schema.functions, {});
  set(schema.name, to);
  c.schema_names_.set(Catalog::key({}, to), &schema, c.arena, c.journal);
  for (Relation* relation : relations)
    if (!relation->dropped && relation->schema == from && relation->kind != RelationKind::composite)
      rename_relation(*relation, to, relation->name);
  for (Type* type : types)
    if (!type->dropped && type->schema == from) rename_type(*type, to, type->name);
  for (Function* function : functions)
    if (!function->dropped && function->schema == from) move_function(*function, to, function->name);
}

void Replay::move_function(Function& function, Symbol schema, Symbol name) {
  // The chain of overloads belongs to a name: what moves is a copy.
  auto* moved = c.arena.make<Function>(function);
  moved->schema = schema;
  moved->name = name;
  set(function.dropped, true);
  c.put_function(moved);
  for (Relation* table : moved->triggers_on)
    for (Trigger& trigger : table->extra().triggers)
      if (!trigger.dropped && trigger.calls == &function) {
        set(trigger.function, name);
        set(trigger.calls, moved);
      }
}

void Replay::rename(const ::RenameStmt& statement) {
  const Symbol to = symbol(statement.newname);
  const Symbol sub = symbol(statement.subname);
  if (!to) return;
  switch (statement.renameType) {
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_INDEX:
      if (Relation* relation = target(statement.relation, relation_kind(statement.renameType)))
        rename_relation(*relation, relation->schema, to);
      break;
    case OBJECT_COLUMN:
      if (Relation* relation = target(statement.relation)) rename_column(*relation, sub, to, statement.relation->inh);
      break;
    case OBJECT_ATTRIBUTE:
      if (statement.relation == nullptr) break;
      if (const Type* type = c.find_type(symbol(statement.relation->schemaname), symbol(statement.relation->relname));
          type != nullptr && type->relation != nullptr)
        rename_attribute(*type, sub, to);
      break;
    case OBJECT_TABCONSTRAINT:
      if (Relation* relation = target(statement.relation)) rename_constraint(*relation, sub, to);
      break;
    case OBJECT_DOMCONSTRAINT:
      if (Type* type = type_named(pg::as<::List>(statement.object))) {
        Constraint* check = domain_check(*type, sub);
        if (check == nullptr || domain_check(*type, to) != nullptr) break;
        release_constraint_name(type->schema, sub);
        set(check->name, to);
        take_constraint_name(type->schema, to);
        if (type->names != nullptr) remember_check(*type, *check);
      }
      break;
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
      if (Type* type = type_named(pg::as<::List>(statement.object));
          type != nullptr && c.type_at(type->schema, to) == nullptr)
        rename_type(*type, type->schema, to);
      break;
    case OBJECT_SCHEMA:
      rename_schema(sub, to);
      break;
    case OBJECT_TRIGGER:
      if (Relation* relation = seen(statement.relation)) {
        Trigger* trigger = trigger_of(*relation, sub);
        if (trigger == nullptr || trigger_of(*relation, to) != nullptr) break;
        const auto rename_one = [&](Relation& table, Trigger& one) {
          set(one.name, to);
          remember(table, Names::Kind::trigger, to, static_cast<std::uintptr_t>(&one - table.extra().triggers.begin()),
                   table.extra().triggers.size());
        };
        rename_one(*relation, *trigger);
        rename_uses(*relation, ColumnUse::By::trigger, sub, to);
        for (Relation* heir : heirs(*relation))
          if (Trigger* below = trigger_of(*heir, sub); below != nullptr && below->inherited) rename_one(*heir, *below);
      }
      break;
    case OBJECT_POLICY:
      if (Relation* relation = seen(statement.relation)) {
        rename_name(*relation, Names::Kind::policy, relation->extra().policies, sub, to);
        rename_uses(*relation, ColumnUse::By::policy, sub, to);
      }
      break;
    case OBJECT_RULE:
      if (Relation* relation = seen(statement.relation)) {
        rename_name(*relation, Names::Kind::rule, relation->extra().rules, sub, to);
        rename_uses(*relation, ColumnUse::By::rule, sub, to);
        for (RuleUse& use : relation->extra().rule_uses)
          if (use.rule == sub) set(use.rule, to);
      }
      break;
    case OBJECT_AGGREGATE:
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_ROUTINE:
      if (const auto* object = pg::as<::ObjectWithArgs>(statement.object))
        if (Function* function = function_named(*object)) move_function(*function, function->schema, to);
      break;
    case OBJECT_STATISTIC_EXT:
      if (Statistics* statistics = statistics_named(pg::as<::List>(statement.object)))
        move_statistics(*statistics, statistics->schema, to);
      break;
    case OBJECT_PUBLICATION:
      if (Publication* publication = publication_named(symbol_of(statement.object))) {
        set(publication->name, to);
        c.publications_.set(Catalog::key({}, to), publication, c.arena, c.journal);
      }
      break;
    default:
      break;
  }
}

void Replay::set_schema(const ::AlterObjectSchemaStmt& statement) {
  const Symbol schema = symbol(statement.newschema);
  if (!schema) return;
  switch (statement.objectType) {
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
    case OBJECT_FOREIGN_TABLE:
      if (Relation* relation = target(statement.relation, relation_kind(statement.objectType)))
        move_table(*relation, schema);
      break;
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
      if (Type* type = type_named(pg::as<::List>(statement.object));
          type != nullptr && c.type_at(schema, type->name) == nullptr)
        rename_type(*type, schema, type->name);
      break;
    case OBJECT_AGGREGATE:
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_ROUTINE:
      if (const auto* object = pg::as<::ObjectWithArgs>(statement.object))
        if (Function* function = function_named(*object)) move_function(*function, schema, function->name);
      break;
    case OBJECT_STATISTIC_EXT:
      if (Statistics* statistics = statistics_named(pg::as<::List>(statement.object)))
        move_statistics(*statistics, schema, statistics->name);
      break;
    default:
      break;
  }
}

}  // namespace pglint::catalog
