// What is done with plans that are there: read, gone on with, taken back.
#include "fix/plans.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "emit/emit.h"
#include "fix/plan_files.h"
#include "plan/form/file.h"
#include "plan/form/quote.h"
#include "plan/planner.h"
#include "recipe/recipe.h"
#include "recipe/sql.h"
#include "source/path.h"
#include "source/runner.h"

namespace pglint::fix {
namespace {

bool is_written(const Stage& stage) { return stage.gate || stage.steps.empty() || !stage.files.empty(); }

// --- the inverse -----------------------------------------------------------------------------------------------------

std::string condition_of(const Step& step) {
  std::string_view query = step.done_when;
  if (query.starts_with("SELECT ")) query.remove_prefix(7);
  return std::string(query);
}

// ALTER TABLE t ALTER COLUMN c SET NOT NULL would read all rows under its lock: the steps that do not.
std::vector<Step> not_null_again(const Step& step, int pg_version) {
  const std::string& sql = step.undo.front();
  if (step.undo.size() != 1 || !sql.ends_with(" SET NOT NULL")) return {};
  const std::size_t behind_table = recipe::after_keyword(sql, "TABLE");
  const std::size_t behind_column = recipe::after_keyword(sql, "COLUMN");
  if (behind_table == std::string::npos || behind_column == std::string::npos) return {};
  const auto name = [&](std::size_t from) {
    const Span at = recipe::name_at(sql, from);
    return sql.substr(at.begin, at.size());
  };
  const std::string table = name(behind_table);
  const std::string column = recipe::unquoted(name(behind_column));
  recipe::Pieces pieces;
  const std::size_t dot = table.rfind('.');  // of the label alone, which only makes the name of a constraint
  recipe::tighten_not_null(
      {table, recipe::unquoted(table.substr(dot == std::string::npos ? 0 : dot + 1)), column, {}, {}, pg_version},
      pieces);
  std::vector<Step> out;
  for (recipe::Placed& placed : pieces.steps) {
    placed.step.locks = step.locks;
    out.push_back(std::move(placed.step));
  }
  return out;
}

// What takes back a step: as a step of its own, done where the other is not.
std::vector<Step> inverse_of(const Step& step, int pg_version) {
  if (step.undo.empty()) return {};
  std::vector<Step> out = not_null_again(step, pg_version);
  if (out.empty()) {
    out.push_back(step);
    out.back().sql = step.undo;
    out.back().done_when = step.done_when.empty() ? std::string() : "SELECT NOT (" + condition_of(step) + ")";
  }
  for (Step& one : out) {
    one.id = "undo-" + one.id;
    one.comment = fmt::format("Takes back {}", step.id);
    one.undo.clear();
  }
  return out;
}

// How far a plan can be taken back, and what that takes.
struct Inverse {
  std::size_t from = 0;            // of its stages: from here on
  std::vector<const Gate*> gates;  // that are closed again
  const Gate* stopped = nullptr;   // not gone beyond
  std::vector<Step> steps;
};

Result<Inverse> inverse_of(const Plan& plan, const std::string& passed) {
  Inverse out;
  out.from = plan.stages.size();
  bool any = false;
  for (std::size_t i = plan.stages.size(); i-- > 0;) {
    const Stage& stage = plan.stages[i];
    if (stage.gate) {
      const bool may = passed == stage.gate->id + "-undo";
      if (any && !may) {
        out.stopped = &*stage.gate;
        break;
      }
      if (may) out.gates.push_back(&*stage.gate);
    }
    out.from = i;
    if (stage.files.empty()) continue;
    for (std::size_t s = stage.steps.size(); s-- > 0;) {
      const Step& step = stage.steps[s];
      if (step.irreversible)
        return failed(
            fmt::format("{} cannot be taken back: {} removes or overwrites data", stage.files.front().path, step.id),
            "what it removed can only come from a backup");
      for (Step& one : inverse_of(step, plan.postgres)) out.steps.push_back(std::move(one));
      any = true;
    }
  }
  return out;
}

// Raises where the database is not one that the inverse was made for: one that has what cannot be taken back, or on
// which the gate was passed.
std::string only_where_it_can(const Plan& plan, std::size_t from, const std::vector<const Gate*>& may_be_passed) {
  // Said in every case: by it the rules know that no release needs what is dropped below.
  std::string body = "BEGIN\n  -- No release needs what goes: pglint.gate says so, or whoever passed it backwards.\n";
  const auto raise = [&](const std::string& condition, const std::string& message, const std::string& hint) {
    body += fmt::format(
        "  IF {} THEN\n"
        "    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = {}, HINT = {};\n"
        "  END IF;\n",
        condition, plan::quote_literal(message), plan::quote_literal(hint));
  };
  std::string gates;
  for (std::size_t i = from; i < plan.stages.size(); ++i) {
    const Stage& stage = plan.stages[i];
    if (stage.gate && std::ranges::find(may_be_passed, &*stage.gate) == may_be_passed.end())
      gates += (gates.empty() ? "" : ", ") + plan::quote_literal(stage.gate->id);
    for (const Step& step : stage.steps)
      if (step.irreversible && stage.files.empty() && !step.done_when.empty())
        raise(fmt::format("({})", condition_of(step)),
              fmt::format("plan {} cannot be taken back here: {} is done", plan.id, step.id),
              "This database has the end state already: build it again from the files.");
  }
  if (!gates.empty()) {
    body += "  IF pg_catalog.to_regclass('pglint.gate') IS NOT NULL THEN\n";
    const std::size_t begin = body.size();
    raise(fmt::format("EXISTS (SELECT FROM pglint.gate g WHERE g.plan = {} AND g.gate IN ({}) AND g.passed_at IS NOT "
                      "NULL)",
                      plan::quote_literal(plan.id), gates),
          fmt::format("a gate of plan {} was passed: a release may run that needs what would be taken back", plan.id),
          "Once it runs nowhere any more: pglint fix --undo --passed GATE-undo writes what takes it back.");
    std::string nested = body.substr(begin);
    body.resize(begin);
    for (std::size_t at = 0; at < nested.size();) {
      const std::size_t end = nested.find('\n', at) + 1;
      body += "  " + nested.substr(at, end - at);
      at = end;
    }
    body += "  END IF;\n";
  }
  return "DO " + plan::quote_body("\n" + body + "END\n");
}

// The gates are closed again, and what the executor knows of the plan is forgotten where all of it is taken back. The
// tables are pglint's own and not part of anybody's schema: they are only asked for where they are.
std::string forget(const Plan& plan, const std::vector<const Gate*>& gates, bool all) {
  std::string body = "BEGIN\n";
  const auto remove = [&](std::string_view table, const std::string& key, const std::string& also) {
    body += fmt::format(
        "  IF pg_catalog.to_regclass({}) IS NOT NULL THEN\n"
        "    EXECUTE pg_catalog.format('DELETE FROM {} WHERE {} = %L{}', {});\n"
        "  END IF;\n",
        plan::quote_literal(table), table, key, also.empty() ? "" : " AND gate = ANY (%L)",
        plan::quote_literal(plan.id) + also);
  };
  std::string which;
  for (const Gate* gate : gates) which += (which.empty() ? "" : ", ") + plan::quote_literal(gate->id);
  remove("pglint.gate", "plan", all ? std::string() : fmt::format(", ARRAY[{}]::text[]", which));
  if (all) remove("pglint.plan", "id", {});
  return "DO " + plan::quote_body("\n" + body + "END\n");
}

}  // namespace

Result<std::vector<PlanFile>> read_plans(const std::string& folder, const source::Files& files) {
  std::vector<PlanFile> out;
  if (!files.is_folder(folder)) return out;
  auto entries = files.list(folder);
  if (!entries) return failed(fmt::format("{}: {}", folder, entries.error().message), entries.error().hint);
  for (const source::Entry& entry : *entries) {
    if (entry.folder || !entry.name.ends_with(".yml") || entry.name.starts_with('.')) continue;
    const std::string path = source::join(folder, entry.name);
    auto text = files.read(path);
    if (!text) return failed(fmt::format("{}: {}", path, text.error().message), text.error().hint);
    auto plan = plan::from_yaml(*text);
    if (!plan) return failed(fmt::format("{}: {}", path, plan.error().message), plan.error().hint);
    out.push_back({path, std::move(*plan)});
  }
  return out;
}

Result<Fixed> next(const source::Project& project, const PlanFile& file, const std::optional<std::string>& passed,
                   const source::Files& files, const Request& request) {
  Fixed out;
  Plan plan = file.plan;
  const source::Writer* writer = source::find_writer(project.runner);
  if (writer == nullptr) return tl::unexpected(source::not_written(project.runner));
  const std::vector<emit::Stretch> all = emit::stretches(plan);
  const auto empty = [&](const emit::Stretch& stretch) {
    for (std::size_t i = stretch.from; i < stretch.to; ++i)
      if (!plan.stages[i].files.empty()) return false;
    return true;
  };
  // The snapshot that the plan keeps knows nothing of migrations that came after it.
  const std::string last = project.migrations.empty() ? std::string() : project.migrations.back().path;
  const bool ours = std::ranges::any_of(plan.sources, [&](const PlanSource& one) { return one.path == last; }) ||
                    std::ranges::any_of(plan.stages, [&](const Stage& stage) {
                      return std::ranges::any_of(stage.files, [&](const FileHash& one) { return one.path == last; });
                    });
  source::WriteRequest write;
  write.now_ms = request.now_ms;
  write.orm = source::OrmState::end_state;
  if (!passed) {
    // The commit of the release: the snapshot of the end state, on a migration that does nothing.
    if (!plan.snapshot)
      return failed(fmt::format("the plan {} keeps no snapshot of an ORM", plan.id),
                    "go on with --passed GATE once the release is out");
    if (!ours)
      return failed(fmt::format("{} came behind the plan {}, whose snapshot does not know it", last, plan.id),
                    "Take it out, write this part, and generate it again.");
    source::NewMigration mark;
    mark.name = split_name(plan.id, "release");
    mark.comment = fmt::format(
        "Of the release that the plan {} waits for: the schema of the code is the new one from here on.\n"
        "The database has both until the files behind the gate have run.",
        plan.id);
    write.migrations.push_back(std::move(mark));
    write.end_state_snapshot = plan.snapshot->text;
    auto written = writer->write(project, files, write);
    if (!written) return tl::unexpected(written.error());
    out.notices = written->notices;
    out.changes = std::move(written->changes);
    out.plans.push_back(std::move(plan));
    return out;
  }
  const auto stretch = std::ranges::find_if(
      all, [&](const emit::Stretch& one) { return one.behind != nullptr && one.behind->id == *passed; });
  if (stretch == all.end()) {
    std::string gates;
    for (const emit::Stretch& one : all)
      if (one.behind != nullptr) gates += (gates.empty() ? "" : ", ") + one.behind->id;
    return failed(fmt::format("the plan {} has no gate {}", plan.id, *passed),
                  gates.empty() ? "it has none" : "it has " + gates);
  }
  if (!empty(*stretch)) return failed(fmt::format("what stands behind the gate {} is written already", *passed));
  if (stretch != all.begin() && empty(*(stretch - 1)) && (stretch - 1)->from != (stretch - 1)->to)
    return failed(fmt::format("what stands before the gate {} is not written yet", *passed),
                  "write the part before it first");
  const source::WayOut way = source::way_out(*writer, project);
  const auto parts = emit::files(plan, *stretch, way);
  if (!parts) return tl::unexpected(parts.error());
  write.migrations = to_migrations(*parts, {}, plan, true, way);
  // Else the newest one is right: the release's own, or one that was made on top of it.
  if (plan.snapshot && ours) write.end_state_snapshot = plan.snapshot->text;
  auto written = writer->write(project, files, write);
  if (!written) return tl::unexpected(written.error());
  note_files(plan, *stretch, *parts, write.migrations, written->paths, written->changes, files);
  out.notices = written->notices;
  out.changes.push_back({file.path, false, plan::to_yaml(plan), source::FileOrder::plan});
  out.changes.insert(out.changes.end(), std::make_move_iterator(written->changes.begin()),
                     std::make_move_iterator(written->changes.end()));
  out.plans.push_back(std::move(plan));
  return out;
}

Result<Fixed> undo(const source::Project& project, const PlanFile& file, const std::string& passed,
                   const source::Files& files, const Request& request) {
  Fixed out;
  Plan plan = file.plan;
  const source::Writer* writer = source::find_writer(project.runner);
  if (writer == nullptr) return tl::unexpected(source::not_written(project.runner));
  std::string gates;
  for (const Stage& stage : plan.stages)
    if (stage.gate) gates += fmt::format("{}{}-undo", gates.empty() ? "" : ", ", stage.gate->id);
  if (!passed.empty() && std::ranges::none_of(plan.stages, [&](const Stage& stage) {
        return stage.gate && stage.gate->id + "-undo" == passed;
      }))
    return failed(fmt::format("--passed {}: with --undo it names a gate and -undo", passed),
                  gates.empty() ? "the plan has no gate" : "it is one of " + gates);

  Result<Inverse> inverse = inverse_of(plan, passed);
  if (!inverse) return tl::unexpected(inverse.error());
  const bool all = inverse->from == 0;
  if (inverse->steps.empty()) {
    if (inverse->stopped != nullptr) return failed("what stands in files has nothing that could be taken back");
    out.notices.push_back(fmt::format("nothing of the plan {} has to be taken back", plan.id));
    return out;
  }

  Plan backwards = plan;
  backwards.checks.clear();
  backwards.stages = {Stage{Phase::expand, {}, std::move(inverse->steps), {}}};
  const source::WayOut way = source::way_out(*writer, project);
  auto files_of = emit::files(backwards, {0, 1, nullptr, nullptr}, way);
  if (!files_of) return tl::unexpected(files_of.error());
  std::vector<emit::File> parts = std::move(*files_of);
  const auto text_in = [](const emit::File& part, std::string sql, std::string comment) {
    return source::Text{part.is_outside() ? source::Place::outside : source::Place::runner_transaction, std::move(sql),
                        std::move(comment), 0};
  };
  // What has to stand alone in its file has the guard in one before it.
  const auto is_full = [way](const emit::File& part) { return way == source::WayOut::statement && part.is_outside(); };
  const std::string guard = only_where_it_can(plan, inverse->from, inverse->gates);
  if (is_full(parts.front())) parts.insert(parts.begin(), emit::File{});
  for (emit::File& part : parts)
    if (!is_full(part))
      part.texts.insert(part.texts.begin(), text_in(part, guard, "Only where nothing stands on it yet"));
  if (all || !inverse->gates.empty()) {
    if (is_full(parts.back())) parts.emplace_back();
    parts.back().texts.push_back(text_in(parts.back(), forget(plan, inverse->gates, all), "The plan starts again"));
  }

  source::WriteRequest write;
  write.now_ms = request.now_ms;
  write.orm = source::OrmState::end_state;
  for (emit::File& part : parts) part.down.clear();
  write.migrations = to_migrations(parts, {}, plan, true, way);
  for (source::NewMigration& migration : write.migrations) {
    migration.name = split_name(plan.id, "undo");
    migration.down_comment = "What it took back comes again with a new plan.";
    migration.comment = fmt::format("Takes back what stands in files of the plan {}{}.", plan.id,
                                    all ? std::string() : fmt::format(", to the gate {}", inverse->stopped->id));
  }
  // What `fix` wrote beside the plan's migrations is the schema before it.
  if (all && plan.snapshot) {
    auto before = files.read(plan.snapshot->path);
    if (!before)
      return failed(fmt::format("{}: {}", plan.snapshot->path, before.error().message),
                    "restore it from version control");
    write.end_state_snapshot = std::move(*before);
    out.notices.emplace_back(
        "the newest snapshot says what was before the plan: the code's schema (schema.ts) has to say the same in this "
        "commit");
  }
  auto written = writer->write(project, files, write);
  if (!written) return tl::unexpected(written.error());
  out.notices.insert(out.notices.end(), written->notices.begin(), written->notices.end());
  out.changes = std::move(written->changes);
  for (std::size_t i = inverse->from; i < plan.stages.size(); ++i) plan.stages[i].files.clear();
  // The last of all: as long as the plan says that its steps stand in files, the same command writes this again.
  out.changes.push_back({file.path, false, plan::to_yaml(plan), source::FileOrder::journal});
  out.plans.push_back(std::move(plan));
  return out;
}

std::optional<Gate> waits_for(const Plan& plan) {
  // What stands before the first gate is written with the plan.
  const emit::Stretch first = emit::stretches(plan).front();
  bool begun = first.from == first.to;
  for (std::size_t i = first.from; i < first.to; ++i) begun = begun || !plan.stages[i].files.empty();
  if (!begun) return std::nullopt;
  const Gate* gate = nullptr;
  for (const Stage& stage : plan.stages) {
    if (stage.gate) gate = &*stage.gate;
    if (!is_written(stage) && gate != nullptr) return *gate;
  }
  return std::nullopt;
}

}  // namespace pglint::fix
