#include <doctest/doctest.h>

#include "story.h"

using namespace pglint;
using namespace pglint::catalog;
using catalog::test::Story;

// --- indexes ---------------------------------------------------------------------------------------------------------

TEST_CASE("an index knows its keys, its expressions and its predicate as they are written") {
  const Story story(
      "CREATE TABLE t (a int, b text, c jsonb);"
      "CREATE UNIQUE INDEX i ON t USING btree (a DESC, lower(b) COLLATE \"C\" text_pattern_ops NULLS FIRST, (c ->> 'x, "
      ")')) "
      "INCLUDE (b) WITH (fillfactor = 70) WHERE (a > 1 AND b <> ';');"
      "CREATE INDEX j ON t (date_trunc('day', now()), (a + 1)) WHERE a IN (1, 2);"
      "CREATE TABLE e (r int4range, k int, CONSTRAINT x EXCLUDE USING gist (r WITH &&) WHERE (k > 0));");
  CHECK(story.about("public.i ") ==
        "public.i index on public.t using btree (a desc nulls-first,lower:[lower(b)] text_pattern_ops collate \"C\" "
        "nulls-first,expr:[c ->> 'x, )']) include(b) names(b,c,a) where[a > 1 AND b <> ';'] unique");
  CHECK(
      story.about("public.j ") ==
      "public.j index on public.t using btree (date_trunc:[date_trunc('day', now())],expr:[a + 1]) names(a) where[a IN "
      "(1, 2)]");
  CHECK(story.about("public.x ") == "public.x index on public.e using gist (r) names(k) where[k > 0] constraint");
}

TEST_CASE("the name of an index is put together from its columns and expressions") {
  const Story story(
      "CREATE TABLE t (a int, b text, c int);"
      "CREATE INDEX ON t (a, b, c); CREATE INDEX ON t (lower(b)); CREATE INDEX ON t ((a + 1), (a * 2)); CREATE INDEX "
      "ON t "
      "(a) INCLUDE (b); CREATE INDEX ON t ((b::varchar)); CREATE INDEX ON t (coalesce(b, '')); CREATE INDEX ON t "
      "((CASE "
      "WHEN a > 1 THEN b END)); CREATE INDEX ON t ((b)); CREATE INDEX ON t ((a IS NULL));");
  for (const char* name : {"t_a_b_c_idx", "t_lower_idx", "t_expr_expr1_idx", "t_a_b_idx", "t_b_idx", "t_coalesce_idx",
                           "t_b_idx1", "t_case_idx", "t_expr_idx"}) {
    CAPTURE(name);
    CHECK(story.presence(name) == Presence::known);
  }
}

TEST_CASE("the index of a constraint is not dropped by DROP INDEX") {
  Story story("CREATE TABLE t (a int PRIMARY KEY); DROP INDEX t_pkey;");
  CHECK(story.presence("t_pkey") == Presence::known);
  story.tell("ALTER TABLE t DROP CONSTRAINT t_pkey;");
  CHECK(story.presence("t_pkey") == Presence::gone);
}

// --- what proves NOT NULL --------------------------------------------------------------------------------------------

TEST_CASE("a valid check proves NOT NULL as the server reasons") {
  const auto proved = [](std::string_view check) {
    const Story story("CREATE TABLE t (a int, b int, CHECK (" + std::string(check) + "));");
    return proof_of_not_null(story.table("t"), story.symbol("a")) != nullptr;
  };
  CHECK(proved("a IS NOT NULL"));
  CHECK(proved("a > -5 AND a IS NOT NULL"));
  CHECK(proved("(b > 1 AND (a IS NOT NULL)) AND b < 7"));
  CHECK(proved("NOT (a IS NULL)"));
  CHECK(proved("NOT (a IS NULL OR b IS NULL)"));
  CHECK(proved("(a IS NOT NULL AND b > 0) OR (a IS NOT NULL AND b < 0)"));
  CHECK(proved("a IS DISTINCT FROM NULL"));
  CHECK_FALSE(proved("a > 0"));
  CHECK_FALSE(proved("a IS NOT NULL OR b IS NOT NULL"));
  CHECK_FALSE(proved("NOT (a IS NULL AND b IS NULL)"));
  CHECK_FALSE(proved("b IS NOT NULL"));
  CHECK_FALSE(proved("a IS NULL"));
  CHECK_FALSE(proved("a IS NOT DISTINCT FROM NULL"));
}

TEST_CASE("a check that is not valid, or is dropped, proves nothing") {
  Story story("CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;");
  CHECK(proof_of_not_null(story.table("t"), story.symbol("a")) == nullptr);
  story.tell("ALTER TABLE t VALIDATE CONSTRAINT c;");
  CHECK(proof_of_not_null(story.table("t"), story.symbol("a")) == constraint(story.table("t"), story.symbol("c")));
  story.tell("ALTER TABLE t DROP CONSTRAINT c;");
  CHECK(proof_of_not_null(story.table("t"), story.symbol("a")) == nullptr);
}

// --- types -----------------------------------------------------------------------------------------------------------

TEST_CASE("enumerations remember when each value came") {
  Story story("CREATE TYPE mood AS ENUM ('sad', 'ok'); BEGIN; ALTER TYPE mood ADD VALUE 'happy' BEFORE 'ok';");
  const Type* mood = story.catalog.find_type({}, story.symbol("mood"));
  REQUIRE(mood != nullptr);
  REQUIRE(mood->values.size() == 3);
  CHECK(mood->values[2].added.transaction == story.catalog.now.transaction);
  CHECK(mood->values[0].added.transaction != story.catalog.now.transaction);
  story.tell("ROLLBACK; ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok'; ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';");
  CHECK(story.about("public.mood") == "public.mood enum 'blue' 'ok'");
}

TEST_CASE("domains, and the tables that use them") {
  Story story(
      "CREATE DOMAIN d AS varchar(9) CHECK (VALUE <> '') CHECK (length(VALUE) > 2); CREATE TABLE t (a d, b d[]);"
      "ALTER DOMAIN d ADD CONSTRAINT late CHECK (VALUE > 'a') NOT VALID;");
  CHECK(story.about("public.d") ==
        "public.d check d_check () [VALUE <> '']\n"
        "public.d check d_check1 () [length(VALUE) > 2]\n"
        "public.d check late () not-valid [VALUE > 'a']\n"
        "public.d domain of varchar(9,-1) users=public.t");
  CHECK(story.column("t", "a").type.schema == story.symbol("public"));
  CHECK(story.catalog.find_type(story.column("t", "b").type)->constrained());
  story.tell(
      "ALTER DOMAIN d DROP CONSTRAINT d_check; ALTER DOMAIN d DROP CONSTRAINT d_check1; ALTER DOMAIN d DROP CONSTRAINT "
      "late;");
  CHECK_FALSE(story.catalog.find_type(story.column("t", "a").type)->constrained());
  story.tell("ALTER DOMAIN d SET NOT NULL;");
  CHECK(story.catalog.find_type(story.column("t", "a").type)->constrained());
  story.tell("ALTER DOMAIN d RENAME TO e;");
  CHECK(story.about("public.t column") ==
        "public.t column 0001 a public.e default-null\npublic.t column 0002 b public.e[] default-null");
}

TEST_CASE("dropping a type takes its columns only with CASCADE") {
  Story story("CREATE TYPE m AS ENUM ('a'); CREATE TABLE t (a int, b m, c m); DROP TYPE m CASCADE;");
  CHECK(story.about("public.t column") == "public.t column 0001 a int4 default-null");
}

TEST_CASE("a type is looked for where the path says, but PostgreSQL's own come first") {
  const Story story(
      "CREATE SCHEMA s; CREATE TYPE s.m AS ENUM ('a'); CREATE TYPE public.text AS ENUM ('b'); SET search_path TO s, "
      "public;"
      "CREATE TABLE t (a m, b text, c unknown_type, d other.unknown_type);");
  CHECK(story.about("s.t column") ==
        "s.t column 0001 a s.m default-null\n"
        "s.t column 0002 b text default-null\n"
        "s.t column 0003 c unknown_type default-null\n"
        "s.t column 0004 d other.unknown_type default-null");
}

TEST_CASE("types of extensions are where the extension was put") {
  Story story(
      "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; SET search_path TO public, ext; CREATE TABLE t (a "
      "citext);");
  CHECK(story.column("t", "a").type.schema == story.symbol("ext"));
  CHECK(story.catalog.has_extension(story.symbol("citext")));
  story.tell("DROP EXTENSION citext CASCADE;");
  CHECK_FALSE(story.catalog.has_extension(story.symbol("citext")));
  CHECK(column(story.table("t"), story.symbol("a")) == nullptr);
}

// --- views -----------------------------------------------------------------------------------------------------------

TEST_CASE("a view reads the columns that its query names") {
  Story story(
      "CREATE TABLE t (id int, a int, b text); CREATE TABLE u (id int, t_id int, note text);"
      "CREATE VIEW v AS SELECT t.a, upper(x.note) AS n FROM t JOIN u x ON x.t_id = t.id WHERE EXISTS (SELECT 1 FROM u "
      "WHERE "
      "u.id = t.id) ORDER BY b;");
  CHECK(story.about("public.v ") ==
        "public.v column 0001 a int4 default-null\n"
        "public.v column 0002 n ? default-null\n"
        "public.v view reads=public.t.a,public.t.b,public.t.id,public.u.id,public.u.note,public.u.t_id");
  CHECK(story.about("public.t table") == "public.t table dependents=public.v");
}

TEST_CASE("a star reads every column there is, a count none") {
  Story story(
      "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT count(*) FROM t;");
  CHECK(story.about("public.v view") == "public.v view reads=public.t.a,public.t.b");
  CHECK(story.about("public.w view") == "public.w view reads=public.t.\"\"");
  story.tell("ALTER TABLE t ADD COLUMN c int; ALTER TABLE t DROP COLUMN c;");
  CHECK(story.presence("v") == Presence::known);
}

TEST_CASE("common table expressions, sub-selects and functions in FROM hide the tables of their names") {
  const Story story(
      "CREATE TABLE t (a int, b int); CREATE TABLE w (c int);"
      "CREATE VIEW v AS WITH w AS (SELECT a AS z FROM t) SELECT w.z, s.q FROM w, (SELECT b AS q FROM t) s, "
      "generate_series(1, 2) AS g(n) WHERE g.n = w.z;"
      "CREATE VIEW r AS WITH RECURSIVE x(k) AS (SELECT a FROM t UNION ALL SELECT k + 1 FROM x) SELECT k FROM x;");
  CHECK(story.about("public.v ") ==
        "public.v column 0001 z int4 default-null\n"
        "public.v column 0002 q int4 default-null\n"
        "public.v view reads=public.t.a,public.t.b");
  CHECK(story.about("public.r view") == "public.r view reads=public.t.a");
  CHECK(story.about("public.w ") == "public.w column 0001 c int4 default-null\npublic.w table");
}

TEST_CASE("a view over a table that was never seen keeps its columns open") {
  const Story story("CREATE VIEW v AS SELECT *, 1 AS one FROM never_seen; CREATE VIEW w AS SELECT x FROM never_seen;");
  CHECK_FALSE(story.table("v").columns_known);
  CHECK(story.about("public.w view") == "public.w view reads=public.never_seen.x");
  CHECK(story.table("never_seen").dependents.size() == 2);
}

TEST_CASE("OR REPLACE changes what a view reads") {
  Story story(
      "CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE VIEW v AS SELECT a FROM t; CREATE OR REPLACE VIEW v AS "
      "SELECT a, 1 AS b FROM u;");
  CHECK(story.about("public.v view") == "public.v view reads=public.u.a");
  CHECK(story.about("public.t table") == "public.t table");
  story.tell("DROP TABLE t;");
  CHECK(story.presence("v") == Presence::known);
  story.tell("DROP VIEW v;");
  CHECK(story.about("public.u table") == "public.u table");
}

TEST_CASE("a materialized view may have indexes, and goes with what it reads") {
  Story story("CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE UNIQUE INDEX ON m (a);");
  CHECK(story.about("public.m ") ==
        "public.m column 0001 a int4 default-null\npublic.m materialized view indexes=public.m_a_idx reads=public.t.a");
  story.tell("DROP TABLE t CASCADE;");
  CHECK(story.presence("m") == Presence::gone);
  CHECK(story.presence("m_a_idx") == Presence::gone);
}

TEST_CASE("a query that joins thousands of tables is not followed for ever") {
  std::string sql = "CREATE VIEW v AS SELECT 1 FROM t t0";
  for (int i = 1; i < 5000; ++i) sql += ", t t" + std::to_string(i);
  sql += " WHERE true";
  for (int i = 0; i < 5000; ++i) sql += " AND x" + std::to_string(i) + " = 1";
  const Story story(sql + ";");
  CHECK(story.presence("v") == Presence::known);
}

// --- functions -------------------------------------------------------------------------------------------------------

TEST_CASE("functions are told apart by their arguments") {
  Story story(
      "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(text, OUT x int) LANGUAGE sql "
      "AS "
      "'SELECT 2'; CREATE OR REPLACE FUNCTION f(integer) RETURNS int LANGUAGE sql STABLE AS 'SELECT 3';"
      "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN END';");
  CHECK(story.about("public.f") ==
        "public.f(int4) function sql stable as stable arguments=1 [SELECT 3]\n"
        "public.f(text) function sql volatile as constant arguments=1 [SELECT 2]");
  CHECK(story.about("public.p") == "public.p() procedure plpgsql volatile as volatile arguments=0 []");
  story.tell("DROP FUNCTION f(int);");
  CHECK(story.about("public.f") == "public.f(text) function sql volatile as constant arguments=1 [SELECT 2]");
}

// --- lookups ---------------------------------------------------------------------------------------------------------

TEST_CASE("names are quoted as PostgreSQL would") {
  Catalog catalog;
  const auto quoted = [&](std::string_view schema, std::string_view name) {
    return catalog.qualified(catalog.symbols.intern(schema), catalog.symbols.intern(name));
  };
  CHECK(quoted("public", "orders") == "public.orders");
  CHECK(quoted("", "orders") == "orders");
  CHECK(quoted("Sales", "order") == "\"Sales\".\"order\"");
  CHECK(quoted("public", "user") == "public.\"user\"");
  CHECK(quoted("public", "name") == "public.name");
  CHECK(quoted("public", "between") == "public.\"between\"");
  CHECK(quoted("public", "a\"b") == "public.\"a\"\"b\"");
  CHECK(quoted("public", "1st") == "public.\"1st\"");
  CHECK(quoted("public", "a b") == "public.\"a b\"");
  CHECK(quoted("public", "ä") == "public.\"ä\"");
  CHECK(quoted("public", "_a1") == "public._a1");
  CHECK(quoted("public", "a$") == "public.\"a$\"");
}

TEST_CASE("a name without a schema is looked for along the path") {
  Story story(
      "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE b.t (x int); CREATE TABLE public.t (x int); SET search_path TO "
      "a, b;");
  CHECK(story.catalog.find({}, story.symbol("t")).schema == story.symbol("b"));
  const Lookup unseen = story.catalog.find({}, story.symbol("unseen"));
  CHECK(unseen.presence == Presence::unknown);
  CHECK(unseen.schema == story.symbol("a"));
  story.tell("SET search_path TO \"$user\", public;");
  CHECK(story.catalog.find({}, story.symbol("t")).schema == story.symbol("public"));
  CHECK(story.catalog.find({}, story.symbol("pg_class")).schema == story.symbol("pg_catalog"));
  story.tell("SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE public.u (x int);");
  CHECK(story.catalog.find({}, story.symbol("u")).presence == Presence::known);
}

TEST_CASE("what this transaction or migration made is new") {
  Story story;
  story.catalog.now.migration = 1;
  story.tell("CREATE TABLE t (a int);");
  CHECK(story.catalog.new_in_migration(story.table("t")));
  story.catalog.now = {2, 50};
  CHECK_FALSE(story.catalog.is_new(story.table("t")));
  story.tell("BEGIN; CREATE TABLE u (a int); ALTER TABLE never_seen ADD COLUMN a int;");
  CHECK(story.catalog.new_in_transaction(story.table("u")));
  CHECK_FALSE(story.catalog.is_new(story.table("never_seen")));
  story.catalog.now.migration = 0;
  story.tell("COMMIT; CREATE TABLE w (a int);");
  story.catalog.now = {3, 99};
  CHECK_FALSE(story.catalog.is_new(story.table("w")));
}
