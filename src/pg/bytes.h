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

// Finds the bytes at which the lexer has to look: " $ ' : ; [ \ ] and the openings of comments (& and, at the end of a
// block, a lone - or / come along). Parentheses on the way are counted. It looks at 64 bytes at a time and keeps what
// it found, so that it may be asked for every position in turn.
class Stops {
 public:
  explicit Stops(std::string_view text) : text_(text) {}

  // The first at or after `at`; the size of the text if there is none.
  [[nodiscard]] std::size_t next(std::size_t at) {
    while (at < text_.size()) {
      const Masks& masks = masks_at(at);
      const std::uint64_t stops = masks.stops >> (at - block_);
      if (stops != 0) return at + first(stops);
      at = block_ + 64;
    }
    return text_.size();
  }

  // The same, and adds the parentheses before it to `depth`: opening ones count up, closing ones down.
  [[nodiscard]] std::size_t next(std::size_t at, std::int32_t& depth) {
    while (at < text_.size()) {
      const Masks& masks = masks_at(at);
      const std::uint64_t stops = masks.stops >> (at - block_);
      const std::uint64_t before = (stops & (~stops + 1)) - 1;  // all bits if there is no stop
      depth += count(masks.open >> (at - block_) & before) - count(masks.close >> (at - block_) & before);
      if (stops != 0) return at + first(stops);
      at = block_ + 64;
    }
    return text_.size();
  }

 private:
  // One bit per byte of the block.
  struct Masks {
    std::uint64_t stops = 0;
    std::uint64_t open = 0;
    std::uint64_t close = 0;
  };

  static std::size_t first(std::uint64_t mask) { return static_cast<std::size_t>(__builtin_ctzll(mask)); }
  // Few bits are set, and not every machine has an instruction for it.
  static std::int32_t count(std::uint64_t mask) {
    std::int32_t n = 0;
    for (; mask != 0; mask &= mask - 1) ++n;
    return n;
  }

  // Of the block that holds `at`; a new one starts there if it is another.
  const Masks& masks_at(std::size_t at) {
    if (at - block_ < 64) return masks_;  // false before the block too, by wrapping
    block_ = at;
    const std::size_t left = text_.size() - at;
    if (left >= 64) {
      masks_ = make(text_.data() + at);
    } else {
      std::array<char, 64> padded = {};
      std::memcpy(padded.data(), text_.data() + at, left);
      masks_ = make(padded.data());
    }
    return masks_;
  }

  // `star`, `dash`, `slash`: where these are. The byte behind the block is not known: it may open a comment.
  static std::uint64_t comments(std::uint64_t dash, std::uint64_t slash, std::uint64_t star) {
    constexpr std::uint64_t last = std::uint64_t{1} << 63;
    return (dash & (dash >> 1 | last)) | (slash & (star >> 1 | last));
  }

#ifdef __SSE2__
  static Masks make(const char* from) {
    Masks masks;
    std::uint64_t dash = 0;
    std::uint64_t slash = 0;
    std::uint64_t star = 0;
    for (unsigned i = 0; i < 64; i += 16) {
      const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
      const auto bits = [i](__m128i hits) {
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(hits))) << i;
      };
      const auto equal = [](__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
      // Whether a byte is one of the `n` + 1 from `low` on.
      const auto range = [block](char low, char n) {
        const __m128i above = _mm_sub_epi8(block, _mm_set1_epi8(low));
        return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(n)), above);
      };
      const __m128i quotes = _mm_or_si128(equal(block, '"'), equal(block, '\''));
      const __m128i dollar = equal(_mm_or_si128(block, _mm_set1_epi8(2)), '&');
      masks.stops |= bits(_mm_or_si128(_mm_or_si128(quotes, dollar), _mm_or_si128(range(':', 1), range('[', 2))));
      masks.open |= bits(equal(block, '('));
      masks.close |= bits(equal(block, ')'));
      dash |= bits(equal(block, '-'));
      slash |= bits(equal(block, '/'));
      star |= bits(equal(block, '*'));
    }
    masks.stops |= comments(dash, slash, star);
    return masks;
  }
#else
  static Masks make(const char* from) {
    const auto where = [from](std::string_view any) {
      std::uint64_t bits = 0;
      for (unsigned i = 0; i < 64; ++i)
        if (any.find(from[i]) != std::string_view::npos) bits |= std::uint64_t{1} << i;
      return bits;
    };
    return {where("\"$':;[\\]") | comments(where("-"), where("/"), where("*")), where("("), where(")")};
  }
#endif

  std::string_view text_;
  std::size_t block_ = static_cast<std::size_t>(0) - 64;
  Masks masks_ = {};
};

}  // namespace pglint::pg::bytes
