// The commands, one function each; they return the exit code.
#pragma once

#include <string>

#include "cli/options.h"

namespace pglint::cli {

[[nodiscard]] int check(const Options& options);
// What `fix` takes beyond what it shares with the others.
struct FixOptions {
  bool diff = false;
  bool force = false;
  bool next = false;
  bool apply = false;
  bool undo = false;
  bool dry_run = false;
  std::string dual_write = "trigger";
  std::vector<std::string> values;  // TABLE.COLUMN=EXPR
  std::string plan;                 // a plan file
  std::string passed;               // a gate
  std::string through;              // a phase
  std::vector<std::string> accept_triggers;
  bool accept_changes = false;
  std::string lock_budget;  // seconds
  std::string wait_budget;
  std::string throttle_budget;
  std::string throttle_query;
  std::string max_lag;  // MB
  std::string database_url;
};
[[nodiscard]] int fix(const Options& options, const FixOptions& fix);
[[nodiscard]] int locks(const Options& options);
[[nodiscard]] int explain(const std::string& rule, const Options& options);
[[nodiscard]] int rules(const Options& options);
[[nodiscard]] int status(const DatabaseOptions& options);
[[nodiscard]] int pass(const DatabaseOptions& options);
// Of another tool whose settings are taken over: squawk, or empty.
[[nodiscard]] int init(const std::string& from);
[[nodiscard]] int snapshot(const DatabaseOptions& options);
[[nodiscard]] int completion(const std::string& shell, const CLI::App& app);

}  // namespace pglint::cli
