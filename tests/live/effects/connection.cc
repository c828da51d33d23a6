#include "live/effects/connection.h"

#include <libpq-fe.h>

#include <utility>

namespace pglint::test {

Connection::Connection(const std::string& dsn) : conn_(PQconnectdb(dsn.c_str())) {
  if (PQstatus(conn_) != CONNECTION_OK) {
    trouble_ = PQerrorMessage(conn_);
    while (!trouble_.empty() && trouble_.back() == '\n') trouble_.pop_back();
  }
  PQsetNoticeReceiver(
      conn_,
      [](void* self, const PGresult* result) {
        const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        if (text != nullptr) static_cast<Connection*>(self)->said_.emplace_back(text);
      },
      this);
}

Connection::~Connection() { PQfinish(conn_); }

int Connection::version() const { return PQserverVersion(conn_) / 10000; }

Answer Connection::run(const std::string& sql) {
  Answer answer;
  if (PQsendQuery(conn_, sql.c_str()) == 0) {
    answer.sqlstate = "08000";
    answer.error = PQerrorMessage(conn_);
    return answer;
  }
  while (PGresult* result = PQgetResult(conn_)) {
    switch (PQresultStatus(result)) {
      case PGRES_TUPLES_OK:
        answer.rows.clear();
        for (int row = 0; row < PQntuples(result); ++row) {
          answer.rows.emplace_back();
          for (int column = 0; column < PQnfields(result); ++column)
            answer.rows.back().emplace_back(PQgetvalue(result, row, column));
        }
        break;
      case PGRES_COPY_IN:
        PQputCopyEnd(conn_, nullptr);
        break;
      case PGRES_COPY_OUT: {
        char* line = nullptr;
        while (PQgetCopyData(conn_, &line, 0) > 0) PQfreemem(line);
        break;
      }
      case PGRES_FATAL_ERROR:
        if (answer.sqlstate.empty()) {
          const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
          answer.sqlstate = state != nullptr ? state : "08006";
          answer.error = PQresultErrorMessage(result);
        }
        break;
      default:
        break;
    }
    PQclear(result);
  }
  return answer;
}

std::vector<std::string> Connection::said() { return std::exchange(said_, {}); }

}  // namespace pglint::test
