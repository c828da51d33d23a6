#include "report/json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "pglint/version.h"
#include "report/json_writer.h"
#include "sample.h"
#include "support/golden.h"
#include "support/schema.h"

namespace pglint::test {
namespace {

using nlohmann::json;
using report::Format;
using report::render;

json check_document(const Sample& sample) { return json::parse(render(Format::json, sample.report, {})); }

// A schema is no use if it accepts everything: each member that it requires is taken away, each once.
void check_refuses_less(const json& schema, const json& document, const json::json_pointer& at) {
  const json& value = document.at(at);
  if (!value.is_object()) return;
  for (const auto& item : value.items()) {
    const std::string& key = item.key();
    json less = document;
    less.at(at).erase(key);
    CHECK_MESSAGE(!violation(schema, less).empty(), "without " << key);
    json other = document;
    other.at(at)[key] = json::array({json::object()});
    CHECK_MESSAGE(!violation(schema, other).empty(), "with a wrong " << key);
  }
}

TEST_CASE("the document of check has the form of its schema") {
  Sample sample;
  fill_tenants(sample);
  const std::string text = render(Format::json, sample.report, {});
  const json document = json::parse(text);
  const json wanted = schema("check");
  CHECK(violation(wanted, document) == "");
  check_golden("report/tenants.json.golden", stable(text));

  for (const char* at : {"", "/diagnostics/1", "/diagnostics/1/start", "/failures/0", "/summary"})
    check_refuses_less(wanted, document, json::json_pointer(at));
}

TEST_CASE("an empty report has the form of the schema of check") {
  const Sample sample;
  CHECK(violation(schema("check"), check_document(sample)) == "");
}

TEST_CASE("places are counted in lines, code points and bytes") {
  Sample sample;
  const std::uint32_t file = sample.file("a.sql", "\xEF\xBB\xBF-- é\r\n/* 数😀 */ DROP TABLE t;\n");
  sample.add({.rule = "r", .file = file, .at = sample.find(file, "DROP", "t;")});
  const json d = check_document(sample)["diagnostics"][0];
  CHECK(d["start"] == json({{"line", 2}, {"column", 10}, {"offset", 24}}));
  CHECK(d["end"] == json({{"line", 2}, {"column", 23}, {"offset", 37}}));
  CHECK(d["statement"] == nullptr);
  CHECK(d["relation"] == nullptr);
  CHECK(d["lock"] == nullptr);
  CHECK(d["work"] == json::array());
  CHECK(d["help"] == "");
  CHECK(d["url"] == std::string(homepage()) + "/blob/v" + std::string(version()) + "/rules/r.md");
}

TEST_CASE("message and reason are one text") {
  Sample sample;
  const std::uint32_t file = sample.file("a.sql", "SELECT 1");
  sample.add({.rule = "r", .file = file, .message = "What is wrong", .why = "Why. And why again."});
  sample.add({.rule = "r", .file = file, .message = "What is wrong"});
  const json document = check_document(sample);
  CHECK(document["diagnostics"][0]["message"] == "What is wrong. Why. And why again.");
  CHECK(document["diagnostics"][1]["message"] == "What is wrong");
}

TEST_CASE("many findings in one long statement do not repeat all of it") {
  Sample sample;
  std::string sql = "SELECT '";
  for (int i = 0; i < 100000; ++i) sql += "数";
  const std::uint32_t file = sample.file("a.sql", sql + "'");
  for (int i = 0; i < 100; ++i)
    sample.add({.rule = "r", .file = file, .at = {7, 9}, .statement = {0, static_cast<std::uint32_t>(sql.size() + 1)}});
  const std::string text = render(Format::json, sample.report, {});
  CHECK(text.size() < 100 * 5000);
  const auto statement = json::parse(text)["diagnostics"][7]["statement"].get<std::string>();
  CHECK(statement.size() <= report::max_statement_bytes + 3);
  CHECK(statement.ends_with("数…"));
}

TEST_CASE("a JSON string gives back every code point") {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string text = "a";
    append_utf8(text, c);
    text += 'b';
    std::string out;
    report::append_json_string(out, text);
    if (json::parse(out) != text || first_dangerous(out) != std::string::npos) {
      CAPTURE(static_cast<std::uint32_t>(c));
      FAIL(out);
    }
  }
}

TEST_CASE("what is not UTF-8 becomes the replacement character") {
  std::string out;
  report::append_json_string(out, "a\xFF\xED\xA0\x80 \xE6\x95z\xF0\x9F");
  CHECK(json::parse(out) == "a\uFFFD\uFFFD\uFFFD\uFFFD \uFFFDz\uFFFD");
}

TEST_CASE("hostile names stay inside their strings") {
  Sample sample;
  const std::string bad = hostile();
  const std::uint32_t file = sample.file(bad, bad);
  sample.add(
      {.rule = "r", .file = file, .at = {0, 3}, .statement = {0, 30}, .message = bad, .help = bad, .relation = bad});
  sample.report.failures.push_back({bad, 0, bad});
  const std::string text = render(Format::json, sample.report, {});
  CHECK(first_dangerous(text) == std::string::npos);
  CHECK(violation(schema("check"), json::parse(text)) == "");
}

TEST_CASE("the document of locks has the form of its schema") {
  const std::string text = render(Format::json, tenants_timeline(), {});
  const json document = json::parse(text);
  const json wanted = schema("locks");
  CHECK(violation(wanted, document) == "");
  check_golden("report/tenants.locks.json.golden", stable(text));

  for (const char* at : {"", "/files/0", "/files/0/transactions/0", "/files/0/transactions/0/statements/0",
                         "/files/0/transactions/0/statements/0/end", "/files/0/transactions/0/statements/1/effects/1",
                         "/files/1/transactions/2/statements/4/error"})
    check_refuses_less(wanted, document, json::json_pointer(at));
}

TEST_CASE("the document of rules has the form of its schema") {
  const std::vector<report::RuleText> rules = some_rules();
  const std::string text = report::render_rules(Format::json, {.rules = rules});
  const json document = json::parse(text);
  const json wanted = schema("rules");
  CHECK(violation(wanted, document) == "");
  check_golden("report/rules.json.golden", stable(text));
  for (const char* at : {"", "/rules/0", "/rules/0/pg", "/rules/0/aliases/0"})
    check_refuses_less(wanted, document, json::json_pointer(at));
}

}  // namespace
}  // namespace pglint::test
