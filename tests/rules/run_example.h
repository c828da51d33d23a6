// Runs an example of a page through `check`, as a user's project would be: written to files, read by its runner.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pglint/diagnostic.h"
#include "source/project.h"
#include "support/page.h"

namespace pglint::test {

// What `check` says about it. The report's texts are in the sources.
struct Outcome {
  std::unique_ptr<source::Sources> sources;
  Report report;

  // Of the rules that say warning or more, each once, in order.
  [[nodiscard]] std::vector<std::string> raised() const;
  [[nodiscard]] bool raises(std::string_view rule) const;
};

// `given` is history: it is replayed and not reported. Fails the running test if the example cannot be read.
[[nodiscard]] Outcome run(const Example& example, std::string_view given);

// The example's SQL, for messages.
[[nodiscard]] std::string text_of(const Example& example);

}  // namespace pglint::test
