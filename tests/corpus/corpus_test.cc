// `check` over real migrations of public projects, where they are to be had (PGLINT_CORPUS): nothing crashes, each
// project's runner is recognised, everything is read, and what does not parse is explained.
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
#include "source/overlay.h"
#include "source/project.h"

using namespace pglint;
namespace fs = std::filesystem;

namespace {

// Who runs the migrations of each project, as its manifest says; "plain" where it is a program of the project's own.
// `beside` is what names the tool and did not come along with the SQL: path and text.
struct Known {
  std::string_view project;
  std::string_view runner;
  std::size_t projects = 1;
  std::size_t syntax_errors = 0;  // explained by `cause`
  std::string_view cause = {};
  std::string_view beside = {};
  std::string_view text = {};
};
constexpr Known known[] = {
    {"MarquezProject__marquez", "flyway"},
    {"alphagov__pay-ledger", "liquibase"},
    {"bcgov__cas-cif", "sqitch"},
    {"bytebase__bytebase", "plain"},
    {"chef__automate", "golang-migrate", 8},
    {"civitai__civitai", "prisma", 1, 1, "a comma is missing"},
    {"cloudfoundry__uaa", "flyway"},
    {"conductor-oss__conductor", "flyway", 5},
    {"goharbor__harbor", "golang-migrate"},
    {"graphile__worker", "plain"},
    {"graphprotocol__graph-node", "diesel"},
    {"hatchet-dev__hatchet", "goose"},
    {"langfuse__langfuse", "prisma"},
    {"matter-labs__zksync-era", "sqlx", 2, 0, {}, "Cargo.toml", "[workspace.dependencies]\nsqlx = \"0.8\"\n"},
    {"measure-sh__measure", "dbmate"},
    {"ministryofjustice__hmpps-approved-premises-api", "flyway"},
    {"openmeterio__openmeter", "golang-migrate"},
    {"ory__kratos", "pop"},
    {"pgflow-dev__pgflow", "supabase"},
    {"simstudioai__sim", "drizzle"},
    {"supabase__auth", "pop"},
    {"supabase__storage",
     "postgres-migrations",
     2,
     0,
     {},
     "package.json",
     R"({"dependencies": {"postgres-migrations": "5"}})"},
    {"temporalio__temporal", "plain"},
    {"umami-software__umami", "prisma"},
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
    const auto expected = std::ranges::find(known, name, &Known::project);
    REQUIRE(expected != std::end(known));
    std::vector<source::FileChange> beside;
    if (!expected->beside.empty())
      beside.push_back({project / expected->beside, true, std::string(expected->text), source::FileOrder::new_sql});
    const source::Overlay files(source::disk(), beside);
    const auto sources = source::read_sources(options, files);
    REQUIRE(sources);
    for (const Failure& failure : sources->failures) {
      CAPTURE(failure.path);
      CAPTURE(failure.message);
      CHECK(false);
    }
    CHECK(sources->projects.size() == expected->projects);
    for (const source::Project& one : sources->projects) {
      CAPTURE(one.root);
      CHECK(one.runner == expected->runner);
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
    MESSAGE(fmt::format("{:45} {:16} {:5} files {:6} statements {:4} syntax errors {:5} findings", name,
                        expected->runner, report.summary.files, report.summary.statements, syntax_errors,
                        report.diagnostics.size()));
    CHECK(syntax_errors == expected->syntax_errors);
    CHECK(by_rule["template-not-checked"] == 0);
    CHECK(by_rule["duplicate-version"] == 0);
    CHECK(by_rule["atlas-sum-mismatch"] == 0);
    CHECK(by_rule["journal-entry-without-file"] == 0);
    CHECK(report.summary.statements != 0);

    // Every face can show it.
    for (const report::Format format : report::all_formats) CHECK(!report::render(format, report, {}).empty());
    const Timeline timeline = lint::timeline(*sources, {});
    CHECK(!report::render(report::Format::text, timeline, {}).empty());
  }
}
