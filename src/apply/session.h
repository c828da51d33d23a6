// Connections as the executor needs them: to a primary, each with a session of its own, with settings that no role or
// database has chosen.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "apply/connection.h"
#include "pglint/plan.h"

namespace pglint::apply {

// What the plan does on `worker`, `monitor` looks at.
struct Session {
  Connection worker;
  Connection monitor;
  int worker_pid = 0;
  std::chrono::milliseconds deadlock_timeout{1000};
  bool may_set_deadlock_timeout = false;
  int free_connections = 0;            // beside these two, as far as this role sees them
  std::string user = {};               // of the session
  std::string system_identifier = {};  // empty if the server does not tell
  std::string database = {};           // its oid
  std::string database_name = {};
};

// What a migration says without a schema means what it would mean to the runner: the search_path of the role, the
// database or the connection. What the executor asks for itself it asks under its own. For a transaction:
inline constexpr std::string_view runners_path = "SET LOCAL search_path TO DEFAULT;\n";
inline constexpr std::string_view own_path = "SET LOCAL search_path = pg_catalog;\n";
// One statement outside of any transaction.
[[nodiscard]] Answer run_as_written(Connection& connection, const std::string& sql, const Connection::Tick& tick);

[[nodiscard]] Outcome<Session> open_session(const Plan& plan);

// One connection that only reads.
[[nodiscard]] Outcome<Connection> open_reader();

}  // namespace pglint::apply
