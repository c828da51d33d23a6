#include "apply/connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/text.h"

namespace pglint::apply {
namespace {

constexpr int tick_ms = 100;

PGconn* pq(void* connection) { return static_cast<PGconn*>(connection); }

std::string trimmed(const char* text) {
  std::string out = text != nullptr ? text : "";
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

std::string field(const PGresult* result, int code) { return trimmed(PQresultErrorField(result, code)); }

// What libpq prints on its own would go into the middle of our lines.
void ignore_notice(void*, const PGresult*) {}

void replace_all(std::string& text, std::string_view word, std::string_view by) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size()))
    text.replace(at, word.size(), by);
}

// libpq quotes what it cannot parse, and that is where a password may stand.
std::string without_connection_string(std::string message, const char* url) {
  if (url == nullptr || *url == '\0') return message;
  PQconninfoOption* options = PQconninfoParse(url, nullptr);
  // A name alone is one of a database: that is no secret.
  const std::string_view text = url;
  const bool is_string = text.find('=') != std::string_view::npos || text.find("://") != std::string_view::npos;
  if (options == nullptr && is_string) return "the connection string cannot be read";
  if (is_string) replace_all(message, text, "(the connection string)");
  for (const PQconninfoOption* option = options; option != nullptr && option->keyword != nullptr; ++option) {
    const bool secret = std::string_view(option->keyword).find("password") != std::string_view::npos;
    if (secret && option->val != nullptr && *option->val != '\0') replace_all(message, option->val, "***");
  }
  PQconninfoFree(options);
  return message;
}

// Where a message is in another language, the general advice is given.
std::string what_to_do(std::string_view message) {
  const auto says = [message](std::string_view part) { return message.find(part) != std::string_view::npos; };
  if (says("hot standby")) return "Name the primary: nothing can be changed on a standby.";
  if (says("password authentication failed") || says("no password supplied"))
    return "Check the user, and the password in the URL, in PGPASSWORD or in the password file.";
  if (says("starting up") || says("shutting down")) return "Repeat the command when the server is there again.";
  if (says("too many c") || says("remaining connection slots"))
    return "Two connections are needed: repeat the command when they are free.";
  if (says("Connection refused") || says("No such file"))
    return "Is the server running there? Where to is said by --database-url, PGLINT_DATABASE_URL or PGHOST, PGPORT ….";
  return "Where to is said by --database-url, PGLINT_DATABASE_URL or PGHOST, PGDATABASE, PGUSER ….";
}

}  // namespace

std::string words(const Answer& answer) {
  std::string out = printable(answer.message);
  if (!answer.sqlstate.empty()) out += fmt::format(" ({})", answer.sqlstate);
  if (!answer.detail.empty()) out += "\n  " + printable(answer.detail);
  if (!answer.hint.empty()) out += "\n  " + printable(answer.hint);
  return out;
}

void Connection::Close::operator()(void* connection) const { PQfinish(pq(connection)); }

Outcome<Connection> Connection::open(const std::string& application_name) {
  const char* url = std::getenv("PGLINT_DATABASE_URL");
  const bool has_url = url != nullptr && *url != '\0';
  // What stands before dbname is a default, what stands behind it holds whatever the connection string says.
  const std::array<const char*, 10> names = {
      "keepalives_idle", "keepalives_interval", "keepalives_count",     "tcp_user_timeout", "connect_timeout",
      "dbname",          "client_encoding",     "target_session_attrs", "application_name", nullptr};
  const std::array<const char*, 10> values = {
      "10", "5", "3", "15000", "10", has_url ? url : nullptr, "UTF8", "primary", application_name.c_str(), nullptr};
  Connection connection(PQconnectdbParams(names.data(), values.data(), 1));
  PGconn* raw = pq(connection.connection_.get());
  if (raw == nullptr) return stop(failed, "no memory for a connection");
  if (PQstatus(raw) != CONNECTION_OK) {
    std::string message = without_connection_string(trimmed(PQerrorMessage(raw)), url);
    if (has_url && message == "the connection string cannot be read")
      return stop(refused, message, "It is postgresql://user@host/database or host=… dbname=….");
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::erase(message, '\t');
    return stop(failed, fmt::format("cannot connect: {}", printable(message)), what_to_do(message));
  }
  PQsetNoticeReceiver(raw, ignore_notice, nullptr);
  return connection;
}

void Connection::cancel() {
  PGcancel* request = PQgetCancel(pq(connection_.get()));
  if (request == nullptr) return;
  std::array<char, 256> error = {};
  // If it does not arrive, the statement ends by its own timeout or with the connection.
  static_cast<void>(PQcancel(request, error.data(), static_cast<int>(error.size())));
  PQfreeCancel(request);
}

Answer Connection::run(const std::string& sql, const Tick& tick) {
  PGconn* raw = pq(connection_.get());
  Answer answer;
  const auto lose = [&] {
    answer.lost = true;
    answer.message = trimmed(PQerrorMessage(raw));
    if (answer.message.empty()) answer.message = "the connection is lost";
  };
  if (PQsendQuery(raw, sql.c_str()) == 0) return lose(), answer;
  for (bool cancelled = false;;) {
    while (PQisBusy(raw) != 0) {
      pollfd waiting = {.fd = PQsocket(raw), .events = POLLIN, .revents = 0};
      const int ready = ::poll(&waiting, 1, tick_ms);
      if (ready > 0 && PQconsumeInput(raw) == 0) return lose(), answer;
      if (ready > 0 || !tick || cancelled) continue;
      const Go go = tick();
      if (go == Go::abandon) return lose(), answer;
      if (go == Go::cancel) {
        cancelled = true;
        cancel();
      }
    }
    PGresult* result = PQgetResult(raw);
    if (result == nullptr) break;
    switch (PQresultStatus(result)) {
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY:
        break;
      case PGRES_TUPLES_OK:
        answer.rows.clear();
        for (int row = 0; row < PQntuples(result); ++row) {
          Row& values = answer.rows.emplace_back();
          for (int column = 0; column < PQnfields(result); ++column) {
            if (PQgetisnull(result, row, column) != 0)
              values.emplace_back();
            else
              values.emplace_back(std::string(PQgetvalue(result, row, column),
                                              static_cast<std::size_t>(PQgetlength(result, row, column))));
          }
        }
        break;
      default:
        answer.sqlstate = field(result, PG_DIAG_SQLSTATE);
        answer.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
        answer.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
        answer.hint = field(result, PG_DIAG_MESSAGE_HINT);
        if (answer.message.empty()) answer.message = trimmed(PQresultErrorMessage(result));
        if (answer.message.empty()) answer.message = "the server wants what a migration does not have (COPY)";
        break;
    }
    const ExecStatusType status = PQresultStatus(result);
    PQclear(result);
    if (status == PGRES_COPY_IN) static_cast<void>(PQputCopyEnd(raw, "no data"));
    if (status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      // Nobody asked for data: the connection is of no more use.
      answer.lost = true;
      return answer;
    }
  }
  if (PQstatus(raw) != CONNECTION_OK) answer.lost = true;
  // Ended by an administrator, by a crash or by a restart: the server said so before it hung up.
  if (answer.sqlstate.starts_with("57P0") || answer.sqlstate.starts_with("08") || answer.sqlstate == "25P03")
    answer.lost = true;
  return answer;
}

int Connection::told_pid() const { return PQbackendPID(pq(connection_.get())); }
int Connection::server_version() const { return PQserverVersion(pq(connection_.get())); }

std::vector<std::pair<std::string, std::string>> Connection::environment() const {
  std::vector<std::pair<std::string, std::string>> all;
  PQconninfoOption* options = PQconninfo(pq(connection_.get()));
  for (const PQconninfoOption* option = options; option != nullptr && option->keyword != nullptr; ++option)
    if (option->envvar != nullptr && option->val != nullptr && *option->val != '\0')
      all.emplace_back(option->envvar, option->val);
  PQconninfoFree(options);
  return all;
}

std::string Connection::without_secrets(std::string text) const {
  if (const char* password = PQpass(pq(connection_.get())); password != nullptr && *password != '\0')
    replace_all(text, password, "***");
  return text;
}

std::string Connection::where() const {
  PGconn* raw = pq(connection_.get());
  const char* host = PQhost(raw);
  return fmt::format("database {} at {} as {}", printable(PQdb(raw)), printable(host != nullptr ? host : "localhost"),
                     printable(PQuser(raw)));
}

}  // namespace pglint::apply
