#include "apply/session.h"

#include <fmt/format.h>

#include <cstdlib>

#include "apply/query.h"
#include "base/text.h"
#include "plan/form/quote.h"

namespace pglint::apply {
namespace {

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

Outcome<Connection> open_with_settings(const std::string& name) {
  Outcome<Connection> connection = Connection::open(name);
  if (!connection) return connection;
  if (connection->server_version() < 120000)
    return stop(refused, fmt::format("the server is PostgreSQL {}: pglint knows 12 and later",
                                     connection->server_version() / 10000));
  const Answer set = connection->run(settings(*connection));
  // Where the server does not know how to watch a client, killed ones are waited for.
  if (!set.ok()) {
    if (set.message.find("client_connection_check_interval") == std::string::npos)
      return stop(set, "cannot prepare the session");
    return stop(failed, "cannot prepare the session: " + words(set));
  }
  return connection;
}

// Behind a pooler that gives each transaction another server connection, locks and settings are anybody's.
Outcome<void> not_pooled(Connection& worker, Connection& monitor) {
  const auto pooled = [](std::string_view how) {
    return stop(refused, fmt::format("there is a connection pooler in between ({})", how),
                "Connect to the server itself: locks and settings must stay with one session.");
  };
  const auto pid = ask(worker, "SELECT pg_backend_pid()", "cannot ask for the session's number");
  if (!pid) return tl::unexpected(pid.error());
  if (pid->value() != std::to_string(worker.told_pid())) return pooled("it numbers the sessions by itself");
  const std::string probe = fmt::format("{}-{}", pid->value(), std::rand());
  const auto set = ask(worker, fmt::format("SET pglint.probe = {}", plan::quote_literal(probe)), "cannot set");
  if (!set) return tl::unexpected(set.error());
  // While the monitor has a transaction open, a pooler has no use for the worker's last server connection but this.
  const auto begun = ask(monitor, "BEGIN READ ONLY", "cannot begin");
  if (!begun) return tl::unexpected(begun.error());
  for (int i = 0; i < 3; ++i) {
    const auto seen =
        ask(worker, "SELECT pg_backend_pid()::text || ' ' || coalesce(current_setting('pglint.probe', true), '')",
            "cannot look for poolers");
    if (!seen) return tl::unexpected(seen.error());
    if (seen->value() != pid->value() + " " + probe) return pooled("a setting did not stay");
  }
  const auto ended = ask(monitor, "ROLLBACK", "cannot end a transaction");
  if (!ended) return tl::unexpected(ended.error());
  return {};
}

}  // namespace

Outcome<Connection> open_reader() {
  Outcome<Connection> connection = open_with_settings("pglint:status");
  if (!connection) return connection;
  if (const auto set = ask(*connection, "SET default_transaction_read_only = on; SET statement_timeout = '60s'",
                           "cannot prepare the session");
      !set)
    return tl::unexpected(set.error());
  return connection;
}

Outcome<Session> open_session(const Plan& plan) {
  Outcome<Connection> worker = open_with_settings(fmt::format("pglint:{}", plan.id));
  if (!worker) return tl::unexpected(worker.error());
  const int version = worker->server_version();
  if (version / 10000 < plan.postgres)
    return stop(
        refused,
        fmt::format("the server is PostgreSQL {}, the plan was built for {} and later", version / 10000, plan.postgres),
        "Make the plan again with --pg-version of the oldest server.");
  Outcome<Connection> monitor = open_with_settings(fmt::format("pglint:{}:monitor", plan.id));
  if (!monitor) return tl::unexpected(monitor.error());
  if (const auto direct = not_pooled(*worker, *monitor); !direct) return tl::unexpected(direct.error());

  const auto about =
      ask(*worker,
          "SELECT pg_backend_pid(), current_setting('transaction_read_only'), pg_is_in_recovery(), "
          "(SELECT setting FROM pg_settings WHERE name = 'deadlock_timeout'), session_user, oid, datname "
          "FROM pg_database WHERE datname = current_database()",
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
  // A service may not let everyone ask.
  if (const Answer system = session.worker.run("SELECT system_identifier FROM pg_control_system()"); system.ok())
    session.system_identifier = system.value();
  else if (system.lost)
    return stop(system, "cannot ask which server it is");
  return session;
}

}  // namespace pglint::apply
