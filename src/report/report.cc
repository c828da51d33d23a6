#include "report/report.h"

#include <cassert>

#include "report/fix_text.h"
#include "report/github.h"
#include "report/gitlab.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/locks_text.h"
#include "report/rules_text.h"
#include "report/sarif.h"
#include "report/terminal.h"
#include "report/text.h"

namespace pglint::report {

std::string_view name(Format format) {
  switch (format) {
    case Format::text:
      return "text";
    case Format::json:
      return "json";
    case Format::sarif:
      return "sarif";
    case Format::github:
      return "github";
    case Format::gitlab:
      return "gitlab";
    case Format::junit:
      break;
  }
  return "junit";
}

std::optional<Format> format_named(std::string_view word) {
  for (const Format format : all_formats) {
    if (name(format) == word) return format;
  }
  return std::nullopt;
}

void write(Format format, const Report& report, const RenderOptions& options, const Sink& sink) {
  switch (format) {
    case Format::text:
      return text(report, options, sink);
    case Format::json:
      return check_json(report, sink);
    case Format::sarif:
      return sarif(report, options.rules, sink);
    case Format::github:
      return github(report, sink);
    case Format::gitlab:
      return gitlab(report, sink);
    case Format::junit:
      break;
  }
  junit(report, sink);
}

std::string render(Format format, const Report& report, const RenderOptions& options) {
  std::string all;
  write(format, report, options, [&all](std::string_view piece) { all += piece; });
  return all;
}

std::string render(Format format, const Timeline& timeline, const RenderOptions& options) {
  assert(has_timeline(format));
  return format == Format::json ? locks_json(timeline) : locks_text(timeline, options);
}

std::string render(Format format, const FixReport& report, const RenderOptions& options) {
  return format == Format::json ? fix_json(report) : fix_text(report, options);
}

std::string render_rules(Format format, const RenderOptions& options) {
  assert(has_timeline(format));
  return format == Format::json ? rules_json(options.rules) : rules_text(options);
}

std::string failure_lines(std::span<const Failure> failures, Color color) {
  Terminal out(color, RenderOptions{}.width);
  for (const Failure& failure : failures) append_failure(out, failure);
  return out.take();
}

}  // namespace pglint::report
