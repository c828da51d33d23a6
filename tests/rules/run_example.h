// Runs an example of a page through `check`, as a user's project would be: written to files, read by its runner.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/pipeline.h"
#include "pglint/diagnostic.h"
#include "source/project.h"
#include "support/page.h"

namespace pglint::test {

// What `check` says about it. The report's texts are in the sources and the pipeline.
struct Outcome {
  std::unique_ptr<source::Sources> sources;
  std::unique_ptr<delivery::Pipeline> pipeline;  // of an example about how a project is delivered
  Report report;

  // Of the rules that say warning or more, each once, in order.
  // `own`: a rule that counts also where it says less.
  [[nodiscard]] std::vector<std::string> raised(std::string_view own = {}) const;
  [[nodiscard]] bool raises(std::string_view rule) const;
};

// `given` is history: it is replayed and not reported. Fails the running test if the example cannot be read.
// `own`: a rule that is on, also if it is off by default.
[[nodiscard]] Outcome run(const Example& example, std::string_view given, std::string_view own = {});

// The example's SQL, for messages.
[[nodiscard]] std::string text_of(const Example& example);

}  // namespace pglint::test
