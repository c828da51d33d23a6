// What people read: durations, counts, and who stands in the way.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apply/connection.h"
#include "pglint/lock.h"

namespace pglint::apply {

// "340 ms", "12 s", "5 min", "3 h"
[[nodiscard]] std::string words(std::chrono::milliseconds time);
// 1,234,567
[[nodiscard]] std::string words(std::uint64_t count);

// Somebody who holds a lock that is wanted, or will.
struct Holder {
  std::string pid = {};  // empty: a prepared transaction
  std::string user = {};
  std::string application = {};
  std::string kind = {};   // "client backend", "autovacuum worker"
  std::string state = {};  // "active", "idle in transaction"
  std::string query = {};  // its beginning
  double seconds = 0;      // that its transaction is old
  std::string what = {};   // "ACCESS SHARE on public.t"; empty if not known
  bool wraparound = false;
  std::string prepared = {};  // the name of the prepared transaction

  [[nodiscard]] bool is_autovacuum() const { return kind == "autovacuum worker"; }
};

[[nodiscard]] std::string words(const Holder& holder);
[[nodiscard]] std::string words(const std::vector<Holder>& holders);  // one on each line, indented

// Lock modes that conflict with `mode`, as pg_locks calls them.
[[nodiscard]] std::vector<std::string_view> conflicting(LockMode mode);

struct Wanted {
  std::string relation = {};
  LockMode mode = LockMode::none;
};

// Who holds a lock on these relations that conflicts with what is wanted, but for the backend `own_pid`.
[[nodiscard]] Outcome<std::vector<Holder>> holders(Connection& connection, const std::vector<Wanted>& wanted,
                                                   int own_pid);
// Sessions of pg_stat_activity, as `a`, the one with the oldest transaction first; `what` they hold.
[[nodiscard]] Outcome<std::vector<Holder>> sessions(Connection& connection, const std::string& condition,
                                                    const std::string& what);
// Whom the backend waits for just now.
[[nodiscard]] Outcome<std::vector<Holder>> blockers(Connection& connection, int pid);

}  // namespace pglint::apply
