#include "lint/selection.h"

#include <algorithm>

#include "base/glob.h"

namespace pglint::lint {
namespace {

bool names(const std::vector<std::string>& ids, std::string_view id) {
  return std::ranges::any_of(ids, [&](const std::string& one) { return one == id || one == "all"; });
}

bool in_profile(const Rule& rule, Profile profile) {
  return rule.category != Category::style || profile == Profile::style;
}

Severity severity_in(const Rule& rule, Profile profile) {
  const bool raised = profile == Profile::strict && rule.category == Category::policy;
  return raised ? std::max(rule.severity, Severity::warning) : rule.severity;
}

}  // namespace

std::optional<Severity> level_of(const Rule& rule, const RuleChoice& choice, std::span<const std::size_t> overrides) {
  const bool selected = choice.select.empty() ? in_profile(rule, choice.profile) : names(choice.select, rule.id);
  std::optional<Severity> level;
  if (selected) level = severity_in(rule, choice.profile);
  const auto apply = [&](const std::vector<RuleLevel>& levels) {
    for (const RuleLevel& at : levels)
      if ((at.rule == rule.id || at.rule == "all") && (selected || choice.select.empty())) level = at.severity;
  };
  apply(choice.levels);
  for (const std::size_t i : overrides) apply(choice.overrides[i].levels);
  if (names(choice.ignore, rule.id)) level.reset();
  return level;
}

std::vector<std::size_t> overrides_of(const RuleChoice& choice, std::string_view path) {
  std::vector<std::size_t> those;
  for (std::size_t i = 0; i < choice.overrides.size(); ++i)
    if (std::ranges::any_of(choice.overrides[i].paths,
                            [&](const std::string& pattern) { return glob_matches(pattern, path, '/'); }))
      those.push_back(i);
  return those;
}

Selection::Selection(std::span<const Rule* const> rules, const RuleChoice& choice, int pg_version,
                     std::span<const std::size_t> overrides)
    : all_(rules) {
  std::vector<Entry> tagged;
  std::size_t largest = 0;
  for (const Rule* rule : rules) {
    const std::optional<Severity> level = level_of(*rule, choice, overrides);
    if (!level || pg_version < rule->from_pg || pg_version > rule->to_pg) continue;
    Entry entry{rule, *level};
    if (!rule->commands.empty()) entry.commands = {};
    for (const int command : rule->commands) entry.commands.add(command);
    on_.push_back(rule);
    if (rule->check == nullptr) {
      engine_.push_back(entry);
    } else if (rule->tags.empty()) {
      every_.push_back(entry);
      asks_about_all_ = asks_about_all_ || rule->subject != Subject::transaction;
    } else {
      tagged.push_back(entry);
      for (const std::span<const int> tags : {rule->tags, rule->in_transaction})
        for (const int tag : tags) largest = std::max(largest, static_cast<std::size_t>(tag));
    }
  }
  by_tag_.assign(largest + 1, every_);
  tagged_.assign(largest + 1, {});
  for (const Entry& entry : tagged) {
    for (const int tag : entry.rule->in_transaction) by_tag_[static_cast<std::size_t>(tag)].push_back(entry);
    for (const int tag : entry.rule->tags) {
      by_tag_[static_cast<std::size_t>(tag)].push_back(entry);
      Asked& asked = tagged_[static_cast<std::size_t>(tag)];
      asked.at_all = true;
      asked.effects = asked.effects || entry.rule->effects;
    }
  }
}

const Selection::Entry* Selection::engine(std::string_view id) const {
  const auto found = std::ranges::find_if(engine_, [&](const Entry& entry) { return entry.rule->id == id; });
  return found == engine_.end() ? nullptr : &*found;
}

bool Selection::exists(std::string_view id) const {
  return std::ranges::any_of(all_, [&](const Rule* rule) { return rule->id == id; });
}

bool Selection::is_on(std::string_view id) const {
  return std::ranges::any_of(on_, [&](const Rule* rule) { return rule->id == id; });
}

bool Selection::is_about_project(std::string_view id) const {
  return std::ranges::any_of(all_,
                             [&](const Rule* rule) { return rule->id == id && rule->subject == Subject::project; });
}

}  // namespace pglint::lint
