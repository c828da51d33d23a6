// A text of which some places get another text, and all other bytes are kept.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pglint {

struct Edit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string with = {};
};

// The edits stand in the order of their places and do not overlap.
[[nodiscard]] std::string edited(std::string_view text, const std::vector<Edit>& edits);

}  // namespace pglint
