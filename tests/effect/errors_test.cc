// Errors that are known before a server says them, and those that are not.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <utility>

#include "effect/look.h"

namespace pglint::test {
namespace {

struct Case {
  std::string_view history;
  std::string_view sql;
  std::string_view sqlstate;
  std::string_view message;
};

Look judge(History& history, std::string_view setup, std::string_view sql, bool in_transaction) {
  history.released(setup);
  history.begin(in_transaction);
  return look(history, sql);
}

TEST_CASE("what may not run in a transaction block fails there, in PostgreSQL's words") {
  for (const auto& one :
       {std::pair{"CREATE INDEX CONCURRENTLY i ON t(a)",
                  "CREATE INDEX CONCURRENTLY cannot run inside a transaction block"},
        {"DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY cannot run inside a transaction block"},
        {"REINDEX TABLE CONCURRENTLY t", "REINDEX CONCURRENTLY cannot run inside a transaction block"},
        {"REINDEX SCHEMA public", "REINDEX SCHEMA cannot run inside a transaction block"},
        {"ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY",
         "ALTER TABLE ... DETACH CONCURRENTLY cannot run inside a transaction block"},
        {"VACUUM t", "VACUUM cannot run inside a transaction block"},
        {"CREATE DATABASE d", "CREATE DATABASE cannot run inside a transaction block"},
        {"ALTER SYSTEM SET work_mem = '4MB'", "ALTER SYSTEM cannot run inside a transaction block"}}) {
    const std::string sql = one.first;
    const std::string message = one.second;
    CAPTURE(sql);
    History inside;
    const Look refused = judge(inside, "", sql, true);
    CHECK(refused.error() == "25001");
    CHECK(refused.message() == message);
    CHECK_FALSE(refused.effects.transactional);
    History outside;
    const Look let = judge(outside, "", sql, false);
    CHECK(let.error().empty());
    CHECK_FALSE(let.effects.transactional);
  }
}

TEST_CASE("REFRESH CONCURRENTLY and a value for an enumeration may run in a transaction block") {
  History history;
  const Look refreshed =
      judge(history,
            "CREATE MATERIALIZED VIEW m AS SELECT 1 AS id; CREATE UNIQUE INDEX ON m(id); CREATE TYPE e AS ENUM ('a')",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY m", true);
  CHECK(refreshed.error().empty());
  CHECK(look(history, "ALTER TYPE e ADD VALUE 'b'").error().empty());
}

TEST_CASE("LOCK TABLE fails outside of a transaction block") {
  History outside;
  CHECK(judge(outside, "CREATE TABLE t(a int)", "LOCK TABLE t", false).error() == "25P01");
  History inside;
  CHECK(judge(inside, "CREATE TABLE t(a int)", "LOCK TABLE t", true).error().empty());
}

TEST_CASE("statements that the schema refuses") {
  constexpr std::string_view t = "CREATE TABLE t(id int PRIMARY KEY, a int, b text); CREATE INDEX i ON t(a);";
  constexpr std::string_view p = "CREATE TABLE p(id int, a int) PARTITION BY RANGE (id); CREATE INDEX pi ON p(a);";
  constexpr std::string_view v = "CREATE TABLE t(id int, a int); CREATE VIEW v AS SELECT a FROM t;";
  const Case cases[] = {
      {p, "CREATE INDEX CONCURRENTLY i ON p(a)", "0A000",
       "cannot create index on partitioned table \"p\" concurrently"},
      {p, "DROP INDEX CONCURRENTLY pi", "0A000", "cannot drop partitioned index \"pi\" concurrently"},
      {t, "DROP INDEX CONCURRENTLY i, t_pkey", "0A000",
       "DROP INDEX CONCURRENTLY does not support dropping multiple objects"},
      {t, "DROP INDEX CONCURRENTLY i CASCADE", "0A000", "DROP INDEX CONCURRENTLY does not support CASCADE"},
      {t, "DROP INDEX t_pkey", "2BP01", "cannot drop index t_pkey because constraint t_pkey on table t requires it"},
      {"CREATE TABLE r(id int PRIMARY KEY); CREATE TABLE p(id int) PARTITION BY RANGE (id);",
       "ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES r NOT VALID", "42809",
       "cannot add NOT VALID foreign key on partitioned table \"p\" referencing relation \"r\""},
      {t, "ALTER TABLE t ADD COLUMN x int NOT NULL", "23502", "column \"x\" of relation \"t\" contains null values"},
      {t, "ALTER TABLE t ADD COLUMN a int", "42701", "column \"a\" of relation \"t\" already exists"},
      {t, "ALTER TABLE t DROP COLUMN x", "42703", "column \"x\" of relation \"t\" does not exist"},
      {t, "ALTER TABLE t ALTER COLUMN x SET NOT NULL", "42703", "column \"x\" of relation \"t\" does not exist"},
      {t, "ALTER TABLE t RENAME COLUMN x TO y", "42703", "column \"x\" does not exist"},
      {t, "CREATE TABLE t(id int)", "42P07", "relation \"t\" already exists"},
      {t, "CREATE INDEX i ON t(b)", "42P07", "relation \"i\" already exists"},
      {"CREATE TABLE t(id int); DROP TABLE t;", "ALTER TABLE t ADD COLUMN a int", "42P01",
       "relation \"t\" does not exist"},
      {"CREATE TABLE t(id int); DROP TABLE t;", "DROP TABLE t", "42P01", "table \"t\" does not exist"},
      {v, "ALTER TABLE t ALTER COLUMN a TYPE bigint", "0A000", "cannot alter type of a column used by a view or rule"},
      {v, "ALTER TABLE t DROP COLUMN a", "2BP01", "cannot drop column a of table t because other objects depend on it"},
      {v, "DROP TABLE t", "2BP01", "cannot drop table t because other objects depend on it"},
      {"CREATE TABLE t(id int); CREATE MATERIALIZED VIEW m AS SELECT id FROM t;",
       "REFRESH MATERIALIZED VIEW CONCURRENTLY m", "55000",
       "cannot refresh materialized view \"public.m\" concurrently"},
      {p, "ALTER TABLE p ADD UNIQUE (a)", "0A000",
       "unique constraint on partitioned table must include all partitioning columns"},
      {p, "CREATE UNIQUE INDEX pu ON p(a)", "0A000",
       "unique constraint on partitioned table must include all partitioning columns"},
      {t, "ALTER TABLE t ADD PRIMARY KEY (a)", "42P16", "multiple primary keys for table \"t\" are not allowed"},
      {t, "ALTER TABLE t ADD UNIQUE USING INDEX i", "42809", "\"i\" is not a unique index"},
      {t, "ALTER TABLE t ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY", "55000",
       "column \"a\" of relation \"t\" must be declared NOT NULL before identity can be added"},
      {t, "ALTER TABLE t ALTER COLUMN b TYPE int", "42804",
       "column \"b\" cannot be cast automatically to type integer"},
      {"CREATE TYPE e AS ENUM ('x'); CREATE TABLE t(a text DEFAULT 'x');",
       "ALTER TABLE t ALTER COLUMN a TYPE e USING a::e", "42804",
       "default for column \"a\" cannot be cast automatically to type e"},
      {"CREATE TABLE r(id bigint PRIMARY KEY); CREATE TABLE t(c text);",
       "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (c) REFERENCES r", "42804",
       "foreign key constraint \"f\" cannot be implemented"},
      {t, "ALTER TABLE t VALIDATE CONSTRAINT nope", "42704", "constraint \"nope\" of relation \"t\" does not exist"},
      {"CREATE TABLE r(id int PRIMARY KEY); CREATE TABLE t(a int REFERENCES r);", "TRUNCATE r", "0A000",
       "cannot truncate a table referenced in a foreign key constraint"},
      {"CREATE TABLE r(id int PRIMARY KEY); CREATE TABLE t(a int REFERENCES r);",
       "ALTER TABLE r DROP CONSTRAINT r_pkey", "2BP01",
       "cannot drop constraint r_pkey on table r because other objects depend on it"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.sql);
    History history;
    const Look refused = judge(history, one.history, one.sql, false);
    CHECK(refused.error() == one.sqlstate);
    CHECK(refused.message() == one.message);
  }
}

TEST_CASE("a column that a trigger, rule or policy names keeps its type and its place") {
  constexpr std::string_view t =
      "CREATE TABLE t(id int, a varchar(10), b varchar(10), c varchar(10), d varchar(10));"
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
      "CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (NEW.b <> '') EXECUTE FUNCTION f();"
      "CREATE POLICY po ON t USING (c <> '' AND EXISTS (SELECT d FROM pg_class));";
  for (const char* column : {"a", "b"}) {
    CAPTURE(column);
    History history;
    CHECK(judge(history, t, fmt::format("ALTER TABLE t ALTER COLUMN {} TYPE text", column), false).message() ==
          "cannot alter type of a column used in a trigger definition");
    CHECK(look(history, fmt::format("ALTER TABLE t DROP COLUMN {}", column)).error() == "2BP01");
  }
  History history;
  CHECK(judge(history, t, "ALTER TABLE t ALTER COLUMN c TYPE text", false).message() ==
        "cannot alter type of a column used in a policy definition");
  CHECK(look(history, "ALTER TABLE t ALTER COLUMN d TYPE text").error().empty());
  // It follows the column's new name, and ends with the policy.
  CHECK(look(history, "ALTER TABLE t RENAME COLUMN c TO e").error().empty());
  CHECK(look(history, "ALTER TABLE t ALTER COLUMN e TYPE text").error() == "0A000");
  CHECK(look(history, "DROP POLICY po ON t").error().empty());
  CHECK(look(history, "ALTER TABLE t ALTER COLUMN e TYPE text").error().empty());
}

TEST_CASE("syntax that is newer than the target is a syntax error there, and none on the version that has it") {
  struct Newer {
    int version;
    std::string_view sql;
  };
  constexpr std::string_view t = "CREATE TABLE t(id int PRIMARY KEY, a int, b text, f int); CREATE TABLE r(id int);";
  for (const Newer& one : {Newer{18, "ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID"},
                           {18, "ALTER TABLE t ADD CHECK (a > 0) NOT ENFORCED"},
                           {18, "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * 2) VIRTUAL"},
                           {18, "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * 2)"},
                           {18, "CREATE TABLE n(a int CHECK (a > 0) NOT ENFORCED)"},
                           {18, "CREATE TABLE n(a int, CONSTRAINT nn NOT NULL a)"},
                           {18, "UPDATE t SET a = 1 RETURNING WITH (OLD AS o) o.a"},
                           {17, "ALTER TABLE t ALTER COLUMN a SET EXPRESSION AS (f * 3)"},
                           {16, "ALTER TABLE t ADD COLUMN x text STORAGE EXTERNAL"},
                           {16, "SELECT * FROM (SELECT 1)"},
                           {16, "CREATE STATISTICS ON a, f FROM t"},
                           {15, "MERGE INTO t USING r ON t.id = r.id WHEN MATCHED THEN DELETE"},
                           {15, "CREATE UNIQUE INDEX i ON t(a) NULLS NOT DISTINCT"},
                           {15, "ALTER TABLE t ADD UNIQUE NULLS NOT DISTINCT (a)"},
                           {15, "ALTER TABLE t SET ACCESS METHOD heap"},
                           {15, "CREATE PUBLICATION pub FOR TABLES IN SCHEMA public"},
                           {14, "ALTER TABLE t ALTER COLUMN b SET COMPRESSION pglz"},
                           {14, "CREATE TABLE n(b text COMPRESSION pglz)"},
                           {14, "CREATE OR REPLACE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()"},
                           {13, "ALTER TABLE t ALTER COLUMN a DROP EXPRESSION IF EXISTS"}}) {
    CAPTURE(one.sql);
    History before(one.version - 1);
    CHECK(judge(before, t, one.sql, false).error() == "42601");
    History there(one.version);
    CHECK(judge(there, t, one.sql, false).error() != "42601");
  }
  History old(15);
  CHECK(judge(old, t, "ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * (2)) VIRTUAL", false).message() ==
        "syntax error at or near \"VIRTUAL\"");
}

TEST_CASE("nothing is said to fail that is not known to") {
  // The history never made these tables.
  for (const char* sql : {"ALTER TABLE u DROP COLUMN x", "ALTER TABLE u ADD COLUMN x int", "CREATE INDEX i ON u(x)",
                          "ALTER TABLE u DROP CONSTRAINT c", "ALTER TABLE u ALTER COLUMN x TYPE int", "DROP TABLE u",
                          "ALTER TABLE u ADD FOREIGN KEY (x) REFERENCES w(y)", "DROP TABLE IF EXISTS u",
                          "SELECT * FROM u", "ALTER TABLE u ADD PRIMARY KEY USING INDEX i"}) {
    CAPTURE(sql);
    History history;
    CHECK(judge(history, "", sql, false).error().empty());
  }
  // A column that the same statement adds is there for its other parts; one that it drops may be added anew.
  constexpr std::string_view t = "CREATE TABLE t(id int PRIMARY KEY, a int);";
  for (const char* sql :
       {"ALTER TABLE t ADD COLUMN x int, ADD CONSTRAINT c CHECK (x > 0)",
        "ALTER TABLE t DROP COLUMN a, ADD COLUMN a text",
        "ALTER TABLE t ADD COLUMN x int, ALTER COLUMN x SET DEFAULT 1", "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int",
        "ALTER TABLE t DROP COLUMN IF EXISTS nope", "CREATE TABLE IF NOT EXISTS t(id int)",
        "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (a)", "CREATE INDEX IF NOT EXISTS t_pkey ON t(a)"}) {
    CAPTURE(sql);
    History history;
    CHECK(judge(history, t, sql, false).error().empty());
  }
}

TEST_CASE("a function in SQL that is only declared STABLE may stand in an index") {
  constexpr std::string_view t =
      "CREATE TABLE t(a int, c text, tz timestamptz, ts timestamp);"
      "CREATE FUNCTION inlined(x int) RETURNS int STABLE LANGUAGE sql AS 'SELECT x + 1';"
      "CREATE FUNCTION called(x int) RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';";
  History history;
  CHECK(judge(history, t, "CREATE INDEX ON t(inlined(a))", false).error().empty());
  CHECK(look(history, "CREATE INDEX ON t(called(a))").error() == "42P17");
}

TEST_CASE("an index over a time of the session's zone is refused, one over a time without a zone is not") {
  constexpr std::string_view t = "CREATE TABLE t(c text, tz timestamptz, ts timestamp, j jsonb);";
  for (const char* expression : {"tz::date", "date_trunc('day', tz)", "extract(epoch FROM tz)", "concat(c, c)",
                                 "to_tsvector(c)", "(j->>'a')::timestamp", "tz + interval '1 day'", "ts::text"}) {
    CAPTURE(expression);
    History history;
    CHECK(judge(history, t, fmt::format("CREATE INDEX ON t(({}))", expression), false).error() == "42P17");
  }
  for (const char* expression :
       {"ts::date", "date_trunc('day', ts)", "extract(epoch FROM ts)", "c || c", "to_tsvector('english', c)",
        "(j->>'a')::int", "ts + interval '1 day'", "(tz AT TIME ZONE 'UTC')::date", "unknown(tz)"}) {
    CAPTURE(expression);
    History history;
    CHECK(judge(history, t, fmt::format("CREATE INDEX ON t(({}))", expression), false).error().empty());
  }
}

TEST_CASE("OR REPLACE of a function whose type was renamed since is not said to fail") {
  History history;
  history.released(
      "CREATE TYPE a AS ENUM ('x'); CREATE FUNCTION f() RETURNS a LANGUAGE sql AS 'SELECT NULL::a';"
      "ALTER TYPE a RENAME TO b;");
  CHECK(look(history, "CREATE OR REPLACE FUNCTION f() RETURNS b LANGUAGE sql AS 'SELECT NULL::b'").error().empty());
  CHECK(look(history, "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'").error() == "42P13");
}

TEST_CASE("the overload that DROP FUNCTION names is dropped, not another that something depends on") {
  History history;
  history.released(
      "CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
      "CREATE TABLE t(a int); CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();");
  CHECK(look(history, "DROP FUNCTION f(int)").error().empty());
  CHECK(look(history, "DROP FUNCTION f()").error() == "2BP01");
}

TEST_CASE("a default is of the type that the same statement gives its column") {
  History history;
  CHECK(judge(history, "CREATE TABLE t(a uuid, e int);",
              "ALTER TABLE t ALTER COLUMN a TYPE text, ALTER COLUMN a SET DEFAULT ''", false)
            .error()
            .empty());
  CHECK(look(history, "ALTER TABLE t ALTER COLUMN e SET DEFAULT ''").error() == "22P02");
}

TEST_CASE("rows that are published are not changed where nothing tells them") {
  History history;
  history.released("CREATE TABLE t(id int PRIMARY KEY, a int); CREATE PUBLICATION p FOR TABLE t;");
  CHECK(look(history, "UPDATE t SET a = 1").error().empty());
  history.released("ALTER TABLE t DROP CONSTRAINT t_pkey");
  CHECK(look(history, "UPDATE t SET a = 1").message() ==
        "cannot update table \"t\" because it does not have a replica identity and publishes updates");
  CHECK(look(history, "DELETE FROM t").error() == "55000");
  CHECK(look(history, "INSERT INTO t VALUES (1, 2)").error().empty());
  history.released("ALTER TABLE t REPLICA IDENTITY FULL");
  CHECK(look(history, "UPDATE t SET a = 1").error().empty());
}

TEST_CASE("a primary key makes the columns of inheritors NOT NULL") {
  History history;
  history.released("CREATE TABLE a(id int); CREATE TABLE b(x int) INHERITS (a);").begin(false);
  const Look added = look(history, "ALTER TABLE a ADD PRIMARY KEY (id)");
  CHECK(added.lock("b") == LockMode::access_exclusive);
  CHECK(added.scans("b"));
}

TEST_CASE("an option in parentheses that came later is refused before") {
  for (const auto& [version, form] :
       {std::pair{16, "VACUUM (SKIP_DATABASE_STATS) t"},
        {16, "EXPLAIN (GENERIC_PLAN) SELECT 1"},
        {17, "COPY t FROM '/x' (ON_ERROR ignore)"},
        {17, "GRANT MAINTAIN ON t TO public"},
        {18, "CREATE PUBLICATION p FOR TABLE t WITH (publish_generated_columns = stored)"},
        {16, "SELECT JSON_OBJECT('a': 1)"},
        {17, "SELECT JSON_SCALAR(1)"},
        {17, "ALTER TABLE t ALTER COLUMN a SET STATISTICS DEFAULT"},
        {16, "ALTER TABLE t ALTER COLUMN c SET STORAGE DEFAULT"}}) {
    const std::string sql = form;
    CAPTURE(sql);
    History before(version - 1);
    CHECK(judge(before, "CREATE TABLE t(a int, c text);", sql, false).error() == "42601");
    History there(version);
    CHECK(judge(there, "CREATE TABLE t(a int, c text);", sql, false).error().empty());
  }
}

TEST_CASE("a NOT NULL column without a default is no error on a table of the same migration") {
  History history;
  history.begin(false);
  history.released("CREATE TABLE t(id int)");
  const Look added = look(history, "ALTER TABLE t ADD COLUMN x int NOT NULL");
  CHECK(added.error().empty());
  CHECK(added.find("t")->is_new);
}

}  // namespace
}  // namespace pglint::test
