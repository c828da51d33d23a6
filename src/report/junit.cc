#include "report/junit.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"
#include "report/places.h"

namespace pglint::report {
namespace {

// XML has no way to write most control characters: they are spelt out first.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

struct Suite {
  std::vector<const Diagnostic*> findings;
  std::size_t failures = 0;
};

void test_case(std::string& out, Places& places, const Diagnostic& d) {
  const Position at = places.lines(d.file).position(d.at.begin);
  const std::string path = xml(places.file(d.file).path);
  out += fmt::format("    <testcase name=\"{} at {}:{}\" classname=\"{}\" file=\"{}\" line=\"{}\">\n", d.rule, at.line,
                     at.column, path, path, at.line);
  std::string body =
      fmt::format("{}:{}:{}: {}[{}] {}", path, at.line, at.column, name(d.severity), d.rule, xml(d.message));
  if (!d.why.empty()) body.append("\n").append(xml(d.why));
  if (!d.help.empty()) body.append("\nhelp: ").append(xml(d.help));
  if (d.severity == Severity::advice) {
    out += fmt::format("      <system-out>{}</system-out>\n", body);
  } else {
    out +=
        fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", name(d.severity), xml(d.message), body);
  }
  out += "    </testcase>\n";
}

}  // namespace

void junit(const Report& report, const Sink& sink) {
  Places places(report.files);
  std::vector<Suite> suites(report.files.size());
  std::size_t tests = 0;
  std::size_t failures = 0;
  for (const Diagnostic& d : report.diagnostics) {
    Suite& suite = suites[d.file];
    suite.findings.push_back(&d);
    if (d.severity != Severity::advice) ++suite.failures;
  }
  for (const Suite& suite : suites) {
    tests += std::max<std::size_t>(suite.findings.size(), 1);
    failures += suite.failures;
  }

  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"pglint\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
                     tests + report.failures.size(), failures, report.failures.size());
  for (std::uint32_t file = 0; file < suites.size(); ++file) {
    const Suite& suite = suites[file];
    const std::string path = xml(report.files[file].path);
    out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n", path,
                       std::max<std::size_t>(suite.findings.size(), 1), suite.failures);
    for (const Diagnostic* d : suite.findings) {
      test_case(out, places, *d);
      spill(out, sink);
    }
    if (suite.findings.empty()) {
      out += fmt::format("    <testcase name=\"no problems\" classname=\"{}\" file=\"{}\"/>\n", path, path);
    }
    out += "  </testsuite>\n";
  }
  for (const Failure& failure : report.failures) {
    const std::string path = xml(failure.path.empty() ? "pglint" : failure.path);
    const std::string message = xml(failure.message);
    out += fmt::format("  <testsuite name=\"{}\" tests=\"1\" failures=\"0\" errors=\"1\">\n", path);
    out += fmt::format("    <testcase name=\"readable\" classname=\"{}\">\n", path);
    out += fmt::format("      <error type=\"failure\" message=\"{}\">{}</error>\n", message, message);
    out += "    </testcase>\n  </testsuite>\n";
  }
  out += "</testsuites>\n";
  sink(out);
}

}  // namespace pglint::report
