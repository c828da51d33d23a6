// What hangs on tables: triggers, rules, policies, statistics, publications, sequences, names, comments, privileges.

#include <algorithm>
#include <array>

#include "catalog/relation_kind.h"
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

// ALTER VIEW of what is none, and the like. ALTER TABLE and ALTER INDEX take others as well.
void check_word(Model& model, ::ObjectType type, const Lookup& found) {
  if (found.relation == nullptr || found.presence != Presence::known) return;
  const RelationKind is = found.relation->kind;
  const auto refuse = [&](RelationKind wanted, std::string_view word) {
    if (is != wanted) model.fail("42809", "\"{}\" is not a {}", model.text(found.name), word);
  };
  if (type == OBJECT_VIEW) refuse(RelationKind::view, "view");
  if (type == OBJECT_MATVIEW) refuse(RelationKind::materialized_view, "materialized view");
  if (type == OBJECT_SEQUENCE) refuse(RelationKind::sequence, "sequence");
  if (type == OBJECT_FOREIGN_TABLE) refuse(RelationKind::foreign_table, "foreign table");
}

// A column that a statement names as part of its object.
void check_column(Model& model, const Lookup& found, std::string_view name) {
  if (found.relation != nullptr && found.presence == Presence::known && found.relation->columns_known &&
      catalog::column(*found.relation, model.symbol(name)) == nullptr)
    model.fail("42703", "column \"{}\" of relation \"{}\" does not exist", name, model.text(found.name));
}

void rename_column(Model& model, const ::RenameStmt& statement, const Lookup& found) {
  const Relation* table = found.relation;
  if (table == nullptr) return;
  const Symbol from = model.symbol(statement.subname);
  if (table->known && table->columns_known && catalog::column(*table, from) == nullptr)
    return model.fail("42703", "column \"{}\" does not exist", pg::text(statement.subname));
  const catalog::Column* column = catalog::column(*table, from);
  if (table->extra().of_type != nullptr) return model.fail("42809", "cannot rename column of typed table");
  if (column != nullptr && column->inherited > 0)
    return model.fail("42P16", "cannot rename inherited column \"{}\"", pg::text(statement.subname));
  if (!statement.relation->inh && !table->extra().children.empty())
    return model.fail("42P16", "inherited column \"{}\" must be renamed in child tables too",
                      pg::text(statement.subname));
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
  if (catalog::constraint(*table, model.symbol(statement.newname)) != nullptr)
    model.fail("42710", "constraint \"{}\" for relation \"{}\" already exists", pg::text(statement.newname),
               model.text(found.name));
  if (!statement.relation->inh && !table->extra().children.empty() &&
      constraint->kind == catalog::ConstraintKind::check && !constraint->no_inherit)
    model.fail("42P16", "inherited constraint \"{}\" must be renamed in child tables too", pg::text(statement.subname));
  if (constraint->index != nullptr)
    model.lock(*constraint->index, LockMode::share_update_exclusive, Because::index);
  else if (constraint->kind != catalog::ConstraintKind::foreign_key && !constraint->no_inherit)
    each_in_tree(*table, statement.relation->inh, [&](const Relation& part) {
      model.lock(part, LockMode::access_exclusive, as_child(part, *table, Because::target));
    });
}

// Functions for triggers that every database has, or that extensions without relations bring.
bool is_trigger_function(std::string_view name) {
  constexpr std::array<std::string_view, 8> known = {"suppress_redundant_updates_trigger",
                                                     "tsvector_update_trigger",
                                                     "tsvector_update_trigger_column",
                                                     "moddatetime",
                                                     "autoinc",
                                                     "insert_username",
                                                     "lo_manage",
                                                     "check_primary_key"};
  return std::find(known.begin(), known.end(), name) != known.end();
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
    case OBJECT_SCHEMA: {
      const catalog::Schema* schema = model.catalog.find_schema(model.symbol(statement.subname));
      if (model.catalog.whole && pg::text(statement.subname) != "public" && (schema == nullptr || schema->dropped))
        model.fail("3F000", "schema \"{}\" does not exist", pg::text(statement.subname));
      return;
    }
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
  if (!model.open(found, catalog::relation_kind(of), mode, Because::target, Work::none, statement.missing_ok)) return;
  switch (statement.renameType) {
    case OBJECT_COLUMN:
      return rename_column(model, statement, found);
    case OBJECT_TABCONSTRAINT:
      return rename_constraint(model, statement, found);
    case OBJECT_TRIGGER: {
      if (relation != nullptr && relation->known) {
        const catalog::Trigger* trigger = nullptr;
        bool taken = false;
        for (const catalog::Trigger& one : relation->extra().triggers) {
          if (!one.dropped && one.name == model.symbol(statement.subname)) trigger = &one;
          taken = taken || (!one.dropped && one.name == model.symbol(statement.newname));
        }
        if (trigger == nullptr)
          model.fail("42704", "trigger \"{}\" for table \"{}\" does not exist", pg::text(statement.subname),
                     model.text(found.name));
        else if (trigger->inherited && relation->is_partition && model.version >= 15)
          model.fail("XX000", "cannot rename trigger \"{}\" on table \"{}\"", pg::text(statement.subname),
                     model.text(found.name));
        else if (taken)
          model.fail("42710", "trigger \"{}\" for relation \"{}\" already exists", pg::text(statement.newname),
                     model.text(found.name));
      }
      if (model.version < 15 || relation == nullptr || relation->kind != RelationKind::partitioned_table) return;
      each_in_tree(*relation, true, [&](const Relation& part) {
        model.lock(part, LockMode::access_exclusive, as_child(part, *relation, Because::target));
      });
      return;
    }
    case OBJECT_RULE:
    case OBJECT_POLICY: {
      if (relation == nullptr || !relation->known) return;
      const bool rule = statement.renameType == OBJECT_RULE;
      const Vec<Symbol>& names = rule ? relation->extra().rules : relation->extra().policies;
      if (!contains(names, model.symbol(statement.subname)))
        model.fail("42704", "{} \"{}\" for {} \"{}\" does not exist", rule ? "rule" : "policy",
                   pg::text(statement.subname), rule ? "relation" : "table", model.text(found.name));
      else if (contains(names, model.symbol(statement.newname)))
        model.fail("42710", "{} \"{}\" for {} \"{}\" already exists", rule ? "rule" : "policy",
                   pg::text(statement.newname), rule ? "relation" : "table", model.text(found.name));
      return;
    }
    default:
      check_word(model, statement.renameType, found);
      if (model.catalog.find(found.schema, model.symbol(statement.newname)).presence == Presence::known)
        model.fail("42P07", "relation \"{}\" already exists", pg::text(statement.newname));
      return;
  }
}

void set_schema(Model& model, const ::AlterObjectSchemaStmt& statement) {
  if (!has_table(statement.objectType) || statement.relation == nullptr) return;
  const Lookup found = model.find(statement.relation);
  if (!model.open(found, catalog::relation_kind(statement.objectType), LockMode::access_exclusive, Because::target,
                  Work::none, statement.missing_ok) ||
      found.relation == nullptr)
    return;
  check_word(model, statement.objectType, found);
  if (found.relation->kind == RelationKind::sequence && found.relation->owner_table != nullptr &&
      !found.relation->owner_table->dropped)
    model.fail("0A000", "cannot move an owned sequence into another schema");
  const catalog::Schema* to = model.catalog.find_schema(model.symbol(statement.newschema));
  if (model.catalog.whole && pg::text(statement.newschema) != "public" && (to == nullptr || to->dropped))
    model.fail("3F000", "schema \"{}\" does not exist", pg::text(statement.newschema));
  for (const Relation* sequence : found.relation->owned)
    if (!sequence->dropped && sequence->owner_table == found.relation)
      model.lock(*sequence, LockMode::access_exclusive, Because::sequence);
}

void depends_on_extension(Model& model, const ::AlterObjectDependsStmt& statement) {
  if (statement.relation == nullptr) return;
  const LockMode mode = statement.objectType == OBJECT_TRIGGER ? LockMode::access_share : LockMode::access_exclusive;
  (void)model.open(model.find(statement.relation), catalog::relation_kind(statement.objectType), mode, Because::target);
}

// --- triggers, rules, policies ---------------------------------------------------------------------------------------

void create_trigger(Model& model, const ::CreateTrigStmt& statement) {
  const Lookup found = model.find(statement.relation);
  if (!model.open(found, RelationKind::table, LockMode::share_row_exclusive, Because::target)) return;
  const Relation* table = found.relation;
  if (table != nullptr && table->known) {
    const bool instead = (statement.timing & TRIGGER_TYPE_INSTEAD) != 0;
    if (instead && table->kind != RelationKind::view) model.fail("42809", "\"{}\" is a table", model.text(found.name));
    if (table->kind == RelationKind::view && !instead && statement.row)
      model.fail("42809", "\"{}\" is a view", model.text(found.name));
  }
  const auto function = pg::qualified_name(statement.funcname);
  if (model.catalog.knows_all_relations() && function.schema.empty() &&
      model.catalog.find_function({}, model.symbol(function.name)) == nullptr && !is_trigger_function(function.name))
    model.fail("42883", "function {}() does not exist", function.name);
  if (table != nullptr && statement.row && table->kind == RelationKind::partitioned_table)
    each_in_tree(*table, true, [&](const Relation& part) {
      model.lock(part, LockMode::share_row_exclusive, as_child(part, *table, Because::target));
    });
  if (statement.constrrel != nullptr)
    (void)model.open(model.find(statement.constrrel), RelationKind::table, LockMode::access_share, Because::references);
  if (table == nullptr || !table->known || statement.replace) return;
  const Symbol name = model.symbol(statement.trigname);
  for (const catalog::Trigger& trigger : table->extra().triggers)
    if (!trigger.dropped && trigger.name == name)
      return model.fail("42710", "trigger \"{}\" for relation \"{}\" already exists", pg::text(statement.trigname),
                        model.text(found.name));
}

void create_rule(Model& model, const ::RuleStmt& statement) {
  const Lookup found = model.find(statement.relation);
  if (!model.open(found, RelationKind::table, LockMode::access_exclusive, Because::target)) return;
  if (!statement.replace && found.relation != nullptr &&
      contains(found.relation->extra().rules, model.symbol(statement.rulename)))
    model.fail("42710", "rule \"{}\" for relation \"{}\" already exists", pg::text(statement.rulename),
               model.text(found.name));
  for (const ::Node* action : pg::nodes(statement.actions)) query(model, action, Run::analyse);
  expression(model, statement.whereClause, Run::analyse);
}

void create_policy(Model& model, const ::CreatePolicyStmt& statement) {
  const Lookup found = model.find(statement.table);
  if (!model.open(found, RelationKind::table, LockMode::access_exclusive, Because::target)) return;
  if (found.relation != nullptr && contains(found.relation->extra().policies, model.symbol(statement.policy_name)))
    model.fail("42710", "policy \"{}\" for table \"{}\" already exists", pg::text(statement.policy_name),
               model.text(found.name));
  expression(model, statement.qual, Run::analyse);
  expression(model, statement.with_check, Run::analyse);
}

void alter_policy(Model& model, const ::AlterPolicyStmt& statement) {
  const Lookup found = model.find(statement.table);
  if (!model.open(found, RelationKind::table, LockMode::access_exclusive, Because::target)) return;
  if (found.relation != nullptr && found.presence == Presence::known &&
      !contains(found.relation->extra().policies, model.symbol(statement.policy_name)))
    model.fail("42704", "policy \"{}\" for table \"{}\" does not exist", pg::text(statement.policy_name),
               model.text(found.name));
  expression(model, statement.qual, Run::analyse);
  expression(model, statement.with_check, Run::analyse);
}

// --- statistics, publications ----------------------------------------------------------------------------------------

void create_statistics(Model& model, const ::CreateStatsStmt& statement) {
  if (statement.defnames != nullptr) {
    const auto name = pg::qualified_name(statement.defnames);
    const Symbol schema = name.schema.empty() ? model.catalog.creation_schema() : model.symbol(name.schema);
    if (model.catalog.find_statistics(schema, model.symbol(name.name)) != nullptr && !statement.if_not_exists)
      model.fail("42710", "statistics object \"{}\" already exists", name.name);
  }
  for (const ::RangeVar& relation : pg::only<::RangeVar>(statement.relations))
    (void)model.open(model.find(&relation), RelationKind::table, LockMode::share_update_exclusive, Because::target);
  const auto elements = pg::nodes(statement.exprs);
  const auto* only = elements.size() == 1 ? pg::as<::StatsElem>(elements[0]) : nullptr;
  if (only != nullptr && only->name != nullptr) model.fail("42P17", "extended statistics require at least 2 columns");
}

void create_publication(Model& model, const ::CreatePublicationStmt& statement) {
  lock_publication_tables(model, statement.pubobjects);
}

void alter_publication(Model& model, const ::AlterPublicationStmt& statement) {
  lock_publication_tables(model, statement.pubobjects);
  const catalog::Publication* publication = model.catalog.find_publication(model.symbol(statement.pubname));
  if (publication == nullptr || statement.pubobjects == nullptr) return;
  // Those that leave it are locked, too.
  if (statement.action == AP_SetObjects)
    for (const Relation* table : publication->tables)
      if (!table->dropped) model.lock(*table, LockMode::share_update_exclusive, Because::target);
  for (const ::PublicationObjSpec& object : pg::only<::PublicationObjSpec>(statement.pubobjects)) {
    const Lookup found = object.pubtable != nullptr ? model.find(object.pubtable->relation) : Lookup{};
    if (found.relation == nullptr) continue;
    const bool member =
        std::find(publication->tables.begin(), publication->tables.end(), found.relation) != publication->tables.end();
    if (statement.action == AP_AddObjects && member)
      model.fail("42710", "relation \"{}\" is already member of publication \"{}\"", model.text(found.name),
                 pg::text(statement.pubname));
    if (statement.action == AP_DropObjects && !member)
      model.fail("42704", "relation \"{}\" is not part of the publication", model.text(found.name));
  }
}

// --- comments, privileges --------------------------------------------------------------------------------------------

// COMMENT and SECURITY LABEL.
void comment(Model& model, ::ObjectType type, const ::Node* object) {
  if (has_table(type)) {
    const Lookup found = model.find(pg::object_name(object));
    if (model.open(found, catalog::relation_kind(type), LockMode::share_update_exclusive, Because::target))
      check_word(model, type, found);
    return;
  }
  const auto* names = pg::as<::List>(object);
  switch (type) {
    case OBJECT_COLUMN: {
      const Lookup found = model.find(pg::owner_of(names));
      if (model.open(found, RelationKind::table, LockMode::share_update_exclusive, Because::target))
        check_column(model, found, pg::last_name(names));
      return;
    }
    case OBJECT_TABCONSTRAINT:
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_POLICY: {
      const Lookup found = model.find(pg::owner_of(names));
      if (!model.open(found, RelationKind::table, LockMode::access_share, Because::target)) return;
      const Relation* table = found.presence == Presence::known ? found.relation : nullptr;
      if (table == nullptr || !table->columns_known) return;
      const std::string_view written = pg::last_name(names);
      const Symbol name = model.symbol(written);
      const bool there =
          type == OBJECT_TABCONSTRAINT ? catalog::constraint(*table, name) != nullptr || model.version >= 18
          : type == OBJECT_RULE        ? contains(table->extra().rules, name) || table->kind == RelationKind::view
          : type == OBJECT_POLICY
              ? contains(table->extra().policies, name)
              : std::any_of(table->extra().triggers.begin(), table->extra().triggers.end(),
                            [&](const catalog::Trigger& t) { return !t.dropped && t.name == name; });
      if (!there)
        model.fail("42704", "{} \"{}\" for {} \"{}\" does not exist",
                   type == OBJECT_TABCONSTRAINT ? "constraint"
                   : type == OBJECT_RULE        ? "rule"
                   : type == OBJECT_POLICY      ? "policy"
                                                : "trigger",
                   written, type == OBJECT_RULE ? "relation" : "table", model.text(found.name));
      return;
    }
    default:
      return;
  }
}

void grant(Model& model, const ::GrantStmt& statement) {
  // Relations are locked since 18; before that they are only looked up.
  if (model.version < 18 && statement.targtype == ACL_TARGET_OBJECT && statement.objtype == OBJECT_TABLE)
    for (const ::RangeVar& relation : pg::only<::RangeVar>(statement.objects))
      if (const Lookup found = model.find(&relation); found.presence == Presence::gone) return model.missing(found);
  if (model.version < 18 || statement.targtype != ACL_TARGET_OBJECT ||
      (statement.objtype != OBJECT_TABLE && statement.objtype != OBJECT_SEQUENCE))
    return;
  for (const ::RangeVar& relation : pg::only<::RangeVar>(statement.objects))
    if (!model.open(model.find(&relation), catalog::relation_kind(statement.objtype), LockMode::access_share,
                    Because::target))
      return;
}

// --- sequences -------------------------------------------------------------------------------------------------------

namespace {

// OWNED BY table.column
void lock_owner(Model& model, const ::List* options) {
  const ::DefElem* owned = pg::option(options, "owned_by");
  const auto* names = owned != nullptr ? pg::as<::List>(owned->arg) : nullptr;
  if (names == nullptr || list_length(names) < 2) return;
  const Lookup found = model.find(pg::owner_of(names));
  if (model.open(found, RelationKind::table, LockMode::access_share, Because::reads) && found.relation != nullptr &&
      found.presence == Presence::known && found.relation->columns_known &&
      catalog::column(*found.relation, model.symbol(pg::last_name(names))) == nullptr)
    model.fail("42703", "column \"{}\" of relation \"{}\" does not exist", pg::last_name(names),
               model.text(found.name));
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
