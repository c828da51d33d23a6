// What is dropped, and what comes again under its name.
#include <doctest/doctest.h>

#include "plan/planned.h"

using namespace pglint;
using test::Lines;
using test::one_plan;
using test::outline;
using test::refusal;
using test::says;
using test::step;

namespace {

constexpr std::string_view given =
    "CREATE TYPE mood AS ENUM ('ok');\n"
    "CREATE TABLE parent (id bigint PRIMARY KEY, code text NOT NULL UNIQUE);\n"
    "CREATE TABLE child (id bigint PRIMARY KEY, parent_id bigint REFERENCES parent, other_id bigint REFERENCES parent "
    "(id), "
    "above bigint REFERENCES child);\n"
    "CREATE TABLE t (id bigint PRIMARY KEY, a text, b int);\n"
    "CREATE VIEW v AS SELECT id, a FROM t;\n"
    "CREATE FUNCTION f(x int, y varchar(5)) RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
    "CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';\n"
    "CREATE FUNCTION twice(x text) RETURNS int LANGUAGE sql AS 'SELECT 1';\n";
const std::string gated = "ALTER TABLE t DROP COLUMN b;\n";

std::string why(const std::string& sql) { return refusal(given, gated + sql); }

Lines behind_gate(const Plan& plan) {
  Lines lines = outline(plan);
  const auto gate =
      std::find_if(lines.begin(), lines.end(), [](const std::string& one) { return one.starts_with("gate"); });
  return {gate == lines.end() ? gate : gate + 1, lines.end()};
}

}  // namespace

TEST_CASE("a type and a function go behind the gate, where nobody uses them any more") {
  const Plan plan = one_plan(given, gated + "DROP TYPE mood;\nDROP FUNCTION f(int, varchar);");
  const Lines last = behind_gate(plan);
  REQUIRE(last.size() == 3);
  CHECK(last[0] == "contract: drop-b");
  CHECK(last[1].starts_with("contract: drop-type-"));
  CHECK(last[2].starts_with("contract: drop-function-"));
  for (const Stage& stage : plan.stages)
    for (const Step& one : stage.steps) {
      if (one.id.starts_with("drop-type-"))
        CHECK(one.done_when == "SELECT NOT (pg_catalog.to_regtype('public.mood') IS NOT NULL)");
      if (one.id.starts_with("drop-function-"))
        CHECK(says(one.done_when,
                   "pronargs = 2 AND proargtypes[0] = pg_catalog.to_regtype('integer') AND proargtypes[1] = "
                   "pg_catalog.to_regtype('character varying(5)')"));
    }
  CHECK(says(test::gate(plan).release, "does not use type public.mood"));
  CHECK(says(test::gate(plan).release, "does not use function public.f"));
}

TEST_CASE("what cannot wait for a gate is refused with what stands in the way") {
  CHECK(says(why("DROP FUNCTION twice(int);"), "which function public.twice goes is not known"));
  CHECK(says(why("DROP FUNCTION legacy(int);"), "which function public.legacy goes is not known"));
  CHECK(says(why("DROP FUNCTION f(int, varchar);\nCREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 2';"),
             "the function public.f is dropped and made again in the plan: as long as both are there a call may be of "
             "either"));
  CHECK(says(why("DROP TYPE mood CASCADE;"), "DROP TYPE … CASCADE takes along whatever depends on it"));
  CHECK(says(why("DROP TYPE mood;\nCREATE TYPE mood AS ENUM ('bad');"),
             "the type public.mood is dropped and made again"));
  CHECK(says(why("DROP VIEW v;\nCREATE VIEW v AS SELECT id FROM t;"),
             "the view public.v comes again, without its column a: the release that runs now may read it"));
  CHECK(says(why("DROP VIEW legacy;"), "nothing in the history makes it"));
  CHECK(says(why("DROP VIEW v CASCADE;\nCREATE VIEW v AS SELECT id, a FROM t;"), "CASCADE takes along"));
}

TEST_CASE("a view that keeps its columns is made again in one step") {
  const Plan plan = one_plan(
      given, gated + "DROP VIEW v;\nALTER TABLE t ADD COLUMN c int;\nCREATE VIEW v AS SELECT c, a, id FROM t;");
  const Lines lines = outline(plan);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("expand: alter-table-"));
  CHECK(lines[1].starts_with("expand: replace-v-"));
  CHECK(plan.stages[0].steps[1].sql ==
        Lines{"DROP VIEW IF EXISTS public.v", "CREATE VIEW v AS SELECT c, a, id FROM t"});
}

TEST_CASE("foreign keys go one by one before the table that has them") {
  CHECK(behind_gate(one_plan(given, gated + "DROP TABLE child;")).at(1) == "contract: drop-child-parent-id-fkey");
  const Lines last = behind_gate(one_plan(given, gated + "DROP TABLE child;"));
  REQUIRE(last.size() == 4);
  CHECK(last[2] == "contract: drop-child-other-id-fkey");
  CHECK(last[3].starts_with("contract: drop-table-"));
  // Those that point to it go by CASCADE alone.
  const Lines parent = behind_gate(one_plan(given, gated + "DROP TABLE parent CASCADE;"));
  REQUIRE(parent.size() == 4);
  CHECK(parent[1] == "contract: drop-child-parent-id-fkey");
}

TEST_CASE("the columns and the indexes by which a publication tells rows stay") {
  const std::string published =
      std::string(given) +
      "CREATE TABLE k (a int NOT NULL, b int NOT NULL, c int, PRIMARY KEY (a, b));\n"
      "CREATE TABLE x (a int NOT NULL, b int);\nCREATE UNIQUE INDEX x_a ON x (a);\n"
      "ALTER TABLE x REPLICA IDENTITY USING INDEX x_a;\n"
      "CREATE TABLE w (a int DEFAULT 1 PRIMARY KEY, b int);\nALTER TABLE w REPLICA IDENTITY FULL;\n"
      "CREATE PUBLICATION p FOR ALL TABLES;\n";
  CHECK(says(refusal(published, "ALTER TABLE k DROP COLUMN b;"),
             "without b nothing tells the rows of public.k that p publishes, and each UPDATE and DELETE fails"));
  CHECK(says(refusal(published, "ALTER TABLE x DROP COLUMN a;"), "without a nothing tells the rows of public.x"));
  CHECK(says(refusal(published, "DROP INDEX x_a;"), "without x_a nothing tells the rows of public.x"));
  CHECK(refusal(published, "ALTER TABLE k DROP COLUMN c;").empty());
  CHECK(refusal(published, "ALTER TABLE w DROP COLUMN a;").empty());
  // Of a key that nothing publishes; NULL cannot be allowed in it before it goes.
  CHECK(says(refusal(given, "ALTER TABLE t DROP COLUMN id;"),
             "t.id is in the primary key: as long as it is there each new row needs a value"));
  CHECK(refusal(given, "ALTER TABLE parent DROP COLUMN code;").empty());
}
