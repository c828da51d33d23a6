#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/unicode_tables.h"

namespace pglint {
namespace {

constexpr char32_t replacement = 0xFFFD;
// No script puts more marks than this on one letter.
constexpr unsigned max_marks = 8;

unsigned byte(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

void append_hex(std::string& out, unsigned value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += "0123456789abcdef"[(value >> shift) & 0xF];
}

// Returns the number of characters written.
std::size_t append_spelt(std::string& out, char32_t c) {
  const std::size_t before = out.size();
  out += '\\';
  if (c == '\n') {
    out += 'n';
  } else if (c == '\r') {
    out += 'r';
  } else if (c == '\t') {
    out += 't';
  } else if (c < 0x80) {
    out += 'x';
    append_hex(out, c, 2);
  } else {
    out += "u{";
    int digits = 2;
    while (digits < 6 && c >> (4U * static_cast<unsigned>(digits)) != 0) ++digits;
    append_hex(out, c, digits);
    out += '}';
  }
  return out.size() - before;
}

// The number of bytes at the start of `text` that are ASCII, or a few less.
std::size_t ascii_run(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080ULL) != 0) return i;
  }
  while (i < text.size() && byte(text, i) < 0x80) ++i;
  return i;
}

}  // namespace

CodePoint decode(std::string_view text, std::size_t at) {
  const unsigned first = byte(text, at);
  if (first < 0x80) return {first, 1, true};

  // The second byte has a range of its own after some first bytes: what is overlong, a surrogate or beyond U+10FFFF
  // is no UTF-8 (Unicode 15, table 3-7).
  unsigned rest = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  char32_t value = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    rest = 1;
    value = first & 0x1FU;
  } else if (first >= 0xE0 && first <= 0xEF) {
    rest = 2;
    value = first & 0x0FU;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    rest = 3;
    value = first & 0x07U;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return {replacement, 1, false};
  }
  for (unsigned i = 1; i <= rest; ++i) {
    if (at + i >= text.size()) return {replacement, i, false};
    const unsigned next = byte(text, at + i);
    if (next < low || next > high) return {replacement, i, false};
    low = 0x80;
    high = 0xBF;
    value = (value << 6U) | (next & 0x3FU);
  }
  return {value, rest + 1, true};
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t b) { out += static_cast<char>(static_cast<unsigned char>(b)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6U));
    put(0x80 | (c & 0x3FU));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12U));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  } else {
    put(0xF0 | (c >> 18U));
    put(0x80 | ((c >> 12U) & 0x3FU));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  }
}

std::size_t first_invalid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (byte(text, i) < 0x80) {
      i += std::max<std::size_t>(ascii_run(text.substr(i)), 1);
      continue;
    }
    const CodePoint c = decode(text, i);
    if (!c.valid) return i;
    i += c.size;
  }
  return std::string_view::npos;
}

bool is_ascii(std::string_view text) {
  const std::size_t run = ascii_run(text);
  return run == text.size();
}

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80 ? 1 : 0;
  return count;
}

bool opens_too_much(std::string_view text) {
  constexpr std::size_t most = 64;
  std::size_t open = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') {
      if (++open > most) return true;
    } else if ((c == ']' || c == '}') && open > 0) {
      --open;
    }
  }
  return false;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  // A code point has at most three bytes after its first.
  std::size_t end = bytes;
  for (int i = 0; i < 3 && end > 0 && (byte(text, end) & 0xC0U) == 0x80; ++i) --end;
  return text.substr(0, end);
}

unsigned width(char32_t c) {
  if (c < 0x300) return 1;
  if (unicode::contains(unicode::combining, c)) return 0;
  return unicode::contains(unicode::wide, c) ? 2 : 1;
}

bool is_hidden(char32_t c) {
  if (c < 0x7F) return c < 0x20;
  if (c < 0xA0) return true;
  return unicode::contains(unicode::hidden, c);
}

std::uint32_t Printer::one(std::string_view text, std::size_t at) {
  const unsigned first = byte(text, at);
  if (first >= 0x20 && first < 0x7F) {
    out_ += static_cast<char>(first);
    ++columns_;
    marks_ = 0;
    return 1;
  }
  const CodePoint c = decode(text, at);
  if (!c.valid) {
    for (std::uint32_t i = 0; i < c.size; ++i) {
      out_ += "\\x";
      append_hex(out_, byte(text, at + i), 2);
    }
    columns_ += std::size_t{4} * c.size;
    marks_ = 0;
    return c.size;
  }
  const unsigned columns = is_hidden(c.value) ? 0 : width(c.value);
  const bool mark = columns == 0 && !is_hidden(c.value);
  if (is_hidden(c.value) || (mark && marks_ == max_marks)) {
    columns_ += append_spelt(out_, c.value);
    marks_ = 0;
    return c.size;
  }
  out_.append(text, at, c.size);
  columns_ += columns;
  marks_ = mark ? marks_ + 1 : 0;
  return c.size;
}

void Printer::all(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) i += one(text, i);
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  Printer(out).all(text);
  return out;
}

std::size_t display_width(std::string_view text) {
  std::string out;
  Printer printer(out);
  printer.all(text);
  return printer.columns();
}

}  // namespace pglint
