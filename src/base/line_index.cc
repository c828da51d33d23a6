#include "base/line_index.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace pglint {
namespace {

constexpr std::uint32_t block_bytes = 256;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::uint32_t code_points(std::string_view text) { return static_cast<std::uint32_t>(count_code_points(text)); }

// Calls `f` with the offset of each \n in text[from, to), until it returns false.
template <class F>
void each_newline(std::string_view text, std::uint32_t from, std::uint32_t to, F f) {
  const char* const base = text.data();
  while (from < to) {
    const void* hit = std::memchr(base + from, '\n', to - from);
    if (hit == nullptr) return;
    const auto at = static_cast<std::uint32_t>(static_cast<const char*>(hit) - base);
    if (!f(at)) return;
    from = at + 1;
  }
}

}  // namespace

LineIndex::LineIndex(std::string_view text)
    : text_(text),
      mark_(text.starts_with(byte_order_mark) ? static_cast<std::uint32_t>(byte_order_mark.size()) : 0),
      ascii_(is_ascii(text)) {
  blocks_.reserve(text.size() / block_bytes + 1);
  Block now;
  for (std::uint32_t from = 0;; from += block_bytes) {
    blocks_.push_back(now);
    if (size() - from < block_bytes) break;
    const std::uint32_t to = from + block_bytes;
    each_newline(text_, from, to, [&now](std::uint32_t at) {
      ++now.newlines;
      now.line_start = at + 1;
      return true;
    });
    if (!ascii_) now.code_points += code_points(text_.substr(from, block_bytes));
  }
}

std::uint32_t LineIndex::code_points_before(std::uint32_t offset) const {
  if (ascii_) return offset;
  const std::uint32_t block = offset / block_bytes;
  const std::uint32_t from = block * block_bytes;
  return blocks_[block].code_points + code_points(text_.substr(from, offset - from));
}

std::uint32_t LineIndex::start_of_line_at(std::uint32_t offset) const {
  const std::uint32_t block = offset / block_bytes;
  std::uint32_t start = blocks_[block].line_start;
  each_newline(text_, block * block_bytes, offset, [&start](std::uint32_t at) {
    start = at + 1;
    return true;
  });
  return start;
}

std::uint32_t LineIndex::line_of(std::uint32_t offset) const {
  offset = std::min(offset, size());
  const std::uint32_t block = offset / block_bytes;
  std::uint32_t newlines = blocks_[block].newlines;
  each_newline(text_, block * block_bytes, offset, [&newlines](std::uint32_t) {
    ++newlines;
    return true;
  });
  return newlines + 1;
}

Position LineIndex::position(std::uint32_t offset) const {
  offset = std::clamp(offset, mark_, size());
  const std::uint32_t start = std::max(start_of_line_at(offset), mark_);
  return {line_of(offset), code_points_before(offset) - code_points_before(start) + 1};
}

std::uint32_t LineIndex::after_newline(std::uint32_t nth) const {
  // The last block with fewer newlines before it holds the nth, if any does.
  const auto after =
      std::partition_point(blocks_.begin(), blocks_.end(), [nth](const Block& b) { return b.newlines < nth; });
  if (after == blocks_.begin()) return 0;
  const auto block = static_cast<std::uint32_t>(after - blocks_.begin() - 1);
  std::uint32_t left = nth - blocks_[block].newlines;
  std::uint32_t found = size();
  const std::uint32_t from = block * block_bytes;
  each_newline(text_, from, std::min(size(), from + block_bytes), [&](std::uint32_t at) {
    if (--left == 0) found = at + 1;
    return left != 0;
  });
  return found;
}

Span LineIndex::line(std::uint32_t number) const {
  number = std::max(number, std::uint32_t{1});
  if (number > line_count()) return {size(), size()};
  const std::uint32_t begin = number == 1 ? mark_ : after_newline(number - 1);
  std::uint32_t end = size();
  if (number < line_count()) {
    end = after_newline(number) - 1;
    if (end > begin && text_[end - 1] == '\r') --end;
  }
  return {begin, end};
}

std::uint32_t LineIndex::line_count() const { return line_of(size()); }

}  // namespace pglint
