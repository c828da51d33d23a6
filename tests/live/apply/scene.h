// What the tests of the executor share: a server with a model database, a copy of it for each test, and pglint-apply as
// a process that can be killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/process.h"
#include "support/scratch_server.h"

namespace pglint::test {

[[nodiscard]] bool contains(const std::string& text, std::string_view part);

// A running pglint-apply; killed when it goes out of scope.
class Child {
 public:
  Child(const std::vector<std::string>& arguments, const Environment& environment);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void signal(int number) const;
  // Waits for its end; 128 + the signal that ended it. Fails the test if that takes a minute.
  [[nodiscard]] Finished wait();

 private:
  ::pid_t pid_ = -1;
  std::string output_;  // the file
};

// The server of this program; empty words if it is there.
[[nodiscard]] ScratchServer& server();

// A copy of the model database: tenant_accounts and regions, as testdata/plans/rename.yml wants them.
class Scene {
 public:
  Scene();
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  [[nodiscard]] const std::string& database() const { return database_; }
  [[nodiscard]] const std::string& plan_path() const { return plan_path_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string dsn() const { return server().dsn(database_); }

  // The plan of this scene from now on.
  void plan(const std::string& yaml) const;

  // What psql prints, without the last newline; fails the test if it fails.
  std::string sql(const std::string& text) const;  // NOLINT(modernize-use-nodiscard): often for what it does

  [[nodiscard]] std::vector<std::string> run_arguments(const std::vector<std::string>& more = {}) const;
  [[nodiscard]] Finished apply(const std::vector<std::string>& arguments, const Environment& environment = {}) const;
  // `run --plan` with a short lock budget.
  [[nodiscard]] Finished run(const std::vector<std::string>& more = {}, const Environment& environment = {}) const;
  [[nodiscard]] Environment environment() const;

  // pg_dump of the schema but for pglint's own, in an order of its own, and a checksum of the rows.
  [[nodiscard]] std::string state() const;
  // Until the query says t.
  void wait_until(const std::string& query) const;

 private:
  std::string database_;
  std::string folder_;
  std::string plan_path_;
};

// testdata/plans/rename.yml without pauses.
[[nodiscard]] std::string rename_plan();

// A session of its own that stays open until the end of the scope.
class Psql {
 public:
  Psql(const Scene& scene, const std::string& name);
  // Executes it; comes back when it is done.
  void send(const std::string& sql);

 private:
  Conversation conversation_;
};

}  // namespace pglint::test
