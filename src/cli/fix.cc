#include "fix/fix.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

#include "base/sha256.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "fix/write_files.h"
#include "report/diff.h"
#include "rules/registry.h"
#include "source/config.h"
#include "source/git.h"
#include "source/path.h"

namespace pglint::cli {
namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Which migrations may be rewritten: those that git says are not released, or that were named.
Result<source::Sources> unreleased(Settings& settings, const Options& options, const FixOptions& fix) {
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
  (void)options;
  return source::read_sources(source, source::disk());
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

// The nearest folder that a configuration or a repository makes the project's; else the current one.
std::string project_root(const Options& options) {
  const std::string config = !options.config.empty() ? options.config : source::find_config(".", source::disk());
  if (!config.empty()) {
    const std::string folder = source::parent(config);
    return folder.empty() ? "." : folder;
  }
  return ".";
}

}  // namespace

int fix(const Options& options, const FixOptions& fix) {
  Result<Settings> settings = settle(options);
  if (!settings) return print_error(settings.error()), refused;

  for (const auto& [format, file] : settings->sinks)
    if (format != report::Format::text && format != report::Format::json)
      return print_error({fmt::format("--format {}: fix knows text and json", report::name(format)), ""}), refused;

  fix::Request request;
  request.check = settings->check;
  request.recipes.pg_version = settings->check.replay.target.pg_version;
  request.recipes.dual_write =
      fix.dual_write == "application" ? recipe::DualWrite::application : recipe::DualWrite::trigger;
  for (const std::string& value : fix.values) {
    const std::size_t equals = value.find('=');
    const std::size_t dot = value.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals || equals + 1 == value.size())
      return print_error({fmt::format("--value {}: not TABLE.COLUMN=EXPR", printable(value)),
                          "As in --value users.plan=\"'free'\"."}),
             refused;
    request.recipes.values[value.substr(0, equals)] = value.substr(equals + 1);
  }
  const std::string root = project_root(options);
  request.plans = root == "." ? ".pglint/plans" : source::join(root, ".pglint/plans");
  request.now_ms = now_ms();

  Result<fix::Fixed> fixed = failed("");
  Result<source::Sources> sources = failed("");
  if (fix.next) {
    Result<std::vector<fix::PlanFile>> plans = fix::read_plans(request.plans, source::disk());
    if (!plans) return print_error(plans.error()), refused;
    if (!fix.plan.empty()) {
      const std::string wanted = source::tidy(fix.plan);
      std::erase_if(*plans, [&](const fix::PlanFile& file) { return file.path != wanted && file.plan.id != fix.plan; });
    }
    if (plans->empty())
      return print_error({fmt::format("no plan in {}", request.plans), "pglint fix writes one."}), refused;
    if (plans->size() > 1)
      return print_error({fmt::format("{} plans in {}", plans->size(), request.plans), "Say which: --plan FILE."}),
             refused;
    settings->source.paths = {source::parent(plans->front().plan.sources.front().path)};
    settings->source.runner = plans->front().plan.runner;
    sources = source::read_sources(settings->source, source::disk());
    if (!sources) return print_error(sources.error()), refused;
    if (sources->projects.size() != 1)
      return print_error(
                 {fmt::format("{}: the migrations of the plan are not there", settings->source.paths.front()), ""}),
             refused;
    fixed = fix::next(sources->projects.front(), plans->front(),
                      fix.passed.empty() ? std::nullopt : std::optional(fix.passed), source::disk(), request);
  } else {
    sources = unreleased(*settings, options, fix);
    if (!sources) return print_error(sources.error()), refused;
    fixed = fix::fix(*sources, rules::all(), source::disk(), request);
  }
  if (!fixed) return print_error(fixed.error()), refused;
  print_failures(sources->failures, options);

  for (const std::string& notice : fixed->notices) fmt::print(stderr, "note: {}\n", printable(notice));
  const std::vector<source::FileChange> changes = fixed->changes;
  if (!fix.diff && !changes.empty())
    if (Result<void> written = fix::write_files(changes, {root}); !written)
      return print_error(written.error()), refused;
  const FixReport report = report_of(*fixed, *sources, request);
  if (fix.diff) {
    std::string out;
    for (const source::FileChange& change : changes) {
      std::optional<std::string> before;
      if (auto text = source::disk().read(change.path)) before = std::move(*text);
      out += report::unified_diff(change.path, before ? std::optional<std::string_view>(*before) : std::nullopt,
                                  change.text);
    }
    if (const Result<void> written = write_output("", out); !written) return print_error(written.error()), refused;
    // The diff alone goes to standard output, so that it can be applied.
    FixReport rest;
    rest.files = report.files;
    rest.refused = report.refused;
    if (!rest.refused.empty()) {
      const std::string text = report::render(report::Format::text, rest, render_options(options, false));
      std::fwrite(text.data(), 1, text.size(), stderr);
    }
  } else {
    for (const auto& [format, file] : settings->sinks)
      if (const Result<void> written =
              write_output(file, report::render(format, report, render_options(options, file.empty())));
          !written)
        return print_error(written.error()), refused;
  }

  if (!report.refused.empty() || !sources->failures.empty()) return refused;
  if (fix.diff && !changes.empty()) return findings;
  const bool remain = std::ranges::any_of(report.remaining.diagnostics,
                                          [](const Diagnostic& one) { return one.severity >= Severity::warning; });
  return remain ? findings : ok;
}

}  // namespace pglint::cli
