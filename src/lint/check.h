// The engine of `check`: replays each project, offers every statement to the
// rules that want it, and collects what they say.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "effect/effect.h"
#include "lint/rule.h"
#include "pglint/diagnostic.h"
#include "source/project.h"

namespace pglint::lint {

struct CheckOptions {
  effect::Target target;
  std::vector<std::pair<std::string, std::string>> session;  // --set NAME=VALUE
  std::vector<std::string> select;                           // empty: all that are on by default
  std::vector<std::string> ignore;
  std::vector<std::pair<std::string, Severity>> severity;  // from the configuration
  std::string today;                                       // 2026-11-22: for suppressions that expire
};

[[nodiscard]] Report check(const source::Sources& sources, const CheckOptions& options);

}  // namespace pglint::lint
