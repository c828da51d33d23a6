// The tokens of one statement. It follows the same rules as the lexer, but gives every token.
#include <algorithm>
#include <limits>

#include "pg/lexer.h"
#include "pg/scan.h"

namespace pglint::pg {
namespace {

using scan::Class;
using scan::npos;

constexpr std::string_view operators = "~!@#^&|`?+-*/%<>=";

std::size_t number_end(std::string_view text, std::size_t at) {
  const bool prefixed = text[at] == '0' && at + 1 < text.size() && scan::starts_word(text[at + 1]);
  while (at < text.size()) {
    const char c = text[at];
    if (c == '.' ? at + 1 < text.size() && text[at + 1] == '.' : !scan::in_word(c) || c == '$') break;
    ++at;
    const bool exponent = !prefixed && (c == 'e' || c == 'E') && at + 1 < text.size() &&
                          (text[at] == '+' || text[at] == '-') && scan::is_digit(text[at + 1]);
    if (exponent) ++at;
  }
  return at;
}

// One operator: it ends where a comment starts.
std::size_t operator_end(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  while (at < text.size() && operators.find(text[at]) != npos) {
    const std::string_view two = text.substr(at, 2);
    if (at > begin && (two == "--" || two == "/*")) break;
    ++at;
  }
  return std::max(at, begin + 1);
}

}  // namespace

std::vector<Token> tokens(std::string_view statement, std::uint32_t base) {
  std::vector<Token> out;
  out.reserve(std::min<std::size_t>(statement.size() / 4, 256));  // most statements have no more
  const std::string_view text = statement;
  std::size_t depth = 0;
  const auto give = [&](TokenKind kind, std::size_t begin, std::size_t end) {
    const auto limited =
        static_cast<std::uint16_t>(std::min<std::size_t>(depth, std::numeric_limits<std::uint16_t>::max()));
    out.push_back({kind, {base + static_cast<std::uint32_t>(begin), base + static_cast<std::uint32_t>(end)}, limited});
    return end;
  };
  // What nothing closes goes to the end.
  const auto closed = [&](std::size_t end) { return std::min(end, text.size()); };

  for (std::size_t p = 0; p < text.size();) {
    const char c = text[p];
    const char next = p + 1 < text.size() ? text[p + 1] : '\0';
    switch (scan::type_of(c)) {
      case Class::space:
      case Class::newline:
        ++p;
        break;
      case Class::word: {
        const std::size_t end = scan::word_end(text, p);
        const char after = end < text.size() ? text[end] : '\0';
        const char prefix = end - p == 1 ? scan::lower(c) : '\0';
        if (after == '\'' && prefix == 'e')
          p = give(TokenKind::string, p, closed(scan::escape_quote_end(text, end + 1)));
        else if (after == '\'' && (prefix == 'b' || prefix == 'x' || prefix == 'n'))
          p = give(TokenKind::string, p, closed(scan::quote_end(text, end + 1, '\'')));
        else if (prefix == 'u' && text.substr(end, 2) == "&'")
          p = give(TokenKind::string, p, closed(scan::quote_end(text, end + 2, '\'')));
        else if (prefix == 'u' && text.substr(end, 2) == "&\"")
          p = give(TokenKind::quoted_name, p, closed(scan::quote_end(text, end + 2, '"')));
        else
          p = give(TokenKind::word, p, end);
        break;
      }
      case Class::digit:
        p = give(TokenKind::number, p, number_end(text, p));
        break;
      case Class::quote:
        p = give(TokenKind::string, p, closed(scan::quote_end(text, p + 1, '\'')));
        break;
      case Class::double_quote:
        p = give(TokenKind::quoted_name, p, closed(scan::quote_end(text, p + 1, '"')));
        break;
      case Class::dollar: {
        if (scan::is_digit(next)) {
          std::size_t end = p + 2;
          while (end < text.size() && scan::is_digit(text[end])) ++end;
          p = give(TokenKind::parameter, p, end);
          break;
        }
        const std::size_t delimiter = scan::dollar_delimiter(text, p);
        if (delimiter == 0)
          p = give(TokenKind::symbol, p, p + 1);
        else
          p = give(TokenKind::string, p, closed(scan::dollar_end(text, p + delimiter, text.substr(p, delimiter))));
        break;
      }
      case Class::open:
      case Class::open_bracket:
        p = give(TokenKind::symbol, p, p + 1);
        ++depth;
        break;
      case Class::close:
      case Class::close_bracket:
        if (depth > 0) --depth;
        p = give(TokenKind::symbol, p, p + 1);
        break;
      case Class::colon:
        p = give(TokenKind::symbol, p, next == ':' || next == '=' ? p + 2 : p + 1);
        break;
      case Class::dash:
        p = next == '-' ? scan::line_end(text, p) : give(TokenKind::symbol, p, operator_end(text, p));
        break;
      case Class::slash:
        p = next == '*' ? closed(scan::block_comment_end(text, p)) : give(TokenKind::symbol, p, operator_end(text, p));
        break;
      case Class::semicolon:
      case Class::backslash:
        p = give(TokenKind::symbol, p, p + 1);
        break;
      case Class::other:
        if (c == '.' && scan::is_digit(next))
          p = give(TokenKind::number, p, number_end(text, p));
        else if (c == '.' && next == '.')
          p = give(TokenKind::symbol, p, p + 2);
        else
          p = give(TokenKind::symbol, p, operator_end(text, p));
        break;
    }
  }
  return out;
}

}  // namespace pglint::pg
