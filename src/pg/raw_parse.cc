#include "pg/raw_parse.h"

#include <cstdlib>

#include "pg/tree.h"
// clang-format off
extern "C" {
#include "pg_query.h"
#include "pg_query_internal.h"
}
// clang-format on
#undef DEBUG

namespace pglint::pg {

::MemoryContext make_context(std::size_t first_block_bytes) {
  // The first call on a thread makes its TopMemoryContext.
  if (::TopMemoryContext == nullptr) ::pg_query_exit_memory_context(::pg_query_enter_memory_context());
  return ::AllocSetContextCreateInternal(::TopMemoryContext, "pglint", 0, first_block_bytes, ALLOCSET_DEFAULT_MAXSIZE);
}

void reset_context(::MemoryContext context) { ::MemoryContextReset(context); }

void delete_context(::MemoryContext context) { ::MemoryContextDelete(context); }

bool raw_parse(::MemoryContext context, const std::string& sql, const ::List*& trees, RawError* error) {
  ::MemoryContextReset(context);
  ::MemoryContextSwitchTo(context);
  const PgQueryInternalParsetreeAndError result = ::pg_query_raw_parse(sql.c_str(), 0);
  ::MemoryContextSwitchTo(::TopMemoryContext);
  std::free(result.stderr_buffer);
  trees = result.tree;
  if (result.error == nullptr) return true;
  if (error != nullptr) *error = {result.error->cursorpos, std::string(pg::text(result.error->message))};
  ::pg_query_free_error(result.error);
  return false;
}

}  // namespace pglint::pg
