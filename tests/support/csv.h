// Comma-separated values as RFC 4180 has them: a field in double quotes may hold commas, newlines and doubled quotes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pglint::test {

using CsvRow = std::vector<std::string>;

// All rows, the header included.
[[nodiscard]] std::vector<CsvRow> read_csv(std::string_view text);

}  // namespace pglint::test
