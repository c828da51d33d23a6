// A connection to the server. The only part of pglint that knows libpq.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apply/stop.h"

namespace pglint::apply {

using Row = std::vector<std::optional<std::string>>;

// What came back for one message, which may be several statements.
struct Answer {
  bool lost = false;          // the connection, and with it whether the statements were executed
  std::string sqlstate = {};  // of the error; empty if there was none
  std::string message = {};
  std::string detail = {};
  std::string hint = {};
  std::vector<Row> rows = {};  // of the last statement that returned any

  [[nodiscard]] bool ok() const { return !lost && sqlstate.empty() && message.empty(); }
  // The first value; empty if there is none or it is null.
  [[nodiscard]] std::string value() const {
    return rows.empty() || rows[0].empty() ? std::string() : rows[0][0].value_or("");
  }
};

// Message, detail and hint on as many lines.
[[nodiscard]] std::string words(const Answer& answer);

// `cancel` asks the server to end the statement, `abandon` waits no longer: the connection is lost.
enum class Go : std::uint8_t { on, cancel, abandon };

class Connection {
 public:
  // Called some ten times a second while a statement runs.
  using Tick = std::function<Go()>;

  // To where PGLINT_DATABASE_URL, else libpq's own settings lead: the primary, with keepalives.
  [[nodiscard]] static Outcome<Connection> open(const std::string& application_name);

  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&&) noexcept = default;

  // One message in the simple protocol: several statements are one transaction. `tick` may ask to cancel it; the answer
  // then says how it ended.
  [[nodiscard]] Answer run(const std::string& sql, const Tick& tick = {});

  // As libpq was told at the start. A pooler tells a number of its own.
  [[nodiscard]] int told_pid() const;
  // 150003
  [[nodiscard]] int server_version() const;
  // Variables by which another program of PostgreSQL's gets to the same database.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const;
  // What such a program says, without passwords.
  [[nodiscard]] std::string without_secrets(std::string text) const;
  // user, database and where: never the password.
  [[nodiscard]] std::string where() const;

 private:
  struct Close {
    void operator()(void* connection) const;
  };
  explicit Connection(void* connection) : connection_(connection) {}

  void cancel();

  std::unique_ptr<void, Close> connection_;
};

}  // namespace pglint::apply
