// A hash table from 64-bit keys to small values. Its memory is an arena's and every change goes through a journal, so
// that a rollback puts it back like anything else.
#pragma once

#include <cassert>
#include <cstdint>
#include <type_traits>

#include "base/arena.h"
#include "base/journal.h"

namespace pglint {

// Drawn at start-up, so that nobody can write a file whose keys collide.
[[nodiscard]] std::uint64_t hash_seed();

template <class V>
class FlatMap {
 public:
  static_assert(std::is_trivially_copyable_v<V>);

  [[nodiscard]] bool empty() const { return table_.used == 0; }
  [[nodiscard]] std::uint32_t size() const { return table_.used; }

  // The value of a key, which is never 0; null if it has none.
  [[nodiscard]] const V* find(std::uint64_t key) const {
    const Slot* slot = table_.used == 0 ? nullptr : probe(table_, key);
    return slot != nullptr && slot->key == key ? &slot->value : nullptr;
  }

  void set(std::uint64_t key, V value, Arena& arena, Journal& journal) { journal.set(at(key, arena, journal), value); }

  // The value of a key, made if it has none; to be changed through the journal, and before the next call.
  [[nodiscard]] V& at(std::uint64_t key, Arena& arena, Journal& journal) {
    assert(key != 0);
    if (table_.used * 3 >= table_.capacity * 2) grow(arena, journal);
    Slot* slot = probe(table_, key);
    if (slot->key != key) {
      journal.set(*slot, Slot{key, V{}});
      Table next = table_;
      ++next.used;
      journal.set(table_, next);
    }
    return slot->value;
  }

  // Calls `visit(key, value)` for all, in no order that means anything.
  template <class F>
  void each(F&& visit) const {
    for (std::uint32_t i = 0; i < table_.capacity; ++i)
      if (table_.slots[i].key != 0) visit(table_.slots[i].key, table_.slots[i].value);
  }

 private:
  struct Slot {
    std::uint64_t key;  // 0: free
    V value;
  };
  struct Table {
    Slot* slots = nullptr;
    std::uint32_t capacity = 0;  // a power of two, at most two thirds full
    std::uint32_t used = 0;
  };

  [[nodiscard]] static Slot* probe(const Table& table, std::uint64_t key) {
    static const std::uint64_t seed = hash_seed();
    std::uint64_t h = (key ^ seed) * 0x9E3779B97F4A7C15ULL;
    h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93ULL;
    const std::uint32_t mask = table.capacity - 1;
    for (auto i = static_cast<std::uint32_t>(h >> 32) & mask;; i = (i + 1) & mask)
      if (table.slots[i].key == key || table.slots[i].key == 0) return table.slots + i;
  }

  // The old slots stay until no rollback can need them.
  void grow(Arena& arena, Journal& journal) {
    Table next;
    next.capacity = table_.capacity == 0 ? 16 : table_.capacity * 2;
    next.used = table_.used;
    next.slots = static_cast<Slot*>(arena.allocate_again(next.capacity * sizeof(Slot)));
    for (std::uint32_t i = 0; i < next.capacity; ++i) next.slots[i] = Slot{0, V{}};
    for (std::uint32_t i = 0; i < table_.capacity; ++i)
      if (const Slot& slot = table_.slots[i]; slot.key != 0) *probe(next, slot.key) = slot;
    const Table old = table_;
    journal.set(table_, next);
    if (old.capacity != 0) journal.outgrown(arena, old.slots, old.capacity * sizeof(Slot));
  }

  Table table_;
};

}  // namespace pglint
