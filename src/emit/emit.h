// The steps of a plan as SQL texts for the writing half of a runner. Whoever executes a step first, the file stays: a
// database that is built from the folder ends as production does. So every statement may meet three databases: one
// where it is not done, one where it is, and one that has the original migration.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "pglint/plan.h"
#include "source/write.h"

namespace pglint::emit {

// The stages [from, to) of a plan, without gates among them. `behind`: the gate before `from`, if there is one;
// `before`: the one at `to`.
struct Stretch {
  std::size_t from = 0;
  std::size_t to = 0;
  const Gate* behind = nullptr;
  const Gate* before = nullptr;
};

// The stretches of a plan: what stands before the first gate, between two, behind the last.
[[nodiscard]] std::vector<Stretch> stretches(const Plan& plan);

// The texts of a stretch, each list one file: what can stand in the runner's transaction first, then what has to be
// outside of it, then again, …
struct File {
  Phase phase = Phase::expand;  // of its first step
  std::vector<source::Text> texts;
  std::vector<source::Text> down;   // takes it back
  std::vector<std::string> kept;    // what stays when it was taken back, each in a sentence
  std::vector<std::size_t> stages;  // of the plan, whose steps it holds

  // Whether it leaves the runner's transaction.
  [[nodiscard]] bool is_outside() const;
};
// An Error is a statement that no file of such a runner can hold or ask for.
[[nodiscard]] Result<std::vector<File>> files(const Plan& plan, const Stretch& stretch, source::WayOut way);

}  // namespace pglint::emit
