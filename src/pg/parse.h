// PostgreSQL's own parser (libpg_query) over many statements, in chunks, to the raw tree.
//
// Trees live in a memory context that belongs to the thread that made it: a
// batch is used and released where it was parsed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/lexer.h"
#include "pglint/span.h"

struct Node;  // PostgreSQL's; see pg/node.h

namespace pglint::pg {

struct SyntaxError {
  std::uint32_t offset = 0;  // bytes, in the file
  std::string message = {};  // PostgreSQL's: syntax error at or near "…"
};

// One parsed statement, or the error that it is.
struct Parsed {
  const ::Node* node = nullptr;  // null if it did not parse
  Span span = {};                // of the cut it came from, in the file
  // What to add to a location in the tree to get an offset in the file.
  std::uint32_t base = 0;
  const SyntaxError* error = nullptr;
  Span copy_data = {};
};

// Parses `lexed.statements` of `text` and gives them, in order, to `use`. A tree lives until `use` returns. A statement
// that does not parse is given with its error and never hides its neighbours. Errors in `lexed.errors` are given too,
// in their place by offset, with an empty tree. `text` is the text that was lexed, `base` its place in the file (as
// given to lex()). `use` returns false to stop; it may itself parse something else.
void parse(std::string_view text, std::uint32_t base, const Lexed& lexed,
           const std::function<bool(const Parsed&)>& use);

// Forgets which shapes of statements this thread has met, so that the next statement is parsed as the first one is. Not
// to be called by `use`.
void forget_shapes();

}  // namespace pglint::pg
