#include "base/fingerprint.h"

#include <fmt/format.h>

namespace pglint {

void Fingerprint::field(std::string_view text) {
  for (const char c : text) add(c);
  add('\xFF');
}

void Fingerprint::statement(std::string_view sql) {
  bool blank = false;
  for (const char c : sql) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      blank = true;
      continue;
    }
    if (blank) add(' ');
    blank = false;
    add(c);
  }
}

std::string Fingerprint::hex() const { return fmt::format("{:016x}", value_); }

}  // namespace pglint
