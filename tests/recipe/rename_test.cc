// RENAME COLUMN, with and without a trigger.
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
    "CREATE TABLE t (id varchar(26) PRIMARY KEY, mail text, plan text, seats int DEFAULT 5 NOT NULL, CONSTRAINT "
    "t_mail_unique UNIQUE (mail));\nCREATE INDEX t_plan_idx ON t (plan DESC, seats) INCLUDE (mail);";

// The statements of all steps.
std::string all_sql(const Plan& plan) {
  std::string out;
  for (const Stage& stage : plan.stages)
    for (const Step& one : stage.steps)
      for (const std::string& sql : one.sql) out += sql + ";\n";
  return out;
}

}  // namespace

TEST_CASE("a column is renamed by one beside it, kept equal, filled, and the old one dropped behind the gate") {
  const Plan plan = one_plan("CREATE TABLE t (id int PRIMARY KEY, a numeric(10,2));", "ALTER TABLE t RENAME a TO b;");
  CHECK(outline(plan) ==
        Lines{"expand: add-b", "backfill: fill-b", "validate: analyze-b", "gate: change", "contract: drop-a"});
  const Step& add = step(plan, "add-b");
  REQUIRE(add.sql.size() == 4);
  CHECK(add.sql[0] == "ALTER TABLE public.t ADD COLUMN IF NOT EXISTS b numeric(10,2)");
  CHECK(says(add.sql[1], "col_description"));
  CHECK(says(add.sql[2], "CREATE OR REPLACE FUNCTION public.zz_pglint_sync_"));
  // 1.0 and 1.00 are equal, and not the same.
  CHECK(says(add.sql[2], "NEW.b::pg_catalog.text COLLATE \"C\" IS DISTINCT FROM OLD.b::pg_catalog.text"));
  CHECK(says(add.sql[3], "BEFORE INSERT OR UPDATE ON public.t FOR EACH ROW"));
  CHECK(add.own_transaction);
  REQUIRE(add.undo.size() == 3);
  CHECK(says(add.undo[0], "DROP TRIGGER"));
  CHECK(says(add.undo[2], "DROP COLUMN IF EXISTS b"));
  const Step& fill = step(plan, "fill-b");
  CHECK(fill.backfill->set == std::vector<std::pair<std::string, std::string>>{{"b", "a"}});
  CHECK_FALSE(fill.irreversible);
  CHECK(says(fill.backfill->proof, "SELECT 1 FROM public.t WHERE b"));
  const Step& drop = step(plan, "drop-a");
  CHECK(drop.irreversible);
  REQUIRE(drop.sql.size() == 4);
  // What the history does not know of, and DROP COLUMN takes along without a word.
  CHECK(says(drop.sql[0], "pg_catalog.pg_statistic_ext"));
  CHECK(says(drop.sql[1], "DROP TRIGGER IF EXISTS"));
  CHECK(drop.sql[2] == "ALTER TABLE public.t DROP COLUMN IF EXISTS a");
  CHECK(says(drop.sql[3], "DROP FUNCTION IF EXISTS"));
  CHECK(says(test::gate(plan).release, "uses t.b and no longer a"));
  CHECK(plan.assumes.at(0).columns.at(0).second == "numeric(10,2), nullable, no default");
}

TEST_CASE("before PostgreSQL 14 a trigger cannot be replaced") {
  recipe::Options options;
  options.pg_version = 13;
  const Plan plan = one_plan(given, "ALTER TABLE t RENAME plan TO tier;", options);
  CHECK(says(all_sql(plan), "DROP TRIGGER IF EXISTS zz_pglint_sync_"));
  CHECK_FALSE(says(all_sql(plan), "CREATE OR REPLACE TRIGGER"));
}

TEST_CASE("drizzle-kit drops the unique constraint and adds it again under another name") {
  const Plan plan = one_plan(given,
                             "ALTER TABLE \"t\" RENAME COLUMN \"mail\" TO \"contact\";--> statement-breakpoint\n"
                             "ALTER TABLE \"t\" DROP CONSTRAINT \"t_mail_unique\";--> statement-breakpoint\n"
                             "ALTER TABLE \"t\" ADD CONSTRAINT \"t_contact_unique\" UNIQUE(\"contact\");");
  CHECK(outline(plan) == Lines{"expand: add-contact", "backfill: fill-contact", "validate: build-t-plan-idx",
                               "validate: analyze-contact", "validate: build-t-contact-unique",
                               "validate: add-t-contact-unique", "gate: change", "contract: drop-mail"});
  // Who inserts the same value waits in the trigger, not between the two indexes.
  CHECK(says(step(plan, "add-contact").sql[2], "pg_advisory_xact_lock"));
  // The old one goes with its column.
  CHECK_FALSE(says(all_sql(plan), "t_mail_unique"));
  // What is asked before the first step has the old name only.
  CHECK(says(plan.checks.at(0).sql, "SELECT mail, count(*) FROM public.t"));
}

TEST_CASE("a constraint that keeps its name has its index under another one until the old column goes") {
  for (const char* again :
       {"",
        "ALTER TABLE t DROP CONSTRAINT t_mail_unique;\nALTER TABLE t ADD CONSTRAINT t_mail_unique UNIQUE (contact);"}) {
    const Plan plan = one_plan(given, std::string("ALTER TABLE t RENAME mail TO contact;\n") + again);
    CAPTURE(again);
    CHECK(says(all_sql(plan), "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_mail_unique_pglint_"));
    CHECK(says(all_sql(plan),
               "ALTER TABLE public.t ADD CONSTRAINT t_mail_unique UNIQUE USING INDEX t_mail_unique_pglint_"));
  }
}

TEST_CASE("an index of several columns is carried over with all that it says") {
  const Plan plan = one_plan(given, "ALTER TABLE t RENAME plan TO \"Tier\";");
  const Step& build = step(plan, "build-t-plan-idx");
  CHECK(build.sql[0].ends_with(" ON public.t USING btree (\"Tier\" DESC, seats) INCLUDE (mail)"));
  CHECK_FALSE(build.own_transaction);
  CHECK(says(all_sql(plan), "RENAME TO t_plan_idx"));
}

TEST_CASE("NOT NULL and the default wait for the gate") {
  const Plan plan = one_plan(given, "ALTER TABLE t RENAME seats TO places;");
  CHECK(step(plan, "add-places").sql[0] == "ALTER TABLE public.t ADD COLUMN IF NOT EXISTS places integer");
  const Lines lines = outline(plan);
  const auto at = [&](const char* line) { return std::find(lines.begin(), lines.end(), line) - lines.begin(); };
  const auto gate = at("gate: change");
  for (const char* behind : {"tighten: default-places", "tighten: check-places-not-null",
                             "tighten: set-places-not-null", "contract: drop-seats"}) {
    CAPTURE(behind);
    CHECK(at(behind) > gate);
    CHECK(at(behind) < static_cast<std::ptrdiff_t>(lines.size()));
  }
  CHECK(step(plan, "default-places").sql == Lines{"ALTER TABLE public.t ALTER COLUMN places SET DEFAULT 5"});
}

TEST_CASE("by the application: three gates, no trigger") {
  recipe::Options options;
  options.dual_write = recipe::DualWrite::application;
  const Plan plan = one_plan(given, "ALTER TABLE t RENAME seats TO places;", options);
  CHECK_FALSE(says(all_sql(plan), "TRIGGER"));
  Lines gates;
  for (const Stage& stage : plan.stages)
    if (stage.gate) gates.push_back(stage.gate->id);
  CHECK(gates == Lines{"change-writes-both", "change-reads-new", "change"});
  const Lines lines = outline(plan);
  const auto at = [&](const char* line) { return std::find(lines.begin(), lines.end(), line) - lines.begin(); };
  CHECK(at("expand: add-places") < at("gate: change-writes-both"));
  CHECK(at("gate: change-writes-both") < at("backfill: fill-places"));
  CHECK(at("backfill: fill-places") < at("gate: change-reads-new"));
  CHECK(at("gate: change-reads-new") < at("tighten: set-places-not-null"));
  CHECK(at("gate: change-reads-new") < at("tighten: allow-null-seats"));
  CHECK(at("tighten: set-places-not-null") < at("gate: change"));
  CHECK(at("gate: change") < at("contract: drop-seats"));
  CHECK(at("contract: drop-seats") + 1 == static_cast<std::ptrdiff_t>(lines.size()));
}

TEST_CASE("a long name leaves room for the temporary one, cut where a character begins") {
  const std::string name = std::string(45, 'x') + "üü" + std::string(10, 'y');
  const Plan plan = one_plan("CREATE TABLE t (id int PRIMARY KEY, a int);\nCREATE INDEX \"" + name + "\" ON t (a);",
                             "ALTER TABLE t RENAME a TO b;");
  for (const char c : {'\xc3', '\xbc'}) CHECK(std::ranges::count(all_sql(plan), c) % 1 == 0);
  const std::string sql = all_sql(plan);
  // Every byte that begins a character of two is followed by its second.
  for (std::size_t i = 0; i < sql.size(); ++i)
    if (sql[i] == '\xc3') CHECK_MESSAGE(sql[i + 1] == '\xbc', sql.substr(i > 60 ? i - 60 : 0, 80));
}

TEST_CASE("what stands on a column and is not carried over refuses the rename, by name") {
  const auto why = [](const std::string& history, const std::string& sql = "ALTER TABLE t RENAME a TO b;") {
    return refusal(history, sql);
  };
  const std::string t = "CREATE TABLE t (id int PRIMARY KEY, a int);\n";
  CHECK(says(why("", "ALTER TABLE legacy RENAME a TO b;"), "--schema FILE"));
  CHECK(says(why(t, "ALTER TABLE t RENAME id TO key;"), "is in the primary key"));
  CHECK(says(why("CREATE TABLE t (a int UNIQUE);"), "no known unique index over NOT NULL columns"));
  CHECK(says(why("CREATE TABLE t (id int PRIMARY KEY, a serial);"), "takes its values from a sequence that it owns"));
  CHECK(says(why("CREATE TABLE t (id int PRIMARY KEY, a int GENERATED ALWAYS AS IDENTITY);"), "is an identity column"));
  CHECK(says(why("CREATE TABLE t (id int PRIMARY KEY, a int GENERATED ALWAYS AS (id + 1) STORED);"), "is generated"));
  CHECK(says(why("CREATE TABLE t (id int PRIMARY KEY, a int, c int GENERATED ALWAYS AS (a + 1) STORED);"),
             "the generated column c is computed from t.a"));
  CHECK(says(why(t + "CREATE MATERIALIZED VIEW v AS SELECT * FROM t;"), "the materialized view public.v reads t.a"));
  CHECK(says(why(t + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\nCREATE TRIGGER "
                     "tr AFTER UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f();"),
             "the trigger tr names t.a"));
  CHECK(says(why(t + "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;"), "has rules"));
  CHECK(says(why("CREATE TABLE o (a int);\nCREATE TABLE t (id int PRIMARY KEY) INHERITS (o);"), "is inherited"));
  CHECK(says(why("CREATE TABLE t (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);"), "of a partitioned table"));
  CHECK(says(why(t, "ALTER TABLE t RENAME a TO b;\nALTER TABLE t RENAME b TO c;"), "is renamed twice in one plan"));
  CHECK(
      says(why(t, "ALTER TABLE t RENAME a TO b;\nALTER TABLE t DROP COLUMN b;"), "is renamed and dropped in one plan"));
}

TEST_CASE("tables, and columns of views, are not renamed in phases") {
  const std::string history = std::string(given) + "CREATE VIEW v AS SELECT id FROM t;";
  CHECK(says(refusal(history, "ALTER TABLE t RENAME TO u;"), "public.t is renamed, and nothing keeps both names"));
  CHECK(says(refusal(history, "ALTER VIEW v RENAME TO w;"), "public.v is renamed"));
  CHECK(says(refusal(history, "ALTER VIEW v RENAME COLUMN id TO key;"), "only columns of tables are kept"));
}

TEST_CASE(
    "what stands on a column and cannot be made again for another follows the column, which is renamed behind the "
    "gate") {
  const std::string t = "CREATE TABLE t (id int PRIMARY KEY, a int, c int);\n";
  for (const std::string& history :
       {std::string("CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a > 0));"),
        std::string("CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE);\nCREATE TABLE c (a int REFERENCES t (a));"),
        std::string("CREATE TABLE p (id int PRIMARY KEY);\nCREATE TABLE t (id int PRIMARY KEY, a int REFERENCES p);"),
        t + "CREATE VIEW v AS SELECT a FROM t;", t + "CREATE POLICY mine ON t USING (a = 1);",
        t + "CREATE INDEX odd ON t ((a + 1));", t + "CREATE INDEX odd ON t (id) WHERE a > 0;",
        t + "ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey;", t + "ALTER TABLE t ADD EXCLUDE (a WITH =);"}) {
    CAPTURE(history);
    const Plan plan = one_plan(history, "ALTER TABLE t RENAME a TO b;");
    const Step& swap = step(plan, "rename-a");
    CHECK(swap.irreversible);
    CHECK(says(all_sql(plan),
               "    ALTER TABLE public.t DROP COLUMN IF EXISTS b;\n"
               "    ALTER TABLE public.t RENAME COLUMN a TO b;\n"));
    CHECK_FALSE(says(all_sql(plan), "DROP COLUMN IF EXISTS a"));
    const Lines lines = outline(plan);
    CHECK(lines.back() == "contract: rename-a");
  }
  // Who asks by the new name finds an index under it.
  const Plan plan = one_plan(t + "CREATE INDEX odd ON t ((t.a + c), (\"public\".t.\"a\")) WHERE a > 0 OR 'a' = 'x';",
                             "ALTER TABLE t RENAME a TO \"B\";");
  CHECK(step(plan, "build-odd")
            .sql[0]
            .ends_with(" ON public.t USING btree ((t.\"B\" + c), (\"public\".t.\"B\")) WHERE \"B\" > 0 OR 'a' = 'x'"));
  CHECK(step(plan, "analyze-b").sql[0] == "ANALYZE public.t");
}

TEST_CASE("what a column that is followed cannot have in the same plan is refused, and what it can is done before") {
  const std::string t = "CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a > 0));\n";
  const std::string rename = "ALTER TABLE t RENAME a TO b;\n";
  for (const char* more :
       {"CREATE INDEX i ON t (b);", "ALTER TABLE t ADD UNIQUE (\"b\");", "ALTER TABLE t ADD CHECK (B < 9);",
        "ALTER TABLE t ALTER b SET STATISTICS 9;", "CREATE VIEW v AS SELECT b FROM t;"}) {
    CAPTURE(std::string(more));
    CHECK(says(refusal(t, rename + more), "since the check pos stands on it"));
  }
  const Plan plan = one_plan(t, rename +
                                    "ALTER TABLE t ALTER b SET NOT NULL, ALTER b SET DEFAULT 7;\nCOMMENT ON COLUMN "
                                    "t.b IS 'x';\nCREATE INDEX i ON t (id DESC);");
  CHECK(says(all_sql(plan), "CHECK (a IS NOT NULL) NOT VALID"));
  CHECK(says(step(plan, "rename-a").sql.back(), "ALTER COLUMN b SET DEFAULT 7"));
  const Lines lines = outline(plan);
  CHECK(lines.back().starts_with("contract: comment-"));
  recipe::Options options;
  options.dual_write = recipe::DualWrite::application;
  const plan::Planned planned = test::planned(t, {rename}, options);
  REQUIRE(planned.refused.size() == 1);
  CHECK(planned.refused[0].supply == "--dual-write trigger");
}

TEST_CASE("a default comes with a renamed column, as it is in the end") {
  const std::string t = "CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 5 NOT NULL, b int);";
  Plan plan = one_plan(t, "ALTER TABLE t RENAME a TO x;\nALTER TABLE t ALTER x SET DEFAULT 9;");
  CHECK(step(plan, "default-x").sql == Lines{"ALTER TABLE public.t ALTER COLUMN x SET DEFAULT 9"});
  plan = one_plan(t, "ALTER TABLE t RENAME a TO x;\nALTER TABLE t ALTER x DROP DEFAULT;");
  CHECK(step(plan, "no-default-a").sql == Lines{"ALTER TABLE public.t ALTER COLUMN a DROP DEFAULT"});
  CHECK(step(plan, "no-default-a").undo == Lines{"ALTER TABLE public.t ALTER COLUMN a SET DEFAULT 5"});
}

TEST_CASE("two renames that share an index build it once") {
  const Plan plan = one_plan("CREATE TABLE t (id int PRIMARY KEY, a int, b int);\nCREATE INDEX i ON t (a, b);",
                             "ALTER TABLE t RENAME a TO x;\nALTER TABLE t RENAME b TO y;");
  const std::string sql = all_sql(plan);
  const std::size_t build = sql.find("CREATE INDEX CONCURRENTLY");
  CHECK(says(sql.substr(build), "(x, y)"));
  CHECK(sql.find("CREATE INDEX CONCURRENTLY", build + 1) == std::string::npos);
}

TEST_CASE("a renamed column that loses its NOT NULL is refused and not guessed") {
  const std::string t = "CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 5 NOT NULL, b int);";
  const std::string sql = "ALTER TABLE t RENAME a TO x;\nALTER TABLE t ALTER x DROP NOT NULL;";
  CHECK(test::planned(t, {sql}).groups.empty());
  CHECK(!refusal(t, sql).empty());
}

TEST_CASE("a column of a table that this migration makes is renamed as it is written") {
  CHECK(
      test::planned("", {"CREATE TABLE n (id int PRIMARY KEY, a int);\nALTER TABLE n RENAME a TO b;"}).groups.empty());
}

TEST_CASE("a trigger whose name would come last has ours behind it") {
  const std::string function = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n";
  const std::string t = "CREATE TABLE t (id int PRIMARY KEY, a int);\n";
  const Plan plan = one_plan(t + function + "CREATE TRIGGER zzz BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
                             "ALTER TABLE t RENAME a TO b;");
  CHECK(says(all_sql(plan), "TRIGGER \"~pglint_sync_"));
  CHECK(says(refusal(t + function + "CREATE TRIGGER \"~~\" BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
                     "ALTER TABLE t RENAME a TO b;"),
             "would fire behind the one that keeps both columns equal"));
}
