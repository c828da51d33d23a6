#include "pg/parse.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <thread>

#include "cuts.h"
#include "pg/node.h"
#include "pg/tree.h"

using namespace pglint;
using namespace pglint::pg;
using namespace pglint::pg::test;

namespace {

std::size_t count(std::string_view text, std::size_t* errors = nullptr) {
  std::size_t n = 0;
  parse(text, 0, lex(text), [&](const Parsed& statement) {
    ++n;
    if (errors != nullptr && statement.error != nullptr) ++*errors;
    return true;
  });
  return n;
}

}  // namespace

TEST_CASE("statements are given in order, with their place") {
  CHECK(parsed("SELECT 1; -- c\nALTER TABLE t ADD c int;\n\n BEGIN") ==
        Texts{"SELECT 0-8", "ALTER TABLE 15-38", "BEGIN 42-47"});
  CHECK(parsed("").empty());
  CHECK(parsed("-- nothing\n;;").empty());
}

TEST_CASE("locations in a tree plus its base are places in the file") {
  const std::string sql = "/* ä */ SELECT first;\nSELECT 1, second;";
  const std::string text = "xxxxx" + sql;
  Lexed lexed;
  lex(sql, 5, {}, lexed);
  std::string columns;
  parse(sql, 5, lexed, [&](const Parsed& statement) {
    each<ColumnRef>(statement.node, [&](const ColumnRef& column) {
      columns += text.substr(statement.base + static_cast<std::uint32_t>(column.location), 6) + " ";
    });
    return true;
  });
  CHECK(columns == "first; second ");
}

TEST_CASE("a statement that does not parse hides no neighbour") {
  CHECK(parsed("SELECT 1; SELEC 2; SELECT 3") ==
        Texts{"SELECT 0-8", "error 10: syntax error at or near \"SELEC\"", "SELECT 19-27"});
}

TEST_CASE("the place of an error counts bytes, though PostgreSQL counts characters") {
  const std::string sql = "SELECT 'äöü€𝄞' x y;";
  const std::string offset = std::to_string(sql.find(" y") + 1);
  CHECK(parsed(sql) == Texts{"error " + offset + ": syntax error at or near \"y\""});
  CHECK(parsed("SELECT 1;\r\nSELECT 'é'\r\n  foo bar;\r\n") ==
        Texts{"SELECT 0-8", "error 30: syntax error at or near \"bar\""});
}

TEST_CASE("an error behind bytes that are no UTF-8 has a place within its statement") {
  for (const char* bad : {"\xFF\xFE", "\xE2\x82", "\xC3", "\xF0\x9F", "\x80\x80\x80"}) {
    const std::string sql = "SELECT 1; SELECT '" + std::string(bad) + "' x y; SELECT 2;";
    bool seen = false;
    parse(sql, 0, lex(sql), [&](const Parsed& statement) {
      if (statement.error != nullptr) {
        seen = true;
        CHECK(statement.error->offset >= 10);
        CHECK(statement.error->offset <= sql.size() - 11);
      }
      return true;
    });
    CHECK(seen);
  }
}

TEST_CASE("an error at the end names what the server was sent") {
  CHECK(parsed("ALTER TABLE t;") == Texts{"error 13: syntax error at or near \";\""});
  CHECK(parsed("ALTER TABLE t\n;") == Texts{"error 14: syntax error at or near \";\""});
  CHECK(parsed("ALTER TABLE t") == Texts{"error 13: syntax error at end of input"});
}

TEST_CASE("the lexer's errors are given in their place") {
  CHECK(parsed("SELECT 1;\nSELECT 'a;\nSELECT 2;\nfoo;\nSELECT \"b;") ==
        Texts{"SELECT 0-8", "error 17: unterminated quoted string", "SELECT 21-29",
              "error 31: syntax error at or near \"foo\"", "error 43: unterminated quoted identifier"});
}

TEST_CASE("text that the lexer gave up on breaks no neighbour") {
  // All of it would fit one chunk.
  std::string sql = "SELECT 1;\nSELECT $x$ ; ';\nSELECT 2;\nSELECT 3;\n";
  CHECK(parsed(sql) ==
        Texts{"SELECT 0-8", "error 17: unterminated dollar-quoted string", "SELECT 26-34", "SELECT 36-44"});
}

TEST_CASE("statements on both sides of a chunk's border are whole") {
  // Statements of every length around the border of 64 KB.
  for (std::size_t n = 65'400; n < 65'640; n += 7) {
    const std::string sql = "SELECT 'first';\nSELECT '" + std::string(n, 'x') + "';\nSELECT third;\nSELECT fourth";
    CAPTURE(n);
    const Texts all = parsed(sql);
    REQUIRE(all.size() == 4);
    CHECK(all[2] == "SELECT " + std::to_string(n + 27) + "-" + std::to_string(n + 39));
    CHECK(all[3] == "SELECT " + std::to_string(n + 41) + "-" + std::to_string(n + 54));
  }
}

TEST_CASE("many chunks give all statements, errors among them") {
  std::string sql;
  for (int i = 0; i < 20'000; ++i)
    sql += i % 5000 == 7 ? "SELEC 1;\n" : "ALTER TABLE t" + std::to_string(i) + " ADD c int; -- comment\n";
  std::size_t errors = 0;
  CHECK(count(sql, &errors) == 20'000);
  CHECK(errors == 4);
}

TEST_CASE("a statement larger than a chunk is parsed alone") {
  std::string sql = "SELECT 1; INSERT INTO t VALUES (0)";
  for (int i = 0; i < 30'000; ++i) sql += ",(" + std::to_string(i) + ")";
  sql += "; SELECT 2";
  CHECK(count(sql) == 3);
}

TEST_CASE("a long comment between statements is not parsed over") {
  const std::string sql = "SELECT 1;\n/*" + std::string(100'000, '*') + "*/\nSELECT 2;";
  CHECK(parsed(sql) == Texts{"SELECT 0-8", "SELECT 100015-100023"});
}

TEST_CASE("data of COPY goes with its statement") {
  const std::string sql = "SELECT 1; COPY t FROM STDIN;\n1;'\n\\.\nSELECT 2;";
  Texts data;
  parse(sql, 0, lex(sql), [&](const Parsed& statement) {
    CHECK(statement.error == nullptr);
    data.push_back(slice(sql, statement.copy_data));
    return true;
  });
  CHECK(data == Texts{"", "1;'\n\\.\n", ""});
}

TEST_CASE("what psql would replace parses") {
  CHECK(parsed("\\set ON_ERROR_STOP on\nCREATE SCHEMA :s;\nGRANT USAGE ON SCHEMA :\"s\" TO :u; SELECT :'v' "
               "\\gexec\nSELECT 1") == Texts{"CREATE SCHEMA 22-38", "GRANT 40-72", "SELECT 74-85", "SELECT 93-101"});
}

TEST_CASE("the caller may stop") {
  std::size_t n = 0;
  const std::string sql = "SELECT 1; SELECT 2; SELECT 3";
  parse(sql, 0, lex(sql), [&](const Parsed&) { return ++n < 2; });
  CHECK(n == 2);
}

TEST_CASE("a parse within a parse leaves the outer trees alone") {
  const std::string outer = "SELECT a; SELECT b; SELECT c";
  std::string columns;
  parse(outer, 0, lex(outer), [&](const Parsed& statement) {
    const std::string inner = "SELECT x; SELECT y; SELEC";
    parse(inner, 0, lex(inner), [&](const Parsed& within) {
      each<ColumnRef>(within.node, [&](const ColumnRef& column) { columns += column_name(column); });
      return true;
    });
    each<ColumnRef>(statement.node, [&](const ColumnRef& column) { columns += column_name(column); });
    return true;
  });
  CHECK(columns == "xyaxybxyc");
}

TEST_CASE("threads parse at the same time") {
  std::vector<std::thread> threads;
  std::vector<std::size_t> counts(4);
  for (std::size_t i = 0; i < counts.size(); ++i)
    threads.emplace_back([&counts, i] {
      for (int round = 0; round < 50; ++round) counts[i] += count("SELECT 1; SELECT 2 FROM t; SELEC");
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::size_t n : counts) CHECK(n == 150);
}
