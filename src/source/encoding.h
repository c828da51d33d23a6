// Whether the bytes of a file are text that PostgreSQL can be sent.
#pragma once

#include <optional>
#include <string_view>

#include "pglint/diagnostic.h"

namespace pglint::source {

// UTF-16, NUL bytes or invalid UTF-8: what is wrong, where, and what to do. The path is left empty.
[[nodiscard]] std::optional<Failure> encoding_failure(std::string_view text);

}  // namespace pglint::source
