// `check` over real migrations of public projects, where they are to be had (PGLINT_CORPUS): nothing crashes,
// everything is read, and what does not parse is explained.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lint/check.h"
#include "lint/timeline.h"
#include "report/report.h"
#include "rules/registry.h"
#include "skip.h"
#include "source/files.h"
#include "source/project.h"

using namespace pglint;
namespace fs = std::filesystem;

namespace {

// Statements that do not parse as plain SQL, by project: all of them are the migration tool's own syntax, or broken
// where they stand. The numbers may shrink.
struct Explained {
  std::string_view project;
  std::size_t syntax_errors;
  std::string_view cause;
};
constexpr Explained explained[] = {
    {"alphagov__pay-ledger", 1, "no semicolon at the end of a Liquibase changeset"},
    {"civitai__civitai", 1, "a comma is missing"},
    {"conductor-oss__conductor", 4, "${tableName}, a placeholder of Flyway"},
    {"graphprotocol__graph-node", 8, "rollback files are broken: RAISE and names outside of what they need"},
    {"hatchet-dev__hatchet", 1, "no semicolon before goose's StatementEnd"},
    {"measure-sh__measure", 1, "no semicolon before dbmate's migrate:down"},
    {"supabase__auth", 168, "Go templates: {{ index .Options \"Namespace\" }}"},
};

}  // namespace

TEST_CASE("every project of the corpus is read, and what does not parse is explained") {
  const char* corpus = std::getenv("PGLINT_CORPUS");
  if (corpus == nullptr) return test::skip(test::Missing::data, "PGLINT_CORPUS is not set");

  std::vector<fs::path> projects;
  for (const fs::directory_entry& entry : fs::directory_iterator(corpus))
    if (entry.is_directory()) projects.push_back(entry.path());
  std::ranges::sort(projects);
  REQUIRE(!projects.empty());

  for (const fs::path& project : projects) {
    const std::string name = project.filename();
    CAPTURE(name);
    source::SourceOptions options;
    options.paths = {project};
    const auto sources = source::read_sources(options, source::disk());
    REQUIRE(sources);
    for (const Failure& failure : sources->failures) {
      CAPTURE(failure.path);
      CAPTURE(failure.message);
      CHECK(false);
    }
    const Report report = lint::check(*sources, rules::all(), {});
    std::map<std::string_view, std::size_t> by_rule;
    for (const Diagnostic& diagnostic : report.diagnostics) {
      ++by_rule[diagnostic.rule];
      const std::string_view text = report.files[diagnostic.file].text;
      CHECK(diagnostic.at.begin <= diagnostic.at.end);
      CHECK(diagnostic.at.end <= text.size());
    }
    const std::size_t syntax_errors = by_rule["syntax-error"];
    const auto known = std::ranges::find(explained, name, &Explained::project);
    const std::size_t allowed = known == std::end(explained) ? 0 : known->syntax_errors;
    MESSAGE(fmt::format("{:45} {:5} files {:6} statements {:4} syntax errors {:5} findings", name, report.summary.files,
                        report.summary.statements, syntax_errors, report.diagnostics.size()));
    CHECK(syntax_errors <= allowed);
    CHECK(report.summary.statements != 0);

    // Every face can show it.
    for (const report::Format format : report::all_formats) CHECK(!report::render(format, report, {}).empty());
    const Timeline timeline = lint::timeline(*sources, {});
    CHECK(!report::render(report::Format::text, timeline, {}).empty());
  }
}
