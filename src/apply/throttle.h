// What a backfill must not outrun: replicas, replication slots, the archive of the WAL, autovacuum. Looked at between
// batches; whatever is behind makes it pause.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "apply/words.h"

namespace pglint::apply {

// Where a pause begins. It ends when three looks have found everything below seven tenths of that.
struct Limits {
  double lag_mb = 64;              // of a replica
  double lag_seconds = 5;          // of a replica, where it says so
  double slot_mb = 100;            // that a replication slot keeps
  double stop_mb = 1024;           // of either: nobody catches up with that in a pause
  double segments = 42;            // that wait to be archived
  double connections = 0.8;        // of those that there are
  double free = 5;                 // connections that are left to others, or a plan is not begun
  double dead_rows = 1e6;          // a table with fewer gains less than it loses by waiting for autovacuum
  double vacuum_wait = 600;        // seconds, for autovacuum, in one backfill
  double transaction = 600;        // seconds: no vacuum removes what so old a transaction may see: slower
  double snapshot = 300;           // seconds: whoever is so old is waited for before an index is built, not behind it
  double long_transaction = 3600;  // seconds: a pause

  // "lag_mb=1,dead_rows=500": for tests, from PGLINT_LIMITS.
  void set(std::string_view words);
};

enum class Pressure : std::uint8_t { none, replica, slot, archive, connections, vacuum, transaction, query };
[[nodiscard]] std::string_view name(Pressure pressure);

// What the server tells; a negative number where it does not.
struct Signals {
  std::string replica = {};
  double replica_mb = -1;
  double replica_seconds = -1;
  bool blind = false;  // there are replicas, and this role may not see how far they are
  std::string slot = {};
  double slot_mb = -1;
  bool slot_is_lost_soon = false;  // it keeps more than the server promises to
  double segments = -1;
  double connections = -1;  // of those that there are
  double dead_rows = -1;
  double vacuum_at = -1;  // dead rows; negative: autovacuum is off for this table
  std::string vacuum_phase = {};
  bool wraparound = false;
  Holder oldest = {};  // transaction; no pid: none
};

[[nodiscard]] Outcome<Signals> read_signals(Connection& connection, const std::string& table);

struct Verdict {
  Pressure pressure = Pressure::none;
  std::string why = {};
  bool stop = false;  // not a pause, but the end
  bool slow = false;  // go on, with longer pauses
};

// `pausing`: a pause has begun, and its end takes more than its beginning.
[[nodiscard]] Verdict judge(const Signals& signals, const Limits& limits, bool pausing);

// What the query of the user returns, asked in a transaction that writes nothing, and not for long.
[[nodiscard]] Outcome<double> ask_user_query(Connection& connection, const std::string& sql);

// Sessions whose snapshot or lock an index build would wait for at its end, and that are older than `seconds`.
[[nodiscard]] Outcome<std::vector<Holder>> old_snapshots(Connection& connection, int own_pid, double seconds);

}  // namespace pglint::apply
