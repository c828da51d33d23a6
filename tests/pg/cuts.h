// What the lexer and the parser made of a text, as texts, so that a test reads like the SQL it is about.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "pg/lexer.h"
#include "pg/parse.h"

namespace pglint::pg::test {

inline std::string slice(std::string_view text, Span span) {
  return std::string(text.substr(span.begin, span.end - span.begin));
}

inline std::vector<std::string> statements(std::string_view text, const LexOptions& options = {}) {
  std::vector<std::string> out;
  for (const Cut& cut : lex(text, options).statements) out.push_back(slice(text, cut.span));
  return out;
}

// The statements as the parser gets them.
inline std::vector<std::string> seen(std::string_view text, const LexOptions& options = {}) {
  const Lexed lexed = lex(text, options);
  std::vector<std::string> out;
  for (const Cut& cut : lexed.statements) out.push_back(slice(lexed.blanked.empty() ? text : lexed.blanked, cut.span));
  return out;
}

inline std::vector<std::string> comments(std::string_view text) {
  std::vector<std::string> out;
  for (const Comment& comment : lex(text).comments) out.push_back(slice(text, comment.span));
  return out;
}

// "offset: message" of each.
inline std::vector<std::string> errors(std::string_view text) {
  std::vector<std::string> out;
  for (const LexError& error : lex(text).errors)
    out.push_back(std::to_string(error.offset) + ": " + std::string(error.message));
  return out;
}

// One line per statement: "ALTER TABLE 0-20", or "error 7: syntax error at or near "x"".
std::vector<std::string> parsed(std::string_view text);

using Texts = std::vector<std::string>;

}  // namespace pglint::pg::test

// So that a failed check shows them.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static doctest::String convert(const std::vector<std::string>& texts) {
    std::string all = "{";
    for (const std::string& one : texts) all += "\n    [" + one + "]";
    return (all + "}").c_str();
  }
};
