#include "lint/own_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/glob.h"
#include "base/spell.h"
#include "lint/context.h"
#include "lint/sizes.h"
#include "lint/words.h"

namespace pglint::lint {
namespace {

constexpr std::array all_modes = {
    LockMode::access_share, LockMode::row_share,           LockMode::row_exclusive, LockMode::share_update_exclusive,
    LockMode::share,        LockMode::share_row_exclusive, LockMode::exclusive,     LockMode::access_exclusive};

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

bool has_condition(const OwnRule& rule) {
  return rule.lock != LockMode::none || rule.work != Work::none || !rule.written.table.empty();
}

// The relation of which all that `when` says is true. Of a table that the migration has made nobody minds a lock.
const effect::RelationEffect* relation_of(const OwnRule& rule, const Context& context) {
  for (const effect::RelationEffect& effect : context.effects->relations) {
    const bool asks = rule.lock != LockMode::none || rule.work != Work::none;
    if (asks && effect.is_new) continue;
    if (rule.lock != LockMode::none && effect.lock < rule.lock) continue;
    if (rule.work != Work::none && !has(effect.work, rule.work)) continue;
    const auto text = [&](Symbol name) { return context.catalog->text(name); };
    if (rule.written.table.empty() || fits_relation(rule.written.table, text(effect.schema), text(effect.name)))
      return &effect;
  }
  return nullptr;
}

struct Words {
  const OwnRule& rule;
  const Context& context;
  const pg::Pattern* pattern;
  const pg::Pattern::Match* match;
  const effect::RelationEffect* relation;

  [[nodiscard]] std::optional<std::string> hole(std::string_view name) const {
    if (pattern != nullptr) {
      const auto found = std::ranges::find(pattern->holes(), name);
      if (found != pattern->holes().end()) {
        const std::string_view value = match->names[static_cast<std::size_t>(found - pattern->holes().begin())];
        return value.empty() ? std::nullopt : std::optional(quoted(value));
      }
    }
    if (relation != nullptr && name == "table") return context.display(*relation);
    if (relation != nullptr && name == "lock") return std::string(pglint::name(relation->lock));
    return std::nullopt;
  }

  // $name is what stands there; where nothing does it is left.
  [[nodiscard]] std::string filled_in(std::string_view text) const {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      std::size_t end = i + 1;
      if (text[i] == '$')
        while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
          ++end;
      std::string name(text.substr(i + 1, end - i - 1));
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      const std::optional<std::string> value = text[i] == '$' && end > i + 1 ? hole(name) : std::nullopt;
      out += value ? *value : std::string(text.substr(i, end - i));
      i = end;
    }
    return out;
  }
};

void report(const OwnRule& rule, const Context& context, const pg::Pattern* pattern, const pg::Pattern::Match* match,
            const effect::RelationEffect* relation) {
  const Words words{rule, context, pattern, match, relation};
  const bool command = match != nullptr && match->command != pg::Pattern::whole;
  context.report({
      .at = command ? context.command(match->command) : context.first_word(),
      .message = words.filled_in(rule.written.message),
      .why = words.filled_in(rule.written.why),
      .help = words.filled_in(rule.written.help),
      .relation = relation,
  });
}

// Whether something is not called what it has to be called, if the rule says how.
bool is_misnamed(const OwnRule& rule, const pg::Pattern& pattern, const pg::Pattern::Match& match) {
  if (rule.written.names.empty()) return true;
  return std::ranges::any_of(rule.written.names, [&](const auto& wanted) {
    const auto hole = std::ranges::find(pattern.holes(), wanted.first);
    if (hole == pattern.holes().end()) return false;
    const std::string_view name = match.names[static_cast<std::size_t>(hole - pattern.holes().begin())];
    return !name.empty() && !glob_matches(wanted.second, name, '/');
  });
}

void check(const Context& context) {
  const auto& rule = static_cast<const OwnRule&>(*context.rule);
  const effect::RelationEffect* relation = nullptr;
  if (has_condition(rule)) {
    relation = relation_of(rule, context);
    if (relation == nullptr) return;
  }
  const auto excepted = [&] {
    return std::ranges::any_of(rule.except, [&](const pg::Pattern& one) { return !one.match(context.node).empty(); });
  };
  if (rule.patterns.empty()) {
    if (!excepted()) report(rule, context, nullptr, nullptr, relation);
    return;
  }
  for (const pg::Pattern& pattern : rule.patterns) {
    const std::vector<pg::Pattern::Match> found = pattern.match(context.node);
    if (found.empty()) continue;
    if (excepted()) return;
    for (const pg::Pattern::Match& match : found)
      if (is_misnamed(rule, pattern, match)) report(rule, context, &pattern, &match, relation);
    return;
  }
}

// Statements that lock no table beyond what every query does; whoever asks for a stronger lock need not look at them.
constexpr std::array lock_lightly =
    std::to_array<int>({T_SelectStmt, T_InsertStmt, T_UpdateStmt, T_DeleteStmt, T_MergeStmt, T_VariableSetStmt,
                        T_VariableShowStmt, T_TransactionStmt, T_GrantStmt, T_GrantRoleStmt, T_NotifyStmt});

std::vector<int> tags_beyond_queries() {
  constexpr std::array all = std::to_array<int>({
#define PGLINT_NODE(Type) T_##Type,
#include "pg/node_tags.inc"
#undef PGLINT_NODE
  });
  std::vector<int> tags;
  for (const int tag : all)
    if (std::ranges::find(lock_lightly, tag) == lock_lightly.end()) tags.push_back(tag);
  return tags;
}

Result<std::vector<pg::Pattern>> patterns(const std::vector<std::string>& written, const std::string& where) {
  std::vector<pg::Pattern> out;
  for (const std::string& sql : written) {
    Result<pg::Pattern> pattern = pg::Pattern::parse(sql);
    if (!pattern) return failed(fmt::format("{}`{}`: {}", where, sql, pattern.error().message), pattern.error().hint);
    out.push_back(std::move(*pattern));
  }
  return out;
}

std::string page_of(const OwnRule& rule) {
  std::string page = fmt::format("# {}\n\n{}\n", rule.written.id, rule.written.message);
  for (const std::string* part : {&rule.written.why, &rule.written.help})
    if (!part->empty()) page += fmt::format("\n{}\n", *part);
  if (!rule.written.patterns.empty()) page += "\n## Finds\n\n```sql\n";
  for (const std::string& sql : rule.written.patterns) page += fmt::format("{};\n", sql);
  if (!rule.written.patterns.empty()) page += "```\n";
  if (!rule.written.except.empty()) page += "\n## But not\n\n```sql\n";
  for (const std::string& sql : rule.written.except) page += fmt::format("{};\n", sql);
  if (!rule.written.except.empty()) page += "```\n";
  for (const auto& [what, value] :
       {std::pair("It locks a table that is in use with", &rule.written.lock),
        std::pair("Its work is", &rule.written.work), std::pair("The table is", &rule.written.table)})
    if (!value->empty()) page += fmt::format("\n{} {}.\n", what, *value);
  return page;
}

}  // namespace

Result<std::unique_ptr<OwnRule>> make_own_rule(const source::OwnRuleSetting& written) {
  auto rule = std::make_unique<OwnRule>();
  rule->written = written;
  if (written.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
    return failed(fmt::format("{}`{}` is no id of a rule", written.where, written.id),
                  "write it as in no-json-columns");
  for (const auto& [from, to] :
       {std::pair(&written.patterns, &rule->patterns), std::pair(&written.except, &rule->except)}) {
    Result<std::vector<pg::Pattern>> read = patterns(*from, written.where);
    if (!read) return tl::unexpected(read.error());
    *to = std::move(*read);
  }
  for (const auto& [hole, pattern] : written.names)
    if (std::ranges::none_of(rule->patterns, [&hole = hole](const pg::Pattern& one) {
          return std::ranges::find(one.holes(), hole) != one.holes().end();
        }))
      return failed(fmt::format("{}`names` speaks of ${}, which no pattern has", written.where, hole));
  if (!written.lock.empty()) {
    const auto mode = std::ranges::find(all_modes, upper(written.lock), [](LockMode one) { return name(one); });
    if (mode == all_modes.end())
      return failed(fmt::format("{}there is no lock mode `{}`", written.where, written.lock),
                    "as in lock: SHARE ROW EXCLUSIVE");
    rule->lock = *mode;
  }
  if (!written.work.empty()) {
    const auto work = std::ranges::find(all_work, written.work, [](Work one) { return name(one); });
    if (work == all_work.end())
      return failed(fmt::format("{}there is no work `{}`", written.where, written.work),
                    "scan, rewrite, index_build, catalog or wait");
    rule->work = *work;
  }
  if (rule->patterns.empty() && rule->lock > LockMode::row_exclusive) rule->tag_list = tags_beyond_queries();
  bool all_commands = rule->patterns.empty();
  for (const pg::Pattern& pattern : rule->patterns) {
    rule->tag_list.push_back(pattern.tag());
    rule->command_list.insert(rule->command_list.end(), pattern.commands().begin(), pattern.commands().end());
    all_commands = all_commands || (pattern.tag() == T_AlterTableStmt && pattern.commands().empty());
  }
  if (all_commands) rule->command_list.clear();
  std::ranges::sort(rule->tag_list);
  rule->tag_list.erase(std::unique(rule->tag_list.begin(), rule->tag_list.end()), rule->tag_list.end());
  rule->id = rule->written.id;
  rule->category = Category::policy;
  rule->severity = written.severity.value_or(Severity::warning);
  rule->summary = rule->written.message;
  rule->tags = rule->tag_list;
  rule->commands = rule->command_list;
  rule->check = check;
  rule->effects = has_condition(*rule);
  rule->page = page_of(*rule);
  return rule;
}

}  // namespace pglint::lint
