// A deploy that does not wait for the migrations, or does not mind if they fail. Where it is certain which job they run
// in, `fix` adds the `needs` that is missing.
#include <fmt/format.h>

#include "delivery/order.h"
#include "lint/project.h"

namespace pglint::rules::deploy_beside_migrate {
namespace {

using namespace lint;
using delivery::Order;

std::string together_help(const delivery::Meeting& meeting, const delivery::Workflow& workflow,
                          const delivery::Job& job) {
  const std::string& migrate = meeting.migrating->id;
  if (!meeting.same_workflow)
    return fmt::format(
        "Make one workflow of both, in which the deploy needs {}; or start this one by workflow_run when the other is "
        "completed.",
        migrate);
  if (workflow.system == delivery::System::gitlab)
    return job.has_needs ? fmt::format("Add {} to the needs of {}.", migrate, job.id)
                         : fmt::format("Put {} into a stage behind that of {}.", job.id, migrate);
  return job.has_needs ? fmt::format("Add {} to the needs of {}.", migrate, job.id)
                       : fmt::format("Add needs: {} to {}.", migrate, job.id);
}

void together(const delivery::Meeting& meeting, const ProjectContext& context) {
  const delivery::Workflow& workflow = context.pipeline.workflows[meeting.workflow];
  const delivery::Job& job = workflow.jobs[meeting.job];
  ProjectFinding finding;
  finding.at = {workflow.file, job.at};
  finding.message = fmt::format(
      "The job {} deploys and does not wait for {}, which migrates", job.id,
      meeting.same_workflow ? "the job " + meeting.migrating->id : "the other workflow's job " + meeting.migrating->id);
  finding.why =
      "Both start at once: whichever is faster wins, and a migration that fails keeps no release from being deployed.";
  finding.help = together_help(meeting, workflow, job);
  if (!meeting.certain && meeting.same_workflow && !(meeting.deploy->sure && meeting.migrate->sure))
    finding.at_most = Severity::advice;
  finding.refer_to(meeting.migrate->at, "The migrations run here");
  const bool can_add = workflow.system == delivery::System::github && meeting.certain && meeting.same_workflow &&
                       !job.has_needs && job.first_line.has_value();
  if (can_add)
    finding.fix.push_back(
        {*job.first_line, *job.first_line, fmt::format("{}needs: {}\n", job.indentation, meeting.migrating->id)});
  context.report(std::move(finding));
}

void anyway(const delivery::Meeting& meeting, const ProjectContext& context) {
  const delivery::Workflow& workflow = context.pipeline.workflows[meeting.workflow];
  const delivery::Job& job = workflow.jobs[meeting.job];
  ProjectFinding finding;
  finding.at = meeting.migrate->ignored ? meeting.migrate->at : delivery::Place{workflow.file, job.at};
  finding.message = fmt::format("The job {} deploys even if the migrations have failed", job.id);
  finding.why =
      "A migration that fails leaves the schema as it was, or half of it changed; the release that needs the new one "
      "is "
      "deployed all the same.";
  finding.help = meeting.migrate->ignored ? "Let the step fail: take out what ignores that."
                 : job.always             ? fmt::format(
                                                "Take always() out of its condition, or ask for needs.{}.result == "
                                                            "'success' as well.",
                                                meeting.migrating->id)
                              : fmt::format("Do not let {} fail without notice.", meeting.migrating->id);
  if (!meeting.certain) finding.at_most = Severity::advice;
  if (!meeting.migrate->ignored) finding.refer_to(meeting.migrate->at, "The migrations run here");
  context.report(std::move(finding));
}

void project(const ProjectContext& context) {
  for (const delivery::Meeting& meeting : delivery::meetings(context.pipeline)) {
    if (meeting.order == Order::together) together(meeting, context);
    if (meeting.order == Order::anyway) anyway(meeting, context);
  }
}

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "deploy-beside-migrate",
    .category = Category::delivery,
    .severity = Severity::warning,
    .summary = "A deploy does not wait for the migrations",
    .fixable = Fixable::sometimes,
    .subject = Subject::project,
    .project = project,
});

}  // namespace pglint::rules::deploy_beside_migrate
