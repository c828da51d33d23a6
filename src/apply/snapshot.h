// What is known of a database without its data: how many rows, how large, which schema, which migrations are applied.
// As a file it tells the same where there is no connection.
#pragma once

#include <string>

namespace pglint::apply {

// To a file, or to standard output if it is empty or "-". The exit code.
[[nodiscard]] int take_snapshot(const std::string& file);

}  // namespace pglint::apply
