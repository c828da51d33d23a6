#include "report/text.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "sample.h"
#include "support/golden.h"

namespace pglint::test {
namespace {

using report::Color;
using report::Format;
using report::render;
using report::RenderOptions;

// The text of one finding about `at`, without the summary.
std::string one(const std::string& sql, std::string_view at, RenderOptions options = {}) {
  Sample sample;
  const std::uint32_t file = sample.file("a.sql", sql);
  sample.add(
      {.rule = "a-rule", .severity = Severity::error, .file = file, .at = sample.find(file, at), .message = "what"});
  const std::string out = render(Format::text, sample.report, options);
  return out.substr(0, out.find("  = docs"));
}

std::string span(const std::string& sql, std::string_view first, std::string_view last, RenderOptions options = {}) {
  Sample sample;
  const std::uint32_t file = sample.file("a.sql", sql);
  sample.add({.rule = "a-rule", .file = file, .at = sample.find(file, first, last), .message = "what"});
  const std::string out = render(Format::text, sample.report, options);
  return out.substr(0, out.find(" = docs"));
}

TEST_CASE("a report shows each finding with its lines, lock, reason and way out") {
  Sample sample;
  fill_tenants(sample);
  check_golden("report/tenants.text.golden", render(Format::text, sample.report, {}));
}

TEST_CASE("a narrow window wraps words and shows the part of a line that is meant") {
  Sample sample;
  fill_tenants(sample);
  check_golden("report/tenants.narrow.golden", render(Format::text, sample.report, {.width = 56}));
}

TEST_CASE("colours go around the same text") {
  Sample sample;
  fill_tenants(sample);
  const std::string plain = render(Format::text, sample.report, {});
  std::string colored = render(Format::text, sample.report, {.color = Color::on});
  CHECK(plain.find('\x1b') == std::string::npos);
  check_golden("report/tenants.color.golden", stable(colored));
  std::string stripped;
  for (std::size_t i = 0; i < colored.size(); ++i) {
    if (colored[i] == '\x1b') {
      i = colored.find('m', i);
    } else {
      stripped += colored[i];
    }
  }
  CHECK(stripped == plain);
}

TEST_CASE("quiet prints one line per finding and the failures") {
  Sample sample;
  fill_tenants(sample);
  check_golden("report/tenants.quiet.golden", render(Format::text, sample.report, {.quiet = true, .verbose = true}));
}

TEST_CASE("verbose prints what was chosen, and why, before the findings") {
  Sample sample;
  fill_tenants(sample);
  const std::string verbose = render(Format::text, sample.report, {.verbose = true});
  CHECK(verbose ==
        "note: drizzle/: runner drizzle, because of drizzle.config.ts\n" + render(Format::text, sample.report, {}));
}

TEST_CASE("a clean report is one line") {
  Sample sample;
  for (const char* path : {"a.sql", "b.sql", "c.sql", "d.sql"}) sample.file(path, "");
  CHECK(render(Format::text, sample.report, {}) == "No problems in 4 files.\n");
  CHECK(render(Format::text, sample.report, {.quiet = true}).empty());
  sample.report.summary = {.files = 1, .statements = 1, .suppressed = 2};
  CHECK(render(Format::text, sample.report, {}) == "No problems in 1 file (1 statement), 2 suppressed.\n");
}

TEST_CASE("a span of several lines is drawn at its side") {
  SUBCASE("from the start of a line") {
    CHECK(span("SELECT 1;\n  ALTER TABLE t\n    ADD COLUMN a int,\n    ADD COLUMN b int;\n", "ALTER", "b int") ==
          "warning[a-rule]: what\n"
          " --> a.sql:2:3\n"
          "  |\n"
          "2 | /   ALTER TABLE t\n"
          "3 | |     ADD COLUMN a int,\n"
          "4 | |     ADD COLUMN b int;\n"
          "  | |____________________^\n"
          "  |\n"
          " ");
  }
  SUBCASE("from the middle of a line") {
    CHECK(span("SELECT 1; ALTER TABLE t\n  ADD COLUMN a int;\n", "ALTER", "a int") ==
          "warning[a-rule]: what\n"
          " --> a.sql:1:11\n"
          "  |\n"
          "1 |   SELECT 1; ALTER TABLE t\n"
          "  |  ___________^\n"
          "2 | |   ADD COLUMN a int;\n"
          "  | |__________________^\n"
          "  |\n"
          " ");
  }
  SUBCASE("a long one is shortened in the middle") {
    std::string sql = "UPDATE t SET\n";
    for (int i = 2; i < 30; ++i) sql += "  c" + std::to_string(i) + " = 0,\n";
    sql += "  z = 1;\n";
    CHECK(span(sql, "UPDATE", "z = 1") ==
          "warning[a-rule]: what\n"
          "  --> a.sql:1:1\n"
          "   |\n"
          " 1 | / UPDATE t SET\n"
          " 2 | |   c2 = 0,\n"
          " 3 | |   c3 = 0,\n"
          "...  |\n"
          "29 | |   c29 = 0,\n"
          "30 | |   z = 1;\n"
          "   | |_______^\n"
          "   |\n"
          "  ");
  }
  SUBCASE("blanks at its end are not part of it") {
    CHECK(span("DROP TABLE t\n\n;", "DROP", "\n\n") ==
          "warning[a-rule]: what\n"
          " --> a.sql:1:1\n"
          "  |\n"
          "1 | DROP TABLE t\n"
          "  | ^^^^^^^^^^^^\n"
          "  |\n"
          " ");
  }
}

TEST_CASE("carets stand under what is meant, after tabs and wide and combining characters") {
  CHECK(one("\tx\ty DROP", "DROP") ==
        "error[a-rule]: what\n --> a.sql:1:6\n  |\n1 |     x   y DROP\n  |           ^^^^\n  |\n");
  CHECK(one("/* 数据库 */ DROP", "DROP") ==
        "error[a-rule]: what\n --> a.sql:1:11\n  |\n1 | /* 数据库 */ DROP\n  |              ^^^^\n  |\n");
  CHECK(one("/* 数据库 */", "据") == "error[a-rule]: what\n --> a.sql:1:5\n  |\n1 | /* 数据库 */\n  |      ^^\n  |\n");
  CHECK(one("/* e\xCC\x81 */ DROP", "DROP") ==
        "error[a-rule]: what\n --> a.sql:1:10\n  |\n1 | /* e\xCC\x81 */ DROP\n  |         ^^^^\n  |\n");
}

TEST_CASE("line ends of other systems do not show") {
  CHECK(one("SELECT 1;\r\nDROP TABLE t;\r\n", "DROP") ==
        "error[a-rule]: what\n --> a.sql:2:1\n  |\n2 | DROP TABLE t;\n  | ^^^^\n  |\n");
  CHECK(one("\xEF\xBB\xBF"
            "DROP TABLE t;",
            "DROP") == "error[a-rule]: what\n --> a.sql:1:1\n  |\n1 | DROP TABLE t;\n  | ^^^^\n  |\n");
  // A \r alone ends no line, and must not move the cursor.
  CHECK(one("SELECT 1;\rDROP", "DROP") ==
        "error[a-rule]: what\n --> a.sql:1:11\n  |\n1 | SELECT 1;\\rDROP\n  |            ^^^^\n  |\n");
}

TEST_CASE("a place without extent gets a caret") {
  Sample sample;
  const std::uint32_t file = sample.file("a.sql", "SELECT 1");
  sample.file("empty.sql", "");
  sample.add({.rule = "a-rule", .file = file, .at = {8, 8}, .message = "at the end"});
  sample.add({.rule = "a-rule", .file = file, .at = {4000000000U, 4000000001U}, .message = "beyond the end"});
  sample.add({.rule = "a-rule", .file = 1, .at = {0, 0}, .message = "in an empty file"});
  check_golden("report/empty_spans.golden", render(Format::text, sample.report, {}));
}

TEST_CASE("related places on the same line, on lines apart, and in long lines") {
  Sample sample;
  const std::uint32_t file = sample.file("a.sql", "BEGIN; LOCK TABLE t; DROP TABLE t;\n\nSELECT 1;\n\n\nSELECT 2;\n" +
                                                      std::string(400, ' ') + "SELECT 3;\n");
  sample.add({.rule = "a-rule",
              .file = file,
              .at = sample.find(file, "DROP TABLE t"),
              .message = "what",
              .related = {{file, sample.find(file, "LOCK TABLE t"), "the lock is taken here"},
                          {file, sample.find(file, "SELECT 1"), "two lines on, with one line between"},
                          {file, sample.find(file, "SELECT 2;", "SELECT"),
                           "more than one line between, and a label so long "
                           "that it does not fit beside what it labels"},
                          {file, sample.find(file, "SELECT 3"), "in a line that does not fit"}}});
  check_golden("report/related.golden", render(Format::text, sample.report, {.width = 80}));
}

TEST_CASE("a long line is shown around the place, cut on both sides where it must be") {
  const std::string left(300, 'a');
  const std::string right(300, 'b');
  Sample sample;
  const std::uint32_t file = sample.file(
      "a.sql", left + " HERE " + right + "\n" + "START" + right + "\n" + left + "END\n" +
                   "数据库数据库数据库数据库数据库数据库数据库数据库HERE数据库数据库数据库数据库数据库\n" + "x" + left);
  for (const std::string_view at : {" HERE", "START", "END"})
    sample.add({.rule = "a-rule", .file = file, .at = sample.find(file, at), .message = "what"});
  sample.add({.rule = "a-rule", .file = file, .at = sample.find(file, "HERE", 1), .message = "what"});
  sample.add(
      {.rule = "a-rule", .file = file, .at = sample.find(file, "x" + left), .message = "longer than the window"});
  sample.add(
      {.rule = "a-rule", .file = file, .at = sample.find(file, "HERE", "数据库HERE"), .message = "from long to long"});
  const std::string out = render(Format::text, sample.report, {.width = 60});
  check_golden("report/windows.golden", out);
  for (std::size_t from = 0; from < out.size();) {
    const std::size_t to = out.find('\n', from);
    CHECK(display_width(out.substr(from, to - from)) <= 60);
    from = to + 1;
  }
}

TEST_CASE("one line of a megabyte gives a frame of the usual size") {
  const std::string megabyte(1 << 20, 'x');
  SUBCASE("of letters") { CHECK(one(megabyte + " DROP " + megabyte, "DROP").size() < 1000); }
  SUBCASE("of wide characters") {
    std::string wide;
    for (int i = 0; i < 300000; ++i) wide += "数";
    CHECK(one(wide + " DROP " + wide, "DROP").size() < 1000);
    CHECK(one(wide, wide).size() < 1000);
  }
  SUBCASE("of combining marks") {
    std::string marks = "e";
    for (int i = 0; i < 300000; ++i) marks += "\xCC\x81";
    CHECK(one(marks + " DROP " + marks, "DROP").size() < 2000);
    CHECK(one(marks, marks).size() < 3000);
  }
  SUBCASE("of control characters") { CHECK(one(std::string(1 << 20, '\x1b') + " DROP", "DROP").size() < 1000); }
  SUBCASE("of tabs") { CHECK(one(std::string(1 << 20, '\t') + " DROP", "DROP").size() < 1000); }
  SUBCASE("of lines") {
    const std::string lines(1 << 20, '\n');
    CHECK(span("DROP" + lines + "TABLE", "DROP", "TABLE").size() < 1000);
  }
}

TEST_CASE("what a file or its name holds cannot reach the terminal") {
  Sample sample;
  const std::string bad = hostile();
  const std::uint32_t file = sample.file("dir/" + bad + ".sql", "SELECT '" + bad + "';\n" + bad);
  sample.add({.rule = "a-rule",
              .severity = Severity::error,
              .file = file,
              .at = sample.find(file, "SELECT"),
              .statement = sample.find(file, "SELECT"),
              .message = "about " + bad,
              .why = "why " + bad,
              .help = "help " + bad,
              .relation = "public.\"" + bad + "\"",
              .lock = LockMode::access_exclusive,
              .related = {{file, sample.find(file, "'"), "related " + bad}}});
  sample.add({.rule = "a-rule",
              .file = file,
              .at = {0, static_cast<std::uint32_t>(sample.report.files[file].text.size())},
              .message = bad});
  sample.report.failures.push_back({bad, 0, bad});
  sample.report.notices.push_back(bad);
  for (const bool quiet : {false, true}) {
    const std::string out = render(Format::text, sample.report, {.quiet = quiet, .verbose = true});
    CHECK(first_dangerous(out) == std::string::npos);
  }
  const std::string out = render(Format::text, sample.report, {.verbose = true});
  check_golden("report/hostile.text.golden", out);
  // A file's newline starts no line of ours.
  CHECK(out.find("\nb") == std::string::npos);
}

}  // namespace
}  // namespace pglint::test
