// Connections as the executor needs them: to a primary, each with a session of its own, with settings that no role or
// database has chosen.
#pragma once

#include <chrono>

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
  std::string user = {};               // of the session
  std::string system_identifier = {};  // empty if the server does not tell
  std::string database = {};           // its oid
  std::string database_name = {};
};

[[nodiscard]] Outcome<Session> open_session(const Plan& plan);

// One connection that only reads.
[[nodiscard]] Outcome<Connection> open_reader();

}  // namespace pglint::apply
