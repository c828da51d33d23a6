// Findings that were recorded are left out, wherever their statements have gone; new ones are not.
#include "lint/baseline.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace pglint;

namespace {

// A report about files of one statement a line; each line is a finding.
Report report_of(const std::vector<std::pair<std::string, std::string>>& files) {
  Report report;
  for (const auto& [path, text] : files) {
    const auto file = static_cast<std::uint32_t>(report.files.size());
    report.files.push_back({path, text});
    std::uint32_t begin = 0;
    while (begin < text.size()) {
      const auto end = static_cast<std::uint32_t>(std::min(text.find('\n', begin), text.size()));
      Diagnostic diagnostic;
      diagnostic.rule = "create-index-not-concurrent";
      diagnostic.severity = Severity::error;
      diagnostic.file = file;
      diagnostic.at = diagnostic.statement = {begin, end};
      report.diagnostics.push_back(diagnostic);
      ++report.summary.errors;
      begin = end + 1;
    }
  }
  return report;
}

}  // namespace

TEST_CASE("what was recorded is left out, in a renamed file and laid out anew as well") {
  const std::vector<std::pair<std::string, std::string>> before = {
      {"1.sql", "CREATE INDEX a ON t (x);\nCREATE INDEX b ON t (y);\n"}};
  const lint::Baseline baseline = lint::baseline_of(report_of(before));
  REQUIRE(baseline.entries.size() == 2);
  CHECK(baseline.entries[0].path == "1.sql");

  const std::vector<std::pair<std::string, std::string>> after = {
      {"0001_renamed.sql", "CREATE INDEX c ON t (z);\nCREATE  INDEX a\tON t (x);\n"}};
  Report report = report_of(after);
  CHECK(lint::apply(baseline, report) == 1);  // b is gone
  REQUIRE(report.diagnostics.size() == 1);
  CHECK(report.diagnostics[0].statement.begin == 0);
  CHECK(report.summary.errors == 1);
  CHECK(report.summary.suppressed == 1);
}

TEST_CASE("one finding more of the same kind is new") {
  const std::vector<std::pair<std::string, std::string>> once = {{"1.sql", "CREATE INDEX ON t (x);\n"}};
  const std::vector<std::pair<std::string, std::string>> twice = {
      {"1.sql", "CREATE INDEX ON t (x);\nCREATE INDEX ON t (x);\n"}};
  const lint::Baseline baseline = lint::baseline_of(report_of(once));
  Report report = report_of(twice);
  CHECK(lint::apply(baseline, report) == 0);
  CHECK(report.diagnostics.size() == 1);
  CHECK(lint::baseline_of(report_of(twice)).entries.front().count == 2);
}

TEST_CASE("a baseline is read as it was written") {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"a \"quoted\"\n.sql", "CREATE INDEX ON t (x);\nCREATE INDEX ON t (x);\nCREATE INDEX ON t (y);\n"}};
  const lint::Baseline baseline = lint::baseline_of(report_of(files));
  const auto read = lint::from_json(lint::to_json(baseline));
  REQUIRE(read.has_value());
  CHECK(read->entries == baseline.entries);
  CHECK(lint::from_json(lint::to_json({}))->entries.empty());
}

TEST_CASE("what is no baseline is said in one line") {
  for (const std::string text :
       {"", "[]", "{}", "{\"version\": 2}", "{\"version\": 1}", "{\"version\": 1, \"findings\": [1]}",
        "{\"version\": 1, \"findings\": [{\"rule\": \"a\"}]}",
        "{\"version\": 1, \"findings\": [{\"rule\": \"a\", \"path\": \"b\", \"fingerprint\": \"c\", "
        "\"count\": -1}]}"}) {
    CAPTURE(text);
    const auto read = lint::from_json(text);
    REQUIRE(!read.has_value());
    CHECK(read.error().message.starts_with("not a baseline: "));
  }
}
