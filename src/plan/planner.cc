#include "plan/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "plan/verify.h"
#include "recipe/probe.h"
#include "recipe/sql.h"

namespace pglint::plan {
namespace {

struct Cooked {
  std::size_t migration = 0;
  Span at = {};
  recipe::Pieces pieces;
};

// Shows each command of the unreleased migrations to `use`, at the moment before it would run.
class Commands final : public lint::Observer {
 public:
  using Use = std::function<void(const recipe::Command&, std::size_t migration, Span at)>;
  using AtEnd = std::function<void(const catalog::Catalog&)>;

  Commands(const source::Project& project, const recipe::Options& options, Use use, AtEnd at_end)
      : project_(project), options_(options), use_(std::move(use)), at_end_(std::move(at_end)) {
    for (std::size_t i = 0; i < project.migrations.size(); ++i)
      if (project.migrations[i].reported) last_ = i;
  }

  void begin_file(const source::Project& /*project*/, const source::Migration& migration) override {
    migration_ = static_cast<std::size_t>(&migration - project_.migrations.data());
    text_ = migration.text;
  }

  void syntax_error(const pg::Parsed& parsed) override { broken.emplace_back(migration_, parsed.span); }

  void statement(const lint::Moment& moment) override {
    catalog_ = &moment.catalog;
    // What a DO block does is the block's own affair.
    if (moment.in_body) return;
    recipe::Command command;
    command.node = moment.parsed.node;
    command.text = text_.substr(moment.parsed.span.begin, moment.parsed.span.size());
    command.shift = static_cast<std::int64_t>(moment.parsed.base) - static_cast<std::int64_t>(moment.parsed.span.begin);
    command.catalog = &moment.catalog;
    command.effects = &moment.effects;
    command.options = &options_;
    const Span statement = moment.parsed.span;
    recipe::each_command(command, [&](const recipe::Command& one, Span at) {
      use_(one, migration_, {statement.begin + at.begin, statement.begin + at.end});
    });
  }

  void end_file(const source::Migration& /*migration*/, const std::vector<pg::Comment>& /*comments*/,
                const std::vector<Span>& /*statements*/) override {
    if (migration_ == last_ && catalog_ != nullptr && at_end_) at_end_(*catalog_);
  }

  std::vector<std::pair<std::size_t, Span>> broken;  // statements that do not parse

 private:
  const source::Project& project_;
  const recipe::Options& options_;
  Use use_;
  AtEnd at_end_;
  std::size_t migration_ = 0;
  std::size_t last_ = 0;
  std::string_view text_;
  const catalog::Catalog* catalog_ = nullptr;
};

// Which migrations share a relation.
class Union {
 public:
  explicit Union(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    if (a != b) parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

std::string sentence(const std::vector<std::string>& parts) {
  std::vector<std::string> seen;
  std::string out;
  for (const std::string& part : parts) {
    if (std::ranges::find(seen, part) != seen.end()) continue;
    seen.push_back(part);
    out += (out.empty() ? "" : "; ") + part;
  }
  return out;
}

// The same relation once, with all that is assumed of it; as it was before the first of them.
void merge(std::vector<Assumption>& into, const std::vector<Assumption>& more) {
  const auto add = [](auto& list, const auto& item, auto same) {
    if (std::ranges::none_of(list, same)) list.push_back(item);
  };
  for (const Assumption& one : more) {
    const auto found = std::ranges::find(into, one.relation, &Assumption::relation);
    if (found == into.end()) {
      into.push_back(one);
      continue;
    }
    for (const auto& column : one.columns)
      add(found->columns, column, [&](const auto& known) { return known.first == column.first; });
    for (const std::string& dependent : one.dependents)
      add(found->dependents, dependent, [&](const std::string& known) { return known == dependent; });
  }
}

Phase phase_of(recipe::Slot slot) {
  switch (slot) {
    case recipe::Slot::expand:
      return Phase::expand;
    case recipe::Slot::backfill:
    case recipe::Slot::refill:
      return Phase::backfill;
    case recipe::Slot::build:
      return Phase::validate;
    case recipe::Slot::tighten:
      return Phase::tighten;
    case recipe::Slot::contract:
      break;
  }
  return Phase::contract;
}

bool behind_gate(recipe::Slot slot) { return slot >= recipe::Slot::refill; }

// Ids are unique in a plan, and a check goes on naming the step that it was made for.
void number_ids(std::vector<recipe::Pieces>& all) {
  std::map<std::string, int> seen;
  const auto number = [&](std::string& id) {
    if (const int n = ++seen[id]; n > 1) id += fmt::format("-{}", n);
  };
  for (recipe::Pieces& pieces : all) {
    std::map<std::string, std::string> renamed;
    const auto name = [&](Step& step) {
      std::string before = step.id;
      number(step.id);
      renamed.try_emplace(std::move(before), step.id);
    };
    for (recipe::Placed& placed : pieces.steps) name(placed.step);
    for (Step& step : pieces.again) name(step);
    for (DataCheck& check : pieces.checks) {
      if (const auto found = renamed.find(check.before); found != renamed.end()) check.before = found->second;
      number(check.id);
    }
  }
}

struct Material {
  std::vector<recipe::Pieces> pieces;
  bool rename = false;
};

Plan assemble(const source::Project& project, const std::vector<std::size_t>& migrations, Material material,
              const recipe::Options& options) {
  number_ids(material.pieces);
  Plan plan;
  const source::Migration& first = project.migrations[migrations.front()];
  plan.id = first.id;
  std::ranges::replace(plan.id, '/', '-');  // of a change of Sqitch: it names a file
  plan.runner = project.runner;
  plan.postgres = options.pg_version;
  for (const std::size_t i : migrations)
    plan.sources.push_back({project.migrations[i].path, {}, project.migrations[i].text});

  const bool by_application = options.dual_write == recipe::DualWrite::application && material.rename;
  std::vector<std::string> release;
  std::vector<std::string> why;
  // What the release has to keep that reads the new column: its gate comes before what is filled again and tightened.
  std::vector<std::string> reads_new = {"reads the new column and still writes both"};
  std::vector<std::string> why_new = {"the release before reads the old column"};
  bool gated = false;
  if (by_application && std::ranges::any_of(material.pieces, [](const recipe::Pieces& pieces) {
        return std::ranges::any_of(pieces.steps, [](const recipe::Placed& placed) {
          return placed.slot == recipe::Slot::build && placed.step.sql.front().starts_with("CREATE UNIQUE INDEX");
        });
      }))
    reads_new.emplace_back(
        "repeats an INSERT … ON CONFLICT that fails with 23505: as long as a unique index stands on both columns, two "
        "of "
        "the same new value at once may get past the one and meet at the other");
  for (const recipe::Pieces& pieces : material.pieces) {
    const bool tightens =
        by_application && !pieces.steps.empty() &&
        std::ranges::none_of(pieces.steps, [](const auto& placed) { return placed.slot == recipe::Slot::contract; });
    std::vector<std::string>& to = tightens ? reads_new : release;
    to.insert(to.end(), pieces.release.begin(), pieces.release.end());
    std::vector<std::string>& as = tightens ? why_new : why;
    as.insert(as.end(), pieces.why.begin(), pieces.why.end());
    plan.checks.insert(plan.checks.end(), pieces.checks.begin(), pieces.checks.end());
    merge(plan.assumes, pieces.assumes);
    // What is dropped as it was written waits for a gate where there is one.
    for (const recipe::Placed& placed : pieces.steps) gated = gated || (behind_gate(placed.slot) && pieces.needs_gate);
  }
  const auto collect = [&](recipe::Slot slot) {
    Stage stage;
    stage.phase = phase_of(slot);
    for (const recipe::Pieces& pieces : material.pieces)
      for (const recipe::Placed& placed : pieces.steps)
        if (placed.slot == slot) stage.steps.push_back(placed.step);
    if (slot == recipe::Slot::refill && gated)
      for (const recipe::Pieces& pieces : material.pieces)
        stage.steps.insert(stage.steps.end(), pieces.again.begin(), pieces.again.end());
    if (!stage.steps.empty()) plan.stages.push_back(std::move(stage));
  };
  const auto gate = [&](std::string id, std::string says, std::string because) {
    Stage stage;
    stage.gate = Gate{std::move(id), std::move(says), std::move(because)};
    plan.stages.push_back(std::move(stage));
  };
  const std::string name = recipe::slug(bare_name(plan.id));
  collect(recipe::Slot::expand);
  if (by_application)
    gate(name + "-writes-both", "writes the old and the new column in every row, and still reads the old one",
         "no trigger keeps the columns equal, so what is filled before would be wrong again at once");
  collect(recipe::Slot::backfill);
  collect(recipe::Slot::build);
  if (by_application)
    gate(name + "-reads-new", sentence(reads_new), sentence(why_new));
  else if (gated)
    gate(name, sentence(release), sentence(why));
  collect(recipe::Slot::refill);
  collect(recipe::Slot::tighten);
  if (by_application) gate(name, sentence(release), sentence(why));
  collect(recipe::Slot::contract);
  return plan;
}

bool shares(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::ranges::any_of(some,
                             [&](const std::string& one) { return std::ranges::find(others, one) != others.end(); });
}

bool is_insert(const std::string& sql) {
  const std::vector<pg::Token> tokens = pg::tokens(sql, 0);
  return !tokens.empty() && recipe::is_word(sql, tokens.front(), "INSERT");
}

// An INSERT of which the database cannot tell whether it has run.
bool is_blind_insert(const recipe::Pieces& pieces) {
  if (pieces.refused || pieces.by != recipe::Operation::none || pieces.steps.size() != 1) return false;
  const Step& step = pieces.steps[0].step;
  return step.kind == StepKind::sql && step.done_when.empty() && step.own_transaction && !step.sql.empty() &&
         is_insert(step.sql.front());
}

// An INSERT into a table that the plan makes belongs to the step that makes it: in one transaction, the table itself
// tells that both are done. Where that would be another order, it stays apart.
void join_inserts(std::vector<recipe::Pieces>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is_blind_insert(all[i]) || all[i].touches.empty()) continue;
    const std::vector<std::string>& reads = all[i].touches;
    const std::string made = recipe::probe::query(recipe::probe::relation(reads.front()));
    std::size_t maker = i;
    bool other_order = false;
    for (std::size_t j = i; j-- > 0 && maker == i;) {
      for (const recipe::Placed& placed : all[j].steps) {
        if (placed.step.done_when == made) maker = j;
        other_order = other_order || (placed.step.kind == StepKind::backfill && shares(all[j].touches, reads));
      }
      if (maker == i && !all[j].steps.empty()) other_order = other_order || shares(all[j].touches, reads);
    }
    if (maker == i || other_order || all[maker].steps.size() != 1) continue;
    // What it locks of other tables would be locked for as long as rows are read.
    if (std::ranges::any_of(all[maker].touches, [&](const std::string& one) { return one != reads.front(); })) continue;
    // What is written in batches before comes behind. A rename writes columns only that are not read here.
    for (std::size_t j = 0; j < maker; ++j)
      for (const recipe::Placed& placed : all[j].steps)
        other_order = other_order || (all[j].by != recipe::Operation::none && placed.slot != recipe::Slot::expand &&
                                      placed.slot != recipe::Slot::build && shares(all[j].touches, reads));
    if (other_order) continue;
    Step& step = all[maker].steps[0].step;
    step.sql.push_back(all[i].steps[0].step.sql.front());
    step.comment = "As it was written, with the rows that it begins with";
    all[i].steps.clear();
  }
}

bool has_backfill(const Plan& plan) {
  return std::ranges::any_of(plan.stages, [](const Stage& stage) {
    return stage.gate ||
           std::ranges::any_of(stage.steps, [](const Step& step) { return step.kind == StepKind::backfill; });
  });
}

}  // namespace

std::string_view bare_name(std::string_view id) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (id.ends_with(".sql")) id.remove_suffix(4);                                 // sql-migrate's names have it
  std::size_t i = id.size() > 1 && !is_digit(id[0]) && is_digit(id[1]) ? 1 : 0;  // the V of V2__orders
  while (i < id.size() && (is_digit(id[i]) || id[i] == '_' || id[i] == '-' || id[i] == '.')) ++i;
  return i < id.size() ? id.substr(i) : id;
}

Planned plan(const source::Project& project, const PlanRequest& request) {
  Planned out;
  recipe::Context context;
  bool first = true;
  const auto look = [&](const recipe::Command& command, std::size_t /*migration*/, Span /*at*/) {
    if (first) context.first_migration = command.catalog->now.migration;
    first = false;
    recipe::note(command, context);
  };
  Commands before(project, request.recipes, look,
                  [&](const catalog::Catalog& end) { recipe::note_end(end, request.recipes, context); });
  lint::replay(project, request.replay, before);

  std::vector<Cooked> cooked;
  const auto cook = [&](const recipe::Command& command, std::size_t migration, Span at) {
    cooked.push_back({migration, at, recipe::cook(command, context)});
  };
  std::vector<recipe::Pieces> finished;
  std::vector<std::string> renamed_tables;
  Commands walk(project, request.recipes, cook, [&](const catalog::Catalog& end) {
    // Table by table, so that each goes to the plan of its table.
    std::map<std::string, std::vector<recipe::Renamed>> tables;
    for (const recipe::Renamed& one : context.renamed) tables[end.qualified(*one.table)].push_back(one);
    for (const auto& [table, renames] : tables) {
      finished.push_back(recipe::finish_renames(end, context.first_migration, request.recipes, renames));
      renamed_tables.push_back(table);
    }
  });
  lint::replay(project, request.replay, walk);

  // What is taken for granted is what is there before the first of all commands, whatever the others do to it.
  bool at_start = true;
  const auto assume = [&](const recipe::Command& command, std::size_t /*migration*/, Span /*at*/) {
    if (!std::exchange(at_start, false)) return;
    for (Cooked& one : cooked) recipe::assume_at(*command.catalog, one.pieces);
    for (recipe::Pieces& one : finished) recipe::assume_at(*command.catalog, one);
  };
  Commands start(project, request.recipes, assume, {});
  lint::replay(project, request.replay, start);

  // Migrations that share a relation belong together.
  Union groups(project.migrations.size());
  std::map<std::string, std::size_t> owner;
  for (const Cooked& one : cooked)
    for (const std::string& relation : one.pieces.touches) {
      const auto [found, is_new] = owner.try_emplace(relation, one.migration);
      if (!is_new) groups.join(found->second, one.migration);
    }
  if (request.together) {
    std::optional<std::size_t> one;
    for (std::size_t i = 0; i < project.migrations.size(); ++i)
      if (project.migrations[i].reported) groups.join(one ? *one : (one = i, i), i);
  }
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < project.migrations.size(); ++i)
    if (project.migrations[i].reported) members[groups.find(i)].push_back(i);

  for (const auto& [root, migrations] : members) {
    Material material;
    bool rewritten = false;
    bool only_unknown = true;  // what is refused has no recipe, or does not parse
    std::vector<Refused> refused;
    std::vector<Refused> of_renames;
    for (std::size_t i = 0; i < finished.size(); ++i)
      if (const auto found = owner.find(renamed_tables[i]);
          found != owner.end() && groups.find(found->second) == root) {
        material.pieces.push_back(finished[i]);
        material.rename = true;
        if (finished[i].refused)
          of_renames.push_back({project.migrations[migrations.front()].path,
                                {},
                                finished[i].refused->reason,
                                finished[i].refused->supply});
      }
    for (const Cooked& one : cooked) {
      if (groups.find(one.migration) != root) continue;
      material.pieces.push_back(one.pieces);
      rewritten = rewritten || one.pieces.by != recipe::Operation::none;
      if (one.pieces.refused) {
        only_unknown = only_unknown && one.pieces.refused->no_recipe;
        refused.push_back({project.migrations[one.migration].path,
                           one.at,
                           one.pieces.refused->reason,
                           one.pieces.refused->supply,
                           {}});
      }
    }
    for (const auto& [migration, at] : walk.broken)
      if (groups.find(migration) == root)
        refused.push_back({project.migrations[migration].path, at, "it does not parse", "mend it first", {}});
    // What is said of a command says more.
    if (refused.empty()) refused = std::move(of_renames);
    if (!refused.empty()) {
      // Of a migration that holds nothing else to rewrite no plan is refused: what is found in it remains.
      for (Refused& one : refused) one.migrations = migrations;
      std::vector<Refused>& list = only_unknown && !rewritten ? out.left : out.refused;
      list.insert(list.end(), refused.begin(), refused.end());
      continue;
    }
    if (!rewritten) continue;
    join_inserts(material.pieces);
    Group group;
    group.migrations = migrations;
    group.plan = assemble(project, migrations, std::move(material), request.recipes);
    group.files_only = !has_backfill(group.plan);
    // Without a migration tool nobody knows which files have run.
    const bool by_hand = project.runner == "plain";
    if (!group.files_only || by_hand) {
      std::vector<const Step*> blind;
      for (const Stage& stage : group.plan.stages)
        for (const Step& step : stage.steps)
          if (step.kind == StepKind::sql && step.done_when.empty() && !recipe::may_be_repeated(step.sql) &&
              (!group.files_only || is_insert(step.sql.front())))
            blind.push_back(&step);
      const auto is_blind = [&](const recipe::Placed& placed) {
        return std::ranges::any_of(blind, [&](const Step* step) { return step->sql == placed.step.sql; });
      };
      // What is known of one of them says more.
      const Cooked* known = nullptr;
      for (const Cooked& one : cooked)
        if (known == nullptr && one.pieces.untold && groups.find(one.migration) == root &&
            std::ranges::any_of(one.pieces.steps, is_blind))
          known = &one;
      if (known != nullptr) {
        out.refused.push_back({project.migrations[known->migration].path, known->at, known->pieces.untold->reason,
                               known->pieces.untold->supply, migrations});
        continue;
      }
      if (!blind.empty()) {
        out.refused.push_back(
            {project.migrations[migrations.front()].path,
             {},
             fmt::format("it cannot be told from the database whether this has run: {}", blind.back()->sql.front()),
             is_insert(blind.back()->sql.front())
                 ? "insert into a table that the same migration makes, right behind its CREATE TABLE, and read nothing "
                   "that the plan changes; or move it to a migration of its own, apart from what has to be phased"
                 : "move it to a migration of its own, apart from what has to be phased",
             migrations});
        continue;
      }
    }
    if (std::optional<std::string> wrong = verify(project, migrations, request.replay, group.plan)) {
      Refused refused_as = {project.migrations[migrations.front()].path, {}, *wrong, "", migrations};
      // What is known to be in the way says more than that it does not come out.
      for (const Cooked& one : cooked)
        if (one.pieces.doubt && groups.find(one.migration) == root)
          refused_as = {project.migrations[one.migration].path, one.at, one.pieces.doubt->reason,
                        one.pieces.doubt->supply, migrations};
      out.refused.push_back(std::move(refused_as));
      continue;
    }
    out.groups.push_back(std::move(group));
  }
  return out;
}

}  // namespace pglint::plan
