// Which rules run on a file, and how severe each is there: what the configuration and the command line make of the
// rules' own defaults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lint/rule.h"
#include "pglint/diagnostic.h"

namespace pglint::lint {

// `standard`: all rules but those about style. `style`: those as well. `strict`: policies are warnings, not advice.
enum class Profile : std::uint8_t { standard, strict, style };

// A rule, or `all` of them, is off or has that severity. Whoever gives a rule of style a severity turns it on.
struct RuleLevel {
  std::string rule;
  std::optional<Severity> severity;  // none: off
};

// For the files that one of the patterns fits (base/glob.h).
struct Override {
  std::vector<std::string> paths;
  std::vector<RuleLevel> levels;
};

struct RuleChoice {
  Profile profile = Profile::standard;
  std::vector<std::string> select = {};  // rule ids; empty: what the profile has
  std::vector<std::string> ignore = {};  // likewise, and `all`
  std::vector<RuleLevel> levels = {};    // in order: the last one of a rule counts
  std::vector<Override> overrides = {};
};

// Of a rule; none: off. `overrides`: indexes into choice.overrides, in order.
[[nodiscard]] std::optional<Severity> level_of(const Rule& rule, const RuleChoice& choice,
                                               std::span<const std::size_t> overrides = {});

// Those that a file falls under.
[[nodiscard]] std::vector<std::size_t> overrides_of(const RuleChoice& choice, std::string_view path);

// Types of the commands of ALTER TABLE.
class Commands {
 public:
  [[nodiscard]] static Commands all() { return {~std::uint64_t{0}, ~std::uint64_t{0}}; }
  Commands() = default;
  void add(int type) {
    bits_[static_cast<unsigned>(type) / 64 % 2] |= std::uint64_t{1} << static_cast<unsigned>(type) % 64;
  }
  [[nodiscard]] bool meets(const Commands& other) const {
    return ((bits_[0] & other.bits_[0]) | (bits_[1] & other.bits_[1])) != 0;
  }

 private:
  Commands(std::uint64_t low, std::uint64_t high) : bits_{low, high} {}
  std::uint64_t bits_[2] = {};
};

// The rules that are on, by the statements that they want to see.
class Selection {
 public:
  struct Entry {
    const Rule* rule;
    Severity severity;
    Commands commands = Commands::all();  // of an ALTER TABLE, one of them
  };

  Selection(std::span<const Rule* const> rules, const RuleChoice& choice, int pg_version,
            std::span<const std::size_t> overrides);

  [[nodiscard]] const std::vector<Entry>& of(int tag) const {
    const auto index = static_cast<std::size_t>(tag);
    return index < by_tag_.size() ? by_tag_[index] : every_;
  }
  // Whether a rule asks about such a statement even where it commits by itself.
  [[nodiscard]] bool asks_about(int tag) const { return asks_about_all_ || asked(tag, &Asked::at_all); }
  // Whether it asks what the statement does, too.
  [[nodiscard]] bool asks_for_effects(int tag) const { return asks_about_all_ || asked(tag, &Asked::effects); }
  // A rule that the engine raises by itself; null if it is off.
  [[nodiscard]] const Entry* engine(std::string_view id) const;
  [[nodiscard]] bool exists(std::string_view id) const;
  [[nodiscard]] bool is_on(std::string_view id) const;
  [[nodiscard]] bool is_about_project(std::string_view id) const;
  [[nodiscard]] std::span<const Rule* const> all() const { return all_; }

 private:
  struct Asked {
    bool at_all = false;
    bool effects = false;
  };
  [[nodiscard]] bool asked(int tag, bool Asked::*what) const {
    const auto index = static_cast<std::size_t>(tag);
    return index < tagged_.size() && tagged_[index].*what;
  }

  std::span<const Rule* const> all_;
  std::vector<const Rule*> on_;
  std::vector<std::vector<Entry>> by_tag_;
  std::vector<Entry> every_;   // rules without tags
  std::vector<Asked> tagged_;  // by tag
  bool asks_about_all_ = false;
  std::vector<Entry> engine_;
};

}  // namespace pglint::lint
