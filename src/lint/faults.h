// What is wrong with a suppression itself, wherever the comment stands.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lint/rule.h"
#include "pglint/span.h"
#include "source/suppression.h"

namespace pglint::lint {

struct Fault {
  std::string_view rule;  // invalid-suppression, expired-suppression
  Span at = {};
  std::string message = {};
  std::string why = {};
  std::string help = {};
};

// `rules`: those that there are. `today`: 2026-11-22, or empty. `mark`: how a comment begins there, "--" or "#".
[[nodiscard]] std::vector<Fault> faults(const source::Suppression& suppression, std::span<const Rule* const> rules,
                                        std::string_view today, std::string_view mark);

// Whether its date has passed: then it hides nothing.
[[nodiscard]] bool is_over(const source::Suppression& suppression, std::string_view today);

}  // namespace pglint::lint
