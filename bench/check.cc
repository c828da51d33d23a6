// What `check` costs beside the parse it cannot do without.
//
//   (a) bare pg_query_raw_parse of every file
//   (b) everything `check` does, from the files' bytes to the list of diagnostics
//
// One process, one thread, the best of 9 rounds each, a and b in turn; no text is rendered, and b starts each time
// without the shapes of statements that it has met. With 50 rules of a team's own b takes at most 1.25 times as long.
// Beside it, without a limit: a finding on every statement with JSON, start-up on a file of four statements beside a
// program that does nothing, and a and b for the .sql files below each folder that is named on the command line. The
// made-up history says few things many times, real ones less so.
#include "lint/check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "lint/own_rule.h"
#include "pg/parse.h"
#include "report/report.h"
#include "rules/registry.h"
#include "source/files.h"
#include "source/project.h"
#include "support/bare_parse.h"
#include "support/history.h"

namespace {

using Clock = std::chrono::steady_clock;

template <class F>
double milliseconds(F&& f) {
  const auto start = Clock::now();
  f();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void bare_parse(const pglint::bench::History& history) {
  for (const auto& [path, text] : history.files) {
    if (pglint::bench::bare_parse(text)) continue;
    std::fprintf(stderr, "%s does not parse\n", path.c_str());
    std::exit(1);
  }
}

using Rules = std::vector<const pglint::lint::Rule*>;

// Rules of a team's own: one in five finds something, now and then.
std::vector<std::unique_ptr<pglint::lint::OwnRule>> own_rules(int count) {
  constexpr std::array patterns = std::to_array<const char*>({
      "ALTER TABLE $t ADD COLUMN $c json",
      "CREATE TABLE $t (..., $c json, ...)",
      "CREATE INDEX $i ON $t (..., lower($c), ...)",
      "UPDATE $t SET $c = $c",
      "INSERT INTO $t (..., password, ...) VALUES (...)",
      "ALTER TABLE $t DROP CONSTRAINT $c",
      "GRANT ALL ON TABLE $t TO public",
      "CREATE FUNCTION $f(...) RETURNS $t LANGUAGE plpython3u AS 'x'",
      "DELETE FROM $t WHERE $c IS NULL",
      "SELECT pg_sleep($seconds)",
  });
  std::vector<std::unique_ptr<pglint::lint::OwnRule>> rules;
  for (int i = 0; i < count; ++i) {
    pglint::source::OwnRuleSetting written;
    written.id = fmt::format("own-{}", i);
    written.message = "$t";
    if (i % 5 == 4) {
      written.lock = "ACCESS EXCLUSIVE";
      written.table = fmt::format("billing_{}.*", i);
    } else {
      written.patterns = {patterns[static_cast<std::size_t>(i) % patterns.size()]};
    }
    auto rule = pglint::lint::make_own_rule(written);
    if (!rule) {
      std::fprintf(stderr, "%s\n", rule.error().message.c_str());
      std::exit(1);
    }
    rules.push_back(std::move(*rule));
  }
  return rules;
}

// The files below a folder that the grammar takes as they are.
pglint::bench::History real_history(const char* folder) {
  pglint::bench::History history;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".sql") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!pglint::bench::bare_parse(text)) continue;
    history.bytes += text.size();
    std::string path = "migrations/" + std::filesystem::relative(entry.path(), folder).string();
    std::ranges::replace(path.begin() + 11, path.end(), '/', '-');
    history.files.emplace(std::move(path), std::move(text));
  }
  return history;
}

pglint::Report check(const pglint::source::FakeFiles& files, const Rules& rules, pglint::source::Sources& sources) {
  pglint::source::SourceOptions options;
  options.paths = {"migrations"};
  options.runner = "plain";
  auto read = pglint::source::read_sources(options, files);
  if (!read) {
    std::fprintf(stderr, "%s\n", read.error().message.c_str());
    std::exit(1);
  }
  sources = std::move(*read);
  pglint::pg::forget_shapes();
  return pglint::lint::check(sources, rules, {});
}

// Wall time of a program from fork to exit, its output thrown away.
double run_program(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  double best = std::numeric_limits<double>::max();
  for (int round = 0; round < 30; ++round) {
    best = std::min(best, milliseconds([&] {
                      pid_t pid = 0;
                      if (posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) != 0) std::exit(1);
                      int status = 0;
                      waitpid(pid, &status, 0);
                    }));
  }
  posix_spawn_file_actions_destroy(&actions);
  return best;
}

void start_up() {
  char folder[] = "/tmp/pglint-bench-XXXXXX";
  if (mkdtemp(folder) == nullptr) return;
  const std::string base = folder;
  const auto write = [](const std::string& path, std::string_view text) {
    if (std::FILE* file = std::fopen(path.c_str(), "w")) {
      std::fwrite(text.data(), 1, text.size(), file);
      std::fclose(file);
    }
  };
  write(base + "/four.sql",
        "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\nALTER TABLE orders ADD COLUMN paid boolean;\n"
        "COMMENT ON TABLE orders IS 'Orders';\nINSERT INTO orders (id) VALUES (1);\n");
  write(base + "/nothing.cc", "int main() {}\n");
  const std::string compile = "c++ -O2 -o " + base + "/nothing " + base + "/nothing.cc";
  if (std::system(compile.c_str()) == 0) {
    const double nothing = run_program({base + "/nothing"});
    const double ours = run_program({PGLINT_PROGRAM, "check", base + "/four.sql"});
    fmt::print("start-up, four statements      {:8.2f} ms  beside a program that does nothing {:.2f} ms\n", ours,
               nothing);
  }
  for (const char* name : {"/four.sql", "/nothing.cc", "/nothing"}) unlink((base + name).c_str());
  rmdir(folder);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int rounds = 9;
  const pglint::bench::History history = pglint::bench::make_history(20'000, 200, 1);
  pglint::source::FakeFiles files;
  files.files = history.files;

  const Rules all(pglint::rules::all().begin(), pglint::rules::all().end());
  const auto own = own_rules(50);
  Rules with_own = all;
  for (const auto& rule : own) with_own.push_back(rule.get());

  double a = std::numeric_limits<double>::max();
  double b = a;
  double b_own = a;
  pglint::Report report;
  for (int round = 0; round < rounds; ++round) {
    a = std::min(a, milliseconds([&] { bare_parse(history); }));
    pglint::source::Sources sources;
    b = std::min(b, milliseconds([&] { report = check(files, all, sources); }));
    pglint::source::Sources again;
    b_own = std::min(b_own, milliseconds([&] { (void)check(files, with_own, again); }));
  }
  fmt::print("{} statements of {} kinds, {} bytes each, {} files, {} findings\n", history.statements, history.kinds,
             history.bytes / history.statements, history.files.size(), report.diagnostics.size());
  fmt::print("(a) bare parse                 {:8.2f} ms\n", a);
  fmt::print("(b) check                      {:8.2f} ms\n", b);
  fmt::print("(b)/(a)                        {:8.3f}     at most 1.5\n", b / a);
  fmt::print("(b) with 50 rules of one's own {:8.2f} ms  {:.3f} of it, at most 1.25\n", b_own, b_own / b);

  const pglint::bench::History bad = pglint::bench::make_history(20'000, 200, 20);
  pglint::source::FakeFiles bad_files;
  bad_files.files = bad.files;
  double parse = std::numeric_limits<double>::max();
  double c = parse;
  std::size_t findings = 0;
  for (int round = 0; round < rounds; ++round) {
    parse = std::min(parse, milliseconds([&] { bare_parse(bad); }));
    c = std::min(c, milliseconds([&] {
                   pglint::source::Sources sources;
                   const pglint::Report found = check(bad_files, all, sources);
                   findings = found.diagnostics.size();
                   if (std::FILE* null = std::fopen("/dev/null", "w")) {
                     pglint::report::write(pglint::report::Format::json, found, {}, [null](std::string_view piece) {
                       std::fwrite(piece.data(), 1, piece.size(), null);
                     });
                     std::fclose(null);
                   }
                 }));
  }
  fmt::print("a finding on every statement, with JSON: {} findings, {:.2f} ms, {:.3f} of its bare parse\n", findings, c,
             c / parse);
  start_up();
  for (int i = 1; i < argc; ++i) {
    const pglint::bench::History real = real_history(argv[i]);
    pglint::source::FakeFiles real_files;
    real_files.files = real.files;
    double parsed = std::numeric_limits<double>::max();
    double checked = parsed;
    for (int round = 0; round < rounds; ++round) {
      parsed = std::min(parsed, milliseconds([&] { bare_parse(real); }));
      pglint::source::Sources sources;
      checked = std::min(checked, milliseconds([&] { report = check(real_files, all, sources); }));
    }
    fmt::print("{}: {} files, {} KB, {} findings: (a) {:.2f} ms, (b) {:.2f} ms, {:.3f}\n", argv[i], real.files.size(),
               real.bytes / 1000, report.diagnostics.size(), parsed, checked, checked / parsed);
  }
  return b / a <= 1.5 && b_own / b <= 1.25 ? 0 : 1;
}
