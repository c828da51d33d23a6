#include "fix/fix.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/sha256.h"
#include "emit/emit.h"
#include "fix/plan_files.h"
#include "plan/form/file.h"
#include "source/overlay.h"
#include "source/path.h"
#include "source/runner.h"

namespace pglint::fix {
namespace {

// The migrations of a project that something is wrong with.
std::set<std::string> faulty(const Report& report) {
  std::set<std::string> out;
  for (const Diagnostic& diagnostic : report.diagnostics)
    if (diagnostic.severity >= Severity::warning) out.insert(report.files[diagnostic.file].path);
  return out;
}

std::string plan_path(const Request& request, const Plan& plan) {
  return source::join(request.plans, plan.id + ".yml");
}

// Whether this refusal is about the migration: its own, or that of the whole project it is in.
bool is_about(const Refusal& refusal, const std::string& path, const source::Sources& sources) {
  return refusal.path == path || std::ranges::any_of(sources.projects, [&](const source::Project& project) {
           return refusal.path == project.root &&
                  std::ranges::find(project.migrations, path, &source::Migration::path) != project.migrations.end();
         });
}

// What of a migration is found for the first time in the files as they would be, or stays in them.
struct Left {
  std::set<std::string> rewritten;       // paths
  std::vector<plan::Refused> no_recipe;  // what nobody can rewrite, and why
};

// The files as they would be, the migrations that are not released among them.
Result<source::Sources> read_again(const source::Sources& sources, const source::Files& overlay, const Request& request,
                                   const std::set<std::string>& rewritten) {
  source::SourceOptions again = request.source;  // the schema beneath, and how files are sent
  again.paths.clear();
  again.since.clear();
  again.staged = false;
  for (const source::Project& project : sources.projects) again.paths.push_back(project.root);
  if (again.runner == "auto" && sources.projects.size() == 1) again.runner = sources.projects.front().runner;
  auto after = source::read_sources(again, overlay);
  if (!after) return after;
  std::set<std::string> unreleased = rewritten;
  for (const source::Project& project : sources.projects)
    for (const source::Migration& migration : project.migrations)
      if (migration.reported) unreleased.insert(migration.path);
  for (source::Project& project : after->projects) {
    for (source::Migration& migration : project.migrations)
      migration.reported = !migration.schema && unreleased.contains(migration.path);
    project.pending_known = true;
  }
  return after;
}

// What is left to say of the files as they would be, and why.
Result<void> look_again(const source::Sources& sources, std::span<const lint::Rule* const> rules,
                        const source::Files& files, const Request& request, const Left& left, Fixed& out) {
  const source::Overlay overlay(files, out.changes);
  auto after = read_again(sources, overlay, request, left.rewritten);
  if (!after) return tl::unexpected(after.error());
  out.after = std::move(*after);
  out.remaining = lint::check(out.after, rules, request.check);
  for (Diagnostic& one : out.remaining.diagnostics) {
    const std::string& path = out.remaining.files[one.file].path;
    one.fixable = false;
    if (one.severity < Severity::warning ||
        std::ranges::any_of(out.refused, [&](const Refusal& refusal) { return is_about(refusal, path, sources); }))
      continue;
    const auto known = std::ranges::find_if(left.no_recipe, [&](const plan::Refused& refused) {
      return refused.path == path && refused.at.begin <= one.at.begin && one.at.end <= refused.at.end;
    });
    const std::string reason =
        known != left.no_recipe.end() ? known->reason : "no other way to write this is known to pglint";
    one.help = fmt::format("fix leaves it as it is: {}.{}{}", reason, one.help.empty() ? "" : " ", one.help);
  }
  return {};
}

// --- one project -----------------------------------------------------------------------------------------------------

// One plan on its way to its files.
struct Part {
  plan::Group group;
  emit::Stretch stretch;  // of group.plan: what is written now
  std::vector<emit::File> files;
  std::vector<source::NewMigration> migrations;
  std::vector<std::string> paths;  // of each migration, once it is known

  [[nodiscard]] bool gated() const {
    return std::ranges::any_of(group.plan.stages, [](const Stage& stage) { return stage.gate.has_value(); });
  }
};

struct Job {
  const source::Project& project;
  const source::Writer& writer;
  const source::Files& files;
  const Request& request;
  const Report& before;                                         // what is wrong with the migrations as they are
  const std::set<std::string>& wrong;                           // and with which
  std::optional<std::pair<std::string, std::string>> snapshot;  // the ORM's newest

  [[nodiscard]] bool any_wrong(const std::vector<std::size_t>& migrations) const {
    return std::ranges::any_of(migrations, [&](std::size_t i) { return wrong.contains(project.migrations[i].path); });
  }
};

plan::Planned plans_of(const Job& job) {
  plan::PlanRequest request{job.request.recipes, job.request.check.replay, false};
  plan::Planned planned = plan::plan(job.project, request);
  const auto gated = [](const plan::Group& group) {
    return std::ranges::any_of(group.plan.stages, [](const Stage& stage) { return stage.gate.has_value(); });
  };
  // The newest snapshot describes all of them together: what is behind a gate takes the rest along.
  if (job.snapshot && std::ranges::any_of(planned.groups, gated)) {
    request.together = true;
    planned = plan::plan(job.project, request);
  }
  return planned;
}

bool needs_executor(const Stage& stage) {
  return std::ranges::any_of(stage.steps, [](const Step& step) { return !step.own_transaction || step.backfill; });
}

// The refusals of plans that somebody asked for, each under the rule whose finding it is about.
void note_refused(const Job& job, const plan::Planned& planned, Fixed& out) {
  for (const plan::Refused& refused : planned.refused) {
    if (!job.any_wrong(refused.migrations)) continue;
    std::string rule;
    for (const Diagnostic& diagnostic : job.before.diagnostics)
      if (job.before.files[diagnostic.file].path == refused.path && diagnostic.at.begin >= refused.at.begin &&
          diagnostic.at.end <= refused.at.end)
        rule = diagnostic.rule;
    out.refused.push_back({rule, refused.path, refused.at, refused.reason, refused.supply});
  }
}

// What is to be written of the plans; those in which nothing was wrong stay as they were written. A plan that no file
// can hold is refused.
std::vector<Part> parts_of(const Job& job, plan::Planned planned, Fixed& out) {
  std::vector<Part> parts;
  for (plan::Group& group : planned.groups) {
    if (!job.any_wrong(group.migrations)) continue;
    // What is found in our own files nobody knows how to write otherwise.
    if (std::ranges::all_of(group.migrations,
                            [&](std::size_t i) { return is_written_by_fix(job.project.migrations[i].text); }))
      continue;
    Part part;
    part.group = std::move(group);
    const Plan& plan = part.group.plan;
    const source::WayOut way = source::way_out(job.writer, job.project);
    // What no file can do is done by the executor, which needs the plan.
    if (way == source::WayOut::none && std::ranges::any_of(plan.stages, needs_executor)) part.group.files_only = false;
    const auto filled_in = std::ranges::find_if(
        part.group.migrations, [&](std::size_t i) { return !job.project.migrations[i].placeholders.empty(); });
    if (filled_in != part.group.migrations.end()) {
      const source::Migration& migration = job.project.migrations[*filled_in];
      out.refused.push_back({"", migration.path, migration.placeholders.front(),
                             "the migration tool fills in a value here, which a rewritten migration would not have",
                             "write the value out"});
      continue;
    }
    part.stretch = emit::stretches(plan).front();
    auto files = emit::files(plan, part.stretch, way);
    if (!files) {
      const source::Migration& first = job.project.migrations[part.group.migrations.front()];
      out.refused.push_back({"", first.path, {}, files.error().message, files.error().hint});
      continue;
    }
    part.files = std::move(*files);
    part.migrations = to_migrations(part.files, part.group.migrations, plan, !part.group.files_only, way);
    parts.push_back(std::move(part));
  }
  return parts;
}

// The files of all parts in one go: those that are replaced first, in the project's order.
Result<source::Written> write_parts(const Job& job, std::vector<Part>& parts) {
  source::WriteRequest write;
  write.now_ms = job.request.now_ms;
  const bool gated = std::ranges::any_of(parts, [](const Part& part) { return part.gated(); });
  write.orm = gated ? source::OrmState::previous : source::OrmState::end_state;
  std::vector<std::pair<std::size_t, std::size_t>> order;  // part, migration
  for (std::size_t p = 0; p < parts.size(); ++p) {
    parts[p].paths.resize(parts[p].migrations.size());
    for (std::size_t m = 0; m < parts[p].migrations.size(); ++m) order.emplace_back(p, m);
  }
  const auto place = [&](const std::pair<std::size_t, std::size_t>& one) {
    return parts[one.first].migrations[one.second].replaces.value_or(job.project.migrations.size());
  };
  std::ranges::stable_sort(order, [&](const auto& a, const auto& b) { return place(a) < place(b); });
  for (const auto& [p, m] : order) write.migrations.push_back(parts[p].migrations[m]);
  auto written = job.writer.write(job.project, job.files, write);
  if (written)
    for (std::size_t n = 0; n < order.size(); ++n) parts[order[n].first].paths[order[n].second] = written->paths[n];
  return written;
}

// The plan file of a part, with where its steps stand.
void record_plan(const Job& job, Part& part, const std::vector<source::FileChange>& changes, Fixed& out) {
  Plan& plan = part.group.plan;
  for (PlanSource& one : plan.sources) one.sha256 = sha256(one.text);
  if (job.snapshot && part.gated())
    plan.snapshot = PlanSource{job.snapshot->first, sha256(job.snapshot->second), job.snapshot->second};
  note_files(plan, part.stretch, part.files, part.migrations, part.paths, changes, job.files);
  const std::string path = plan_path(job.request, plan);
  out.changes.push_back({path, !job.files.exists(path), plan::to_yaml(plan), source::FileOrder::plan});
  if (plan.snapshot) {
    const auto gate = std::ranges::find_if(plan.stages, [](const Stage& stage) { return stage.gate.has_value(); });
    out.notices.push_back(
        fmt::format("the newest snapshot says again what the last release said: take the change of the code's schema "
                    "(schema.ts) out of this commit. It belongs to the release that the gate {} waits for, where "
                    "pglint fix --next writes the new snapshot",
                    gate->gate->id));
  }
  out.plans.push_back(plan);
}

// A run that was cut short has left new migrations behind those that it would have replaced: they have the names that
// it gives, and what they were split from is as it was. They are made again, with the same bytes.
source::Project without_left_over(const source::Project& project, const std::set<std::string>& wrong) {
  source::Project out = project;
  const auto is_left_over = [&](const source::Migration& last) {
    return last.reported && std::ranges::any_of(project.migrations, [&](const source::Migration& one) {
             return one.reported && wrong.contains(one.path) && !is_written_by_fix(one.text) &&
                    is_split_from(last, one);
           });
  };
  while (!out.migrations.empty() && is_left_over(out.migrations.back())) out.migrations.pop_back();
  return out;
}

Result<void> fix_project(const Job& job, Left& left, Fixed& out) {
  plan::Planned planned = plans_of(job);
  note_refused(job, planned, out);
  left.no_recipe.insert(left.no_recipe.end(), planned.left.begin(), planned.left.end());
  std::vector<Part> parts = parts_of(job, std::move(planned), out);
  if (parts.empty()) return {};
  auto written = write_parts(job, parts);
  if (!written) return tl::unexpected(written.error());
  out.notices.insert(out.notices.end(), written->notices.begin(), written->notices.end());
  left.rewritten.insert(written->paths.begin(), written->paths.end());
  for (Part& part : parts)
    if (!part.group.files_only) record_plan(job, part, written->changes, out);
  out.changes.insert(out.changes.end(), std::make_move_iterator(written->changes.begin()),
                     std::make_move_iterator(written->changes.end()));
  return {};
}

}  // namespace

Result<Fixed> fix(const source::Sources& sources, std::span<const lint::Rule* const> rules, const source::Files& files,
                  const Request& request) {
  Fixed out;
  if (sources.projects.empty()) return out;
  const Report before = lint::check(sources, rules, request.check);
  const std::set<std::string> wrong = faulty(before);
  Left left;
  for (const source::Project& project : sources.projects) {
    const bool any = std::ranges::any_of(project.migrations, [&](const source::Migration& migration) {
      return migration.reported && wrong.contains(migration.path);
    });
    if (!any) continue;
    const source::Writer* writer = source::find_writer(project.runner);
    if (writer == nullptr) {
      const Error why = source::not_written(project.runner);
      out.refused.push_back({"", project.root, {}, why.message, why.hint});
      continue;
    }
    const source::Project pending = without_left_over(project, wrong);
    Job job{pending, *writer, files, request, before, wrong, {}};
    if (writer->snapshot != nullptr) job.snapshot = writer->snapshot(pending, files);
    if (Result<void> done = fix_project(job, left, out); !done) return tl::unexpected(done.error());
  }
  if (Result<void> looked = look_again(sources, rules, files, request, left, out); !looked)
    return tl::unexpected(looked.error());
  return out;
}

}  // namespace pglint::fix
