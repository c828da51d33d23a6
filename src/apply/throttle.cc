#include "apply/throttle.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "apply/query.h"
#include "apply/session.h"
#include "base/text.h"
#include "plan/form/quote.h"

namespace pglint::apply {
namespace {

using plan::quote_literal;

constexpr double resume = 0.7;

// Columns as in read_signals. A table that has no settings of its own follows the server's. A walsender without a place
// (a backup, pg_receivewal) is no replica; a slot that is lost has nothing to lose.
constexpr std::string_view query = R"(
SELECT r.application_name, r.mb, r.seconds, r.blind, s.slot_name, s.mb, s.lost_soon, w.segments, c.used, t.dead, t.at,
 v.phase, v.wraparound
FROM (SELECT) one
LEFT JOIN LATERAL (
  SELECT coalesce(application_name, '') AS application_name, state IS NULL AS blind,
   pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) / 1048576 AS mb, extract(epoch FROM replay_lag) AS seconds
  FROM pg_stat_replication WHERE state IS NULL OR replay_lsn IS NOT NULL
  ORDER BY replay_lsn NULLS LAST LIMIT 1) r ON true
LEFT JOIN LATERAL (
  SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(confirmed_flush_lsn, restart_lsn)) / 1048576 AS mb,
   {0} AS lost_soon
  FROM pg_replication_slots WHERE {1} AND coalesce(confirmed_flush_lsn, restart_lsn) IS NOT NULL
  ORDER BY {0} DESC, mb DESC LIMIT 1) s ON true
LEFT JOIN LATERAL (
  SELECT (pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') / size)::bigint
   - (('x' || substr(last_archived_wal, 9, 8))::bit(32)::bigint * (4294967296 / size)
   + ('x' || substr(last_archived_wal, 17, 8))::bit(32)::bigint) AS segments
  FROM pg_stat_archiver, (SELECT setting::bigint AS size FROM pg_settings WHERE name = 'wal_segment_size') z
  WHERE current_setting('archive_mode') <> 'off' AND last_archived_wal ~ '^[0-9A-F]{{24}}$') w ON true
LEFT JOIN LATERAL (
  SELECT count(*)::float / (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int)
   AS used
  FROM pg_stat_activity WHERE backend_type = 'client backend') c ON true
LEFT JOIN LATERAL (
  SELECT n_dead_tup AS dead, CASE WHEN current_setting('autovacuum') = 'on' AND coalesce((SELECT option_value::bool FROM
   pg_options_to_table(k.reloptions) WHERE option_name = 'autovacuum_enabled'), true) THEN
   coalesce((SELECT option_value FROM pg_options_to_table(k.reloptions) WHERE option_name = 'autovacuum_vacuum_threshold'),
    current_setting('autovacuum_vacuum_threshold'))::float
   + coalesce((SELECT option_value FROM pg_options_to_table(k.reloptions) WHERE option_name =
    'autovacuum_vacuum_scale_factor'), current_setting('autovacuum_vacuum_scale_factor'))::float * greatest(k.reltuples, 0)
   END AS at
  FROM pg_stat_all_tables u JOIN pg_class k ON k.oid = u.relid WHERE u.relid = to_regclass({2})) t ON true
LEFT JOIN LATERAL (
  SELECT p.phase, a.query LIKE '%(to prevent wraparound)%' AS wraparound
  FROM pg_stat_progress_vacuum p JOIN pg_stat_activity a USING (pid) WHERE p.relid = to_regclass({2}) LIMIT 1) v ON true)";

std::string megabytes(double mb) {
  return mb < 10       ? fmt::format("{:.1f} MB", mb)
         : mb < 10'240 ? fmt::format("{:.0f} MB", mb)
                       : fmt::format("{:.0f} GB", mb / 1024);
}

std::string seconds_in_words(double seconds) {
  return words(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
}

}  // namespace

void Limits::set(std::string_view text) {
  const std::array<std::pair<std::string_view, double*>, 12> known = {{{"lag_mb", &lag_mb},
                                                                       {"lag_seconds", &lag_seconds},
                                                                       {"slot_mb", &slot_mb},
                                                                       {"stop_mb", &stop_mb},
                                                                       {"segments", &segments},
                                                                       {"connections", &connections},
                                                                       {"free", &free},
                                                                       {"dead_rows", &dead_rows},
                                                                       {"vacuum_wait", &vacuum_wait},
                                                                       {"transaction", &transaction},
                                                                       {"snapshot", &snapshot},
                                                                       {"long_transaction", &long_transaction}}};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view one = text.substr(0, end);
    const std::size_t equals = std::min(one.find('='), one.size());
    for (const auto& [word, value] : known)
      if (one.substr(0, equals) == word && equals < one.size())
        *value = std::strtod(std::string(one.substr(equals + 1)).c_str(), nullptr);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view name(Pressure pressure) {
  switch (pressure) {
    case Pressure::none:
      break;
    case Pressure::replica:
      return "replicas";
    case Pressure::slot:
      return "replication slots";
    case Pressure::archive:
      return "the archive";
    case Pressure::connections:
      return "connections";
    case Pressure::vacuum:
      return "autovacuum";
    case Pressure::transaction:
      return "a long transaction";
    case Pressure::query:
      return "--throttle-query";
  }
  return "nothing";
}

Outcome<Signals> read_signals(Connection& connection, const std::string& table) {
  // Before 13 a slot keeps whatever it takes.
  const bool knows_status = connection.server_version() >= 130000;
  const auto answer =
      ask(connection,
          fmt::format(query, knows_status ? "wal_status = 'unreserved'" : "false",
                      knows_status ? "wal_status IS DISTINCT FROM 'lost'" : "true", quote_literal(table)),
          "cannot see how replicas and autovacuum keep up");
  if (!answer) return tl::unexpected(answer.error());
  Signals signals;
  if (answer->rows.empty()) return signals;
  const Row& row = answer->rows[0];
  const auto number = [&row](std::size_t at) { return row.at(at) ? std::strtod(row[at]->c_str(), nullptr) : -1; };
  signals.replica = row.at(0).value_or("");
  signals.replica_mb = number(1);
  signals.replica_seconds = number(2);
  signals.blind = row.at(3) == "t";
  signals.slot = row.at(4).value_or("");
  signals.slot_mb = number(5);
  signals.slot_is_lost_soon = row.at(6) == "t";
  signals.segments = number(7);
  signals.connections = number(8);
  signals.dead_rows = number(9);
  signals.vacuum_at = number(10);
  signals.vacuum_phase = row.at(11).value_or("");
  signals.wraparound = row.at(12) == "t";
  const auto oldest = old_snapshots(connection, 0, 0);
  if (!oldest) return tl::unexpected(oldest.error());
  if (!oldest->empty()) signals.oldest = oldest->front();
  return signals;
}

Verdict judge(const Signals& signals, const Limits& limits, bool pausing) {
  const double share = pausing ? resume : 1;
  const auto beyond = [share](double value, double limit) { return value > limit * share; };
  const auto pause = [](Pressure pressure, std::string why, bool stop = false) {
    return Verdict{.pressure = pressure, .why = std::move(why), .stop = stop};
  };
  if (beyond(signals.replica_mb, limits.lag_mb))
    return pause(Pressure::replica,
                 fmt::format("the replica {} is {} behind", printable(signals.replica), megabytes(signals.replica_mb)),
                 signals.replica_mb > limits.stop_mb);
  // What has arrived nowhere says nothing about time.
  if (signals.replica_mb > 0 && beyond(signals.replica_seconds, limits.lag_seconds))
    return pause(Pressure::replica, fmt::format("the replica {} is {} behind", printable(signals.replica),
                                                seconds_in_words(signals.replica_seconds)));
  if (signals.slot_is_lost_soon)
    return pause(Pressure::slot,
                 fmt::format("the replication slot {} is about to lose what it needs", printable(signals.slot)), true);
  if (beyond(signals.slot_mb, limits.slot_mb))
    return pause(
        Pressure::slot,
        fmt::format("the replication slot {} is {} behind", printable(signals.slot), megabytes(signals.slot_mb)),
        signals.slot_mb > limits.stop_mb);
  if (beyond(signals.segments, limits.segments))
    return pause(Pressure::archive, fmt::format("{:.0f} segments of the WAL wait to be archived", signals.segments));
  if (beyond(signals.connections, limits.connections))
    return pause(Pressure::connections,
                 fmt::format("{:.0f} % of the server's connections are taken", signals.connections * 100));
  if (signals.wraparound)
    return pause(Pressure::vacuum, "an autovacuum of the table prevents wraparound (" + signals.vacuum_phase + ")");
  // Once it has begun, it is let finish; that it is due soon is no reason to begin a pause.
  const bool due = signals.vacuum_at >= 0 && signals.dead_rows > std::max(limits.dead_rows, signals.vacuum_at);
  if (due || (pausing && !signals.vacuum_phase.empty()))
    return pause(Pressure::vacuum,
                 signals.vacuum_phase.empty()
                     ? fmt::format("autovacuum is due: {} dead rows",
                                   words(static_cast<std::uint64_t>(std::max(signals.dead_rows, 0.0))))
                     : fmt::format("autovacuum is at work: {}", printable(signals.vacuum_phase)));
  const double age = signals.oldest.pid.empty() ? -1 : signals.oldest.seconds;
  if (age > limits.long_transaction)
    return pause(Pressure::transaction, "no vacuum removes old rows because of" + words(std::vector{signals.oldest}));
  Verdict go;
  go.slow = age > limits.transaction;
  if (go.slow) go.why = "no vacuum removes old rows because of" + words(std::vector{signals.oldest});
  return go;
}

Outcome<double> ask_user_query(Connection& connection, const std::string& sql) {
  const Answer answer =
      connection.run(fmt::format("BEGIN READ ONLY; SET LOCAL statement_timeout = '5s'; {}{}", runners_path, sql));
  if (answer.lost) return stop(answer, "--throttle-query");
  const Answer ended = connection.run("ROLLBACK");
  if (!answer.ok()) return stop(answer, "--throttle-query");
  if (!ended.ok()) return stop(ended, "--throttle-query");
  const std::string value = answer.rows.empty() ? "" : answer.rows[0].at(0).value_or("");
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (value.empty() || *end != '\0')
    return stop(
        refused,
        fmt::format("--throttle-query returns {}, which is no number", value.empty() ? "nothing" : printable(value)),
        "It returns one row with a number: above 0 a backfill pauses.");
  return number;
}

Outcome<std::vector<Holder>> old_snapshots(Connection& connection, int own_pid, double seconds) {
  // A vacuum's snapshot is in nobody's way.
  return sessions(
      connection,
      fmt::format("a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.pid <> {} AND "
                  "a.backend_type = 'client backend' AND coalesce(a.backend_xmin, a.backend_xid) IS NOT NULL "
                  "AND a.application_name NOT LIKE 'pglint:%' AND a.xact_start < clock_timestamp() - "
                  "make_interval(secs => {})",
                  own_pid, seconds),
      "a snapshot");
}

}  // namespace pglint::apply
