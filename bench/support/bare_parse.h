// libpg_query by itself: the floor that everything is measured from.
#pragma once

#include <string>

namespace pglint::bench {

// Parses to the raw tree and frees it; false if it does not parse.
[[nodiscard]] bool bare_parse(const std::string& sql);

}  // namespace pglint::bench
