// The text of an expression: the tree knows where one begins, not where it ends.
#pragma once

#include <cstddef>
#include <string_view>

namespace pglint::catalog {

// The end of the token, or the blank, that begins at `at`: strings, quoted names, dollar quotes and comments are one.
[[nodiscard]] std::size_t after_token(std::string_view sql, std::size_t at);
// What is between the first parenthesis at or after `from` and the one that closes it, without blanks around.
[[nodiscard]] std::string_view in_parentheses(std::string_view sql, int from);
// From `from` to the comma, semicolon or closing parenthesis that ends it, but not beyond `limit` (-1: none).
[[nodiscard]] std::string_view expression_at(std::string_view sql, int from, int limit = -1);
// Behind the first of that keyword outside parentheses at or after `from`; -1 if the statement has none.
[[nodiscard]] int after_word(std::string_view sql, int from, std::string_view keyword);
// Whether a token is that keyword, given in lower case.
[[nodiscard]] bool is_word(std::string_view token, std::string_view keyword);
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace pglint::catalog
