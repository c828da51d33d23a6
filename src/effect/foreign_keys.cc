// Foreign keys lock two tables: the one that refers, and the one it refers to.

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "effect/model.h"

namespace pglint::effect {
namespace {

// The index behind a key that consists of exactly these columns; of the primary key if none are given.
const Relation* key_index(const Model& model, const Relation& table, const ::List* columns) {
  if (columns == nullptr) return primary_key_index(table);
  const auto wanted = pg::nodes(columns);
  const Relation* found = nullptr;
  each_index(table, [&](const Relation& relation) {
    const catalog::Index* index = relation.index;
    if (found != nullptr || index == nullptr || !index->unique || !index->predicate.empty() ||
        index->keys.size() != wanted.size())
      return;
    for (const catalog::IndexKey& key : index->keys) {
      bool named = false;
      for (const ::Node* column : wanted) named = named || (key.column && model.symbol_of(column) == key.column);
      if (!named) return;
    }
    found = &relation;
  });
  return found;
}

}  // namespace

void validate_foreign_key(Model& model, const Relation* table, const Relation* referenced) {
  // One query over both: the planner opens every index of either.
  for (const Relation* side : {table, referenced}) {
    if (side == nullptr) continue;
    each_in_tree(*side, side->kind == RelationKind::partitioned_table, [&](const Relation& relation) {
      if (has_storage(relation) || relation.extra().children.empty()) model.work(relation, Work::scan);
      if (has_storage(relation)) model.lock_indexes(relation, LockMode::access_share);
    });
  }
}

void add_foreign_key(Model& model, const NewForeignKey& key) {
  if (key.self && key.table == nullptr) return;  // of a table that is being made
  if (key.referenced.presence == Presence::gone) return model.missing(key.referenced);
  const Relation* referenced = key.self ? key.table : key.referenced.relation;
  if (referenced == nullptr) {
    model.lock(key.referenced, RelationKind::table, LockMode::share_row_exclusive, Because::references,
               key.validates ? Work::scan : Work::none);
  } else {
    if (!key.self)
      each_in_tree(*referenced, referenced->kind == RelationKind::partitioned_table, [&](const Relation& relation) {
        model.lock(relation, LockMode::share_row_exclusive, as_child(relation, *referenced, Because::references));
      });
    if (referenced->known && model.version >= 14) {
      if (const Relation* index = key_index(model, *referenced, key.referenced_columns))
        each_in_tree(*index, true,
                     [&](const Relation& part) { model.lock(part, LockMode::access_share, Because::index); });
    }
  }
  if (!key.validates) return;
  validate_foreign_key(model, key.table, referenced);
}

void check_persistence(Model& model, catalog::Persistence from, const Lookup& referenced) {
  if (referenced.presence != Presence::known || referenced.relation == nullptr) return;
  using catalog::Persistence;
  const Persistence to = referenced.relation->persistence;
  if (from == Persistence::permanent && to != Persistence::permanent)
    model.fail("42P16", "constraints on permanent tables may reference only permanent tables");
  else if (from == Persistence::unlogged && to == Persistence::temporary)
    model.fail("42P16", "constraints on unlogged tables may reference only permanent or unlogged tables");
  else if (from == Persistence::temporary && to != Persistence::temporary)
    model.fail("42P16", "constraints on temporary tables may reference only temporary tables");
}

void check_foreign_key(Model& model, Symbol schema, Symbol table, const std::vector<catalog::TypeName>& types,
                       const ::Constraint& constraint, const Lookup& referenced) {
  const Relation* other = referenced.relation;
  if (other == nullptr || referenced.presence != Presence::known || !other->columns_known) return;
  const auto columns = pg::nodes(constraint.pk_attrs);
  // An index has at most 32 columns.
  std::array<Symbol, 32> buffer;
  std::size_t count = 0;
  if (columns.empty()) {
    const Relation* key = primary_key_index(*other);
    if (key == nullptr || key->index == nullptr) {
      model.fail("42704", "there is no primary key for referenced table \"{}\"", model.text(other->name));
      return;
    }
    for (const catalog::IndexKey& part : key->index->keys)
      if (count < buffer.size()) buffer[count++] = part.column;
  } else {
    for (const ::Node* column : columns) {
      const Symbol name = model.symbol_of(column);
      if (catalog::column(*other, name) == nullptr) {
        model.fail("42703", "column \"{}\" referenced in foreign key constraint does not exist", pg::string(column));
        return;
      }
      if (count < buffer.size()) buffer[count++] = name;
    }
    if (columns.size() > buffer.size()) return;
  }
  const std::span<const Symbol> wanted(buffer.data(), count);
  bool unique = false;
  each_index(*other, [&](const Relation& index) {
    unique =
        unique || (index.index->unique && index.index->predicate.empty() && index.index->keys.size() == wanted.size() &&
                   std::all_of(index.index->keys.begin(), index.index->keys.end(), [&](const catalog::IndexKey& k) {
                     return k.column && std::find(wanted.begin(), wanted.end(), k.column) != wanted.end();
                   }));
  });
  if (types.size() != wanted.size()) {
    model.fail("42830", "number of referencing and referenced columns for foreign key disagree");
    return;
  }
  if (!unique) {
    model.fail("42830", "there is no unique constraint matching given keys for referenced table \"{}\"",
               model.text(other->name));
    return;
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const catalog::Column* to = catalog::column(*other, wanted[i]);
    if (to == nullptr || comparable(model, types[i], to->type)) continue;
    const std::string_view name =
        constraint.conname != nullptr
            ? pg::text(constraint.conname)
            : model.text(model.choose_key_name(schema, model.text(table), constraint.fk_attrs, nullptr, "fkey"));
    model.fail("42804", "foreign key constraint \"{}\" cannot be implemented", name);
  }
}

}  // namespace pglint::effect
