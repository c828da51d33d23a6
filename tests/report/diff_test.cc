// The diff of `fix --diff`, by itself and as git and patch take it.
#include "report/diff.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "skip.h"
#include "source/temp_folder.h"

using namespace pglint;
using report::unified_diff;

namespace {

std::string content(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string numbered(int from, int to) {
  std::string text;
  for (int i = from; i <= to; ++i) text += fmt::format("{}\n", i);
  return text;
}

// What a program makes of the diff.
void takes(const std::vector<std::string>& command, const std::string& path, const std::optional<std::string>& before,
           const std::string& after) {
  const test::TempFolder folder;
  if (before) folder.write("in/" + path, *before);
  folder.write("in/other", "");
  folder.write("diff", unified_diff(path, before, after));
  std::vector<std::string> all = {"env", "-C", folder.path("in")};
  all.insert(all.end(), command.begin(), command.end());
  all.push_back(folder.path("diff"));
  const auto finished = run(all, {{"GIT_CEILING_DIRECTORIES", folder.path()}, {"GIT_CONFIG_GLOBAL", "/dev/null"}});
  REQUIRE(finished.has_value());
  INFO(content(folder.path("diff")));
  INFO(finished->out << finished->err);
  CHECK(finished->status == 0);
  REQUIRE(std::filesystem::exists(folder.path("in/" + path)));
  CHECK(content(folder.path("in/" + path)) == after);
}

void applies(const std::optional<std::string>& before, const std::string& after,
             const std::string& path = "drizzle/0001_a.sql") {
  takes({"git", "apply", "--whitespace=nowarn"}, path, before, after);
}

bool has(const std::string& program) {
  const auto finished = run({program, "--version"});
  return finished && finished->status == 0;
}

std::size_t changed_lines(std::string_view diff) {
  std::size_t count = 0;
  for (std::size_t at = diff.find("@@"); at != std::string_view::npos; at = diff.find('\n', at + 1)) {
    if (at + 1 < diff.size() && (diff[at + 1] == '-' || diff[at + 1] == '+')) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("three lines of context, and changes that are near in one hunk") {
  std::string after = numbered(1, 30);
  after.replace(after.find("\n10\n"), 4, "\nten\n");
  after.replace(after.find("\n16\n"), 4, "\n16\nnew\n");
  after.replace(after.find("\n28\n"), 4, "\n");
  CHECK(unified_diff("a.sql", numbered(1, 30), after) ==
        "diff --git a/a.sql b/a.sql\n--- a/a.sql\n+++ b/a.sql\n"
        "@@ -7,13 +7,14 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n 14\n 15\n 16\n+new\n 17\n 18\n 19\n"
        "@@ -25,6 +26,5 @@\n 25\n 26\n 27\n-28\n 29\n 30\n");
}

TEST_CASE("new files, files that become empty, and files that do not change") {
  CHECK(unified_diff("a.sql", std::nullopt, "x\n") ==
        "diff --git a/a.sql b/a.sql\nnew file mode 100644\n--- /dev/null\n+++ b/a.sql\n@@ -0,0 +1,1 @@\n+x\n");
  CHECK(unified_diff("a.sql", "x\n", "") ==
        "diff --git a/a.sql b/a.sql\n--- a/a.sql\n+++ b/a.sql\n@@ -1,1 +0,0 @@\n-x\n");
  CHECK(unified_diff("a.sql", "x\n", "x\n").empty());
  CHECK(unified_diff("a.sql", "", "").empty());
}

TEST_CASE("the end of a file without a newline is said") {
  CHECK(
      unified_diff("a.sql", "x", "x\n") ==
      "diff --git a/a.sql b/a.sql\n--- a/a.sql\n+++ b/a.sql\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+x\n");
  CHECK(unified_diff("a.sql", "x\ny", "z\ny").ends_with("-x\n+z\n y\n\\ No newline at end of file\n"));
}

TEST_CASE("git and patch take the diffs") {
  for (const bool patch : {false, true}) {
    if (!has(patch ? "patch" : "git")) {
      test::skip(test::Missing::tool, patch ? "no patch" : "no git");
      continue;
    }
    const auto check = [&](const std::optional<std::string>& before, const std::string& after,
                           const std::string& path = "drizzle/0001_a.sql") {
      if (patch) {
        takes({"patch", "-p1", "--binary", "-i"}, path, before, after);
      } else {
        applies(before, after, path);
      }
    };
    check(numbered(1, 40), "0\n" + numbered(1, 7) + numbered(9, 40) + "41");
    check("a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\nd");
    check("a\r\nb\n", "a\nb\r\n");
    check("a", "b");
    check("a\n\n\n", "\n\na\n");
    check("", "a\n");
    check(std::nullopt, "a\nb");
    check(std::nullopt, "a\n", "new folder/with blanks.sql");
    check("a\n", "b\n", "new folder/with blanks.sql");
    check("a\n", "b\n", "ümläut.sql");
    check("- a\n-- b\n+++ c\n@@ -1 +1 @@\n", "-- b\n--- a/x\n+++ c\n\\ x\n");
    if (!patch) check(std::nullopt, "");
    if (!patch) check("a\n", "b\n", "quote\"back\\slash\ttab");
  }
}

TEST_CASE("any two texts of few different lines are told apart shortly") {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    std::string before;
    std::string after;
    const auto size = static_cast<unsigned>(random() % 60);
    for (unsigned i = 0; i < size; ++i) {
      const std::string line = std::string(1, static_cast<char>('a' + random() % 6)) + '\n';
      if (random() % 5 != 0) before += line;
      if (random() % 5 != 0) after += line;
      if (random() % 9 == 0) after += static_cast<char>('a' + random() % 6) + std::string("\n");
    }
    if (before == after) continue;
    const std::string diff = unified_diff("x", before, after);
    applies(before, after, "x");
    // git's --minimal is the measure.
    const test::TempFolder folder;
    folder.write("a", before);
    folder.write("b", after);
    const auto git = run({"git", "diff", "--no-index", "--minimal", folder.path("a"), folder.path("b")});
    REQUIRE(git.has_value());
    CHECK(changed_lines(diff) == changed_lines(git->out));
  }
}

TEST_CASE("hostile texts take neither long nor much") {
  constexpr int many = 100'000;
  std::mt19937 random(7);
  std::string different = numbered(1, many);
  std::string others = numbered(many + 1, 2 * many);
  std::string a;
  std::string b;
  std::string reversed;
  for (int i = 0; i < many; ++i) {
    a += random() % 2 == 0 ? "a\n" : "b\n";
    b += random() % 2 == 0 ? "a\n" : "b\n";
    reversed += fmt::format("{}\n", many - i);
  }
  const auto start = std::chrono::steady_clock::now();
  CHECK(changed_lines(unified_diff("x", different, others)) == 2 * many);
  CHECK(changed_lines(unified_diff("x", a, b)) <= 2 * many);
  CHECK(changed_lines(unified_diff("x", different, reversed)) <= 2 * many);
  CHECK(changed_lines(unified_diff("x", different, different + "end\n")) == 1);
  CHECK(unified_diff("x", std::string(10'000'000, 'x'), std::string(10'000'000, 'y')).size() > 20'000'000);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}
