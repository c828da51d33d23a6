// Many of one thing: what is found and chosen is the same as with a few. (That it does not take long either is the
// benches' business; none of this would end in a test's time if it were quadratic.)
#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "catalog/names.h"
#include "story.h"

using namespace pglint;
using namespace pglint::catalog;
using catalog::test::Story;

namespace {

std::string repeated(int count, const auto& one) {
  std::string sql;
  for (int i = 0; i < count; ++i) sql += one(std::to_string(i));
  return sql;
}

}  // namespace

TEST_CASE("a table with 20,000 indexes, constraints, triggers and policies") {
  constexpr int many = 20'000;
  Story story("CREATE TABLE t (a int); CREATE TABLE r (a int PRIMARY KEY);");
  story.tell(repeated(many, [](const std::string&) { return "CREATE INDEX ON t (a);"; }));
  CHECK(story.presence("t_a_idx" + std::to_string(many - 1)) == Presence::known);
  CHECK(story.presence("t_a_idx" + std::to_string(many)) == Presence::unknown);
  story.tell(repeated(many, [](const std::string&) { return "ALTER TABLE t ADD CHECK (a > 0);"; }));
  CHECK(constraint(story.table("t"), story.symbol("t_a_check" + std::to_string(many - 1))) != nullptr);
  story.tell(repeated(many, [](const std::string&) { return "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r;"; }));
  CHECK(story.table("r").referenced_by.size() == many);
  story.tell(repeated(many, [](const std::string& i) {
    return "CREATE TRIGGER g" + i + " BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); CREATE POLICY p" + i +
           " ON t;";
  }));
  CHECK(story.table("t").extra().triggers.size() == many);
  CHECK(story.table("t").extra().policies.size() == many);
  story.tell(repeated(many, [](const std::string& i) {
    return "DROP POLICY p" + i + " ON t; DROP TRIGGER g" + i + " ON t; ALTER TABLE t DROP CONSTRAINT t_a_fkey" +
           (i == "0" ? "" : i) + ";";
  }));
  CHECK(story.table("t").extra().policies.empty());
  CHECK(constraint(story.table("t"), story.symbol("t_a_fkey7")) == nullptr);
  story.tell("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r;");
  CHECK(constraint(story.table("t"), story.symbol("t_a_fkey")) != nullptr);
}

TEST_CASE("a function with 40,000 overloads: the latest are told apart") {
  Story story(repeated(40'000, [](const std::string& i) {
    return "CREATE FUNCTION f(a t" + i + ") RETURNS int LANGUAGE sql AS 'SELECT 1';";
  }));
  story.tell("CREATE OR REPLACE FUNCTION f(a t39998) RETURNS int LANGUAGE sql AS 'SELECT 2'; DROP FUNCTION f(t39999);");
  const Function* latest = story.catalog.find_function({}, story.symbol("f"));
  REQUIRE(latest != nullptr);
  CHECK(latest->body == "SELECT 2");
  // Older ones are not looked at, so nothing is claimed to be missing either.
  story.catalog.whole = true;
  CHECK_FALSE(story.catalog.knows_all_relations());
}

TEST_CASE("of a hundred overloads the oldest is found") {
  Story story(repeated(100, [](const std::string& i) {
    return "CREATE FUNCTION f(a t" + i + ") RETURNS int LANGUAGE sql AS 'SELECT " + i + "';";
  }));
  story.catalog.whole = true;
  story.tell("CREATE OR REPLACE FUNCTION f(a t0) RETURNS int LANGUAGE sql AS 'SELECT 100';");
  const auto newer = [](const Function& one) { return one.body == "SELECT 100"; };
  const Function* replaced = story.catalog.latest_function(story.symbol("public"), story.symbol("f"), newer);
  REQUIRE(replaced != nullptr);
  CHECK(replaced->overload == nullptr);
  CHECK(story.catalog.knows_all_relations());
}

TEST_CASE("a function that is made and dropped 40,000 times") {
  Story story(repeated(40'000, [](const std::string&) {
    return "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION f();";
  }));
  CHECK(story.catalog.find_function({}, story.symbol("f")) == nullptr);
}

TEST_CASE("columns that are added to tables one by one, and rolled back, are those that the table has") {
  Story story;
  story.tell(repeated(500, [](const std::string& i) { return "CREATE TABLE t" + i + " (a int, b text);"; }));
  for (int round = 0; round < 40; ++round) {
    const std::string column = "c" + std::to_string(round);
    story.tell(
        "BEGIN;" +
        repeated(500, [&](const std::string& i) { return "ALTER TABLE t" + i + " ADD COLUMN " + column + " int;"; }) +
        (round % 2 == 0 ? "COMMIT;" : "ROLLBACK;"));
  }
  for (int i = 0; i < 500; ++i) {
    const Relation& table = story.table("t" + std::to_string(i));
    REQUIRE(table.columns.size() == 22);
    REQUIRE(table.columns[1].name == story.symbol("b"));
    for (std::uint32_t at = 2; at < 22; ++at)
      REQUIRE(table.columns[at].name == story.symbol("c" + std::to_string((at - 2) * 2)));
  }
}

TEST_CASE("an enumeration with 20,000 values") {
  Story story("CREATE TYPE e AS ENUM ();");
  story.tell(
      repeated(20'000, [](const std::string& i) { return "ALTER TYPE e ADD VALUE IF NOT EXISTS 'v" + i + "';"; }));
  story.tell(
      repeated(20'000, [](const std::string& i) { return "ALTER TYPE e ADD VALUE IF NOT EXISTS 'v" + i + "';"; }));
  CHECK(story.catalog.find_type({}, story.symbol("e"))->values.size() == 20'000);
  story.tell("ALTER TYPE e RENAME VALUE 'v19999' TO 'last'; ALTER TYPE e ADD VALUE 'v19999';");
  CHECK(story.catalog.find_type({}, story.symbol("e"))->values.size() == 20'001);
}

TEST_CASE("an index that is made and dropped again and again leaves no long list behind") {
  Story story("CREATE TABLE t (a int);");
  story.tell(repeated(10'000, [](const std::string&) { return "CREATE INDEX i ON t (a); DROP INDEX i;"; }));
  CHECK(story.table("t").indexes.size() < 100);
}

TEST_CASE("a table has no more columns than a server allows") {
  Story story("CREATE TABLE t ();");
  story.tell(repeated(2'000, [](const std::string& i) { return "ALTER TABLE t ADD COLUMN c" + i + " int;"; }));
  CHECK(story.table("t").columns.size() == 1600);
}

TEST_CASE("inheritance thousands of levels deep") {
  Story story("CREATE TABLE t0 (a int CHECK (a > 0));");
  story.tell(repeated(3'000, [](const std::string& i) {
    return "CREATE TABLE t" + std::to_string(std::stoi(i) + 1) + " () INHERITS (t" + i + ");";
  }));
  story.tell("ALTER TABLE t0 ADD COLUMN b int CHECK (b > 0); ALTER TABLE t0 RENAME a TO c;");
  CHECK(column(story.table("t3000"), story.symbol("b")) != nullptr);
  CHECK(column(story.table("t3000"), story.symbol("c")) != nullptr);
  story.tell("DROP TABLE t0 CASCADE;");
  CHECK(story.presence("t3000") == Presence::gone);
}

TEST_CASE("views upon views, thousands high, go with the table below") {
  Story story("CREATE TABLE v0 (a int);");
  story.tell(repeated(5'000, [](const std::string& i) {
    return "CREATE VIEW v" + std::to_string(std::stoi(i) + 1) + " AS SELECT a FROM v" + i + ";";
  }));
  story.tell("DROP TABLE v0 CASCADE;");
  CHECK(story.presence("v5000") == Presence::gone);
}

TEST_CASE("what copies more than its text is cut off, and says so") {
  Story story;
  std::string wide = "CREATE TABLE wide (c0 int";
  for (int i = 1; i < 1500; ++i) wide += ", c" + std::to_string(i) + " int";
  story.tell(wide + ");");
  story.tell(repeated(5'000, [](const std::string& i) { return "CREATE TABLE t" + i + " (LIKE wide);"; }));
  CHECK(story.table("t0").columns_known);
  CHECK(story.table("t0").columns.size() == 1500);
  CHECK_FALSE(story.table("t4999").columns_known);
}

TEST_CASE("expressions as deep as the parser takes them") {
  for (const int depth : {10, 1'000, 100'000}) {
    CAPTURE(depth);
    std::string sum = "a";
    for (int i = 0; i < depth; ++i) sum += " + 1";
    std::string both = "a IS NOT NULL";
    for (int i = 0; i < depth; ++i) both += " AND a > " + std::to_string(i);
    const Story story("CREATE TABLE t (a int DEFAULT " + sum.substr(4) + ", CHECK (" + sum + " > 0), CHECK (" + both +
                      ")); CREATE INDEX ON t ((" + sum + ")) WHERE " + both + "; CREATE VIEW v AS SELECT " + sum +
                      " FROM t WHERE " + both + ";");
    CHECK(proof_of_not_null(story.table("t"), story.symbol("a")) != nullptr);
    CHECK(story.about("public.v view") == "public.v view reads=public.t.a");
  }
  std::string nested = "a";
  for (int i = 0; i < 300; ++i) nested = "NOT (" + nested + ")";
  std::string selects = "SELECT 1 AS x";
  for (int i = 0; i < 300; ++i) selects = "SELECT x FROM (" + selects + ") s";
  std::string unions = "SELECT a FROM t";
  for (int i = 0; i < 3'000; ++i) unions += " UNION ALL SELECT a FROM t";
  const Story story("CREATE TABLE t (a bool, CHECK (" + nested + ")); CREATE VIEW v AS " + selects +
                    "; CREATE VIEW w AS " + unions + ";");
  CHECK(story.presence("v") == Presence::known);
  CHECK(story.about("public.w view") == "public.w view reads=public.t.a");
}

TEST_CASE("names are made as the server makes them") {
  const auto made = [](std::string_view a, std::string_view b, std::string_view c) {
    return std::string(make_name(a, b, c).text());
  };
  CHECK(made("t", "a", "idx") == "t_a_idx");
  CHECK(made("t", "", "pkey") == "t_pkey");
  CHECK(made(std::string(70, 'x'), "", "pkey") == std::string(58, 'x') + "_pkey");
  CHECK(made(std::string(40, 'x'), std::string(40, 'y'), "key") ==
        std::string(29, 'x') + "_" + std::string(29, 'y') + "_key");
  CHECK(made(std::string(41, 'x'), std::string(40, 'y'), "key1") ==
        std::string(29, 'x') + "_" + std::string(28, 'y') + "_key1");
  CHECK(made("short", std::string(80, 'y'), "key") == "short_" + std::string(53, 'y') + "_key");
  CHECK(clip("äöü", 3) == "ä");
  CHECK(clip("äöü", 4) == "äö");
  CHECK(clip("abc", 5) == "abc");
}
