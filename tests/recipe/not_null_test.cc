// SET NOT NULL, and columns that are added NOT NULL.
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

constexpr std::string_view given = "CREATE TABLE t (id bigint PRIMARY KEY, a text, b int NOT NULL DEFAULT 0);";

recipe::Options on(int pg_version) {
  recipe::Options options;
  options.pg_version = pg_version;
  return options;
}

}  // namespace

TEST_CASE("NOT NULL is proved by a check that is validated apart, behind the gate") {
  const Plan plan = one_plan(given, "ALTER TABLE t ALTER a SET NOT NULL;");
  CHECK(outline(plan) ==
        Lines{"gate: change", "tighten: check-a-not-null", "tighten: validate-a-not-null", "tighten: set-a-not-null"});
  const Step& check = step(plan, "check-a-not-null");
  CHECK(check.sql == Lines{"ALTER TABLE public.t ADD CONSTRAINT t_a_pglint_not_null CHECK (a IS NOT NULL) NOT VALID"});
  CHECK(check.undo == Lines{"ALTER TABLE public.t DROP CONSTRAINT IF EXISTS t_a_pglint_not_null"});
  CHECK(check.lock_class == LockClass::a);
  CHECK(test::locks(check) == Lines{"ACCESS EXCLUSIVE public.t"});
  const Step& validate = step(plan, "validate-a-not-null");
  CHECK(validate.sql == Lines{"ALTER TABLE public.t VALIDATE CONSTRAINT t_a_pglint_not_null"});
  CHECK(validate.lock_class == LockClass::b);
  CHECK(test::locks(validate) == Lines{"SHARE UPDATE EXCLUSIVE public.t"});
  const Step& set = step(plan, "set-a-not-null");
  CHECK(set.sql == Lines{"ALTER TABLE public.t ALTER COLUMN a SET NOT NULL",
                         "ALTER TABLE public.t DROP CONSTRAINT IF EXISTS t_a_pglint_not_null"});
  CHECK(set.undo == Lines{"ALTER TABLE public.t ALTER COLUMN a DROP NOT NULL"});
  CHECK(set.locks.at(0).work != Work::scan);
  CHECK(says(test::gate(plan).release, "never writes NULL to t.a"));
}

TEST_CASE("rows that hold NULL stop the plan before its first step, unless the migration fills them") {
  const Plan plan = one_plan(given, "ALTER TABLE t ALTER a SET NOT NULL;");
  REQUIRE(plan.checks.size() == 1);
  CHECK(plan.checks[0].id == "nulls-in-a");
  CHECK(plan.checks[0].before == "check-a-not-null");
  CHECK(plan.checks[0].sql == "SELECT id FROM public.t WHERE a IS NULL LIMIT 10");
  const Plan filled = one_plan(
      given, "UPDATE t SET a = '' WHERE a IS NULL;--> statement-breakpoint\nALTER TABLE t ALTER a SET NOT NULL;");
  CHECK(filled.checks.empty());
  CHECK(outline(filled) == Lines{"backfill: fill-t-a", "gate: change", "backfill: fill-t-a-again",
                                 "tighten: check-a-not-null", "tighten: validate-a-not-null",
                                 "tighten: set-a-not-null"});
}

TEST_CASE("from PostgreSQL 18 the constraint itself is added NOT VALID and validated, under the name it would have") {
  for (const char* sql : {"ALTER TABLE t ALTER a SET NOT NULL;", "ALTER TABLE t ADD NOT NULL a;"}) {
    const Plan plan = one_plan(given, sql, on(18));
    CHECK(outline(plan) == Lines{"gate: change", "tighten: not-null-a", "tighten: validate-a-not-null"});
    CHECK(step(plan, "not-null-a").sql ==
          Lines{"ALTER TABLE public.t ADD CONSTRAINT t_a_not_null NOT NULL a NOT VALID"});
    CHECK(step(plan, "validate-a-not-null").sql == Lines{"ALTER TABLE public.t VALIDATE CONSTRAINT t_a_not_null"});
  }
  const Plan named = one_plan(given, "ALTER TABLE t ADD CONSTRAINT a_there NOT NULL a;", on(18));
  CHECK(step(named, "not-null-a").sql == Lines{"ALTER TABLE public.t ADD CONSTRAINT a_there NOT NULL a NOT VALID"});
}

TEST_CASE("what is proved already is left as it is") {
  const std::string proved =
      std::string(given) + "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL AND length(a) < 9);";
  CHECK(test::planned(proved, {"ALTER TABLE t ALTER a SET NOT NULL;"}).groups.empty());
  CHECK(test::planned(given, {"ALTER TABLE t ALTER b SET NOT NULL;"}).groups.empty());
  CHECK(test::planned(given, {"CREATE TABLE n (a int); ALTER TABLE n ALTER a SET NOT NULL;"}).groups.empty());
}

TEST_CASE("names are quoted, and cut where a character begins") {
  const std::string wide = "ä23456789_123456789_123456789_123456789_123456789_123456789_1";  // 62 bytes
  const std::string strange =
      "CREATE TABLE \"Ünï ta\"\"ble\" (id int PRIMARY KEY, \"" + wide + "\" int, \"select\" int);";
  const Plan plan = one_plan(strange, "ALTER TABLE \"Ünï ta\"\"ble\" ALTER \"" + wide +
                                          "\" SET NOT NULL, ALTER \"select\" "
                                          "SET NOT NULL;");
  CHECK(outline(plan).size() == 7);
  for (const Stage& stage : plan.stages)
    for (const Step& one : stage.steps)
      for (const std::string& sql : one.sql) {
        CAPTURE(sql);
        CHECK(sql.starts_with("ALTER TABLE public.\"Ünï ta\"\"ble\" "));
      }
  CHECK(says(step(plan, "check-select-not-null").sql[0], "CHECK (\"select\" IS NOT NULL)"));
}

TEST_CASE("two long names that begin alike do not share the check that proves them") {
  const std::string stem(58, 'x');
  const Plan plan = one_plan("CREATE TABLE t (id int PRIMARY KEY, " + stem + "_one int, " + stem + "_two int);",
                             "ALTER TABLE t ALTER " + stem + "_one SET NOT NULL, ALTER " + stem + "_two SET NOT NULL;");
  CHECK(outline(plan).size() == 7);
}

TEST_CASE("a table of which only the name is known becomes NOT NULL all the same") {
  const Plan plan = one_plan("", "ALTER TABLE legacy.t ALTER a SET NOT NULL;");
  CHECK(says(step(plan, "check-a-not-null").sql[0], "ALTER TABLE legacy.t ADD CONSTRAINT t_a_pglint_not_null"));
  CHECK(plan.checks.at(0).sql == "SELECT 1 FROM legacy.t WHERE a IS NULL LIMIT 10");
}

TEST_CASE("a new column that is NOT NULL needs a value for the rows that are there") {
  const std::string add = "ALTER TABLE \"t\" ADD COLUMN \"level\" text NOT NULL;";
  CHECK(says(refusal(given, add), "nothing says what the rows that are there get in t.level -> --value t.level=EXPR"));
  recipe::Options options;
  SUBCASE("which --value gives") { options.values = {{"t.level", "'basic'"}}; }
  SUBCASE("which --value gives, with the schema") { options.values = {{"public.t.level", "'basic'"}}; }
  const std::string update = options.values.empty() ? "\nUPDATE t SET level = 'basic' WHERE level IS NULL;" : "";
  const Plan plan = one_plan(given, add + update, options);
  const Lines lines = outline(plan);
  REQUIRE(lines.size() == 6);
  CHECK(lines[0] == "expand: add-level");
  CHECK(lines[1] == "gate: change");
  CHECK(lines[2].starts_with("backfill: fill-"));
  CHECK(lines[5] == "tighten: set-level-not-null");
  CHECK(step(plan, "add-level").sql == Lines{"ALTER TABLE public.t ADD COLUMN \"level\" text"});
  const Step& fill = step(plan, lines[2].substr(10));
  REQUIRE(fill.backfill);
  CHECK(fill.backfill->set == std::vector<std::pair<std::string, std::string>>{{"level", "'basic'"}});
  CHECK(fill.backfill->where == "level IS NULL");
  CHECK_FALSE(fill.irreversible);
  CHECK(says(test::gate(plan).release, "writes t.level in every row it inserts"));
}

TEST_CASE("what the plan itself makes is neither assumed nor asked about") {
  const std::string t = "CREATE TABLE t (id int PRIMARY KEY, a int);";
  Plan plan = one_plan(t, "ALTER TABLE t ADD COLUMN b int;\nUPDATE t SET b = 7;\nALTER TABLE t ALTER b SET NOT NULL;");
  for (const Assumption& assumption : plan.assumes) CHECK(assumption.columns.empty());
  plan = one_plan(t,
                  "CREATE TABLE o (a int PRIMARY KEY);\nINSERT INTO o (a) VALUES (1);\nALTER TABLE t ADD CONSTRAINT k "
                  "FOREIGN KEY (a) REFERENCES o;\nALTER TABLE t ALTER a SET NOT NULL;");
  for (const DataCheck& check : plan.checks) CHECK_FALSE(says(check.sql, "public.o"));
  // Before the table is there, its rows cannot be asked for by name.
  bool asked = false;
  for (const Stage& stage : plan.stages)
    for (const Step& one : stage.steps)
      if (one.sql.size() == 1 && one.sql[0].starts_with("INSERT")) {
        asked = true;
        CHECK(one.done_when.starts_with("SELECT CASE WHEN pg_catalog.to_regclass('public.o')"));
        CHECK(says(one.done_when, "query_to_xml('SELECT 1 WHERE EXISTS (SELECT FROM public.o WHERE a = 1)'"));
      }
  CHECK(asked);
}

TEST_CASE("a new column with a constant default, or of a new table, needs nothing") {
  CHECK(test::planned(given, {"ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 0;"}).groups.empty());
  CHECK(test::planned(given, {"CREATE TABLE n (id int PRIMARY KEY); ALTER TABLE n ADD COLUMN c int NOT NULL;"})
            .groups.empty());
}

TEST_CASE("a new column that rewrites the table, or is a key, is refused") {
  CHECK(says(refusal(given, "ALTER TABLE t ADD COLUMN u uuid NOT NULL DEFAULT gen_random_uuid();"),
             "makes PostgreSQL write the table anew -> add it without its default"));
  CHECK(says(refusal(given, "ALTER TABLE t ADD COLUMN s serial;"), "write the table anew"));
  CHECK(
      says(refusal(given, "ALTER TABLE t ADD COLUMN s int UNIQUE;"), "is a key, whose index is built under the lock"));
}
