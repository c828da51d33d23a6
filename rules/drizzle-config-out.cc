// What drizzle-kit writes does not get into the repository, so nobody reviews or replays it.
#include <fmt/format.h>

#include <algorithm>

#include "lint/project.h"

namespace pglint::rules::drizzle_config_out {
namespace {

using namespace lint;

void project(const ProjectContext& context) {
  const bool pushes = std::ranges::any_of(context.pipeline.scripts, [](const delivery::Script& script) {
    return std::ranges::any_of(script.effects,
                               [](const delivery::Effect& effect) { return effect.does == delivery::Does::pushes; });
  });
  for (const delivery::DrizzleConfig& config : context.pipeline.drizzle) {
    // A project that has just begun has no migrations either.
    if (config.wrong.empty() && !(config.empty && pushes)) continue;
    ProjectFinding finding;
    finding.at = {config.file, config.at};
    finding.message =
        config.wrong.empty()
            ? fmt::format("The repository has no migrations in {}, and drizzle-kit push is used", config.out)
            : fmt::format("Migrations go to {}: {}", config.out, config.wrong);
    finding.why =
        "What changes the schema is then made anew on each machine. Nobody reviews it, no check can replay it, and "
        "what "
        "production got cannot be told afterwards.";
    finding.help = config.wrong.empty()
                       ? "Run drizzle-kit generate, commit what it writes, and let drizzle-kit migrate run it."
                       : "Let out name a folder of the repository that git keeps, and commit what drizzle-kit generate "
                         "writes there.";
    if (config.wrong.empty()) finding.at_most = Severity::advice;
    context.report(std::move(finding));
  }
}

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drizzle-config-out",
    .category = Category::delivery,
    .severity = Severity::warning,
    .summary = "What drizzle-kit generates does not get into the repository",
    .subject = Subject::project,
    .project = project,
});

}  // namespace pglint::rules::drizzle_config_out
