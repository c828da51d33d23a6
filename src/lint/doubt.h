// Which errors of the server stand and fall with what the history has made, so that they are in doubt where a part of
// it could not be followed.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace pglint::lint {

// What is there, of which kind, how many columns it has, and what depends on it. By the SQLSTATE (PostgreSQL docs,
// appendix A).
[[nodiscard]] inline bool is_about_history(std::string_view sqlstate) {
  constexpr std::array states =
      std::to_array<std::string_view>({"0A000", "2BP01", "3F000", "42601", "42701", "42703", "42704", "42710", "42809",
                                       "42883", "42P01", "42P06", "42P07", "42P10", "42P16"});
  return std::ranges::find(states, sqlstate) != states.end();
}

}  // namespace pglint::lint
