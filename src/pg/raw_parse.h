// The one call of PostgreSQL's parser.
//
// PostgreSQL reports errors by longjmp, but pg_query_raw_parse() catches them in C: no C++ frame is jumped over.
#pragma once

#include <string>

#include "pg/node.h"

namespace pglint::pg {

struct RawError {
  int character = 0;  // from 1
  std::string message = {};
};

// Where trees live: a memory context of this thread. Its first block has that many bytes and is kept when it is reset.
// It dies with the thread's TopMemoryContext, which libpg_query frees, if nobody deletes it before.
[[nodiscard]] ::MemoryContext make_context(std::size_t first_block_bytes);
void reset_context(::MemoryContext context);
void delete_context(::MemoryContext context);

// Parses `sql` into `context`, which is reset first. False, with `error` filled in unless it is null, if it does not
// parse.
[[nodiscard]] bool raw_parse(::MemoryContext context, const std::string& sql, const ::List*& trees, RawError* error);

}  // namespace pglint::pg
