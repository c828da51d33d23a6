#include "report/fingerprint.h"

#include <fmt/format.h>

#include <cstdint>
#include <unordered_map>

#include "base/fingerprint.h"
#include "report/places.h"

namespace pglint::report {

std::vector<std::string> fingerprints(const Report& report) {
  const Places places(report.files);
  // Many findings may share a long statement: it is read once.
  std::unordered_map<std::uint64_t, std::uint64_t> statements;
  std::uint32_t file = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> seen;
  std::vector<std::string> all;
  all.reserve(report.diagnostics.size());
  for (const Diagnostic& d : report.diagnostics) {
    if (d.file != file) statements.clear();
    file = d.file;
    const std::uint64_t where = (std::uint64_t{d.statement.begin} << 32U) | d.statement.end;
    const auto [statement, is_new] = statements.try_emplace(where, 0);
    if (is_new) {
      Fingerprint text;
      text.statement(places.text(d.file, d.statement));
      statement->second = text.value();
    }
    Fingerprint one;
    one.field(d.rule);
    one.field(places.file(d.file).path);
    one.field(fmt::format("{:016x}", statement->second));
    const std::uint32_t occurrence = seen[one.value()]++;
    if (occurrence > 0) one.field(std::to_string(occurrence));
    all.push_back(one.hex());
  }
  return all;
}

std::string fingerprint(const Failure& failure) {
  Fingerprint one;
  one.field("failure");
  one.field(failure.path);
  one.field(failure.message);
  return one.hex();
}

std::string path_uri(std::string_view path) {
  std::string uri;
  if (path.starts_with('/')) uri = "file://";
  while (path.starts_with("./")) path.remove_prefix(2);
  for (const char c : path) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '.' || c == '_' || c == '~' || c == '/';
    if (kept) {
      uri += c;
    } else {
      uri += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return uri;
}

}  // namespace pglint::report
