// Whole outputs, kept in files: testdata/<name>. PGLINT_UPDATE=1 writes them anew.
#pragma once

#include <string>
#include <string_view>

namespace pglint::test {

// Fails, and shows the first line that differs, unless the file holds exactly `actual`.
void check_golden(std::string_view name, const std::string& actual);

// The bytes of a file; fails if it cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace pglint::test
