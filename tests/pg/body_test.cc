#include "pg/body.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "cuts.h"
#include "pg/tree.h"
#include "skip.h"
// clang-format off
extern "C" {
#include "pg_query.h"
}
// clang-format on

using namespace pglint;
using namespace pglint::pg;
using namespace pglint::pg::test;

namespace {

// The body of the first statement.
std::optional<Body> body_of(std::string_view sql) {
  std::optional<Body> found;
  parse(sql, 0, lex(sql), [&](const Parsed& statement) {
    CAPTURE(std::string(sql));
    CHECK(statement.error == nullptr);
    found = body(statement, sql);
    return false;
  });
  return found;
}

// Its statements as they are handed to the parser.
Texts inside(std::string_view sql) {
  const std::optional<Body> found = body_of(sql);
  REQUIRE(found);
  Texts out;
  for (const Cut& cut : found->statements) {
    out.push_back(found->text.substr(cut.span.begin - found->base, cut.span.size()));
    CHECK(cut.span.end <= sql.size());
  }
  return out;
}

Texts in_block(const std::string& code) { return inside("DO $$BEGIN " + code + " END$$"); }

std::uint32_t unknown_in(const std::string& code) { return body_of("DO $$BEGIN " + code + " END$$")->unknown; }

}  // namespace

TEST_CASE("the statements of a DO block stand where they stand in the file") {
  const std::string sql =
      "SELECT 1;\nDO $x$\nDECLARE a int := 1;\nBEGIN\n  UPDATE t SET b = 2;\n  DELETE FROM t;\nEND $x$;\n";
  std::size_t n = 0;
  parse(sql, 0, lex(sql), [&](const Parsed& statement) {
    const std::optional<Body> found = body(statement, sql);
    CHECK(found.has_value() == (statement.node->type == T_DoStmt));
    if (!found) return true;
    CHECK(found->plpgsql);
    CHECK(found->unknown == 0);
    parse(*found, [&](const Parsed& inner, bool in_loop) {
      ++n;
      CHECK_FALSE(in_loop);
      REQUIRE(inner.node != nullptr);
      const ::RangeVar* relation = relation_of(inner.node);
      REQUIRE(relation != nullptr);
      const std::size_t at = inner.base + static_cast<std::size_t>(relation->location);
      CHECK(sql.substr(at, 1) == "t");
      CHECK(slice(sql, inner.span) == (n == 1 ? "UPDATE t SET b = 2" : "DELETE FROM t"));
      return true;
    });
    return true;
  });
  CHECK(n == 2);
}

TEST_CASE("only strings in PL/pgSQL and SQL are bodies") {
  CHECK(body_of("DO 'BEGIN END'"));
  CHECK(body_of("DO LANGUAGE plpgsql $$BEGIN END$$"));
  CHECK(body_of("DO $$BEGIN END$$ LANGUAGE 'PLpgSQL'"));
  CHECK(body_of("CREATE FUNCTION f() RETURNS int SET x = 'y' LANGUAGE sql AS 'SELECT 1'"));
  CHECK(body_of("CREATE OR REPLACE PROCEDURE f() AS $$BEGIN END$$ LANGUAGE plpgsql"));
  CHECK_FALSE(body_of("DO LANGUAGE plpython3u $$pass$$"));
  CHECK_FALSE(body_of("CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'lib', 'f'"));
  CHECK_FALSE(body_of("CREATE FUNCTION f() RETURNS int LANGUAGE internal AS 'f'"));
  CHECK_FALSE(body_of("CREATE FUNCTION f() RETURNS int RETURN 1"));
  CHECK_FALSE(body_of("CREATE FUNCTION f() RETURNS int AS 'SELECT 1'"));
  CHECK_FALSE(body_of("SELECT 1"));
}

TEST_CASE("a body in SQL is statements like others") {
  CHECK(inside("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; -- c\n UPDATE t SET a = $1 $$") ==
        Texts{"SELECT 1", "UPDATE t SET a = $1"});
  CHECK(inside("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$$$").empty());
}

TEST_CASE("control words are no SQL") {
  CHECK(in_block("IF a > 1 THEN SELECT 1; ELSIF CASE WHEN b THEN c END THEN SELECT 2; ELSE SELECT 3; END IF;") ==
        Texts{"SELECT 1", "SELECT 2", "SELECT 3"});
  CHECK(in_block("CASE a WHEN 1, 2 THEN SELECT 1; WHEN 3 THEN NULL; ELSE SELECT 2; END CASE;") ==
        Texts{"SELECT 1", "SELECT 2"});
  CHECK(in_block("CASE WHEN (CASE WHEN a THEN b END) THEN SELECT 1; END CASE; SELECT 2;") ==
        Texts{"SELECT 1", "SELECT 2"});
  CHECK(in_block("a := 1; a = 2; a.b := 3; a[1] := 4; a[f(x)].b = -5; \"A b\" := 6; open := 7; SELECT 1;") ==
        Texts{"SELECT 1"});
  CHECK(in_block("RAISE NOTICE 'x; %', a; RAISE EXCEPTION 'y'; RAISE; ASSERT a, 'b'; NULL; SELECT 1;") ==
        Texts{"SELECT 1"});
  CHECK(in_block("RETURN; RETURN a + 1; RETURN NEXT b; RETURN (SELECT 1); SELECT 1;") == Texts{"SELECT 1"});
  CHECK(in_block("GET DIAGNOSTICS n = ROW_COUNT; GET STACKED DIAGNOSTICS a = MESSAGE_TEXT; SELECT 1;") ==
        Texts{"SELECT 1"});
  CHECK(in_block("OPEN c; FETCH c INTO a; MOVE c; CLOSE c; SELECT 1;") == Texts{"SELECT 1"});
  CHECK(in_block("<<x>> BEGIN SELECT 1; EXCEPTION WHEN unique_violation OR SQLSTATE '22012' THEN SELECT 2; WHEN OTHERS "
                 "THEN SELECT 3; END x; SELECT 4;") == Texts{"SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"});
  CHECK(in_block("DECLARE x int := 1; c CURSOR FOR SELECT 9; DECLARE y text DEFAULT 'begin;'; BEGIN SELECT 1; END;") ==
        Texts{"SELECT 1"});
  CHECK(inside("DO $$ #variable_conflict use_column\n <<l>> DECLARE a int; BEGIN SELECT 1; END l $$") ==
        Texts{"SELECT 1"});
  CHECK(in_block("EXIT; EXIT x WHEN a; CONTINUE WHEN b > 1; SELECT 1;") == Texts{"SELECT 1"});
}

TEST_CASE("queries that control statements run are SQL") {
  CHECK(in_block("FOR r IN SELECT a FROM t WHERE (b = 1) LOOP DELETE FROM u; END LOOP;") ==
        Texts{"SELECT a FROM t WHERE (b = 1)", "DELETE FROM u"});
  CHECK(in_block("FOR a, b IN (SELECT 1, 2) LOOP NULL; END LOOP;") == Texts{"(SELECT 1, 2)"});
  CHECK(in_block("FOR r IN WITH x AS (SELECT 1) SELECT 2 LOOP NULL; END LOOP;") ==
        Texts{"WITH x AS (SELECT 1) SELECT 2"});
  CHECK(in_block("FOR i IN 1..10 LOOP NULL; END LOOP; FOR i IN REVERSE a..b BY 2 LOOP SELECT 1; END LOOP;") ==
        Texts{"SELECT 1"});
  CHECK(in_block("FOR r IN c LOOP NULL; END LOOP; FOR r IN c(1, x := 2) LOOP NULL; END LOOP;").empty());
  CHECK(in_block("FOREACH a SLICE 1 IN ARRAY (SELECT b) LOOP SELECT 1; END LOOP;") == Texts{"SELECT 1"});
  CHECK(in_block("RETURN QUERY SELECT 1; RETURN QUERY VALUES (1);") == Texts{"SELECT 1", "VALUES (1)"});
  CHECK(in_block("OPEN c FOR SELECT 1; OPEN c NO SCROLL FOR SELECT 2;") == Texts{"SELECT 1", "SELECT 2"});
  CHECK(in_block("CALL p(1);") == Texts{"CALL p(1)"});
}

TEST_CASE("PERFORM is a SELECT of the same length") {
  CHECK(in_block("PERFORM f(a) FROM t;") == Texts{"SELECT  f(a) FROM t"});
  CHECK(in_block("perform 1;") == Texts{"SELECT  1"});
}

TEST_CASE("INTO and its targets are blanked") {
  CHECK(in_block("SELECT a INTO x FROM t;") == Texts{"SELECT a        FROM t"});
  CHECK(in_block("SELECT a, b INTO STRICT x, r.y FROM t;") == Texts{"SELECT a, b                    FROM t"});
  CHECK(in_block("SELECT INTO x[1] a FROM t;") == Texts{"SELECT           a FROM t"});
  CHECK(in_block("INSERT INTO t VALUES (1) RETURNING id INTO x;") == Texts{"INSERT INTO t VALUES (1) RETURNING id"});
  CHECK(in_block("WITH x AS (INSERT INTO t VALUES (1) RETURNING b) SELECT b INTO c FROM x;") ==
        Texts{"WITH x AS (INSERT INTO t VALUES (1) RETURNING b) SELECT b        FROM x"});
  CHECK(in_block("MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE;") ==
        Texts{"MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE"});
  CHECK(in_block("IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c;") ==
        Texts{"IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c"});
  CHECK(in_block("SELECT a INTO\n x\n FROM t;") == Texts{"SELECT a     \n  \n FROM t"});
}

TEST_CASE("EXECUTE of a literal runs the statements in it") {
  CHECK(in_block("EXECUTE 'ALTER TABLE t ADD a int';") == Texts{"ALTER TABLE t ADD a int"});
  CHECK(in_block("EXECUTE 'SELECT ''a;'''; SELECT 1;") == Texts{"SELECT  'a;'", "SELECT 1"});
  CHECK(in_block("EXECUTE $x$ CREATE TABLE a (); DROP TABLE b; $x$;") == Texts{"CREATE TABLE a ()", "DROP TABLE b"});
  CHECK(in_block("EXECUTE 'SELECT $1' INTO a USING b, c;") == Texts{"SELECT $1"});
  CHECK(in_block("EXECUTE 'SELECT 1' USING a INTO b;") == Texts{"SELECT 1"});
  CHECK(in_block("EXECUTE format('DROP TABLE t');") == Texts{"DROP TABLE t"});
  CHECK(in_block("FOR r IN EXECUTE 'SELECT 1' LOOP SELECT 2; END LOOP;") == Texts{"SELECT 1", "SELECT 2"});
  CHECK(in_block("RETURN QUERY EXECUTE 'SELECT 1' USING a;") == Texts{"SELECT 1"});
  CHECK(in_block("OPEN c FOR EXECUTE 'SELECT 1';") == Texts{"SELECT 1"});
  CHECK(unknown_in("EXECUTE 'SELECT 1'; EXECUTE $a$SELECT 1$a$; EXECUTE format('SELECT 1');") == 0);
}

TEST_CASE("EXECUTE of constants that are put together runs what they make") {
  CHECK(in_block("EXECUTE 'ALTER TABLE t ' || 'ADD a int';") == Texts{"ALTER TABLE t ADD a int"});
  CHECK(in_block("EXECUTE 'SELECT 1' || '; DROP TABLE ' || 't' USING a;") == Texts{"SELECT 1", "DROP TABLE t"});
  CHECK(in_block("EXECUTE format('ALTER TABLE %I ADD a int', 'orders');") == Texts{"ALTER TABLE orders ADD a int"});
  CHECK(in_block("EXECUTE format('DROP TABLE %I.%I', 'a', 'B c') INTO x;") == Texts{"DROP TABLE a.\"B c\""});
  CHECK(in_block("EXECUTE format($f$SELECT %L, '%s%%' FROM t$f$, 'x', 'y');") == Texts{"SELECT 'x', 'y%' FROM t"});
  CHECK(in_block("EXECUTE format('DROP TABLE %I', 'a') || ' CASCADE';") == Texts{"DROP TABLE a CASCADE"});
  CHECK(in_block("FOR r IN EXECUTE 'SELECT ' || '1' LOOP SELECT 2; END LOOP;") == Texts{"SELECT 1", "SELECT 2"});
  CHECK(unknown_in("EXECUTE format('DROP TABLE %1$I', 'a'); EXECUTE format('DROP TABLE %I', 'a', b);") == 2);
  CHECK(unknown_in("EXECUTE format('DROP TABLE %I'); EXECUTE 'a' ||; EXECUTE format('DROP TABLE %I', 'a\"');") == 3);
  for (const char* broken :
       {"EXECUTE format(;", "EXECUTE format('a',;", "EXECUTE format('%I', 'a';", "EXECUTE || 'a';"}) {
    CAPTURE(broken);
    CHECK(unknown_in(broken) == 1);
  }
}

TEST_CASE("EXECUTE of anything else is unknown") {
  CHECK(unknown_in("EXECUTE a; EXECUTE 'DROP TABLE ' || a; EXECUTE format('DROP TABLE %I', a); EXECUTE f('x');") == 4);
  CHECK(unknown_in("FOR r IN EXECUTE a LOOP NULL; END LOOP; RETURN QUERY EXECUTE b; OPEN c FOR EXECUTE d;") == 3);
  CHECK(unknown_in("EXECUTE 'SELECT ''a'; EXECUTE format('%1$s');") == 2);
  CHECK(unknown_in("EXECUTE 'a' 'b';") == 1);
  CHECK(unknown_in("EXECUTE;") == 1);
  CHECK(in_block("EXECUTE a; SELECT 1;") == Texts{"SELECT 1"});
}

TEST_CASE("statements in a loop are told from those around it, and a COMMIT is noted") {
  const std::string sql =
      "DO $$BEGIN SELECT 1; FOR r IN SELECT 2 LOOP SELECT 3; LOOP SELECT 4; END LOOP; SELECT 5; COMMIT; END LOOP; "
      "SELECT 6; WHILE true LOOP EXECUTE 'SELECT 7'; END LOOP; END$$";
  const std::optional<Body> found = body_of(sql);
  REQUIRE(found);
  CHECK(found->in_loop == std::vector<bool>{false, false, true, true, true, false, true});
  CHECK(found->commits);
  std::string loops;
  parse(*found, [&](const Parsed&, bool in_loop) {
    loops += in_loop ? 'x' : '-';
    return true;
  });
  CHECK(loops == "--xxx-x");
  CHECK_FALSE(body_of("DO $$BEGIN ROLLBACK; END$$")->commits);
}

TEST_CASE("a body in quotes keeps its places") {
  const std::string sql =
      "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS '\nBEGIN\n  -- don''t\n  x := ''a;b'';\n"
      "  UPDATE t SET a = ''it''''s; '', b = '''' WHERE c;\n  EXECUTE ''DROP TABLE u'';\nEND'";
  const std::optional<Body> found = body_of(sql);
  REQUIRE(found);
  CHECK(found->unknown == 0);
  CHECK(inside(sql) == Texts{"UPDATE t SET a =  'it''''s; ' , b =  ''  WHERE c", "DROP TABLE u"});
  std::string words;
  parse(*found, [&](const Parsed& inner, bool) {
    REQUIRE(inner.node != nullptr);
    words += slice(sql, {inner.span.begin, inner.span.begin + 6}) + ";";
    each<::ColumnRef>(inner.node, [&](const ::ColumnRef& column) {
      words += sql.substr(inner.base + static_cast<std::size_t>(column.location), 1) + ";";
    });
    return true;
  });
  CHECK(words == "UPDATE;c;DROP T;");
}

TEST_CASE("a body in E'…' keeps its places") {
  CHECK(inside("DO E'BEGIN\\n\\tUPDATE t SET a = \\'x\\';\\n -- it\\'s\\nSELECT \\'\\\\d\\'; END'") ==
        Texts{"UPDATE t SET a =  'x'", "SELECT  '\\\\d'"});
  CHECK_FALSE(body_of("DO E'BEGIN \\x41; END'"));
}

TEST_CASE("a quoted name in a quoted body has no room for a blank") {
  CHECK_FALSE(body_of("DO 'BEGIN SELECT \"it''s\"; END'"));
  CHECK(inside("DO 'BEGIN SELECT \"a\"; END'") == Texts{"SELECT \"a\""});
}

TEST_CASE("what is no PL/pgSQL is unknown") {
  for (const char* sql : {"DO $$$$", "DO $$SELECT 1;$$", "DO $$ ; $$", "DO $$-- $$"}) {
    CAPTURE(std::string(sql));
    REQUIRE(body_of(sql));
    CHECK(body_of(sql)->statements.empty());
    CHECK(body_of(sql)->unknown == 1);
  }
}

TEST_CASE("a statement of a body that does not parse is given without a tree") {
  const std::string sql = "DO $$BEGIN SELECT 1; foo bar; SELECT 2; END$$";
  std::string seen;
  parse(*body_of(sql), [&](const Parsed& inner, bool) {
    seen += inner.node != nullptr ? "s" : "?";
    return true;
  });
  CHECK(seen == "s?s");
}

TEST_CASE("a DO block within a function has a body too") {
  const std::string sql = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $a$ DO $b$BEGIN SELECT inner; END$b$ $a$";
  const std::optional<Body> outer = body_of(sql);
  REQUIRE(outer);
  bool found = false;
  parse(*outer, [&](const Parsed& block, bool) {
    const std::optional<Body> nested = body(block, outer->text, outer->base);
    REQUIRE(nested);
    parse(*nested, [&](const Parsed& inner, bool) {
      CHECK(slice(sql, inner.span) == "SELECT inner");
      found = true;
      return true;
    });
    return true;
  });
  CHECK(found);
}

TEST_CASE("no prefix of a body breaks the walk") {
  const std::string code =
      "#option dump\n<<l>> DECLARE a int := 1; BEGIN IF a THEN PERFORM 1; ELSE SELECT b INTO STRICT c, d[1] FROM t; "
      "END IF; "
      "FOR r IN EXECUTE 'x' LOOP a[1].b := 2; END LOOP; CASE a WHEN 1 THEN EXECUTE format('SELECT 1') USING x; END "
      "CASE; "
      "RETURN QUERY SELECT 1; OPEN c FOR SELECT 2; EXCEPTION WHEN OTHERS THEN COMMIT; END l";
  for (std::size_t n = 0; n <= code.size(); ++n) {
    CAPTURE(n);
    const std::string sql = "DO $body$" + code.substr(0, n) + "$body$";
    const std::optional<Body> found = body_of(sql);
    REQUIRE(found);
    CHECK(found->in_loop.size() == found->statements.size());
    std::uint32_t at = 0;
    for (const Cut& cut : found->statements) {
      CHECK(cut.span.begin >= at);
      CHECK(cut.span.end <= sql.size());
      at = cut.span.end;
    }
    parse(*found, [](const Parsed&, bool) { return true; });
  }
}

namespace {

// --- PL/pgSQL's own parser as the oracle -----------------------------------------------------------------------------

// Statements compare equal whatever the blanks between their tokens are, and however a quote is written.
std::string normal(std::string_view sql) {
  std::string out;
  for (const Token& token : tokens(sql, 0)) out += slice(sql, token.span) + " ";
  return out;
}

// A statement that PL/pgSQL sends to SQL, or an expression that it executes.
struct Sent {
  std::string kind;
  std::string query;
};

void collect(const nlohmann::json& tree, std::vector<Sent>& out) {
  if (tree.is_array()) {
    for (const auto& one : tree) collect(one, out);
    return;
  }
  if (!tree.is_object()) return;
  static const std::map<std::string, std::string> queries = {
      {"PLpgSQL_stmt_execsql", "sqlstmt"},  {"PLpgSQL_stmt_perform", "expr"},       {"PLpgSQL_stmt_call", "expr"},
      {"PLpgSQL_stmt_fors", "query"},       {"PLpgSQL_stmt_return_query", "query"}, {"PLpgSQL_stmt_open", "query"},
      {"PLpgSQL_stmt_dynexecute", "query"}, {"PLpgSQL_stmt_dynfors", "query"},
  };
  for (const auto& [key, value] : tree.items()) {
    if (const auto found = queries.find(key); found != queries.end()) {
      for (const char* member : {found->second.c_str(), "dynquery"}) {
        if (!value.contains(member)) continue;
        const bool dynamic = key.find("dyn") != std::string::npos || std::string(member) == "dynquery";
        out.push_back({dynamic ? "execute" : "sql", value[member]["PLpgSQL_expr"]["query"].get<std::string>()});
      }
    }
    if (key != "datums") collect(value, out);
  }
}

struct Comparison {
  std::size_t bodies = 0;
  std::size_t refused = 0;   // by PL/pgSQL: types it does not know, or bad code
  std::size_t compared = 0;  // statements
  std::size_t dynamic = 0;   // EXECUTE of an expression, unknown to us
  std::size_t unparsed = 0;  // statements that SQL's grammar refuses
  std::vector<std::string> different;
};

void compare(std::string_view statement_text, const Body& found, Comparison& comparison) {
  ++comparison.bodies;
  const PgQueryPlpgsqlParseResult result = pg_query_parse_plpgsql(std::string(statement_text).c_str());
  std::vector<Sent> sent;
  const bool refused = result.error != nullptr;
  if (!refused) {
    std::string json = result.plpgsql_funcs;
    // The variables that a trigger function has by itself are written with a brace too many.
    for (std::size_t i = json.find(",{}},"); i != std::string::npos; i = json.find(",{}},", i)) json.erase(i + 3, 1);
    collect(nlohmann::json::parse(json), sent);
  }
  pg_query_free_plpgsql_parse_result(result);
  if (refused) {
    ++comparison.refused;
    return;
  }
  std::map<std::string, int> balance;
  std::uint32_t unknown = 0;
  for (const Sent& one : sent) {
    if (one.kind == "sql") {
      ++balance[normal(one.query)];
      continue;
    }
    // EXECUTE: of a string alone, or format() of one, its statements.
    const std::vector<Token> all = tokens(one.query, 0);
    const bool format = all.size() == 4 && slice(one.query, all[0].span) == "format";
    const std::size_t at = format ? 2 : 0;
    bool literal = (all.size() == 1 || format) && all[at].kind == TokenKind::string;
    std::string text = literal ? slice(one.query, all[at].span) : "";
    if (literal && text[0] == '\'') {
      text = text.substr(1, text.size() - 2);
      for (std::size_t i = text.find("''"); i != std::string::npos; i = text.find("''", i + 1)) text.erase(i, 1);
    } else if (literal && text[0] == '$') {
      const std::size_t delimiter = text.find('$', 1) + 1;
      text = text.substr(delimiter, text.size() - 2 * delimiter);
    } else {
      literal = false;
    }
    if (!literal || (format && text.find('%') != std::string::npos)) {
      ++unknown;
      continue;
    }
    for (const std::string& inner : statements(text, {.psql = false})) ++balance[normal(inner)];
  }
  for (const Cut& cut : found.statements) {
    --balance[normal(std::string_view(found.text).substr(cut.span.begin - found.base, cut.span.size()))];
    ++comparison.compared;
  }
  for (const auto& [sql, n] : balance)
    if (n != 0)
      comparison.different.push_back((n > 0 ? "PL/pgSQL alone: " : "pglint alone: ") + sql + "\n    in " +
                                     std::string(statement_text));
  if (unknown != found.unknown)
    comparison.different.push_back("unknown: " + std::to_string(found.unknown) + ", not " + std::to_string(unknown) +
                                   "\n    in " + std::string(statement_text));
  comparison.dynamic += unknown;
  parse(found, [&](const Parsed& inner, bool) {
    if (inner.node == nullptr) ++comparison.unparsed;
    return true;
  });
}

void compare_all(std::string_view sql, Comparison& comparison) {
  parse(sql, 0, lex(sql), [&](const Parsed& statement) {
    if (statement.node == nullptr) return true;
    const std::optional<Body> found = body(statement, sql);
    if (found && found->plpgsql) compare(slice(sql, statement.span), *found, comparison);
    return true;
  });
}

void report(const Comparison& comparison) {
  MESSAGE(comparison.bodies << " bodies, " << comparison.compared << " statements, " << comparison.dynamic
                            << " EXECUTE of an expression, " << comparison.refused << " bodies that PL/pgSQL refuses, "
                            << comparison.unparsed << " statements that SQL refuses");
  for (const std::string& one : comparison.different) FAIL_CHECK(one);
}

}  // namespace

TEST_CASE("PL/pgSQL's own parser finds the same statements") {
  const std::string declared =
      "DECLARE a int; b int; r record; c refcursor; s text; n int[]; d CURSOR FOR SELECT 1; BEGIN ";
  Comparison comparison;
  for (const char* code : {
           "SELECT 1; UPDATE t SET x = 1 WHERE y = 'a;b'; DELETE FROM t; INSERT INTO t VALUES (1);",
           "SELECT x INTO a FROM t; SELECT x, y INTO STRICT a, b FROM t; SELECT INTO a x FROM t; SELECT x FROM t INTO "
           "a;",
           "INSERT INTO t VALUES (1) RETURNING x, y INTO a, b; UPDATE t SET x = 1 RETURNING y INTO STRICT a;",
           "WITH q AS (INSERT INTO t VALUES (1) RETURNING x) SELECT x INTO a FROM q;",
           "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE; TRUNCATE t; LOCK TABLE t;",
           "CREATE TABLE t (a int, CHECK (a > 0)); ALTER TABLE t ADD b int; CREATE INDEX ON t (a); DROP TABLE t;",
           "CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN 1; END $f$; COMMENT ON TABLE t IS "
           "';';",
           "PERFORM f(1); PERFORM x FROM t WHERE y; CALL p(1); DO 'BEGIN END';",
           "IF a > 1 THEN SELECT 1; ELSIF a > 2 THEN SELECT 2; ELSEIF a = 3 THEN SELECT 3; ELSE SELECT 4; END IF;",
           "IF EXISTS (SELECT 1 FROM t WHERE CASE WHEN x THEN y ELSE z END) THEN SELECT 1; END IF;",
           "CASE a WHEN 1, 2 THEN SELECT 1; ELSE SELECT 2; END CASE; CASE WHEN a > 1 THEN SELECT 3; END CASE;",
           "LOOP SELECT 1; EXIT WHEN a > 1; CONTINUE; END LOOP; WHILE a < 3 LOOP SELECT 2; a := a + 1; END LOOP;",
           "FOR i IN 1..3 LOOP SELECT 1; END LOOP; FOR i IN REVERSE 3..1 BY 2 LOOP SELECT 2; END LOOP;",
           "FOR r IN SELECT x FROM t LOOP DELETE FROM u; END LOOP; FOR a, b IN SELECT 1, 2 LOOP NULL; END LOOP;",
           "FOR r IN (SELECT 1) UNION (SELECT 2) LOOP NULL; END LOOP; FOR r IN d LOOP SELECT 1; END LOOP;",
           "FOREACH a IN ARRAY n LOOP SELECT 1; END LOOP; FOR r IN UPDATE t SET x = 1 RETURNING * LOOP NULL; END LOOP;",
           "FOR r IN EXECUTE 'SELECT 1' LOOP NULL; END LOOP; FOR r IN EXECUTE s USING a LOOP NULL; END LOOP;",
           "EXECUTE 'DROP TABLE t'; EXECUTE s; EXECUTE 'SELECT ''x''' INTO s; EXECUTE 'SELECT $1' INTO a USING b;",
           "EXECUTE format('DROP TABLE %I', s); EXECUTE format('DROP TABLE t'); EXECUTE $q$SELECT 'a'; SELECT 2$q$;",
           "EXECUTE 'DROP TABLE ' || s; EXECUTE (s); EXECUTE 'SELECT 1' USING a;",
           "OPEN d; OPEN c FOR SELECT 1; FETCH c INTO a; MOVE NEXT FROM c; CLOSE c; OPEN c FOR EXECUTE s USING a;",
           "OPEN c NO SCROLL FOR SELECT 3; CLOSE c;",
           "RAISE NOTICE 'a % ;', a; RAISE EXCEPTION USING MESSAGE = 'x'; ASSERT a > 1, 'y'; SELECT 1;",
           "BEGIN SELECT 1; EXCEPTION WHEN unique_violation OR SQLSTATE '22012' THEN SELECT 2; WHEN OTHERS THEN RAISE; "
           "END;",
           "<<x>> DECLARE z int := 1; BEGIN SELECT 1; <<y>> LOOP EXIT x; END LOOP y; END x;",
           "a := 1; a = 2; r.x := 3; n[1] := 4; n[a + 1] = 5; a := (SELECT 1); a := CASE WHEN b = 1 THEN 2 END;",
           "GET DIAGNOSTICS a = ROW_COUNT; NULL; RETURN; SELECT 1;",
           "COMMIT; ROLLBACK AND CHAIN; SELECT 1;",
           "SELECT E'it\\'s; x', $q$;$q$, \"a;b\" FROM t -- c; d\n WHERE /* ; */ true;",
           "INSERT INTO t SELECT 1; INSERT INTO t (into_x) VALUES (2); SELECT x.into_y INTO a FROM x;",
           "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; SET LOCAL lock_timeout = '1s'; GRANT SELECT ON t "
           "TO u;",
       }) {
    const std::string body_text = declared + code + " END";
    compare_all("DO $block$" + body_text + "$block$", comparison);
    std::string quoted = body_text;
    if (quoted.find("E'") == std::string::npos && quoted.find("''") == std::string::npos) {
      // The same in quotes.
      for (std::size_t i = quoted.find('\''); i != std::string::npos; i = quoted.find('\'', i + 2))
        quoted.insert(i, 1, '\'');
      compare_all("DO '" + quoted + "'", comparison);
    }
  }
  compare_all(
      "CREATE FUNCTION f(x int) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT x; RETURN QUERY "
      "EXECUTE "
      "'SELECT 1'; RETURN NEXT x + 1; RETURN QUERY INSERT INTO t VALUES (1) RETURNING y; RETURN; END $$",
      comparison);
  compare_all(
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := 1; UPDATE t SET b = NEW.b; RETURN "
      "NEW; "
      "END $$",
      comparison);
  report(comparison);
  CHECK(comparison.refused == 0);
  CHECK(comparison.compared > 120);
  CHECK(comparison.unparsed == 0);
}

TEST_CASE("PL/pgSQL's own parser finds the same statements in real migrations") {
  const char* const folder = std::getenv("PGLINT_CORPUS");
  if (folder == nullptr) return pglint::test::skip(pglint::test::Missing::data, "PGLINT_CORPUS is not set");
  Comparison comparison;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".sql") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    compare_all(text, comparison);
  }
  report(comparison);
  CHECK(comparison.bodies > 0);
}
