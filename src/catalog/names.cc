#include "catalog/names.h"

#include <cassert>
#include <cstring>

namespace pglint::catalog {

std::string_view clip(std::string_view name, std::size_t bytes) {
  if (name.size() <= bytes) return name;
  while (bytes > 0 && (static_cast<unsigned char>(name[bytes]) & 0xC0) == 0x80) --bytes;
  return name.substr(0, bytes);
}

MadeName make_name(std::string_view first, std::string_view second, std::string_view label) {
  constexpr std::size_t longest = sizeof(MadeName::bytes) - 1;
  const bool has_second = !second.empty();
  const std::size_t overhead = (has_second ? 1 : 0) + (label.empty() ? 0 : label.size() + 1);
  assert(overhead < longest);
  std::size_t a = first.size();
  std::size_t b = second.size();
  // The longer one gives way until they are equal; from there on the second, then the first, in turn.
  const std::size_t available = longest - overhead;
  if (a + b > available) {
    const std::size_t excess = a + b - available;
    const std::size_t difference = a > b ? a - b : b - a;
    std::size_t& longer = a > b ? a : b;
    const std::size_t alone = excess < difference ? excess : difference;
    longer -= alone;
    b -= (excess - alone + 1) / 2;
    a -= (excess - alone) / 2;
  }
  first = clip(first, a);
  second = clip(second, b);

  MadeName made;
  const auto append = [&made](std::string_view part) {
    std::memcpy(made.bytes + made.size, part.data(), part.size());
    made.size += static_cast<std::uint32_t>(part.size());
  };
  append(first);
  if (has_second) {
    append("_");
    append(second);
  }
  if (!label.empty()) {
    append("_");
    append(label);
  }
  return made;
}

}  // namespace pglint::catalog
