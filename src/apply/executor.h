// Executes the steps of a plan, one at a time, each so that it can be repeated after a kill at any point.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "apply/picture.h"
#include "apply/progress.h"
#include "apply/session.h"
#include "apply/state.h"
#include "apply/throttle.h"

namespace pglint::apply {

struct RunOptions {
  std::string plan_path = {};  // as the user named it, for the commands that are suggested
  std::string yaml = {};
  std::string passed = {};  // a gate
  std::optional<Phase> through = {};
  bool undo = false;
  bool needs_files = false;     // a step that stands in no migration file yet is refused
  bool accept_changes = false;  // of what the plan was built on, while it was running
  std::vector<std::string> accept_triggers = {};
  std::chrono::milliseconds lock_budget{std::chrono::minutes(15)};      // for one step's locks
  std::chrono::milliseconds wait_budget{std::chrono::minutes(30)};      // that a long step may wait for others
  std::chrono::milliseconds throttle_budget{std::chrono::minutes(30)};  // that a backfill may pause at once
  std::string throttle_query = {};  // of the user: a number above 0 makes a backfill pause
  std::chrono::milliseconds reconnect_budget{std::chrono::minutes(10)};
  Limits limits = {};
};

// What the steps need.
struct Executor {
  const Plan& plan;
  const RunOptions& options;
  Session& session;
  State& state;
  Progress& progress;
  std::vector<std::string> done = {};  // ids of the steps that are done, in order
  std::size_t number = 0;              // of the running step, from 1
  std::size_t steps = 0;
  std::mt19937 dice{std::random_device{}()};
  std::size_t executed = 0;  // steps, by this run
  std::chrono::milliseconds paused{0};
  std::string paused_for = {};

  [[nodiscard]] std::string heading(const Step& step) const;  // "step 3/11 validate-fk"
};

// Each returns when the step is done and recorded as done.
[[nodiscard]] Outcome<void> run_short(Executor& executor, const Step& step);     // class A
[[nodiscard]] Outcome<void> run_long(Executor& executor, const Step& step);      // class B
[[nodiscard]] Outcome<void> run_backfill(Executor& executor, const Step& step);  // class C

// One statement outside of any transaction, however long it takes; watched, so that it does not wait for others for
// ever.
[[nodiscard]] Outcome<void> long_statement(Executor& executor, const Step& step, const std::string& statement);

// Takes back what the step did and records it as not done.
[[nodiscard]] Outcome<void> undo_step(Executor& executor, const Step& step);

// "the signal asks for an end": exit 130.
[[nodiscard]] tl::unexpected<Stop> stopped_by_signal();

// For tests: PGLINT_FAILPOINT=<step>:<where> ends the process as kill -9 would, when the executor comes there.
void failpoint(std::string_view step, std::string_view where);

// The whole: connects, looks, executes up to a gate or to the end, and says so. The exit code.
[[nodiscard]] int run_plan(const Plan& plan, std::string_view hash, const RunOptions& options);

}  // namespace pglint::apply
