// The configuration file, .pglint.yml. What it says is checked as it is read; an error names line and column.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "pglint/diagnostic.h"
#include "source/files.h"

namespace pglint::source {

// One line of `rules:`.
struct RuleSetting {
  std::string rule;
  std::optional<Severity> severity;  // none: off
};

// Where the configuration names a rule, for the caller to look up: this floor knows none.
struct RulePlace {
  std::string rule;
  std::string path;          // of the file
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1
};

// Other severities for some files.
struct ConfigOverride {
  std::vector<std::string> paths;  // patterns, relative to where pglint was started
  std::vector<RuleSetting> rules;
};

// One entry of `own_rules:`, a rule that a team wrote for itself. What the words mean is for the caller: this floor
// knows neither rules nor locks.
struct OwnRuleSetting {
  std::string where = {};  // ".pglint.yml:12:5: ", for messages
  std::string id = {};
  std::vector<std::string> patterns = {};  // one of which fits; none: every statement
  std::vector<std::string> except = {};    // none of which fits
  // What holes of the patterns have to be called, by patterns of names: something is found where one is not.
  std::vector<std::pair<std::string, std::string>> names = {};
  std::string lock = {};   // of `when`: at least so strong, on a table that is in use
  std::string work = {};   // likewise
  std::string table = {};  // a pattern of names
  std::optional<Severity> severity = {};
  std::string message = {};
  std::string why = {};
  std::string help = {};
};

// `tables:`, how large and how busy they are.
struct ConfigTables {
  std::optional<std::int64_t> small_rows;
  std::optional<std::int64_t> large_rows;
  std::vector<std::string> hot;
  std::vector<std::pair<std::string, std::int64_t>> rows;
};

struct Config {
  std::string path;  // the file; empty if there is none
  std::optional<int> pg_version;
  std::string runner;              // empty where nothing is said, here and below
  std::vector<std::string> paths;  // relative to where pglint was started, and so is `schema`
  std::string transaction;         // statement, file, all
  std::string schema;
  std::vector<std::pair<std::string, std::string>> session;
  std::vector<std::string> select;
  std::vector<std::string> ignore;
  std::string profile;             // default, strict, style
  std::vector<RuleSetting> rules;  // in order: the last one of a rule counts
  std::vector<ConfigOverride> overrides;
  std::vector<OwnRuleSetting> own_rules;
  ConfigTables tables;
  std::string baseline;  // relative to where pglint was started, and so is `snapshot`
  std::string snapshot;
  std::string fail_on;                 // error, warning, never
  std::vector<std::string> format;     // as after --format
  std::vector<std::string> extends;    // files that stand beneath this one, relative to where pglint was started
  std::vector<RulePlace> rule_places;  // of select, ignore and rules, in the order of the file
};

inline constexpr std::string_view config_name = ".pglint.yml";

// The nearest .pglint.yml in `folder` or above it; empty if there is none.
[[nodiscard]] std::string find_config(const std::string& folder, const Files& files);

// The file of that name, on top of those it extends; with an empty one the nearest from the current folder up, and
// without one there nothing is set.
[[nodiscard]] Result<Config> load_config(const std::string& path, const Files& files);

// The text of one alone; `path` is for messages and for what is relative to its folder.
[[nodiscard]] Result<Config> parse_config(std::string_view text, const std::string& path);

}  // namespace pglint::source
