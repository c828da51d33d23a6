#include "source/remembered.h"

#include <cstddef>

namespace pglint::source {
namespace {

// The first ones that are read are those that are read again; a whole history need not stand in memory twice.
constexpr std::size_t most_texts = 32;
constexpr std::size_t largest_text = std::size_t{64} * 1024;
constexpr std::size_t most_lists = 64;

}  // namespace

Result<std::string> Remembered::read(const std::string& path) const {
  if (const auto known = texts_.find(path); known != texts_.end()) return known->second;
  auto text = files_.read(path);
  if (text && texts_.size() < most_texts && text->size() <= largest_text) texts_.emplace(path, *text);
  return text;
}

Result<std::vector<Entry>> Remembered::list(const std::string& folder) const {
  if (const auto known = lists_.find(folder); known != lists_.end()) return known->second;
  auto entries = files_.list(folder);
  if (entries && lists_.size() < most_lists) lists_.emplace(folder, *entries);
  return entries;
}

}  // namespace pglint::source
