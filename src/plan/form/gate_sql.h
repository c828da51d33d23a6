// The SQL by which a gate is closed, asked for and opened, the same in the emitted files and in the executor: a row of
// pglint.gate in the target database, which every session sees and which a retry does not forget.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pglint::plan {

// Statements, each idempotent, without semicolons: the schema pglint and the table pglint.gate.
[[nodiscard]] std::vector<std::string> create_gate_table();

// One DO statement that closes the gate, unless all `tables` (schema-qualified, quoted) are empty or were made by this
// transaction: a fresh database has no release that could be running. Never opens a gate again that was passed.
[[nodiscard]] std::string close_gate(std::string_view plan, std::string_view gate,
                                     const std::vector<std::string>& tables);

// One DO statement that raises while the gate is closed and not passed, naming plan, gate and the command that opens
// it.
[[nodiscard]] std::string require_gate(std::string_view plan, std::string_view gate);

}  // namespace pglint::plan
