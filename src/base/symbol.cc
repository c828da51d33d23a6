#include "base/symbol.h"

#include <cstring>
#include <random>

#include "base/flat_map.h"

namespace pglint {
namespace {

// Eight bytes a step, the last of which overlap those before: most identifiers take two or three.
std::uint32_t hash_of(std::string_view name) {
  static const std::uint64_t seed = hash_seed();
  std::uint64_t h = seed ^ (name.size() * 0x9E3779B97F4A7C15ULL);
  const auto mix = [&h](std::uint64_t word) {
    h = (h ^ word) * 0xD6E8FEB86659FD93ULL;
    h ^= h >> 32;
  };
  const auto word_at = [](const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    return word;
  };
  const auto half_at = [](const char* at) {
    std::uint32_t half = 0;
    std::memcpy(&half, at, 4);
    return std::uint64_t{half};
  };
  const char* at = name.data();
  const std::size_t size = name.size();
  if (size > 8) {
    const char* last = at + size - 8;
    for (; at < last; at += 8) mix(word_at(at));
    mix(word_at(last));
  } else if (size >= 4) {
    mix(half_at(at) << 32 | half_at(at + size - 4));
  } else {
    std::uint64_t word = 0;
    for (const char c : name) word = word << 8 | static_cast<unsigned char>(c);
    mix(word);
  }
  // What differs in the last letters alone differs in the upper bits alone until it is multiplied once more.
  return static_cast<std::uint32_t>((h * 0x9E3779B97F4A7C15ULL) >> 32);
}

}  // namespace

std::uint64_t hash_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }();
  return seed;
}

SymbolTable::SymbolTable() : names_{{}}, slots_(1024) {}

std::size_t SymbolTable::slot_of(std::string_view name, std::uint32_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = hash & mask;
  for (; slots_[i].id != 0; i = (i + 1) & mask)
    if (slots_[i].hash == hash && names_[slots_[i].id] == name) break;
  return i;
}

Symbol SymbolTable::find(std::string_view name) const {
  if (name.empty()) return {};
  return {slots_[slot_of(name, hash_of(name))].id};
}

Symbol SymbolTable::intern(std::string_view name, bool& fresh) {
  fresh = false;
  if (name.empty()) return {};
  const std::uint32_t hash = hash_of(name);
  Slot& slot = slots_[slot_of(name, hash)];
  if (slot.id != 0) return {slot.id};
  fresh = true;
  const auto id = static_cast<std::uint32_t>(names_.size());
  names_.push_back(arena_.copy(name));
  slot = {hash, id};
  if (names_.size() * 3 > slots_.size() * 2) grow();
  return {id};
}

void SymbolTable::grow() {
  std::vector<Slot> slots(slots_.size() * 2);
  const std::size_t mask = slots.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.id == 0) continue;
    std::size_t i = slot.hash & mask;
    while (slots[i].id != 0) i = (i + 1) & mask;
    slots[i] = slot;
  }
  slots_ = std::move(slots);
}

}  // namespace pglint
