// What a rule about the project sees: how it is delivered, and what git says of its plans; and how it reports there.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/edit.h"
#include "delivery/pipeline.h"
#include "lint/check.h"
#include "lint/rule.h"
#include "pglint/diagnostic.h"
#include "source/files.h"

namespace pglint::source {
class Git;
}

namespace pglint::lint {

struct ProjectFinding {
  delivery::Place at;
  std::string message = {};
  std::string why = {};
  std::string help = {};
  std::optional<Severity> at_most = {};
  struct Other {
    delivery::Place at;
    std::string message;
  };
  std::vector<Other> others = {};
  std::vector<Edit> fix = {};  // of the same file; none: `fix` cannot mend it

  // Another place that belongs to the story.
  void refer_to(delivery::Place place, std::string_view said);
};

class ProjectContext {
 public:
  const delivery::Pipeline& pipeline;
  const source::Git* unreleased = nullptr;  // what git says is not released yet; null where it does not know
  const Rule* rule = nullptr;

  void report(ProjectFinding finding) const { findings.push_back(std::move(finding)); }

  // The engine's.
  std::vector<ProjectFinding>& findings;
};

// The edits of one file that mend findings in it.
struct ProjectFix {
  std::string path;
  std::string_view text;
  std::vector<Edit> edits;  // in order, apart
};

struct DeliveryOptions {
  const source::Git* shown = nullptr;       // of --since and --staged: findings in other files stay out
  const source::Git* unreleased = nullptr;  // null where nobody says what is released
};

// Asks the rules about the project, and puts what they find behind what the report has. The pipeline has to outlive the
// report. Returns what `fix` would change.
std::vector<ProjectFix> check_delivery(const delivery::Pipeline& pipeline, std::span<const Rule* const> rules,
                                       const CheckOptions& options, const DeliveryOptions& delivery, Report& report);

}  // namespace pglint::lint
