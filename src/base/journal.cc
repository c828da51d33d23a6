#include "base/journal.h"

namespace pglint {

void Journal::save(void* at, std::size_t size) {
  const auto where = static_cast<std::uint32_t>(bytes_.size());
  const auto* from = static_cast<const std::byte*>(at);
  bytes_.insert(bytes_.end(), from, from + size);
  entries_.push_back({at, static_cast<std::uint32_t>(size), where});
}

void Journal::roll_back_to(Mark mark) {
  while (entries_.size() > mark) {
    const Entry entry = entries_.back();
    std::memcpy(entry.at, bytes_.data() + entry.bytes, entry.size);
    bytes_.resize(entry.bytes);
    entries_.pop_back();
  }
}

}  // namespace pglint
