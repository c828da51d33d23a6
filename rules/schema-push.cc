// The schema is made as the code has it, straight in the database: no file says what was done, so nothing can be
// reviewed, ordered or checked.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lint/project.h"

namespace pglint::rules::schema_push {
namespace {

using namespace lint;
using delivery::Does;

// Where a tool has migration files, what makes and what runs them.
std::string instead_of(std::string_view push) {
  if (push.starts_with("drizzle-kit"))
    return "Let drizzle-kit generate write a migration, commit it, and run drizzle-kit migrate here.";
  if (push.starts_with("prisma"))
    return "Let prisma migrate dev write a migration, commit it, and run prisma migrate deploy here.";
  if (push.starts_with("typeorm"))
    return "Let typeorm migration:generate write a migration, commit it, and run typeorm migration:run here.";
  if (push.starts_with("mikro-orm"))
    return "Let mikro-orm migration:create write a migration, commit it, and run mikro-orm migration:up here.";
  if (push.starts_with("atlas"))
    return "Let atlas migrate diff write a migration, commit it, and run atlas migrate apply here.";
  if (push.starts_with("console"))
    return "Let doctrine:migrations:diff write a migration, commit it, and run doctrine:migrations:migrate here.";
  return "Write the change as a migration, commit it, and run the migrations here.";
}

std::string_view what_it_does(std::string_view push) {
  return push == "sync()" || push.ends_with("fresh")
             ? "It drops and makes tables until they are what the code says, with the rows that are in them: force "
               "drops "
               "all of them."
             : "The tool compares the code with the database and runs whatever makes them equal. Nobody sees the SQL "
               "before: a renamed column is dropped and added, and each lock is taken while the release runs.";
}

ProjectFinding finding_at(const delivery::Effect& effect, const std::string& message) {
  ProjectFinding finding;
  finding.at = effect.at;
  finding.message = message;
  finding.why = what_it_does(effect.what);
  finding.help = instead_of(effect.what);
  if (effect.via) finding.refer_to(*effect.via, "This is what it runs");
  return finding;
}

// Scripts of a package that a platform runs when it builds or starts a release.
bool is_run_by_platforms(std::string_view name) {
  constexpr std::array names = std::to_array<std::string_view>(
      {"build", "prebuild", "postbuild", "vercel-build", "heroku-postbuild", "render-build", "railway-build", "start",
       "prestart", "start:prod", "start:production", "deploy", "predeploy", "postdeploy", "release", "build:prod",
       "build:production"});
  return std::ranges::find(names, name) != names.end();
}

class Search {
 public:
  explicit Search(const ProjectContext& context) : context_(context) {}

  void find() {
    for (const delivery::Workflow& workflow : context_.pipeline.workflows)
      for (const delivery::Job& job : workflow.jobs)
        if (!job.for_tests) in_job(job);
    for (const delivery::Process& process : context_.pipeline.processes)
      if (!process.for_tests) in_process(process);
    for (const delivery::Script& script : context_.pipeline.scripts) in_script(script);
  }

 private:
  void in_job(const delivery::Job& job) {
    for (const delivery::Step& step : job.steps)
      for (const delivery::Effect& effect : step.effects) {
        if (!is_push(effect)) continue;
        ProjectFinding finding = finding_at(
            effect, fmt::format("The job {} makes the schema by {}, without migration files", job.id, effect.what));
        if (!job.for_users) finding.at_most = Severity::warning;
        report(effect, std::move(finding));
      }
  }

  void in_process(const delivery::Process& process) {
    for (const delivery::Effect& effect : process.effects) {
      if (!is_push(effect)) continue;
      ProjectFinding finding = finding_at(effect, fmt::format("{} makes the schema by {} whenever it starts",
                                                              process.once                      ? "A release"
                                                              : process.name == "the container" ? "The container"
                                                                                                : process.name,
                                                              effect.what));
      if (effect.guarded) finding.at_most = Severity::warning;
      report(effect, std::move(finding));
    }
  }

  // One that nothing calls: for developers, unless its name says otherwise.
  void in_script(const delivery::Script& script) {
    const bool by_platform = script.kind == delivery::ScriptKind::package && is_run_by_platforms(script.name);
    const bool for_users = by_platform || delivery::is_for_users(script.name);
    if (delivery::is_for_tests(script.name) || script.kind == delivery::ScriptKind::shell) return;
    for (const delivery::Effect& effect : script.effects) {
      if (!is_push(effect)) continue;
      const delivery::Place inner = effect.via.value_or(effect.at);
      if ((!for_users && effect.via) || said_.contains({inner.file, inner.at.begin})) continue;
      ProjectFinding finding = finding_at(
          effect,
          fmt::format("The script {} makes the schema by {}, without migration files", script.name, effect.what));
      if (!for_users) {
        finding.at_most = Severity::advice;
        finding.help += " On a database of one's own it does no harm.";
      }
      report(effect, std::move(finding));
    }
  }

  static bool is_push(const delivery::Effect& effect) { return effect.does == Does::pushes && !effect.for_tests; }

  void report(const delivery::Effect& effect, ProjectFinding finding) {
    const delivery::Place inner = effect.via.value_or(effect.at);
    said_.insert({inner.file, inner.at.begin});
    if (shown_.insert({effect.at.file, effect.at.at.begin}).second) context_.report(std::move(finding));
  }

  const ProjectContext& context_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> said_;   // places of the commands themselves
  std::set<std::pair<std::uint32_t, std::uint32_t>> shown_;  // places of findings
};

void project(const ProjectContext& context) { Search(context).find(); }

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "schema-push",
    .category = Category::delivery,
    .severity = Severity::error,
    .summary = "The schema is pushed to a database without migration files",
    .subject = Subject::project,
    .project = project,
});

}  // namespace pglint::rules::schema_push
