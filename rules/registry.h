// The rules there are: the table that the build makes of this folder.
#pragma once

#include <span>
#include <string_view>

#include "lint/rule.h"

namespace pglint::rules {

[[nodiscard]] std::span<const lint::Rule* const> all();    // by id
[[nodiscard]] std::string_view page(std::string_view id);  // the rule's Markdown; empty if there is no such rule

}  // namespace pglint::rules
