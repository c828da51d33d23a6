// Each process that starts runs the migrations first, so that how many processes there are decides how often they run.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lint/project.h"
#include "source/path.h"

namespace pglint::rules::migrate_at_startup {
namespace {

using namespace lint;
using delivery::Does;

// The migration that runs before something else is started. One that is asked for by a variable is another matter, and
// so is a process that does nothing but migrate.
const delivery::Effect* first_migration(const std::vector<delivery::Effect>& effects) {
  const auto found = std::ranges::find_if(effects, [](const delivery::Effect& effect) {
    return (effect.does == Does::migrates || effect.does == Does::pushes) && !effect.guarded;
  });
  if (found == effects.end()) return nullptr;
  const bool goes_on = std::any_of(found + 1, effects.end(), [](const delivery::Effect& effect) {
    for (const std::string_view word : {"echo", "exit", "set", "printf", "wait", "fi", "done"})
      if (effect.what == word || effect.what.starts_with(std::string(word) + ' ')) return false;
    return effect.does == Does::other && !effect.what.empty();
  });
  return goes_on ? &*found : nullptr;
}

ProjectFinding finding_at(const delivery::Effect& effect, const std::string& process) {
  ProjectFinding finding;
  finding.at = effect.at;
  finding.message = fmt::format("Whenever {} starts it runs {}", process, effect.what);
  finding.why =
      "Each replica does so, at the same time, and again whenever one is restarted. Some tools lock each other out, "
      "others run the same migration twice; one that takes longer than the start may is killed in the middle, and one "
      "that fails keeps every new process from starting.";
  finding.help =
      "Run the migrations once, before the new release starts: in a job of the pipeline that the deploy needs, or as "
      "the platform's release command.";
  if (effect.via) finding.refer_to(*effect.via, "The migrations run here");
  return finding;
}

bool is_start_script(std::string_view name) {
  return name == "start" || name == "start:prod" || name == "start:production" || name == "prestart" ||
         name == "start:migrate:prod";
}

void project(const ProjectContext& context) {
  bool said = false;
  for (const delivery::Process& process : context.pipeline.processes) {
    if (process.once || process.for_tests) continue;
    const delivery::Effect* const effect = first_migration(process.effects);
    if (effect == nullptr || effect->for_tests) continue;
    ProjectFinding finding = finding_at(*effect, process.name);
    if (!effect->sure) finding.at_most = Severity::advice;
    context.report(std::move(finding));
    said = true;
  }
  if (said) return;
  // A platform starts processes by `npm start` where nothing else says how.
  for (const delivery::Script& script : context.pipeline.scripts) {
    if (script.kind != delivery::ScriptKind::package || !is_start_script(script.name)) continue;
    const delivery::Effect* effect = first_migration(script.effects);
    if (script.name == "prestart")
      for (const delivery::Effect& one : script.effects)
        if (one.does == Does::migrates && effect == nullptr) effect = &one;
    if (effect == nullptr) continue;
    ProjectFinding finding = finding_at(*effect, fmt::format("a process is started by {}, and", script.name));
    finding.message = fmt::format("The script {} runs {}", script.name, effect->what);
    finding.at_most = Severity::advice;
    context.report(std::move(finding));
  }
}

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "migrate-at-startup",
    .category = Category::delivery,
    .severity = Severity::warning,
    .summary = "Every process that starts runs the migrations",
    .subject = Subject::project,
    .project = project,
});

}  // namespace pglint::rules::migrate_at_startup
