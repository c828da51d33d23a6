#include "source/suppression.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pglint;
using source::Suppression;

namespace {

struct Read {
  std::string text;
  std::vector<Suppression> list;

  explicit Read(std::string sql) : text(std::move(sql)) {
    const pg::Lexed lexed = pg::lex(text);
    std::vector<Span> statements;
    for (const pg::Cut& cut : lexed.statements) statements.push_back(cut.span);
    list = source::suppressions(text, lexed.comments, statements);
  }
  Read(const Read&) = delete;
  Read& operator=(const Read&) = delete;
};

std::string rules(const Suppression& suppression) {
  std::string text;
  for (const std::string_view rule : suppression.rules) text.append(text.empty() ? "" : " ").append(rule);
  return text;
}

// The statement of each suppression; "-" for none, with a "!" where its form has a problem.
std::string statements(const std::string& sql) {
  const Read read(sql);
  std::string text;
  for (const Suppression& suppression : read.list) {
    if (!text.empty()) text += ' ';
    text += suppression.statement == Suppression::npos ? "-" : std::to_string(suppression.statement);
    if (!suppression.problem.empty()) text += '!';
  }
  return text;
}

std::string problem(const std::string& sql) {
  const Read read(sql + "\nSELECT 1;");
  REQUIRE(read.list.size() == 1);
  return std::string(read.list[0].problem);
}

}  // namespace

TEST_CASE("a suppression names rules and a reason") {
  const Read read("-- pglint:ignore set-not-null, rename-column: the table is empty: see the wiki\nSELECT 1;");
  REQUIRE(read.list.size() == 1);
  const Suppression& one = read.list[0];
  CHECK(rules(one) == "set-not-null rename-column");
  REQUIRE(one.rule_spans.size() == 2);
  CHECK(read.text.substr(one.rule_spans[0].begin, one.rule_spans[0].size()) == "set-not-null");
  CHECK(read.text.substr(one.rule_spans[1].begin, one.rule_spans[1].size()) == "rename-column");
  CHECK(one.reason == "the table is empty: see the wiki");
  CHECK(one.until.empty());
  CHECK(!one.whole_file);
  CHECK(one.statement == 0);
  CHECK(one.problem.empty());
  CHECK(one.at.begin == 0);
  CHECK(one.at.end == read.text.find('\n'));
}

TEST_CASE("the forms are read with and without blanks, in both kinds of comment") {
  for (const std::string comment :
       {"--pglint:ignore a-b:why", "--  \tpglint:ignore  a-b :  why  ", "---- pglint:ignore a-b: why",
        "/* pglint:ignore a-b: why */", "/*pglint:ignore a-b:why*/", "/**\n * pglint:ignore a-b: why\n **/",
        "-- pglint:ignore ,a-b,: why", "-- pglint:ignore a-b: why\r"}) {
    INFO(comment);
    const Read read(comment + "\nSELECT 1;");
    REQUIRE(read.list.size() == 1);
    CHECK(rules(read.list[0]) == "a-b");
    CHECK(read.list[0].reason == "why");
    CHECK(read.list[0].problem.empty());
    CHECK(read.list[0].statement == 0);
  }
}

TEST_CASE("a suppression of a whole file belongs to no statement") {
  const Read read("SELECT 1;\n-- pglint:ignore-file set-not-null: old\n");
  REQUIRE(read.list.size() == 1);
  CHECK(read.list[0].whole_file);
  CHECK(read.list[0].statement == Suppression::npos);
  CHECK(read.list[0].problem.empty());
  CHECK(read.list[0].reason == "old");
}

TEST_CASE("until= stands before the reason") {
  for (const std::string comment :
       {"-- pglint:ignore a: until=2027-03-01 why", "-- pglint:ignore a until=2027-03-01: why",
        "-- pglint:ignore-file a:until=2027-03-01, why"}) {
    INFO(comment);
    const Read read(comment + "\nSELECT 1;");
    REQUIRE(read.list.size() == 1);
    CHECK(read.list[0].until == "2027-03-01");
    CHECK(read.list[0].problem.empty());
    CHECK(rules(read.list[0]) == "a");
    CHECK(read.list[0].reason.ends_with("why"));
  }
}

TEST_CASE("what is wrong with the form is said with the form that is right") {
  const std::string reason =
      "gives no reason: write `pglint:ignore rule-id: why it is safe here`, so that the next reader knows";
  CHECK(problem("-- pglint:ignore a") == reason);
  CHECK(problem("-- pglint:ignore a:") == reason);
  CHECK(problem("-- pglint:ignore a, b:  ") == reason);
  CHECK(problem("-- pglint:ignore a: until=2027-03-01") == reason);
  CHECK(problem("-- pglint:ignore") == "names no rule: write `pglint:ignore rule-id: why it is safe here`");
  CHECK(problem("-- pglint:ignore: it is safe") == "names no rule: write `pglint:ignore rule-id: why it is safe here`");
  CHECK(problem("-- pglint:ignore a it is safe, really").starts_with("needs a colon between"));
  CHECK(problem("-- pglint:ignore a: until=tomorrow why").starts_with("has an `until=` that is not a date"));
  CHECK(problem("-- pglint:ignore a: until=2027-13-01 why").starts_with("has an `until=` that is not a date"));
  for (const std::string day : {"2027-02-31", "2027-02-29", "2100-02-29", "2027-04-31", "2027-01-00", "2027-00-10"}) {
    CAPTURE(day);
    CHECK(problem("-- pglint:ignore a: until=" + day + " why").starts_with("has an `until=` that is not a date"));
  }
  CHECK(problem("-- pglint:ignore a: until=2028-02-29 why").empty());
  CHECK(problem("-- pglint:disable a: why").starts_with("is not a form that pglint knows"));
  CHECK(problem("-- pglint:ignorefile a: why").starts_with("is not a form that pglint knows"));
  CHECK(problem("-- pglint:").starts_with("is not a form that pglint knows"));
}

TEST_CASE("comments that only speak of pglint are comments") {
  CHECK(statements("-- see pglint:ignore in the manual\nSELECT 1;").empty());
  CHECK(statements("-- pglint is a linter\nSELECT 'pglint:ignore a: b';").empty());
  CHECK(statements("").empty());
}

TEST_CASE("a suppression is about the statement after it") {
  CHECK(statements("-- pglint:ignore a: b\nSELECT 1;\nSELECT 2;") == "0");
  CHECK(statements("SELECT 1;\n-- pglint:ignore a: b\n-- pglint:ignore c: d\n\n-- more\nSELECT 2;") == "1 1");
  CHECK(statements("SELECT 1;\n/* pglint:ignore a: b */ SELECT 2;") == "1");
  CHECK(statements("SELECT 1; /* pglint:ignore a: b */ SELECT 2;") == "1");
  CHECK(statements("SELECT\n1; /* pglint:ignore a: b */ SELECT 2;") == "1");
}

TEST_CASE("at the end of a statement's first line it is about that statement") {
  CHECK(statements("SELECT 1; -- pglint:ignore a: b\nSELECT 2;") == "0");
  CHECK(statements("SELECT 1 -- pglint:ignore a: b\n, 2;\nSELECT 2;") == "0");
  CHECK(statements("SELECT 1; SELECT 2; -- pglint:ignore a: b\nSELECT 3;") == "1");
  CHECK(statements("SELECT 1; /* pglint:ignore a: b */ -- pglint:ignore c: d\nSELECT 2;") == "0 0");
  CHECK(statements("SELECT /* pglint:ignore a: b */ 1;") == "0");
  CHECK(statements("SELECT 1; /* pglint:ignore a: b\n*/ SELECT 2;") == "1");
}

TEST_CASE("inside a statement or at its last line a suppression has no effect, and that is said") {
  CHECK(statements("SELECT\n1 -- pglint:ignore a: b\n, 2;\nSELECT 2;") == "-!");
  CHECK(statements("SELECT\n-- pglint:ignore a: b\n1;\nSELECT 2;") == "-!");
  CHECK(statements("SELECT\n1; -- pglint:ignore a: b\nSELECT 2;") == "-!");
  CHECK(statements("SELECT 1;\n-- pglint:ignore a: b\n") == "-!");
  CHECK(statements("-- pglint:ignore a: b\n") == "-!");
}

TEST_CASE("many suppressions on one line or in one statement take no quadratic time") {
  // Half a million comments: with a look at the whole line for each, this would not end within the hour.
  std::string same_line = "SELECT 1;";
  std::string in_statement = "SELECT\n1";
  for (int i = 0; i < 250'000; ++i) {
    same_line += "/*pglint:ignore a:b*/";
    in_statement += "/*pglint:ignore a:b*/";
  }
  CHECK(Read(same_line + "\nSELECT 2;").list.back().statement == 0);
  CHECK(Read(same_line + " SELECT 2;").list.front().statement == 1);
  CHECK(!Read(in_statement + ";").list.back().problem.empty());
}
