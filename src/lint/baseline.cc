#include "lint/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>

#include "base/fingerprint.h"

namespace pglint::lint {
namespace {

std::string fingerprint(const Report& report, const Diagnostic& diagnostic) {
  const std::string_view text = report.files[diagnostic.file].text;
  Fingerprint one;
  one.field(diagnostic.rule);
  one.statement(text.substr(diagnostic.statement.begin, diagnostic.statement.size()));
  // Of what stands in no statement, such as a file as a whole, the message tells it from others.
  if (diagnostic.statement.size() == 0) one.field(diagnostic.message);
  one.field(diagnostic.relation);
  return one.hex();
}

}  // namespace

Baseline baseline_of(const Report& report) {
  std::map<std::tuple<std::string_view, std::string_view, std::string>, std::uint32_t> counts;
  for (const Diagnostic& diagnostic : report.diagnostics)
    ++counts[{report.files[diagnostic.file].path, diagnostic.rule, fingerprint(report, diagnostic)}];
  Baseline baseline;
  baseline.entries.reserve(counts.size());
  for (const auto& [key, count] : counts) {
    const auto& [path, rule, mark] = key;
    baseline.entries.push_back({mark, std::string(rule), std::string(path), count});
  }
  return baseline;
}

std::string to_json(const Baseline& baseline) {
  std::string text = "{\n  \"version\": 1,\n  \"findings\": [";
  const char* separator = "\n";
  for (const BaselineEntry& entry : baseline.entries) {
    const auto quoted = [](const std::string& word) {
      return nlohmann::json(word).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    };
    text += fmt::format("{}    {{\"path\": {}, \"rule\": {}, \"fingerprint\": {}, \"count\": {}}}", separator,
                        quoted(entry.path), quoted(entry.rule), quoted(entry.fingerprint), entry.count);
    separator = ",\n";
  }
  return text + "\n  ]\n}\n";
}

Result<Baseline> from_json(std::string_view text) {
  const auto wrong = [](std::string_view what) {
    return failed(fmt::format("not a baseline: {}", what), "Write it anew with --write-baseline.");
  };
  const nlohmann::json root = nlohmann::json::parse(text, nullptr, false);
  if (root.is_discarded()) return wrong("it is not JSON");
  if (!root.is_object() || !root.contains("version") || root["version"] != 1) return wrong("it has no \"version\": 1");
  const auto findings = root.find("findings");
  if (findings == root.end() || !findings->is_array()) return wrong("it has no list of \"findings\"");
  Baseline baseline;
  for (const nlohmann::json& item : *findings) {
    if (!item.is_object()) return wrong("a finding is not an object");
    BaselineEntry entry;
    for (const auto& [key, to] : {std::pair("fingerprint", &entry.fingerprint), std::pair("rule", &entry.rule),
                                  std::pair("path", &entry.path)}) {
      const auto value = item.find(key);
      if (value == item.end() || !value->is_string()) return wrong(fmt::format("a finding has no \"{}\"", key));
      *to = value->get<std::string>();
    }
    if (const auto count = item.find("count"); count != item.end()) {
      if (!count->is_number_unsigned() || count->get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max())
        return wrong("a \"count\" is not a number");
      entry.count = count->get<std::uint32_t>();
    }
    baseline.entries.push_back(std::move(entry));
  }
  return baseline;
}

std::size_t apply(const Baseline& baseline, Report& report) {
  std::unordered_map<std::string, std::uint32_t> left;
  for (const BaselineEntry& entry : baseline.entries) left[entry.fingerprint] += entry.count;
  std::erase_if(report.diagnostics, [&](const Diagnostic& diagnostic) {
    const auto known = left.find(fingerprint(report, diagnostic));
    if (known == left.end() || known->second == 0) return false;
    --known->second;
    --report.summary.of(diagnostic.severity);
    ++report.summary.suppressed;
    return true;
  });
  std::size_t gone = 0;
  for (const auto& [mark, count] : left) gone += count;
  return gone;
}

}  // namespace pglint::lint
