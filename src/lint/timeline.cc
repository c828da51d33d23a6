#include "lint/timeline.h"

#include <algorithm>
#include <unordered_map>

#include "pg/node.h"

namespace pglint::lint {
namespace {

std::string_view kind_name(const effect::RelationEffect& effect) {
  switch (effect.kind) {
    case catalog::RelationKind::table:
    case catalog::RelationKind::composite:
      return "table";
    case catalog::RelationKind::partitioned_table:
      return "partitioned";
    case catalog::RelationKind::index:
    case catalog::RelationKind::partitioned_index:
      return "index";
    case catalog::RelationKind::view:
      return "view";
    case catalog::RelationKind::materialized_view:
      return "matview";
    case catalog::RelationKind::sequence:
      return "sequence";
    case catalog::RelationKind::foreign_table:
      break;
  }
  return "foreign";
}

// Whether rows that are there already are written; of those that INSERT brings nobody waits for.
bool writes_rows(const Moment& moment) {
  switch (moment.parsed.node->type) {
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
      return true;
    case T_InsertStmt:
      return pg::cast<::InsertStmt>(moment.parsed.node).onConflictClause != nullptr;
    default:
      return false;
  }
}

// Locks that a transaction takes one behind the other, of which one at least keeps writers out: a client holds what the
// transaction wants, and wants what it holds.
std::vector<DeadlockPair> deadlocks_of(const TimelineTransaction& transaction) {
  struct Taken {
    std::size_t statement;
    bool strong;
    const std::string* relation;
  };
  std::vector<DeadlockPair> found;
  std::unordered_map<std::string_view, Taken> taken;
  const Taken* first = nullptr;         // of all
  const Taken* first_strong = nullptr;  // of those that keep writers out
  for (std::size_t i = 0; i < transaction.statements.size(); ++i) {
    for (const LockEffect& effect : transaction.statements[i].effects) {
      const bool strong = effect.lock >= LockMode::share;
      const bool table = effect.relation_kind == "table" || effect.relation_kind == "partitioned";
      if (!table || effect.is_new || !effect.until_transaction || (!strong && !effect.locks_rows)) continue;
      const auto [at, fresh] = taken.try_emplace(effect.relation, Taken{i, strong, &effect.relation});
      if (fresh) {
        const Taken* held = strong ? first : first_strong;
        if (held != nullptr) found.push_back({held->statement, i, *held->relation, effect.relation});
        if (first == nullptr) first = &at->second;
        if (strong && first_strong == nullptr) first_strong = &at->second;
      } else if (strong && !at->second.strong && at->second.statement != i) {
        found.push_back({at->second.statement, i, effect.relation, effect.relation});
        at->second.strong = true;
        if (first_strong == nullptr) first_strong = &at->second;
      }
    }
  }
  return found;
}

class Recorder final : public Observer {
 public:
  explicit Recorder(Timeline& timeline) : timeline_(timeline) {}

  void begin_file(const source::Project& project, const source::Migration& migration) override {
    timeline_.files.push_back({migration.path, project.runner, migration.text, {}});
    before_ = &project == project_ ? transaction_ : 0;
    transaction_ = 0;
    project_ = &project;
  }

  void syntax_error(const pg::Parsed& parsed) override {
    TimelineStatement statement;
    statement.at = parsed.span;
    statement.error = TimelineError{"42601", parsed.error->message};
    // It has no part in the transaction around it, which the server would have ended.
    timeline_.files.back().transactions.push_back({TransactionKind::autocommit, {std::move(statement)}});
    transaction_ = 0;
  }

  void statement(const Moment& moment) override;
  void notice(const std::string& text) override { timeline_.notices.push_back(text); }

 private:
  void add(const Moment& moment, TimelineStatement& statement);

  Timeline& timeline_;
  const source::Project* project_ = nullptr;
  std::uint32_t transaction_ = 0;  // that the file's last entry shows
  std::uint32_t before_ = 0;       // that the last entry of the file before shows, in this project
};

void Recorder::statement(const Moment& moment) {
  auto& transactions = timeline_.files.back().transactions;
  if (!moment.in_body) {
    if (transactions.empty() || transaction_ != moment.transaction.id) {
      transactions.push_back({moment.transaction.kind, {}, moment.transaction.id == before_});
      transaction_ = moment.transaction.id;
    }
    transactions.back().kind = moment.transaction.kind;
    TimelineStatement statement;
    statement.at = moment.parsed.span;
    statement.transactional = moment.effects.transactional;
    transactions.back().statements.push_back(std::move(statement));
  }
  // What a DO block's statements do is what the DO block does.
  add(moment, transactions.back().statements.back());
}

void Recorder::add(const Moment& moment, TimelineStatement& statement) {
  const effect::Effects& effects = moment.effects;
  const TransactionKind kind = timeline_.files.back().transactions.back().kind;
  if (effects.has_error && !statement.error)
    statement.error = TimelineError{std::string(effects.error.sqlstate), effects.error.message};

  for (const effect::PossibleError& error : effects.may_fail)
    if (std::ranges::find(statement.may_fail, error.sqlstate, &TimelineError::sqlstate) == statement.may_fail.end())
      statement.may_fail.push_back({error.sqlstate, error.when});

  for (const effect::RelationEffect& effect : effects.relations) {
    std::string name = moment.catalog.qualified(effect.schema, effect.name);
    auto entry = std::ranges::find(statement.effects, name, &LockEffect::relation);
    if (entry == statement.effects.end()) {
      statement.effects.emplace_back();
      entry = statement.effects.end() - 1;
      entry->relation = std::move(name);
      entry->relation_kind = kind_name(effect);
      entry->known = effect.known;
      entry->is_new = effect.is_new;
      entry->because = effect::name(effect.because);
    }
    entry->lock = std::max(entry->lock, effect.lock);
    entry->work |= effect.work;
    entry->blocks_reads = entry->blocks_reads || blocks_reads(effect.lock) || effect.blocks_table_reads;
    entry->blocks_writes = entry->blocks_writes || blocks_writes(effect.lock) || effect.blocks_table_writes;
    entry->locks_rows = entry->locks_rows || (effect.lock == LockMode::row_exclusive && writes_rows(moment));
    entry->until_transaction =
        effect.held_until == effect::HeldUntil::transaction && kind != TransactionKind::autocommit;
  }
  for (const effect::Build& build : effects.builds) {
    const std::string table = moment.catalog.qualified(build.table_schema, build.table_name);
    const auto entry = std::ranges::find(statement.effects, table, &LockEffect::relation);
    if (entry != statement.effects.end()) entry->builds.push_back(moment.catalog.qualified(build.schema, build.name));
  }
}

}  // namespace

Timeline timeline(const source::Sources& sources, const ReplayOptions& options) {
  Timeline timeline;
  timeline.failures = sources.failures;
  timeline.notices = sources.notices;
  Recorder recorder(timeline);
  for (const source::Project& project : sources.projects) replay(project, options, recorder);
  for (TimelineFile& file : timeline.files)
    for (TimelineTransaction& transaction : file.transactions)
      if (transaction.kind != TransactionKind::autocommit) transaction.deadlocks = deadlocks_of(transaction);
  return timeline;
}

}  // namespace pglint::lint
