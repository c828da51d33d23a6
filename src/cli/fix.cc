#include "fix/fix.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>

#include "base/edit.h"
#include "base/sha256.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/delivery.h"
#include "cli/executor.h"
#include "fix/plans.h"
#include "fix/write_files.h"
#include "plan/form/file.h"
#include "plan/verify.h"
#include "report/diff.h"
#include "rules/registry.h"
#include "source/config.h"
#include "source/git.h"
#include "source/overlay.h"
#include "source/path.h"
#include "source/runner.h"

namespace pglint::cli {
namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Which migrations may be rewritten: those that git says are not released, or that were named.
Result<source::Sources> unreleased(Settings& settings, const FixOptions& fix) {
  source::SourceOptions& source = settings.source;
  if (!source.commands.empty())
    return failed("fix rewrites files, not -c", "pglint locks -c shows what a statement does.");
  if (std::ranges::find(source.paths, "-") != source.paths.end())
    return failed("fix rewrites files, not standard input");
  if (!fix.force && source.since.empty() && !source.staged) {
    std::string folder = ".";
    if (!source.paths.empty()) {
      folder = source.paths.front();
      if (!source::disk().is_folder(folder)) folder = source::parent(folder);
      if (folder.empty()) folder = ".";
    }
    source.since = source::released_revision(folder);
  }
  if (source.since.empty() && !source.staged) {
    // Named files are new; a folder alone does not say which of its migrations are.
    const bool files = !source.paths.empty() && std::ranges::none_of(source.paths, [](const std::string& path) {
      return source::disk().is_folder(path);
    });
    if (!files && !fix.force)
      return failed("it is not known which migrations are released",
                    "Name the new ones, as in pglint fix drizzle/0007_x.sql, or give --since REV.");
  }
  return source::read_sources(source, source::disk());
}

// What is wrong with how the project is delivered, mended where that is certain, and looked at again. What the report
// refers to is returned.
Delivery mend_delivery(const Options& options, const Settings& settings, const source::Sources& sources,
                       const std::string& root, fix::Fixed& fixed) {
  Report before;
  const Delivery found = check_delivery(options, settings, sources, files_of(sources), before);
  for (const lint::ProjectFix& one : found.fixes)
    if (!source::below(one.path, root).empty())
      fixed.changes.push_back({one.path, false, edited(one.text, one.edits), source::FileOrder::edited_sql});
  const source::Overlay overlay(files_of(sources), fixed.changes);
  return check_delivery(options, settings, sources, overlay, fixed.remaining);
}

// For the reporters: plain data.
FixReport report_of(fix::Fixed& fixed, const source::Sources& sources, const fix::Request& request) {
  FixReport out;
  std::map<std::string, std::uint32_t> numbers;
  const auto number = [&](const std::string& path) {
    const auto [found, is_new] = numbers.try_emplace(path, static_cast<std::uint32_t>(out.files.size()));
    if (is_new) {
      ReportFile file{path, {}};
      for (const source::Project& project : sources.projects)
        for (const source::Migration& migration : project.migrations)
          if (migration.path == path) file.text = migration.text;
      out.files.push_back(file);
    }
    return found->second;
  };
  for (const fix::Refusal& one : fixed.refused)
    out.refused.push_back({one.rule, number(one.path), one.at, one.reason, one.supply});
  for (const source::FileChange& change : fixed.changes)
    out.fixed.push_back({change.path, change.create, sha256(change.text)});
  for (const Plan& plan : fixed.plans) out.plan_paths.push_back(source::join(request.plans, plan.id + ".yml"));
  out.plans = std::move(fixed.plans);
  out.remaining = std::move(fixed.remaining);
  return out;
}

// The plans of the project, or the one that was asked for; one line says what is wrong.
Result<std::vector<fix::PlanFile>> plans_of(const FixOptions& fix, const fix::Request& request) {
  if (!fix.plan.empty() && source::disk().exists(fix.plan) && !source::disk().is_folder(fix.plan)) {
    auto text = source::disk().read(fix.plan);
    if (!text) return failed(fmt::format("{}: {}", fix.plan, text.error().message), text.error().hint);
    auto plan = plan::from_yaml(*text);
    if (!plan) return failed(fmt::format("{}: {}", fix.plan, plan.error().message), plan.error().hint);
    return std::vector<fix::PlanFile>{{fix.plan, std::move(*plan)}};
  }
  Result<std::vector<fix::PlanFile>> plans = fix::read_plans(request.plans, source::disk());
  if (!plans) return plans;
  if (!fix.plan.empty()) {
    std::erase_if(*plans, [&](const fix::PlanFile& file) { return file.plan.id != fix.plan; });
    if (plans->empty())
      return failed(fmt::format("there is no plan {}", printable(fix.plan)),
                    fmt::format("The plans are in {}.", request.plans));
  }
  return plans;
}

Result<fix::PlanFile> one_plan(const FixOptions& fix, const fix::Request& request) {
  Result<std::vector<fix::PlanFile>> plans = plans_of(fix, request);
  if (!plans) return tl::unexpected(plans.error());
  if (plans->empty()) return failed(fmt::format("there is no plan in {}", request.plans), "pglint fix writes one.");
  if (plans->size() > 1)
    return failed(fmt::format("there are {} plans in {}", plans->size(), request.plans), "Say which: --plan FILE.");
  return std::move(plans->front());
}

// All that the plan was made from and has written: where each migration has a folder of its own, one of them is not
// the project.
bool holds(const source::Sources& sources, const Plan& plan) {
  const auto is_there = [&](const std::string& path) {
    return std::ranges::find(sources.projects.front().migrations, path, &source::Migration::path) !=
           sources.projects.front().migrations.end();
  };
  return sources.projects.size() == 1 &&
         std::ranges::all_of(plan.sources, [&](const PlanSource& one) { return is_there(one.path); }) &&
         std::ranges::all_of(plan.stages, [&](const Stage& stage) {
           return std::ranges::all_of(stage.files, [&](const FileHash& one) { return is_there(one.path); });
         });
}

// The project whose migrations the plan is about, all of them: that of the folder around the first one. Some tools keep
// each migration in a folder of its own, or all of them in one beside what names them.
Result<source::Sources> project_of(const Plan& plan, Settings& settings) {
  constexpr int levels = 3;
  settings.source.runner = plan.runner;
  settings.source.since.clear();
  settings.source.staged = false;
  std::string folder = source::parent(plan.sources.front().path);
  std::optional<source::Sources> found;
  for (int i = 0; i < levels && !folder.empty(); ++i, folder = source::parent(folder)) {
    settings.source.paths = {folder};
    Result<source::Sources> sources = source::read_sources(settings.source, source::disk());
    if (!sources) return sources;
    if (holds(*sources, plan)) return sources;
    if (!found && sources->projects.size() == 1) found = std::move(*sources);
  }
  if (found) return std::move(*found);
  return failed(fmt::format("{}: the migrations of the plan {} are not there", plan.sources.front().path, plan.id),
                "Start pglint where it was started before.");
}

// A plan may have been edited, and its files too: nothing of it is executed that was not looked at again.
Result<void> look_again(const fix::PlanFile& file, Settings& settings) {
  const Plan& plan = file.plan;
  if (plan.sources.empty()) return failed(fmt::format("{}: the plan has no sources", file.path));
  Result<source::Sources> sources = project_of(plan, settings);
  if (!sources) return tl::unexpected(sources.error());
  source::Project& project = sources->projects.front();
  std::map<std::string, std::string> emitted;
  for (const Stage& stage : plan.stages)
    for (const FileHash& one : stage.files) emitted[one.path] = one.sha256;
  std::vector<std::size_t> ours;
  source::Project before = project;
  before.migrations.clear();
  for (const source::Migration& migration : project.migrations) {
    const auto source = std::ranges::find(plan.sources, migration.path, &PlanSource::path);
    const std::string hash = sha256(migration.text);
    const auto file_of = emitted.find(migration.path);
    if (file_of != emitted.end() && hash != file_of->second) {
      if (source != plan.sources.end() && hash == source->sha256)
        return failed(fmt::format("{} is as it was before the plan {} was made", migration.path, plan.id),
                      fmt::format("pglint fix {} writes it anew.", migration.path));
      return failed(fmt::format("{} has changed since the plan {} was made", migration.path, plan.id),
                    "Restore it, or make the plan again from the original migrations.");
    }
    if (file_of != emitted.end()) emitted.erase(file_of);
    if (source == plan.sources.end()) {
      if (ours.empty()) before.migrations.push_back(migration);
      continue;
    }
    ours.push_back(before.migrations.size());
    before.migrations.push_back(migration);
    before.migrations.back().text = source->text;
    before.migrations.back().scripts.clear();
    source::Notes unheard;
    source::find_runner(project.runner)->cut(before, before.migrations.back(), unheard);
  }
  for (std::size_t i = 0; i < before.migrations.size(); ++i)
    before.migrations[i].reported = std::ranges::find(ours, i) != ours.end();
  if (ours.size() != plan.sources.size())
    return failed(fmt::format("migrations of the plan {} are missing in {}", plan.id, project.root),
                  "Restore them from version control.");
  if (!emitted.empty())
    return failed(fmt::format("{}, which the plan {} has written, is missing", emitted.begin()->first, plan.id),
                  "Restore it from version control.");
  // A plan that begins with a gate has nothing to write before it.
  const bool begins_with_gate = !plan.stages.empty() && plan.stages.front().gate;
  if (!begins_with_gate && std::ranges::none_of(plan.stages, [](const Stage& stage) { return !stage.files.empty(); }))
    return failed(fmt::format("the plan {} stands in no file yet", plan.id),
                  "pglint fix --apply PATH writes the files first.");
  Plan checked = plan;
  if (const auto wrong = plan::verify(before, ours, settings.check.replay, checked))
    return failed(fmt::format("{}: {}", file.path, *wrong), "The plan was edited: put it back, or make it again.");
  return {};
}

// What stands behind the gate goes into files before it is executed: a database that is built from the folder has to
// end the same.
Result<void> write_behind(fix::PlanFile& file, const std::string& gate, Settings& settings, const fix::Request& request,
                          const std::string& root) {
  bool behind = false;
  bool missing = false;
  for (const Stage& stage : file.plan.stages) {
    if (stage.gate) behind = stage.gate->id == gate;
    missing = missing || (behind && !stage.gate && stage.files.empty());
  }
  if (!missing) return {};
  Result<source::Sources> sources = project_of(file.plan, settings);
  if (!sources) return tl::unexpected(sources.error());
  Result<fix::Fixed> next = fix::next(sources->projects.front(), file, gate, source::disk(), request);
  if (!next) return tl::unexpected(next.error());
  if (Result<void> written = fix::write_files(next->changes, {root}); !written) return written;
  for (const source::FileChange& change : next->changes)
    fmt::print("{} {}\n", change.create ? "create" : "modify", printable(change.path));
  file.plan = std::move(next->plans.front());
  return {};
}

int execute(fix::PlanFile file, const FixOptions& fix, Settings& settings, const fix::Request& request,
            const std::string& root) {
  if (!fix.passed.empty() && !fix.undo && !fix.dry_run)
    if (const Result<void> written = write_behind(file, fix.passed, settings, request, root); !written)
      return print_error(written.error()), refused;
  if (const Result<void> good = look_again(file, settings); !good) return print_error(good.error()), refused;
  RunRequest run;
  run.plan = file.path;
  run.hash = plan::hash(file.plan);
  run.passed = fix.passed;
  run.through = fix.through;
  run.dry_run = fix.dry_run;
  run.undo = fix.undo;
  run.accept_triggers = fix.accept_triggers;
  run.accept_changes = fix.accept_changes;
  run.lock_budget = fix.lock_budget;
  run.wait_budget = fix.wait_budget;
  run.throttle_budget = fix.throttle_budget;
  run.throttle_query = fix.throttle_query;
  run.max_lag = fix.max_lag;
  std::fflush(stdout);
  return exec_executor(arguments(run), fix.database_url);
}

// What goes together; an Error is wrong usage.
Result<void> fits(const FixOptions& fix, const Settings& settings) {
  for (const auto& [format, file] : settings.sinks)
    if (format != report::Format::text && format != report::Format::json)
      return failed(fmt::format("--format {}: fix knows text and json", report::name(format)));
  if (!fix.passed.empty() && !fix.next && !fix.apply && !fix.undo)
    return failed("--passed goes with --next, --apply or --undo", "See pglint fix --help.");
  if (fix.dry_run && !fix.apply && !fix.undo)
    return failed("--dry-run goes with --apply", "pglint fix --diff shows the files.");
  return {};
}

Result<fix::Request> request_of(const FixOptions& fix, const Settings& settings, const std::string& root) {
  fix::Request request;
  request.check = settings.check;
  request.source = settings.source;
  request.recipes.pg_version = settings.check.replay.target.pg_version;
  request.recipes.dual_write =
      fix.dual_write == "application" ? recipe::DualWrite::application : recipe::DualWrite::trigger;
  request.recipes.accept_triggers = fix.accept_triggers;
  for (const std::string& value : fix.values) {
    const std::size_t equals = value.find('=');
    const std::size_t dot = value.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals || equals + 1 == value.size())
      return failed(fmt::format("--value {}: not TABLE.COLUMN=EXPR", printable(value)),
                    "As in --value users.plan=\"'free'\".");
    request.recipes.values[value.substr(0, equals)] = value.substr(equals + 1);
  }
  request.plans = plans_folder(root);
  request.now_ms = now_ms();
  return request;
}

// What the command line asks for, and the files as they are.
struct Asked {
  source::Sources sources;
  fix::Fixed fixed;
};

Result<Asked> plan_it(const FixOptions& fix, Settings& settings, const fix::Request& request) {
  const bool known = fix.next || fix.undo;  // the plan is there
  std::optional<fix::PlanFile> plan;
  if (known) {
    Result<fix::PlanFile> found = one_plan(fix, request);
    if (!found) return tl::unexpected(found.error());
    plan = std::move(*found);
  }
  Result<source::Sources> sources = known ? project_of(plan->plan, settings) : unreleased(settings, fix);
  if (!sources) return tl::unexpected(sources.error());
  Result<fix::Fixed> fixed =
      fix.undo   ? fix::undo(sources->projects.front(), *plan, fix.passed, source::disk(), request)
      : fix.next ? fix::next(sources->projects.front(), *plan,
                             fix.passed.empty() ? std::nullopt : std::optional(fix.passed), source::disk(), request)
                 : fix::fix(*sources, rules::all(), source::disk(), request);
  if (!fixed) return tl::unexpected(fixed.error());
  return Asked{std::move(*sources), std::move(*fixed)};
}

// The diff alone goes to standard output, so that it can be applied.
Result<void> show_diff(const std::vector<source::FileChange>& changes, const FixReport& report,
                       const Options& options) {
  std::string out;
  for (const source::FileChange& change : changes) {
    std::optional<std::string> before;
    if (auto text = source::disk().read(change.path)) before = std::move(*text);
    out += report::unified_diff(change.path, before ? std::optional<std::string_view>(*before) : std::nullopt,
                                change.text);
  }
  if (Result<void> written = write_output("", out); !written) return written;
  if (report.refused.empty()) return {};
  FixReport rest;
  rest.files = report.files;
  rest.refused = report.refused;
  const std::string text = report::render(report::Format::text, rest, render_options(options, false));
  std::fwrite(text.data(), 1, text.size(), stderr);
  return {};
}

Result<void> show(const FixReport& report, const Options& options, const FixOptions& fix, const Settings& settings) {
  for (const auto& [format, file] : settings.sinks) {
    report::RenderOptions render = render_options(options, file.empty());
    render.quiet = render.quiet || fix.next || fix.undo;  // the plan is known by then
    if (Result<void> written = write_output(file, report::render(format, report, render)); !written) return written;
  }
  return {};
}

int run_plan(const FixOptions& fix, Settings& settings, const fix::Request& request, const std::string& root) {
  Result<std::vector<fix::PlanFile>> plans = plans_of(fix, request);
  if (!plans) return print_error(plans.error()), refused;
  if (plans->empty()) {
    fmt::print("No plan to execute: the migration tool runs the files.\n");
    return ok;
  }
  if (plans->size() > 1)
    return print_error(
               {fmt::format("there are {} plans in {}", plans->size(), request.plans), "Say which: --plan FILE."}),
           refused;
  return execute(std::move(plans->front()), fix, settings, request, root);
}

}  // namespace

int fix(const Options& options, const FixOptions& fix) {
  Result<Settings> settings = settle(options);
  if (!settings) return print_error(settings.error()), refused;
  if (const Result<void> good = fits(fix, *settings); !good) return print_error(good.error()), refused;
  const std::string root = project_root(options);
  const Result<fix::Request> request = request_of(fix, *settings, root);
  if (!request) return print_error(request.error()), refused;

  // With a plan named, there is only something to execute.
  if ((fix.undo && (fix.apply || fix.dry_run)) || (fix.apply && !fix.plan.empty())) {
    Result<fix::PlanFile> plan = one_plan(fix, *request);
    if (!plan) return print_error(plan.error()), refused;
    return execute(std::move(*plan), fix, *settings, *request, root);
  }

  Result<Asked> asked = plan_it(fix, *settings, *request);
  if (!asked) return print_error(asked.error()), refused;
  Delivery delivery;
  if (!fix.next && !fix.undo) delivery = mend_delivery(options, *settings, asked->sources, root, asked->fixed);
  const std::vector<Failure>& failures = asked->sources.failures;
  print_failures(failures, options);
  for (const std::string& notice : asked->fixed.notices) fmt::print(stderr, "note: {}\n", printable(notice));
  const std::vector<source::FileChange> changes = asked->fixed.changes;
  if (!fix.diff && !changes.empty())
    if (const Result<void> written = fix::write_files(changes, {root}); !written)
      return print_error(written.error()), refused;

  const FixReport report = report_of(asked->fixed, asked->sources, *request);
  const bool nothing = report.fixed.empty() && report.refused.empty() && report.remaining.diagnostics.empty();
  if (const Result<void> shown = fix.diff               ? show_diff(changes, report, options)
                                 : fix.apply && nothing ? Result<void>()
                                                        : show(report, options, fix, *settings);
      !shown)
    return print_error(shown.error()), refused;

  if (!report.refused.empty() || !failures.empty()) return refused;
  if (fix.apply && !fix.diff) return run_plan(fix, *settings, *request, root);
  if (fix.diff && !changes.empty()) return findings;
  return fails(report.remaining.summary, settings->fail_on) ? findings : ok;
}

}  // namespace pglint::cli
