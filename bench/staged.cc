// What `check --staged` of one new migration costs behind 5,000 released ones, beside what it cannot do without.
//
//   (a) reading the same files from the disk, and bare pg_query_raw_parse of their texts
//   (b) everything `check --staged` does: git, the migrations folder, history replayed, the new one checked
//
// One process, one thread, the best of 5 rounds each, a and b in turn. The repository is a real one, in a temporary
// folder; the migrations are goose's, one file each, in git.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "lint/check.h"
#include "rules/registry.h"
#include "source/files.h"
#include "source/project.h"
#include "support/bare_parse.h"
#include "support/history.h"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t count = 5000;
constexpr int rounds = 5;
constexpr double limit = 2.0;

template <class F>
double milliseconds(F&& f) {
  const auto start = Clock::now();
  f();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

void git(const fs::path& folder, const std::string& arguments) {
  const std::string command = fmt::format(
      "git -C '{}' -c user.name=bench -c user.email=bench@example.org {} >/dev/null", folder.string(), arguments);
  if (std::system(command.c_str()) != 0) give_up("failed: " + command);
}

}  // namespace

int main() {
  char made[] = "/tmp/pglint-bench-XXXXXX";
  if (mkdtemp(made) == nullptr) give_up("no temporary folder");
  const fs::path folder = made;
  fs::create_directories(folder / "migrations");

  // About five statements each.
  const pglint::bench::History history = pglint::bench::make_history(5 * count, count, 1);
  std::vector<std::string> paths;
  std::size_t bytes = 0;
  for (const auto& [name, text] : history.files) {
    const fs::path path = folder / "migrations" / (fmt::format("{:05}_x.sql", paths.size() + 1));
    write(path, "-- +goose Up\n" + text + "\n-- +goose Down\n");
    bytes += text.size();
    paths.push_back(path.string());
  }
  git(folder, "init -q -b main");
  git(folder, "add -A");
  git(folder, "commit -q -m history");
  const fs::path staged = folder / "migrations" / fmt::format("{:05}_new.sql", paths.size() + 1);
  write(staged, "-- +goose Up\nCREATE TABLE the_newest (id bigint PRIMARY KEY);\n-- +goose Down\n");
  git(folder, "add -A");
  paths.push_back(staged.string());

  double a = std::numeric_limits<double>::max();
  double b = a;
  std::size_t reported = 0;
  for (int round = 0; round < rounds; ++round) {
    a = std::min(a, milliseconds([&] {
                   for (const std::string& path : paths) {
                     const auto text = pglint::source::disk().read(path);
                     if (!text) give_up(path + " cannot be read");
                     if (!pglint::bench::bare_parse(*text)) give_up(path + " does not parse");
                   }
                 }));
    b = std::min(b, milliseconds([&] {
                   pglint::source::SourceOptions options;
                   options.paths = {folder.string()};
                   options.staged = true;
                   const auto sources = pglint::source::read_sources(options, pglint::source::disk());
                   if (!sources) give_up(sources.error().message);
                   const pglint::Report report = pglint::lint::check(*sources, pglint::rules::all(), {});
                   reported = report.files.size();
                 }));
  }
  fs::remove_all(folder);
  if (reported != 1) give_up(fmt::format("{} files were reported, not one", reported));
  fmt::print("{} migrations, {} bytes, one of them staged\n", paths.size(), bytes);
  fmt::print("(a) reading and bare parse     {:8.2f} ms\n", a);
  fmt::print("(b) check --staged             {:8.2f} ms\n", b);
  fmt::print("(b)/(a)                        {:8.3f}     at most {}\n", b / a, limit);
  return b / a <= limit ? 0 : 1;
}
