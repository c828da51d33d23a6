// A PostgreSQL server of this test program's own, for as long as it runs: scripts/pg-scratch starts it, psql talks to
// it.
#pragma once

#include <string>
#include <vector>

#include "base/process.h"

namespace pglint::test {

class ScratchServer {
 public:
  // `name` tells it from those of other test programs in the same build folder.
  explicit ScratchServer(const std::string& name, const std::vector<std::string>& settings = {});
  // A hot standby of `primary`, with the same users and databases.
  ScratchServer(const std::string& name, const ScratchServer& primary, const std::vector<std::string>& settings = {});
  ~ScratchServer();
  ScratchServer(const ScratchServer&) = delete;
  ScratchServer& operator=(const ScratchServer&) = delete;

  // Why there is none; empty if it runs.
  [[nodiscard]] const std::string& missing() const { return missing_; }
  [[nodiscard]] int version() const { return version_; }  // 15

  // Of its socket; it belongs to the user as whom the server runs.
  [[nodiscard]] std::string socket_folder() const { return behind_database_.substr(behind_database_.find('=') + 1); }
  // For libpq.
  [[nodiscard]] std::string dsn(const std::string& database) const {
    return before_database_ + database + behind_database_;
  }

  // psql with these arguments, which stops at the first error. Its status is 0 if all went well.
  [[nodiscard]] Finished psql(const std::string& database, const std::vector<std::string>& arguments) const;

 private:
  void start(const std::vector<std::string>& command, const std::vector<std::string>& settings);

  std::string folder_;
  std::string missing_;
  std::string before_database_;  // of the connection string
  std::string behind_database_;
  int version_ = 0;
};

}  // namespace pglint::test
