#include <algorithm>

#include "catalog/expression.h"
#include "catalog/replay/state.h"
#include "catalog/replay/text.h"

namespace pglint::catalog {
namespace {

// The text of a key that is an expression: in parentheses, or a function call without them.
std::string_view key_expression(std::string_view key) {
  if (key.starts_with('(')) return in_parentheses(key, 0);
  std::size_t i = 0;
  while (i < key.size() && key[i] != '(') i = after_token(key, i);
  const std::string_view arguments = in_parentheses(key, static_cast<int>(i));
  if (arguments.data() == nullptr) return trimmed(key.substr(0, i));
  // To the parenthesis that closes the call.
  auto end = static_cast<std::size_t>(arguments.data() + arguments.size() - key.data());
  while (end < key.size() && key[end] != ')') ++end;
  return key.substr(0, end < key.size() ? end + 1 : end);
}

bool same_keys(const Index& a, const Index& b) {
  return a.keys.size() == b.keys.size() &&
         std::equal(a.keys.begin(), a.keys.end(), b.keys.begin(), [](const IndexKey& x, const IndexKey& y) {
           return x.column == y.column && x.expression == y.expression && x.opclass == y.opclass &&
                  x.collation == y.collation;
         });
}

// As the server compares when it looks for an index to attach.
bool fits(const Index& wanted, const Index& there) {
  return wanted.unique == there.unique && wanted.method == there.method &&
         wanted.nulls_not_distinct == there.nulls_not_distinct && wanted.predicate == there.predicate &&
         wanted.include.size() == there.include.size() &&
         std::equal(wanted.include.begin(), wanted.include.end(), there.include.begin()) && same_keys(wanted, there);
}

}  // namespace

void Replay::describe_keys(const ::IndexStmt& statement, Index& index) const {
  const auto keys = pg::nodes(statement.indexParams);
  reserve(index.keys, static_cast<std::uint32_t>(keys.size()), c.arena);
  bool expressions = false;
  for (const ::IndexElem& element : pg::only<::IndexElem>(statement.indexParams)) {
    IndexKey key;
    if (element.name != nullptr) {
      key.column = symbol(element.name);
    } else {
      // (a) and (a COLLATE "C") are the column a, though the name of the index is made as for an expression.
      const ::Node* expression = element.expr;
      while (const auto* collate = pg::as<::CollateClause>(expression)) {
        if (!key.collation) key.collation = symbol(pg::last_name(collate->collname));
        expression = collate->arg;
      }
      const std::string_view label = output_name(element.expr);
      key.label = symbol(label.empty() ? "expr" : label);
      if (const auto* column = pg::as<::ColumnRef>(expression);
          column != nullptr && pg::nodes(column->fields).size() == 1)
        key.column = symbol(pg::column_name(*column));
      if (!key.column) {
        expressions = true;
        add_columns_named(c, element.expr, index.expression_columns);
      }
    }
    if (element.opclass != nullptr) key.opclass = symbol(pg::last_name(element.opclass));
    if (element.collation != nullptr) key.collation = symbol(pg::last_name(element.collation));
    key.descending = element.ordering == SORTBY_DESC;
    key.nulls_first = element.nulls_ordering == SORTBY_NULLS_FIRST ||
                      (element.nulls_ordering == SORTBY_NULLS_DEFAULT && key.descending);
    push(index.keys, key, c.arena);
  }
  reserve(index.include, static_cast<std::uint32_t>(pg::nodes(statement.indexIncludingParams).size()), c.arena);
  for (const ::IndexElem& element : pg::only<::IndexElem>(statement.indexIncludingParams))
    if (element.name != nullptr) push(index.include, symbol(element.name), c.arena);
  add_columns_named(c, statement.whereClause, index.expression_columns);

  // The texts: the list of keys follows the table's name, WHERE follows the list.
  if ((!expressions && statement.whereClause == nullptr) || statement.relation->location < 0) return;
  auto at = static_cast<std::size_t>(statement.relation->location);
  while (at < sql.size() && sql[at] != '(') at = after_token(sql, at);
  if (at >= sql.size()) return;
  ++at;
  for (IndexKey& key : index.keys) {
    const std::string_view text = expression_at(sql, static_cast<int>(at));
    if (text.data() == nullptr) return;
    if (!key.column) key.expression = c.arena.copy(key_expression(text));
    at = static_cast<std::size_t>(text.data() + text.size() - sql.data());
    while (at < sql.size() && sql[at] != ',' && sql[at] != ')') at = after_token(sql, at);
    if (at >= sql.size()) return;
    ++at;
  }
  if (statement.whereClause == nullptr) return;
  std::string_view text = expression_at(sql, after_word(sql, static_cast<int>(at), "where"));
  if (text.starts_with('(') && in_parentheses(text, 0).size() + 2 == text.size()) text = in_parentheses(text, 0);
  index.predicate = c.arena.copy(text);
}

// Each has lists of its own: a column is renamed in one table and not in another.
Index Replay::copied(const Index& index) const {
  Index out = index;
  out.keys = copied(index.keys);
  out.include = copied(index.include);
  out.include_labels = copied(index.include_labels);
  out.expression_columns = copied(index.expression_columns);
  return out;
}

Relation* Replay::add_index(Relation& table, const IndexPlan& plan, Symbol name, Constraint* constraint) {
  Index* index = c.arena.make<Index>(plan.index);
  index->table = &table;
  index->valid = true;
  index->constraint = constraint;
  if (!index->method) index->method = symbol("btree");
  const MadeName columns = joined(*index);
  if (!name) {
    const bool primary = plan.constraint && plan.kind == ConstraintKind::primary_key;
    const MadeName middle = primary ? MadeName{} : columns;
    const std::string_view label = !plan.constraint                         ? "idx"
                                   : primary                                ? "pkey"
                                   : plan.kind == ConstraintKind::exclusion ? "excl"
                                                                            : "key";
    name = choose_relation_name(c.text(table.name), middle.text(), label, table.schema, plan.constraint);
  }
  const bool partitioned = table.kind == RelationKind::partitioned_table;
  Relation* relation = make_relation(
      table.schema, name, partitioned ? RelationKind::partitioned_index : RelationKind::index, table.persistence);
  relation->tablespace = plan.tablespace;
  relation->index = index;
  c.put(table.schema, name, relation);
  append_live(table.indexes, relation, log(table));
  if (constraint != nullptr) {
    constraint->name = name;
    constraint->index = relation;
    add_constraint(table, *constraint);
  }
  return relation;
}

void Replay::create_index(const ::IndexStmt& statement) {
  Relation* table = target(statement.relation);
  if (table == nullptr) return;
  const Symbol name = symbol(statement.idxname);
  if (name) {
    const Lookup lookup = c.at(table->schema, name);
    if (lookup.presence == Presence::known) return;
    if (lookup.presence == Presence::unknown && lookup.relation != nullptr) {
      // Assumed to exist: with IF NOT EXISTS it may, otherwise it did not.
      if (statement.if_not_exists || lookup.relation->index == nullptr) return;
      drop_index(*lookup.relation);
    }
  }
  IndexPlan plan;
  plan.tablespace = symbol(statement.tableSpace);
  plan.index.method = symbol(statement.accessMethod);
  plan.index.unique = statement.unique;
  plan.index.nulls_not_distinct = statement.nulls_not_distinct;
  plan.index.concurrently = statement.concurrent;
  describe_keys(statement, plan.index);
  if (!has_columns(*table, plan.index.include)) return;
  for (const IndexKey& key : plan.index.keys)
    if (key.column && table->columns_known && column(*table, key.column) == nullptr) return;
  for (const ::IndexElem& element : pg::only<::IndexElem>(statement.indexParams)) use_functions(*table, element.expr);
  use_functions(*table, statement.whereClause);
  Relation* index = add_index(*table, plan, name, nullptr);
  if (table->kind != RelationKind::partitioned_table || table->extra().children.empty()) return;
  if (statement.relation->inh)
    index_partitions(*table, *index);
  else
    set(index->index->valid, false);
}

// --- partitions ------------------------------------------------------------------------------------------------------

Relation* Replay::ensure_index(Relation& partition, Relation& parent_index, bool& made) {
  made = false;
  const Index& wanted = *parent_index.index;
  const bool constrained = wanted.constraint != nullptr;
  for (Relation* there : partition.indexes) {
    if (there->dropped || !there->extra().parents.empty() || !fits(wanted, *there->index)) continue;
    if (constrained &&
        (there->index->constraint == nullptr || there->index->constraint->kind != wanted.constraint->kind))
      continue;
    attach_index(parent_index, *there);
    return there;
  }
  for (const IndexKey& key : wanted.keys)
    if (key.column && partition.columns_known && column(partition, key.column) == nullptr) return nullptr;
  if (!has_columns(partition, wanted.include) || !spend(1)) return nullptr;
  IndexPlan plan;
  plan.index = copied(wanted);
  plan.index.concurrently = false;
  plan.constraint = constrained;
  Constraint* constraint = nullptr;
  if (constrained) {
    plan.kind = wanted.constraint->kind;
    constraint = clone(*wanted.constraint, partition);
    if (plan.kind == ConstraintKind::primary_key)
      for (const Symbol key : constraint->columns)
        if (Column* column = column_of(partition, key)) set_not_null(partition, *column, false);
  }
  made = true;
  Relation* index = add_index(partition, plan, {}, constraint);
  add_child(parent_index, *index);
  return index;
}

void Replay::index_partitions(Relation& table, Relation& index) {
  struct Step {
    Relation* table;
    Relation* index;
  };
  std::vector<Step> steps{{&table, &index}};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step step = steps[i];
    for (std::uint32_t j = 0; j < step.table->extra().children.size(); ++j) {
      Relation& child = *step.table->extra().children[j];
      if (!child.is_partition || !child.is_table()) continue;
      bool made = false;
      Relation* below = ensure_index(child, *step.index, made);
      if (below == nullptr) return;
      if (made && child.kind == RelationKind::partitioned_table) steps.push_back({&child, below});
    }
  }
  for (std::size_t i = steps.size(); i > 0; --i) check_partitioned_index(*steps[i - 1].index);
}

void Replay::check_partitioned_index(Relation& index) {
  const Relation* table = index.index->table;
  if (table == nullptr) return;
  const bool valid =
      index.extra().children.size() + table->extra().foreign_children >= table->extra().children.size() &&
      std::all_of(index.extra().children.begin(), index.extra().children.end(),
                  [](const Relation* child) { return child->index->valid; });
  if (index.index->valid != valid) set(index.index->valid, valid);
}

void Replay::attach_index(Relation& parent, Relation& child) {
  if (!child.extra().parents.empty() || &parent == &child) return;
  add_child(parent, child);
  Constraint* above = parent.index->constraint;
  Constraint* below = child.index->constraint;
  if (above == nullptr || below == nullptr) return;
  set(below->parent, above);
  set(below->local, false);
}

void Replay::attach_index(Relation& parent, const ::PartitionCmd& command) {
  Relation* child = target(command.name, RelationKind::index);
  if (child == nullptr || child->index == nullptr || parent.index == nullptr || !child->extra().parents.empty()) return;
  if (descends_from(parent, *child)) return;
  attach_index(parent, *child);
  // Up the hierarchy, as far as this completes it.
  Relation* index = &parent;
  for (int levels = 0; index != nullptr && levels < 1000; ++levels) {
    const bool before = index->index->valid;
    if (index->known) check_partitioned_index(*index);
    if (before == index->index->valid) break;
    index = index->extra().parents.empty() ? nullptr : index->extra().parents[0];
  }
}

void Replay::drop_index(Relation& dropped) {
  std::vector<Relation*> work{&dropped};
  if (!dropped.extra().parents.empty()) remove_child(*dropped.extra().parents[0], dropped);
  while (!work.empty()) {
    Relation& index = *work.back();
    work.pop_back();
    if (index.dropped) continue;
    set(index.dropped, true);
    release_relation_name(index.schema, index.name);
    for (Relation* child : index.extra().children) work.push_back(child);
    const Index* details = index.index;
    if (details == nullptr) continue;
    if (Constraint* owner = details->constraint; owner != nullptr && !owner->dropped) {
      set(owner->dropped, true);
      if (owner->table != nullptr) release_constraint_name(owner->table->schema, owner->name);
    }
    drop_references(index);
  }
}

}  // namespace pglint::catalog
