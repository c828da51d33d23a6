#include "catalog/volatility.h"

#include <doctest/doctest.h>

#include "story.h"

using namespace pglint;
using namespace pglint::catalog;
using catalog::test::Story;

namespace {

Volatility of_default(std::string_view expression, std::string_view given = {}) {
  Story story(given);
  story.tell("CREATE TABLE t (a text DEFAULT " + std::string(expression) + ");");
  return story.column("t", "a").default_volatility;
}

}  // namespace

TEST_CASE("literals, operators and casts are constant") {
  for (const char* expression : {"1", "-1", "'x'", "'x'::text", "NULL", "true", "ARRAY[1, 2]", "'{}'::jsonb",
                                 "(1 + 2) * 3", "int '5'", "B'1'", "CAST ('1' AS int)", "'a' || 'b'", "lower('X')",
                                 "coalesce(NULL, 1)", "'now'::regclass", "upper(concat('a', 'b'))"}) {
    CAPTURE(std::string(expression));
    const Volatility volatility = of_default(expression);
    CHECK((volatility == Volatility::constant || volatility == Volatility::stable));
  }
  CHECK(of_default("1") == Volatility::constant);
  CHECK(of_default("'a' || 'b'") == Volatility::constant);
}

TEST_CASE("now() and its like keep one value throughout a statement: stable") {
  for (const char* expression :
       {"now()", "CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIMESTAMP(2)", "CURRENT_USER", "statement_timestamp()",
        "transaction_timestamp()", "current_setting('x')", "txid_current()", "to_char(now(), 'YYYY')",
        "now() + interval '1 day'", "(now() AT TIME ZONE 'utc')", "pg_catalog.now()", "concat(1, 2)",
        "current_schema()", "date_trunc('day', now())"}) {
    CAPTURE(std::string(expression));
    CHECK(of_default(expression) == Volatility::stable);
  }
}

TEST_CASE("volatile functions are, wherever they stand in the expression") {
  for (const char* expression :
       {"random()", "clock_timestamp()", "timeofday()", "gen_random_uuid()", "nextval('s')", "uuid_generate_v4()",
        "extensions.uuid_generate_v1()", "extensions.gen_random_bytes(4)", "uuidv7()", "uuidv4()",
        "md5(random()::text)", "(1 + random())", "CASE WHEN true THEN random() ELSE 1 END", "coalesce(random(), 1)",
        "setval('s', 1)", "upper(lower(gen_random_uuid()::text))", "pg_sleep(1)",
        "now() + random() * interval '1 day'"}) {
    CAPTURE(std::string(expression));
    CHECK(of_default(expression) == Volatility::volatile_);
  }
}

TEST_CASE("a function that nobody knows is unknown, not volatile") {
  CHECK(of_default("my_id()") == Volatility::unknown);
  CHECK(of_default("app.my_id(now())") == Volatility::unknown);
  CHECK(of_default("my_id(random()::text)") == Volatility::volatile_);
}

TEST_CASE("a function of the history is as it is declared") {
  const std::string_view given =
      "CREATE FUNCTION v() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';"
      "CREATE FUNCTION s() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';"
      "CREATE FUNCTION i() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';"
      "CREATE FUNCTION two(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';"
      "CREATE FUNCTION two(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';";
  CHECK(of_default("v()", given) == Volatility::volatile_);
  CHECK(of_default("s()", given) == Volatility::stable);
  CHECK(of_default("public.i()", given) == Volatility::constant);
  CHECK(of_default("two(1)", given) == Volatility::constant);
  CHECK(of_default("two(1, 2)", given) == Volatility::volatile_);
}

TEST_CASE("a simple function in SQL is inlined: what its body does is what counts") {
  const auto of_body = [](std::string_view options, std::string_view body) {
    return of_default("f()", "CREATE FUNCTION f() RETURNS int LANGUAGE sql " + std::string(options) + " AS '" +
                                 std::string(body) + "';");
  };
  CHECK(of_body("", "SELECT 1") == Volatility::constant);
  CHECK(of_body("VOLATILE", "SELECT 1;") == Volatility::constant);
  CHECK(of_body("", "select now()") == Volatility::stable);
  CHECK(of_body("", "SELECT current_date") == Volatility::stable);
  CHECK(of_body("", "SELECT random()::int") == Volatility::volatile_);
  CHECK(of_body("", "SELECT 1 + floor(random() * 5)::int -- random") == Volatility::volatile_);
  CHECK(of_body("", "/* random() */ SELECT 1 -- random()") == Volatility::constant);
  CHECK(of_body("", "SELECT cast(''1'' AS numeric(10, 2))::int") != Volatility::volatile_);
  CHECK(of_body("", "SELECT extract(epoch FROM now())::int") == Volatility::stable);
  // More than one expression: not inlined.
  CHECK(of_body("", "SELECT a FROM t") == Volatility::volatile_);
  CHECK(of_body("", "SELECT 1; SELECT 2") == Volatility::volatile_);
  CHECK(of_body("", "SELECT (SELECT 1)") == Volatility::volatile_);
  CHECK(of_body("", "INSERT INTO x VALUES (1)") == Volatility::volatile_);
  CHECK(of_body("SECURITY DEFINER", "SELECT 1") == Volatility::volatile_);
  CHECK(of_body("SET search_path = x", "SELECT 1") == Volatility::volatile_);
  CHECK(of_body("", "SELECT 1 LIMIT 1") == Volatility::volatile_);
  // Declared otherwise, the declaration holds.
  CHECK(of_body("STABLE", "SELECT random()::int") == Volatility::stable);
  CHECK(of_default("f()", "CREATE FUNCTION f() RETURNS int RETURN 1;") == Volatility::constant);
  CHECK(of_default("f()", "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';") ==
        Volatility::volatile_);
}

TEST_CASE("the table of built-in functions is in order, so that each is found") {
  for (const char* name : {"RI_FKey_cascade_del", "abs", "now", "random", "xpath_exists", "zzz"}) {
    CAPTURE(std::string(name));
    CHECK((builtin_volatility(name) != Volatility::unknown) == (std::string_view(name) != "zzz"));
  }
  CHECK(builtin_volatility("") == Volatility::unknown);
  CHECK(builtin_volatility("no") == Volatility::unknown);
  CHECK(builtin_volatility("nowadays") == Volatility::unknown);
}
