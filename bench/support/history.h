// A made-up history for the benches: 20,000 statements of 30 kinds in equal
// shares, about 100 bytes each, in 200 files, on tables that the history made.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace pglint::bench {

struct History {
  std::map<std::string, std::string> files;  // migrations/0001.sql …
  std::size_t statements = 0;
  std::size_t bytes = 0;
  std::size_t kinds = 0;
};

// `findings_per_twenty`: of 20 statements so many are unsafe; 1 is the usual, 20 puts a finding on every statement.
[[nodiscard]] History make_history(std::size_t statements, std::size_t files, unsigned findings_per_twenty);

}  // namespace pglint::bench
