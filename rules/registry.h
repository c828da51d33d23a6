// The rules that pglint was built with: every rules/<id>.cc, and the page beside it. The build generates both tables
// from the names in the folder, so that adding a rule touches nothing else.
#pragma once

#include <span>
#include <string_view>

namespace pglint::lint {
struct Rule;
}

namespace pglint::rules {

// All rules, in the order of their ids.
[[nodiscard]] std::span<const lint::Rule* const> all();

// The Markdown page of a rule, or an empty text if there is no such rule.
[[nodiscard]] std::string_view page(std::string_view id);

}  // namespace pglint::rules
