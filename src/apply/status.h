// Where plans stand. Changes nothing.
#pragma once

#include <string>
#include <vector>

#include "pglint/plan.h"

namespace pglint::apply {

struct PlanFile {
  std::string path = {};
  Plan plan = {};
  std::string hash = {};
  std::string yaml = {};
};

// Of these plans, and of others that are recorded in the database but have no file here; with `gate` only the plan that
// has it, and the exit code says whether everything above it is done.
[[nodiscard]] int show_status(const std::vector<PlanFile>& plans, const std::string& gate, bool json);

// What would be executed, statement by statement. Reads the catalogue, if a database is named.
[[nodiscard]] int show_statements(const PlanFile& file, bool undo);

// Records that the deploy is done that a gate asks for.
[[nodiscard]] int pass_gate(const std::vector<PlanFile>& plans, const std::string& gate);

}  // namespace pglint::apply
