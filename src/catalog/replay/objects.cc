#include <algorithm>
#include <optional>
#include <string>

#include "catalog/replay/state.h"

namespace pglint::catalog {

// --- owners ----------------------------------------------------------------------------------------------------------

Symbol Replay::role_of(const ::RoleSpec* role) const {
  if (role == nullptr) return {};
  return role->roletype == ROLESPEC_CSTRING ? symbol(role->rolename) : c.session.role;
}

// Indexes and sequences of its own go with a table.
void Replay::set_owner(Relation& relation, Symbol owner) const {
  set(relation.owner, owner);
  for (Relation* sequence : relation.owned)
    if (!sequence->dropped && sequence->owner_table == &relation) set(sequence->owner, owner);
}

void Replay::reassign_owned(const ::ReassignOwnedStmt& statement) {
  const Symbol to = role_of(statement.newrole);
  for (const ::RoleSpec& role : pg::only<::RoleSpec>(statement.roles)) {
    const Symbol from = role_of(&role);
    if (!from) continue;
    for (const Schema* schema : c.schemas_)
      for (Relation* relation : schema->relations)
        if (!relation->dropped && relation->owner == from) set(relation->owner, to);
  }
}

void Replay::drop_owned(const ::DropOwnedStmt& statement) {
  for (const ::RoleSpec& role : pg::only<::RoleSpec>(statement.roles)) {
    const Symbol of = role_of(&role);
    if (!of) continue;
    for (std::uint32_t i = 0; i < c.schemas_.size(); ++i)
      for (std::uint32_t j = 0; j < c.schemas_[i]->relations.size(); ++j) {
        Relation& relation = *c.schemas_[i]->relations[j];
        if (!relation.dropped && relation.owner == of && relation.index == nullptr)
          drop_relation(relation, statement.behavior == DROP_CASCADE);
      }
  }
}

// --- statistics ------------------------------------------------------------------------------------------------------

Statistics* Replay::statistics_named(const ::List* names) const {
  const auto written = pg::qualified_name(names);
  return const_cast<Statistics*>(c.find_statistics(symbol(written.schema), symbol(written.name)));
}

void Replay::create_statistics(const ::CreateStatsStmt& statement) {
  const auto relations = pg::nodes(statement.relations);
  const auto* of = relations.size() == 1 ? pg::as<::RangeVar>(relations[0]) : nullptr;
  Relation* table = of != nullptr ? target(of) : nullptr;
  if (table == nullptr) return;
  const auto taken = [&](Symbol schema, Symbol name) { return c.find_statistics(schema, name) != nullptr; };
  auto* made = c.arena.make<Statistics>();
  made->table = table;
  if (statement.defnames != nullptr) {
    const auto written = pg::qualified_name(statement.defnames);
    made->schema = written.schema.empty() ? c.creation_schema() : symbol(written.schema);
    made->name = symbol(written.name);
    if (taken(made->schema, made->name)) return;
  } else {
    made->schema = table->schema;
    Vec<Symbol> columns;
    for (const ::StatsElem& element : pg::only<::StatsElem>(statement.exprs))
      push(columns, symbol(element.name != nullptr ? pg::text(element.name) : std::string_view("expr")), c.arena);
    const MadeName middle = joined(columns);
    std::string label = "stat";
    for (int number = 1; number < 100; ++number) {
      made->name = symbol(make_name(c.text(table->name), middle.text(), label).text());
      if (!taken(made->schema, made->name)) break;
      label = "stat" + std::to_string(number);
    }
  }
  c.statistics_.set(Catalog::key(made->schema, made->name), made, c.arena, c.journal);
  for (const ::StatsElem& element : pg::only<::StatsElem>(statement.exprs)) {
    if (element.name != nullptr) add_use(*table, ColumnUse::By::statistics, made->name, symbol(pg::text(element.name)));
    pg::each<::ColumnRef>(element.expr, [&](const ::ColumnRef& column) {
      if (const std::string_view name = pg::column_name(column); !name.empty())
        add_use(*table, ColumnUse::By::statistics, made->name, symbol(name));
    });
  }
}

void Replay::move_statistics(Statistics& statistics, Symbol schema, Symbol name) const {
  if (statistics.table != nullptr) rename_uses(*statistics.table, ColumnUse::By::statistics, statistics.name, name);
  set(statistics.schema, schema);
  set(statistics.name, name);
  c.statistics_.set(Catalog::key(schema, name), &statistics, c.arena, c.journal);
}

// --- publications ----------------------------------------------------------------------------------------------------

Publication* Replay::publication_named(Symbol name) const { return const_cast<Publication*>(c.find_publication(name)); }

void Replay::publish(Publication& publication, const ::List* objects) const {
  for (const ::PublicationObjSpec& object : pg::only<::PublicationObjSpec>(objects)) {
    if (object.pubobjtype == PUBLICATIONOBJ_TABLE && object.pubtable != nullptr) {
      Relation* table = target(object.pubtable->relation);
      if (table == nullptr ||
          std::find(publication.tables.begin(), publication.tables.end(), table) != publication.tables.end())
        continue;
      append(publication.tables, table);
    } else if (object.pubobjtype == PUBLICATIONOBJ_TABLES_IN_SCHEMA) {
      append(publication.schemas, symbol(object.name));
    } else if (object.pubobjtype == PUBLICATIONOBJ_TABLES_IN_CUR_SCHEMA) {
      append(publication.schemas, c.creation_schema());
    }
  }
}

namespace {

// Whether what WITH (publish = …) says has UPDATE or DELETE; nothing if it says nothing.
std::optional<bool> publishes_updates(const ::List* options) {
  const ::DefElem* publish = pg::option(options, "publish");
  if (publish == nullptr) return std::nullopt;
  const std::string_view list = pg::value(*publish);
  return list.find("update") != std::string_view::npos || list.find("delete") != std::string_view::npos;
}

}  // namespace

void Replay::create_publication(const ::CreatePublicationStmt& statement) {
  const Symbol name = symbol(statement.pubname);
  if (!name || publication_named(name) != nullptr) return;
  auto* made = c.arena.make<Publication>();
  made->name = name;
  made->all_tables = statement.for_all_tables;
  made->updates = publishes_updates(statement.options).value_or(true);
  publish(*made, statement.pubobjects);
  c.publications_.set(Catalog::key({}, name), made, c.arena, c.journal);
}

void Replay::alter_publication(const ::AlterPublicationStmt& statement) {
  Publication* publication = publication_named(symbol(statement.pubname));
  if (publication == nullptr) return;
  if (const std::optional<bool> updates = publishes_updates(statement.options)) set(publication->updates, *updates);
  if (statement.pubobjects == nullptr) return;
  if (statement.action == AP_SetObjects) {
    set(publication->tables, {});
    set(publication->schemas, {});
  }
  if (statement.action != AP_DropObjects) return publish(*publication, statement.pubobjects);
  Vec<Relation*> kept;
  for (Relation* table : publication->tables) {
    const auto objects = pg::only<::PublicationObjSpec>(statement.pubobjects);
    const bool goes = std::any_of(objects.begin(), objects.end(), [&](const ::PublicationObjSpec& object) {
      return object.pubtable != nullptr && seen(object.pubtable->relation) == table;
    });
    if (!goes) push(kept, table, c.arena);
  }
  set(publication->tables, kept);
}

// --- functions in expressions ----------------------------------------------------------------------------------------

void Replay::use_functions(Relation& relation, const ::Node* expression) const {
  if (expression == nullptr || c.functions_.empty()) return;
  pg::each<::FuncCall>(expression, [&](const ::FuncCall& call) {
    Function* function = function_named(call.funcname, nullptr);
    if (function == nullptr) return;
    // Any overload may be meant; which one is told by the name alone, since types of expressions are not known here.
    Vec<Relation*>& users = function->used_by;
    if (users.empty() || users.back() != &relation) append_live(users, &relation);
  });
}

// --- rows that wait for COMMIT ---------------------------------------------------------------------------------------

namespace {

// Whether the check of a constraint is put off until COMMIT.
bool waits(const Catalog& catalog, const Constraint& key) {
  return !key.dropped && key.enforced && key.deferrable &&
         (catalog.session.check_constraints_deferred ||
          (key.initially_deferred && !catalog.session.check_constraints_immediate));
}

}  // namespace

void Replay::change_rows(const ::RangeVar* name, RowChange change, const ::List* assigned) const {
  Relation* table = name != nullptr ? seen(name) : nullptr;
  if (table == nullptr || c.now.transaction == 0 || table->pending == c.now.transaction) return;
  const auto assigns = [&](const Vec<Symbol>& columns) {
    for (const ::ResTarget& target : pg::only<::ResTarget>(assigned))
      if (std::find(columns.begin(), columns.end(), symbol(target.name)) != columns.end()) return true;
    return false;
  };
  // Unique keys leave an event only for a row that meets another.
  bool later = false;
  if (change != RowChange::deleted)
    for (const Constraint* key : table->constraints)
      later = later || (key->kind == ConstraintKind::foreign_key && waits(c, *key) &&
                        (change == RowChange::inserted || assigns(key->columns)));
  if (change != RowChange::inserted)
    for (const Constraint* key : table->referenced_by)
      later = later || (waits(c, *key) && (change == RowChange::deleted || assigns(key->referenced_columns)));
  const unsigned event = change == RowChange::inserted ? 1U : change == RowChange::updated ? 2U : 4U;
  for (const Trigger& trigger : table->extra().triggers)
    later = later || (!trigger.dropped && trigger.deferred && trigger.enabled && (trigger.events & event) != 0);
  if (!later) return;
  set(table->pending, c.now.transaction);
  append(c.pending_, table);
}

}  // namespace pglint::catalog
