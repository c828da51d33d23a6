// The engine of `check`: replays each project, offers every statement to the
// rules that want it, and collects what they say.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lint/replay.h"
#include "lint/rule.h"
#include "lint/selection.h"
#include "lint/sizes.h"
#include "pglint/diagnostic.h"
#include "source/project.h"

namespace pglint::lint {

struct CheckOptions {
  ReplayOptions replay;
  RuleChoice rules;
  TableSizes sizes;
  std::string today;     // 2026-11-22: suppressions with an earlier `until` are over
  std::string plans;     // statements of those that wait for a gate: what they are about is not unfinished business
  bool fixable = false;  // ask the recipes of what is found, for Diagnostic::fixable
  unsigned jobs = 1;     // projects checked at once
};

// Ids that `options` names and no rule has are the caller's to refuse.
[[nodiscard]] Report check(const source::Sources& sources, std::span<const Rule* const> rules,
                           const CheckOptions& options);

}  // namespace pglint::lint
