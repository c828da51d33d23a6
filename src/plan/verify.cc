#include "plan/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "catalog/dump.h"
#include "pg/lexer.h"
#include "recipe/sql.h"

namespace pglint::plan {
namespace {

// The expressions of an index or a check, which stand in brackets, without the names in them that are none of
// functions: one that was written before a column was renamed keeps its old name. Which columns it names is said beside
// it.
std::string without_column_names(const std::string& line) {
  if (line.find(" index on ") == std::string::npos && line.find(" check ") == std::string::npos) return line;
  std::string out;
  const std::vector<pg::Token> tokens = pg::tokens(line, 0);
  std::size_t from = 0;
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const pg::Token& token = tokens[i];
    if (token.kind == pg::TokenKind::symbol)
      depth += line[token.span.begin] == '[' ? 1 : line[token.span.begin] == ']' ? -1 : 0;
    if (depth == 0 || (token.kind != pg::TokenKind::word && token.kind != pg::TokenKind::quoted_name)) continue;
    if (i + 1 < tokens.size() && line[tokens[i + 1].span.begin] == '(') continue;
    out += line.substr(from, token.span.begin - from) + "?";
    from = token.span.end;
  }
  return out + line.substr(from);
}

// The schema at the end, one line per object, without what two ways to the same end may differ in: when an object was
// made, and where among the columns one stands.
std::vector<std::string> shape(const catalog::Catalog& catalog) {
  std::vector<std::string> out;
  std::istringstream lines(catalog::dump(catalog));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("session ")) continue;
    std::string kept;
    for (std::size_t i = 0; i < line.size(); ++i) {
      // " @12.34" and " validated@…"
      if (line[i] == '@' && i > 0 &&
          (line[i - 1] == ' ' || line.compare(i >= 10 ? i - 10 : 0, 10, " validated") == 0)) {
        while (!kept.empty() && (kept.back() == ' ')) kept.pop_back();
        if (kept.ends_with(" validated")) kept.resize(kept.size() - std::string_view(" validated").size());
        ++i;
        while (i < line.size() && (line[i] == '.' || (line[i] >= '0' && line[i] <= '9'))) ++i;
        --i;
        continue;
      }
      kept += line[i];
    }
    if (const std::size_t at = kept.find(" column "); at != std::string::npos && at + 12 < kept.size())
      kept.erase(at + 8, 5);  // the number
    if (const std::size_t at = kept.find(" concurrently"); at != std::string::npos)
      kept.erase(at, std::string_view(" concurrently").size());
    out.push_back(without_column_names(kept));
  }
  std::sort(out.begin(), out.end());
  return out;
}

class EndState final : public lint::Observer {
 public:
  void begin_file(const source::Project& /*project*/, const source::Migration& migration) override {
    path_ = migration.id;
  }
  void statement(const lint::Moment& moment) override {
    if (catalog_ == nullptr) first_ = moment.catalog.now.migration;
    catalog_ = &moment.catalog;
    // What the plan has made has next to no rows: what a foreign key of it asks of another table is soon answered.
    const effect::RelationEffect* target = moment.effects.target();
    const bool of_new = target != nullptr && is_of_plan(*target);
    for (const effect::RelationEffect& effect : moment.effects.relations) {
      if (effect.lock <= LockMode::row_share) continue;
      const std::string name = moment.catalog.qualified(effect.schema, effect.name);
      // New for everybody else, or made by a step before: nobody waits.
      if (is_of_plan(effect)) continue;
      auto& locks = effects[path_];
      const auto found = std::ranges::find(locks, name, &StepLock::relation);
      StepLock& lock = found == locks.end() ? locks.emplace_back(StepLock{name, LockMode::none, Work::none}) : *found;
      lock.mode = std::max(lock.mode, effect.lock);
      lock.work |= effect.work;
      if (of_new && effect.because == effect::Because::references) continue;
      if (grows_with_table(effect.work) && blocks_writes(effect.lock) && harmful.empty())
        harmful = fmt::format("the step {} would hold {} on {} while it works on all rows", path_,
                              pglint::name(effect.lock), name);
    }
    if (moment.effects.has_error && error.empty())
      error = fmt::format("the step {} would fail: {}", path_, moment.effects.error.message);
  }
  void syntax_error(const pg::Parsed& parsed) override {
    if (error.empty()) error = fmt::format("the step {} does not parse: {}", path_, parsed.error->message);
  }
  void end_file(const source::Migration& migration, const std::vector<pg::Comment>& /*comments*/,
                const std::vector<Span>& /*statements*/) override {
    if (&migration == last && catalog_ != nullptr) lines = shape(*catalog_);
  }

  const source::Migration* last = nullptr;
  std::map<std::string, std::vector<StepLock>> effects;  // by step id
  std::string error;
  std::string harmful;
  std::vector<std::string> lines;

 private:
  [[nodiscard]] bool is_of_plan(const effect::RelationEffect& effect) const {
    return effect.is_new || (effect.relation != nullptr && effect.relation->created.migration >= first_);
  }

  std::string path_;
  const catalog::Catalog* catalog_ = nullptr;
  std::uint32_t first_ = 0;  // ordinal of the plan's first step
};

source::Migration migration_of(const std::string& id, const std::vector<std::string>& statements, bool wrapped) {
  source::Migration migration;
  migration.id = id;
  migration.path = id;
  migration.wrapped = wrapped;
  for (const std::string& sql : statements) {
    source::Script script;
    script.range.begin = static_cast<std::uint32_t>(migration.text.size());
    migration.text += sql;
    script.range.end = static_cast<std::uint32_t>(migration.text.size());
    script.sent = Sent::simple_query;
    migration.text += ";\n";
    migration.scripts.push_back(script);
  }
  return migration;
}

}  // namespace

std::optional<std::string> verify(const source::Project& project, const std::vector<std::size_t>& migrations,
                                  const lint::ReplayOptions& options, Plan& plan) {
  source::Project original = project;
  source::Project phased = project;
  phased.pending_known = original.pending_known = false;
  phased.wrapped_run = false;
  phased.migrations.clear();
  for (std::size_t i = 0; i < project.migrations.size(); ++i) {
    if (!project.migrations[i].reported) phased.migrations.push_back(project.migrations[i]);
  }
  // What belongs to other plans is left out of both.
  original.migrations.clear();
  for (std::size_t i = 0; i < project.migrations.size(); ++i) {
    const bool ours = std::ranges::find(migrations, i) != migrations.end();
    if (!ours && project.migrations[i].reported) continue;
    original.migrations.push_back(project.migrations[i]);
    original.migrations.back().reported = ours;
  }
  for (const Stage& stage : plan.stages)
    for (const Step& step : stage.steps)
      if (step.kind == StepKind::sql)
        phased.migrations.push_back(migration_of(step.id, step.sql, step.own_transaction));
  // Where backfills are all there is, nothing of the plan is replayed; the end has to be seen all the same.
  for (source::Project* project_of : {&original, &phased})
    project_of->migrations.push_back(migration_of("end", {"SELECT 1"}, false));

  EndState wanted;
  wanted.last = &original.migrations.back();
  lint::replay(original, options, wanted);
  EndState got;
  got.last = &phased.migrations.back();
  lint::replay(phased, options, got);

  for (Stage& stage : plan.stages)
    for (Step& step : stage.steps) {
      if (const auto found = got.effects.find(step.id); found != got.effects.end()) step.locks = found->second;
      if (step.kind == StepKind::backfill) step.locks = {{step.backfill->table, LockMode::row_exclusive, Work::none}};
    }
  if (!got.error.empty()) return got.error;
  if (!got.harmful.empty()) return got.harmful;
  std::vector<std::string> missing;
  std::set_difference(wanted.lines.begin(), wanted.lines.end(), got.lines.begin(), got.lines.end(),
                      std::back_inserter(missing));
  if (!missing.empty()) return fmt::format("the phased way would not end with the same schema: {}", missing.front());
  std::set_difference(got.lines.begin(), got.lines.end(), wanted.lines.begin(), wanted.lines.end(),
                      std::back_inserter(missing));
  if (!missing.empty()) return fmt::format("the phased way would leave something behind: {}", missing.front());
  return std::nullopt;
}

}  // namespace pglint::plan
