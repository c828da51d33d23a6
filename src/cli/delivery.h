// How the project is delivered, as the commands look at it.
#pragma once

#include <memory>
#include <vector>

#include "cli/options.h"
#include "delivery/pipeline.h"
#include "lint/project.h"
#include "pglint/diagnostic.h"
#include "source/git.h"
#include "source/project.h"

namespace pglint::cli {

// What the report refers to.
struct Delivery {
  std::unique_ptr<delivery::Pipeline> pipeline;
  std::vector<lint::ProjectFix> fixes;
};

// Looks at the pipelines around the project where the project as a whole is asked for: not where the command line names
// single files or folders of migrations, nor with -c. What is found goes behind what the report has; with --since and
// --staged only what is in files that git says are new or changed.
[[nodiscard]] Delivery check_delivery(const Options& options, const Settings& settings, const source::Sources& sources,
                                      const source::Files& files, Report& report);

// The files as git means them for --staged, else as they are.
[[nodiscard]] const source::Files& files_of(const source::Sources& sources);

}  // namespace pglint::cli
