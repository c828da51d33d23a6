#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>
#include <system_error>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/delivery.h"
#include "fix/plans.h"
#include "lint/baseline.h"
#include "report/report.h"
#include "rules/registry.h"
#include "source/git.h"
#include "source/path.h"

namespace pglint::cli {
namespace {

std::optional<std::uint32_t> days_since(std::int64_t then) {
  constexpr std::int64_t day = 86'400;
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  if (then <= 0) return std::nullopt;
  return static_cast<std::uint32_t>(std::max<std::int64_t>(now - then, 0) / day);
}

// The plans of the project that wait for a gate, and their statements. Nothing is read, and git is not asked, where
// there is none.
void list_plans(const std::string& folder, Report& report, std::string& statements) {
  if (!source::disk().is_folder(folder)) return;
  const Result<std::vector<fix::PlanFile>> plans = fix::read_plans(folder, source::disk());
  if (!plans) {
    report.failures.push_back({folder, 0, one_line(plans.error())});
    return;
  }
  for (const fix::PlanFile& file : *plans)
    if (const std::optional<Gate> gate = fix::waits_for(file.plan)) {
      report.plans.push_back({file.plan.id, file.path, gate->id, {}});
      for (const Stage& stage : file.plan.stages)
        for (const Step& step : stage.steps)
          for (const std::string& sql : step.sql) statements += sql + '\n';
    }
  if (report.plans.empty()) return;
  const std::map<std::string, std::int64_t> added = source::added_at(folder);
  for (PendingPlan& plan : report.plans) {
    struct stat status = {};
    if (const auto found = added.find(std::string(source::file_name(plan.path))); found != added.end())
      plan.age = days_since(found->second);
    else if (::stat(plan.path.c_str(), &status) == 0)
      plan.age = days_since(status.st_mtime);
  }
}

// Records what the report has, which is all there is to do then.
int record(const std::string& file, const Report& report) {
  if (!report.failures.empty())
    return print_error({file + ": not written", "First mend what could not be read; nobody looked at it."}), refused;
  const lint::Baseline baseline = lint::baseline_of(report);
  std::error_code ignored;  // where the folder cannot be made, the file cannot be written either
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
  if (const Result<void> written = write_output(file, lint::to_json(baseline)); !written)
    return print_error(written.error()), refused;
  fmt::print(
      "{}: {} {} recorded. Reports leave them out from now on with --baseline {}, or with `baseline: {}` in "
      ".pglint.yml.\n",
      file, report.diagnostics.size(), report.diagnostics.size() == 1 ? "finding" : "findings", file, file);
  return ok;
}

// Leaves out what the file has.
Result<void> leave_out(const std::string& file, Report& report) {
  const auto text = source::disk().read(file);
  if (!text)
    return failed(fmt::format("{}: {}", printable(file), text.error().message),
                  "--write-baseline writes one with what is found now.");
  const Result<lint::Baseline> baseline = lint::from_json(*text);
  if (!baseline) return failed(fmt::format("{}: {}", printable(file), baseline.error().message), baseline.error().hint);
  if (const std::size_t gone = lint::apply(*baseline, report); gone != 0)
    report.notices.push_back(
        fmt::format("{}: {} of its findings are gone; --write-baseline takes them out", printable(file), gone));
  return {};
}

}  // namespace

int check(const Options& options) {
  const Result<Settings> settings = settle(options);
  if (!settings) return print_error(settings.error()), refused;
  const Result<source::Sources> sources = source::read_sources(settings->source, source::disk());
  if (!sources) return print_error(sources.error()), refused;

  Report waiting;
  lint::CheckOptions how = settings->check;
  if (settings->source.commands.empty()) list_plans(plans_folder(project_root(options)), waiting, how.plans);
  Report report = lint::check(*sources, settings->rules, how);
  report.plans = std::move(waiting.plans);
  std::ranges::move(waiting.failures, std::back_inserter(report.failures));
  const Delivery delivery = check_delivery(options, *settings, *sources, files_of(*sources), report);
  if (options.write_baseline) return record(settings->baseline, report);
  if (!settings->baseline.empty())
    if (const Result<void> left_out = leave_out(settings->baseline, report); !left_out)
      return print_error(left_out.error()), refused;

  const std::vector<report::RuleText> texts = rule_texts(*settings);
  bool failures_shown = false;
  for (const auto& [format, file] : settings->sinks) {
    report::RenderOptions render = render_options(options, file.empty());
    render.rules = texts;
    const Result<void> written =
        write_output(file, [&, as = format](const report::Sink& sink) { report::write(as, report, render, sink); });
    if (!written) return print_error(written.error()), refused;
    failures_shown = failures_shown || (format == report::Format::text && file.empty());
  }
  if (!failures_shown) print_failures(report.failures, options);
  if (!report.failures.empty()) return refused;
  return fails(report.summary, settings->fail_on) ? findings : ok;
}

}  // namespace pglint::cli
