// A plan of `fix` waits for a gate, and the pipeline deploys without asking whether all above it is done.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "delivery/order.h"
#include "lint/project.h"

namespace pglint::rules::deploy_without_gate_check {
namespace {

using namespace lint;
using delivery::Does;

// The gate that the next release waits for.
std::optional<std::string> waiting_gate(const Plan& plan) {
  std::optional<std::string> gate;
  bool begun = false;  // what stands before the first gate is written with the plan, or taken back
  for (const Stage& stage : plan.stages) {
    begun = begun || (!gate && !stage.files.empty());
    if (stage.gate)
      gate = stage.gate->id;
    else if (gate && begun && stage.files.empty())
      return gate;
  }
  return std::nullopt;
}

const delivery::Effect* effect_of(const delivery::Job& job, Does does) {
  for (const delivery::Step& step : job.steps)
    for (const delivery::Effect& effect : step.effects)
      if (effect.does == does) return &effect;
  return nullptr;
}

bool asks(const delivery::Workflow& workflow, std::size_t job) {
  if (effect_of(workflow.jobs[job], Does::asks_gate) != nullptr) return true;
  const std::vector<bool> before = delivery::jobs_before(workflow, job);
  for (std::size_t i = 0; i < before.size(); ++i)
    if (before[i] && effect_of(workflow.jobs[i], Does::asks_gate) != nullptr) return true;
  return false;
}

void project(const ProjectContext& context) {
  for (const delivery::PlanFile& file : context.pipeline.plans) {
    const std::optional<std::string> gate = waiting_gate(file.plan);
    if (!gate) continue;
    for (const delivery::Workflow& workflow : context.pipeline.workflows)
      for (std::size_t i = 0; i < workflow.jobs.size(); ++i) {
        const delivery::Job& job = workflow.jobs[i];
        const delivery::Effect* const deploy = effect_of(job, Does::deploys);
        if (deploy == nullptr || !deploy->sure || job.for_tests || asks(workflow, i)) continue;
        ProjectFinding finding;
        finding.at = deploy->at;
        finding.message = fmt::format("The job {} deploys without asking for the gate {}", job.id, *gate);
        finding.why = fmt::format(
            "{} waits there for a release. That release must not start before all that stands above the gate is done, "
            "and nothing here knows whether it is: a backfill may still run, or have stopped.",
            file.path);
        finding.help = fmt::format(
            "Run pglint status --gate {} before {}, with the database's URL: it ends with 0 only if the release may "
            "start.",
            *gate, deploy->what);
        context.report(std::move(finding));
      }
    return;  // the first that waits; the others are told when this one is through
  }
}

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "deploy-without-gate-check",
    .category = Category::delivery,
    .severity = Severity::warning,
    .summary = "A pipeline deploys without asking whether the gate of a plan is open",
    .subject = Subject::project,
    .project = project,
});

}  // namespace pglint::rules::deploy_without_gate_check
