// Folders of SQL that no runner is known for.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "source/read.h"
#include "source/temp_folder.h"

using namespace pglint;
using test::Lines;
using test::order;
using test::read;

namespace {

source::FakeFiles folder_of(const Lines& names) {
  std::map<std::string, std::string> files;
  for (const std::string& name : names) files[name] = "SELECT 1;";
  return source::FakeFiles(std::move(files));
}

Lines order_of(const Lines& names) {
  const auto files = folder_of(names);
  source::SourceOptions options;
  options.paths = {"db"};
  options.runner = "plain";  // whatever the names look like
  const auto sources = read(options, files);
  REQUIRE(sources.projects.size() == 1);
  return order(sources.projects[0]);
}

}  // namespace

TEST_CASE("files are taken in the order of their names") {
  CHECK(order_of({"db/b.sql", "db/a.sql", "db/B.sql"}) == Lines{"db/B.sql", "db/a.sql", "db/b.sql"});
}

TEST_CASE("9 comes before 10 where every name begins with a number") {
  CHECK(order_of({"db/10_x.sql", "db/9_x.sql", "db/1_x.sql"}) == Lines{"db/1_x.sql", "db/9_x.sql", "db/10_x.sql"});
  CHECK(order_of({"db/0010_x.sql", "db/009_x.sql"}) == Lines{"db/009_x.sql", "db/0010_x.sql"});
  CHECK(order_of({"db/99999999999999999999999_x.sql", "db/100000000000000000000000_x.sql"}) ==
        Lines{"db/99999999999999999999999_x.sql", "db/100000000000000000000000_x.sql"});
}

TEST_CASE("numbers after the same letters count, and their parts") {
  CHECK(order_of({"db/V10__x.sql", "db/V2__x.sql", "db/V2.10__x.sql", "db/V2.9__x.sql"}) ==
        Lines{"db/V2__x.sql", "db/V2.9__x.sql", "db/V2.10__x.sql", "db/V10__x.sql"});
}

TEST_CASE("one name without a number, and the bytes decide") {
  CHECK(order_of({"db/10_x.sql", "db/9_x.sql", "db/README.sql"}) ==
        Lines{"db/10_x.sql", "db/9_x.sql", "db/README.sql"});
}

TEST_CASE("sub-folders are read where their names stand among the files") {
  CHECK(order_of({"db/1_a.sql", "db/2/b.sql", "db/2/a.sql", "db/3_c.sql", "db/10/z.sql"}) ==
        Lines{"db/1_a.sql", "db/2/a.sql", "db/2/b.sql", "db/3_c.sql", "db/10/z.sql"});
}

TEST_CASE("only .sql files are migrations, and not those of packages, builds or hidden folders") {
  CHECK(order_of({"db/a.sql", "db/a.sql.bak", "db/notes.txt", "db/.sql", "db/node_modules/p/x.sql", "db/.git/x.sql",
                  "db/build/x.sql"}) == Lines{"db/a.sql"});
}

TEST_CASE("files that undo others are no part of the history") {
  CHECK(order_of({"db/1_a.up.sql", "db/1_a.down.sql", "db/2_b.up.sql", "db/2_b.down.sql"}) ==
        Lines{"db/1_a.up.sql", "db/2_b.up.sql"});
  // The file that it undid is gone, or was renamed.
  CHECK(order_of({"db/1_a.up.sql", "db/2_b.down.sql", "db/3_c.sql"}) == Lines{"db/1_a.up.sql", "db/3_c.sql"});
  // Each folder for itself: there, nothing says that they undo anything.
  CHECK(order_of({"db/1_a.up.sql", "db/2/shut.down.sql", "db/3_c.down.sql"}) ==
        Lines{"db/1_a.up.sql", "db/2/shut.down.sql"});
  CHECK(order_of({"db/shut.down.sql", "db/x.up.sql/1.sql"}) == Lines{"db/shut.down.sql", "db/x.up.sql/1.sql"});

  const auto sources = read({"db"}, folder_of({"db/a.up.sql", "db/a.down.sql"}));
  REQUIRE(!sources.notices.empty());
  CHECK(sources.notices[0] ==
        "db: 1 file(s) like db/a.down.sql undo migrations, so they are checked only where they are named");
}

TEST_CASE("a skipped folder is read when it is named") {
  const auto files = folder_of({"build/a.sql"});
  const auto sources = read({"build"}, files);
  REQUIRE(sources.projects.size() == 1);
  CHECK(order(sources.projects[0]) == Lines{"build/a.sql"});
}

TEST_CASE("each statement is sent by itself, unless the option says otherwise") {
  const auto files = folder_of({"db/1.sql", "db/2.sql"});
  source::SourceOptions options;
  options.paths = {"db"};
  for (const std::string transaction : {"", "statement", "file", "all"}) {
    INFO(transaction);
    options.transaction = transaction;
    const auto sources = read(options, files);
    REQUIRE(sources.projects.size() == 1);
    const source::Project& project = sources.projects[0];
    CHECK(project.runner == "plain");
    CHECK(project.psql);
    CHECK(project.wrapped_run == (transaction == "all"));
    for (const source::Migration& migration : project.migrations) {
      CHECK(migration.wrapped == (transaction == "file"));
      REQUIRE(migration.scripts.size() == 1);
      CHECK(migration.scripts[0].sent == Sent::statement);
      CHECK(migration.scripts[0].range == Span{0, 9});
    }
  }
  options.transaction = "fiel";
  const auto wrong = source::read_sources(options, files);
  REQUIRE(!wrong.has_value());
  CHECK(wrong.error().message == "unknown transaction \"fiel\"");
  CHECK(wrong.error().hint == "did you mean \"file\"?");
}

TEST_CASE("a folder that leads back to itself is read once") {
  const test::TempFolder folder;
  folder.write("a.sql", "SELECT 1;");
  folder.write("sub/b.sql", "SELECT 2;");
  std::filesystem::create_symlink("..", folder.path("sub/up"));
  std::filesystem::create_symlink("../sub", folder.path("sub/again"));
  std::filesystem::create_symlink(folder.path("sub"), folder.path("zub"));
  const auto sources = read({folder.path()}, source::disk());
  REQUIRE(sources.projects.size() == 1);
  CHECK(order(sources.projects[0]) == Lines{folder.path("a.sql"), folder.path("sub/b.sql")});
  CHECK(sources.failures.empty());
}

TEST_CASE("a tree without end is given up, with one line") {
  std::string path = "db";
  for (int i = 0; i < 50; ++i) path += "/d";
  const auto files = folder_of({path + "/x.sql", "db/a.sql"});
  const auto sources = read({"db"}, files);
  REQUIRE(sources.projects.size() == 1);
  CHECK(order(sources.projects[0]) == Lines{"db/a.sql"});
  REQUIRE(sources.failures.size() == 1);
  CHECK(sources.failures[0].message == "too many folders to look through: name the migrations folder");
}
