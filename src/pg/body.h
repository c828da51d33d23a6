// The SQL statements in the body of a DO block or a function, with their places in the file.
//
// A body is a string to PostgreSQL's grammar. PL/pgSQL is walked with our own tokens: what a server would send to SQL
// is kept where it stands, all else is blanked, so that the parser's locations are places in the file. What cannot be
// followed is counted, not guessed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/lexer.h"
#include "pg/parse.h"

namespace pglint::pg {

struct Body {
  std::vector<Cut> statements;  // in order, spans in the file
  std::vector<bool> in_loop;    // one per statement: it stands in a LOOP
  std::string text;             // as long as the literal's content: the statements, a semicolon behind each, and blanks
  std::uint32_t base = 0;       // where text[0] is in the file
  std::uint32_t unknown = 0;    // statements that could not be followed: EXECUTE of an expression, …
  bool plpgsql = false;         // or SQL
  bool commits = false;         // has a COMMIT of its own
};

// The body of a DO, CREATE FUNCTION or CREATE PROCEDURE statement in PL/pgSQL or SQL that is written as a string.
// `text` is what was lexed, `text_base` its place in the file. Nothing for other statements and languages, and where
// the string cannot be found again in the text.
//
// In a body that is written as '…' or E'…', positions hold too: a quote that was doubled takes a blank along. Within
// its own strings a doubled quote stays doubled.
[[nodiscard]] std::optional<Body> body(const Parsed& statement, std::string_view text, std::uint32_t text_base = 0);

// Parses the statements of a body. One that does not parse is given with its error: it is unknown, since the body may
// well be good PL/pgSQL that was misread. `use` returns false to stop.
void parse(const Body& body, const std::function<bool(const Parsed&, bool in_loop)>& use);

}  // namespace pglint::pg
