// Pieces of SQL that the recipes write. Everything is qualified: a plan does not depend on anybody's search_path.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/edit.h"
#include "catalog/catalog.h"
#include "pg/lexer.h"
#include "pglint/span.h"

namespace pglint::recipe {

[[nodiscard]] std::string ident(std::string_view name);     // quoted where PostgreSQL would
[[nodiscard]] std::string unquoted(std::string_view name);  // what ident() was given
[[nodiscard]] std::string literal(std::string_view text);   // 'it''s'

// As format_type prints it, types of other schemas than pg_catalog qualified; empty where it is not known exactly.
[[nodiscard]] std::string type_text(const catalog::Catalog& catalog, const catalog::TypeName& type);

// At most 63 bytes, cut where a character begins.
[[nodiscard]] std::string short_name(std::string name);
// Eight hex digits that tell names apart.
[[nodiscard]] std::string digest(std::string_view text);
// A name of our own beside `name`, told from all others of the kind: cut where it has to be, and where a character
// begins.
[[nodiscard]] std::string name_beside(std::string_view name, std::string_view label);

// kebab-case for the id of a step: "add-primary-contact".
[[nodiscard]] std::string slug(std::string_view text);

// A DO statement around PL/pgSQL.
[[nodiscard]] std::string do_block(std::string_view body);

// From its first token to its last, without the comments around.
[[nodiscard]] std::string_view trimmed(std::string_view text);

// What stands between the parenthesis that opens first behind `from` and the one that closes it; empty if none does.
[[nodiscard]] std::string_view in_parentheses(std::string_view text, std::size_t from);
// The span of a possibly qualified name whose first token is at or behind `from`.
[[nodiscard]] Span name_at(std::string_view text, std::size_t from);
// Whether a token of the text is this keyword, outside parentheses.
[[nodiscard]] bool is_word(std::string_view text, const pg::Token& token, std::string_view word);
// The text with other names for columns: those that stand by themselves or behind a table's name, between `from` and
// `to`.
using NewNames = std::vector<std::pair<std::string, std::string>>;  // as they are, not quoted
[[nodiscard]] std::string with_names(std::string_view text, Span between, const NewNames& names);
// Whether a word or a quoted name of the text is this name.
[[nodiscard]] bool says_name(std::string_view text, std::string_view name);
// Behind the nth keyword outside parentheses, counted from 0; npos if there is none.
[[nodiscard]] std::size_t after_keyword(std::string_view text, std::string_view word, std::size_t from = 0);

}  // namespace pglint::recipe
