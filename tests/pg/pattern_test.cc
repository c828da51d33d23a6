// Statements written with holes, and which statements are of that form.
#include "pg/pattern.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "pg/lexer.h"
#include "pg/node.h"
#include "pg/parse.h"

using namespace pglint;
using namespace pglint::pg;

namespace {

// "command: names" of each match, one behind the other; "-" where the statement does not fit.
std::string fits(std::string_view pattern, const std::string& sql) {
  const Result<Pattern> read = Pattern::parse(pattern);
  REQUIRE_MESSAGE(read.has_value(), pattern);
  std::string out;
  parse(sql, 0, lex(sql), [&](const Parsed& parsed) {
    REQUIRE_MESSAGE(parsed.node != nullptr, sql);
    for (const Pattern::Match& match : read->match(parsed.node)) {
      if (!out.empty()) out += "; ";
      if (match.command != Pattern::whole) out += fmt::format("{}: ", match.command);
      if (match.names.empty()) out += "fits";
      for (std::size_t i = 0; i < match.names.size(); ++i)
        out += fmt::format("{}{}", i == 0 ? "" : " ", match.names[i]);
    }
    return true;
  });
  return out.empty() ? "-" : out;
}

std::string refused(std::string_view pattern) {
  const Result<Pattern> read = Pattern::parse(pattern);
  return read ? "" : read.error().message;
}

}  // namespace

TEST_CASE("a hole fits a name, whatever else the statement says") {
  CHECK(fits("DROP TABLE $t", "drop table if exists a cascade") == "a");
  CHECK(fits("DROP TABLE $_T2", "drop table a") == "a");
  CHECK(fits("DROP TABLE $t CASCADE", "drop table a") == "-");
  CHECK(fits("DROP TABLE $t", "drop view a") == "-");
  CHECK(fits("DROP TABLE $t", "drop table a, b") == "-");
  CHECK(fits("DROP TABLE $t, ...", "drop table a, b") == "a");
  CHECK(fits("CREATE INDEX $i ON $t ($c)", "CREATE UNIQUE INDEX CONCURRENTLY i ON s.t USING gin (c)") == "i t c");
  CHECK(fits("CREATE INDEX ON $t USING hash ($c)", "CREATE INDEX ON t (c)") == "-");
  CHECK(fits("CREATE INDEX ON $t USING btree ($c)", "CREATE INDEX ON t (c)") == "t c");
  CHECK(fits("CREATE INDEX ON $t USING btree ($c)", "CREATE INDEX ON t USING gin (c)") == "-");
  CHECK(fits("CREATE INDEX ON $t ($c)", "CREATE INDEX ON t (lower(c))") == "-");
}

TEST_CASE("each command of an ALTER TABLE that fits is a match of its own") {
  const std::string sql = "ALTER TABLE IF EXISTS s.t DROP COLUMN a, ADD COLUMN x int, DROP IF EXISTS b CASCADE";
  CHECK(fits("ALTER TABLE $t DROP COLUMN $c", sql) == "0: t a; 2: t b");
  CHECK(fits("ALTER TABLE t DROP COLUMN b", sql) == "2: fits");
  CHECK(fits("ALTER TABLE $t ADD COLUMN $c integer", sql) == "1: t x");
  CHECK(fits("ALTER TABLE $t ADD COLUMN $c $type", sql) == "1: t x int4");
  CHECK(fits("ALTER TABLE $t ADD COLUMN $c text", sql) == "-");
  CHECK(fits("ALTER TABLE $t ADD COLUMN $c int, DROP COLUMN $d", sql) == "t x a");
  CHECK(fits("ALTER TABLE $t ADD COLUMN $c int, DROP COLUMN $c", sql) == "-");
  CHECK(fits("ALTER TABLE $t SET LOGGED", sql) == "-");
  CHECK(fits("ALTER TABLE $t DROP COLUMN $c", "ALTER VIEW v ALTER COLUMN c DROP DEFAULT") == "-");
}

TEST_CASE("the same hole twice is the same name") {
  CHECK(fits("ALTER TABLE $t RENAME COLUMN $c TO $c", "ALTER TABLE t RENAME COLUMN a TO a") == "t a");
  CHECK(fits("ALTER TABLE $t RENAME COLUMN $c TO $c", "ALTER TABLE t RENAME COLUMN a TO b") == "-");
}

TEST_CASE("three dots fit any number of elements") {
  const std::string_view pattern = "CREATE TABLE $t (..., $c json, ...)";
  CHECK(fits(pattern, "CREATE TABLE a (id int, \"J\" JSON NOT NULL DEFAULT '{}', z text, PRIMARY KEY (id))") == "a J");
  CHECK(fits(pattern, "CREATE TEMP TABLE IF NOT EXISTS a (j json)") == "a j");
  CHECK(fits(pattern, "CREATE TABLE a (j jsonb, k text)") == "-");
  CHECK(fits(pattern, "CREATE TABLE a ()") == "-");
  CHECK(fits("CREATE TABLE $t ($c json)", "CREATE TABLE a (j json, k int)") == "-");
  CHECK(fits("CREATE TABLE $t (..., $c int NOT NULL, ...)", "CREATE TABLE a (x int DEFAULT 1 NOT NULL)") == "a x");
  CHECK(fits("CREATE TABLE $t (..., $c int NOT NULL, ...)", "CREATE TABLE a (x int DEFAULT 1)") == "-");
  CHECK(fits("SELECT ..., now(), ...", "SELECT a, b, now()") == "fits");
  CHECK(fits("SELECT f(..., 1, ...)", "SELECT f(x, 2, 1)") == "fits");
  CHECK(fits("SELECT f(..., 1, ...)", "SELECT f(x, 2)") == "-");
}

TEST_CASE("expressions fit as they are meant, not as they are spelt") {
  CHECK(fits("DELETE FROM $t", "DELETE FROM a WHERE x = 1") == "a");
  CHECK(fits("UPDATE $t SET $c = $v WHERE $c IS NULL", "update a set b = coalesce(d, 1) where (b) is null") == "a b ");
  CHECK(fits("UPDATE $t SET $c = $v WHERE $c IS NULL", "update a set b = 1 where b is not null") == "-");
  CHECK(fits("UPDATE $t SET $c = 1", "UPDATE a SET b = 2") == "-");
  CHECK(fits("UPDATE $t SET $c = 'x'", "UPDATE a SET b = 'x' WHERE true") == "a b");
  CHECK(fits("SELECT pg_sleep($x), $y", "SELECT PG_SLEEP(1 + 2), a") == " a");
  CHECK(fits("SELECT pg_sleep($x)", "SELECT pg_sleep()") == "-");
  CHECK(fits("SELECT $a AND $b", "SELECT x OR y") == "-");
}

TEST_CASE("what is no pattern is refused with the reason") {
  CHECK(refused("CREATE TABL $t") == "the pattern is no statement of PostgreSQL: syntax error at or near \"TABL\"");
  CHECK(refused("") == "the pattern is no statement of PostgreSQL: it has no statement");
  CHECK(refused("SELECT 1; SELECT 2") == "the pattern is no statement of PostgreSQL: it has several statements");
  CHECK(refused("DO $x$ BEGIN END $x$") == "the pattern has a dollar-quoted text: write it in quotes");
  CHECK(refused("SELECT f(..., ..., ..., ..., ..., ...)") == "the pattern has more than five `...`");
  CHECK(refused("SELECT f($a, $b, $c, $d, $e, $f, $g, $h, $i, $j, $k, $l, $m, $n, $o, $p, $q)") ==
        "the pattern has more than 16 names behind dollar signs");
  // A name that is written as holes are inside is one, too.
  CHECK(refused("SELECT f($a, $b, $c, $d, $e, $f, $g, $h, $i, $j, $k, $l, $m, $n, $o, $p, pglint_hole_q)") ==
        "the pattern has more than 16 names behind dollar signs");
  CHECK(refused(std::string(20'000, ' ')) == "the pattern is too long");
  CHECK(refused("SELECT '$t', \"$t\", $1").empty());
}

TEST_CASE("many dots over a long list end in good time") {
  std::string sql = "SELECT f(0";
  for (int i = 1; i < 20'000; ++i) sql += fmt::format(", {}", i);
  CHECK(fits("SELECT f(..., $a + 1, ..., $b + 1, ...)", sql + ")") == "-");
}
