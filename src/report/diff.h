// A unified diff as git writes it, that `git apply` and `patch -p1` take.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pglint::report {

// Empty where nothing changes. `before` is nothing for a file that is new. `path` is relative, with slashes.
// Space is linear; where two texts have so little in common that the shortest diff would take long, it is a longer one.
[[nodiscard]] std::string unified_diff(std::string_view path, std::optional<std::string_view> before,
                                       std::string_view after);

}  // namespace pglint::report
