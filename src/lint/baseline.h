// Findings that a team has looked at and lives with: recorded once, and left out of reports from then on. An entry is
// found again wherever its statement goes, renamed files included; what is new is reported.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pglint/diagnostic.h"

namespace pglint::lint {

struct BaselineEntry {
  std::string fingerprint;  // of the rule and the statement
  std::string rule;
  std::string path;         // where it was when it was recorded: for readers alone
  std::uint32_t count = 1;  // equal findings

  friend bool operator==(const BaselineEntry&, const BaselineEntry&) = default;
};

struct Baseline {
  std::vector<BaselineEntry> entries;
};

// What would have to be recorded for the report to be empty; by path, rule and fingerprint.
[[nodiscard]] Baseline baseline_of(const Report& report);

// JSON, one entry a line, so that a change of it reads well; from_json() says in one line what is wrong with a text.
[[nodiscard]] std::string to_json(const Baseline& baseline);
[[nodiscard]] Result<Baseline> from_json(std::string_view text);

// Takes recorded findings out of the report; returns how many recorded ones were not found.
std::size_t apply(const Baseline& baseline, Report& report);

}  // namespace pglint::lint
