// SHA-256, as everybody writes it: 64 digits in lower case. nettle computes it.
#pragma once

#include <string>
#include <string_view>

namespace pglint {

[[nodiscard]] std::string sha256(std::string_view bytes);

// Whether a text is one that sha256 could have returned.
[[nodiscard]] bool is_sha256(std::string_view text);

}  // namespace pglint
