// The way to pglint-apply, the program that knows databases. It takes the place of this process: signals, the terminal
// and the exit code are its own.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pglint::cli {

// `run` of pglint-apply.
struct RunRequest {
  std::string plan = {};  // the file
  std::string hash = {};  // of the plan that was checked: pglint-apply refuses any other
  std::string passed = {};
  std::string through = {};
  bool dry_run = false;
  bool undo = false;
  std::vector<std::string> accept_triggers = {};
  bool accept_changes = false;
  std::string lock_budget = {};  // seconds; empty: the default
  std::string wait_budget = {};
  std::string throttle_budget = {};
  std::string throttle_query = {};
  std::string max_lag = {};  // MB
};

[[nodiscard]] std::vector<std::string> arguments(const RunRequest& request);

// Starts pglint-apply with these arguments. Comes back only if it cannot be started, with the exit code.
// `database_url` goes into its environment; empty: what is there holds.
[[nodiscard]] int exec_executor(const std::vector<std::string>& arguments, const std::string& database_url);

// Beside this program, else in libexec/pglint.
[[nodiscard]] Result<std::string> find_executor();

// The plans of the project: .pglint/plans/*.yml here or in the nearest folder above that has it, by name.
[[nodiscard]] std::vector<std::string> plan_files();

// A copy of the arguments, in which those of --database-url are overwritten where every user of the machine sees them.
[[nodiscard]] std::vector<std::string> take_arguments(int argc, char** argv);

}  // namespace pglint::cli
