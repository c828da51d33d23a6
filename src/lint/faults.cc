#include "lint/faults.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spell.h"

namespace pglint::lint {
namespace {

constexpr std::string_view invalid = "invalid-suppression";

bool exists(std::string_view id, std::span<const Rule* const> rules) {
  return std::ranges::any_of(rules, [&](const Rule* rule) { return rule->id == id; });
}

Fault unknown_rule(std::string_view id, Span at, std::span<const Rule* const> rules) {
  std::vector<std::string_view> ids;
  for (const Rule* known : rules) ids.push_back(known->id);
  const std::string_view near = closest(id, ids);
  return {invalid, at, fmt::format("There is no rule {}", id), "The comment suppresses nothing.",
          near.empty() ? std::string("pglint rules lists the rules.")
                       : fmt::format("Write {}, if that is what it means.", near)};
}

}  // namespace

bool is_over(const source::Suppression& suppression, std::string_view today) {
  return !suppression.until.empty() && !today.empty() && suppression.until < today;
}

std::vector<Fault> faults(const source::Suppression& suppression, std::span<const Rule* const> rules,
                          std::string_view today, std::string_view mark) {
  if (!suppression.problem.empty())
    return {{invalid, suppression.at, fmt::format("This comment {}", suppression.problem), "It suppresses nothing.",
             fmt::format("Write {} pglint:ignore rule-id: the reason, with until=YYYY-MM-DD before the reason if it is "
                         "to end.",
                         mark)}};
  std::vector<Fault> found;
  if (is_over(suppression, today))
    found.push_back({"expired-suppression", suppression.at,
                     fmt::format("This suppression ended on {}", suppression.until), "What it hid is reported again.",
                     "Mend what it hides, or give the suppression a later date and say why."});
  for (std::size_t i = 0; i < suppression.rules.size(); ++i)
    if (!exists(suppression.rules[i], rules))
      found.push_back(unknown_rule(suppression.rules[i], suppression.rule_spans[i], rules));
  return found;
}

}  // namespace pglint::lint
