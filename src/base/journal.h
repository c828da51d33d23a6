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
  }

 private:
  struct Entry {
    void* at;
    std::size_t size;  // of the old value, which is at the end of bytes_ when its turn comes
  };
  void save(void* at, std::size_t size);

  bool recording_ = false;
  std::vector<Entry> entries_;
  std::vector<std::byte> bytes_;
};

}  // namespace pglint
