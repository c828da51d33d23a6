// The command line: arguments in, exit code out.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace pglint::cli {

// Exit codes of the contract.
enum Exit : int {
  ok = 0,
  findings = 1,  // at or above the fail level
  refused = 2,   // wrong usage, unreadable input, bad configuration
};

[[nodiscard]] int run(int argc, const char* const* argv);

}  // namespace pglint::cli
