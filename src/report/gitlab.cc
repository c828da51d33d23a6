#include "report/gitlab.h"

#include "report/fingerprint.h"
#include "report/json_writer.h"
#include "report/places.h"

namespace pglint::report {
namespace {

// GitLab knows info, minor, major, critical and blocker.
std::string_view severity_word(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "critical";
    case Severity::warning:
      return "major";
    case Severity::advice:
      break;
  }
  return "info";
}

std::string_view in_repository(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  return path;
}

void entry(JsonWriter& json, std::string_view description, std::string_view check, std::string_view fingerprint,
           std::string_view severity, std::string_view path, std::uint32_t line) {
  json.line().begin_object();
  json.key("description").string(description).key("check_name").string(check);
  json.key("fingerprint").string(fingerprint).key("severity").string(severity);
  json.key("location").begin_object();
  json.key("path").string(in_repository(path));
  json.key("lines").begin_object().key("begin").number(line).end_object();
  json.end_object();
  json.end_object();
}

}  // namespace

void gitlab(const Report& report, const Sink& sink) {
  const std::vector<std::string> marks = fingerprints(report);
  Places places(report.files);
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (std::size_t i = 0; i < report.diagnostics.size(); ++i) {
    const Diagnostic& d = report.diagnostics[i];
    entry(json, whole_message(d), d.rule, marks[i], severity_word(d.severity), places.file(d.file).path,
          places.lines(d.file).line_of(d.at.begin));
    spill(out, sink);
  }
  for (const Failure& f : report.failures) {
    entry(json, f.message, "failure", fingerprint(f), "blocker", f.path.empty() ? "." : f.path, 1);
  }
  json.end_array();
  out += '\n';
  sink(out);
}

}  // namespace pglint::report
