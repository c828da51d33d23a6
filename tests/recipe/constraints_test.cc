// Foreign keys and checks.
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
    "CREATE TABLE p (id bigint PRIMARY KEY, other int UNIQUE);\nCREATE TABLE q (a int, b int, PRIMARY KEY (a, b));\n"
    "CREATE TABLE t (id bigint PRIMARY KEY, p_id bigint, a int, b int, boss bigint, note text);\n"
    "CREATE TABLE parted (id bigint, p_id bigint) PARTITION BY RANGE (id);";

}  // namespace

TEST_CASE("a foreign key is added without a scan, and validated while reads and writes go on") {
  const Plan plan = one_plan(given,
                             "ALTER TABLE \"t\" ADD CONSTRAINT \"t_p_fk\" FOREIGN KEY (\"p_id\") REFERENCES "
                             "\"public\".\"p\"(\"id\") ON DELETE no action ON UPDATE no action;");
  CHECK(outline(plan) == Lines{"expand: add-t-p-fk", "validate: validate-t-p-fk"});
  const Step& add = step(plan, "add-t-p-fk");
  CHECK(add.sql == Lines{"ALTER TABLE public.t ADD CONSTRAINT \"t_p_fk\" FOREIGN KEY (\"p_id\") REFERENCES "
                         "public.p(\"id\") ON DELETE no action ON UPDATE no action NOT VALID"});
  CHECK(add.undo == Lines{"ALTER TABLE public.t DROP CONSTRAINT IF EXISTS t_p_fk"});
  CHECK(test::locks(add) == Lines{"SHARE ROW EXCLUSIVE public.p", "SHARE ROW EXCLUSIVE public.t"});
  const Step& validate = step(plan, "validate-t-p-fk");
  CHECK(validate.sql == Lines{"ALTER TABLE public.t VALIDATE CONSTRAINT t_p_fk"});
  CHECK(validate.lock_class == LockClass::b);
  CHECK(plan.checks.at(0).id == "orphans-t-p-fk");
  CHECK(plan.checks[0].sql ==
        "SELECT child.p_id FROM public.t AS child WHERE child.p_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.p AS "
        "parent WHERE parent.id = child.p_id) LIMIT 10");
}

TEST_CASE("a foreign key without a name has the one that the server would choose") {
  const Plan plan = one_plan(given, "ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES q;");
  CHECK(step(plan, "add-t-a-b-fkey").sql ==
        Lines{"ALTER TABLE public.t ADD CONSTRAINT t_a_b_fkey FOREIGN KEY (a, b) REFERENCES public.q NOT VALID"});
  CHECK(says(plan.checks.at(0).sql, "parent.a = child.a AND parent.b = child.b"));
  const std::string taken = std::string(given) + "ALTER TABLE t ADD CONSTRAINT t_p_id_fkey CHECK (true);";
  const Plan second = one_plan(taken, "ALTER TABLE t ADD FOREIGN KEY (p_id) REFERENCES p;");
  CHECK(says(step(second, "add-t-p-id-fkey1").sql[0], "CONSTRAINT t_p_id_fkey1 FOREIGN KEY"));
}

TEST_CASE("a foreign key to its own table, or to one that the history never made") {
  const Plan self = one_plan(given, "ALTER TABLE t ADD FOREIGN KEY (boss) REFERENCES t (id);");
  CHECK(test::locks(step(self, "add-t-boss-fkey")) == Lines{"SHARE ROW EXCLUSIVE public.t"});
  const Plan unknown = one_plan(given, "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES legacy.n (id);");
  CHECK(says(step(unknown, "add-f").sql[0], "REFERENCES legacy.n (id) NOT VALID"));
  CHECK(outline(unknown) == Lines{"expand: add-f", "validate: validate-f"});
}

TEST_CASE("a foreign key whose column the migration fills comes behind the fill") {
  const Plan plan = one_plan(given,
                             "UPDATE t SET p_id = NULL WHERE p_id = 0;\nALTER TABLE t ADD CONSTRAINT f FOREIGN KEY "
                             "(p_id) REFERENCES p;");
  CHECK(outline(plan) == Lines{"backfill: fill-t-p-id", "validate: add-f", "validate: validate-f"});
  CHECK(plan.checks.empty());
}

TEST_CASE("a foreign key that reads nothing stays as it is; one of a partitioned table needs PostgreSQL 18") {
  CHECK(test::planned(given, {"ALTER TABLE t ADD FOREIGN KEY (p_id) REFERENCES p NOT VALID;"}).groups.empty());
  CHECK(says(refusal(given, "ALTER TABLE parted ADD FOREIGN KEY (p_id) REFERENCES p;"),
             "cannot be NOT VALID before PostgreSQL 18"));
}

TEST_CASE("a check stands behind the gate, and rows that it forbids stop the plan before") {
  const Plan plan = one_plan(given, "ALTER TABLE t ADD CONSTRAINT few CHECK (a < 10 AND note <> ')');");
  CHECK(outline(plan) == Lines{"gate: change", "tighten: add-few", "tighten: validate-few"});
  CHECK(step(plan, "add-few").sql ==
        Lines{"ALTER TABLE public.t ADD CONSTRAINT few CHECK (a < 10 AND note <> ')') NOT VALID"});
  CHECK(plan.checks.at(0).sql == "SELECT 1 FROM public.t WHERE NOT (a < 10 AND note <> ')') LIMIT 10");
  CHECK(says(test::gate(plan).release, "writes no row that few forbids"));
  // Without a name it gets the one that the server would choose: of a column if there is one, and of any table's.
  const std::string taken = std::string(given) + "\nCREATE TABLE o (x int, CONSTRAINT t_a_check CHECK (x > 0));";
  CHECK(says(step(one_plan(taken, "ALTER TABLE t ADD CHECK (t.a < 10 AND a > 1);"), "add-t-a-check1").sql[0],
             "ADD CONSTRAINT t_a_check1 CHECK (t.a < 10 AND a > 1) NOT VALID"));
  CHECK(says(step(one_plan(given, "ALTER TABLE t ADD CHECK (a < id);"), "add-t-check").sql[0],
             "ADD CONSTRAINT t_check CHECK (a < id) NOT VALID"));
}

TEST_CASE("a check with NO INHERIT behind its parenthesis is asked about by what is in it") {
  const Plan plan = one_plan(given, "ALTER TABLE t ADD CONSTRAINT few CHECK (a < 10) NO INHERIT /* (not this) */;");
  CHECK(plan.checks.at(0).sql == "SELECT 1 FROM public.t WHERE NOT (a < 10) LIMIT 10");
  CHECK(says(step(plan, "add-few").sql[0], "NO INHERIT"));
}

TEST_CASE("a check named with a parenthesis is asked about by its expression") {
  const Plan plan = one_plan(given, "ALTER TABLE t ADD CONSTRAINT \"few (10)\" CHECK (a < 10);");
  CHECK(plan.checks.at(0).sql == "SELECT 1 FROM public.t WHERE NOT (a < 10) LIMIT 10");
}

TEST_CASE("several commands of one ALTER TABLE each go their way") {
  const Plan plan =
      one_plan(given,
               "ALTER TABLE t\n  ADD COLUMN extra text, -- a comment, with a comma\n  ALTER COLUMN note SET "
               "NOT NULL,\n  ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id),\n  ADD CONSTRAINT u UNIQUE "
               "(a, b), ADD CONSTRAINT c CHECK (a IN (1, 2)), DROP COLUMN boss;");
  const Lines lines = outline(plan);
  REQUIRE(lines.size() == 12);
  CHECK(lines[0].starts_with("expand: alter-table-"));
  const Lines rest(lines.begin() + 1, lines.end());
  CHECK(rest == Lines{"expand: add-f", "validate: validate-f", "validate: build-u", "validate: add-u", "gate: change",
                      "tighten: check-note-not-null", "tighten: validate-note-not-null", "tighten: set-note-not-null",
                      "tighten: add-c", "tighten: validate-c", "contract: drop-boss"});
  CHECK(plan.stages.at(0).steps.at(0).sql == Lines{"ALTER TABLE public.t ADD COLUMN extra text"});
}

TEST_CASE("a column that goes waits for the release that does not use it") {
  const std::string history = std::string(given) + "ALTER TABLE t ALTER note SET NOT NULL;";
  const Plan plan = one_plan(history, "ALTER TABLE t DROP COLUMN note;");
  CHECK(outline(plan) == Lines{"expand: allow-null-note", "gate: change", "contract: drop-note"});
  CHECK(step(plan, "drop-note").irreversible);
  CHECK(step(plan, "allow-null-note").undo == Lines{"ALTER TABLE public.t ALTER COLUMN note SET NOT NULL"});
  CHECK(says(test::gate(plan).release, "does not use t.note"));
  CHECK(says(refusal(given, "ALTER TABLE t DROP COLUMN note CASCADE;"), "CASCADE drops what depends on it"));
}

TEST_CASE("a foreign key to a partitioned table would be left NOT VALID for its partitions") {
  const std::string why = refusal(
      "CREATE TABLE m (id bigint PRIMARY KEY) PARTITION BY RANGE (id);\nCREATE TABLE k (id int "
      "PRIMARY KEY, m_id bigint);",
      "ALTER TABLE k ADD CONSTRAINT to_m FOREIGN KEY (m_id) REFERENCES m (id);");
  CHECK(says(why, "public.m is partitioned, and VALIDATE CONSTRAINT leaves"));
}

TEST_CASE("where nothing tells a new constraint or index from the old one of its name, the plan is refused with that") {
  CHECK(says(refusal("CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT c CHECK (a > 1));",
                     "ALTER TABLE t DROP CONSTRAINT c;\nALTER TABLE t ADD CONSTRAINT c CHECK (a > 2);"),
             "nothing tells the new check c from the one that it replaces -> give the new one another name"));
  CHECK(says(refusal("CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT u UNIQUE (a));",
                     "ALTER TABLE t DROP CONSTRAINT u;\nALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a);"),
             "nothing tells the new constraint u from the one that it replaces"));
  CHECK(says(refusal("CREATE TABLE t (id int PRIMARY KEY, a text);\nCREATE INDEX i ON t (lower(a));",
                     "DROP INDEX i;\nCREATE INDEX i ON t (upper(a));"),
             "nothing tells the new index i from the one that it replaces"));
}

TEST_CASE("what is said of a column before it is renamed is to be said behind the RENAME") {
  constexpr std::string_view before = "CREATE TABLE t (id int PRIMARY KEY, a text);";
  CHECK(says(refusal(before, "ALTER TABLE t ALTER a SET NOT NULL;\nALTER TABLE t RENAME COLUMN a TO z;"),
             "a is renamed further down in the same plan, and is named here by its old name -> write this behind the "
             "RENAME, with the new name"));
  CHECK(refusal(before, "ALTER TABLE t RENAME COLUMN a TO z;\nALTER TABLE t ALTER z SET NOT NULL;").empty());
}
