// Patterns of paths and names, as people know them from .gitignore: `*` and `?` stay within a part, `**` does not.
#pragma once

#include <string_view>

namespace pglint {

// Whether the whole text fits. `separator` ends a part: '/' of a path, '.' of a relation's name. Time grows with the
// product of both lengths at worst, whatever the pattern.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text, char separator);

}  // namespace pglint
