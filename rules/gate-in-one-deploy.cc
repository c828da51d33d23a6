// Files from before a plan's gate and files from behind it, none of them released: one deploy would run both.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lint/project.h"
#include "source/git.h"

namespace pglint::rules::gate_in_one_deploy {
namespace {

using namespace lint;

void project(const ProjectContext& context) {
  const source::Git* const git = context.unreleased;
  if (git == nullptr) return;
  const auto is_new = [&](const std::string& path) { return git->changed(path) && !git->released(path); };
  for (const delivery::PlanFile& file : context.pipeline.plans) {
    std::string before;  // the last file above the gate that is not released
    std::string above;
    std::string gate;
    for (const Stage& stage : file.plan.stages) {
      if (stage.gate) {
        gate = stage.gate->id;
        before = above;
      }
      for (const FileHash& one : stage.files) {
        if (!is_new(one.path)) continue;
        above = one.path;
        if (before.empty()) continue;
        const auto& files = context.pipeline.files;
        const auto found = std::ranges::find(files, one.path, &delivery::File::path);
        if (found == files.end()) continue;
        const std::size_t end = std::min(found->text.find('\n'), found->text.size());
        ProjectFinding finding;
        finding.at = {static_cast<std::uint32_t>(found - files.begin()), {0, static_cast<std::uint32_t>(end)}};
        finding.message =
            fmt::format("This file stands behind the gate {}, and {} before it is not released either", gate, before);
        finding.why = fmt::format(
            "What stands behind the gate waits for a release that runs everywhere. Deployed together with what stands "
            "before it, it stops the deploy at the check that it begins with; on a database that has no row for the "
            "gate it runs while the old release does ({}).",
            file.path);
        finding.help = fmt::format(
            "Release what stands before the gate first. When the release that {} waits for runs everywhere, pglint fix "
            "--next --passed {} writes this file again.",
            gate, gate);
        context.report(std::move(finding));
        before.clear();  // once for a gate
      }
    }
  }
}

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "gate-in-one-deploy",
    .category = Category::delivery,
    .severity = Severity::warning,
    .summary = "Files from before and behind a plan's gate go out in one deploy",
    .subject = Subject::project,
    .project = project,
});

}  // namespace pglint::rules::gate_in_one_deploy
