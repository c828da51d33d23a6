#include <iterator>

#include "cli/cli.h"
#include "cli/commands.h"
#include "report/report.h"
#include "rules/registry.h"

namespace pglint::cli {
namespace {

bool fails(const Summary& summary, FailOn level) {
  switch (level) {
    case FailOn::error:
      return summary.errors != 0;
    case FailOn::warning:
      return summary.errors + summary.warnings != 0;
    case FailOn::never:
      break;
  }
  return false;
}

}  // namespace

int check(const Options& options) {
  const Result<Settings> settings = settle(options);
  if (!settings) return print_error(settings.error()), refused;
  const Result<source::Sources> sources = source::read_sources(settings->source, source::disk());
  if (!sources) return print_error(sources.error()), refused;

  const Report report = lint::check(*sources, rules::all(), settings->check);

  const std::vector<report::RuleText> texts = rule_texts(settings->check);
  bool failures_shown = false;
  for (const auto& [format, file] : settings->sinks) {
    report::RenderOptions render = render_options(options, file.empty());
    render.rules = texts;
    if (const Result<void> written = write_output(file, report::render(format, report, render)); !written)
      return print_error(written.error()), refused;
    failures_shown = failures_shown || (format == report::Format::text && file.empty());
  }
  if (!failures_shown) print_failures(report.failures, options);
  if (!report.failures.empty()) return refused;
  return fails(report.summary, settings->fail_on) ? findings : ok;
}

}  // namespace pglint::cli
