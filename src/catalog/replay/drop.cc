#include <algorithm>

#include "catalog/replay/state.h"

// What the history drops is taken to have gone as the server lets it go: an object that still has dependents in the
// model takes them along, with CASCADE or without.

namespace pglint::catalog {
namespace {

bool fits(::ObjectType type, RelationKind kind) {
  switch (type) {
    case OBJECT_TABLE:
      return kind == RelationKind::table || kind == RelationKind::partitioned_table;
    case OBJECT_VIEW:
      return kind == RelationKind::view;
    case OBJECT_MATVIEW:
      return kind == RelationKind::materialized_view;
    case OBJECT_SEQUENCE:
      return kind == RelationKind::sequence;
    case OBJECT_FOREIGN_TABLE:
      return kind == RelationKind::foreign_table;
    default:
      return kind == RelationKind::index || kind == RelationKind::partitioned_index;
  }
}

}  // namespace

void Replay::gone(Symbol schema, Symbol name) const {
  const Lookup lookup = c.find(schema, name);
  if (lookup.relation == nullptr && lookup.presence == Presence::unknown && name)
    c.relations_.set(Catalog::key(lookup.schema, name), &c.gone_, c.arena, c.journal);
}

void Replay::drop(const ::DropStmt& statement) {
  const bool cascade = statement.behavior == DROP_CASCADE;
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const auto written = pg::object_name(object);
    switch (statement.removeType) {
      case OBJECT_TABLE:
      case OBJECT_VIEW:
      case OBJECT_MATVIEW:
      case OBJECT_SEQUENCE:
      case OBJECT_FOREIGN_TABLE:
      case OBJECT_INDEX: {
        const Symbol schema = symbol(written.schema);
        const Symbol name = symbol(written.name);
        Relation* relation = seen(schema, name);
        if (relation == nullptr) {
          gone(schema, name);
        } else if (!relation->known || fits(statement.removeType, relation->kind)) {
          // The index of a constraint, or of a partition that follows its parent's, goes with that only.
          const bool bound = relation->index != nullptr &&
                             (relation->index->constraint != nullptr || !relation->extra().parents.empty());
          if (!bound) drop_relation(*relation, cascade);
        }
        break;
      }
      case OBJECT_TYPE:
      case OBJECT_DOMAIN:
        if (Type* type = c.type_of(symbol(written.schema), symbol(written.name))) drop_type(*type, cascade);
        break;
      case OBJECT_SCHEMA:
        drop_schema(symbol(written.name), cascade);
        break;
      case OBJECT_EXTENSION:
        drop_extension(symbol(written.name), cascade);
        break;
      case OBJECT_AGGREGATE:
      case OBJECT_FUNCTION:
      case OBJECT_PROCEDURE:
      case OBJECT_ROUTINE:
        if (const auto* named = pg::as<::ObjectWithArgs>(object))
          if (Function* function = function_named(*named)) drop_function(*function, cascade);
        break;
      case OBJECT_STATISTIC_EXT:
        if (Statistics* statistics = statistics_named(pg::as<::List>(object))) {
          set(statistics->dropped, true);
          if (statistics->table != nullptr)
            forget_uses(*statistics->table, ColumnUse::By::statistics, statistics->name);
        }
        break;
      case OBJECT_PUBLICATION:
        if (Publication* publication = publication_named(symbol_of(object))) set(publication->dropped, true);
        break;
      case OBJECT_TRIGGER:
      case OBJECT_POLICY:
      case OBJECT_RULE: {
        const auto* names = pg::as<::List>(object);
        const auto owner = pg::owner_of(names);
        Relation* relation = seen(symbol(owner.schema), symbol(owner.name));
        if (relation == nullptr) break;
        const Symbol name = symbol(pg::last_name(names));
        if (statement.removeType == OBJECT_TRIGGER)
          drop_trigger(*relation, name, true);
        else if (statement.removeType == OBJECT_POLICY)
          remove_name(*relation, Names::Kind::policy, relation->extra().policies, name);
        else
          remove_name(*relation, Names::Kind::rule, relation->extra().rules, name);
        break;
      }
      default:
        break;
    }
  }
}

void Replay::drop_relation(Relation& dropped, bool cascade) {
  // Re-entered for what goes along; only the outermost call works the list off.
  std::vector<Relation*>& doomed = c.doomed_;
  doomed.push_back(&dropped);
  if (doomed.size() > 1) return;
  for (std::size_t i = 0; i < doomed.size(); ++i) drop_one(*doomed[i], cascade);
  doomed.clear();
}

void Replay::drop_one(Relation& relation, bool cascade) {
  if (relation.dropped) return;
  if (relation.index != nullptr) {
    drop_index(relation);
    return;
  }
  set(relation.dropped, true);
  release_relation_name(relation.schema, relation.name);

  while (!relation.extra().parents.empty()) remove_child(*relation.extra().parents[0], relation);
  for (std::uint32_t i = relation.extra().children.size(); i > 0; --i) {
    Relation& child = *relation.extra().children[i - 1];
    if (child.is_partition || cascade)
      drop_relation(child, true);
    else
      remove_parent(child, relation);
  }
  for (Relation* index : relation.indexes)
    if (!index->dropped) drop_index(*index);
  for (Constraint* constraint : relation.constraints)
    if (!constraint->dropped) drop_constraint(*constraint);
  for (Constraint* key : relation.referenced_by)
    if (!key->dropped) drop_constraint(*key);
  for (Relation* view : relation.dependents)
    if (!view->dropped) drop_relation(*view, true);
  for (Relation* other : relation.extra().ruled_by) {
    if (other->dropped) continue;
    for (const RuleUse& use : other->extra().rule_uses)
      if (use.on == &relation) remove_name(*other, Names::Kind::rule, other->extra().rules, use.rule);
  }
  for (Relation* sequence : relation.owned)
    if (!sequence->dropped && sequence->owner_table == &relation) drop_relation(*sequence, true);

  if (relation.kind == RelationKind::sequence) {
    for (const Dependency& use : relation.extra().defaults)
      if (Column* of = use.on->dropped ? nullptr : column(*use.on, use.column))
        // The default may be another by now.
        if (std::any_of(use.on->extra().defaults.begin(), use.on->extra().defaults.end(),
                        [&](const Dependency& still) { return still.on == &relation && still.column == use.column; }))
          drop_default(*use.on, *of);
    if (Relation* table = relation.owner_table; table != nullptr && !table->dropped)
      if (Column* of = column(*table, relation.owner_column); of != nullptr && of->type.serial)
        drop_default(*table, *of);
  }
  if (relation.kind == RelationKind::composite)
    if (Type* type = c.type_of(relation.schema, relation.name); type != nullptr && type->relation == &relation)
      drop_type(*type, cascade);
}

void Replay::drop_schema(Symbol name, bool cascade) {
  if (!name) return;
  Schema& schema = *c.schema_of(name);
  set(schema.dropped, true);
  for (std::uint32_t i = 0; i < schema.relations.size(); ++i)
    if (Relation* relation = schema.relations[i]; !relation->dropped && relation->schema == name)
      drop_relation(*relation, true);
  for (std::uint32_t i = 0; i < schema.types.size(); ++i)
    if (Type* type = schema.types[i]; !type->dropped && type->schema == name) drop_type(*type, cascade);
  for (std::uint32_t i = 0; i < schema.functions.size(); ++i)
    if (Function* function = schema.functions[i]; !function->dropped && function->schema == name)
      drop_function(*function, true);
  set(schema.relations, {});
  set(schema.types, {});
  set(schema.functions, {});
}

void Replay::drop_function(Function& function, bool cascade) {
  set(function.dropped, true);
  set(function.left, c.now);
  if (!cascade) return;
  for (Relation* table : function.triggers_on) {
    if (table->dropped) continue;
    for (std::uint32_t i = 0; i < table->extra().triggers.size(); ++i)
      if (const Trigger& trigger = table->extra().triggers[i]; !trigger.dropped && trigger.calls == &function)
        drop_trigger(*table, trigger.name, true);
  }
}

void Replay::drop_trigger(Relation& relation, Symbol name, bool recurse) {
  Trigger* trigger = trigger_of(relation, name);
  if (trigger == nullptr) return;
  set(trigger->dropped, true);
  if (!recurse || relation.extra().children.empty()) return;
  for (Relation* heir : heirs(relation))
    if (Trigger* below = trigger_of(*heir, name); below != nullptr && below->inherited) set(below->dropped, true);
}

void Replay::drop_extension(Symbol name, bool cascade) {
  for (std::uint32_t i = 0; i < c.extensions_.size(); ++i) {
    if (c.extensions_[i] != name) continue;
    take_out(c.extensions_, i, c.journal);
    drop_extension_types(name, cascade);
    return;
  }
}

}  // namespace pglint::catalog
