// The hook that other repositories use, through the real pre-commit.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>

#include "base/process.h"
#include "skip.h"

using namespace pglint;
namespace fs = std::filesystem;

TEST_CASE("pre-commit runs the hook on staged migrations, and a commit that adds an unsafe one is refused") {
  const Result<Finished> there = run({"pre-commit", "--version"});
  if (!there || there->status != 0) return test::skip(test::Missing::tool, "no pre-commit");

  std::string folder = fs::temp_directory_path() / "pglint-hook-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const fs::path hooks = fs::path(folder) / "hooks";
  const fs::path shop = fs::path(folder) / "shop";
  fs::create_directories(hooks);
  fs::create_directories(shop / "migrations");
  fs::copy_file(fs::path(PGLINT_SOURCE_DIR) / ".pre-commit-hooks.yaml", hooks / ".pre-commit-hooks.yaml");
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(shop / name, std::ios::binary) << text;
  };
  const Environment environment = {
      {"PATH", fs::path(PGLINT_PROGRAM).parent_path().string() + ":" + std::getenv("PATH")},
      {"PRE_COMMIT_HOME", fs::path(folder) / "cache"},
      {"HOME", folder},
      {"GIT_CONFIG_NOSYSTEM", "1"},
  };
  const auto in = [&](const fs::path& where, const std::string& script) {
    Result<Finished> finished = run({"sh", "-c", "cd \"$1\" && " + script, "sh", where}, environment);
    REQUIRE(finished);
    return *finished;
  };
  const std::string identify = "git config user.name t && git config user.email t@example.org";
  REQUIRE(in(hooks, "git init -q -b main && " + identify + " && git add -A && git commit -qm hooks").status == 0);
  const std::string rev = in(hooks, "git rev-parse HEAD").out;
  write(".pre-commit-config.yaml",
        "repos:\n  - repo: " + hooks.string() + "\n    rev: " + rev + "    hooks: [{id: pglint}]\n");
  write("migrations/001_orders.sql", "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n");
  REQUIRE(in(shop, "git init -q -b main && " + identify + " && pre-commit install && git add -A").status == 0);

  const Finished first = in(shop, "git commit -m orders");
  CHECK_MESSAGE(first.status == 0, (first.out + first.err));

  // Only the new file is named to the hook; what came before it is its history all the same.
  write("migrations/002_index.sql", "CREATE INDEX orders_note_idx ON orders (note);\n");
  const Finished refused = in(shop, "git add -A && git commit -m index");
  CHECK(refused.status == 1);
  const std::string said = refused.out + refused.err;
  CHECK_MESSAGE(said.find("create-index-not-concurrent") != std::string::npos, said);

  write("migrations/002_index.sql", "CREATE INDEX CONCURRENTLY orders_note_idx ON orders (note);\n");
  const Finished accepted = in(shop, "git add -A && git commit -m index");
  CHECK_MESSAGE(accepted.status == 0, (accepted.out + accepted.err));
  fs::remove_all(folder);
}
