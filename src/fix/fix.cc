#include "fix/fix.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/sha256.h"
#include "emit/emit.h"
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

std::string what(const emit::File& file, const Plan& plan, bool with_plan) {
  std::string out =
      with_plan ? fmt::format("Part of the plan {} (see .pglint/plans/{}.yml): {}.", plan.id, plan.id, name(file.phase))
                : std::string("Rewritten so that nobody waits.");
  const bool outside = std::ranges::any_of(
      file.texts, [](const source::Text& text) { return text.place != source::Place::runner_transaction; });
  out += outside ? "\nOutside of the runner's transaction: each statement may be repeated, and so may the whole run."
                 : "\nA lock that is not had in time fails the whole run, which may be repeated.";
  return out;
}

// The part of a stretch's files that replaces migrations, and what has to be added.
std::vector<source::NewMigration> to_migrations(const std::vector<emit::File>& files,
                                                const std::vector<std::size_t>& replaced, const Plan& plan,
                                                bool with_plan) {
  std::vector<source::NewMigration> out;
  for (std::size_t i = 0; i < std::max(files.size(), replaced.size()); ++i) {
    source::NewMigration migration;
    if (i < replaced.size()) migration.replaces = replaced[i];
    if (i < files.size()) {
      migration.texts = files[i].texts;
      migration.comment = what(files[i], plan, with_plan);
      if (!migration.replaces) migration.name = fmt::format("{}_{}", plan::bare_name(plan.id), name(files[i].phase));
    } else {
      migration.comment =
          fmt::format("What stood here is part of the plan {} (see .pglint/plans/{}.yml).", plan.id, plan.id);
    }
    out.push_back(std::move(migration));
  }
  return out;
}

// Which stage a file's steps are of, for `files` of the plan.
void note_files(Plan& plan, const emit::Stretch& stretch, const std::vector<emit::File>& files,
                const std::vector<source::NewMigration>& migrations, const std::vector<std::string>& paths,
                const std::vector<source::FileChange>& changes, const source::Files& disk) {
  std::size_t file = 0;
  for (std::size_t i = stretch.from; i < stretch.to; ++i) plan.stages[i].files.clear();
  for (std::size_t m = 0; m < migrations.size(); ++m) {
    if (migrations[m].texts.empty() || file >= files.size()) continue;
    std::string text;
    const auto change = std::ranges::find(changes, paths[m], &source::FileChange::path);
    if (change != changes.end())
      text = change->text;
    else if (auto there = disk.read(paths[m]))
      text = std::move(*there);
    // The first stage of that phase which has no file yet; a file may hold several.
    for (std::size_t i = stretch.from; i < stretch.to; ++i) {
      const bool here = file + 1 == files.size() || plan.stages[i].phase < files[file + 1].phase;
      if (plan.stages[i].files.empty() && here && plan.stages[i].phase >= files[file].phase)
        plan.stages[i].files.push_back({paths[m], sha256(text)});
    }
    ++file;
  }
}

// Whether this refusal is about the migration: its own, or that of the whole project it is in.
bool is_about(const Refusal& refusal, const std::string& path, const source::Sources& sources) {
  return refusal.path == path || std::ranges::any_of(sources.projects, [&](const source::Project& project) {
           return refusal.path == project.root &&
                  std::ranges::find(project.migrations, path, &source::Migration::path) != project.migrations.end();
         });
}

// What is left to say of the files as they would be. A finding that nobody refused to mend is refused here.
Result<void> look_again(const source::Sources& sources, std::span<const lint::Rule* const> rules,
                        const source::Files& files, const Request& request, const std::set<std::string>& rewritten,
                        Fixed& out) {
  const source::Overlay overlay(files, out.changes);
  source::SourceOptions again = request.source;  // the schema beneath, and how files are sent
  again.paths.clear();
  again.since.clear();
  again.staged = false;
  for (const source::Project& project : sources.projects) again.paths.push_back(project.root);
  if (again.runner == "auto" && sources.projects.size() == 1) again.runner = sources.projects.front().runner;
  auto after = source::read_sources(again, overlay);
  if (!after) return tl::unexpected(after.error());
  std::set<std::string> unreleased = rewritten;
  for (const source::Project& project : sources.projects)
    for (const source::Migration& migration : project.migrations)
      if (migration.reported) unreleased.insert(migration.path);
  for (source::Project& project : after->projects) {
    for (source::Migration& migration : project.migrations)
      migration.reported = !migration.schema && unreleased.contains(migration.path);
    project.pending_known = true;
  }
  out.after = std::move(*after);
  out.remaining = lint::check(out.after, rules, request.check);
  for (const Diagnostic& left : out.remaining.diagnostics) {
    const std::string& path = out.remaining.files[left.file].path;
    if (left.severity < Severity::warning ||
        std::ranges::any_of(out.refused, [&](const Refusal& one) { return is_about(one, path, sources); }))
      continue;
    out.refused.push_back({std::string(left.rule), path, rewritten.contains(path) ? Span{} : left.at,
                           "no other way to write this is known to pglint", left.help});
  }
  return {};
}

}  // namespace

Result<Fixed> fix(const source::Sources& sources, std::span<const lint::Rule* const> rules, const source::Files& files,
                  const Request& request) {
  Fixed out;
  const Report before = lint::check(sources, rules, request.check);
  const std::set<std::string> wrong = faulty(before);
  std::set<std::string> rewritten;

  for (const source::Project& project : sources.projects) {
    const bool any = std::ranges::any_of(project.migrations, [&](const source::Migration& migration) {
      return migration.reported && wrong.contains(migration.path);
    });
    if (!any) continue;
    const source::Writer* writer = source::find_writer(project.runner);
    if (writer == nullptr) {
      out.refused.push_back({"",
                             project.root,
                             {},
                             fmt::format("the files of {} cannot be written yet",
                                         project.runner == "plain" ? "a plain folder" : project.runner),
                             "--runner drizzle, if Drizzle runs them"});
      continue;
    }
    plan::PlanRequest plan_request{request.recipes, request.check.replay, false};
    plan::Planned planned = plan::plan(project, plan_request);
    const auto snapshot = writer->snapshot(project, files);
    const auto gated = [](const plan::Group& group) {
      return std::ranges::any_of(group.plan.stages, [](const Stage& stage) { return stage.gate.has_value(); });
    };
    // The newest snapshot describes all of them together: what is behind a gate takes the rest along.
    if (snapshot && std::ranges::any_of(planned.groups, gated)) {
      plan_request.together = true;
      planned = plan::plan(project, plan_request);
    }
    for (const plan::Refused& refused : planned.refused) {
      // Nothing was wrong with it: nobody has asked for another way.
      if (std::ranges::none_of(refused.migrations,
                               [&](std::size_t i) { return wrong.contains(project.migrations[i].path); }))
        continue;
      std::string rule;
      for (const Diagnostic& diagnostic : before.diagnostics)
        if (before.files[diagnostic.file].path == refused.path && diagnostic.at.begin >= refused.at.begin &&
            diagnostic.at.end <= refused.at.end)
          rule = diagnostic.rule;
      out.refused.push_back({rule, refused.path, refused.at, refused.reason, refused.supply});
    }

    source::WriteRequest write;
    write.now_ms = request.now_ms;
    write.orm = source::OrmState::end_state;
    struct Part {
      plan::Group* group;
      emit::Stretch stretch;
      std::vector<emit::File> files;
      std::vector<std::size_t> places;  // in write.migrations, or behind them
      std::vector<source::NewMigration> migrations;
    };
    std::vector<Part> parts;
    for (plan::Group& group : planned.groups) {
      // Nothing was wrong with it: it stays as it was written.
      if (std::ranges::none_of(group.migrations,
                               [&](std::size_t i) { return wrong.contains(project.migrations[i].path); }))
        continue;
      if (gated(group)) write.orm = source::OrmState::previous;
      Part part{&group, emit::stretches(group.plan).front(), {}, {}, {}};
      part.files = emit::files(group.plan, part.stretch);
      part.migrations = to_migrations(part.files, group.migrations, group.plan, !group.files_only);
      parts.push_back(std::move(part));
    }
    if (parts.empty()) continue;
    // Those that are replaced first, in the project's order.
    std::vector<std::pair<std::size_t, std::size_t>> order;  // part, migration
    for (std::size_t p = 0; p < parts.size(); ++p)
      for (std::size_t m = 0; m < parts[p].migrations.size(); ++m) order.emplace_back(p, m);
    std::ranges::stable_sort(order, [&](const auto& a, const auto& b) {
      const auto& x = parts[a.first].migrations[a.second].replaces;
      const auto& y = parts[b.first].migrations[b.second].replaces;
      return x.value_or(project.migrations.size()) < y.value_or(project.migrations.size());
    });
    for (const auto& [p, m] : order) write.migrations.push_back(parts[p].migrations[m]);
    auto written = writer->write(project, files, write);
    if (!written) return tl::unexpected(written.error());
    out.notices.insert(out.notices.end(), written->notices.begin(), written->notices.end());
    for (std::size_t n = 0; n < order.size(); ++n) {
      rewritten.insert(written->paths[n]);
      Part& part = parts[order[n].first];
      part.places.resize(part.migrations.size());
      part.places[order[n].second] = n;
    }
    for (Part& part : parts) {
      if (part.group->files_only) continue;
      Plan& plan = part.group->plan;
      for (PlanSource& one : plan.sources) one.sha256 = sha256(one.text);
      if (snapshot && write.orm == source::OrmState::previous)
        plan.snapshot = PlanSource{snapshot->first, sha256(snapshot->second), snapshot->second};
      std::vector<std::string> paths;
      for (const std::size_t place : part.places) paths.push_back(written->paths[place]);
      note_files(plan, part.stretch, part.files, part.migrations, paths, written->changes, files);
      const std::string path = plan_path(request, plan);
      out.changes.push_back({path, !files.exists(path), plan::to_yaml(plan), source::FileOrder::plan});
      if (plan.snapshot) {
        const auto gate = std::ranges::find_if(plan.stages, [](const Stage& stage) { return stage.gate.has_value(); });
        out.notices.push_back(fmt::format(
            "the newest snapshot says again what the last release said: take the change of the code's schema "
            "(schema.ts) out of this commit. It belongs to the release that the gate {} waits for, where "
            "pglint fix --next writes the new snapshot",
            gate->gate->id));
      }
      out.plans.push_back(plan);
    }
    out.changes.insert(out.changes.end(), std::make_move_iterator(written->changes.begin()),
                       std::make_move_iterator(written->changes.end()));
  }

  if (sources.projects.empty()) return out;
  if (Result<void> looked = look_again(sources, rules, files, request, rewritten, out); !looked)
    return tl::unexpected(looked.error());
  return out;
}

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
  if (writer == nullptr) return failed(fmt::format("the files of {} cannot be written yet", project.runner));
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
    mark.name = fmt::format("{}_release", plan::bare_name(plan.id));
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
  const std::vector<emit::File> parts = emit::files(plan, *stretch);
  write.migrations = to_migrations(parts, {}, plan, true);
  // Else the newest one is right: the release's own, or one that was made on top of it.
  if (plan.snapshot && ours) write.end_state_snapshot = plan.snapshot->text;
  auto written = writer->write(project, files, write);
  if (!written) return tl::unexpected(written.error());
  note_files(plan, *stretch, parts, write.migrations, written->paths, written->changes, files);
  out.notices = written->notices;
  out.changes.push_back({file.path, false, plan::to_yaml(plan), source::FileOrder::plan});
  out.changes.insert(out.changes.end(), std::make_move_iterator(written->changes.begin()),
                     std::make_move_iterator(written->changes.end()));
  out.plans.push_back(std::move(plan));
  return out;
}

}  // namespace pglint::fix
