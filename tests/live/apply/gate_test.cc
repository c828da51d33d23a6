// The SQL of gates, as the emitted files have it.
#include <doctest/doctest.h>

#include "plan/form/gate_sql.h"
#include "quick.h"
#include "scene.h"
#include "skip.h"

using namespace pglint;
using namespace pglint::test;

namespace {

std::string tables() {
  std::string sql;
  for (const std::string& statement : plan::create_gate_table()) sql += statement + ";\n";
  return sql;
}

std::string gates(const Scene& scene) {
  return scene.sql("SELECT coalesce(string_agg(gate || ' ' || (passed_at IS NOT NULL), ','), '') FROM pglint.gate");
}

}  // namespace

TEST_CASE("a gate in files is closed for a database with rows, once, and opened by pass only" *
          doctest::skip(quick())) {
  if (!server().missing().empty()) return skip(Missing::tool, server().missing());
  const Scene scene;
  const std::string guard = plan::require_gate("p'1\\", "g");
  scene.sql(guard);  // nothing is closed where nothing was begun
  for (int i = 0; i < 2; ++i) scene.sql(tables() + plan::close_gate("p'1\\", "g", {"public.tenant_accounts"}));
  CHECK(gates(scene) == "g false");
  const Finished refused = server().psql(scene.database(), {"-c", guard});
  CHECK(refused.status != 0);
  CHECK(contains(refused.err, "gate g of plan p'1\\ is closed"));
  CHECK(contains(refused.err, "pglint pass g --plan .pglint/plans/p'1\\.yml"));
  scene.sql("UPDATE pglint.gate SET passed_at = now()");
  scene.sql(guard);
  scene.sql(plan::close_gate("p'1\\", "g", {"public.tenant_accounts"}));
  CHECK(gates(scene) == "g true");
}

TEST_CASE("a gate in files stays open in a fresh database") {
  if (!server().missing().empty()) return skip(Missing::tool, server().missing());
  const Scene scene;
  scene.sql(tables());
  scene.sql("CREATE TABLE empty (); " + plan::close_gate("p", "g", {"public.empty", "public.not_there"}));
  CHECK(gates(scene).empty());
  scene.sql("BEGIN; CREATE TABLE filled (a int); INSERT INTO filled VALUES (1); ALTER TABLE filled ADD b int; " +
            plan::close_gate("p", "g", {"public.filled", "public.empty"}) + "; COMMIT");
  CHECK(gates(scene).empty());
  scene.sql("BEGIN; ALTER TABLE filled ADD c int; " + plan::close_gate("p", "g", {"public.empty", "public.filled"}) +
            "; COMMIT");
  CHECK(gates(scene) == "g false");
}
