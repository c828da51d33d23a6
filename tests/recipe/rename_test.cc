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
  CHECK(std::ranges::any_of(
      plan.checks, [](const DataCheck& check) { return says(check.sql, "SELECT mail, count(*) FROM public.t"); }));
  // What a copy of the index would not have.
  CHECK(says(plan.checks.at(0).sql, "reloptions IS NOT NULL"));
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
  for (const char* more : {"ALTER TABLE t ALTER b SET STATISTICS 9;", "CREATE VIEW v AS SELECT b FROM t;"}) {
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
  const plan::Planned planned = test::planned(t + "CREATE VIEW v AS SELECT a FROM t;", {rename}, options);
  REQUIRE(planned.refused.size() == 1);
  CHECK(
      says(planned.refused[0].reason, "the view public.v stands on public.t.a, is not made again for another column"));
  CHECK(planned.refused[0].supply == "--dual-write trigger");
}

TEST_CASE("where no trigger keeps both columns equal, checks, foreign keys and all indexes are made again") {
  const std::string t =
      "CREATE TABLE o (x int PRIMARY KEY);\nCREATE TABLE t (id int PRIMARY KEY, a int, c int, CONSTRAINT pos CHECK "
      "(t.a "
      "> c), CONSTRAINT points FOREIGN KEY (a) REFERENCES o (x) ON DELETE RESTRICT DEFERRABLE);\nCREATE UNIQUE INDEX "
      "odd ON t ((a + 1)) WHERE a > 0;\n";
  recipe::Options options;
  options.dual_write = recipe::DualWrite::application;
  const Plan plan = one_plan(t, std::string("ALTER TABLE t RENAME a TO b;\nALTER TABLE t ADD CHECK (b < 9);"), options);
  const std::string sql = all_sql(plan);
  CHECK_FALSE(says(sql, "TRIGGER"));
  CHECK(says(sql, "CHECK (t.b > c) NOT VALID"));
  CHECK(
      says(sql, "FOREIGN KEY (b) REFERENCES public.o (x) ON UPDATE NO ACTION ON DELETE RESTRICT DEFERRABLE NOT VALID"));
  CHECK(says(sql, "((b + 1)) WHERE b > 0"));
  CHECK(says(sql, " TO pos;"));
  CHECK(says(sql, " TO points;"));
  CHECK(says(plan.checks.at(0).says + plan.checks.at(1).says + plan.checks.at(2).says, "MATCH FULL"));
  const Lines lines = outline(plan);
  const auto at = [&](std::string_view start) {
    return std::ranges::find_if(lines, [&](const std::string& line) { return line.starts_with(start); }) -
           lines.begin();
  };
  CHECK(at("gate: change-writes-both") < at("validate: add-pos-pglint-"));
  CHECK(at("validate: validate-points-pglint-") < at("gate: change-reads-new"));
  // The release that reads the new column has to keep what is tightened before the next gate.
  std::string reads_new;
  for (const Stage& stage : plan.stages)
    if (stage.gate && stage.gate->id == "change-reads-new") reads_new = stage.gate->release;
  CHECK(says(reads_new, "writes no row that t_b_check forbids"));
  // What the server writes it writes to one of the columns.
  const plan::Planned cascades = test::planned(
      "CREATE TABLE o (x int PRIMARY KEY);\nCREATE TABLE t (id int PRIMARY KEY, a int CONSTRAINT points "
      "REFERENCES o ON DELETE SET NULL);",
      {"ALTER TABLE t RENAME a TO b;"}, options);
  REQUIRE(cascades.refused.size() == 1);
  CHECK(says(cascades.refused[0].reason, "the foreign key points stands on public.t.a"));
}

TEST_CASE("what is new on a column that is followed stands on the column of today, and an index on the new one too") {
  const std::string t =
      "CREATE TABLE o (b int PRIMARY KEY);\nCREATE TABLE t (id int PRIMARY KEY, a int, c int, CONSTRAINT pos CHECK (a "
      "> "
      "0));\n";
  const std::string rename = "ALTER TABLE t RENAME a TO b;\n";
  Plan plan = one_plan(t, rename + "CREATE INDEX i ON t (c, (t.b + abs(b))) WHERE \"b\" > 3;");
  // The id is taken by the copy.
  CHECK(step(plan, "build-i-2").sql ==
        Lines{"CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t (c, (t.b + abs(b))) WHERE \"b\" > 3"});
  CHECK(outline(plan).back() == "contract: build-i-2");
  CHECK(says(all_sql(plan), " ON public.t USING btree (c, (t.b + abs(b))) WHERE \"b\" > 3"));
  // One that is unique has to be there before: the column beside stays, and the check is made again for it.
  plan = one_plan(t, rename + "ALTER TABLE t ADD CONSTRAINT u UNIQUE (\"b\", c);");
  CHECK(says(all_sql(plan), "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS u ON public.t (b, c)"));
  CHECK(says(all_sql(plan), "CHECK (b > 0) NOT VALID"));
  CHECK(outline(plan).back() == "contract: drop-a");
  CHECK(says(all_sql(plan), "NEW.b::pg_catalog.text || ',' || NEW.c::pg_catalog.text"));
  CHECK(says(refusal(t + "CREATE VIEW v AS SELECT a FROM t;", rename + "CREATE UNIQUE INDEX i ON t (b);"),
             "since the view public.v stands on it"));
  plan = one_plan(t, rename + "ALTER TABLE t ADD CHECK(B < 9 AND c IS NOT NULL);");
  CHECK(step(plan, "add-t-check").sql ==
        Lines{"ALTER TABLE public.t ADD CONSTRAINT t_check CHECK(a < 9 AND c IS NOT NULL) NOT VALID"});
  CHECK(plan.checks.at(0).sql == "SELECT 1 FROM public.t WHERE NOT (a < 9 AND c IS NOT NULL) LIMIT 10");
  plan = one_plan(t, rename + "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES o (b);");
  CHECK(step(plan, "add-t-b-fkey").sql ==
        Lines{"ALTER TABLE public.t ADD CONSTRAINT t_b_fkey FOREIGN KEY (a) REFERENCES public.o (b) NOT VALID"});
  // What points to it from another table.
  plan = one_plan(t + "CREATE UNIQUE INDEX ui ON t (a);\nCREATE TABLE n (b int);",
                  rename + "ALTER TABLE n ADD FOREIGN KEY (b) REFERENCES t (b);");
  CHECK(step(plan, "add-n-b-fkey").sql ==
        Lines{"ALTER TABLE public.n ADD CONSTRAINT n_b_fkey FOREIGN KEY (b) REFERENCES public.t (a) NOT VALID"});
}

TEST_CASE("who writes what two unique indexes hold waits in the trigger, whatever they make of it") {
  const auto trigger = [](const std::string& columns, const std::string& index, const char* sql) {
    return all_sql(
        one_plan("CREATE TABLE t (id int PRIMARY KEY, " + columns + ");\nCREATE UNIQUE INDEX u ON t " + index, sql));
  };
  const char* const rename = "ALTER TABLE t RENAME a TO b;";
  CHECK(says(trigger("a text", "(lower(a))", rename), "((lower(NEW.b))::pg_catalog.text)"));
  CHECK(says(trigger("a numeric", "(a)", rename), "(pg_catalog.trim_scale(NEW.b)::pg_catalog.text)"));
  CHECK(says(trigger("a int, c int", "(c) WHERE a > 0", rename), "(NEW.c::pg_catalog.text)"));
  // A function that search_path finds is not found by everybody.
  CHECK(says(trigger("a text", "(mine(a))", rename), "(NEW.b::pg_catalog.text)"));
  // Of two columns that are renamed the first one's trigger waits, and may fire before the other's.
  const std::string two =
      trigger("a int, c int", "(a, c)", "ALTER TABLE t RENAME a TO b;\nALTER TABLE t RENAME c TO d;");
  CHECK(says(two, "(NEW.b::pg_catalog.text || ',' || coalesce(NEW.d, NEW.c)::pg_catalog.text)"));
  CHECK(two.find("pg_advisory_xact_lock") == two.rfind("pg_advisory_xact_lock"));
  CHECK_FALSE(says(trigger("a int, c int", "(c)", rename), "pg_advisory_xact_lock"));
}

TEST_CASE("a unique constraint that is checked at the end follows, and is not checked earlier on the column beside") {
  const Plan plan = one_plan("CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT u UNIQUE (a) DEFERRABLE);",
                             "ALTER TABLE t RENAME a TO b;");
  CHECK(step(plan, "build-u").sql[0].starts_with("CREATE INDEX CONCURRENTLY"));
  CHECK(outline(plan).back() == "contract: rename-a");
  CHECK_FALSE(says(all_sql(plan), "pg_advisory_xact_lock"));
}

TEST_CASE("a plan of a rename assumes all that stands on the column, and nothing that is made with it") {
  const Plan plan = one_plan(
      "CREATE TABLE t (id int PRIMARY KEY, a int CONSTRAINT t_a_u UNIQUE, c int);\nCREATE TABLE o (a int CONSTRAINT "
      "points REFERENCES t (a));\nCREATE VIEW v AS SELECT a FROM t;\nCREATE POLICY p ON t USING (a > 0);\nCREATE "
      "STATISTICS s ON a, c FROM t;\nCREATE INDEX i ON t (c) WHERE a > 0;",
      "ALTER TABLE t ADD CONSTRAINT later CHECK (a > 0);\nALTER TABLE t RENAME a TO b;");
  Lines dependents = plan.assumes.at(0).dependents;
  std::ranges::sort(dependents);
  CHECK(dependents ==
        Lines{"constraint points", "constraint t_a_u", "index i", "policy p", "statistics s", "view public.v"});
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

TEST_CASE("rows are not written past a row trigger that nobody has accepted, and a step says which it fires") {
  const std::string loud =
      "CREATE TABLE t (id int PRIMARY KEY, a int, b int);\n"
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n"
      "CREATE TRIGGER audit AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();\n"
      "CREATE TRIGGER kept AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION f();";
  recipe::Options options;
  options.accept_triggers = {"audit", "kept"};
  for (const auto& [sql, fired] : {std::pair{"ALTER TABLE t RENAME a TO c;", "audit"},
                                   {"UPDATE t SET b = 1 WHERE b IS NULL;", "audit"},
                                   {"DELETE FROM t WHERE b IS NULL;", "kept"}}) {
    const std::string written = sql;
    CAPTURE(written);
    CHECK(says(refusal(loud, written), std::string("would fire for each row: ") + fired));
    const Plan plan = one_plan(loud, written, options);
    bool said = false;
    for (const Stage& stage : plan.stages)
      for (const Step& one : stage.steps)
        said = said || says(one.comment, std::string("; fires ") + fired + " for each row");
    CHECK(said);
  }
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
