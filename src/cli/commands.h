// The commands, one function each; they return the exit code.
#pragma once

#include <string>

#include "cli/options.h"

namespace pglint::cli {

[[nodiscard]] int check(const Options& options);
[[nodiscard]] int locks(const Options& options);
[[nodiscard]] int explain(const std::string& rule, const Options& options);
[[nodiscard]] int rules(const Options& options);
[[nodiscard]] int completion(const std::string& shell, const CLI::App& app);

}  // namespace pglint::cli
