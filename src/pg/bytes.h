// Searches over many bytes at once, for the lexer. Where the machine has no SSE2, a plain loop does the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace pglint::pg::bytes {

// The first `a` or `b` from `at` on; the size of the text if there is none.
[[nodiscard]] inline std::size_t find_either(std::string_view text, std::size_t at, char a, char b) {
#ifdef __SSE2__
  const __m128i as = _mm_set1_epi8(a);
  const __m128i bs = _mm_set1_epi8(b);
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(block, as), _mm_cmpeq_epi8(block, bs));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return at + static_cast<std::size_t>(__builtin_ctz(mask));
  }
#endif
  while (at < text.size() && text[at] != a && text[at] != b) ++at;
  return at;
}

// So many bytes are written at a time.
inline constexpr std::size_t step = 16;

// Copies the word at `at` (letters, digits, _, $ and all that is not ASCII) with its ASCII letters in lower case, and
// returns its size. Up to `step` bytes behind it are written, too.
[[nodiscard]] inline std::size_t lower_word(std::string_view text, std::size_t at, char* to) {
  const std::size_t begin = at;
#ifdef __SSE2__
  for (; at + step <= text.size(); at += step) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    // Whether a byte is one of the `n` + 1 from `low` on.
    const auto range = [](__m128i of, char low, char n) {
      const __m128i above = _mm_sub_epi8(of, _mm_set1_epi8(low));
      return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(n)), above);
    };
    const __m128i upper = range(block, 'A', 25);
    const __m128i lowered = _mm_or_si128(block, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
    const __m128i marks =
        _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('_')), _mm_cmpeq_epi8(block, _mm_set1_epi8('$')));
    const __m128i letters = _mm_or_si128(range(lowered, 'a', 25), range(block, '0', 9));
    // The sign is set where a byte is not ASCII.
    const __m128i in_word = _mm_or_si128(_mm_or_si128(letters, marks), block);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + (at - begin)), lowered);
    const unsigned others = ~static_cast<unsigned>(_mm_movemask_epi8(in_word)) & 0xFFFFU;
    if (others != 0) return at - begin + static_cast<std::size_t>(__builtin_ctz(others));
  }
#endif
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const bool upper = c >= 'A' && c <= 'Z';
    const bool letter = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c >= 0x80;
    if (!letter) break;
    to[at - begin] = static_cast<char>(upper ? c | 0x20U : c);
  }
  return at - begin;
}

// Finds the bytes at which the lexer has to look: " $ ' : ; [ \ ] and the openings of comments (# and & come along).
// Parentheses on the way are counted. It looks at 64 bytes at a time and keeps what it found, so that it may be asked
// for every position in turn.
class Stops {
 public:
  explicit Stops(std::string_view text) : text_(text) {}

  // The first at or after `at`; the size of the text if there is none.
  [[nodiscard]] std::size_t next(std::size_t at) {
    while (at < text_.size()) {
      look(at);
      const std::uint64_t stops = stops_ >> (at - block_);
      if (stops != 0) return at + first(stops);
      at = block_ + block_bytes;
    }
    return text_.size();
  }

  // The same, and adds the parentheses before it to `depth`: opening ones count up, closing ones down.
  [[nodiscard]] std::size_t next(std::size_t at, std::int32_t& depth) {
    while (at < text_.size()) {
      look(at);
      const std::uint64_t stops = stops_ >> (at - block_);
      const std::uint64_t before = (stops & (~stops + 1)) - 1;  // all bits if there is no stop
      for (std::uint64_t some = parentheses_ >> (at - block_) & before; some != 0; some &= some - 1)
        depth += text_[at + first(some)] == '(' ? 1 : -1;
      if (stops != 0) return at + first(stops);
      at = block_ + block_bytes;
    }
    return text_.size();
  }

 private:
  static constexpr std::size_t block_bytes = 64;

  static std::size_t first(std::uint64_t mask) { return static_cast<std::size_t>(__builtin_ctzll(mask)); }

  // Sees to it that the block holds `at`.
  void look(std::size_t at) {
    if (at - block_ < block_bytes) return;  // false before the block too, by wrapping
    block_ = at;
    const std::size_t left = text_.size() - at;
    // One byte more than the block: it may be the second of a comment's opening.
    if (left > block_bytes) {
      find(text_.data() + at);
    } else {
      std::array<char, block_bytes + 1> padded = {};
      std::memcpy(padded.data(), text_.data() + at, left);
      find(padded.data());
    }
  }

  // Sets the bits of the block at `from`.
#ifdef __SSE2__
  void find(const char* from) {
    stops_ = 0;
    parentheses_ = 0;
    for (unsigned i = 0; i < block_bytes; i += 16) {
      const auto load = [from](unsigned at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at)); };
      const auto bits = [i](__m128i hits) {
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(hits))) << i;
      };
      const auto equal = [](__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
      const auto any = [](__m128i a, __m128i b) { return _mm_or_si128(a, b); };
      const __m128i block = load(i);
      const __m128i behind = load(i + 1);
      // Whether a byte is one of the `n` + 1 from `low` on.
      const auto range = [block](char low, char n) {
        const __m128i above = _mm_sub_epi8(block, _mm_set1_epi8(low));
        return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(n)), above);
      };
      const __m128i quotes = any(equal(any(block, _mm_set1_epi8(5)), '\''), equal(block, '$'));  // " # & '
      const __m128i others = any(range(':', 1), range('[', 2));
      const __m128i comments = any(_mm_and_si128(equal(block, '-'), equal(behind, '-')),
                                   _mm_and_si128(equal(block, '/'), equal(behind, '*')));
      stops_ |= bits(any(any(quotes, others), comments));
      parentheses_ |= bits(equal(any(block, _mm_set1_epi8(1)), ')'));
    }
  }
#else
  void find(const char* from) {
    stops_ = 0;
    parentheses_ = 0;
    for (unsigned i = 0; i < block_bytes; ++i) {
      const std::string_view two(from + i, 2);
      if (std::string_view("\"$':;[\\]").find(two[0]) != std::string_view::npos || two == "--" || two == "/*")
        stops_ |= std::uint64_t{1} << i;
      if (two[0] == '(' || two[0] == ')') parentheses_ |= std::uint64_t{1} << i;
    }
  }
#endif

  std::string_view text_;
  std::size_t block_ = static_cast<std::size_t>(0) - block_bytes;
  // One bit per byte of the block.
  std::uint64_t stops_ = 0;
  std::uint64_t parentheses_ = 0;
};

}  // namespace pglint::pg::bytes
