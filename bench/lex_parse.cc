// What cutting and chunking cost beside the parse itself.
//
//   (a) bare pg_query_raw_parse of every text
//   (b) the lexer alone
//   (c) the lexer, and the statements parsed in chunks or poured into the moulds of their shapes, none of which is
//   known
//       at the start
//
// One process, one thread, its processor time; the best of 40 rounds each, a, b and c in turn. Texts: the made-up
// history as files of about 10 KB and as one file, and the .sql files below each folder that is named on the command
// line.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "pg/lexer.h"
#include "pg/parse.h"
#include "support/bare_parse.h"
#include "support/history.h"

namespace {

using namespace pglint;

constexpr int rounds = 40;

double now() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

template <class F>
void measure(double& best, F&& run) {
  const double start = now();
  run();
  best = std::min(best, now() - start);
}

void compare(const std::string& name, const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  std::array<double, 3> best;
  best.fill(std::numeric_limits<double>::max());
  std::size_t statements = 0;
  pg::Lexed lexed;
  for (int round = 0; round < rounds; ++round) {
    measure(best[0], [&] {
      for (const std::string& text : texts) static_cast<void>(bench::bare_parse(text));
    });
    measure(best[1], [&] {
      for (const std::string& text : texts) pg::lex(text, 0, {}, lexed);
    });
    statements = 0;
    pg::forget_shapes();
    measure(best[2], [&] {
      for (const std::string& text : texts) {
        pg::lex(text, 0, {}, lexed);
        pg::parse(text, 0, lexed, [&](const pg::Parsed&) {
          ++statements;
          return true;
        });
      }
    });
  }
  const auto [a, b, c] = best;
  const auto rate = [bytes](double ms) { return static_cast<double>(bytes) / ms / 1000; };
  fmt::print("{}: {} texts, {} statements, {} KB\n", name, texts.size(), statements, bytes / 1000);
  fmt::print("  (a) parse {:8.2f} ms {:7.0f} MB/s\n", a, rate(a));
  fmt::print("  (b) lex   {:8.2f} ms {:7.0f} MB/s  b/a {:.3f}\n", b, rate(b), b / a);
  fmt::print("  (c) both  {:8.2f} ms {:7.0f} MB/s  c/a {:.3f}\n", c, rate(c), c / a);
}

std::vector<std::string> made_up(std::size_t files) {
  std::vector<std::string> texts;
  for (auto& [path, text] : bench::make_history(20'000, files, 1).files) texts.push_back(std::move(text));
  return texts;
}

// The files that the grammar takes as they are.
std::vector<std::string> below(const char* folder) {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".sql") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (bench::bare_parse(text)) texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

int main(int argc, char** argv) {
  compare("made up, files of 10 KB", made_up(200));
  compare("made up, one file", made_up(1));
  for (int i = 1; i < argc; ++i) compare(argv[i], below(argv[i]));
}
