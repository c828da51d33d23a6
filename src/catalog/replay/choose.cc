#include <algorithm>

#include "catalog/replay/state.h"

// The names that the server gives to what is created without one: it tries "t_a_idx", then "t_a_idx1", … and takes the
// first that is free. Which numbers are taken is remembered, so that many of one name do not try them all again.

namespace pglint::catalog {
namespace {

// Kinds of series, by what makes a name taken.
enum : std::uint32_t { relation_series, index_constraint_series, constraint_series };

void append_number(MadeName& name, std::uint32_t number) {
  char digits[10];
  std::uint32_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0 && name.size + 1 < sizeof(name.bytes)) name.bytes[name.size++] = digits[--count];
}

MadeName label_of(std::string_view label, std::uint32_t number) {
  MadeName out = make_name(label, {}, {});
  if (number != 0) append_number(out, number);
  return out;
}

}  // namespace

bool Replay::relation_name_taken(Symbol schema, Symbol name) const {
  const Lookup lookup = c.at(schema, name);
  return lookup.relation != nullptr && lookup.presence != Presence::gone;
}

bool Replay::constraint_name_taken(Symbol schema, Symbol name) const {
  const std::uint32_t* count = c.constraints_.find(Catalog::key(schema, name));
  return count != nullptr && *count != 0;
}

Symbol Replay::choose_name(std::uint32_t series, std::string_view first, std::string_view second,
                           std::string_view label, Symbol schema) const {
  const auto taken = [&](Symbol name) {
    return (series != constraint_series && relation_name_taken(schema, name)) ||
           (series != relation_series && constraint_name_taken(schema, name));
  };
  const MadeName plain = make_name(first, second, label);
  bool fresh = false;
  const Symbol name = c.symbols.intern(plain.text(), fresh);
  if (fresh || !taken(name)) return name;

  NameChoice* const* found = c.choices_[series].find(Catalog::key(schema, name));
  NameChoice* choice = found != nullptr ? *found : nullptr;
  if (choice == nullptr) {
    choice = c.arena.make<NameChoice>();
    choice->number = 1;
    c.choices_[series].set(Catalog::key(schema, name), choice, c.arena, c.journal);
  }
  for (std::uint32_t number = choice->number;; ++number) {
    const MadeName candidate = make_name(first, second, label_of(label, number).text());
    const Symbol numbered = symbol(candidate.text());
    const bool is_taken = taken(numbered);
    auto* record = c.arena.make<NameChoice>();
    record->first = choice;
    record->number = number;
    c.taken_[series].set(Catalog::key(schema, numbered), record, c.arena, c.journal);
    if (is_taken) continue;
    // The caller takes it.
    set(choice->number, number + 1);
    return numbered;
  }
}

Symbol Replay::choose_relation_name(std::string_view first, std::string_view second, std::string_view label,
                                    Symbol schema, bool constraint) const {
  return choose_name(constraint ? index_constraint_series : relation_series, first, second, label, schema);
}

Symbol Replay::choose_constraint_name(std::string_view first, std::string_view second, std::string_view label,
                                      Symbol schema) const {
  return choose_name(constraint_series, first, second, label, schema);
}

void Replay::release(std::uint32_t series, Symbol schema, Symbol name) const {
  if (c.taken_[series].empty()) return;
  NameChoice* const* found = c.taken_[series].find(Catalog::key(schema, name));
  if (found == nullptr) return;
  NameChoice& choice = *(*found)->first;
  if ((*found)->number < choice.number) set(choice.number, (*found)->number);
}

void Replay::release_relation_name(Symbol schema, Symbol name) const {
  release(relation_series, schema, name);
  release(index_constraint_series, schema, name);
}

void Replay::release_constraint_name(Symbol schema, Symbol name) const {
  const std::uint32_t* count = c.constraints_.find(Catalog::key(schema, name));
  if (count == nullptr || *count == 0) return;
  c.constraints_.set(Catalog::key(schema, name), *count - 1, c.arena, c.journal);
  release(index_constraint_series, schema, name);
  release(constraint_series, schema, name);
}

void Replay::take_constraint_name(Symbol schema, Symbol name) const {
  std::uint32_t& count = c.constraints_.at(Catalog::key(schema, name), c.arena, c.journal);
  set(count, count + 1);
}

MadeName Replay::joined(const Vec<Symbol>& columns) const {
  // The server keeps no more than fits a name, cut by bytes; make_name() cuts it further.
  MadeName out;
  for (const Symbol column : columns) {
    if (out.size > 0 && out.size + 1 < sizeof(out.bytes)) out.bytes[out.size++] = '_';
    for (const char ch : c.text(column)) {
      if (out.size + 1 >= sizeof(out.bytes)) break;
      out.bytes[out.size++] = ch;
    }
    if (out.size + 1 >= sizeof(out.bytes)) break;
  }
  return out;
}

// The columns of an index have names of their own: of a column its name, of an expression what it is called, each with
// a number where that is there already.
MadeName Replay::joined(Index& index) const {
  // No index has more columns than 32.
  Vec<Symbol> names;
  reserve(names, index.keys.size() + index.include.size(), c.arena);
  const auto add = [&](Symbol name) {
    Symbol unique = name;
    for (std::uint32_t number = 1; number < 100 && std::find(names.begin(), names.end(), unique) != names.end();
         ++number) {
      MadeName digits;
      append_number(digits, number);
      MadeName numbered;
      for (const char ch : clip(c.text(name), sizeof(numbered.bytes) - 1 - digits.size))
        numbered.bytes[numbered.size++] = ch;
      append_number(numbered, number);
      unique = symbol(numbered.text());
    }
    push(names, unique, c.arena);
    return unique;
  };
  for (IndexKey& key : index.keys) key.label = add(key.label ? key.label : key.column);
  for (const Symbol column : index.include_labels.empty() ? index.include : index.include_labels) add(column);
  return joined(names);
}

}  // namespace pglint::catalog
