// An undo journal over plain memory: what a transaction changed is put back
// in reverse order when it rolls back. Nothing is copied up front.
//
// Everything that may have to be undone is written through set(), lives in an
// Arena (so that its address stays valid), and is trivially copyable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "base/arena.h"

namespace pglint {

class Journal {
 public:
  using Mark = std::size_t;

  // Assigns, and remembers the old value while recording is on.
  template <class T>
  void set(T& slot, std::type_identity_t<T> value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (recording_) save(&slot, sizeof(T));
    slot = value;
  }

  // Recording is on inside transactions that can roll back, and off in
  // autocommit, where there is nothing to go back to.
  void record(bool on) {
    recording_ = on;
    if (!on) forget();
  }
  [[nodiscard]] bool recording() const { return recording_; }

  [[nodiscard]] Mark mark() const { return entries_.size(); }
  void roll_back_to(Mark mark);
  void forget() {
    entries_.clear();
    bytes_.clear();
    outgrown_.clear();
  }

  // Memory that the change before has left: given back to its arena as soon as nothing can bring it back.
  void outgrown(Arena& arena, void* at, std::size_t bytes) { outgrown_.push_back({&arena, at, bytes, mark()}); }
  // Nothing will be undone from here on, and nobody looks at what was there before.
  void settle() {
    for (const Outgrown& old : outgrown_) old.arena->give_back(old.at, old.bytes);
    forget();
  }

 private:
  struct Entry {
    void* at;
    std::size_t size;  // of the old value, which is at the end of bytes_ when its turn comes
  };
  struct Outgrown {
    Arena* arena;
    void* at;
    std::size_t bytes;
    Mark by;
  };
  void save(void* at, std::size_t size);

  bool recording_ = false;
  std::vector<Entry> entries_;
  std::vector<std::byte> bytes_;
  std::vector<Outgrown> outgrown_;
};

}  // namespace pglint
