#include "support/bare_parse.h"

extern "C" {
#include <pg_query.h>
// pg_query.h first: the header below uses its types.
#include <pg_query/pg_query_internal.h>
}

namespace pglint::bench {

bool bare_parse(const std::string& sql) {
  MemoryContext context = pg_query_enter_memory_context();
  const PgQueryInternalParsetreeAndError result = pg_query_raw_parse(sql.c_str(), 0);
  const bool parsed = result.error == nullptr;
  if (!parsed) pg_query_free_error(result.error);
  pg_query_exit_memory_context(context);
  return parsed;
}

}  // namespace pglint::bench
