// Passing a gate: who may, and what is said to those who may not yet.
#pragma once

#include <string>

#include "apply/picture.h"

namespace pglint::apply {

// Nothing above the gate is left to do; else exit 4 that names the first step that is. Exit 2 if there is no such gate.
[[nodiscard]] Outcome<void> may_pass(const Plan& plan, const Picture& picture, const std::string& gate);

// "pglint COMMAND --plan FILE", as the user would type it.
[[nodiscard]] std::string command(const std::string& what, const std::string& plan_path);

}  // namespace pglint::apply
