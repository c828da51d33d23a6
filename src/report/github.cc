#include "report/github.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/places.h"

namespace pglint::report {
namespace {

// Without what ends a command, or begins another.
std::string escape_data(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// In a property, also without what separates properties.
std::string escape_property(std::string_view text) {
  std::string out;
  for (const char c : escape_data(text)) {
    if (c == ':') {
      out += "%3A";
    } else if (c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

std::string_view command(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::advice:
      break;
  }
  return "notice";
}

// The file as the repository knows it. Bytes that a log must not see are no longer its name: nothing can be done.
std::string file(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  return escape_property(printable(path));
}

}  // namespace

void github(const Report& report, const Sink& sink) {
  Places places(report.files);
  std::string out;
  for (const Diagnostic& d : report.diagnostics) {
    const Span at = places.clip(d.file, d.at);
    const Position start = places.lines(d.file).position(at.begin);
    const Position end = places.lines(d.file).position(at.end);
    out += fmt::format("::{} file={},line={},endLine={}", command(d.severity), file(places.file(d.file).path),
                       start.line, end.line);
    // The runner drops an annotation with columns that spans lines.
    if (start.line == end.line) out += fmt::format(",col={},endColumn={}", start.column, end.column);
    out += fmt::format(",title={}::{}", escape_property(d.rule), escape_data(printable(whole_message(d))));
    if (!d.help.empty()) out.append("%0A").append(escape_data(printable(d.help)));
    out += '\n';
    spill(out, sink);
  }
  for (const Failure& failure : report.failures) {
    out += "::error ";
    if (!failure.path.empty()) out += fmt::format("file={},", file(failure.path));
    out += fmt::format("title=pglint::{}\n", escape_data(printable(failure.message)));
  }
  sink(out);
}

}  // namespace pglint::report
