#include "base/symbol.h"

#include <cstring>
#include <random>

#include "base/flat_map.h"

namespace pglint {
namespace {

// Eight bytes a step: most identifiers take one or two.
std::uint32_t hash_of(std::string_view name) {
  static const std::uint64_t seed = hash_seed();
  std::uint64_t h = seed ^ (name.size() * 0x9E3779B97F4A7C15ULL);
  const char* at = name.data();
  std::size_t left = name.size();
  const auto mix = [&h](std::uint64_t word) {
    h = (h ^ word) * 0xD6E8FEB86659FD93ULL;
    h ^= h >> 32;
  };
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    mix(word);
  }
  if (left != 0) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < left; ++i) word = word << 8 | static_cast<unsigned char>(at[i]);
    mix(word);
  }
  return static_cast<std::uint32_t>(h ^ (h >> 29));
}

}  // namespace

std::uint64_t hash_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }();
  return seed;
}

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

Symbol SymbolTable::intern(std::string_view name, bool& fresh) {
  fresh = false;
  if (name.empty()) return {};
  const std::uint32_t hash = hash_of(name);
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash & mask;
  for (; slots_[i] != 0; i = (i + 1) & mask) {
    const std::uint32_t id = slots_[i];
    if (hashes_[id] == hash && names_[id] == name) return {id};
  }
  fresh = true;
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
