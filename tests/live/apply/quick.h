// PGLINT_QUICK=1: one of each kind is enough. So it is where pglint-apply runs under the sanitizers.
#pragma once

#include <cstdlib>
#include <string_view>

namespace pglint::test {

[[nodiscard]] inline bool quick() {
  const char* const value = std::getenv("PGLINT_QUICK");
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

}  // namespace pglint::test
