// Errors and locks that several statements have in common.

#include <algorithm>
#include <array>

#include "effect/model.h"

namespace pglint::effect {

void Model::may_fail(const char* sqlstate, const char* when) {
  for (const PossibleError& known : out.may_fail)
    if (std::string_view(known.sqlstate) == sqlstate) return;
  out.may_fail.push_back({sqlstate, when});
}

void check_not_pending(Model& model, const Relation& table, std::string_view what) {
  if (table.pending != 0 && table.pending == model.catalog.now.transaction)
    model.fail("55006", "cannot {} \"{}\" because it has pending trigger events", what, model.text(table.name));
}

void check_type(Model& model, std::string_view schema, std::string_view name) {
  if (!schema.empty() || !model.catalog.knows_all_relations()) return;
  const Symbol symbol = model.symbol(name);
  if (model.catalog.is_builtin_type(symbol) || model.catalog.find_type({}, symbol) != nullptr) return;
  constexpr std::array<std::string_view, 6> serial = {"smallserial", "serial2",   "serial",
                                                      "serial4",     "bigserial", "serial8"};
  if (std::find(serial.begin(), serial.end(), name) != serial.end()) return;
  // A table is a type, too.
  if (model.catalog.find(Symbol{}, symbol).presence != Presence::gone) return;
  model.fail("42704", "type \"{}\" does not exist", name);
}

void check_enum_label(Model& model, const catalog::TypeName& type, const ::Node* value) {
  const catalog::Type* found = type.array_dimensions > 0 ? nullptr : model.catalog.find_type(type);
  if (found == nullptr || found->kind != catalog::TypeKind::enumeration) return;
  const auto label = pg::constant_string(pg::without_casts(value));
  if (!label) return;
  const Symbol name = model.symbol(*label);
  const auto known = std::find_if(found->values.begin(), found->values.end(),
                                  [&](const catalog::EnumValue& one) { return one.name == name; });
  const std::uint32_t now = model.catalog.now.transaction;
  if (known == found->values.end())
    model.fail("22P02", "invalid input value for enum {}: \"{}\"", model.text(found->name), *label);
  else if (known->later && now != 0 && known->added.transaction == now &&
           !(model.version >= 17 && found->created.transaction == now))
    model.fail("55P04", "unsafe use of new value \"{}\" of enum type {}", *label, model.text(found->name));
}

void check_clusterable(Model& model, const Lookup& found) {
  const Relation* relation = found.presence == Presence::known ? found.relation : nullptr;
  if (relation == nullptr || relation->index == nullptr) return;
  if (!relation->index->predicate.empty())
    model.fail("0A000", "cannot cluster on partial index \"{}\"", model.text(found.name));
  const std::string_view method = model.text(relation->index->method);
  if (method == "gin" || method == "brin" || method == "hash" || method == "spgist")
    model.fail("0A000", "cannot cluster on index \"{}\" because access method does not support clustering",
               model.text(found.name));
}

bool has_subquery(const ::Node* expression) {
  bool found = false;
  pg::each<::SubLink>(expression, [&](const ::SubLink&) { found = true; });
  return found;
}

bool serves(const catalog::Index& index, const catalog::Index& wanted) {
  const bool constraint = wanted.constraint != nullptr;
  return index.valid && index.unique == wanted.unique && index.method == wanted.method &&
         index.keys.size() == wanted.keys.size() && index.include.size() == wanted.include.size() &&
         index.predicate == wanted.predicate &&
         std::equal(index.keys.begin(), index.keys.end(), wanted.keys.begin(),
                    [](const catalog::IndexKey& a, const catalog::IndexKey& b) {
                      return a.column == b.column && a.expression == b.expression && a.opclass == b.opclass &&
                             a.collation == b.collation;
                    }) &&
         (!constraint || (index.constraint != nullptr && index.constraint->kind == wanted.constraint->kind));
}

void lock_owned(Model& model, const Relation& table) {
  model.lock_indexes(table, LockMode::access_exclusive);
  for (const Relation* sequence : table.owned)
    if (!sequence->dropped && sequence->owner_table == &table)
      model.lock(*sequence, LockMode::access_exclusive, Because::sequence);
}

bool calls(std::string_view sql, std::string_view function) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  for (std::size_t at = 0; at + function.size() <= sql.size(); ++at) {
    if (at != 0 && is_word(sql[at - 1])) continue;
    if (!std::equal(function.begin(), function.end(), sql.begin() + static_cast<std::ptrdiff_t>(at),
                    [&](char b, char a) { return a == b || same(a, b); }))
      continue;
    std::size_t end = at + function.size();
    if (end < sql.size() && sql[end] == '"') ++end;
    while (end < sql.size() && sql[end] <= ' ') ++end;
    if (end < sql.size() && sql[end] == '(') return true;
  }
  return false;
}

}  // namespace pglint::effect
