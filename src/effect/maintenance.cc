// VACUUM, ANALYZE, CLUSTER, REINDEX; LOCK TABLE and COPY.

#include <algorithm>

#include "effect/model.h"

namespace pglint::effect {
namespace {

// All tables of the database, or of one schema, that the history knows.
template <class F>
void each_table(const Model& model, Symbol only, F&& visit) {
  for (const catalog::Schema* schema : model.catalog.schemas()) {
    if (schema->dropped || (only && schema->name != only)) continue;
    for (const Relation* relation : schema->relations)
      if (!relation->dropped && relation->schema == schema->name && has_storage(*relation)) visit(*relation);
  }
}

void rewrite(Model& model, const Relation& table, Because because) {
  model.lock(table, LockMode::access_exclusive, because, Work::scan | Work::rewrite);
  each_index(table, [&](const Relation& index) { model.rebuild(index); });
}

// A materialized view is a table here.
bool is_table(const Relation& relation) {
  return relation.kind == RelationKind::table || relation.kind == RelationKind::materialized_view;
}

void reindex_table(Model& model, const Relation& table, Because because, bool concurrent) {
  const LockMode mode = concurrent ? LockMode::share_update_exclusive : LockMode::share;
  model.lock(table, mode, because, concurrent ? Work::wait : Work::none);
  each_index(table, [&](const Relation& index) {
    if (index.kind == RelationKind::index) model.rebuild(index);
  });
}

}  // namespace

void vacuum(Model& model, const ::VacuumStmt& statement) {
  const bool full = statement.is_vacuumcmd && pg::is_on(statement.options, "full");
  const bool analyze_only = !statement.is_vacuumcmd;
  if (statement.is_vacuumcmd && !model.outside_transaction("VACUUM")) return;
  const auto one = [&](const Relation& table, Because because) {
    if (full && is_table(table)) return rewrite(model, table, because);
    model.lock(table, LockMode::share_update_exclusive, because, analyze_only ? Work::none : Work::scan);
    if (analyze_only) model.lock_indexes(table, LockMode::access_share);
  };
  if (statement.rels == nullptr)
    return each_table(model, {}, [&](const Relation& table) { one(table, Because::target); });
  for (const ::VacuumRelation& item : pg::only<::VacuumRelation>(statement.rels)) {
    if (item.relation == nullptr) continue;
    if (model.version < 18 && !item.relation->inh) return model.newer_syntax(pg::text(item.relation->relname));
    const Lookup found = model.find(item.relation);
    const LockMode mode = full ? LockMode::access_exclusive : LockMode::share_update_exclusive;
    if (found.relation == nullptr || found.presence == Presence::gone) {
      const Work work = full ? Work::scan | Work::rewrite : analyze_only ? Work::none : Work::scan;
      if (!model.open(found, RelationKind::table, mode, Because::target, work)) return;
      continue;
    }
    const Relation& root = *found.relation;
    if (root.known && root.columns_known)
      for (const ::Node* column : pg::nodes(item.va_cols))
        if (catalog::column(root, model.symbol_of(column)) == nullptr)
          return model.fail("42703", "column \"{}\" of relation \"{}\" does not exist", pg::string(column),
                            model.text(root.name));
    if (root.kind != RelationKind::partitioned_table) {
      one(root, Because::target);
      // Rows of inheritors are sampled along with the table's own.
      if (analyze_only || pg::is_on(statement.options, "analyze"))
        each_in_tree(root, item.relation->inh, [&](const Relation& part) {
          if (&part != &root) model.lock(part, LockMode::access_share, Because::inherits);
        });
      continue;
    }
    // VACUUM passes over a partitioned table itself, but for FULL, which finds nothing there to rewrite.
    if (analyze_only)
      model.lock(root, mode, Because::target);
    else
      model.lock(root, full ? LockMode::access_exclusive : LockMode::access_share, Because::target);
    each_in_tree(root, item.relation->inh, [&](const Relation& part) {
      if (&part == &root) return;
      if (part.kind != RelationKind::partitioned_table)
        one(part, Because::partition);
      else if (analyze_only)
        model.lock(part, mode, Because::partition);
      else
        model.lock(part, full ? LockMode::access_exclusive : LockMode::access_share, Because::partition);
    });
  }
}

void cluster(Model& model, const ::ClusterStmt& statement) {
  if (statement.relation == nullptr) {
    // Those that were clustered before, which the catalogue does not keep.
    (void)model.outside_transaction("CLUSTER");
    return;
  }
  const Lookup found = model.find(statement.relation);
  const Relation* table = found.relation;
  if (table != nullptr && table->kind == RelationKind::partitioned_table && found.presence == Presence::known) {
    if (model.version < 15) return model.fail("0A000", "cannot cluster a partitioned table");
    if (!model.outside_transaction("CLUSTER")) return;
    each_in_tree(*table, true, [&](const Relation& part) {
      if (part.kind == RelationKind::partitioned_table)
        model.lock(part, LockMode::access_exclusive, as_child(part, *table, Because::target));
      else
        rewrite(model, part, Because::partition);
    });
    return;
  }
  if (!model.open(found, RelationKind::table, LockMode::access_exclusive, Because::target, Work::scan | Work::rewrite))
    return;
  if (statement.indexname != nullptr) {
    const Lookup index = model.catalog.find(found.schema, model.symbol(statement.indexname));
    if (index.presence == Presence::gone)
      return model.fail("42704", "index \"{}\" for table \"{}\" does not exist", pg::text(statement.indexname),
                        model.text(found.name));
    check_clusterable(model, index);
    model.lock(index, RelationKind::index, LockMode::access_exclusive, Because::index);
  } else if (table != nullptr && table->known && !table->clustered) {
    model.fail("42704", "there is no previously clustered index for table \"{}\"", model.text(found.name));
  }
  if (table != nullptr) check_not_pending(model, *table, "CLUSTER");
  if (table != nullptr) rewrite(model, *table, Because::target);
}

void reindex(Model& model, const ::ReindexStmt& statement) {
  const bool concurrent = pg::is_on(statement.params, "concurrently");
  if (model.version < 14 && pg::option(statement.params, "tablespace") != nullptr)
    return model.newer_syntax("TABLESPACE");
  const bool many = statement.kind == REINDEX_OBJECT_SCHEMA || statement.kind == REINDEX_OBJECT_SYSTEM ||
                    statement.kind == REINDEX_OBJECT_DATABASE;
  const bool refused = concurrent && !model.outside_transaction("REINDEX CONCURRENTLY");
  const LockMode mode = concurrent ? LockMode::share_update_exclusive : LockMode::share;
  // A table has indexes, also where they are not known, and their locks stop its readers.
  const auto unseen_indexes = [&] {
    const Lookup table = model.find(statement.relation);
    RelationEffect* effect = model.entry(table.schema, table.name);
    if (effect == nullptr) return;
    effect->work |= Work::scan | Work::index_build;
    effect->blocks_table_reads = effect->blocks_table_writes = !concurrent;
  };
  if (refused) {
    if (!many)
      model.lock(model.find(statement.relation),
                 statement.kind == REINDEX_OBJECT_INDEX ? RelationKind::index : RelationKind::table, mode,
                 Because::target);
    return;
  }
  if (many) {
    if (statement.kind != REINDEX_OBJECT_SCHEMA && statement.name == nullptr && model.version < 16)
      return model.fail("42601", "syntax error at end of input");
    const bool schema = statement.kind == REINDEX_OBJECT_SCHEMA;
    if (!model.outside_transaction(schema                                      ? "REINDEX SCHEMA"
                                   : statement.kind == REINDEX_OBJECT_DATABASE ? "REINDEX DATABASE"
                                                                               : "REINDEX SYSTEM"))
      return;
    if (statement.kind == REINDEX_OBJECT_SYSTEM) return;
    each_table(model, schema ? model.symbol(statement.name) : Symbol{},
               [&](const Relation& table) { reindex_table(model, table, Because::target, concurrent); });
    return;
  }
  const Lookup found = model.find(statement.relation);
  const Relation* relation = found.relation;
  if (found.presence == Presence::gone) return model.missing(found);
  if (statement.kind == REINDEX_OBJECT_INDEX) {
    const catalog::Index* index = relation != nullptr ? relation->index : nullptr;
    if (index == nullptr && relation != nullptr && relation->known)
      return model.fail("42809", "\"{}\" is not an index", model.text(found.name));
    if (index == nullptr || index->table == nullptr) {
      // Of which table it is is not known: its readers wait, unless this is done beside them.
      model.lock(found, RelationKind::index, concurrent ? LockMode::share_update_exclusive : LockMode::access_exclusive,
                 Because::target, Work::index_build | (concurrent ? Work::wait : Work::none));
      return;
    }
    if (relation->kind == RelationKind::partitioned_index) {
      if (model.version < 14) return model.fail("0A000", "REINDEX is not yet implemented for partitioned indexes");
      if (!model.outside_transaction("REINDEX INDEX")) return;
      model.lock(*index->table, mode, Because::target);
      each_in_tree(*relation, true, [&](const Relation& part) {
        if (part.kind != RelationKind::index || part.index->table == nullptr) return;
        model.lock(*part.index->table, mode, Because::partition, concurrent ? Work::wait : Work::none);
        model.rebuild(part);
      });
      return;
    }
    model.lock(*index->table, mode, Because::target, concurrent ? Work::wait : Work::none);
    model.rebuild(*relation);
    return;
  }
  if (relation == nullptr) {
    model.lock(found, RelationKind::table, mode, Because::target, concurrent ? Work::wait : Work::none);
    unseen_indexes();
    return;
  }
  if (relation->kind == RelationKind::partitioned_table) {
    if (model.version < 14) {
      model.lock(*relation, LockMode::share, Because::target);  // and nothing is done
      return;
    }
    if (!model.outside_transaction("REINDEX TABLE")) return;
    model.lock(*relation, mode, Because::target);
    each_in_tree(*relation, true, [&](const Relation& part) {
      if (part.kind != RelationKind::partitioned_table) reindex_table(model, part, Because::partition, concurrent);
    });
    return;
  }
  reindex_table(model, *relation, Because::target, concurrent);
  if (!relation->known) unseen_indexes();
}

void lock_table(Model& model, const ::LockStmt& statement) {
  if (!model.transaction.block) model.fail("25P01", "LOCK TABLE can only be used in transaction blocks");
  const auto mode = static_cast<LockMode>(statement.mode);  // both count from ACCESS SHARE = 1
  for (const ::RangeVar& name : pg::only<::RangeVar>(statement.relations)) {
    const Lookup found = model.find(&name);
    if (!model.open(found, RelationKind::table, mode, Because::target)) return;
    if (found.relation == nullptr) continue;
    if (found.relation->known && !found.relation->is_table() && found.relation->kind != RelationKind::view)
      return model.fail("42809", "cannot lock relation \"{}\"", model.text(found.name));
    if (found.relation->kind == RelationKind::view)
      lock_base(model, *found.relation, mode, Work::none, false);
    else
      each_in_tree(*found.relation, name.inh, [&](const Relation& part) {
        model.lock(part, mode, as_child(part, *found.relation, Because::target));
      });
  }
}

void copy(Model& model, const ::CopyStmt& statement) {
  if (statement.query != nullptr) return query(model, statement.query, Run::execute);
  if (statement.relation == nullptr) return;
  const Lookup found = model.find(statement.relation);
  if (found.relation != nullptr && found.relation->known && found.relation->columns_known)
    for (const ::Node* column : pg::nodes(statement.attlist))
      if (catalog::column(*found.relation, model.symbol_of(column)) == nullptr)
        return model.fail("42703", "column \"{}\" of relation \"{}\" does not exist", pg::string(column),
                          model.text(found.name));
  if (statement.is_from) {
    if (!model.open(found, RelationKind::table, LockMode::row_exclusive, Because::target)) return;
    const Relation* table = found.relation;
    if (table != nullptr) lock_parents(model, *table);
    if (table != nullptr && table->kind == RelationKind::partitioned_table)
      each_in_tree(*table, true, [&](const Relation& part) {
        model.lock(part, LockMode::row_exclusive, as_child(part, *table, Because::target));
      });
    // What the same transaction made or truncated may be written frozen. Behind other statements than BEGIN it is not
    // known whether one truncated it.
    const std::uint32_t begin = model.transaction.kind == TransactionKind::explicit_ ? 1 : 0;
    if (pg::is_on(statement.options, "freeze") && table != nullptr && table->known &&
        !model.catalog.new_in_transaction(*table) && model.transaction.statements <= begin)
      model.fail("55000",
                 "cannot perform COPY FREEZE because the table was not created or truncated in the current "
                 "subtransaction");
    return;
  }
  if (found.relation != nullptr && found.relation->known && found.relation->kind == RelationKind::partitioned_table)
    return model.fail("42809", "cannot copy from partitioned table \"{}\"", model.text(found.name));
  if (found.relation != nullptr && found.relation->known && found.relation->kind == RelationKind::view)
    return model.fail("42809", "cannot copy from view \"{}\"", model.text(found.name));
  const bool rows = found.relation == nullptr || has_storage(*found.relation);
  (void)model.open(found, RelationKind::table, LockMode::access_share, Because::reads, rows ? Work::scan : Work::none);
}

}  // namespace pglint::effect
