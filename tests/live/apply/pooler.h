// A PgBouncer in front of the server of these tests.
#pragma once

#include <sys/types.h>

#include <string>

namespace pglint::test {

class Pooler {
 public:
  // `mode` is PgBouncer's pool_mode; `sessions` the most that it has with the server, for a database.
  Pooler(const std::string& mode, int sessions);
  ~Pooler();
  Pooler(const Pooler&) = delete;
  Pooler& operator=(const Pooler&) = delete;

  // Why there is none; empty if it runs.
  [[nodiscard]] const std::string& missing() const { return missing_; }
  [[nodiscard]] std::string dsn(const std::string& database) const;

 private:
  std::string folder_;
  std::string missing_;
  ::pid_t pid_ = -1;
};

}  // namespace pglint::test
