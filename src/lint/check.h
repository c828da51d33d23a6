// The engine of `check`: replays each project, offers every statement to the
// rules that want it, and collects what they say.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/replay.h"
#include "lint/rule.h"
#include "pglint/diagnostic.h"
#include "source/project.h"

namespace pglint::lint {

struct CheckOptions {
  ReplayOptions replay;
  std::vector<std::string> select;  // rule ids; empty: all that are on by default
  std::vector<std::string> ignore;
  std::vector<std::pair<std::string, Severity>> severity;  // where the configuration changes it
  std::string today;                                       // 2026-11-22: suppressions with an earlier `until` are over
  bool fixable = false;                                    // ask the recipes of what is found, for Diagnostic::fixable
  unsigned jobs = 1;                                       // projects checked at once
};

// On unless it is asked for: every category but style.
[[nodiscard]] bool on_by_default(const Rule& rule);

// Ids that `options` names and no rule has are the caller's to refuse.
[[nodiscard]] Report check(const source::Sources& sources, std::span<const Rule* const> rules,
                           const CheckOptions& options);

}  // namespace pglint::lint
