// Changes of files on the real disk: whole or not at all, and finished by a second run where the first was killed.
#include "fix/write_files.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "source/project.h"
#include "source/temp_folder.h"
#include "source/write.h"

using namespace pglint;
using source::FileChange;
using source::FileOrder;
namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void add_tree(const fs::path& folder, const std::string& prefix, std::map<std::string, std::string>& all) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = prefix + entry.path().filename().string();
    const auto status = fs::symlink_status(entry.path());
    if (fs::is_symlink(status)) {
      all[name + "->"] = fs::read_symlink(entry.path()).string();
    } else if (fs::is_directory(status)) {
      all[name + "/"] = "";
      add_tree(entry.path(), name + "/", all);
    } else {
      all[name] = content(entry.path());
    }
  }
}

// All files of a folder with their texts; folders end in a slash, links have an arrow.
std::map<std::string, std::string> tree(const fs::path& folder) {
  std::map<std::string, std::string> all;
  add_tree(folder, "", all);
  return all;
}

std::string refusal(const std::vector<FileChange>& changes, const std::string& root) {
  const auto before = tree(root);
  const auto done = fix::write_files(changes, {.root = root});
  REQUIRE(!done.has_value());
  CHECK(tree(root) == before);
  CHECK(one_line(done.error()).find('\n') == std::string::npos);
  CHECK(!done.error().hint.empty());
  return one_line(done.error());
}

void write(const std::vector<FileChange>& changes, const std::string& root) {
  const auto done = fix::write_files(changes, {.root = root});
  if (!done) FAIL(one_line(done.error()));
}

FileChange change(std::string path, std::string text, FileOrder order = FileOrder::new_sql) {
  return {std::move(path), true, std::move(text), order};
}

}  // namespace

TEST_CASE("files are made and written over, folders made, rights kept") {
  const test::TempFolder folder;
  folder.write("old.sql", "old");
  fs::permissions(folder.path("old.sql"), fs::perms(0750));
  write({change(folder.path("old.sql"), "new"), change(folder.path(".pglint/plans/a.yml"), std::string(300'000, 'x'))},
        folder.path());
  CHECK(tree(folder.path()) == std::map<std::string, std::string>{{"old.sql", "new"},
                                                                  {".pglint/", ""},
                                                                  {".pglint/plans/", ""},
                                                                  {".pglint/plans/a.yml", std::string(300'000, 'x')}});
  CHECK(fs::status(folder.path("old.sql")).permissions() == fs::perms(0750));
  const ::mode_t mask = ::umask(0);
  ::umask(mask);
  CHECK(fs::status(folder.path(".pglint/plans/a.yml")).permissions() == fs::perms(0666 & ~mask));
  write({}, folder.path());
}

TEST_CASE("names are given in the order of their kinds") {
  const test::TempFolder folder;
  const std::vector<FileChange> changes = {change(folder.path("journal"), "x", FileOrder::journal),
                                           change(folder.path("edited"), "x", FileOrder::edited_sql),
                                           change(folder.path("snapshot"), "x", FileOrder::snapshot),
                                           change(folder.path("new2"), "x"),
                                           change(folder.path("new1"), "x"),
                                           change(folder.path("plan"), "x", FileOrder::plan)};
  const std::vector<std::string> order = {"plan", "new2", "new1", "snapshot", "edited", "journal"};
  for (std::size_t most = 0; most <= order.size(); ++most) {
    const test::TempFolder none;
    CHECK(fix::write_files(changes, {.root = folder.path(), .most_renames = most}).has_value() ==
          (most == order.size()));
    for (std::size_t i = 0; i < order.size(); ++i) {
      CHECK(fs::exists(folder.path(order[i])) == (i < most));
      CHECK(fs::exists(folder.path(source::temporary_name(order[i]))) == (i >= most));
      fs::remove(folder.path(order[i]));
    }
  }
}

TEST_CASE("killed between any two renames, the same command again makes the same files") {
  for (const std::string project : {"demo", "drizzle-v1"}) {
    const auto write_again = [](const test::TempFolder& folder, std::size_t most) {
      source::SourceOptions options;
      options.paths = {folder.path("drizzle")};
      const auto sources = source::read_sources(options, source::disk());
      REQUIRE(sources.has_value());
      REQUIRE(sources->projects.size() == 1);
      const auto one = [](std::string sql, source::Place place = source::Place::runner_transaction) {
        return std::vector<source::Text>{{.place = place, .sql = std::move(sql), .comment = {}}};
      };
      const source::WriteRequest request = {
          .migrations = {{.replaces = 1, .name = {}, .comment = "x", .texts = one("SELECT 1")},
                         {.replaces = {}, .name = "b", .comment = {}, .texts = one("SELECT 2", source::Place::outside)},
                         {.replaces = {}, .name = "c", .comment = "y", .texts = {}}},
          .orm = source::OrmState::previous,
          .end_state_snapshot = {},
          .now_ms = 1795400000000};
      auto written = source::find_writer("drizzle")->write(sources->projects[0], source::disk(), request);
      if (!written) FAIL(one_line(written.error()));
      written->changes.push_back(change(folder.path(".pglint/plans/x.yml"), "plan", FileOrder::plan));
      static_cast<void>(fix::write_files(written->changes, {.root = folder.path(), .most_renames = most}).has_value());
      return written->changes.size();
    };
    const test::TempFolder whole;
    fs::copy(fs::path(PGLINT_TESTDATA) / project, whole.path(), fs::copy_options::recursive);
    const std::size_t count = write_again(whole, 1000);
    CHECK(count >= 7);
    for (std::size_t most = 0; most < count; ++most) {
      CAPTURE(most);
      const test::TempFolder killed;
      fs::copy(fs::path(PGLINT_TESTDATA) / project, killed.path(), fs::copy_options::recursive);
      write_again(killed, most);
      CHECK(tree(killed.path()) != tree(whole.path()));
      write_again(killed, 1000);
      CHECK(tree(killed.path()) == tree(whole.path()));
    }
  }
}

TEST_CASE("a folder or file that may not be written is said, and nothing has changed") {
  const test::TempFolder folder;
  folder.write("open/a.sql", "a");
  folder.write("closed/b.sql", "b");
  folder.write("open/c.sql", "c");
  fs::permissions(folder.path(), fs::perms(0755));
  fs::permissions(folder.path("open/c.sql"), fs::perms(0444));
  if (::geteuid() == 0) {
    for (const std::string name : {"open", "closed"}) REQUIRE(::chown(folder.path(name).c_str(), 65534, 65534) == 0);
  }
  fs::permissions(folder.path("closed"), fs::perms(0555));
  const test::Unprivileged nobody;
  CHECK(refusal({change(folder.path("open/n.sql"), "n"), change(folder.path("closed/m.sql"), "m")}, folder.path()) ==
        folder.path("closed/m.sql") + " cannot be written: permission denied: give yourself the right to write there");
  CHECK(refusal({change(folder.path("open/n.sql"), "n"), change(folder.path("open/c.sql"), "C")}, folder.path()) ==
        folder.path("open/c.sql") + " cannot be written: permission denied: give yourself the right to write there");
  CHECK(refusal({change(folder.path("closed/new/x.sql"), "x")}, folder.path()).find("permission denied") !=
        std::string::npos);
}

TEST_CASE("where the disk takes no more, nothing has changed") {
  const test::TempFolder folder;
  folder.write("a.sql", "a");
  ::rlimit before = {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ::rlimit little = before;
  little.rlim_cur = 50'000;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &little) == 0);
  const std::string said = refusal(
      {change(folder.path("a.sql"), "A", FileOrder::plan), change(folder.path("x/y/b.sql"), std::string(100'000, 'b'))},
      folder.path());
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(said == folder.path("x/y/b.sql") + " cannot be written: File too large: try again when it can");
}

TEST_CASE("links are not followed, and nothing outside of the root is written") {
  const test::TempFolder folder;
  const test::TempFolder outside;
  outside.write("target.sql", "kept");
  outside.write("dir/x", "");
  folder.write("real/a.sql", "a");
  fs::create_symlink(outside.path("target.sql"), folder.path("link.sql"));
  fs::create_symlink("nowhere", folder.path("dangling.sql"));
  fs::create_directory_symlink(outside.path("dir"), folder.path("out"));
  fs::create_directory_symlink("real", folder.path("in"));
  fs::create_directory_symlink("loop", folder.path("loop"));
  const auto kept = tree(outside.path());
  const auto refused = [&](const std::string& path) { return refusal({change(path, "x")}, folder.path()); };
  for (const std::string name : {"link.sql", "dangling.sql"}) {
    CHECK(refused(folder.path(name)) ==
          folder.path(name) + " cannot be written: it is a link: replace the link by the file");
  }
  CHECK(refused(folder.path("out/b.sql")).find("/out is outside of ") != std::string::npos);
  CHECK(refused(folder.path("out/new/b.sql")).find("/out/new is outside of ") != std::string::npos);
  CHECK(refused(folder.path("../b.sql")).find(" is outside of ") != std::string::npos);
  CHECK(refused(outside.path("b.sql")).find(" is outside of ") != std::string::npos);
  CHECK(refused(folder.path() + "-beside/b.sql").find(" is outside of ") != std::string::npos);
  CHECK(refused(folder.path("new/../../b.sql")).find("cannot be written") != std::string::npos);
  CHECK(refused(folder.path("loop/b.sql")).find("cannot be written") != std::string::npos);
  CHECK(refused(folder.path("real")).find("is not a regular file") != std::string::npos);
  CHECK(refused(folder.path("real/..")).find("is no name of a file") != std::string::npos);
  CHECK(refused(folder.path("real/a.sql/b.sql")).find("its folder is not there") != std::string::npos);
  CHECK(refused(folder.path(std::string(250, 'n'))).find("its name is too long") != std::string::npos);
  CHECK(refusal({change(folder.path("a"), "x"), change(folder.path("./a"), "y")}, folder.path())
            .find("would be written twice") != std::string::npos);
  CHECK(tree(outside.path()) == kept);

  write({change(folder.path("in/a.sql"), "through a link inside")}, folder.path());
  CHECK(content(folder.path("real/a.sql")) == "through a link inside");
  const test::CurrentFolder here(folder.path("real"));
  write({change("b.sql", "b"), change("../c.sql", "c")}, "..");
  CHECK(content(folder.path("c.sql")) == "c");
  const auto done = fix::write_files({change("../d.sql", "d")}, {});
  REQUIRE(!done.has_value());
  CHECK(done.error().message == ".. is outside of the project");
}

TEST_CASE("what a killed run has left is removed, and nothing else") {
  const test::TempFolder folder;
  folder.write(".gone.sql.pglint-tmp", "left");
  folder.write(".a.sql.pglint-tmp", "left");
  folder.write(".other.tmp", "kept");
  folder.write("pglint-tmp", "kept");
  write({change(folder.path("a.sql"), "a")}, folder.path());
  CHECK(tree(folder.path()) ==
        std::map<std::string, std::string>{{".other.tmp", "kept"}, {"a.sql", "a"}, {"pglint-tmp", "kept"}});
}
