#include "support/golden.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace pglint::test {
namespace {

// The lines around the first difference.
std::string difference(const std::string& expected, const std::string& actual) {
  std::istringstream want(expected);
  std::istringstream got(actual);
  std::string a;
  std::string b;
  for (int line = 1;; ++line) {
    const bool more_a = static_cast<bool>(std::getline(want, a));
    const bool more_b = static_cast<bool>(std::getline(got, b));
    if (!more_a && !more_b) return "only the end of the last line differs";
    if (more_a == more_b && a == b) continue;
    return "line " + std::to_string(line) + "\n  expected: " + (more_a ? a : "(no such line)") +
           "\n  actual:   " + (more_b ? b : "(no such line)");
  }
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) FAIL("cannot read " << path);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void check_golden(std::string_view name, const std::string& actual) {
  const std::string path = std::string(PGLINT_TESTDATA) + "/" + std::string(name);
  const char* const update = std::getenv("PGLINT_UPDATE");
  if (update != nullptr && std::string_view(update) == "1") {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  const std::string expected = read_file(path);
  if (expected != actual) {
    FAIL_CHECK(path << " differs (PGLINT_UPDATE=1 rewrites it), " << difference(expected, actual));
  }
}

}  // namespace pglint::test
