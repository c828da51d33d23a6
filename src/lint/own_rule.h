// Rules that a team writes in its configuration: a form of statement (pg/pattern.h), conditions on what the statement
// does, and words. They run like any other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "lint/rule.h"
#include "pg/pattern.h"
#include "pglint/lock.h"
#include "source/config.h"

namespace pglint::lint {

struct OwnRule : Rule {
  source::OwnRuleSetting written;
  std::vector<pg::Pattern> patterns;
  std::vector<pg::Pattern> except;
  LockMode lock = LockMode::none;
  Work work = Work::none;
  std::vector<int> tag_list;
  std::vector<int> command_list;
  std::string page;  // for `pglint explain`
};

// An Error names the place in the configuration. The rule keeps its address.
[[nodiscard]] Result<std::unique_ptr<OwnRule>> make_own_rule(const source::OwnRuleSetting& written);

}  // namespace pglint::lint
