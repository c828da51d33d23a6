#include "pg/lexer.h"

#include <doctest/doctest.h>

#include "cuts.h"

using namespace pglint;
using namespace pglint::pg;
using namespace pglint::pg::test;
using namespace std::string_literals;

TEST_CASE("a statement runs from its first token to the end of its last") {
  const std::string sql = "  -- first\n  SELECT 1  /* end */ ; \n\n\tSELECT\f2\v\r\n";
  CHECK(statements(sql) == Texts{"SELECT 1", "SELECT\f2"});
  CHECK(comments(sql) == Texts{"-- first", "/* end */"});
  CHECK(errors(sql).empty());
}

TEST_CASE("a comment at the end belongs to no statement") {
  CHECK(statements("SELECT 1 -- one\n -- two") == Texts{"SELECT 1"});
  CHECK(statements("SELECT 1 /* one */\n/* two */;") == Texts{"SELECT 1"});
  CHECK(statements("SELECT /* in */ 1") == Texts{"SELECT /* in */ 1"});
}

TEST_CASE("empty statements are none") {
  CHECK(statements("").empty());
  CHECK(statements(";;").empty());
  CHECK(statements(" ; -- c\n ; /* d */ ;").empty());
  CHECK(statements(";SELECT 1;;SELECT 2;") == Texts{"SELECT 1", "SELECT 2"});
}

TEST_CASE("spans count from the base") {
  Lexed out;
  lex("SELECT 1; -- c", 100, {}, out);
  REQUIRE(out.statements.size() == 1);
  CHECK(out.statements[0].span == Span{100, 108});
  REQUIRE(out.comments.size() == 1);
  CHECK(out.comments[0].span == Span{110, 114});
  lex("x'", 50, {}, out);
  CHECK(out.statements.empty());
  CHECK(out.comments.empty());
  REQUIRE(out.errors.size() == 1);
  CHECK(out.errors[0].offset == 50);
}

TEST_CASE("semicolons in quotes end nothing") {
  CHECK(statements("SELECT 'a;b'; SELECT 2") == Texts{"SELECT 'a;b'", "SELECT 2"});
  CHECK(statements("SELECT 'it''s; ok', 'x'; SELECT 2") == Texts{"SELECT 'it''s; ok', 'x'", "SELECT 2"});
  CHECK(statements(R"(SELECT "a;""b;"; SELECT 2)") == Texts{R"(SELECT "a;""b;")", "SELECT 2"});
  CHECK(statements("SELECT '''';SELECT '';SELECT ''';'") == Texts{"SELECT ''''", "SELECT ''", "SELECT ''';'"});
  CHECK(statements("SELECT B'1;', X'f;', N'n;', b'0;', x'0;', n'0;'; x").size() == 2);
  CHECK(statements("SELECT U&'a;\\0061' UESCAPE '!', U&\"d;\"; x").size() == 2);
}

TEST_CASE("a backslash escapes a quote in E'…' and nowhere else") {
  CHECK(statements(R"(SELECT 'a\'; SELECT 2)") == Texts{R"(SELECT 'a\')", "SELECT 2"});
  CHECK(statements(R"(SELECT E'a\';b'; SELECT 2)") == Texts{R"(SELECT E'a\';b')", "SELECT 2"});
  CHECK(statements(R"(SELECT e'\\'; SELECT 2)") == Texts{R"(SELECT e'\\')", "SELECT 2"});
  CHECK(statements(R"(SELECT E'\\\'' , 'x'; SELECT 2)").size() == 2);
  CHECK(statements(R"(SELECT E'it''s\'' ; SELECT 2)").size() == 2);
  // A word that ends with e is no prefix.
  CHECK(statements(R"(SELECT date'a\'; SELECT 2)") == Texts{R"(SELECT date'a\')", "SELECT 2"});
  CHECK(statements(R"(SELECT _e'a\'; SELECT 2)").size() == 2);
  // It may be the first token of the text, and of a statement.
  CHECK(statements(R"(E'a\';b'; SELECT 2)").size() == 2);
  CHECK(statements(R"(CREATE FUNCTION f() AS E'a\';b'; SELECT 2)").size() == 2);
}

TEST_CASE("E'…' goes on after a newline and still escapes there") {
  CHECK(statements("SELECT E'a' \n 'b\\';c'; SELECT 2").size() == 2);
  CHECK(statements("SELECT E'a' -- c\n 'b\\';c'; SELECT 2").size() == 2);
  CHECK(comments("SELECT E'a' -- c\n 'b\\';c'; SELECT 2") == Texts{"-- c"});
  CHECK(comments("SELECT E'a' -- c\n , 'b'") == Texts{"-- c"});
  // Without a newline it is a string of its own.
  CHECK(statements("SELECT E'a' 'b\\'; SELECT 2") == Texts{"SELECT E'a' 'b\\'", "SELECT 2"});
}

TEST_CASE("dollar quotes end at their own tag") {
  CHECK(statements("SELECT $$a;'b$$; SELECT 2") == Texts{"SELECT $$a;'b$$", "SELECT 2"});
  CHECK(statements("SELECT $x$ $$ ; $y$ ; $x$; SELECT 2") == Texts{"SELECT $x$ $$ ; $y$ ; $x$", "SELECT 2"});
  CHECK(statements("SELECT $x$a$b$x$; SELECT 2") == Texts{"SELECT $x$a$b$x$", "SELECT 2"});
  CHECK(statements("SELECT $ä1$;$ä1$; SELECT 2").size() == 2);
  CHECK(statements("DO $$;$$; SELECT 2").size() == 2);
}

TEST_CASE("a dollar within a word, and one before a digit, opens no quote") {
  CHECK(statements("SELECT a$$; SELECT b$$") == Texts{"SELECT a$$", "SELECT b$$"});
  CHECK(statements("SELECT a$x$; SELECT 2") == Texts{"SELECT a$x$", "SELECT 2"});
  CHECK(statements("PREPARE p AS SELECT $1; SELECT $2") == Texts{"PREPARE p AS SELECT $1", "SELECT $2"});
  CHECK(statements("SELECT $1$$;$$; SELECT 2") == Texts{"SELECT $1$$;$$", "SELECT 2"});
  CHECK(statements("SELECT 1$$;$$; SELECT 2") == Texts{"SELECT 1$$;$$", "SELECT 2"});
  CHECK(statements("SELECT $1a$; SELECT 2") == Texts{"SELECT $1a$", "SELECT 2"});
  CHECK(statements("SELECT $; SELECT 2") == Texts{"SELECT $", "SELECT 2"});
  CHECK(statements("CREATE FUNCTION f$$() AS 'x'; SELECT 2").size() == 2);
}

TEST_CASE("block comments nest") {
  CHECK(comments("/* a /* b; */ c; */ SELECT 1") == Texts{"/* a /* b; */ c; */"});
  CHECK(statements("/* a /* b; */ c; */ SELECT 1") == Texts{"SELECT 1"});
  CHECK(statements("/*/ ; */ SELECT 1") == Texts{"SELECT 1"});
  CHECK(statements("/***/ SELECT 1") == Texts{"SELECT 1"});
  CHECK(statements("/**/ SELECT 1") == Texts{"SELECT 1"});
  CHECK(statements("/* ' \" $$ */ SELECT 1") == Texts{"SELECT 1"});
  CHECK(comments("SELECT 1 */* c */; SELECT 2") == Texts{"/* c */"});
  CHECK(lex("/* b */").comments.at(0).block);
  CHECK_FALSE(lex("-- b").comments.at(0).block);
}

TEST_CASE("a line comment ends at either newline") {
  CHECK(comments("-- a\r\nSELECT 1") == Texts{"-- a"});
  CHECK(comments("-- a\rSELECT 1") == Texts{"-- a"});
  CHECK(statements("-- a\rSELECT 1") == Texts{"SELECT 1"});
  CHECK(comments("SELECT 1 --;'\n + 2") == Texts{"--;'"});
  CHECK(statements("SELECT 1 +-- c;\n 2; x").size() == 2);
  CHECK(statements("SELECT 1 - - 2; SELECT 1 -2").size() == 2);
  CHECK(comments("SELECT 1 --") == Texts{"--"});
}

TEST_CASE("comments and quotes are found wherever they lie among other bytes") {
  // The lexer looks at 64 bytes at a time.
  for (std::size_t n = 0; n < 140; ++n) {
    CAPTURE(n);
    const std::string pad(n, 'a');
    CHECK(comments("SELECT " + pad + "--;'\n;") == Texts{"--;'"});
    CHECK(comments("SELECT " + pad + "/*;'*/;") == Texts{"/*;'*/"});
    CHECK(statements("SELECT (" + pad + " ';', \";\", $$;$$); SELECT 2").size() == 2);
    CHECK(statements("SELECT '" + pad + ";'; SELECT 2").size() == 2);
    CHECK(statements("SELECT '" + pad + "''; '; SELECT 2").size() == 2);
    CHECK(statements("SELECT " + pad + "-1/2; SELECT 2").size() == 2);
    CHECK(statements("SELECT (((" + pad + ")" + pad + ")); SELECT 2").size() == 2);
  }
}

TEST_CASE("a semicolon in parentheses ends nothing") {
  const std::string rule = "CREATE RULE r AS ON INSERT TO t DO (INSERT INTO a VALUES (1); DELETE FROM b;)";
  CHECK(statements(rule + "; SELECT 2") == Texts{rule, "SELECT 2"});
  const std::string replaced = "CREATE OR REPLACE RULE r AS ON INSERT TO t DO (SELECT 1;\nSELECT 2)";
  CHECK(statements(replaced + ";\nSELECT 2") == Texts{replaced, "SELECT 2"});
  CHECK(statements("INSERT INTO t VALUES (1; 2); SELECT 2") == Texts{"INSERT INTO t VALUES (1; 2)", "SELECT 2"});
}

TEST_CASE("a missing closing parenthesis hides no later statement") {
  CHECK(statements("CREATE TABLE a (x int;\nCREATE TABLE b (y int);\nSELECT 1;") ==
        Texts{"CREATE TABLE a (x int", "CREATE TABLE b (y int)", "SELECT 1"});
  CHECK(statements("CREATE TABLE a (x int; -- why\n\nALTER TABLE b ADD y int;") ==
        Texts{"CREATE TABLE a (x int", "ALTER TABLE b ADD y int"});
  CHECK(statements("CREATE FUNCTION f(a int; CREATE TABLE b ();") ==
        Texts{"CREATE FUNCTION f(a int", "CREATE TABLE b ()"});
}

TEST_CASE("one closing parenthesis too many is of no account") {
  CHECK(statements("SELECT 1); SELECT (2;3); SELECT 4") == Texts{"SELECT 1)", "SELECT (2;3)", "SELECT 4"});
}

TEST_CASE("a body BEGIN ATOMIC … END is part of its function") {
  const std::string f = "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END";
  CHECK(statements(f + "; SELECT 2") == Texts{f, "SELECT 2"});
  const std::string p =
      "create or replace procedure p() begin atomic update t set a = case when b then 1 else 2 end; "
      "select case a when 1 then case b when 2 then 3 end end; end";
  CHECK(statements(p + "; SELECT 2") == Texts{p, "SELECT 2"});
  const std::string parens = "CREATE FUNCTION f() BEGIN ATOMIC SELECT (CASE WHEN a THEN b END); END";
  CHECK(statements(parens + "; SELECT 2") == Texts{parens, "SELECT 2"});
  const std::string column = "CREATE FUNCTION f() BEGIN ATOMIC SELECT t.end FROM t; SELECT 1; END";
  CHECK(statements(column + "; SELECT 2") == Texts{column, "SELECT 2"});
  // Comments may stand between the two words.
  const std::string comment = "CREATE FUNCTION f() BEGIN -- x\n ATOMIC SELECT 1; END";
  CHECK(statements(comment + "; SELECT 2") == Texts{comment, "SELECT 2"});
}

TEST_CASE("BEGIN without ATOMIC, or outside of CREATE FUNCTION, holds nothing together") {
  CHECK(statements("BEGIN; SELECT 1; END;") == Texts{"BEGIN", "SELECT 1", "END"});
  CHECK(statements("BEGIN ATOMIC; SELECT 1;").size() == 2);
  CHECK(statements("CREATE FUNCTION f(begin int) AS 'x'; SELECT 1").size() == 2);
  CHECK(statements("CREATE TABLE begin (atomic int); SELECT 1").size() == 2);
}

TEST_CASE("a missing END hides no later definition") {
  CHECK(statements("CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;\nCREATE TABLE b ();\nSELECT 1;") ==
        Texts{"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1", "CREATE TABLE b ()", "SELECT 1"});
}

TEST_CASE("the data of COPY … FROM STDIN is no SQL") {
  const std::string sql = "COPY t (a, b) FROM STDIN;\n1\t'x\n2\t;$$\n\\.\nSELECT 1;\n";
  const Lexed lexed = lex(sql);
  REQUIRE(lexed.statements.size() == 2);
  CHECK(slice(sql, lexed.statements[0].span) == "COPY t (a, b) FROM STDIN");
  CHECK(slice(sql, lexed.statements[0].copy_data) == "1\t'x\n2\t;$$\n\\.\n");
  CHECK(slice(sql, lexed.statements[1].span) == "SELECT 1");
  CHECK(lexed.statements[1].copy_data.empty());
  CHECK(lexed.errors.empty());
  CHECK(lexed.blanked.size() == sql.size());
  CHECK(lexed.blanked == "COPY t (a, b) FROM STDIN;\n    \n     \n  \nSELECT 1;\n");
}

TEST_CASE("COPY data ends only at its own line") {
  const std::string sql = "copy t from stdin with (format csv); -- note\r\n\\.x\r\n a\\.\r\n\\.\r\nSELECT 1;";
  const Lexed lexed = lex(sql);
  REQUIRE(lexed.statements.size() == 2);
  CHECK(slice(sql, lexed.statements[0].copy_data) == "\\.x\r\n a\\.\r\n\\.\r\n");
  CHECK(lexed.comments.size() == 1);
  CHECK(statements("COPY t FROM STDIN;\n\\.") == Texts{"COPY t FROM STDIN"});
  CHECK(slice("COPY t FROM STDIN;\n\\.", lex("COPY t FROM STDIN;\n\\.").statements[0].copy_data) == "\\.");
}

TEST_CASE("other COPY statements have no data") {
  CHECK(statements("COPY t TO STDOUT;\nSELECT 1;\n\\.\n").size() == 2);
  CHECK(statements("COPY (SELECT a FROM stdin) TO '/x';\nSELECT 1;\n\\.\n").size() == 2);
  CHECK(statements("COPY t FROM '/tmp/stdin';\nSELECT 1;\n\\.\n").size() == 2);
  CHECK(statements("SELECT 'COPY' FROM stdin;\nSELECT 1;\n\\.\n").size() == 2);
  // Nothing ends it: then nothing began.
  CHECK(statements("COPY t FROM STDIN;\nSELECT 1;\n").size() == 2);
}

TEST_CASE("lines of psql are blanked, and what stands around them stays") {
  CHECK(statements("\\connect db\nSELECT 1;\n\\echo 'x;'\nSELECT 2;") == Texts{"SELECT 1", "SELECT 2"});
  CHECK(lex("\\set x 'a;b'\r\nSELECT 1;").blanked == "            \r\nSELECT 1;");
  CHECK(statements("SELECT '\\x'; SELECT $$\n\\i a\n$$") == Texts{"SELECT '\\x'", "SELECT $$\n\\i a\n$$"});
  CHECK(lex("SELECT '\\x'").blanked.empty());
  // Within a statement.
  CHECK(seen("SELECT 1,\n\\echo hi\n2;") == Texts{"SELECT 1,\n        \n2"});
  // Another backslash ends a command, two of them give the line back to SQL.
  CHECK(statements("\\set a '\\\\' \\\\ SELECT 1;") == Texts{"SELECT 1"});
  CHECK(statements("\\! echo \\\\ SELECT 1;").empty());
  CHECK(statements("\\copy t from '/x;'\nSELECT 1;") == Texts{"SELECT 1"});
  CHECK(statements("\\copy t from stdin\n1;2\n\\.\nSELECT 1;") == Texts{"SELECT 1"});
  CHECK(statements("\\copy (select 1 from stdin_log) to stdout\nSELECT 1;\n\\.\n") == Texts{"SELECT 1"});
}

TEST_CASE("psql's \\g and its kin end a statement") {
  CHECK(seen("SELECT 1 \\g\nSELECT 2 \\gx out.txt\nSELECT 3;") == Texts{"SELECT 1", "SELECT 2", "SELECT 3"});
  CHECK(lex("SELECT 1 \\g\nSELECT 2;").blanked == "SELECT 1 ; \nSELECT 2;");
  CHECK(statements("SELECT 1 AS a \\gset\nSELECT 2") == Texts{"SELECT 1 AS a", "SELECT 2"});
  CHECK(statements("SELECT 1\\;SELECT 2;") == Texts{"SELECT 1", "SELECT 2"});
  CHECK(statements("SELECT 1 garbage \\r\nSELECT 2;") == Texts{"SELECT 2"});
  CHECK(statements("COPY t FROM STDIN \\g\n1\n\\.\nSELECT 1;").size() == 2);
}

TEST_CASE("psql's commands that run text from elsewhere are reported") {
  const std::string sql =
      "\\i a.sql\n\\ir 'b c.sql'\nSELECT 'x' \\gexec\n\\include d.sql\n\\include_relative e\n\\if x\n";
  Texts includes;
  for (const Span span : lex(sql).includes) includes.push_back(slice(sql, span));
  CHECK(includes == Texts{"\\i a.sql", "\\ir 'b c.sql'", "\\gexec", "\\include d.sql", "\\include_relative e"});
}

TEST_CASE("variables of psql become names and literals of the same length") {
  CHECK(seen("SELECT :a, :'b', :\"c\", :{?d}") == Texts{"SELECT za, 'zb', \"zc\", TRUE "});
  CHECK(seen("CREATE SCHEMA :name;\nCREATE TABLE :name.t (a int)") ==
        Texts{"CREATE SCHEMA zname", "CREATE TABLE zname.t (a int)"});
  CHECK(seen("CREATE TABLE part_:suffix ()") == Texts{"CREATE TABLE part_zsuffix ()"});
  CHECK(seen("SELECT * FROM t WHERE a=:v") == Texts{"SELECT * FROM t WHERE a=zv"});
  CHECK(seen("SELECT ARRAY[:a, :b]") == Texts{"SELECT ARRAY[za, zb]"});
}

TEST_CASE("colons that are no variables stay") {
  for (const char* sql : {"SELECT a::text, 'x'::int, (1)::a", "SELECT a[1:2], a[lo:hi], a[:2], a[f(x):g(y)], a[1 : 2]",
                          "CALL f(a := 1)", "SELECT JSON_OBJECT('a':b, 'c':'d')", "SELECT ':a', \":b\", $$:c$$ -- :d",
                          "SELECT 12:30", "SELECT a : 1", "SELECT :", "SELECT :'", "SELECT a :'b c'"}) {
    CAPTURE(sql);
    CHECK(lex(sql).blanked.empty());
  }
}

TEST_CASE("without psql, backslashes and colons are bytes like others") {
  const LexOptions plain{.psql = false};
  CHECK(lex("SELECT :a;\n\\i x;\nSELECT 1", plain).blanked.empty());
  CHECK(lex("SELECT :a;\n\\i x;\nSELECT 1", plain).includes.empty());
  CHECK(statements("SELECT :a;\n\\i x;\nSELECT 1", plain) == Texts{"SELECT :a", "\\i x", "SELECT 1"});
}

TEST_CASE("a byte order mark is blanked") {
  CHECK(statements("\xEF\xBB\xBFSELECT 1;") == Texts{"SELECT 1"});
  CHECK(lex("\xEF\xBB\xBFSELECT 1;").blanked == "   SELECT 1;");
  CHECK(lex("\xEF\xBB\xBFSELECT 1;").statements[0].span == Span{3, 11});
}

TEST_CASE("a NUL byte is an error of its place and ends nothing") {
  const std::string sql = "SELECT 1;\nSELECT\0 2;\nSELECT '\0';\0\0\nSELECT 3;"s;
  CHECK(errors(sql) == Texts{"16: invalid byte sequence for encoding \"UTF8\": 0x00",
                             "29: invalid byte sequence for encoding \"UTF8\": 0x00"});
  CHECK(seen(sql) == Texts{"SELECT 1", "SELECT  2", "SELECT ' '", "SELECT 3"});
}

TEST_CASE("errors are in the order of the text, NUL bytes among them") {
  const std::string sql = "SELECT 'a\nSELECT\0 2"s;
  CHECK(errors(sql) == Texts{"7: unterminated quoted string", "16: invalid byte sequence for encoding \"UTF8\": 0x00"});
}

TEST_CASE("after an unclosed quote the next line that starts a statement goes on") {
  CHECK(errors("SELECT 'abc;\nfoo\nCREATE TABLE b ();") == Texts{"7: unterminated quoted string"});
  CHECK(statements("SELECT 'abc;\nfoo\nCREATE TABLE b ();") == Texts{"CREATE TABLE b ()"});
  CHECK(errors("SELECT 1; SELECT \"abc;\r\nselect 2;") == Texts{"17: unterminated quoted identifier"});
  CHECK(statements("SELECT 1; SELECT \"abc;\r\nselect 2;") == Texts{"SELECT 1", "select 2"});
  CHECK(errors("DO $x$ BEGIN\n  NULL;\nALTER TABLE t ADD c int;") == Texts{"3: unterminated dollar-quoted string"});
  CHECK(statements("DO $x$ BEGIN\n  NULL;\nALTER TABLE t ADD c int;") == Texts{"ALTER TABLE t ADD c int"});
  CHECK(errors("SELECT 1; /* a /* b */\nDROP TABLE t;") == Texts{"10: unterminated /* comment"});
  CHECK(statements("SELECT 1; /* a /* b */\nDROP TABLE t;") == Texts{"SELECT 1", "DROP TABLE t"});
  CHECK(errors("SELECT E'a\\'\nDROP TABLE t;") == Texts{"7: unterminated quoted string"});
  CHECK(statements("SELECT E'a\\'\nDROP TABLE t;") == Texts{"DROP TABLE t"});
  // A keyword is a whole word at the start of a line.
  CHECK(statements("SELECT 'abc;\nselection\n SELECT 1;\nselect_x\n").empty());
  CHECK(statements("SELECT 'abc").empty());
}

TEST_CASE("an unclosed quote is not put off to the last quote of the file") {
  const std::string sql =
      "CREATE TABLE a (x text DEFAULT 'abc);\n"
      "CREATE TABLE b (y text DEFAULT 'def', z text DEFAULT 'ghi');\n"
      "CREATE TABLE c (w int);\n";
  CHECK(errors(sql) == Texts{"31: unterminated quoted string"});
  CHECK(statements(sql) ==
        Texts{"CREATE TABLE b (y text DEFAULT 'def', z text DEFAULT 'ghi')", "CREATE TABLE c (w int)"});
}

TEST_CASE("what was blanked on the way to an unclosed quote comes back") {
  const std::string sql = "SELECT 'a;\nCREATE TABLE b (x text DEFAULT 'y :v /* c */');\nSELECT 'z :w';\nSELECT 1;";
  CHECK(errors(sql) == Texts{"7: unterminated quoted string"});
  CHECK(seen(sql) == Texts{"CREATE TABLE b (x text DEFAULT 'y :v /* c */')", "SELECT 'z :w'", "SELECT 1"});
  CHECK(comments(sql).empty());
}

TEST_CASE("text over several lines is no unclosed quote") {
  const std::string sql = "COMMENT ON TABLE t IS 'one\nSELECT two\n';\nSELECT 'x\nUPDATE y' AS z;";
  CHECK(errors(sql).empty());
  CHECK(statements(sql).size() == 2);
}

TEST_CASE("words that begin a statement are known in any case") {
  CHECK(is_statement_keyword("CREATE"));
  CHECK(is_statement_keyword("With"));
  CHECK(is_statement_keyword("abort"));
  CHECK_FALSE(is_statement_keyword("created"));
  CHECK_FALSE(is_statement_keyword(""));
  CHECK_FALSE(is_statement_keyword("where"));
}
