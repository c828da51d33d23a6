// A growable array in an arena. One word, so that what has many lists, most of them empty, stays small; how many
// elements there are stands before the first. Every change goes through a journal, so that a rollback can put it back;
// the arena keeps the elements, old ones included (see gives_back).
//
// Who copies a Vec copies the handle, not the elements.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/arena.h"
#include "base/journal.h"

namespace pglint {

// Whether lists of T give back what they have outgrown: only where no handle is ever copied.
template <class T>
inline constexpr bool gives_back = false;

template <class T>
class Vec {
 public:
  static_assert(std::is_trivially_copyable_v<T>);
  static_assert(alignof(T) <= 8);

  [[nodiscard]] T* begin() const { return items_; }
  [[nodiscard]] T* end() const { return items_ + size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::uint32_t size() const { return items_ == nullptr ? 0 : header().size; }
  [[nodiscard]] std::uint32_t capacity() const { return items_ == nullptr ? 0 : header().capacity; }
  [[nodiscard]] T& operator[](std::uint32_t i) const { return items_[i]; }
  [[nodiscard]] T& back() const { return items_[size() - 1]; }

 private:
  struct Header {
    std::uint32_t size;
    std::uint32_t capacity;
  };
  // Whole words: sizes of blocks tell them apart.
  [[nodiscard]] static constexpr std::size_t block_bytes(std::uint32_t capacity) {
    return (sizeof(Header) + capacity * sizeof(T) + 7) / 8 * 8;
  }
  [[nodiscard]] Header& header() const { return reinterpret_cast<Header*>(items_)[-1]; }
  static Vec make(std::uint32_t capacity, Arena& arena) {
    const std::size_t bytes = block_bytes(capacity);
    auto* block = static_cast<std::byte*>(gives_back<T> ? arena.allocate_again(bytes) : arena.allocate(bytes, 8));
    Vec out;
    out.items_ = reinterpret_cast<T*>(block + sizeof(Header));
    out.header() = {0, capacity};
    return out;
  }

  template <class U>
  friend void push(Vec<U>& vec, std::type_identity_t<U> value, Arena& arena, Journal& journal);
  template <class U>
  friend void reserve(Vec<U>& vec, std::uint32_t capacity, Arena& arena);
  template <class U>
  friend void take_out(const Vec<U>& vec, std::uint32_t i, Journal& journal);

  T* items_ = nullptr;
};

// Appends; what a rolled-back append leaves behind the end is never read.
// Elements are moved to a new block when the capacity is reached, so a
// reference to an element does not survive a push.
template <class T>
void push(Vec<T>& vec, std::type_identity_t<T> value, Arena& arena, Journal& journal) {
  const std::uint32_t size = vec.size();
  if (size == vec.capacity()) {
    // Large elements grow by a quarter, as most lists of them are short; long ones by a half, as they leave much
    // behind.
    const std::uint32_t more = sizeof(T) > 32 ? size < 64 ? (size + 6) / 4 : size / 2 : size + (sizeof(T) > 8 ? 2 : 4);
    Vec<T> next = Vec<T>::make(size + more, arena);
    if (size != 0) std::memcpy(static_cast<void*>(next.items_), vec.items_, size * sizeof(T));
    next.items_[size] = value;
    next.header().size = size + 1;
    T* const old = vec.items_;
    const std::size_t bytes = Vec<T>::block_bytes(vec.capacity());
    journal.set(vec.items_, next.items_);
    if (gives_back<T> && old != nullptr)
      journal.outgrown(arena, reinterpret_cast<std::byte*>(old) - sizeof(typename Vec<T>::Header), bytes);
    return;
  }
  // The slot may hold an element that a rollback brings back (taken out, then appended).
  journal.set(vec.items_[size], value);
  journal.set(vec.header().size, size + 1);
}

// Appends while a list is built that nobody sees yet: no journal.
template <class T>
void push(Vec<T>& vec, std::type_identity_t<T> value, Arena& arena) {
  static thread_local Journal none;
  push(vec, value, arena, none);
  if constexpr (gives_back<T>) none.settle();
}

// Makes room, once, for a list that nobody sees yet and whose length is known.
template <class T>
void reserve(Vec<T>& vec, std::uint32_t capacity, Arena& arena) {
  if (capacity != 0 && vec.items_ == nullptr) vec = Vec<T>::make(capacity, arena);
}

// Takes out the element at `i`; the last one moves to its place.
template <class T>
void take_out(const Vec<T>& vec, std::uint32_t i, Journal& journal) {
  const std::uint32_t last = vec.size() - 1;
  if (i != last) journal.set(vec.items_[i], vec.items_[last]);
  journal.set(vec.header().size, last);
}

}  // namespace pglint
