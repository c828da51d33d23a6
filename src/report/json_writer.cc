#include "report/json_writer.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace pglint::report {
namespace {

// Printable ASCII but for the quote and the backslash.
constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> table{};
  for (unsigned c = 0x20; c < 0x7F; ++c) table[c] = c != '"' && c != '\\';
  return table;
}();

void append_unit(std::string& out, unsigned unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += "0123456789abcdef"[(unit >> shift) & 0xFU];
}

void append_escape(std::string& out, char32_t c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (c < 0x10000) {
    append_unit(out, c);
  } else {
    append_unit(out, 0xD800 + ((c - 0x10000) >> 10U));
    append_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FFU));
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t from = 0;  // of what was not yet copied
  std::size_t at = 0;
  while (at < text.size()) {
    if (plain[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    const CodePoint c = decode(text, at);
    if (c.valid && c.value >= 0x80 && !is_hidden(c.value)) {
      at += c.size;
      continue;
    }
    out.append(text, from, at - from);
    if (c.valid) {
      append_escape(out, c.value);
    } else {
      append_utf8(out, c.value);
    }
    at += c.size;
    from = at;
  }
  out.append(text, from, at - from);
  out += '"';
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return literal({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

}  // namespace pglint::report
