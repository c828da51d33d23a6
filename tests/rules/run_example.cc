#include "rules/run_example.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "delivery/read.h"
#include "lint/check.h"
#include "lint/project.h"
#include "rules/registry.h"
#include "source/git.h"

namespace pglint::test {
namespace {

std::string without_suffix(const std::string& file) { return file.substr(0, file.rfind('.')); }

// What drizzle-kit writes beside its migrations.
std::string journal(const std::vector<std::string>& files) {
  std::string entries;
  for (std::size_t i = 0; i < files.size(); ++i)
    entries += fmt::format(R"({}{{"idx":{},"version":"7","when":{},"tag":"{}","breakpoints":true}})", i == 0 ? "" : ",",
                           i, 1795374842666 + i * 1000, without_suffix(files[i]));
  return fmt::format(R"({{"version":"7","dialect":"postgresql","entries":[{}]}})", entries);
}

// What a page says that git says.
class SaidByGit final : public source::Git {
 public:
  SaidByGit(const source::Files& files, const std::string& folder,
            const std::vector<std::pair<std::string, std::string>>& said)
      : files_(files) {
    for (const auto& [name, state] : said) states_[folder + name] = state;
  }

  bool changed(const std::string& path) const override { return states_.contains(path); }
  bool released(const std::string& path) const override {
    const auto state = states_.find(path);
    return state == states_.end() || state->second == "changed";
  }
  Result<std::string> released_text(const std::string& /*path*/) const override { return failed("is not known"); }
  bool in_work_tree(const std::string& /*path*/) const override { return true; }
  const source::Files& files() const override { return files_; }
  const std::string& top() const override { return top_; }

 private:
  const source::Files& files_;
  std::map<std::string, std::string> states_;
  std::string top_ = ".";
};

}  // namespace

std::vector<std::string> Outcome::raised(std::string_view own) const {
  std::vector<std::string> rules;
  for (const Diagnostic& diagnostic : report.diagnostics)
    if ((diagnostic.severity >= Severity::warning || diagnostic.rule == own) &&
        std::ranges::find(rules, diagnostic.rule) == rules.end())
      rules.emplace_back(diagnostic.rule);
  return rules;
}

bool Outcome::raises(std::string_view rule) const {
  return std::ranges::any_of(report.diagnostics, [&](const Diagnostic& found) { return found.rule == rule; });
}

Outcome run(const Example& example, std::string_view given, std::string_view own) {
  const bool delivery = std::ranges::any_of(rules::all(), [&](const lint::Rule* rule) {
    return rule->id == own && rule->category == lint::Category::delivery;
  });
  const bool drizzle = example.runner == "drizzle";
  const std::string folder = drizzle ? "drizzle/" : "migrations/";
  source::FakeFiles files;
  source::SourceOptions options;
  options.runner = example.runner;
  options.transaction = example.transaction;

  std::vector<std::string> names;
  const bool has_journal =
      std::ranges::any_of(example.files, [](const auto& file) { return file.first == "meta/_journal.json"; });
  if (!given.empty()) {
    names.emplace_back("0000_given.sql");
    files.files[folder + names.back()] = given;
  }
  for (const auto& [name, text] : example.files) {
    const bool sql = name.ends_with(".sql");
    files.files[delivery && !sql ? name : folder + name] = text;
    if (!sql) continue;
    names.push_back(name);
    options.paths.push_back(folder + name);
  }
  const SaidByGit git(files, folder, example.git);
  // What is about more than the SQL is about the folder.
  if (names.size() != example.files.size() + (given.empty() ? 0U : 1U) || !example.git.empty())
    options.paths = {folder.substr(0, folder.size() - 1)};
  if (drizzle && !has_journal) files.files[folder + "meta/_journal.json"] = journal(names);

  Outcome outcome;
  const source::Git* const said = example.git.empty() ? nullptr : &git;
  Result<source::Sources> sources = names.empty() ? source::Sources() : source::read_sources(options, files, said);
  REQUIRE_MESSAGE(sources.has_value(), "the example cannot be read: " << sources.error().message);
  outcome.sources = std::make_unique<source::Sources>(std::move(*sources));
  for (const Failure& failure : outcome.sources->failures) FAIL(failure.path << ": " << failure.message);

  lint::CheckOptions check;
  check.replay.target.pg_version = example.pg;
  check.today = "2026-06-01";
  for (const lint::Rule* rule : rules::all())
    if (rule->id == own && rule->category == lint::Category::style)
      check.rules.levels.push_back({std::string(own), rule->severity});
  outcome.report = lint::check(*outcome.sources, rules::all(), check);
  if (delivery) {
    outcome.pipeline = std::make_unique<delivery::Pipeline>(delivery::read(".", files));
    for (const std::string& notice : outcome.pipeline->notices) FAIL(notice);
    lint::check_delivery(*outcome.pipeline, rules::all(), check, {nullptr, said}, outcome.report);
    return outcome;
  }
  REQUIRE((!example.git.empty() || !outcome.report.files.empty()));
  return outcome;
}

std::string text_of(const Example& example) {
  std::string text;
  for (const auto& [name, sql] : example.files) {
    if (example.files.size() > 1) text += "-- " + name + "\n";
    text += sql;
  }
  return text;
}

}  // namespace pglint::test
