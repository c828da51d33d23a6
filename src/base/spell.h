// "Did you mean …": the known word that a misspelt one is closest to.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pglint {

// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`; `limit` + 1 if it takes more than
// `limit`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// The first of the closest of `known`, at most two edits away and fewer than half of its letters; empty if none is that
// close. Case does not count.
[[nodiscard]] std::string_view closest(std::string_view word, std::span<const std::string_view> known);

// "did you mean \"x\"?", or empty.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace pglint
