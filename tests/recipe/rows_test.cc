// UPDATE and DELETE of many rows.
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
    "CREATE TABLE t (id bigint PRIMARY KEY, a text, b int, mail text UNIQUE, at timestamptz);\n"
    "CREATE TABLE pair (x varchar(8) NOT NULL, y int NOT NULL, a text, UNIQUE (x, y));\n"
    "CREATE TABLE heap (a text, b int UNIQUE);\nCREATE TABLE child (id int PRIMARY KEY, t_id bigint REFERENCES t ON "
    "DELETE "
    "CASCADE);\nCREATE TABLE loud (id int PRIMARY KEY, a text);\n"
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';\n"
    "CREATE TRIGGER touch BEFORE UPDATE OR DELETE ON loud FOR EACH ROW EXECUTE FUNCTION f();\n"
    "CREATE TABLE parted (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);";

Backfill rows(const Plan& plan) {
  for (const Stage& stage : plan.stages)
    for (const Step& one : stage.steps)
      if (one.backfill) return *one.backfill;
  FAIL("no backfill");
  return {};
}

}  // namespace

TEST_CASE("rows are written in batches along the key") {
  const Plan plan = one_plan(given, "UPDATE \"t\" SET \"a\" = 'free' WHERE \"a\" IS NULL;");
  CHECK(outline(plan) == Lines{"backfill: fill-t-a"});
  const Step& fill = step(plan, "fill-t-a");
  CHECK(fill.kind == StepKind::backfill);
  CHECK(fill.lock_class == LockClass::c);
  CHECK(fill.irreversible);
  CHECK(test::locks(fill) == Lines{"ROW EXCLUSIVE public.t"});
  const Backfill work = rows(plan);
  CHECK(work.table == "public.t");
  CHECK(work.index == "t_pkey");
  REQUIRE(work.key.size() == 1);
  CHECK(work.key[0].name == "id");
  CHECK(work.key[0].type == "bigint");
  CHECK(work.set == std::vector<std::pair<std::string, std::string>>{{"a", "'free'"}});
  CHECK(work.where == "\"a\" IS NULL");
}

TEST_CASE("values and conditions are taken as they are written, whatever is in them") {
  const Backfill work = rows(one_plan(
      given,
      "UPDATE t SET a = E'it\\'s, WHERE = ' || coalesce(mail, 'x, y'), -- = ,\n  \"at\" = $q$2026-01-01, SET$q$::"
      "timestamptz /* WHERE */ WHERE b IN (1, 2)\n  AND mail <> 'WHERE' ;"));
  REQUIRE(work.set.size() == 2);
  CHECK(work.set[0].second.starts_with("E'it\\'s, WHERE = ' || coalesce(mail, 'x, y')"));
  CHECK(work.set[1].first == "at");
  CHECK(work.set[1].second.starts_with("$q$2026-01-01, SET$q$::timestamptz"));
  CHECK(work.where == "b IN (1, 2)\n  AND mail <> 'WHERE'");
}

TEST_CASE("a comment behind a value does not take what follows it along") {
  const Backfill work =
      rows(one_plan(given, "UPDATE t SET a = 'x' -- why\n, b = 1 -- because\nWHERE mail = 'y' -- end"));
  for (const auto& set : work.set) CHECK_MESSAGE(!says(set.second, "--"), set.first << ": " << set.second);
  CHECK(work.where == "mail = 'y'");
}

TEST_CASE("a key may have several columns") {
  const Backfill work = rows(one_plan(given, "UPDATE pair SET a = ''"));
  REQUIRE(work.key.size() == 2);
  CHECK(work.key[0].type == "character varying(8)");
  CHECK(work.key[1].name == "y");
  CHECK(work.where.empty());
}

TEST_CASE("one row, or a table of this migration, needs no batches") {
  CHECK(test::planned(given, {"UPDATE t SET a = 'x' WHERE id = 5;"}).groups.empty());
  CHECK(test::planned(given, {"DELETE FROM t WHERE id IN (1, 2);"}).groups.empty());
  CHECK(test::planned(given, {"CREATE TABLE n (a int); UPDATE n SET a = 1; DELETE FROM n;"}).groups.empty());
}

TEST_CASE("an UPDATE whose repetition could change more is refused, with the reason") {
  const auto why = [](const std::string& sql) { return refusal(given, sql); };
  CHECK(says(why("UPDATE t SET b = b + 1;"), "t.b is set from a column that the UPDATE sets"));
  CHECK(says(why("UPDATE t SET a = mail, b = length(a);"), "set from a column that the UPDATE sets"));
  CHECK(says(why("UPDATE t SET a = random()::text;"), "something else each time"));
  CHECK(says(why("UPDATE t SET a = clock_timestamp()::text;"), "something else each time"));
  CHECK(says(why("UPDATE t SET a = strange(b);"), "something else each time"));
  CHECK(says(why("UPDATE t SET a = c.id FROM child c WHERE c.t_id = t.id;"), "may find several of public.child"));
  CHECK(says(why("UPDATE t SET a = (SELECT max(id) FROM child);"), "has a sub-select"));
  CHECK(says(why("UPDATE t SET a = 'x' WHERE b IN (SELECT id FROM child);"), "has a sub-select"));
  CHECK(says(why("WITH w AS (SELECT 1) UPDATE t SET a = 'x';"), "has a WITH clause"));
  CHECK(says(why("UPDATE t SET a = 'x' RETURNING id;"), "returns rows"));
  CHECK(says(why("UPDATE t SET (a, b) = ('x', 1);"), "sets several columns at once"));
  CHECK(says(why("UPDATE t SET mail = lower(a);"), "part of the unique index t_mail_key"));
  CHECK(says(why("UPDATE t SET id = b;"), "part of the unique index t_pkey"));
  CHECK(says(why("UPDATE heap SET a = 'x';"), "no known unique index over NOT NULL columns"));
  CHECK(says(why("UPDATE legacy SET a = 'x';"), "--schema FILE"));
  CHECK(says(why("UPDATE loud SET a = 'x';"), "row triggers of public.loud would fire for each row: touch"));
  CHECK(says(why("UPDATE parted SET a = 'x';"), "has partitions"));
  CHECK(says(why("UPDATE t SET a = 'x' WHERE random() < 0.5;"), "may answer otherwise each time"));
  CHECK(says(why("UPDATE t SET a = row_to_json(t)::text;"), "set from a column that the UPDATE sets"));
  CHECK(says(why("UPDATE t SET a = 'x' WHERE t.* IS NOT NULL;"), "asks for the row as a whole"));
}

TEST_CASE("the time of a batch is another one when the batch is repeated, unless it fills only") {
  CHECK(says(refusal(given, "UPDATE t SET at = now();"), "t.at is set to the time"));
  CHECK(says(refusal(given, "UPDATE t SET at = CURRENT_TIMESTAMP - interval '1 day' WHERE b = 1;"),
             "is set to the time"));
  CHECK(refusal(given, "UPDATE t SET at = now() WHERE at IS NULL;").empty());
  CHECK(refusal(given, "UPDATE t SET a = to_char(at, 'YYYY');").empty());
}

TEST_CASE("a column that has its table's name is no row") {
  CHECK(refusal("CREATE TABLE status (id int PRIMARY KEY, status text, old text);",
                "UPDATE status SET old = status WHERE status = 'x';")
            .empty());
}

TEST_CASE("a default is no value that a batch can be repeated with") {
  CHECK(says(
      refusal("CREATE TABLE t (id int PRIMARY KEY, a uuid DEFAULT gen_random_uuid());", "UPDATE t SET a = DEFAULT;"),
      "something else each time"));
}

TEST_CASE("whether its own condition stays true is asked of an UPDATE") {
  // WHERE reads what SET writes: repeating a batch finds other rows, and sets them to the same value.
  CHECK(refusal(given, "UPDATE t SET b = 2 WHERE b = 1;").empty());
}

TEST_CASE("rows are deleted in batches") {
  const Plan plan = one_plan(given, "DELETE FROM pair WHERE a IS NULL;");
  const Backfill work = rows(plan);
  CHECK(work.set.empty());
  CHECK(work.where == "a IS NULL");
  CHECK(plan.stages.at(0).steps.at(0).irreversible);
  CHECK(rows(one_plan(given, "DELETE FROM pair;")).where == "true");
  CHECK(says(refusal(given, "DELETE FROM t WHERE b = 1;"), "takes rows of public.child along"));
  CHECK(says(refusal(given, "DELETE FROM loud WHERE a = 'x';"), "row triggers of public.loud"));
  CHECK(says(refusal(given, "DELETE FROM pair USING t WHERE t.b = pair.y;"), "may find several of public.t"));
  CHECK(says(refusal(given, "DELETE FROM pair p USING pair q WHERE p.x = q.x AND p.y = q.y AND q.a = 'x';"),
             "asks for other rows of it, which a batch before may have deleted"));
  CHECK(says(refusal(given, "DELETE FROM pair WHERE a = 'x' RETURNING y;"), "returns rows"));
  CHECK(says(refusal(given, "WITH w AS (SELECT 1) DELETE FROM pair WHERE a = 'x';"), "has a WITH clause"));
  CHECK(says(refusal(given, "DELETE FROM pair WHERE y IN (SELECT b FROM t);"), "has a sub-select"));
  CHECK(says(refusal(given, "DELETE FROM pair WHERE random() < 0.5;"), "something else each time"));
  CHECK(says(refusal(given, "DELETE FROM heap;"), "no known unique index"));
}

TEST_CASE("a column of the migration itself is filled behind the gate, by the release that writes it") {
  const Plan plan = one_plan(given, "ALTER TABLE t ADD COLUMN level int;\nUPDATE t SET level = 7;");
  const Lines lines = outline(plan);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].starts_with("expand: alter-table-"));
  CHECK(lines[1] == "gate: change");
  CHECK(lines[2] == "backfill: fill-t-level");
  CHECK_FALSE(step(plan, "fill-t-level").irreversible);
}

TEST_CASE("a fill comes before what needs it, and once more behind a gate") {
  const Plan plan = one_plan(given, std::vector<std::string>{"UPDATE t SET a = '' WHERE a IS NULL;",
                                                             "ALTER TABLE t ADD CONSTRAINT c CHECK (a <> 'x');"});
  CHECK(outline(plan) == Lines{"backfill: fill-t-a", "gate: change", "backfill: fill-t-a-again", "tighten: add-c",
                               "tighten: validate-c"});
}

TEST_CASE("of two UPDATEs of one column the first cannot be repeated behind the second") {
  CHECK(says(refusal(given, "UPDATE t SET a = mail;\nUPDATE t SET a = 'none' WHERE a IS NULL;"),
             "public.t.a is set by two UPDATEs of the plan, and the first cannot be repeated behind the second -> make "
             "one UPDATE of them, with coalesce() or CASE"));
  CHECK(refusal(given, "UPDATE t SET a = mail WHERE a IS NULL;\nUPDATE t SET a = 'none' WHERE a IS NULL;").empty());
  CHECK(refusal(given, "UPDATE t SET a = 'few' WHERE b < 5;\nUPDATE t SET a = 'many' WHERE b >= 5;").empty());
}

TEST_CASE("the table keeps the alias that it was given") {
  const Backfill work =
      rows(one_plan(given, "UPDATE t AS \"The T\" SET a = \"The T\".mail WHERE \"The T\".a IS NULL;"));
  CHECK(work.table == "public.t");
  CHECK(work.alias == "The T");
  CHECK(work.from.empty());
  REQUIRE(work.set.size() == 1);
  CHECK(work.set[0].second == "\"The T\".mail");
  CHECK(work.where == "\"The T\".a IS NULL");
  CHECK(rows(one_plan(given, "UPDATE t u SET a = 'x';")).alias == "u");
  const Backfill gone = rows(one_plan(given, "DELETE FROM pair AS p WHERE p.a = 'x';"));
  CHECK(gone.alias == "p");
  CHECK(gone.where == "p.a = 'x'");
  // An alias changes nothing of what is refused.
  CHECK(says(refusal(given, "UPDATE t u SET b = u.b + 1;"), "set from a column that the UPDATE sets"));
  CHECK(says(refusal(given, "UPDATE t u SET a = row_to_json(u)::text;"), "set from a column that the UPDATE sets"));
  CHECK(says(refusal(given, "UPDATE t u SET at = now() WHERE u.b IS NULL;"), "is set to the time"));
  CHECK(refusal(given, "UPDATE t u SET at = now() WHERE u.at IS NULL;").empty());
  // The key of this row, not of another.
  CHECK(test::planned(given, {"UPDATE t u SET a = 'x' WHERE u.id = 5;"}).groups.empty());
  CHECK(rows(one_plan(given, "UPDATE t u SET a = 'x' WHERE id = b;")).where == "id = b");
}

TEST_CASE("tables are joined where a row finds one row of each, by a unique key") {
  const Backfill one =
      rows(one_plan(given, "UPDATE child c SET t_id = t.b FROM t WHERE t.id = c.t_id AND t.a = 'FROM';"));
  CHECK(one.alias == "c");
  CHECK(one.from == "public.t AS t");
  CHECK(one.set[0].second == "t.b");
  CHECK(one.where == "t.id = c.t_id AND t.a = 'FROM'");
  // Without an alias the table is called by its name; the other's may be anything.
  const Backfill two = rows(one_plan(
      given, "UPDATE child SET t_id = \"FROM\".b\nFROM -- here\n public.t \"FROM\" WHERE (\"FROM\".id = child.t_id);"));
  CHECK(two.alias == "child");
  CHECK(two.from == "public.t \"FROM\"");
  const Backfill three = rows(one_plan(
      given,
      "UPDATE child SET t_id = p.y FROM t JOIN pair p ON p.x = t.mail AND p.y = t.b WHERE t.id = child.t_id AND "
      "t.a IS NOT DISTINCT FROM p.a"));
  CHECK(three.from == "public.t AS t JOIN public.pair p ON p.x = t.mail AND p.y = t.b");
  CHECK(three.where == "t.id = child.t_id AND t.a IS NOT DISTINCT FROM p.a");
  const Backfill gone = rows(one_plan(given, "DELETE FROM pair USING t AS u WHERE u.mail = pair.a AND u.b > 5;"));
  CHECK(gone.from == "public.t AS u");
  CHECK(gone.alias == "pair");
  // Another row of the table: what it has in columns that are not set stays as it is.
  CHECK(refusal(given, "UPDATE t x SET a = y.mail FROM t y WHERE y.id = x.b;").empty());
}

TEST_CASE("where a batch might find other rows than the whole, it is said which table is in the way") {
  const auto why = [](const std::string& sql) { return refusal(given, sql); };
  CHECK(says(why("UPDATE t SET a = p.a FROM pair p WHERE p.x = t.mail;"), "may find several of public.pair"));
  CHECK(says(why("UPDATE t SET a = p.a FROM pair p WHERE p.x = t.mail AND p.y > t.b;"), "may find several"));
  CHECK(says(why("UPDATE t SET a = p.a FROM pair p WHERE p.x = t.mail OR p.y = t.b;"), "may find several"));
  CHECK(says(why("UPDATE t SET b = h.b FROM heap h, pair p WHERE h.b = p.y AND p.x = h.a AND p.y = t.b;"),
             "may find several of public.pair"));
  CHECK(says(why("UPDATE t SET a = 'x' FROM legacy l WHERE l.id = t.b;"), "nothing is known of it"));
  CHECK(says(why("UPDATE t SET a = s.x FROM (SELECT max(a) x FROM heap) s;"), "sub-select"));
  CHECK(says(why("UPDATE t SET a = s::text FROM generate_series(1, 2) s;"), "what a function returns"));
  CHECK(says(why("UPDATE t SET a = h.a FROM pair p LEFT JOIN heap h ON h.b = p.y WHERE p.x = t.mail AND p.y = t.b;"),
             "an outer join"));
  CHECK(says(why("UPDATE t x SET a = y.a FROM t y WHERE y.id = x.b;"), "set from a column that the UPDATE sets"));
  CHECK(says(why("UPDATE t x SET b = 1 FROM t y WHERE y.id = x.b AND y.b = 2;"), "joined by a column that it sets"));
  CHECK(says(why("UPDATE t x SET b = 1 FROM t y WHERE y.mail = x.mail AND y.* IS NOT NULL;"), "row as a whole"));
  CHECK(says(why("UPDATE t SET a = child.id FROM child WHERE public.child.id = t.b;"), "names columns with a schema"));
  CHECK(says(why("UPDATE t SET a = h.a FROM heap h WHERE h.b = t.b AND random() < 0.5;"), "may answer otherwise"));
  // It names the other's key, not that of its own row.
  CHECK(says(why("WITH w AS (SELECT 1 AS id) UPDATE t SET a = 'x' FROM w WHERE t.id = w.id;"), "has a WITH clause"));
}

TEST_CASE("what stands further down and would be found done is refused") {
  const auto why = [](const std::string& sql) { return refusal(given, sql); };
  CHECK(says(why("UPDATE t SET a = 'x';\nINSERT INTO t (id, a) VALUES (5, 'y');"),
             "the UPDATE of public.t is done in batches, and further down rows are inserted into public.t"));
  CHECK(says(why("DELETE FROM pair WHERE a = 'x';\nINSERT INTO pair VALUES ('a', 1, 'x');"),
             "the DELETE from public.pair is done in batches, and further down rows are inserted into public.pair"));
  CHECK(says(why("UPDATE t SET a = mail WHERE a IS NULL;\nUPDATE t SET mail = NULL WHERE b = 1;"),
             "further down public.t.mail, which it reads, is written"));
  CHECK(says(why("UPDATE t SET b = 5 WHERE a = 'x';\nUPDATE t SET a = 'x' WHERE mail = 'm';"),
             "further down public.t.a, which it reads, is written"));
  CHECK(says(why("DELETE FROM pair WHERE a = 'x';\nUPDATE pair SET a = 'x' WHERE a IS NULL;"),
             "further down public.pair.a, which it reads, is written"));
  CHECK(says(why("ALTER TABLE t ADD COLUMN d int;\nUPDATE t SET d = b;\nUPDATE t SET b = 1;"),
             "further down public.t.b, which it reads, is written"));
  CHECK(says(why("UPDATE t SET a = h.a FROM heap h WHERE h.b = t.b;\nINSERT INTO heap VALUES ('a', 1);"),
             "further down rows of public.heap, which it reads, are inserted"));
  CHECK(says(why("UPDATE t SET a = 'x';\nCREATE TRIGGER f BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"),
             "further down a trigger of public.t is made"));
  CHECK(refusal(given, "INSERT INTO t (id, a) VALUES (5, 'y');\nUPDATE t SET a = 'x';").empty());
}

TEST_CASE("what reads a column that is filled behind the gate comes behind that") {
  const Plan plan = one_plan(
      given,
      "ALTER TABLE pair ADD COLUMN d text;\nUPDATE pair SET d = t.a FROM t WHERE t.mail = pair.x;\nDELETE FROM pair "
      "WHERE d IS NULL;");
  const Lines lines = outline(plan);
  REQUIRE(lines.size() == 4);
  CHECK(lines[1] == "gate: change");
  CHECK(lines[2] == "backfill: fill-pair-d");
  CHECK(lines[3].starts_with("backfill: delete-pair-"));
}

TEST_CASE("the proof of a fill does not look for what stays NULL") {
  CHECK(rows(one_plan(given, "ALTER TABLE t ADD COLUMN d int;\nUPDATE t SET d = b WHERE d IS NULL;")).proof ==
        "SELECT 1 FROM public.t WHERE (d IS NULL) AND ((b) IS NOT NULL) LIMIT 1");
  CHECK(rows(one_plan(given, "ALTER TABLE t ADD COLUMN d int;\nUPDATE t SET d = 1 WHERE d IS NULL;")).proof ==
        "SELECT 1 FROM public.t WHERE d IS NULL LIMIT 1");
}
