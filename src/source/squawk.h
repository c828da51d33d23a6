// What a project has told squawk, another linter of migrations, so that people who come from there need not say it
// again: its configuration, and the comments that silence it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pglint::source {

// .squawk.toml, as squawk's documentation describes it.
struct SquawkConfig {
  std::vector<std::string> excluded_rules;
  std::vector<std::string> included_rules;
  std::vector<std::string> excluded_paths;  // patterns
  std::optional<int> pg_version;            // the major one
  bool assume_in_transaction = false;
  std::vector<std::string> other_keys;  // that are said to nobody but squawk
};

// An Error says what is wrong, with line and column where it is not TOML.
[[nodiscard]] Result<SquawkConfig> parse_squawk(std::string_view text);

// `-- squawk-ignore rule, rule` and `-- squawk-ignore-file`; without rules it means all of them.
struct SquawkIgnore {
  std::uint32_t line = 0;  // from 1
  bool whole_file = false;
  std::vector<std::string> rules;
};

[[nodiscard]] std::vector<SquawkIgnore> squawk_ignores(std::string_view sql);

}  // namespace pglint::source
