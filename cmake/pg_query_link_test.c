/* What must link before the build may start: the entry points that pglint and its tests call. */
#include <pg_query.h>
#include <stdlib.h>

#include "pg_query_internal.h"

int main(void) {
  MemoryContext context = pg_query_enter_memory_context();
  const PgQueryInternalParsetreeAndError raw = pg_query_raw_parse("SELECT 1", 0);
  const int failed = raw.error != NULL;
  pg_query_exit_memory_context(context);

  PgQueryPlpgsqlParseResult body =
      pg_query_parse_plpgsql("CREATE FUNCTION f() RETURNS void AS $$ BEGIN NULL; END $$ LANGUAGE plpgsql");
  const int body_failed = body.error != NULL;
  pg_query_free_plpgsql_parse_result(body);
  return failed || body_failed;
}
