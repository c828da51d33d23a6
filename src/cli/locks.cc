#include <fmt/format.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "lint/timeline.h"
#include "report/report.h"

namespace pglint::cli {

int locks(const Options& options) {
  const Result<Settings> settings = settle(options);
  if (!settings) return print_error(settings.error()), refused;
  for (const auto& [format, file] : settings->sinks) {
    if (!report::has_timeline(format))
      return print_error({fmt::format("locks has no format {}", report::name(format)), "Use text or json."}), refused;
  }
  const Result<source::Sources> sources = source::read_sources(settings->source, source::disk());
  if (!sources) return print_error(sources.error()), refused;

  const Timeline timeline = lint::timeline(*sources, settings->check.replay);
  bool failures_shown = false;
  for (const auto& [format, file] : settings->sinks) {
    const std::string text = report::render(format, timeline, render_options(options, file.empty()));
    if (const Result<void> written = write_output(file, text); !written) return print_error(written.error()), refused;
    failures_shown = failures_shown || (format == report::Format::text && file.empty());
  }
  if (!failures_shown) print_failures(timeline.failures, options);
  return timeline.failures.empty() ? ok : refused;
}

}  // namespace pglint::cli
