// Cuts SQL text into statements in one pass, and finds its comments.
//
// Why our own: libpg_query's splitter costs 0.87 of a parse, returns nothing
// after one unclosed quote, and mis-cuts COPY data, psql lines and BEGIN ATOMIC.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pglint/span.h"

namespace pglint::pg {

struct LexOptions {
  // psql's lines (\connect …) and variables (:x, :'x', :"x") may stand in the text; the parser
  // must not see them. What `psql` sends is what is left.
  bool psql = true;
};

// One statement: from its first token to the end of its last, without the semicolon.
struct Cut {
  Span span = {};
  // The bytes that follow "COPY … FROM STDIN;", up to and with the "\." line; empty otherwise.
  Span copy_data = {};
};

struct Comment {
  Span span = {};      // with its delimiters, without the newline
  bool block = false;  // /* … */, nested ones included, or -- …
};

// A quote, dollar quote or comment that nothing closes.
struct LexError {
  std::uint32_t offset = 0;
  std::string_view message = {};  // as PostgreSQL words it: "unterminated quoted string"
};

struct Lexed {
  std::vector<Cut> statements;
  std::vector<Comment> comments;
  std::vector<LexError> errors;
  // The text with everything blanked that PostgreSQL's parser must not see (byte order mark, psql lines and
  // variables, COPY data), newlines kept, to the same length: offsets hold. Empty if nothing had to be blanked.
  std::string blanked;
  // psql commands that pull in or run text which is not here (\i, \ir, \include…, \gexec), with their arguments.
  std::vector<Span> includes;
};

// Spans are relative to `text` plus `base`; `out` is cleared first. Never fails: what is unclosed is an error in the
// result, and the lexer resumes at the next line that starts with a statement keyword. A closing parenthesis or END
// that is missing hides no later statement either.
void lex(std::string_view text, std::uint32_t base, const LexOptions& options, Lexed& out);
[[nodiscard]] Lexed lex(std::string_view text, const LexOptions& options = {});

// Tokens of one statement, for rules that need a keyword's place. Not on the hot path.
enum class TokenKind : std::uint8_t { word, quoted_name, string, number, parameter, symbol };
struct Token {
  TokenKind kind = TokenKind::symbol;
  Span span = {};
  std::uint16_t depth = 0;  // of parentheses and brackets around it; saturates
};
[[nodiscard]] std::vector<Token> tokens(std::string_view statement, std::uint32_t base);

// True for words that begin a statement: CREATE, ALTER, …
[[nodiscard]] bool is_statement_keyword(std::string_view word);

}  // namespace pglint::pg
