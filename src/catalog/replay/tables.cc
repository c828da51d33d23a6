#include "catalog/replay/state.h"

namespace pglint::catalog {

void Replay::copy_column(Relation& relation, const Column& column) const {
  add_column(relation, column);
  use_type(relation, column.type);
}

// The columns of a parent. Checks, indexes and the like follow once the relation is on record.
void Replay::inherit(Relation& relation, Relation& parent) {
  if (!parent.columns_known || !spend(parent.columns.size())) relation.columns_known = false;
  if (!parent.columns_known) return;
  if (!relation.columns_known) return;
  const bool first = relation.columns.empty();
  for (std::uint32_t i = 0; i < parent.columns.size(); ++i) {
    const Column& from = parent.columns[i];
    if (from.dropped) continue;
    if (Column* existing = first ? nullptr : column(relation, from.name)) {
      ++existing->inherited;
      existing->not_null = existing->not_null || from.not_null;
      continue;
    }
    Column copy = from;
    copy.local = false;
    copy.inherited = 1;
    copy.created = c.now;
    // A partition takes numbers from its parent's sequence from 17 on; before, and in inheritors, identity stays
    // behind.
    if (!relation.is_partition || version < 17) copy.identity = Identity::none;
    if (copy.identity == Identity::none && from.identity != Identity::none) copy.default_null = true;
    copy.type.serial = false;
    if (from.default_volatility != Volatility::none) copy_link(parent, relation, from.name);
    copy_column(relation, copy);
  }
  for (const GeneratedFrom& pair : parent.extra().generated_from)
    push(extra(relation).generated_from, pair, c.arena, c.journal);
}

void Replay::like(Relation& relation, Relation* source, const ::TableLikeClause& clause) {
  if (source == nullptr || source == &relation || !source->columns_known || !spend(source->columns.size())) {
    relation.columns_known = false;
    return;
  }
  const auto including = [&](::TableLikeOption option) { return (clause.options & static_cast<bits32>(option)) != 0; };
  const bool first = relation.columns.empty();
  for (std::uint32_t i = 0; i < source->columns.size(); ++i) {
    const Column& from = source->columns[i];
    if (from.dropped || (!first && column(relation, from.name) != nullptr)) continue;
    Column copy;
    copy.name = from.name;
    copy.type = from.type;
    copy.type.serial = false;
    copy.collation = from.collation;
    copy.not_null = from.not_null;
    copy.default_null = true;
    copy.created = c.now;
    if (from.generated != Generated::none) {
      if (including(CREATE_TABLE_LIKE_GENERATED)) {
        copy.generated = from.generated;
        copy.expression = from.expression;
        copy.default_null = false;
        for (const GeneratedFrom& pair : source->extra().generated_from)
          if (pair.column == from.name) push(extra(relation).generated_from, pair, c.arena, c.journal);
      }
    } else if (from.default_volatility != Volatility::none && including(CREATE_TABLE_LIKE_DEFAULTS)) {
      copy.default_volatility = from.default_volatility;
      copy.default_null = from.default_null;
      copy.expression = from.expression;
      copy_link(*source, relation, from.name);
    }
    if (from.identity != Identity::none && including(CREATE_TABLE_LIKE_IDENTITY)) {
      copy.identity = from.identity;
      copy.default_null = false;
      add_sequence(relation, from.name, nullptr);
    }
    copy_column(relation, copy);
  }
}

// What LIKE takes over beside columns.
void Replay::like_rest(Relation& relation, Relation* source, const ::TableLikeClause& clause) {
  if (source == nullptr || source == &relation) return;
  const auto including = [&](::TableLikeOption option) { return (clause.options & static_cast<bits32>(option)) != 0; };
  if (!spend(source->constraints.size() + source->indexes.size())) return;
  for (std::uint32_t i = 0; i < source->constraints.size(); ++i) {
    Constraint& from = *source->constraints[i];
    const bool wanted = (from.kind == ConstraintKind::check && including(CREATE_TABLE_LIKE_CONSTRAINTS)) ||
                        (from.kind == ConstraintKind::not_null && version >= 18);
    if (from.dropped || !wanted || constraint(relation, from.name) != nullptr) continue;
    Constraint* copy = clone(from, relation);
    copy->local = true;
    copy->parent = nullptr;
    copy->valid = copy->enforced;
    add_constraint(relation, *copy);
  }
  if (!including(CREATE_TABLE_LIKE_INDEXES)) return;
  for (std::uint32_t i = 0; i < source->indexes.size(); ++i) {
    const Relation& from = *source->indexes[i];
    if (from.dropped || from.index == nullptr) continue;
    IndexPlan plan;
    plan.index = copied(*from.index);
    plan.tablespace = from.tablespace;
    plan.constraint = from.index->constraint != nullptr;
    Constraint* owner = nullptr;
    if (plan.constraint) {
      plan.kind = from.index->constraint->kind;
      owner = clone(*from.index->constraint, relation);
      owner->local = true;
      owner->parent = nullptr;
    }
    Relation* index = add_index(relation, plan, {}, owner);
    if (index != nullptr && relation.kind == RelationKind::partitioned_table) index_partitions(relation, *index);
  }
}

void Replay::create_table(const ::CreateStmt& statement, RelationKind kind) {
  if (statement.relation == nullptr) return;
  if (statement.partspec != nullptr) kind = RelationKind::partitioned_table;
  Relation* made = begin_relation(*statement.relation, kind, statement.if_not_exists);
  if (made == nullptr) return;
  Relation& relation = *made;
  relation.tablespace = symbol(statement.tablespacename);
  relation.access_method = symbol(statement.accessMethod);
  relation.is_partition = statement.partbound != nullptr;

  const auto elements = pg::nodes(statement.tableElts);
  std::uint32_t expected = static_cast<std::uint32_t>(elements.size());
  // Looked for before the new relation is on record: it may have the name of its parent, in another schema.
  Vec<Relation*> parents;
  for (const ::RangeVar& name : pg::only<::RangeVar>(statement.inhRelations)) {
    Relation* parent = target(&name, relation.is_partition ? RelationKind::partitioned_table : RelationKind::table);
    if (parent == nullptr || (parent->schema == relation.schema && parent->name == relation.name)) continue;
    push(parents, parent, c.arena);
    expected += parent->columns.size();
    // An unknown table that has partitions is a partitioned one.
    if (relation.is_partition && !parent->known && parent->kind == RelationKind::table)
      set(parent->kind, RelationKind::partitioned_table);
  }
  if (relation.columns.capacity() == 0) reserve(relation.columns, expected < 1600 ? expected : 1600, c.arena);
  for (Relation* parent : parents) inherit(relation, *parent);
  if (statement.ofTypename != nullptr) {
    const TypeName name = type_name(statement.ofTypename);
    Type* type = c.type_of(name.schema, name.name);
    if (type == nullptr || type->relation == nullptr || !spend(type->relation->columns.size())) {
      relation.columns_known = false;
    } else {
      extra(relation).of_type = type;
      append_live(type->users, &relation);
      for (std::uint32_t i = 0; i < type->relation->columns.size(); ++i)
        if (!type->relation->columns[i].dropped) {
          Column copy = type->relation->columns[i];
          copy.created = c.now;
          copy_column(relation, copy);
        }
    }
  }
  Vec<Relation*> sources;
  for (const ::Node* element : elements) {
    if (const auto* definition = pg::as<::ColumnDef>(element)) {
      define_column(relation, *definition);
    } else if (const auto* clause = pg::as<::TableLikeClause>(element)) {
      push(sources, target(clause->relation), c.arena);
      like(relation, sources.back(), *clause);
    }
  }
  if (statement.partspec != nullptr) set_partition_key(relation, *statement.partspec);
  if (statement.partbound != nullptr) set_bound(relation, *statement.partbound);
  end_relation(relation);

  for (Relation* parent : parents) {
    add_child(*parent, relation);
    if (!spend(parent->constraints.size())) continue;
    for (std::uint32_t i = 0; i < parent->constraints.size(); ++i)
      inherit_check(*parent->constraints[i], relation, true);
    if (relation.is_partition) follow_parent(relation, *parent);
  }
  define_constraints(relation, statement.tableElts, true);
  std::uint32_t number = 0;
  for (const ::TableLikeClause& clause : pg::only<::TableLikeClause>(statement.tableElts))
    like_rest(relation, sources[number++], clause);
  if (statement.oncommit == ONCOMMIT_DROP) append(c.drop_at_commit_, &relation);
}

void Replay::create_as(const ::CreateTableAsStmt& statement) {
  const ::IntoClause* into = statement.into;
  if (into == nullptr || into->rel == nullptr) return;
  const bool view = statement.objtype == OBJECT_MATVIEW;
  std::vector<Column> columns;
  std::vector<Dependency> reads;
  const bool told = query(statement.query, columns, reads);
  Relation* made =
      begin_relation(*into->rel, view ? RelationKind::materialized_view : RelationKind::table, statement.if_not_exists);
  if (made == nullptr) return;
  made->tablespace = symbol(into->tableSpaceName);
  made->access_method = symbol(into->accessMethod);
  made->columns_known = told;
  const auto names = pg::nodes(into->colNames);
  for (std::size_t i = 0; i < columns.size() || i < names.size(); ++i) {
    Column column = i < columns.size() ? columns[i] : Column{};
    if (i < names.size()) column.name = symbol_of(names[i]);
    if (!column.name) continue;
    column.created = c.now;
    copy_column(*made, column);
  }
  if (made->columns.size() == 1600) made->columns_known = false;
  end_relation(*made);
  if (view) {
    set_reads(*made, reads);
    use_functions(*made, statement.query);
  }
  if (into->onCommit == ONCOMMIT_DROP) append(c.drop_at_commit_, made);
}

void Replay::select_into(const ::SelectStmt& statement) {
  const ::SelectStmt* leaf = &statement;
  while (leaf->op != SETOP_NONE && leaf->larg != nullptr) leaf = leaf->larg;
  if (leaf->intoClause == nullptr || leaf->intoClause->rel == nullptr) return;
  std::vector<Column> columns;
  std::vector<Dependency> reads;
  const bool told = query(reinterpret_cast<const ::Node*>(&statement), columns, reads);
  Relation* made = begin_relation(*leaf->intoClause->rel, RelationKind::table, false);
  if (made == nullptr) return;
  made->columns_known = told;
  for (Column& column : columns) {
    column.created = c.now;
    copy_column(*made, column);
  }
  end_relation(*made);
}

}  // namespace pglint::catalog
