#include "apply/session.h"

#include <fmt/format.h>

#include <cstdlib>

#include "apply/query.h"
#include "base/text.h"
#include "plan/form/quote.h"

namespace pglint::apply {
namespace {

// A role may have so short a statement_timeout that, until it is lifted, a good part of its statements comes to
// nothing.
constexpr int many = 100;

// Also where it is the default: a role or a database may have another one. A statement waits without end only where the
// executor watches it.
std::string settings(const Connection& connection) {
  std::string sql =
      "SET search_path = pg_catalog; SET row_security = off; SET idle_in_transaction_session_timeout = '10s'; "
      "SET statement_timeout = 0; SET lock_timeout = 0; SET default_transaction_isolation = 'read committed'; "
      "SET default_transaction_read_only = off; SET default_transaction_deferrable = off; SET DateStyle = 'ISO'; "
      "SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET xmlbinary = 'base64'; "
      "SET standard_conforming_strings = on; SET transform_null_equals = off; SET client_min_messages = warning; ";
  if (connection.server_version() >= 140000) sql += "SET client_connection_check_interval = '2s'; ";
  if (connection.server_version() >= 170000) sql += "SET transaction_timeout = 0; ";
  return sql;
}

Outcome<Connection> open_known(const std::string& name) {
  Outcome<Connection> connection = Connection::open(name);
  if (connection && connection->server_version() < 120000)
    return stop(refused, fmt::format("the server is PostgreSQL {}", connection->server_version() / 10000),
                "pglint knows 12 and later.");
  return connection;
}

Outcome<void> prepare(Connection& connection) {
  const std::string sql = settings(connection);
  Answer set = connection.run(sql);
  for (int i = 0; i < many && set.sqlstate == "57014"; ++i) set = connection.run(sql);
  if (!set.ok()) return stop(set, "cannot prepare the session");
  return {};
}

tl::unexpected<Stop> pooled(std::string_view how) {
  return stop(
      refused,
      fmt::format("there is a connection pooler in between that gives each transaction a session of its own ({})", how),
      "Connect to the server itself, or to a pooler in session mode: locks and settings must stay with one session.");
}

// A pooler that has no server connection left lets its clients wait.
Outcome<std::string> ask_pooler(Connection& connection, const std::string& sql) {
  const auto begun = std::chrono::steady_clock::now();
  constexpr std::chrono::seconds patience{10};
  const auto tick = [&] { return std::chrono::steady_clock::now() - begun > patience ? Go::abandon : Go::on; };
  Answer answer = connection.run(sql, tick);
  for (int i = 0; i < many && answer.sqlstate == "57014"; ++i) answer = connection.run("ROLLBACK; " + sql, tick);
  if (answer.lost && std::chrono::steady_clock::now() - begun > patience)
    return stop(refused, "the connection pooler in between has no second session to give",
                "Connect to the server itself, or allow the pool two more sessions.");
  if (answer.message.find("statement pooling") != std::string::npos) return pooled("it allows no transactions");
  if (!answer.ok()) return stop(answer, "cannot ask for the session's number");
  return answer.value();
}

// Changes nothing, not even a setting: it would stay with a session that is somebody else's.
Outcome<void> stays(Connection& worker, Connection& other) {
  constexpr const char* number = "SELECT pg_catalog.pg_backend_pid()";
  const auto pid = ask_pooler(worker, number);
  if (!pid) return tl::unexpected(pid.error());
  // While the other has a transaction open, a pooler has no use for the worker's last session but this.
  const auto others = ask_pooler(other, std::string("BEGIN READ ONLY; ") + number);
  if (!others) return tl::unexpected(others.error());
  if (*others == *pid) return pooled("two connections are one session");
  for (int i = 0; i < 3; ++i) {
    const auto again = ask_pooler(worker, number);
    if (!again) return tl::unexpected(again.error());
    if (*again != *pid) return pooled("a connection changed its session");
  }
  const auto ended = ask_pooler(other, "ROLLBACK");
  if (!ended) return tl::unexpected(ended.error());
  return {};
}

}  // namespace

Outcome<Connection> open_reader() {
  Outcome<Connection> connection = open_known("pglint:status");
  if (!connection) return connection;
  const auto pid = ask_pooler(*connection, "SELECT pg_catalog.pg_backend_pid()");
  if (!pid) return tl::unexpected(pid.error());
  if (*pid != std::to_string(connection->told_pid())) {
    Outcome<Connection> other = open_known("pglint:status");
    if (!other) return other;
    if (const auto one = stays(*connection, *other); !one) return tl::unexpected(one.error());
  }
  if (const auto prepared = prepare(*connection); !prepared) return tl::unexpected(prepared.error());
  if (const auto set = ask(*connection, "SET default_transaction_read_only = on; SET statement_timeout = '60s'",
                           "cannot prepare the session");
      !set)
    return tl::unexpected(set.error());
  return connection;
}

Answer run_as_written(Connection& connection, const std::string& sql, const Connection::Tick& tick) {
  Answer answer = connection.run("SET search_path TO DEFAULT");
  if (!answer.ok()) return answer;
  answer = connection.run(sql, tick);
  if (answer.lost) return answer;
  const Answer restored = connection.run("SET search_path = pg_catalog");
  return restored.ok() ? answer : restored;
}

Outcome<Session> open_session(const Plan& plan) {
  Outcome<Connection> worker = open_known(fmt::format("pglint:{}", plan.id));
  if (!worker) return tl::unexpected(worker.error());
  const int version = worker->server_version();
  if (version / 10000 < plan.postgres)
    return stop(
        refused,
        fmt::format("the server is PostgreSQL {}, the plan was built for {} and later", version / 10000, plan.postgres),
        "Make the plan again with --pg-version of the oldest server.");
  Outcome<Connection> monitor = open_known(fmt::format("pglint:{}:monitor", plan.id));
  if (!monitor) return tl::unexpected(monitor.error());
  if (const auto one = stays(*worker, *monitor); !one) return tl::unexpected(one.error());
  for (Connection* connection : {&*worker, &*monitor})
    if (const auto prepared = prepare(*connection); !prepared) return tl::unexpected(prepared.error());

  const auto about = ask(
      *worker,
      "SELECT pg_backend_pid(), current_setting('transaction_read_only'), pg_is_in_recovery(), "
      "(SELECT setting FROM pg_settings WHERE name = 'deadlock_timeout'), session_user, oid, datname, " +
          std::string(version >= 150000 ? "has_parameter_privilege('deadlock_timeout', 'SET')"
                                        : "current_setting('is_superuser') = 'on'") +
          ", current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int - "
          "coalesce(current_setting('reserved_connections', true)::int, 0) - (SELECT count(*) FROM pg_stat_activity "
          "WHERE usesysid IS NOT NULL AND datid IS NOT NULL AND coalesce(backend_type, '') IN ('client backend', ''))"
          " FROM pg_database WHERE datname = current_database()",
      "cannot ask who the server is");
  if (!about) return tl::unexpected(about.error());
  const Row& row = about->rows.at(0);
  const auto text = [&row](std::size_t at) { return row.at(at).value_or(""); };
  if (text(2) == "t") return stop(failed, "the server is a standby", "Name the primary: nothing can be changed here.");
  if (text(1) == "on")
    return stop(failed, "the session is read-only", "The server or the database does not take writes.");
  Session session{.worker = std::move(*worker), .monitor = std::move(*monitor)};
  session.worker_pid = std::atoi(text(0).c_str());
  session.deadlock_timeout = std::chrono::milliseconds(std::atoi(text(3).c_str()));
  session.user = text(4);
  session.database = text(5);
  session.database_name = text(6);
  session.may_set_deadlock_timeout = text(7) == "t";
  session.free_connections = std::atoi(text(8).c_str());
  // A service may not let everyone ask.
  if (const Answer system = session.worker.run("SELECT system_identifier FROM pg_control_system()"); system.ok())
    session.system_identifier = system.value();
  else if (system.lost)
    return stop(system, "cannot ask which server it is");
  return session;
}

}  // namespace pglint::apply
