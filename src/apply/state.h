// Where a plan stands, in the schema pglint of the database that it changes: state and schema are restored and fail
// over together. What the catalogue tells of itself is asked there (done_when); here is what it cannot tell.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apply/connection.h"
#include "apply/session.h"
#include "pglint/plan.h"

namespace pglint::apply {

struct StepRecord {
  std::string id = {};
  std::string state = "pending";  // pending | running | done | failed
  std::uint64_t rows_done = 0;
  std::uint64_t rows_total = 0;  // estimated; 0: not known
  std::string error = {};
  std::string index = {};  // that this step began to build where there was none of that name
};

struct GateRecord {
  std::string id = {};
  std::string passed_at = {};  // empty: closed
  std::string passed_by = {};
};

struct Record {
  std::string hash = {};
  std::string state = {};  // running | gate | interrupted | failed | done
  std::string gate = {};   // at which it stopped
  std::string system_identifier = {};
  std::string database = {};  // oid
  std::string error = {};
  std::string catalog = {};     // facts after the steps in `catalog_of`
  std::string catalog_of = {};  // ids of the steps that were done then, a line for each
  bool runs = false;            // somebody executes it right now
  std::vector<StepRecord> steps = {};
  std::vector<GateRecord> gates = {};  // also without a plan: emitted files close them, too
  bool begun = false;                  // the plan was run by the executor

  [[nodiscard]] const StepRecord* step(std::string_view id) const;
  [[nodiscard]] const GateRecord* gate_of(std::string_view id) const;
};

// What is recorded of the plan. Reads only.
[[nodiscard]] Outcome<Record> load(Connection& connection, std::string_view plan);

// Statements that make the tables, where they are not there.
[[nodiscard]] std::string create_tables();

// Writes what only the owner of `token` may write: whoever started later has another one.
class State {
 public:
  State(const Plan& plan, std::string token) : plan_(plan), token_(std::move(token)) {}

  // The plan, its steps and its closed gates; for one that was run before, who runs it now.
  [[nodiscard]] std::string begin(const Session& session, std::string_view hash, std::string_view yaml) const;
  // For the front of a transaction: raises PGL01 unless the token is ours.
  [[nodiscard]] std::string fence() const;
  // Behind the statements of a step in the same transaction: raises PGL02 if `done_when` is not true.
  [[nodiscard]] static std::string must_be_done(const Step& step);
  // The step is done, or was found to be; the facts of the catalogue as they are now.
  [[nodiscard]] std::string step_done(const Step& step, std::string_view how) const;
  [[nodiscard]] std::string step_running(const Step& step, std::string_view index) const;
  [[nodiscard]] std::string step_failed(const Step& step, std::string_view error) const;
  [[nodiscard]] std::string step_pending(const Step& step) const;
  // The facts of the catalogue as they are now, with these steps done.
  [[nodiscard]] std::string facts(const std::vector<std::string>& done) const;
  [[nodiscard]] std::string stopped(std::string_view state, std::string_view gate, std::string_view error) const;
  [[nodiscard]] std::string pass_gate(std::string_view gate) const;
  [[nodiscard]] std::string close_again(std::string_view gate) const;
  [[nodiscard]] std::string forget() const;
  [[nodiscard]] std::string event(std::string_view step, std::string_view kind, std::string_view detail) const;

  [[nodiscard]] const std::string& token() const { return token_; }

 private:
  [[nodiscard]] std::string of_step(const Step& step) const;

  const Plan& plan_;
  std::string token_;
};

inline constexpr std::string_view fence_broken = "PGL01";
inline constexpr std::string_view not_done = "PGL02";

}  // namespace pglint::apply
