// testdata/demo as its team has it: a git repository in which pglint is run as a developer runs it, and the real
// drizzle-kit as a pipeline does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "support/scratch_server.h"

namespace pglint::test::chain {

inline constexpr const char* plan_id = "0001_primary_contact";  // in the layout of 0.x
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

// Of the folder of migrations: with a journal, as Drizzle 0.x has it, or a folder for each, as v1.
enum class Layout : std::uint8_t { journal, folders };

// The commits of the repository, as tags.
//   released  migration 0000 and the schema before the rename: the branch main
//   original  the four migrations that drizzle-kit has written after it
//   expand    what pglint made of them: everything before the gate
//   release   the commit that the gate waits for: the code's schema is the new one
//   contract  and what stands behind the gate
class Project {
 public:
  // Up to `original`.
  explicit Project(const std::string& name, Layout layout = Layout::journal);
  // A copy, to change.
  Project(const std::string& name, const Project& other);
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;
  ~Project();

  [[nodiscard]] std::filesystem::path path(const std::string& inside) const { return folder_ / inside; }
  [[nodiscard]] Layout layout() const { return layout_; }
  // Sorted, as "drizzle/0001_x.sql" or "drizzle/2026…_x/migration.sql".
  [[nodiscard]] std::vector<std::string> migrations() const;
  // As it is typed.
  [[nodiscard]] std::string plan() const;

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
  Layout layout_ = Layout::journal;
};

// The commits from `expand` to `contract`, made once for all tests.
[[nodiscard]] const Project& planned(Layout layout = Layout::journal);

// One run of a pipeline: `drizzle-kit migrate`, repeated where a lock was not had in time, which is what the files say
// that one may do.
struct Migrated {
  bool done = false;
  int lock_timeouts = 0;
  std::string error;  // the server's, as drizzle-kit prints none
};
[[nodiscard]] Migrated migrate(const Project& project, const std::string& database, int most_lock_timeouts = 20);

// Whoever executes first what stands before the next gate, and the other behind it, who finds it done.
enum class Way : std::uint8_t { runner, executor_first, runner_first };
[[nodiscard]] std::string_view says(Way way);

// `exit_code` is that of `pglint fix --apply`: 4 where a gate follows. What went wrong is in the error.
[[nodiscard]] Migrated carry_out(const Project& project, const std::string& database, Way way, int exit_code,
                                 int most_lock_timeouts = 20);

// `pglint pass`; what it says where it refuses.
[[nodiscard]] std::string pass_gate(const Project& project, const std::string& database);

}  // namespace pglint::test::chain
