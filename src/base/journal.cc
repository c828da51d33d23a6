#include "base/journal.h"

namespace pglint {

void Journal::save(void* at, std::size_t size) {
  const auto* from = static_cast<const std::byte*>(at);
  bytes_.insert(bytes_.end(), from, from + size);
  entries_.push_back({at, size});
}

void Journal::roll_back_to(Mark mark) {
  while (!outgrown_.empty() && outgrown_.back().by > mark) outgrown_.pop_back();
  while (entries_.size() > mark) {
    const Entry entry = entries_.back();
    const std::size_t where = bytes_.size() - entry.size;
    std::memcpy(entry.at, bytes_.data() + where, entry.size);
    bytes_.resize(where);
    entries_.pop_back();
  }
}

}  // namespace pglint
