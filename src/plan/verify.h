// A plan is not believed: its steps are replayed like a history. What they lock is written into them, no step may hold
// up others while it works on all rows, and at the end the schema must be the one that the migrations would have made.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lint/replay.h"
#include "pglint/plan.h"
#include "source/project.h"

namespace pglint::plan {

// Fills the locks and assumptions of the plan. What is wrong with it, if something is.
[[nodiscard]] std::optional<std::string> verify(const source::Project& project,
                                                const std::vector<std::size_t>& migrations,
                                                const lint::ReplayOptions& options, Plan& plan);

}  // namespace pglint::plan
