// A pipeline that brings the new release into operation first, and gives it its schema afterwards.
#include <fmt/format.h>

#include "delivery/order.h"
#include "lint/project.h"

namespace pglint::rules::deploy_before_migrate {
namespace {

using namespace lint;

void project(const ProjectContext& context) {
  for (const delivery::Meeting& meeting : delivery::meetings(context.pipeline)) {
    if (meeting.order != delivery::Order::before) continue;
    const delivery::Job& job = context.pipeline.workflows[meeting.workflow].jobs[meeting.job];
    const bool one_job = meeting.migrating == &job;
    ProjectFinding finding;
    finding.at = meeting.deploy->at;
    finding.message = fmt::format("{} deploys before {} migrates", one_job ? meeting.deploy->what : "The job " + job.id,
                                  one_job ? meeting.migrate->what : "the job " + meeting.migrating->id);
    finding.why =
        "The new release runs on the schema of the old one until the migrations are done, and for good if they fail: "
        "what it reads and is not there yet is an error for everybody who asks.";
    finding.help = one_job ? fmt::format("Move {} before {}. What removes or tightens belongs to a later deploy.",
                                         meeting.migrate->what, meeting.deploy->what)
                           : fmt::format(
                                 "Let {} need {} and not the other way round. What removes or tightens belongs "
                                 "to a later deploy.",
                                 job.id, meeting.migrating->id);
    if (!meeting.certain) finding.at_most = Severity::advice;
    finding.refer_to(meeting.migrate->at, "The migrations run here");
    context.report(std::move(finding));
  }
}

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "deploy-before-migrate",
    .category = Category::delivery,
    .severity = Severity::warning,
    .summary = "A release is deployed before its migrations run",
    .subject = Subject::project,
    .project = project,
});

}  // namespace pglint::rules::deploy_before_migrate
