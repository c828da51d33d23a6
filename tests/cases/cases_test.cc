// What other linters' own tests say about a piece of SQL, and what pglint says (PGLINT_CASES: a folder with
// cases.jsonl, which not everyone has). Kept here are the ids and our verdicts: testdata/cases/verdicts.csv, and, where
// a verdict is not what the label asks for, the reason in testdata/cases/differences.csv.
//
// A label speaks of a rule of the other tool. It is met if one of the rules that name this rule as an alias is raised,
// or, where no rule does, anything that concerns safety; and if a case that has to be silent raises none of them. A
// case whose label is about all rules is silent if nothing is raised at warning or above.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lint/check.h"
#include "rules/registry.h"
#include "skip.h"
#include "source/files.h"
#include "source/project.h"
#include "support/csv.h"
#include "support/golden.h"

using namespace pglint;
using nlohmann::json;

namespace {

std::string text(const json& object, const char* key) { return object.value(key, std::string()); }

// The version that the case is about, as near as there is one here.
int server(const json& options) {
  const std::string version = options.value("pg_version", std::string("15"));
  return std::clamp(std::atoi(version.c_str()), 12, 18);
}

std::vector<std::string> all_rules() {
  std::vector<std::string> ids;
  for (const lint::Rule* rule : rules::all()) ids.emplace_back(rule->id);
  return ids;
}

const lint::Rule* rule_of(std::string_view id) {
  for (const lint::Rule* rule : rules::all())
    if (rule->id == id) return rule;
  return nullptr;
}

bool about_safety(const lint::Rule& rule) {
  using lint::Category;
  return rule.category == Category::lock || rule.category == Category::fails || rule.category == Category::compat ||
         rule.category == Category::data;
}

// Whether the other tool takes the script for one transaction.
bool in_transaction(const json& test, const json& options) {
  const std::string sql = text(test, "sql");
  if (sql.find("squawk-disable-assume-in-transaction") != std::string::npos) return false;
  // eugene runs what is CONCURRENTLY outside a transaction.
  if (text(test, "peer") == "eugene" && sql.find("concurrently") != std::string::npos) return false;
  return options.value("assume_in_transaction", false);
}

// Servers that pglint does not know: --pg-version is 12 or later.
bool too_old(const json& options) { return std::atoi(options.value("pg_version", std::string("15")).c_str()) < 12; }

// All findings, the ones that are off by default too.
std::vector<Diagnostic> found(const json& test) {
  const json options = test.value("options", json::object());
  source::FakeFiles files;
  source::SourceOptions from;
  from.runner = "plain";
  from.transaction = in_transaction(test, options) ? "file" : "statement";
  int number = 0;
  const auto add = [&](const std::string& sql) {
    const std::string path = fmt::format("migrations/{:04}.sql", ++number);
    files.files[path] = sql;
    return path;
  };
  for (const json& before : test.value("prior", json::array())) add(before.get<std::string>());
  from.paths = {add(text(test, "sql"))};
  const auto sources = source::read_sources(from, files);
  REQUIRE(sources);
  lint::CheckOptions check;
  check.replay.target.pg_version = server(options);
  check.rules.select = all_rules();
  return lint::check(*sources, rules::all(), check).diagnostics;
}

// Whether the findings are what the label asks for.
bool agrees(const json& test, const std::vector<Diagnostic>& diagnostics) {
  const std::string peer = text(test, "peer");
  const bool whole = text(test, "scope") != "rule";
  const auto dangerous = [&](const Diagnostic& one) {
    return one.severity >= Severity::warning && about_safety(*rule_of(one.rule));
  };
  if (whole) {
    const bool any = std::ranges::any_of(diagnostics, dangerous);
    if (test.at("expect").empty()) return !any;
    if (any) return true;
  }
  const auto met = [&](const std::string& id) {
    bool known = false;
    for (const lint::Rule* rule : rules::all()) {
      const bool same = std::ranges::any_of(
          rule->aliases, [&](const lint::Alias& alias) { return alias.tool == peer && alias.id == id; });
      known = known || same;
      if (same && std::ranges::any_of(diagnostics, [&](const Diagnostic& one) { return one.rule == rule->id; }))
        return true;
    }
    return !known && !test.at("expect").empty() && std::ranges::any_of(diagnostics, dangerous);
  };
  if (test.at("expect").empty()) return !met(text(test, "rule"));
  return std::ranges::any_of(test.at("expect"), [&](const json& id) { return met(id.get<std::string>()); });
}

std::string verdict(const std::vector<Diagnostic>& diagnostics) {
  std::set<std::string_view> raised;
  for (const Diagnostic& one : diagnostics) raised.insert(one.rule);
  return raised.empty() ? "quiet" : fmt::format("{}", fmt::join(raised, " "));
}

struct Count {
  int cases = 0;
  int agreed = 0;
};

}  // namespace

TEST_CASE("the verdicts on the cases of other linters are the recorded ones, and each difference has a reason") {
  const char* folder = std::getenv("PGLINT_CASES");
  if (folder == nullptr) return test::skip(test::Missing::data, "PGLINT_CASES is not set");
  std::ifstream lines(std::string(folder) + "/cases.jsonl");
  REQUIRE(lines);

  std::map<std::string, std::string> reasons;
  for (const test::CsvRow& row :
       test::read_csv(test::read_file(std::string(PGLINT_TESTDATA) + "/cases/differences.csv")))
    if (row.size() == 2) reasons[row[0]] = row[1];

  std::map<std::string, Count> counts;
  std::string verdicts = "case,verdict\n";
  std::string unexplained;
  int left_out = 0;
  for (std::string line; std::getline(lines, line);) {
    const json test = json::parse(line);
    if (text(test, "kind") == "directive" || !test.value("parses", true)) continue;
    if (too_old(test.value("options", json::object()))) {
      ++left_out;
      continue;
    }
    const std::string id = text(test, "id");
    CAPTURE(id);
    const std::vector<Diagnostic> diagnostics = found(test);
    verdicts += fmt::format("{},{}\n", id, verdict(diagnostics));
    const bool agreed = agrees(test, diagnostics);
    const bool doubt = test.contains("doubt") && !test["doubt"].is_null();
    Count& count = counts[text(test, "category") + (doubt ? " (in doubt)" : "")];
    ++count.cases;
    if (agreed)
      ++count.agreed;
    else if (!reasons.contains(id))
      unexplained +=
          fmt::format("{} [{}{}]: {}\n", id, text(test, "category"), doubt ? ", in doubt" : "", verdict(diagnostics));
  }
  MESSAGE(fmt::format("about servers before 12: {}, left out", left_out));
  Count safety;
  for (const auto& [category, count] : counts) {
    MESSAGE(fmt::format("{:24} {:4} of {:4}", category, count.agreed, count.cases));
    if (category != "lock" && category != "fails" && category != "compat") continue;
    safety.cases += count.cases;
    safety.agreed += count.agreed;
  }
  MESSAGE(fmt::format("lock, fails and compat   {:4} of {:4}", safety.agreed, safety.cases));
  CHECK(safety.agreed * 100 >= safety.cases * 98);
  CHECK(unexplained == "");
  test::check_golden("cases/verdicts.csv", verdicts);
}
