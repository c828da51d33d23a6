// A plan as the file under .pglint/plans/ has it, and its hash. Needs no parser of SQL, so that the executor can read
// it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "pglint/plan.h"
#include "plan/form/tree.h"

namespace pglint::plan {

// YAML, for people: long texts as blocks, keys in the order of docs/plan.md. What is written is read back as the same.
[[nodiscard]] std::string to_yaml(const Plan& plan);

// The same as data, for another form of the same document.
[[nodiscard]] Tree to_tree(const Plan& plan);

// Errors are one line that names the line of the file. Unknown keys are errors, so that a misspelt one is not lost.
[[nodiscard]] Result<Plan> from_yaml(std::string_view text);

// SHA-256, in hex, over everything but `why`, `batch`, `pause_ms` and `files`: what may change while a plan is running.
[[nodiscard]] std::string hash(const Plan& plan);

}  // namespace pglint::plan
