// Which pglint this is, and where people find it.
#pragma once

#include <string>
#include <string_view>

namespace pglint {

[[nodiscard]] std::string_view version();
// Of the project, on the web. Set at build time by PGLINT_HOMEPAGE.
[[nodiscard]] std::string_view homepage();
// A rule's page, as this version has it.
[[nodiscard]] std::string rule_url(std::string_view rule);

}  // namespace pglint
