// The pieces of PostgreSQL's lexical rules that the lexer, the tokens of a statement and the bodies of functions share.
// Positions are indices into the text that is passed; `npos` means "nothing closes it".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "pg/bytes.h"

namespace pglint::pg::scan {

inline constexpr std::size_t npos = std::string_view::npos;

enum class Class : std::uint8_t {
  other,  // operators and what PostgreSQL has no use for
  space,
  newline,
  word,  // may start an identifier
  digit,
  quote,
  double_quote,
  dollar,
  dash,
  slash,
  open,
  close,
  open_bracket,
  close_bracket,
  semicolon,
  colon,
  backslash,
};

struct Tables {
  std::array<Class, 256> type = {};
  std::array<bool, 256> in_word = {};  // may go on an identifier

  constexpr Tables() {
    for (std::size_t c = 0; c < 256; ++c) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
      const bool number = c >= '0' && c <= '9';
      if (letter) type[c] = Class::word;
      if (number) type[c] = Class::digit;
      in_word[c] = letter || number || c == '$';
    }
    // A NUL is blanked before anything else looks at it.
    for (const char c : std::string_view(" \t\r\f\v\0", 6)) type[static_cast<unsigned char>(c)] = Class::space;
    type['\n'] = Class::newline;
    type['\''] = Class::quote;
    type['"'] = Class::double_quote;
    type['$'] = Class::dollar;
    type['-'] = Class::dash;
    type['/'] = Class::slash;
    type['('] = Class::open;
    type[')'] = Class::close;
    type['['] = Class::open_bracket;
    type[']'] = Class::close_bracket;
    type[';'] = Class::semicolon;
    type[':'] = Class::colon;
    type['\\'] = Class::backslash;
  }
};
inline constexpr Tables tables;

[[nodiscard]] inline Class type_of(char c) { return tables.type[static_cast<unsigned char>(c)]; }
[[nodiscard]] inline bool in_word(char c) { return tables.in_word[static_cast<unsigned char>(c)]; }
[[nodiscard]] inline bool starts_word(char c) { return type_of(c) == Class::word; }
[[nodiscard]] inline bool is_digit(char c) { return type_of(c) == Class::digit; }
[[nodiscard]] inline bool is_space(char c) { return type_of(c) == Class::space || c == '\n'; }
[[nodiscard]] inline bool is_newline(char c) { return c == '\n' || c == '\r'; }
[[nodiscard]] constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// `word` against a word in lower case. Keywords are ASCII.
[[nodiscard]] inline bool is(std::string_view word, std::string_view lower_case) {
  if (word.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (lower(word[i]) != lower_case[i]) return false;
  return true;
}

[[nodiscard]] inline std::size_t find(std::string_view text, char c, std::size_t from) {
  if (from >= text.size()) return npos;
  const void* found = std::memchr(text.data() + from, c, text.size() - from);
  return found != nullptr ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : npos;
}

[[nodiscard]] inline std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && in_word(text[at])) ++at;
  return at;
}

// Past the closing quote of '…' or "…", whose content starts at `at`; a doubled quote is part of it.
[[nodiscard]] inline std::size_t quote_end(std::string_view text, std::size_t at, char quote) {
  for (;;) {
    at = find(text, quote, at);
    if (at == npos) return npos;
    if (at + 1 >= text.size() || text[at + 1] != quote) return at + 1;
    at += 2;
  }
}

// The same for the content of E'…', where a backslash takes the next byte along.
[[nodiscard]] inline std::size_t escape_quote_end(std::string_view text, std::size_t at) {
  for (;;) {
    at = bytes::find_either(text, at, '\\', '\'');
    if (at >= text.size()) return npos;
    if (text[at] == '\'' && (at + 1 >= text.size() || text[at + 1] != '\'')) return at + 1;
    at += 2;
  }
}

// The size of the delimiter $$ or $tag$ at `at`, which holds a dollar; 0 if it is none.
[[nodiscard]] inline std::size_t dollar_delimiter(std::string_view text, std::size_t at) {
  std::size_t i = at + 1;
  if (i < text.size() && starts_word(text[i]))
    while (i < text.size() && text[i] != '$' && in_word(text[i])) ++i;
  return i < text.size() && text[i] == '$' ? i + 1 - at : 0;
}

// Past the closing delimiter.
[[nodiscard]] inline std::size_t dollar_end(std::string_view text, std::size_t at, std::string_view delimiter) {
  const std::size_t found = text.find(delimiter, at);
  return found != npos ? found + delimiter.size() : npos;
}

// Past the comment that opens at `at` with its slash and star; comments nest. Both delimiters hold a star.
[[nodiscard]] inline std::size_t block_comment_end(std::string_view text, std::size_t at) {
  std::size_t from = at + 2;  // what lies before belongs to a delimiter already
  std::size_t star = from;
  for (std::size_t depth = 1;;) {
    star = find(text, '*', star);
    if (star == npos) return npos;
    if (star + 1 < text.size() && text[star + 1] == '/') {
      from = star += 2;
      if (--depth == 0) return from;
    } else if (star > from && text[star - 1] == '/') {
      from = ++star;
      ++depth;
    } else {
      ++star;
    }
  }
}

// Where the line ends: its \n or \r, or the end of the text.
[[nodiscard]] inline std::size_t line_end(std::string_view text, std::size_t at) {
  return bytes::find_either(text, at, '\n', '\r');
}

[[nodiscard]] inline std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

}  // namespace pglint::pg::scan
