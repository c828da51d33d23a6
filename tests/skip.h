// For tests that need something which may be absent. doctest cannot skip while running, so the test case returns:
//
//   if (!server) return skip(Missing::tool, "no PostgreSQL server");
//
// A skipped test is said so at the end of scripts/test. It fails when PGLINT_REQUIRE_ALL=1; scripts/test installs tools
// and sets PGLINT_REQUIRE_TOOLS=1, so that there only missing data may skip.
#pragma once

#include <cstdint>
#include <string_view>

namespace pglint::test {

enum class Missing : std::uint8_t {
  tool,  // a program that scripts/setup installs
  data,  // PGLINT_CORPUS or PGLINT_CASES, which not everyone has
};

// Marks the running test case as skipped for `reason`, or as failed where that is required to be there.
void skip(Missing missing, std::string_view reason);

}  // namespace pglint::test
