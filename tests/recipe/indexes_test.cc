// Indexes, and the constraints that stand on one.
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
    "CREATE SCHEMA \"Shop\";\nCREATE TABLE t (id bigint PRIMARY KEY, a text, b int NOT NULL, \"Odd one\" text);\n"
    "CREATE TABLE \"Shop\".\"Order\" (id int PRIMARY KEY, \"group\" text);\nCREATE INDEX t_b_idx ON t (b DESC);\n"
    "CREATE UNIQUE INDEX t_ab ON t (a, b) WHERE b > 0;\n"
    "CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);\nCREATE INDEX p_idx ON p (b);";

// The only statement of the only step.
std::string built(const std::string& sql, std::string_view history = given) {
  const Plan plan = one_plan(history, sql);
  REQUIRE(plan.stages.size() == 1);
  REQUIRE(plan.stages[0].steps.size() == 1);
  REQUIRE(plan.stages[0].steps[0].sql.size() == 1);
  return plan.stages[0].steps[0].sql[0];
}

}  // namespace

TEST_CASE("an index is built outside any transaction, while reads and writes go on") {
  const Plan plan = one_plan(given, "CREATE INDEX \"t_a_idx\" ON \"t\" USING btree (\"a\");");
  CHECK(outline(plan) == Lines{"validate: build-t-a-idx"});
  const Step& build = step(plan, "build-t-a-idx");
  CHECK(build.sql == Lines{"CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a_idx ON public.t USING btree (\"a\")"});
  CHECK(build.undo == Lines{"DROP INDEX CONCURRENTLY IF EXISTS public.t_a_idx"});
  CHECK_FALSE(build.own_transaction);
  CHECK(build.lock_class == LockClass::b);
  CHECK(test::locks(build) == Lines{"SHARE UPDATE EXCLUSIVE public.t"});
  CHECK(says(build.done_when, "indisvalid"));
}

TEST_CASE("an index keeps its words, whatever they are") {
  CHECK(built("CREATE INDEX ON t (a, lower(\"Odd one\"));") ==
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a_lower_idx ON public.t (a, lower(\"Odd one\"))");
  CHECK(
      built("CREATE UNIQUE INDEX IF NOT EXISTS \"select\" ON ONLY \"Shop\".\"Order\" (\"group\") WHERE id > 0") ==
      "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"select\" ON ONLY \"Shop\".\"Order\" (\"group\") WHERE id > 0");
  CHECK(built("create index i /* on x */ on\r\n  -- why\r\n  t\r\n  (a COLLATE \"C\" text_pattern_ops DESC)\r\n") ==
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t\r\n  (a COLLATE \"C\" text_pattern_ops DESC)");
  CHECK(built("CREATE INDEX i ON t USING gin (to_tsvector('english', E'it\\'s' || a)) WITH (fastupdate = off);") ==
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t USING gin (to_tsvector('english', E'it\\'s' || a)) WITH "
        "(fastupdate = off)");
  const std::string longest(63, 'i');
  CHECK(built("CREATE INDEX " + longest + " ON t (a);") ==
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS " + longest + " ON public.t (a)");
  CHECK(built("CREATE INDEX \"größe\" ON t (a);") ==
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS \"größe\" ON public.t (a)");
}

TEST_CASE("rows that a unique index would refuse are asked for before") {
  const Plan plan = one_plan(given, "CREATE UNIQUE INDEX u ON t (a, \"Odd one\") WHERE b > 1;");
  REQUIRE(plan.checks.size() == 1);
  CHECK(plan.checks[0].before == "build-u");
  CHECK(plan.checks[0].sql ==
        "SELECT a, \"Odd one\", count(*) FROM public.t WHERE a IS NOT NULL AND \"Odd one\" IS NOT NULL AND (b > 1) "
        "GROUP BY a, \"Odd one\" HAVING count(*) > 1 LIMIT 10");
  CHECK(one_plan(given, "CREATE UNIQUE INDEX u ON t (a) NULLS NOT DISTINCT WHERE b > 1;").checks.at(0).sql ==
        "SELECT a, count(*) FROM public.t WHERE (b > 1) GROUP BY a HAVING count(*) > 1 LIMIT 10");
  // Which columns an expression reads would have to be known.
  CHECK(one_plan(given, "CREATE UNIQUE INDEX u ON t (lower(a));").checks.empty());
}

TEST_CASE("an index of a new table, or one that is built CONCURRENTLY already, stays as it is") {
  CHECK(test::planned(given, {"CREATE TABLE n (a int);\nCREATE INDEX ON n (a);"}).groups.empty());
}

TEST_CASE("CONCURRENTLY inside of the runner's transaction is taken out of it") {
  CHECK(built("CREATE INDEX CONCURRENTLY i ON t (a);") == "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t (a)");
  CHECK(built("BEGIN;\nDROP INDEX CONCURRENTLY t_b_idx;\nCOMMIT;") ==
        "DROP INDEX CONCURRENTLY IF EXISTS public.t_b_idx");
  CHECK(built("VACUUM t;") == "VACUUM t");
  // The server would fail before it chooses a name.
  CHECK(says(step(one_plan(given, "CREATE INDEX CONCURRENTLY ON t (a, (a + 1));"), "build-t-a-expr-idx").sql[0],
             "INDEX CONCURRENTLY IF NOT EXISTS t_a_expr_idx ON public.t (a, (a + 1))"));
  CHECK(says(refusal(given, "ALTER TABLE p DETACH PARTITION t CONCURRENTLY;"), "cannot be repeated"));
}

TEST_CASE("a partitioned table has its indexes made by hand") {
  CHECK(says(refusal(given, "CREATE INDEX ON p (a);"), "cannot be built CONCURRENTLY -> CREATE INDEX ON ONLY"));
  CHECK(says(refusal(given, "DROP INDEX p_idx;"), "cannot be dropped CONCURRENTLY"));
  CHECK(says(refusal(given, "ALTER TABLE p ADD UNIQUE (a);"), "takes neither CONCURRENTLY nor USING INDEX"));
}

TEST_CASE("an index is dropped while reads and writes go on, and can be built again") {
  const Plan plan = one_plan(given, "DROP INDEX t_b_idx;");
  CHECK(outline(plan) == Lines{"validate: drop-t-b-idx"});
  const Step& drop = step(plan, "drop-t-b-idx");
  CHECK(drop.sql == Lines{"DROP INDEX CONCURRENTLY IF EXISTS public.t_b_idx"});
  CHECK(drop.undo == Lines{"CREATE INDEX CONCURRENTLY IF NOT EXISTS t_b_idx ON public.t USING btree (b DESC)"});
  CHECK_FALSE(drop.own_transaction);
  CHECK_FALSE(drop.irreversible);
  CHECK(test::locks(drop) == Lines{"ACCESS EXCLUSIVE public.t_b_idx", "SHARE UPDATE EXCLUSIVE public.t"});
}

TEST_CASE("a unique index may be what an ON CONFLICT needs") {
  const Plan plan = one_plan(given, "DROP INDEX IF EXISTS public.t_ab;");
  CHECK(outline(plan) == Lines{"gate: change", "contract: drop-t-ab"});
  CHECK(says(test::gate(plan).release, "has no ON CONFLICT that needs t_ab"));
  CHECK(says(step(plan, "drop-t-ab").undo.at(0), "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_ab ON public.t"));
  // Of one that the history never made nobody knows, and it cannot be made again.
  const Plan unknown = one_plan(given, "DROP INDEX legacy_idx;");
  CHECK(outline(unknown) == Lines{"gate: change", "contract: drop-legacy-idx"});
  CHECK(step(unknown, "drop-legacy-idx").irreversible);
}

TEST_CASE("several indexes are dropped one by one, and what CASCADE takes along is not guessed") {
  CHECK(outline(one_plan(given, "DROP INDEX t_b_idx, t_ab;")) ==
        Lines{"validate: drop-t-b-idx", "gate: change", "contract: drop-t-ab"});
  CHECK(says(refusal(given, "DROP INDEX t_b_idx CASCADE;"), "CASCADE drops constraints of other tables"));
}

TEST_CASE("a unique constraint takes an index that was built before") {
  const Plan plan = one_plan(given,
                             "ALTER TABLE t ADD CONSTRAINT \"t_odd_u\" UNIQUE(\"Odd one\", b) INCLUDE (a) DEFERRABLE "
                             "INITIALLY DEFERRED;");
  CHECK(outline(plan) == Lines{"validate: build-t-odd-u", "validate: add-t-odd-u"});
  CHECK(step(plan, "build-t-odd-u").sql ==
        Lines{"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_odd_u ON public.t (\"Odd one\", b) INCLUDE (a)"});
  const Step& add = step(plan, "add-t-odd-u");
  CHECK(add.sql ==
        Lines{"ALTER TABLE public.t ADD CONSTRAINT t_odd_u UNIQUE USING INDEX t_odd_u DEFERRABLE INITIALLY DEFERRED"});
  CHECK(add.undo == Lines{"ALTER TABLE public.t DROP CONSTRAINT IF EXISTS t_odd_u"});
  CHECK(add.own_transaction);
  CHECK(plan.checks.at(0).before == "build-t-odd-u");
}

TEST_CASE("a constraint without a name has the one that the server would choose") {
  CHECK(outline(one_plan(given, "ALTER TABLE t ADD UNIQUE (a);")) ==
        Lines{"validate: build-t-a-key", "validate: add-t-a-key"});
  CHECK(says(
      step(one_plan(given, "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a, \"Odd one\");"), "build-t-a-odd-one-key")
          .sql[0],
      "\"t_a_Odd one_key\" ON public.t (a, \"Odd one\") NULLS NOT DISTINCT"));
}

TEST_CASE("a primary key wants columns that are NOT NULL before") {
  const std::string none = "CREATE TABLE k (a int NOT NULL, b int);";
  const Plan plan = one_plan(none, "ALTER TABLE k ADD PRIMARY KEY (a);");
  CHECK(outline(plan) == Lines{"validate: build-k-pkey", "validate: add-k-pkey"});
  CHECK(step(plan, "add-k-pkey").sql ==
        Lines{"ALTER TABLE public.k ADD CONSTRAINT k_pkey PRIMARY KEY USING INDEX k_pkey"});
  CHECK(says(refusal(none, "ALTER TABLE k ADD PRIMARY KEY (b);"), "b is not known to be NOT NULL"));
}

TEST_CASE("a unique constraint that goes may be what an ON CONFLICT needs") {
  const std::string with = std::string(given) + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (b);";
  const Plan plan = one_plan(with, "ALTER TABLE t DROP CONSTRAINT u;");
  CHECK(outline(plan) == Lines{"gate: change", "contract: drop-u"});
  CHECK(step(plan, "drop-u").irreversible);
  CHECK(step(plan, "drop-u").sql == Lines{"ALTER TABLE public.t DROP CONSTRAINT u"});
}

TEST_CASE("the old index of a name may have gone with a column of the plan") {
  CHECK(test::refusal("CREATE TABLE g (id int PRIMARY KEY, a text, b text, zone text);\n"
                      "CREATE UNIQUE INDEX g_key ON g (zone, a, b);",
                      "DROP INDEX g_key;\nALTER TABLE g DROP COLUMN zone;\nCREATE UNIQUE INDEX g_key ON g (a, b);")
            .empty());
}
