// How the time and the memory of `check` and `locks` grow with the history.
//
//   10 times the files                     at most 11 times the time
//   50,000 tables against 5,000            at most 11 times the time
//   a history of 100 MB                    less than 3 times its size in memory
//
// The program itself is run on files in a folder; times are the best of five runs, memory is what the kernel says of
// the process. Exit code 1 if one of them is beyond its limit.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "support/history.h"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Files = std::map<std::string, std::string>;

struct Cost {
  double milliseconds = std::numeric_limits<double>::max();
  double megabytes = 0;
};

// Of one run of the program with its output thrown away.
Cost run_once(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const auto start = Clock::now();
  pid_t pid = 0;
  if (posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) != 0) std::exit(2);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  rusage used = {};
  wait4(pid, &status, 0, &used);
  Cost cost;
  cost.milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  cost.megabytes = static_cast<double>(used.ru_maxrss) / 1024;  // the kernel counts in KiB
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
    std::fprintf(stderr, "%s %s ended with %d\n", command[0].c_str(), command[1].c_str(), status);
    std::exit(2);
  }
  // What the machine's other work takes from it is not its cost.
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  cost.milliseconds = std::min(cost.milliseconds, seconds(used.ru_utime) + seconds(used.ru_stime));
  return cost;
}

Cost run(const std::string& what, const fs::path& folder, int rounds) {
  Cost best;
  for (int round = 0; round < rounds; ++round) {
    const Cost cost = run_once({PGLINT_PROGRAM, what, "--runner", "plain", folder.string()});
    best.milliseconds = std::min(best.milliseconds, cost.milliseconds);
    best.megabytes = std::max(best.megabytes, cost.megabytes);
  }
  return best;
}

double write(const fs::path& folder, const Files& files) {
  fs::remove_all(folder);
  double bytes = 0;
  for (const auto& [name, text] : files) {
    const fs::path path = folder / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    bytes += static_cast<double>(text.size());
  }
  return bytes / (1024 * 1024);
}

// Tables with keys to one another, each changed once more at the end, 100 to a file.
Files many_tables(int count) {
  Files files;
  const auto file = [&](int number) -> std::string& { return files[fmt::format("{:06}.sql", number / 100)]; };
  for (int i = 0; i < count; ++i)
    file(i) += fmt::format(
        "CREATE TABLE t{0} (id bigint PRIMARY KEY, a int NOT NULL, up bigint REFERENCES t{1});\n"
        "CREATE INDEX t{0}_a ON t{0} (a);\n",
        i, i / 2);
  for (int i = 0; i < count; ++i) file(count + i) += fmt::format("ALTER TABLE t{} ADD COLUMN b text;\n", i);
  return files;
}

// The same history again and again, each time in a schema of its own: as much of everything for each table.
Files copies(int count) {
  const auto history = pglint::bench::make_history(20'000, 200, 1);
  Files files;
  for (int i = 0; i < count; ++i)
    for (const auto& [path, text] : history.files)
      files[fmt::format("{:03}-{}", i, fs::path(path).filename().string())] =
          fmt::format("CREATE SCHEMA IF NOT EXISTS part_{0};\nSET search_path = part_{0};\n", i) + text;
  return files;
}

bool within(const std::string& what, double value, double limit) {
  fmt::print("  {:<38} {:8.2f}     {} {}\n", what, value, value <= limit ? "at most" : "MORE THAN", limit);
  return value <= limit;
}

}  // namespace

int main() {
  char made[] = "/tmp/pglint-scale-XXXXXX";
  if (mkdtemp(made) == nullptr) return 2;
  const fs::path base = made;
  bool good = true;
  for (const char* const what : {"check", "locks"}) {
    fmt::print("{}\n", what);
    write(base / "one", copies(1));
    write(base / "ten", copies(10));
    const Cost small = run(what, base / "one", 5);
    const Cost large = run(what, base / "ten", 5);
    fmt::print("  200 files {:.0f} ms, 2,000 files {:.0f} ms\n", small.milliseconds, large.milliseconds);
    good = within("10 times the files: time", large.milliseconds / small.milliseconds, 11) && good;

    write(base / "few", many_tables(5'000));
    write(base / "many", many_tables(50'000));
    const Cost few = run(what, base / "few", 5);
    const Cost many = run(what, base / "many", 5);
    fmt::print("  5,000 tables {:.0f} ms, 50,000 tables {:.0f} ms\n", few.milliseconds, many.milliseconds);
    good = within("10 times the tables: time", many.milliseconds / few.milliseconds, 11) && good;
  }
  const double megabytes = write(base / "huge", copies(54));
  const Cost cost = run("check", base / "huge", 1);
  fmt::print("a history of {:.0f} MB: {:.0f} ms, {:.0f} MB of memory\n", megabytes, cost.milliseconds, cost.megabytes);
  good = within("memory over size", cost.megabytes / megabytes, 3) && good;
  fs::remove_all(base);
  return good ? 0 : 1;
}
