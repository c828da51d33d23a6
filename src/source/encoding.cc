#include "source/encoding.h"

#include <fmt/core.h>

#include <cstdint>

#include "base/text.h"

namespace pglint::source {

std::optional<Failure> encoding_failure(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return Failure{"", 0, "is UTF-16 text: save it as UTF-8"};
  }
  const std::size_t nul = text.find('\0');
  const std::size_t invalid = first_invalid_utf8(text);
  if (invalid < nul) {
    return Failure{"", static_cast<std::uint32_t>(invalid),
                   fmt::format("is not valid UTF-8 at byte {}: save it as UTF-8", invalid)};
  }
  if (nul != std::string_view::npos) {
    return Failure{"", static_cast<std::uint32_t>(nul),
                   fmt::format("has a NUL at byte {}, so it is not SQL text: save it as UTF-8", nul)};
  }
  return std::nullopt;
}

}  // namespace pglint::source
