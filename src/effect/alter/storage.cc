// Where and how the rows are kept: LOGGED, TABLESPACE (ALL IN TABLESPACE, too), ACCESS METHOD, and indexes that are
// named for it.
#include <algorithm>

#include "effect/alter/alter.h"

namespace pglint::effect {

void Alter::replica_identity(const ::ReplicaIdentityStmt& identity) {
  if (identity.name == nullptr) return;
  lock_index(identity.name, LockMode::share);
  const Lookup found = m_.catalog.find(found_.schema, m_.symbol(identity.name));
  const Relation* relation = found.relation;
  const catalog::Index* index = relation != nullptr && relation->known ? relation->index : nullptr;
  if (index == nullptr || found.presence != Presence::known) return;
  const std::string_view name = pg::text(identity.name);
  if (!index->unique) return m_.fail("42809", "cannot use non-unique index \"{}\" as replica identity", name);
  if (index->constraint != nullptr && index->constraint->deferrable)
    return m_.fail("0A000", "cannot use non-immediate index \"{}\" as replica identity", name);
  for (const catalog::IndexKey& key : index->keys)
    if (!key.column) return m_.fail("0A000", "cannot use expression index \"{}\" as replica identity", name);
  if (!index->predicate.empty()) return m_.fail("0A000", "cannot use partial index \"{}\" as replica identity", name);
  for (const catalog::IndexKey& key : index->keys) {
    const Column* column = table_ != nullptr ? catalog::column(*table_, key.column) : nullptr;
    if (column != nullptr && !column->not_null)
      return m_.fail("42809", "index \"{}\" cannot be used as replica identity because column \"{}\" is nullable", name,
                     m_.text(key.column));
  }
}

void Alter::lock_index(const char* name, LockMode mode) {
  const Lookup index = m_.catalog.find(found_.schema, m_.symbol(name));
  const bool known_absent = index.presence == Presence::gone ||
                            (complete() && (index.relation == nullptr || index.relation->index == nullptr ||
                                            index.relation->index->table != table_));
  if (known_absent)
    m_.fail("42704", "index \"{}\" for table \"{}\" does not exist", pg::text(name), table_name());
  else
    m_.lock(index, RelationKind::index, mode, Because::index);
}

void Alter::set_options(const ::List* options) {
  if (table_ != nullptr && table_->kind == RelationKind::partitioned_table) {
    if (m_.version >= 17)
      m_.fail("42809", "cannot specify storage parameters for a partitioned table");
    else if (const auto named = pg::only<::DefElem>(options); !named.empty())
      m_.fail("22023", "unrecognized parameter \"{}\"", pg::text(named.begin()->defname));
  } else if (complete() && table_->kind == RelationKind::table && !table_->access_method) {
    for (const ::DefElem& option : pg::only<::DefElem>(options))
      if (!is_gentle(option) && pg::text(option.defname) != "user_catalog_table")
        m_.fail("22023", "unrecognized parameter \"{}\"", pg::text(option.defname));
  }
}

void Alter::set_persistence(bool logged, Part& part) {
  if (table_ != nullptr && table_->kind == RelationKind::sequence) {
    if (m_.version < 15) m_.fail("42809", "\"{}\" is not a table", table_name());
    return;
  }
  if (table_ != nullptr && table_->kind == RelationKind::partitioned_table) {
    if (m_.version >= 18)
      m_.fail("42809", "ALTER action SET {} cannot be performed on relation \"{}\"", logged ? "LOGGED" : "UNLOGGED",
              table_name());
    return;
  }
  if (table_ != nullptr && table_->known) {
    if (table_->persistence == catalog::Persistence::temporary) {
      m_.fail("42P16", "cannot change logged status of table \"{}\" because it is temporary", table_name());
      return;
    }
    if (logged == (table_->persistence == catalog::Persistence::permanent)) return;
  }
  if (table_ != nullptr) {
    if (logged) {
      each_foreign_key(*table_, [&](const Constraint& key) {
        if (key.references != table_ && key.references->known &&
            key.references->persistence == catalog::Persistence::unlogged)
          m_.fail("42P16", "could not change table \"{}\" to logged because it references unlogged table \"{}\"",
                  table_name(), m_.text(key.references->name));
      });
    } else {
      each_reference(*table_, [&](const Constraint& key) {
        if (key.table != table_ && key.table->persistence == catalog::Persistence::permanent)
          m_.fail("42P16", "could not change table \"{}\" to unlogged because it references logged table \"{}\"",
                  table_name(), m_.text(key.table->name));
      });
    }
    if (m_.version >= 15)
      for (const Relation* sequence : table_->owned)
        if (!sequence->dropped && sequence->owner_table == table_)
          m_.lock(*sequence, LockMode::access_exclusive, Because::sequence);
  }
  add_work_below(Work::scan | Work::rewrite, part, false);
}

void Alter::set_access_method(const ::AlterTableCmd& command, Part& part) {
  if (table_ != nullptr && table_->kind == RelationKind::partitioned_table) {
    if (m_.version < 17) m_.fail("42809", "\"{}\" is not a table, materialized view, or foreign table", table_name());
    return;
  }
  // Without a name the default, which is heap unless somebody says otherwise.
  const Symbol method = m_.symbol(command.name == nullptr ? "heap" : command.name);
  const Symbol now = table_ != nullptr && table_->access_method ? table_->access_method : m_.symbol("heap");
  if (method != now || table_ == nullptr) add_work_below(Work::scan | Work::rewrite, part, false);
}

void Alter::change_owner(const ::AlterTableCmd& command) {
  if (table_ == nullptr || is_index(table_->kind)) return;
  // To the same owner nothing is done beyond the first lock.
  const ::RoleSpec* to = command.newowner;
  const Symbol role = to == nullptr                      ? Symbol{}
                      : to->roletype == ROLESPEC_CSTRING ? m_.symbol(to->rolename)
                                                         : m_.catalog.session.role;
  if (role && role == table_->owner) return;
  lock_owned(m_, *table_);
}

void Alter::set_tablespace(const ::AlterTableCmd& command, Part& part) {
  const auto plain = [&](Symbol name) { return !name || m_.text(name) == "pg_default"; };
  const Symbol to = m_.symbol(command.name);
  if (table_ != nullptr && table_->known) {
    if (to == table_->tablespace || (plain(to) && plain(table_->tablespace))) return;
    if (table_->kind == RelationKind::partitioned_table || table_->kind == RelationKind::partitioned_index) return;
  }
  if (table_ != nullptr && is_index(table_->kind)) {
    // Its file is copied. A plan of the table opens all of its indexes, so that readers wait.
    m_.rebuild(*table_);
    part.work |= Work::index_build;
    return;
  }
  // The file is copied block by block; indexes stay where they are.
  add_work_below(Work::scan | Work::rewrite, part, false);
}

void Alter::rebuild_indexes() {
  const bool rewrites = std::any_of(m_.out.parts.begin(), m_.out.parts.end(), [&](const Part& part) {
    return has(part.work, Work::rewrite) &&
           pg::cast<::AlterTableCmd>(pg::nodes(statement_.cmds)[part.command]).subtype != AT_SetTableSpace;
  });
  if (!rewrites || table_ == nullptr) return;
  each_in_tree(*table_, recurse_, [&](const Relation& table) {
    const RelationEffect* effect = m_.entry(table);
    if (effect == nullptr || !has(effect->work, Work::rewrite)) return;
    each_index(table, [&](const Relation& index) { m_.rebuild(index); });
  });
}

void alter_table_move_all(Model& model, const ::AlterTableMoveAllStmt& statement) {
  const Symbol from = model.symbol(statement.orig_tablespacename);
  const Symbol to = model.symbol(statement.new_tablespacename);
  if (from == to) return;
  const bool is_default = model.text(from) == "pg_default";
  for (const catalog::Schema* schema : model.catalog.schemas()) {
    if (schema->dropped) continue;
    for (const Relation* relation : schema->relations) {
      if (relation->dropped || !relation->known || relation->schema != schema->name) continue;
      if (relation->tablespace != from && !(is_default && !relation->tablespace)) continue;
      const bool wanted = statement.objtype == OBJECT_TABLE     ? relation->is_table()
                          : statement.objtype == OBJECT_MATVIEW ? relation->kind == RelationKind::materialized_view
                                                                : is_index(relation->kind);
      if (!wanted) continue;
      model.lock(*relation, LockMode::access_exclusive, Because::target,
                 has_storage(*relation) ? Work::scan | Work::rewrite : Work::none);
      if (relation->kind == RelationKind::index) model.rebuild(*relation);
    }
  }
}

}  // namespace pglint::effect
