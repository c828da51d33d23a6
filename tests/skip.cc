#include "skip.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace pglint::test {
namespace {

bool is_set(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

}  // namespace

void skip(Missing missing, std::string_view reason) {
  const bool required = is_set("PGLINT_REQUIRE_ALL") || (missing == Missing::tool && is_set("PGLINT_REQUIRE_TOOLS"));
  if (required) {
    FAIL_CHECK("would be skipped: " << std::string(reason));
    return;
  }
  const std::string line = fmt::format("{}: {}\n", doctest::getContextOptions()->currentTest->m_name, reason);
  std::fputs(("skipped: " + line).c_str(), stdout);
  // scripts/test collects the lines of all test programs here.
  if (const char* const path = std::getenv("PGLINT_SKIPPED_FILE"); path != nullptr) {
    if (std::FILE* const file = std::fopen(path, "a"); file != nullptr) {
      std::fputs(line.c_str(), file);
      std::fclose(file);
    }
  }
}

}  // namespace pglint::test
