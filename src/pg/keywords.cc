#include "pg/keywords.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace pglint::pg {
namespace {

constexpr std::array keywords = std::to_array<std::string_view>({
#define PG_KEYWORD(word, token, category, label) word,
#include "parser/kwlist.h"
#undef PG_KEYWORD
});

constexpr WordEnds ends_at_build(std::string_view word) {
  const auto eight = [](std::string_view from) {
    std::array<char, 8> bytes = {};
    std::ranges::copy(from.substr(0, 8), bytes.begin());
    return std::bit_cast<std::uint64_t>(bytes);
  };
  return {eight(word), word.size() > 8 ? eight(word.substr(word.size() - 8)) : 0};
}

constexpr std::size_t slots = 2048;

constexpr std::size_t slot_of(const WordEnds& ends) {
  const std::uint64_t mixed = (ends.first ^ (ends.last << 29 | ends.last >> 35)) * 0x9E3779B97F4A7C15U;
  return static_cast<std::size_t>(mixed >> 53);
}

struct Table {
  std::array<WordEnds, keywords.size()> ends = {};
  std::array<std::uint16_t, slots> numbers = {};

  constexpr Table() {
    numbers.fill(no_keyword);
    for (std::size_t i = 0; i < keywords.size(); ++i) {
      ends[i] = ends_at_build(keywords[i]);
      std::size_t slot = slot_of(ends[i]);
      while (numbers[slot] != no_keyword) slot = (slot + 1) % slots;
      numbers[slot] = static_cast<std::uint16_t>(i);
    }
  }
};
constexpr Table table;
static_assert(keywords.size() < slots / 2 && slots == std::size_t{1} << (64 - 53));

constexpr std::size_t longest = std::ranges::max(keywords, {}, &std::string_view::size).size();

}  // namespace

std::uint16_t keyword_number(const char* word, std::size_t size) {
  if (size > longest) return no_keyword;
  const WordEnds ends = ends_of(word, size);
  for (std::size_t slot = slot_of(ends);; slot = (slot + 1) % slots) {
    const std::uint16_t number = table.numbers[slot];
    if (number == no_keyword) return no_keyword;
    const WordEnds& known = table.ends[number];
    if (known.first == ends.first && known.last == ends.last && keywords[number].size() == size &&
        (size <= 16 || std::string_view(word, size) == keywords[number]))
      return number;
  }
}

std::string_view keyword(std::uint16_t number) { return keywords[number]; }

}  // namespace pglint::pg
