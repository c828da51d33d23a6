// A growable array in an arena. A plain view of three words, so that a Journal
// can put it back; the arena keeps the elements, old ones included.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/arena.h"
#include "base/journal.h"

namespace pglint {

template <class T>
struct Vec {
  static_assert(std::is_trivially_copyable_v<T>);

  T* items = nullptr;
  std::uint32_t count = 0;
  std::uint32_t capacity = 0;

  [[nodiscard]] T* begin() const { return items; }
  [[nodiscard]] T* end() const { return items + count; }
  [[nodiscard]] bool empty() const { return count == 0; }
  [[nodiscard]] std::uint32_t size() const { return count; }
  [[nodiscard]] T& operator[](std::uint32_t i) const { return items[i]; }
  [[nodiscard]] T& back() const { return items[count - 1]; }
};

// Appends; what a rolled-back append leaves behind the end is never read.
// Elements are moved to a new block when the capacity is reached, so a
// reference to an element does not survive a push.
template <class T>
void push(Vec<T>& vec, std::type_identity_t<T> value, Arena& arena, Journal& journal) {
  Vec<T> next = vec;
  if (next.count == next.capacity) {
    next.capacity = next.capacity == 0 ? (sizeof(T) > 8 ? 2 : 4) : next.capacity * 2;
    next.items = arena.array<T>(next.capacity);
    if (vec.count != 0) std::memcpy(static_cast<void*>(next.items), vec.items, vec.count * sizeof(T));
  } else if (journal.recording()) {
    // The slot may hold an element that a rollback brings back (pop, then push).
    journal.set(next.items[next.count], value);
  }
  next.items[next.count++] = value;
  journal.set(vec, next);
}

// Appends while a list is built that nobody sees yet: no journal.
template <class T>
void push(Vec<T>& vec, std::type_identity_t<T> value, Arena& arena) {
  Journal none;
  push(vec, value, arena, none);
}

// Makes room, once, for a list that nobody sees yet and whose length is known.
template <class T>
void reserve(Vec<T>& vec, std::uint32_t capacity, Arena& arena) {
  if (capacity == 0 || vec.capacity != 0) return;
  vec.items = arena.array<T>(capacity);
  vec.capacity = capacity;
}

// Takes out the element at `i`; the last one moves to its place.
template <class T>
void take_out(Vec<T>& vec, std::uint32_t i, Journal& journal) {
  Vec<T> next = vec;
  --next.count;
  if (i != next.count) journal.set(next.items[i], next.items[next.count]);
  journal.set(vec, next);
}

}  // namespace pglint
