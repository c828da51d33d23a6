// testdata/demo as its team has it: a git repository in which pglint is run as a developer runs it, and the real
// drizzle-kit as a pipeline does.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "support/scratch_server.h"

namespace pglint::test::chain {

inline constexpr const char* plan_id = "0001_primary_contact";
inline constexpr const char* gate_id = "primary-contact";

// Why these tests cannot run; empty if they can.
[[nodiscard]] std::string missing();

[[nodiscard]] const ScratchServer& server();
// What the statement returns, without the last newline; it must not fail.
std::string sql(const std::string& database, const std::string& query);
void create_database(const std::string& name, const std::string& copied_from = "template0");

[[nodiscard]] std::string content(const std::filesystem::path& path);
void write(const std::filesystem::path& path, const std::string& text);
void replace_in(const std::filesystem::path& path, std::string_view old, std::string_view text);

// The commits of the repository, as tags.
//   released  migration 0000 and the schema before the rename: the branch main
//   original  the four migrations that drizzle-kit has written after it
//   expand    what pglint made of them: everything before the gate
//   release   the commit that the gate waits for: the code's schema is the new one
//   contract  and what stands behind the gate
class Project {
 public:
  // Up to `original`.
  explicit Project(const std::string& name);
  // A copy, to change.
  Project(const std::string& name, const Project& other);
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;
  ~Project();

  [[nodiscard]] std::filesystem::path path(const std::string& inside) const { return folder_ / inside; }
  // Sorted, as "drizzle/0001_x.sql".
  [[nodiscard]] std::vector<std::string> migrations() const;

  std::string git(const std::vector<std::string>& arguments) const;  // what it prints; it must not fail
  void commit(const std::string& tag) const;
  void at(const std::string& tag) const { git({"checkout", "-q", tag}); }
  [[nodiscard]] bool changed() const { return !git({"status", "--porcelain"}).empty(); }

  [[nodiscard]] Finished pglint(std::vector<std::string> arguments, const std::string& database = {}) const;
  [[nodiscard]] Finished kit(const std::vector<std::string>& arguments, const std::string& database = {}) const;

  // The schema of the code: of the release that runs, or of the next one.
  void previous_schema() const;
  void end_state_schema() const;

 private:
  std::filesystem::path folder_;
};

// The commits from `expand` to `contract`, made once for all tests.
[[nodiscard]] const Project& planned();

// One run of a pipeline: `drizzle-kit migrate`, repeated where a lock was not had in time, which is what the files say
// that one may do.
struct Migrated {
  bool done = false;
  int lock_timeouts = 0;
  std::string error;  // the server's, as drizzle-kit prints none
};
[[nodiscard]] Migrated migrate(const Project& project, const std::string& database, int most_lock_timeouts = 20);

// Until the release that the gate waits for runs everywhere.
void pass_gate(const std::string& database);

}  // namespace pglint::test::chain
