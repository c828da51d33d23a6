// The formats that other services read: SARIF, GitHub, GitLab, JUnit.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "pglint/version.h"
#include "report/fingerprint.h"
#include "report/report.h"
#include "sample.h"
#include "support/golden.h"

namespace pglint::test {
namespace {

using nlohmann::json;
using report::Format;
using report::render;

// One finding in every part of which something hostile stands.
Sample hostile_sample() {
  Sample sample;
  const std::string bad = hostile();
  const std::uint32_t file = sample.file(bad, bad + "\n" + bad);
  sample.add({.rule = "a-rule",
              .severity = Severity::error,
              .file = file,
              .at = {0, 3},
              .statement = {0, 30},
              .message = bad,
              .why = bad,
              .help = bad,
              .relation = bad,
              .related = {{file, {5, 9}, bad}}});
  sample.add({.rule = "a-rule", .severity = Severity::advice, .file = file, .at = {0, 60}, .message = bad});
  sample.report.failures.push_back({bad, 0, bad});
  return sample;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t to = std::min(text.find('\n', from), text.size());
    lines.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return lines;
}

json sarif(const Sample& sample, const std::vector<report::RuleText>& rules = {}) {
  return json::parse(render(Format::sarif, sample.report, {.rules = rules}));
}

// What the SARIF standard asks of the parts that are written here.
void check_location(const json& location) {
  const json& physical = location.at("physicalLocation");
  const auto uri = physical.at("artifactLocation").at("uri").get<std::string>();
  CHECK(uri.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/%:") ==
        std::string::npos);
  if (!physical.contains("region")) return;
  const json& region = physical["region"];
  const auto number = [&region](const char* key) { return region.at(key).get<int>(); };
  CHECK(number("startLine") >= 1);
  CHECK(number("startColumn") >= 1);
  CHECK(number("endLine") >= number("startLine"));
  if (number("endLine") == number("startLine")) CHECK(number("endColumn") >= number("startColumn"));
}

void check_sarif(const json& log) {
  CHECK(log.at("version") == "2.1.0");
  REQUIRE(log.at("runs").size() == 1);
  const json& run = log["runs"][0];
  CHECK(run.at("columnKind") == "unicodeCodePoints");
  const json& driver = run.at("tool").at("driver");
  CHECK(driver.at("name") == "pglint");
  CHECK(driver.at("version") == std::string(version()));
  CHECK(driver.at("informationUri") == std::string(homepage()));
  std::set<std::string> ids;
  for (const json& rule : driver.at("rules")) {
    CHECK(ids.insert(rule.at("id").get<std::string>()).second);
    CHECK(rule.at("shortDescription").at("text").get<std::string>().ends_with("."));
    CHECK(!rule.at("fullDescription").at("text").get<std::string>().empty());
    if (rule.contains("help")) CHECK(!rule["help"].at("text").get<std::string>().empty());
    const auto level = rule.at("defaultConfiguration").at("level").get<std::string>();
    CHECK((level == "error" || level == "warning" || level == "note"));
    CHECK(rule.at("properties").at("category").is_string());
  }
  std::set<std::string> fingerprints;
  for (const json& result : run.at("results")) {
    const auto level = result.at("level").get<std::string>();
    CHECK((level == "error" || level == "warning" || level == "note"));
    if (result.contains("ruleIndex"))
      CHECK(driver["rules"].at(result["ruleIndex"].get<std::size_t>()).at("id") == result.at("ruleId"));
    CHECK(!result.at("message").at("text").get<std::string>().empty());
    REQUIRE(result.at("locations").size() == 1);
    check_location(result["locations"][0]);
    for (const json& related : result.value("relatedLocations", json::array())) check_location(related);
    CHECK(fingerprints.insert(result.at("partialFingerprints").at("pglint/v1").get<std::string>()).second);
  }
  for (const json& invocation : run.at("invocations")) {
    const json notifications = invocation.value("toolExecutionNotifications", json::array());
    CHECK(invocation.at("executionSuccessful") == notifications.empty());
    for (const json& notification : notifications) {
      CHECK(!notification.at("message").at("text").get<std::string>().empty());
      for (const json& location : notification.value("locations", json::array())) check_location(location);
    }
  }
}

TEST_CASE("SARIF has what code scanning reads") {
  Sample sample;
  fill_tenants(sample);
  const std::vector<report::RuleText> rules = some_rules();
  const std::string text = render(Format::sarif, sample.report, {.rules = rules});
  check_golden("report/tenants.sarif.golden", stable(text));
  const json log = json::parse(text);
  check_sarif(log);

  const json& results = log["runs"][0]["results"];
  REQUIRE(results.size() == 5);
  CHECK(results[1]["ruleId"] == "set-not-null");
  CHECK(results[1]["ruleIndex"] == 2);
  CHECK(results[3]["level"] == "note");
  CHECK(log["runs"][0]["tool"]["driver"]["rules"][0]["fullDescription"]["text"] ==
        "Writers wait until the index is built.");
}

TEST_CASE("SARIF of nothing at all") {
  const json log = sarif(Sample());
  check_sarif(log);
  CHECK(log["runs"][0]["results"].empty());
  CHECK(log["runs"][0]["invocations"][0]["executionSuccessful"] == true);
}

TEST_CASE("hostile names make no links and no controls in SARIF") {
  const Sample sample = hostile_sample();
  CHECK(first_dangerous(render(Format::sarif, sample.report, {})) == std::string::npos);
  const json log = sarif(sample);
  check_sarif(log);
  const auto text = log["runs"][0]["results"][0]["message"]["text"].get<std::string>();
  CHECK(text.find("\\[link\\](") != std::string::npos);
}

TEST_CASE("paths are relative references of a URI") {
  using report::path_uri;
  CHECK(path_uri("db/0001 init.sql") == "db/0001%20init.sql");
  CHECK(path_uri("./db/a.sql") == "db/a.sql");
  CHECK(path_uri("../a.sql") == "../a.sql");
  CHECK(path_uri("/db/a.sql") == "file:///db/a.sql");
  // Otherwise this would be the scheme "c".
  CHECK(path_uri("c:a.sql") == "c%3Aa.sql");
  CHECK(path_uri("\xFF?#é") == "%FF%3F%23%C3%A9");
  CHECK(path_uri("-c1") == "-c1");
}

TEST_CASE("a fingerprint survives that the statement moves, and tells equals apart") {
  const auto marks = [](const std::string& sql, std::string path = "a.sql", std::string_view rule = "r") {
    Sample sample;
    const std::uint32_t file = sample.file(std::move(path), sql);
    for (std::size_t at = sql.find("DROP"); at != std::string::npos; at = sql.find("DROP", at + 1)) {
      const auto begin = static_cast<std::uint32_t>(at);
      const auto end = static_cast<std::uint32_t>(sql.find(';', at));
      sample.add({.rule = rule, .file = file, .at = {begin, begin + 4}, .statement = {begin, end}});
    }
    return report::fingerprints(sample.report);
  };
  const std::vector<std::string> before = marks("DROP TABLE a;\nDROP TABLE b;\nDROP TABLE a;\n");
  REQUIRE(before.size() == 3);
  CHECK(before[0] != before[1]);
  CHECK(before[0] != before[2]);
  CHECK(marks("\n\n-- moved\nSELECT 1;\n DROP  TABLE\n\ta; DROP TABLE b; DROP TABLE a;") == before);
  CHECK(marks("DROP TABLE b;")[0] == before[1]);
  CHECK(marks("DROP TABLE b;", "b.sql")[0] != before[1]);
  CHECK(marks("DROP TABLE b;", "a.sql", "s")[0] != before[1]);
}

TEST_CASE("GitHub gets a command per finding and failure") {
  Sample sample;
  fill_tenants(sample);
  check_golden("report/tenants.github.golden", render(Format::github, sample.report, {}));
}

TEST_CASE("GitHub drops annotations of several lines that name columns: they do not") {
  Sample sample;
  const std::uint32_t file = sample.file("a.sql", "DROP\nTABLE t;");
  sample.add({.rule = "r", .file = file, .at = sample.find(file, "DROP", "t"), .message = "m"});
  sample.add(
      {.rule = "r", .severity = Severity::advice, .file = file, .at = sample.find(file, "TABLE"), .message = "m"});
  CHECK(render(Format::github, sample.report, {}) ==
        "::warning file=a.sql,line=1,endLine=2,title=r::m\n"
        "::notice file=a.sql,line=2,endLine=2,col=1,endColumn=6,title=r::m\n");
}

TEST_CASE("hostile names end no command of GitHub's and begin none") {
  const std::string out = render(Format::github, hostile_sample().report, {});
  CHECK(first_dangerous(out) == std::string::npos);
  const std::vector<std::string> lines = lines_of(out);
  REQUIRE(lines.size() == 3);
  for (const std::string& line : lines) {
    CHECK((line.starts_with("::error file=") || line.starts_with("::notice file=")));
    // Properties end at the first ::, and what the file's name adds has neither colon nor comma.
    const std::string properties = line.substr(0, line.find("::", 2));
    CHECK(properties.find("title=") != std::string::npos);
    CHECK(properties.find('\n') == std::string::npos);
  }
  CHECK(lines[0].find("%250A%2C%3A") != std::string::npos);
}

TEST_CASE("GitLab gets an entry with a fingerprint of its own per finding and failure") {
  Sample sample;
  fill_tenants(sample);
  const std::string text = render(Format::gitlab, sample.report, {});
  check_golden("report/tenants.gitlab.golden", text);

  const json entries = json::parse(render(Format::gitlab, hostile_sample().report, {}));
  std::set<std::string> fingerprints;
  REQUIRE(entries.size() == 3);
  for (const json& entry : entries) {
    CHECK(entry.size() == 5);
    CHECK(entry.at("description").is_string());
    CHECK(entry.at("check_name").is_string());
    CHECK(fingerprints.insert(entry.at("fingerprint").get<std::string>()).second);
    CHECK(std::set<std::string>{"info", "minor", "major", "critical", "blocker"}.contains(entry.at("severity")));
    CHECK(entry.at("location").at("path").is_string());
    CHECK(entry["location"].at("lines").at("begin") >= 1);
  }
}

// Whether a text is well-formed XML of the kind that is written here: elements, attributes, the five entities. The
// reason if not.
std::string malformed(std::string_view xml) {
  const auto bad_text = [](std::string_view text) -> std::string {
    for (std::size_t i = 0; i < text.size();) {
      const CodePoint c = decode(text, i);
      const bool allowed = c.valid && c.value != 0xFFFE && c.value != 0xFFFF &&
                           (c.value >= 0x20 || c.value == '\n' || c.value == '\t' || c.value == '\r');
      if (!allowed) return "a character that XML does not allow";
      if (c.value == '<') return "an open angle bracket in a text";
      if (c.value == '&') {
        const std::string_view rest = text.substr(i);
        bool entity = false;
        for (const std::string_view known : {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"})
          entity = entity || rest.starts_with(known);
        if (!entity) return "an ampersand that begins no entity";
      }
      i += c.size;
    }
    return text.find("]]>") != std::string_view::npos ? "a ]]> outside of a section" : "";
  };

  constexpr std::string_view declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  if (!xml.starts_with(declaration)) return "no declaration";
  xml.remove_prefix(declaration.size());
  std::vector<std::string> open;
  bool root = false;
  while (!xml.empty()) {
    const std::size_t tag = std::min(xml.find('<'), xml.size());
    if (std::string wrong = bad_text(xml.substr(0, tag)); !wrong.empty()) return wrong;
    xml.remove_prefix(tag);
    if (xml.empty()) break;
    const std::size_t end = xml.find('>');
    if (end == std::string_view::npos) return "a tag without end";
    std::string_view inside = xml.substr(1, end - 1);
    xml.remove_prefix(end + 1);
    if (inside.starts_with('/')) {
      if (open.empty() || open.back() != inside.substr(1)) return "an end tag that ends nothing";
      open.pop_back();
      continue;
    }
    if (open.empty() && root) return "a second root";
    root = true;
    const bool empty = inside.ends_with('/');
    if (empty) inside.remove_suffix(1);
    const std::size_t name = std::min(inside.find(' '), inside.size());
    if (!empty) open.emplace_back(inside.substr(0, name));
    inside.remove_prefix(name);
    std::set<std::string_view> names;
    while (!inside.empty()) {
      if (!inside.starts_with(' ')) return "no blank before an attribute";
      const std::size_t equals = inside.find("=\"");
      if (equals == std::string_view::npos) return "an attribute without value";
      if (!names.insert(inside.substr(1, equals - 1)).second) return "an attribute twice";
      inside.remove_prefix(equals + 2);
      const std::size_t quote = inside.find('"');
      if (quote == std::string_view::npos) return "a value without end";
      if (std::string wrong = bad_text(inside.substr(0, quote)); !wrong.empty()) return wrong;
      inside.remove_prefix(quote + 1);
    }
  }
  return !open.empty() ? "an element without end" : root ? "" : "no root";
}

TEST_CASE("JUnit gets a suite per file, in well-formed XML") {
  Sample sample;
  fill_tenants(sample);
  const std::string text = render(Format::junit, sample.report, {});
  CHECK(malformed(text) == "");
  check_golden("report/tenants.junit.golden", text);
}

TEST_CASE("hostile names leave JUnit's XML well-formed") {
  const std::string text = render(Format::junit, hostile_sample().report, {});
  CHECK(malformed(text) == "");
  CHECK(first_dangerous(text) == std::string::npos);
  // The test of the test.
  CHECK(malformed("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b=\"<\"/>") != "");
  CHECK(malformed("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>\x1b</a>") != "");
  CHECK(malformed("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>&</a>") != "");
}

TEST_CASE("every format has a name, and is found by it") {
  for (const Format format : report::all_formats) CHECK(report::format_named(report::name(format)) == format);
  CHECK(!report::format_named("Text"));
  CHECK(!report::format_named(""));
}

TEST_CASE("failures for the error stream are one line each") {
  const Sample sample = hostile_sample();
  const std::string out = report::failure_lines(sample.report.failures, report::Color::off);
  CHECK(lines_of(out).size() == 1);
  CHECK(out.starts_with("error: "));
  CHECK(first_dangerous(out) == std::string::npos);
}

TEST_CASE("every format takes every kind of place") {
  for (const std::string& text : {std::string(), std::string("\n"), std::string("\xEF\xBB\xBF"),
                                  std::string("\r\n\r\n"), std::string("a\xFF\xFE"), std::string("x\ny\nz")}) {
    Sample sample;
    const std::uint32_t file = sample.file("", text);
    const auto size = static_cast<std::uint32_t>(text.size());
    for (std::uint32_t begin = 0; begin <= size + 1; ++begin) {
      for (std::uint32_t end = begin; end <= size + 2; ++end)
        sample.add({.rule = "r",
                    .file = file,
                    .at = {begin, end},
                    .statement = {begin, end},
                    .related = {{file, {end, end}, "m"}}});
    }
    for (const Format format : report::all_formats)
      CHECK(first_dangerous(render(format, sample.report, {})) == std::string::npos);
    check_sarif(sarif(sample));
  }
}

}  // namespace
}  // namespace pglint::test
