// The replayed catalogue is the server's own: histories run on a server and are replayed, then both are compared object
// by object. What the server refuses is not replayed; what only changes data is left out.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "catalog_lines.h"
#include "skip.h"
#include "support/golden.h"
#include "support/random_ddl.h"

using namespace pglint;

namespace {

const test::ScratchServer& server() {
  static const test::ScratchServer one("catalog");
  return one;
}

struct Total {
  std::size_t histories = 0;
  std::size_t statements = 0;
  std::size_t refused = 0;
  std::size_t objects = 0;
  std::size_t different = 0;

  void compare(const std::string& name, std::string_view history) {
    const test::Replayed replayed = test::replay_on(server(), history);
    CHECK_MESSAGE(replayed.trouble.empty(), fmt::format("{}: {}", name, replayed.trouble));
    const std::string differences = test::differences(replayed);
    CHECK_MESSAGE(differences.empty(), fmt::format("{}\n{}", name, differences));
    ++histories;
    statements += replayed.statements;
    refused += replayed.refused;
    objects += replayed.served.size();
    different += static_cast<std::size_t>(std::count(differences.begin(), differences.end(), '\n'));
  }

  void say(std::string_view what) const {
    MESSAGE(fmt::format("{}: {} histories, {} statements taken, {} refused, {} lines compared, {} different", what,
                        histories, statements - refused, refused, objects, different));
  }
};

// Numbers as numbers: 2 before 10.
bool natural_less(const std::string& a, const std::string& b) {
  std::size_t i = 0;
  std::size_t j = 0;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      std::size_t end_a = i;
      std::size_t end_b = j;
      while (end_a < a.size() && digit(a[end_a])) ++end_a;
      while (end_b < b.size() && digit(b[end_b])) ++end_b;
      std::string x = a.substr(i, end_a - i);
      std::string y = b.substr(j, end_b - j);
      x.erase(0, std::min(x.find_first_not_of('0'), x.size() - 1));
      y.erase(0, std::min(y.find_first_not_of('0'), y.size() - 1));
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
      i = end_a;
      j = end_b;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
    }
  }
  return a.size() - i < b.size() - j;
}

bool is_up(const std::string& path) {
  for (const char* part : {"down.sql", ".undo.", "/revert/", "/verify/", "/test/", "mysql", "sqlite", "cockroach"})
    if (path.find(part) != std::string::npos) return false;
  return path.ends_with(".sql");
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

// All its migrations, one after the other; placeholders filled in.
std::string project_text(const std::filesystem::path& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && is_up(entry.path().string())) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end(), natural_less);
  std::string text = "CREATE SCHEMA auth;\nCREATE SCHEMA graphile_worker;\n";
  for (const std::string& path : paths) {
    std::string file = test::read_file(path);
    for (const char* down : {"-- +goose Down", "--+goose Down", "-- migrate:down"})
      file.resize(std::min(file.size(), file.find(down)));
    replace_all(file, "{{ index .Options \"Namespace\" }}", "auth");
    replace_all(file, ":GRAPHILE_WORKER_SCHEMA", "graphile_worker");
    text += file + "\n;\n";
  }
  return text;
}

}  // namespace

TEST_CASE("the catalogue is the server's after hand-made histories") {
  if (!server().missing().empty()) return test::skip(test::Missing::tool, server().missing());
  Total total;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(PGLINT_TESTDATA) / "histories"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  REQUIRE(!files.empty());
  for (const auto& file : files) total.compare(file.filename().string(), test::read_file(file.string()));
  total.say("hand-made");
}

TEST_CASE("the catalogue is the server's after random histories with transactions") {
  if (!server().missing().empty()) return test::skip(test::Missing::tool, server().missing());
  const char* given = std::getenv("PGLINT_SEED");
  // The same ones each time, so that a failure is of the change at hand; PGLINT_SEED looks elsewhere.
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  Total total;
  for (std::uint64_t seed = first; seed < first + 20; ++seed) {
    test::RandomDdl ddl(seed);
    std::string history = "CREATE SCHEMA s1;\nCREATE SCHEMA s2;\n";
    for (int i = 0; i < 500; ++i) history += ddl.next_of_transactions() + ";\n";
    total.compare(fmt::format("seed {}", seed), history);
  }
  total.say(fmt::format("random, from seed {}", first));
}

TEST_CASE("the catalogue is the server's after the histories of real projects") {
  if (!server().missing().empty()) return test::skip(test::Missing::tool, server().missing());
  const char* corpus = std::getenv("PGLINT_CORPUS");
  if (corpus == nullptr) return test::skip(test::Missing::data, "PGLINT_CORPUS is not set");
  Total total;
  std::vector<std::filesystem::path> projects;
  for (const auto& entry : std::filesystem::directory_iterator(corpus))
    if (entry.is_directory()) projects.push_back(entry.path());
  std::sort(projects.begin(), projects.end());
  for (const auto& project : projects) total.compare(project.filename().string(), project_text(project));
  total.say("real projects");
}
