#include "base/spell.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace pglint {
namespace {

// Nobody misspells a longer word of ours by two letters; longer input is not worth the time.
constexpr std::size_t longest = 64;
constexpr std::size_t most_edits = 2;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t difference = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > limit || a.size() > longest || b.size() > longest) return limit + 1;

  // Three rows of the usual table: a swap of neighbours looks two rows back.
  using Row = std::array<std::size_t, longest + 1>;
  Row before{};
  Row last{};
  Row now{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    std::size_t best = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
      best = std::min(best, now[j]);
    }
    if (best > limit) return limit + 1;
    before = last;
    last = now;
  }
  return std::min(last[b.size()], limit + 1);
}

std::string_view closest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view found;
  std::size_t fewest = most_edits + 1;
  for (const std::string_view candidate : known) {
    const std::size_t edits = edit_distance(word, candidate, most_edits);
    if (edits < fewest && edits * 2 < candidate.size()) {
      found = candidate;
      fewest = edits;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view found = closest(word, known);
  if (found.empty()) return {};
  return "did you mean \"" + std::string(found) + "\"?";
}

}  // namespace pglint
