// ALTER COLUMN … TYPE: whether the rows are written again, and what has to be built or checked again with them.
#include <algorithm>

#include "effect/alter/alter.h"

namespace pglint::effect {
namespace {

// The type of a default that is a literal, if that can be told from its text.
bool literal_default(const Model& model, const Column& column, catalog::TypeName& type) {
  const std::string_view sql = column.default_sql();
  if (sql.empty()) return false;
  if (sql.front() == '\'' && sql.find('\'', 1) == sql.size() - 1) {
    type = column.type;
    return true;
  }
  if (sql == "true" || sql == "false" || sql == "TRUE" || sql == "FALSE") {
    type.name = model.symbol("bool");
    return true;
  }
  if (sql.size() < 10 && std::all_of(sql.begin(), sql.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    type.name = model.symbol("int4");
    return true;
  }
  return false;
}

}  // namespace

// A column's new type, on the table that is named or one below it.
struct Alter::TypeChange {
  const Relation& table;
  const Column* before;  // null if it was never seen
  Symbol column;
  std::string_view name;
  const catalog::TypeName& type;
  const ::ColumnDef& definition;
  Coercion coercion = {};
};

void Alter::change_type(const ::AlterTableCmd& command, Part& part) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name))) return;
  const auto& definition = pg::cast<::ColumnDef>(command.def);
  const catalog::TypeName type = type_of(m_, definition.typeName);
  if (table_ == nullptr) {
    add_work_below(Work::scan | Work::rewrite, part, true);
    return;
  }
  if (contains(table_->extra().partition_key, name))
    m_.fail("42P16", "cannot alter column \"{}\" because it is part of the partition key of relation \"{}\"",
            pg::text(command.name), table_name());
  const Column* column = catalog::column(*table_, name);
  if (column != nullptr && column->inherited > 0)
    m_.fail("42P16", "cannot alter inherited column \"{}\"", pg::text(command.name));
  each_in_tree(*table_, recurse_, [&](const Relation& table) {
    change_type({.table = table,
                 .before = catalog::column(table, name),
                 .column = name,
                 .name = pg::text(command.name),
                 .type = type,
                 .definition = definition},
                part);
  });
}

void Alter::change_type(TypeChange change, Part& part) {
  if (change.before != nullptr)
    change.coercion = coercion(m_, change.before->type, change.type, change.definition.raw_default, change.name);
  if (change.before != nullptr && change.before->generated == Generated::virtual_) change.coercion.rewrites = false;
  if (change.table.kind == RelationKind::foreign_table || change.table.kind == RelationKind::view ||
      change.table.kind == RelationKind::composite)
    change.coercion.rewrites = false;

  check_new_type(change);
  if (change.coercion.rewrites) {
    if (change.table.kind != RelationKind::partitioned_table || change.table.extra().children.empty())
      add_work(change.table, Work::scan | Work::rewrite, part);
    part.work |= Work::scan | Work::rewrite;
  }
  remake_indexes(change, part);
  for (const Constraint* constraint : change.table.constraints) {
    if (constraint->dropped || constraint->kind != ConstraintKind::check ||
        !contains(constraint->columns, change.column))
      continue;
    if (constraint->valid && constraint->enforced && !drops_constraint(constraint->name) &&
        (change.table.kind != RelationKind::partitioned_table || change.table.extra().children.empty()))
      add_work(change.table, Work::scan, part);
  }
  remake_foreign_keys(change, part);

  if (change.before == nullptr) return;
  for (const Relation* sequence : change.table.owned) {
    if (sequence->dropped || sequence->owner_table != &change.table || sequence->owner_column != change.column)
      continue;
    if (change.before->identity != Identity::none)
      m_.lock(*sequence, LockMode::share_row_exclusive, Because::sequence);
    else if (m_.version >= 14)
      m_.lock(*sequence, LockMode::access_share, Because::sequence);
  }
}

void Alter::check_new_type(const TypeChange& change) {
  if (change.before != nullptr && change.table.known) {
    catalog::TypeName literal;
    if (change.definition.raw_default == nullptr && !assignable(m_, change.before->type, change.type))
      m_.fail("42804", "column \"{}\" cannot be cast automatically to type {}", change.name,
              type_text(m_, change.type));
    else if (literal_default(m_, *change.before, literal) && !assignable(m_, literal, change.type) &&
             !drops_default(change.column))
      m_.fail("42804", "default for column \"{}\" cannot be cast automatically to type {}", change.name,
              type_text(m_, change.type));
  }
  for (const Relation* view : change.table.dependents) {
    if (view->dropped) continue;
    if (std::any_of(view->extra().reads.begin(), view->extra().reads.end(), [&](const catalog::Dependency& read) {
          return read.on == &change.table && read.column == change.column;
        }))
      m_.fail("0A000", "cannot alter type of a column used by a view or rule");
  }
  each_column_use(change.table, change.column, [&](catalog::ColumnUse::By by) {
    m_.fail("0A000", "{}",
            by == catalog::ColumnUse::By::rule     ? "cannot alter type of a column used by a view or rule"
            : by == catalog::ColumnUse::By::policy ? "cannot alter type of a column used in a policy definition"
                                                   : "cannot alter type of a column used in a trigger definition");
  });
  for (const catalog::GeneratedFrom& from : change.table.extra().generated_from)
    if (from.source == change.column && from.column != change.column &&
        catalog::column(change.table, from.column) != nullptr)
      m_.fail(m_.version < 14 ? "42601" : "0A000", "cannot alter type of a column used by a generated column");
}

// Indexes on the column are made again; one whose definition means the same keeps its file.
void Alter::remake_indexes(const TypeChange& change, Part& part) {
  const Symbol collation = change.definition.collClause != nullptr
                               ? m_.symbol(pg::last_name(change.definition.collClause->collname))
                               : Symbol{};
  const auto same_collation = [&](Symbol one, Symbol other) {
    const auto plain = [&](Symbol s) { return !s || m_.text(s) == "default"; };
    return one == other || (plain(one) && plain(other));
  };
  each_index(change.table, [&](const Relation& index) {
    const catalog::Index& of = *index.index;
    bool in_key = false;
    bool kept = change.coercion.same_operators;
    for (const catalog::IndexKey& key : of.keys) {
      if (key.column != change.column) continue;
      in_key = true;
      const std::string_view opclass = m_.text(key.opclass);
      if (opclass.ends_with("pattern_ops") || opclass.ends_with("trgm_ops")) kept = true;
      if (!key.collation && change.before != nullptr && !same_collation(change.before->collation, collation))
        kept = false;
    }
    const bool in_expression = contains(of.expression_columns, change.column);
    const bool included = contains(of.include, change.column);
    if (!in_key && !in_expression && !included) return;
    if (included && !in_key) kept = true;
    // A partition's is made again with its parent's, and for that no file is kept.
    if (!index.extra().parents.empty()) kept = false;
    const bool has_expression =
        !of.predicate.empty() ||
        std::any_of(of.keys.begin(), of.keys.end(), [](const catalog::IndexKey& key) { return !key.column; });
    m_.lock(index, LockMode::access_exclusive, Because::index);
    if (index.kind == RelationKind::partitioned_index) return;
    if (change.coercion.rewrites || (kept && !has_expression && of.valid)) return;  // with the rewrite, or not at all
    m_.rebuild(index);
    part.work |= Work::scan | Work::index_build;
  });
}

// Foreign keys at either end are made again.
void Alter::remake_foreign_keys(const TypeChange& change, Part& part) {
  const bool checked_again = change.coercion.rewrites || !change.coercion.same_operators;
  const auto again = [&](const Constraint& key, const Relation& other, Because because) {
    if (drops_constraint(key.name) && key.table == table_) return;
    each_in_tree(other, other.kind == RelationKind::partitioned_table, [&](const Relation& part_of) {
      m_.lock(part_of, LockMode::access_exclusive, as_child(part_of, other, because));
    });
    if (m_.version >= 14) {
      const Relation* index = primary_key_index(*key.references);
      each_index(*key.references, [&](const Relation& candidate) {
        if (candidate.index->unique && candidate.index->keys.size() == key.referenced_columns.size() &&
            std::all_of(candidate.index->keys.begin(), candidate.index->keys.end(),
                        [&](const catalog::IndexKey& k) { return contains(key.referenced_columns, k.column); }))
          index = &candidate;
      });
      if (index != nullptr) m_.lock(*index, LockMode::access_share, Because::index);
    }
    if (!checked_again || !key.valid || !key.enforced) return;
    validate_foreign_key(m_, key.table, key.references);
    part.work |= Work::scan;
  };
  each_foreign_key(change.table, [&](const Constraint& key) {
    if (contains(key.columns, change.column) && key.references != &change.table)
      again(key, *key.references, Because::references);
  });
  each_reference(change.table, [&](const Constraint& key) {
    if (contains(key.referenced_columns, change.column) && key.table != &change.table)
      again(key, *key.table, Because::references);
  });
}

}  // namespace pglint::effect
