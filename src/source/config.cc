#include "source/config.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/spell.h"
#include "base/text.h"
#include "source/encoding.h"
#include "source/path.h"
#include "source/runner.h"

namespace pglint::source {
namespace {

constexpr std::size_t most_bytes = std::size_t{1024} * 1024;

// A file that extends another that extends another …: deeper, nobody knows any more what is in force.
constexpr std::size_t most_extended = 16;
constexpr std::size_t most_files = 64;

constexpr std::array keys = std::to_array<std::string_view>({
    "baseline",
    "extends",
    "fail_on",
    "format",
    "ignore",
    "overrides",
    "own_rules",
    "paths",
    "pg_version",
    "profile",
    "rules",
    "runner",
    "schema",
    "select",
    "session",
    "snapshot",
    "tables",
    "transaction",
});
constexpr std::array<std::string_view, 3> override_keys = {"ignore", "paths", "rules"};
constexpr std::array<std::string_view, 9> own_rule_keys = {"help",    "id",       "message", "names", "not",
                                                           "pattern", "severity", "when",    "why"};
constexpr std::array<std::string_view, 3> when_keys = {"lock", "table", "work"};
constexpr std::array<std::string_view, 4> table_keys = {"hot", "large_rows", "rows", "small_rows"};
constexpr std::array<std::string_view, 3> profiles = {"default", "strict", "style"};
constexpr std::array<std::string_view, 3> transactions = {"statement", "file", "all"};
constexpr std::array<std::string_view, 3> fail_levels = {"error", "warning", "never"};
constexpr std::array<std::string_view, 4> levels = {"error", "warning", "advice", "off"};

std::optional<Severity> severity(std::string_view level) {
  for (const Severity known : {Severity::advice, Severity::warning, Severity::error}) {
    if (level == name(known)) return known;
  }
  return std::nullopt;
}

// The first mistake, or what was read.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), folder_(parent(tidy(path))) { config_.path = path; }

  Result<Config> read(const YAML::Node& root) {
    if (!root.IsDefined() || root.IsNull()) return config_;
    if (!root.IsMap()) return failed(where(root) + "not a list of `key: value` lines", "known keys: " + words(keys));
    std::vector<std::string> seen;
    for (const auto& pair : root) {
      if (!pair.first.IsScalar()) return wrong(pair.first, "a key must be a word");
      const std::string& key = pair.first.Scalar();
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
        return wrong(pair.first, fmt::format("`{}` stands here a second time", key));
      }
      seen.push_back(key);
      if (auto read = entry(pair.first, key, pair.second); !read) return tl::unexpected(read.error());
    }
    return std::move(config_);
  }

 private:
  using Done = Result<bool>;

  std::string where(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    if (mark.is_null()) return path_ + ": ";
    return fmt::format("{}:{}:{}: ", path_, mark.line + 1, mark.column + 1);
  }
  tl::unexpected<Error> wrong(const YAML::Node& node, const std::string& what, std::string hint = {}) const {
    return failed(where(node) + what, std::move(hint));
  }
  static std::string words(std::span<const std::string_view> list) {
    std::string text;
    for (const std::string_view word : list) text.append(text.empty() ? "" : ", ").append(word);
    return text;
  }
  tl::unexpected<Error> unknown(const YAML::Node& node, std::string_view what, const std::string& word,
                                std::span<const std::string_view> known) const {
    std::string hint = did_you_mean(word, known);
    if (hint.empty()) hint = "known: " + words(known);
    return wrong(node, fmt::format("unknown {} `{}`", what, word), std::move(hint));
  }

  Done text(const YAML::Node& node, std::string_view key, std::string& to) const {
    if (!node.IsScalar() || node.Scalar().empty()) return wrong(node, fmt::format("`{}` must be one value", key));
    to = node.Scalar();
    return true;
  }

  Done one_of(const YAML::Node& node, std::string_view key, std::span<const std::string_view> known,
              std::string& to) const {
    if (auto read = text(node, key, to); !read) return read;
    if (std::find(known.begin(), known.end(), to) == known.end()) return unknown(node, key, to, known);
    return true;
  }

  // A list, or one value where a list of one is meant.
  Done list(const YAML::Node& node, std::string_view key, std::vector<std::string>& to, bool rules = false) {
    const auto add = [&](const YAML::Node& item) {
      if (rules) name_rule(item);
      to.push_back(item.Scalar());
    };
    if (node.IsScalar() && !node.Scalar().empty()) {
      add(node);
      return true;
    }
    if (!node.IsSequence()) return wrong(node, fmt::format("`{}` must be a list", key), fmt::format("{}: [a, b]", key));
    for (const auto& item : node) {
      if (!item.IsScalar() || item.Scalar().empty()) {
        return wrong(item, fmt::format("`{}` must be a list of single values", key));
      }
      add(item);
    }
    return true;
  }

  void name_rule(const YAML::Node& node) {
    const YAML::Mark mark = node.Mark();
    config_.rule_places.push_back(
        {node.Scalar(), path_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)});
  }

  std::string relative(const std::string& path) const {
    return path.starts_with('/') || path == "-" ? path : tidy(join(folder_, path));
  }

  Done version(const YAML::Node& node) {
    std::string word;
    if (auto read = text(node, "pg_version", word); !read) return read;
    int number = 0;
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (code != std::errc() || end != word.data() + word.size() || number < 12 || number > 18) {
      return wrong(node, fmt::format("`pg_version` is a number from 12 to 18, not `{}`", word),
                   "name the oldest server that the migrations must run on");
    }
    config_.pg_version = number;
    return true;
  }

  Done session(const YAML::Node& node) {
    if (!node.IsMap()) return wrong(node, "`session` must be a map", "session: {TimeZone: UTC}");
    for (const auto& pair : node) {
      if (!pair.first.IsScalar() || pair.first.Scalar().empty()) return wrong(pair.first, "a setting must be a name");
      std::string value;
      if (auto read = text(pair.second, pair.first.Scalar(), value); !read) return read;
      config_.session.emplace_back(pair.first.Scalar(), std::move(value));
    }
    return true;
  }

  Done rules(const YAML::Node& node, std::vector<RuleSetting>& to) {
    if (!node.IsMap()) return wrong(node, "`rules` must be a map", "rules: {rule-id: warning}");
    for (const auto& pair : node) {
      if (!pair.first.IsScalar() || pair.first.Scalar().empty()) return wrong(pair.first, "a rule must be a name");
      const std::string& id = pair.first.Scalar();
      std::string level;
      if (auto read = one_of(pair.second, "severity", levels, level); !read) return read;
      name_rule(pair.first);
      to.push_back({id, severity(level)});
    }
    return true;
  }

  // Patterns as they are written, from the configuration's own folder.
  Done patterns(const YAML::Node& node, std::vector<std::string>& to) {
    if (auto read = list(node, "paths", to); !read) return read;
    for (std::string& pattern : to)
      if (!pattern.starts_with('/') && !folder_.empty() && folder_ != ".") pattern = join(folder_, pattern);
    return true;
  }

  Done overrides(const YAML::Node& node) {
    constexpr std::string_view example = "overrides: [{paths: [legacy/**], ignore: [rename-column]}]";
    if (!node.IsSequence()) return wrong(node, "`overrides` must be a list", std::string(example));
    for (const auto& item : node) {
      if (!item.IsMap()) return wrong(item, "an override must be a map", std::string(example));
      ConfigOverride override;
      for (const auto& pair : item) {
        if (!pair.first.IsScalar()) return wrong(pair.first, "a key must be a word");
        const std::string& key = pair.first.Scalar();
        Done read = true;
        if (key == "paths") {
          read = patterns(pair.second, override.paths);
        } else if (key == "rules") {
          read = rules(pair.second, override.rules);
        } else if (key == "ignore") {
          std::vector<std::string> off;
          read = list(pair.second, key, off, true);
          for (std::string& id : off) override.rules.push_back({std::move(id), std::nullopt});
        } else {
          return unknown(pair.first, "key", key, override_keys);
        }
        if (!read) return read;
      }
      if (override.paths.empty()) return wrong(item, "an override needs `paths`", std::string(example));
      config_.overrides.push_back(std::move(override));
    }
    return true;
  }

  Done when(const YAML::Node& node, OwnRuleSetting& rule) const {
    if (!node.IsMap()) return wrong(node, "`when` must be a map", "when: {lock: ACCESS EXCLUSIVE, table: billing.*}");
    for (const auto& pair : node) {
      const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : std::string();
      if (std::ranges::find(when_keys, key) == when_keys.end()) return unknown(pair.first, "key", key, when_keys);
      if (auto read = text(pair.second, key, key == "lock" ? rule.lock : key == "work" ? rule.work : rule.table); !read)
        return read;
    }
    return true;
  }

  Done names(const YAML::Node& node, OwnRuleSetting& rule) const {
    if (!node.IsMap()) return wrong(node, "`names` must be a map", "names: {i: idx_*}");
    for (const auto& pair : node) {
      std::string hole;
      std::string pattern;
      if (auto read = text(pair.first, "names", hole); !read) return read;
      if (auto read = text(pair.second, hole, pattern); !read) return read;
      rule.names.emplace_back(hole.starts_with('$') ? hole.substr(1) : hole, std::move(pattern));
    }
    return true;
  }

  Done own_rule(const YAML::Node& node) {
    OwnRuleSetting rule;
    rule.where = where(node);
    for (const auto& pair : node) {
      const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : std::string();
      Done read = true;
      if (key == "id" || key == "message" || key == "why" || key == "help") {
        read = text(pair.second, key,
                    key == "id"        ? rule.id
                    : key == "message" ? rule.message
                    : key == "why"     ? rule.why
                                       : rule.help);
      } else if (key == "pattern" || key == "not") {
        read = list(pair.second, key, key == "not" ? rule.except : rule.patterns);
      } else if (key == "severity") {
        std::string level;
        read = one_of(pair.second, key, std::span(levels).first(3), level);
        rule.severity = severity(level);
      } else if (key == "when") {
        read = when(pair.second, rule);
      } else if (key == "names") {
        read = names(pair.second, rule);
      } else {
        return unknown(pair.first, "key", key, own_rule_keys);
      }
      if (!read) return read;
    }
    if (rule.id.empty() || rule.message.empty()) return wrong(node, "a rule needs an `id` and a `message`");
    const bool when = !rule.lock.empty() || !rule.work.empty() || !rule.table.empty();
    if (rule.patterns.empty() && !when) return wrong(node, "a rule needs a `pattern`, or a condition in `when`");
    if (std::ranges::any_of(config_.own_rules, [&](const OwnRuleSetting& other) { return other.id == rule.id; }))
      return wrong(node, fmt::format("the rule `{}` stands here a second time", rule.id));
    config_.own_rules.push_back(std::move(rule));
    return true;
  }

  Done own_rules(const YAML::Node& node) {
    constexpr std::string_view example =
        "own_rules: [{id: no-json, pattern: \"CREATE TABLE $t (..., $c json, ...)\", message: $t.$c is json}]";
    if (!node.IsSequence()) return wrong(node, "`own_rules` must be a list", std::string(example));
    for (const auto& item : node) {
      if (!item.IsMap()) return wrong(item, "a rule must be a map", std::string(example));
      if (auto read = own_rule(item); !read) return read;
    }
    return true;
  }

  Done count(const YAML::Node& node, std::string_view key, std::int64_t& to) const {
    std::string word;
    if (auto read = text(node, key, word); !read) return read;
    std::erase(word, '_');  // 1_000_000
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), to);
    if (code != std::errc() || end != word.data() + word.size() || to < 0)
      return wrong(node, fmt::format("`{}` is a number of rows, not `{}`", key, node.Scalar()));
    return true;
  }

  Done tables(const YAML::Node& node) {
    if (!node.IsMap()) return wrong(node, "`tables` must be a map", "tables: {small_rows: 100000, hot: [orders]}");
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) return wrong(pair.first, "a key must be a word");
      const std::string& key = pair.first.Scalar();
      Done read = true;
      if (key == "hot") {
        read = list(pair.second, key, config_.tables.hot);
      } else if (key == "small_rows" || key == "large_rows") {
        read = count(pair.second, key,
                     (key == "small_rows" ? config_.tables.small_rows : config_.tables.large_rows).emplace());
      } else if (key == "rows") {
        read = rows(pair.second);
      } else {
        return unknown(pair.first, "key", key, table_keys);
      }
      if (!read) return read;
    }
    if (config_.tables.small_rows && config_.tables.large_rows &&
        *config_.tables.small_rows > *config_.tables.large_rows)
      return wrong(node, "`small_rows` is more than `large_rows`");
    return true;
  }

  Done rows(const YAML::Node& node) {
    if (!node.IsMap()) return wrong(node, "`rows` must be a map", "rows: {public.orders: 50000000}");
    for (const auto& pair : node) {
      if (!pair.first.IsScalar() || pair.first.Scalar().empty()) return wrong(pair.first, "a table must be a name");
      std::int64_t number = 0;
      if (auto read = count(pair.second, pair.first.Scalar(), number); !read) return read;
      config_.tables.rows.emplace_back(pair.first.Scalar(), number);
    }
    return true;
  }

  Done file(const YAML::Node& node, std::string_view key, std::string& to) const {
    auto read = text(node, key, to);
    to = relative(to);
    return read;
  }

  Done entry(const YAML::Node& name, const std::string& key, const YAML::Node& value) {
    if (key == "pg_version") return version(value);
    if (key == "transaction") return one_of(value, key, transactions, config_.transaction);
    if (key == "fail_on") return one_of(value, key, fail_levels, config_.fail_on);
    if (key == "session") return session(value);
    if (key == "rules") return rules(value, config_.rules);
    if (key == "overrides") return overrides(value);
    if (key == "own_rules") return own_rules(value);
    if (key == "tables") return tables(value);
    if (key == "profile") return one_of(value, key, profiles, config_.profile);
    if (key == "select") return list(value, key, config_.select, true);
    if (key == "ignore") return list(value, key, config_.ignore, true);
    if (key == "format") return list(value, key, config_.format);
    if (key == "runner") {
      std::vector<std::string_view> known = runner_names();
      known.emplace_back("auto");
      return one_of(value, key, known, config_.runner);
    }
    if (key == "schema") return file(value, key, config_.schema);
    if (key == "baseline") return file(value, key, config_.baseline);
    if (key == "snapshot") return file(value, key, config_.snapshot);
    if (key == "paths" || key == "extends") {
      std::vector<std::string>& to = key == "paths" ? config_.paths : config_.extends;
      auto read = list(value, key, to);
      for (std::string& path : to) path = relative(path);
      return read;
    }
    return unknown(name, "key", key, keys);
  }

  std::string path_;
  std::string folder_;
  Config config_;
};

}  // namespace

std::string find_config(const std::string& folder, const Files& files) {
  constexpr int most_levels = 64;
  std::string at = tidy(folder);
  std::string identity = files.identity(at);
  for (int i = 0; i < most_levels && !at.empty(); ++i) {
    std::string path = join(at, config_name);
    if (files.exists(path)) return path;
    at = parent(at);
    std::string outer = files.identity(at);
    if (outer == identity) break;  // ".." of the root is the root
    identity = std::move(outer);
  }
  return {};
}

namespace {

// What stands beneath gives way to what is said on top of it.
void put_beneath(Config&& base, Config& config) {
  const auto scalar = [](auto& to, auto& from) {
    if (to == std::decay_t<decltype(to)>{}) to = std::move(from);
  };
  scalar(config.pg_version, base.pg_version);
  for (std::string Config::*field : {&Config::runner, &Config::transaction, &Config::schema, &Config::profile,
                                     &Config::baseline, &Config::snapshot, &Config::fail_on})
    scalar(config.*field, base.*field);
  for (std::vector<std::string> Config::*field : {&Config::paths, &Config::select, &Config::format})
    scalar(config.*field, base.*field);
  scalar(config.tables.small_rows, base.tables.small_rows);
  scalar(config.tables.large_rows, base.tables.large_rows);
  const auto both = [](auto& to, auto& from) {
    from.insert(from.end(), std::make_move_iterator(to.begin()), std::make_move_iterator(to.end()));
    to = std::move(from);
  };
  both(config.session, base.session);
  both(config.ignore, base.ignore);
  both(config.rules, base.rules);
  both(config.overrides, base.overrides);
  // One of the same id stands for that beneath it.
  std::erase_if(base.own_rules, [&](const OwnRuleSetting& rule) {
    return std::ranges::find(config.own_rules, rule.id, &OwnRuleSetting::id) != config.own_rules.end();
  });
  both(config.own_rules, base.own_rules);
  both(config.tables.hot, base.tables.hot);
  both(config.rule_places, base.rule_places);
  config.tables.rows.insert(config.tables.rows.end(), base.tables.rows.begin(), base.tables.rows.end());
}

// `open`: the files that led here. `left`: how many more may be read.
Result<Config> load_with_bases(const std::string& path, const Files& files, std::vector<std::string>& open,
                               std::size_t& left) {
  if (left == 0 || open.size() >= most_extended) return failed(path + ": too many files extend each other");
  --left;
  const auto text = files.read(path);
  if (!text) return failed(path + ": " + text.error().message, text.error().hint);
  Result<Config> config = parse_config(*text, path);
  if (!config) return config;
  open.push_back(files.identity(path));
  // The last one stands highest.
  for (auto base = config->extends.rbegin(); base != config->extends.rend(); ++base) {
    if (std::ranges::find(open, files.identity(*base)) != open.end())
      return failed(fmt::format("{}: extends {}, which extends it", path, *base));
    Result<Config> beneath = load_with_bases(*base, files, open, left);
    if (!beneath) return beneath;
    put_beneath(std::move(*beneath), *config);
  }
  open.pop_back();
  return config;
}

}  // namespace

Result<Config> load_config(const std::string& path, const Files& files) {
  const std::string file = path.empty() ? find_config(".", files) : path;
  if (file.empty()) return Config{};
  std::vector<std::string> open;
  std::size_t left = most_files;
  return load_with_bases(file, files, open, left);
}

Result<Config> parse_config(std::string_view text, const std::string& path) {
  if (text.size() > most_bytes) return failed(path + ": is larger than 1 MiB", "a configuration is not");
  if (const auto failure = encoding_failure(text)) return failed(path + ": " + failure->message);
  if (opens_too_much(text)) return failed(path + ": opens too many brackets", "a configuration has one or two levels");
  // The only place where yaml-cpp is called to read: it throws.
  try {
    return Reader(path).read(YAML::Load(std::string(text)));
  } catch (const YAML::Exception& exception) {
    if (exception.mark.is_null()) return failed(path + ": is not valid YAML: " + exception.msg);
    return failed(fmt::format("{}:{}:{}: is not valid YAML: {}", path, exception.mark.line + 1,
                              exception.mark.column + 1, exception.msg));
  }
}

}  // namespace pglint::source
