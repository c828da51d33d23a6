#include "report/fingerprint.h"

#include <fmt/format.h>

#include <cstdint>
#include <unordered_map>

#include "report/places.h"

namespace pglint::report {
namespace {

// FNV-1a. It tells apart what people write; it resists nobody, and nobody gains by a collision.
class Hash {
 public:
  void add(char c) { value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL; }
  // Ends with a byte that no text has, so that "ab","c" is not "a","bc".
  void field(std::string_view text) {
    for (const char c : text) add(c);
    add('\xFF');
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

std::string hex(std::uint64_t value) { return fmt::format("{:016x}", value); }

// Without regard to how many blanks stand between words.
std::uint64_t hash_statement(std::string_view sql) {
  Hash hash;
  bool blank = false;
  for (const char c : sql) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      blank = true;
      continue;
    }
    if (blank) hash.add(' ');
    blank = false;
    hash.add(c);
  }
  return hash.value();
}

}  // namespace

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
    if (is_new) statement->second = hash_statement(places.text(d.file, d.statement));

    Hash hash;
    hash.field(d.rule);
    hash.field(places.file(d.file).path);
    hash.field(hex(statement->second));
    const std::uint32_t occurrence = seen[hash.value()]++;
    if (occurrence > 0) hash.field(std::to_string(occurrence));
    all.push_back(hex(hash.value()));
  }
  return all;
}

std::string fingerprint(const Failure& failure) {
  Hash hash;
  hash.field("failure");
  hash.field(failure.path);
  hash.field(failure.message);
  return hex(hash.value());
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
