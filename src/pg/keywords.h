// PostgreSQL's keywords by number: the list of the parser that is linked, found by two loads and a comparison.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pglint::pg {

inline constexpr std::uint16_t no_keyword = 0xFFFF;

// The eight bytes at the beginning and at the end of a word: all of it, up to 16.
struct WordEnds {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // 0 for up to 8 bytes
};

// `word` is in lower case; 8 bytes from where it starts may be read, whatever its size.
[[nodiscard]] inline WordEnds ends_of(const char* word, std::size_t size) {
  WordEnds ends;
  std::memcpy(&ends.first, word, sizeof(ends.first));
  if (size > sizeof(ends.first)) {
    std::memcpy(&ends.last, word + size - sizeof(ends.last), sizeof(ends.last));
  } else if (size < sizeof(ends.first)) {
    // What lies behind the word goes, in either order of bytes.
    const std::size_t rest = 8 * (sizeof(ends.first) - size);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    ends.first = ends.first << rest >> rest;
#else
    ends.first = ends.first >> rest << rest;
#endif
  }
  return ends;
}

// The number of a keyword, from 0 in the order of the alphabet, or no_keyword. `word` is in lower case, of one byte at
// least, and followed by 8 bytes that may be read.
[[nodiscard]] std::uint16_t keyword_number(const char* word, std::size_t size);

// The keyword of that number.
[[nodiscard]] std::string_view keyword(std::uint16_t number);

}  // namespace pglint::pg
