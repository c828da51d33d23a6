#include "effect/model.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>

#include "catalog/names.h"

namespace pglint::effect {
namespace {

// Up to here the entries are looked through one by one.
constexpr std::size_t few = 16;

std::size_t hash_of(Symbol schema, Symbol name) {
  return static_cast<std::size_t>(((std::uint64_t{schema.id} << 32) | name.id) * 0x9E3779B97F4A7C15ULL >> 20);
}

// Puts the entries that have come since the last time into the table of places.
void index_relations(Effects& out) {
  const auto put = [&out](std::size_t i) {
    const RelationEffect& effect = out.relations[i];
    const std::size_t mask = out.slots.size() - 1;
    std::size_t at = hash_of(effect.schema, effect.name) & mask;
    while (out.slots[at] != 0) at = (at + 1) & mask;
    out.slots[at] = static_cast<std::uint32_t>(i) + 1;
  };
  if (out.slots.size() < out.relations.size() * 2) {
    std::size_t size = 64;
    while (size < out.relations.size() * 4) size *= 2;
    out.slots.assign(size, 0);
    out.indexed = 0;
  }
  while (out.indexed < out.relations.size()) put(out.indexed++);
}

}  // namespace

// --- names -----------------------------------------------------------------------------------------------------------

Lookup Model::find(const ::RangeVar* name) const { return name != nullptr ? catalog.find(*name) : Lookup{}; }

Lookup Model::find(const pg::QualifiedName& name) const {
  return catalog.find(name.schema.empty() ? Symbol{} : symbol(name.schema), symbol(name.name));
}

Symbol Model::schema_for(const ::RangeVar& name) const {
  if (name.schemaname != nullptr) return symbol(name.schemaname);
  if (name.relpersistence == RELPERSISTENCE_TEMP) return symbol("pg_temp");
  return catalog.creation_schema();
}

Symbol Model::choose_name(Symbol schema, std::string_view first, std::string_view second,
                          std::string_view label) const {
  // Few histories number a name further; from there on any number is as good as another.
  constexpr int tries = 100;
  assert(label.size() < 8);
  char numbered[16];  // "excl99"
  for (int number = 0;; ++number) {
    std::string_view last = label;
    if (number > 0) {
      std::memcpy(numbered, label.data(), label.size());
      const auto end = std::to_chars(numbered + label.size(), numbered + sizeof numbered, number);
      last = std::string_view(numbered, static_cast<std::size_t>(end.ptr - numbered));
    }
    const Symbol name = symbol(catalog::make_name(first, second, last).text());
    const Lookup found = catalog.find(schema, name);
    if (number == tries) return name;
    // Or by this very statement.
    if (std::any_of(out.relations.begin(), out.relations.end(), [&](const RelationEffect& effect) {
          return effect.relation == nullptr && effect.is_new && effect.name == name && effect.schema == schema;
        }))
      continue;
    if (found.relation == nullptr || found.presence == Presence::gone) return name;
  }
}

void IndexColumns::add(std::string_view name) {
  char numbered[64];
  std::string_view unique = name;
  for (int number = 1; taken(unique) && number < 1000; ++number) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, number);
    const auto count = static_cast<std::size_t>(end.ptr - digits);
    const std::string_view head = catalog::clip(name, sizeof numbered - 1 - count);
    std::memcpy(numbered, head.data(), head.size());
    std::memcpy(numbered + head.size(), digits, count);
    unique = std::string_view(numbered, head.size() + count);
  }
  if (size_ >= sizeof text_ - 1 || count_ == std::size(starts_)) return;
  if (size_ > 0) text_[size_++] = '_';
  unique = catalog::clip(unique, sizeof text_ - 1 - size_);
  starts_[count_] = static_cast<std::uint8_t>(size_);
  std::memcpy(text_ + size_, unique.data(), unique.size());
  size_ += unique.size();
  ends_[count_++] = static_cast<std::uint8_t>(size_);
}

bool IndexColumns::taken(std::string_view name) const {
  for (std::size_t i = 0; i < count_; ++i)
    if (std::string_view(text_ + starts_[i], static_cast<std::size_t>(ends_[i] - starts_[i])) == name) return true;
  return false;
}

Symbol Model::choose_key_name(Symbol schema, std::string_view table, const ::List* columns, const ::List* including,
                              std::string_view label) const {
  IndexColumns joined;
  for (const ::List* list : {columns, including})
    for (const ::Node* column : pg::nodes(list)) joined.add(pg::string(column));
  return choose_name(schema, table, joined.text(), label);
}

Symbol Model::choose_like(Symbol schema, std::string_view table, const catalog::Index& index) const {
  const catalog::Constraint* constraint = index.constraint;
  if (constraint != nullptr && constraint->kind == catalog::ConstraintKind::primary_key)
    return choose_name(schema, table, {}, "pkey");
  IndexColumns joined;
  for (const catalog::IndexKey& key : index.keys)
    joined.add(key.label ? text(key.label) : key.column ? text(key.column) : std::string_view("expr"));
  for (const Symbol column : index.include) joined.add(text(column));
  return choose_name(schema, table, joined.text(),
                     constraint == nullptr                                    ? "idx"
                     : constraint->kind == catalog::ConstraintKind::exclusion ? "excl"
                                                                              : "key");
}

// --- locks -----------------------------------------------------------------------------------------------------------

RelationEffect* Model::entry(Symbol schema, Symbol name) {
  if (out.relations.size() <= few) {
    for (RelationEffect& effect : out.relations)
      if (effect.name == name && effect.schema == schema) return &effect;
    return nullptr;
  }
  index_relations(out);
  const std::size_t mask = out.slots.size() - 1;
  for (std::size_t at = hash_of(schema, name) & mask; out.slots[at] != 0; at = (at + 1) & mask) {
    RelationEffect& effect = out.relations[out.slots[at] - 1];
    if (effect.name == name && effect.schema == schema) return &effect;
  }
  return nullptr;
}

void Model::add(const RelationEffect& effect) {
  has_index_ = has_index_ || is_index(effect.kind);
  out.relations.push_back(effect);
}

void Model::merge(const RelationEffect& effect) {
  if (RelationEffect* known = entry(effect.schema, effect.name)) {
    known->lock = std::max(known->lock, effect.lock);
    known->work |= effect.work;
    return;
  }
  add(effect);
}

RelationEffect Model::effect_on(const Relation& relation, LockMode mode, Because because, Work work) const {
  return {.relation = &relation,
          .schema = relation.schema,
          .name = relation.name,
          .kind = relation.kind,
          .known = relation.known,
          .is_new = catalog.is_new(relation),
          .lock = mode,
          .work = work,
          .because = because,
          .held_until = held};
}

void Model::lock(const Relation& relation, LockMode mode, Because because, Work work) {
  merge(effect_on(relation, mode, because, work));
}

void Model::lock(const Lookup& found, RelationKind assumed, LockMode mode, Because because, Work work) {
  if (found.presence == Presence::gone || !found.name) return;
  if (found.relation != nullptr) return lock(*found.relation, mode, because, work);
  merge({.schema = found.schema,
         .name = found.name,
         .kind = assumed,
         .lock = mode,
         .work = work,
         .because = because,
         .held_until = held});
}

void Model::made(RelationKind kind, Symbol schema, Symbol name, Because because, Work work) {
  merge({.schema = schema,
         .name = name,
         .kind = kind,
         .known = true,
         .is_new = true,
         .lock = LockMode::access_exclusive,
         .work = work,
         .because = because,
         .held_until = held});
}

void Model::work(const Relation& relation, Work work) {
  if (RelationEffect* known = entry(relation)) known->work |= work;
}

void Model::lock_indexes(const Relation& table, LockMode mode) {
  // Where no index is locked yet, those of a table need not be looked for: it has each of them once.
  const bool first = !has_index_;
  each_index(table, [&](const Relation& index) {
    const RelationEffect effect = effect_on(index, mode, Because::index, Work::none);
    first ? add(effect) : merge(effect);
  });
}

void Model::build_new(const Relation& table, Symbol name) {
  out.builds.push_back({table.schema, name, &table, table.schema, table.name});
  made(RelationKind::index, table.schema, name, Because::index, Work::index_build);
  work(table, Work::scan | Work::index_build);
}

void Model::build_new(Symbol table_schema, Symbol table_name, Symbol name) {
  out.builds.push_back({table_schema, name, nullptr, table_schema, table_name});
  made(RelationKind::index, table_schema, name, Because::index, Work::index_build);
  if (RelationEffect* table = entry(table_schema, table_name)) table->work |= Work::scan | Work::index_build;
}

void Model::rebuild(const Relation& index, LockMode mode) {
  lock(index, mode, Because::index);
  RelationEffect* effect = entry(index);
  if (has(effect->work, Work::index_build)) return;  // by another part of the statement
  effect->work |= Work::index_build;
  const Relation* table = index.index != nullptr ? index.index->table : nullptr;
  out.builds.push_back({index.schema, index.name, table, table != nullptr ? table->schema : Symbol{},
                        table != nullptr ? table->name : Symbol{}});
  if (table != nullptr) work(*table, Work::scan | Work::index_build);
}

bool Model::open(const Lookup& found, RelationKind assumed, LockMode mode, Because because, Work work, bool if_exists) {
  if (found.presence == Presence::gone) {
    if (!if_exists) missing(found);
    return false;
  }
  lock(found, assumed, mode, because, work);
  return static_cast<bool>(found.name);
}

// --- errors ----------------------------------------------------------------------------------------------------------

void Model::set_error(const char* sqlstate, std::string message) {
  out.has_error = true;
  std::memcpy(out.error.sqlstate, sqlstate, 5);
  out.error.sqlstate[5] = '\0';
  out.error.message = std::move(message);
}

void Model::newer_syntax(std::string_view word) { fail("42601", "syntax error at or near \"{}\"", word); }

void Model::missing(const Lookup& found) { fail("42P01", "relation \"{}\" does not exist", text(found.name)); }

bool Model::outside_transaction(std::string_view what) {
  out.transactional = false;
  held = HeldUntil::statement;
  if (!transaction.block) return true;
  fail("25001", "{} cannot run inside a transaction block", what);
  return false;
}

// --- relations -------------------------------------------------------------------------------------------------------

bool contains(const Vec<Symbol>& list, Symbol name) { return std::find(list.begin(), list.end(), name) != list.end(); }

bool is_system_column(std::string_view name) {
  constexpr std::array<std::string_view, 6> names = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_index(RelationKind kind) { return kind == RelationKind::index || kind == RelationKind::partitioned_index; }

bool has_storage(const Relation& relation) {
  return relation.kind == RelationKind::table || relation.kind == RelationKind::materialized_view;
}

const Relation* primary_key_index(const Relation& table) {
  for (const catalog::Constraint* constraint : table.constraints)
    if (!constraint->dropped && constraint->kind == catalog::ConstraintKind::primary_key) return constraint->index;
  return nullptr;
}

}  // namespace pglint::effect
