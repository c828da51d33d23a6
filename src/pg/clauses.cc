#include "pg/clauses.h"

#include <cctype>

namespace pglint::pg {

std::vector<Span> alter_commands(std::string_view statement, std::uint32_t base, const std::vector<Token>& tokens) {
  const auto is_word = [&](std::size_t i, std::string_view upper) {
    if (i >= tokens.size() || tokens[i].kind != TokenKind::word || tokens[i].span.size() != upper.size()) return false;
    for (std::size_t n = 0; n < upper.size(); ++n)
      if (std::toupper(static_cast<unsigned char>(statement[tokens[i].span.begin - base + n])) !=
          static_cast<unsigned char>(upper[n]))
        return false;
    return true;
  };
  const auto is_symbol = [&](std::size_t i, char symbol) {
    return i < tokens.size() && tokens[i].kind == TokenKind::symbol && tokens[i].span.size() == 1 &&
           statement[tokens[i].span.begin - base] == symbol;
  };
  std::vector<Span> out;
  // ALTER TABLE, or ALTER INDEX, VIEW, SEQUENCE; two words for MATERIALIZED VIEW, FOREIGN TABLE
  std::size_t i = is_word(1, "MATERIALIZED") || is_word(1, "FOREIGN") ? 3 : 2;
  if (is_word(i, "IF")) i += 2;
  if (is_word(i, "ONLY")) ++i;
  ++i;  // the name
  while (is_symbol(i, '.') && i + 1 < tokens.size()) i += 2;
  if (is_symbol(i, '*')) ++i;
  if (i >= tokens.size()) return out;
  Span span = tokens[i].span;
  for (; i < tokens.size(); ++i) {
    if (tokens[i].depth == 0 && is_symbol(i, ',')) {
      out.push_back(span);
      if (i + 1 < tokens.size()) span = tokens[i + 1].span;
      continue;
    }
    span.end = tokens[i].span.end;
  }
  out.push_back(span);
  return out;
}

}  // namespace pglint::pg
