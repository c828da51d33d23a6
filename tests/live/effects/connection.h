// A connection to a real server, for measuring: what statements say on the way counts as much as what they return.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

struct pg_conn;

namespace pglint::test {

struct Answer {
  std::string sqlstate;  // empty: it went well
  std::string error;
  std::vector<std::vector<std::string>> rows;  // of the last statement that gave any
};

class Connection {
 public:
  explicit Connection(const std::string& dsn);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] const std::string& trouble() const { return trouble_; }  // empty: it is open
  [[nodiscard]] int version() const;                                     // 15
  // One message, as psql sends it. COPY gets no data.
  Answer run(const std::string& sql);
  // What the server said since the last call: notices and debug messages.
  [[nodiscard]] std::vector<std::string> said();

 private:
  pg_conn* conn_;
  std::string trouble_;
  std::vector<std::string> said_;
};

}  // namespace pglint::test
