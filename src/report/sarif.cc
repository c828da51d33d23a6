#include "report/sarif.h"

#include <map>

#include "base/text.h"
#include "pglint/version.h"
#include "report/fingerprint.h"
#include "report/json_writer.h"
#include "report/places.h"

namespace pglint::report {
namespace {

constexpr std::string_view schema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
// GitHub cuts longer descriptions.
constexpr std::size_t max_description_bytes = 1000;

std::string_view level(std::string_view severity) { return severity == "advice" ? "note" : severity; }

// The words that GitHub sorts by.
std::string_view problem_severity(std::string_view severity) {
  return severity == "advice" ? "recommendation" : severity;
}

// The first paragraph of a page that is neither a heading nor an example, on one line.
std::string first_paragraph(std::string_view page) {
  std::string out;
  bool fenced = false;
  while (!page.empty()) {
    const std::size_t end = std::min(page.find('\n'), page.size());
    std::string_view line = page.substr(0, end);
    page.remove_prefix(std::min(end + 1, page.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("```")) fenced = !fenced;
    const bool text = !fenced && !line.starts_with("```") && !line.starts_with('#') &&
                      line.find_first_not_of(" \t") != std::string_view::npos;
    if (!text && !out.empty()) break;
    if (!text) continue;
    if (!out.empty()) out += ' ';
    out += line;
  }
  if (out.size() > max_description_bytes) out = std::string(utf8_prefix(out, max_description_bytes)) + "…";
  return out;
}

// In SARIF's messages [text](target) is a link. Names from a file must not make any.
std::string without_links(std::string_view text) {
  if (text.find("](") == std::string_view::npos) return std::string(text);
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void message(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key).begin_object().key("text").string(without_links(text)).end_object();
}

void rule(JsonWriter& json, const RuleText& rule) {
  const std::string summary = std::string(rule.summary) + ".";
  const std::string paragraph = first_paragraph(rule.page);
  json.line().begin_object();
  json.key("id").string(rule.id);
  message(json, "shortDescription", summary);
  message(json, "fullDescription", paragraph.empty() ? summary : paragraph);
  json.key("helpUri").string(rule_url(rule.id));
  if (!rule.page.empty()) {
    json.key("help").begin_object();
    json.key("text").string(paragraph.empty() ? summary : paragraph).key("markdown").string(rule.page);
    json.end_object();
  }
  json.key("defaultConfiguration").begin_object();
  json.key("enabled").boolean(rule.enabled).key("level").string(level(rule.severity));
  json.end_object();
  json.key("properties").begin_object();
  json.key("category").string(rule.category);
  json.key("tags").begin_array().string("postgresql").string(rule.category).end_array();
  json.key("problem.severity").string(problem_severity(rule.severity));
  json.end_object();
  json.end_object();
}

void artifact(JsonWriter& json, std::string_view path) {
  json.key("artifactLocation").begin_object().key("uri").string(path_uri(path)).end_object();
}

void physical_location(JsonWriter& json, Places& places, std::uint32_t file, Span span) {
  const Span at = places.clip(file, span);
  const Position start = places.lines(file).position(at.begin);
  const Position end = places.lines(file).position(at.end);
  json.key("physicalLocation").begin_object();
  artifact(json, places.file(file).path);
  json.key("region").begin_object();
  json.key("startLine").number(start.line).key("startColumn").number(start.column);
  json.key("endLine").number(end.line).key("endColumn").number(end.column);
  json.end_object();
  json.end_object();
}

void result(JsonWriter& json, Places& places, const Diagnostic& d, const std::string& fingerprint,
            const std::map<std::string_view, std::size_t>& rules) {
  json.line().begin_object();
  json.key("ruleId").string(d.rule);
  if (const auto at = rules.find(d.rule); at != rules.end()) json.key("ruleIndex").number(at->second);
  json.key("level").string(level(name(d.severity)));
  std::string text = whole_message(d);
  if (!text.ends_with('.')) text += '.';
  if (!d.help.empty()) text.append(" ").append(d.help.view());
  message(json, "message", text);
  json.key("locations").begin_array().begin_object();
  physical_location(json, places, d.file, d.at);
  json.end_object().end_array();
  if (!d.related.empty()) {
    json.key("relatedLocations").begin_array();
    std::uint64_t id = 0;
    for (const Related& related : d.related) {
      json.begin_object();
      json.key("id").number(++id);
      message(json, "message", related.message);
      physical_location(json, places, related.file, related.at);
      json.end_object();
    }
    json.end_array();
  }
  json.key("partialFingerprints").begin_object().key("pglint/v1").string(fingerprint).end_object();
  json.end_object();
}

void failure(JsonWriter& json, const Failure& f) {
  json.begin_object();
  json.key("level").string("error");
  message(json, "message", f.message);
  if (!f.path.empty()) {
    json.key("locations").begin_array().begin_object().key("physicalLocation").begin_object();
    artifact(json, f.path);
    json.end_object().end_object().end_array();
  }
  json.end_object();
}

}  // namespace

void sarif(const Report& report, std::span<const RuleText> rules, const Sink& sink) {
  std::map<std::string_view, std::size_t> indexes;
  for (std::size_t i = 0; i < rules.size(); ++i) indexes.emplace(rules[i].id, i);
  const std::vector<std::string> marks = fingerprints(report);
  Places places(report.files);

  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("$schema").string(schema).key("version").string("2.1.0");
  json.key("runs").begin_array().begin_object();
  json.key("tool").begin_object().key("driver").begin_object();
  json.key("name").string("pglint").key("version").string(version()).key("semanticVersion").string(version());
  json.key("informationUri").string(homepage());
  json.key("rules").begin_array();
  for (const RuleText& r : rules) rule(json, r);
  json.end_array();
  json.end_object().end_object();
  json.key("columnKind").string("unicodeCodePoints");
  json.key("invocations").begin_array().begin_object();
  json.key("executionSuccessful").boolean(report.failures.empty());
  if (!report.failures.empty()) {
    json.key("toolExecutionNotifications").begin_array();
    for (const Failure& f : report.failures) failure(json, f);
    json.end_array();
  }
  json.end_object().end_array();
  json.key("results").begin_array();
  for (std::size_t i = 0; i < report.diagnostics.size(); ++i) {
    result(json, places, report.diagnostics[i], marks[i], indexes);
    spill(out, sink);
  }
  json.end_array();
  json.end_object().end_array();
  json.end_object();
  out += '\n';
  sink(out);
}

}  // namespace pglint::report
