#include "base/symbol.h"

#include <random>

namespace pglint {
namespace {

// FNV-1a: identifiers are short. It starts from a number drawn at start-up, so that nobody
// can write a file of names that collide.
std::uint32_t hash_of(std::string_view name) {
  static const std::uint64_t seed = 0xcbf29ce484222325ULL ^ (std::uint64_t{std::random_device{}()} << 16);
  std::uint64_t h = seed;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return static_cast<std::uint32_t>(h ^ (h >> 32));
}

}  // namespace

SymbolTable::SymbolTable() : names_{{}}, hashes_{0}, slots_(1024, 0) {}

Symbol SymbolTable::find(std::string_view name) const {
  if (name.empty()) return {};
  const std::uint32_t hash = hash_of(name);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash & mask; slots_[i] != 0; i = (i + 1) & mask) {
    const std::uint32_t id = slots_[i];
    if (hashes_[id] == hash && names_[id] == name) return {id};
  }
  return {};
}

Symbol SymbolTable::intern(std::string_view name) {
  if (name.empty()) return {};
  const std::uint32_t hash = hash_of(name);
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash & mask;
  for (; slots_[i] != 0; i = (i + 1) & mask) {
    const std::uint32_t id = slots_[i];
    if (hashes_[id] == hash && names_[id] == name) return {id};
  }
  const auto id = static_cast<std::uint32_t>(names_.size());
  names_.push_back(arena_.copy(name));
  hashes_.push_back(hash);
  slots_[i] = id;
  if (names_.size() * 3 > slots_.size() * 2) grow();
  return {id};
}

void SymbolTable::grow() {
  std::vector<std::uint32_t> slots(slots_.size() * 2, 0);
  const std::size_t mask = slots.size() - 1;
  for (std::uint32_t id = 1; id < names_.size(); ++id) {
    std::size_t i = hashes_[id] & mask;
    while (slots[i] != 0) i = (i + 1) & mask;
    slots[i] = id;
  }
  slots_ = std::move(slots);
}

}  // namespace pglint
