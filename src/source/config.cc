#include "source/config.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/spell.h"
#include "source/encoding.h"
#include "source/path.h"
#include "source/runner.h"

namespace pglint::source {
namespace {

constexpr std::size_t most_bytes = std::size_t{1024} * 1024;
// yaml-cpp's scanner takes quadratic time on open brackets; nobody writes so many into a configuration.
constexpr std::size_t most_open = 64;

constexpr std::array<std::string_view, 11> keys = {"fail_on", "format", "ignore", "paths",   "pg_version", "rules",
                                                   "runner",  "schema", "select", "session", "transaction"};
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
        {node.Scalar(), static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)});
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

  Done rules(const YAML::Node& node) {
    if (!node.IsMap()) return wrong(node, "`rules` must be a map", "rules: {rule-id: warning}");
    for (const auto& pair : node) {
      if (!pair.first.IsScalar() || pair.first.Scalar().empty()) return wrong(pair.first, "a rule must be a name");
      const std::string& id = pair.first.Scalar();
      std::string level;
      if (auto read = one_of(pair.second, "severity", levels, level); !read) return read;
      name_rule(pair.first);
      config_.rules.push_back({id, severity(level)});
    }
    return true;
  }

  Done entry(const YAML::Node& name, const std::string& key, const YAML::Node& value) {
    if (key == "pg_version") return version(value);
    if (key == "transaction") return one_of(value, key, transactions, config_.transaction);
    if (key == "fail_on") return one_of(value, key, fail_levels, config_.fail_on);
    if (key == "session") return session(value);
    if (key == "rules") return rules(value);
    if (key == "select") return list(value, key, config_.select, true);
    if (key == "ignore") return list(value, key, config_.ignore, true);
    if (key == "format") return list(value, key, config_.format);
    if (key == "runner") {
      std::vector<std::string_view> known = runner_names();
      known.emplace_back("auto");
      return one_of(value, key, known, config_.runner);
    }
    if (key == "schema") {
      auto read = text(value, key, config_.schema);
      config_.schema = relative(config_.schema);
      return read;
    }
    if (key == "paths") {
      auto read = list(value, key, config_.paths);
      for (std::string& path : config_.paths) path = relative(path);
      return read;
    }
    return unknown(name, "key", key, keys);
  }

  std::string path_;
  std::string folder_;
  Config config_;
};

// True if more brackets are open at once than anybody means. Those in quotes and comments are counted as well: a text
// with so many of them is no configuration either.
bool opens_too_much(std::string_view text) {
  std::size_t open = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') {
      if (++open > most_open) return true;
    } else if ((c == ']' || c == '}') && open > 0) {
      --open;
    }
  }
  return false;
}

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

Result<Config> load_config(const std::string& path, const Files& files) {
  const std::string file = path.empty() ? find_config(".", files) : path;
  if (file.empty()) return Config{};
  const auto text = files.read(file);
  if (!text) return failed(file + ": " + text.error().message, text.error().hint);
  return parse_config(*text, file);
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
