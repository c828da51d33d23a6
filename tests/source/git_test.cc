// --since and --staged on real repositories.
#include "source/git.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "source/project.h"
#include "source/read.h"
#include "source/temp_folder.h"

using namespace pglint;
using test::any_has;
using test::CurrentFolder;
using test::failures;
using test::git;
using test::Lines;
using test::order;
using test::TempFolder;
using test::Variable;

namespace {

// What a developer's own configuration and a hook around the tests would change.
struct Clean {
  Variable global{"GIT_CONFIG_GLOBAL", "/dev/null"};
  Variable system{"GIT_CONFIG_NOSYSTEM", "1"};
};

// A repository whose first commit holds db/1.sql and db/2.sql.
struct Repository {
  Clean clean;
  TempFolder folder;

  Repository() {
    git(folder.path(), {"init", "-q", "-b", "main"});
    folder.write("db/1.sql", "SELECT 'one';\n");
    folder.write("db/2.sql", "SELECT 'two';\n");
    commit();
  }
  void add() const { git(folder.path(), {"add", "-A"}); }
  void commit() const {
    add();
    git(folder.path(), {"commit", "-q", "-m", "x"});
  }
};

source::SourceOptions since(const std::string& revision, const Lines& paths = {"db"}) {
  source::SourceOptions options;
  options.paths = paths;
  options.since = revision;
  return options;
}

source::SourceOptions staged(const Lines& paths = {"db"}) {
  source::SourceOptions options;
  options.paths = paths;
  options.staged = true;
  return options;
}

source::Sources read(const source::SourceOptions& options) { return test::read(options, source::disk()); }

Lines reported(const source::SourceOptions& options) {
  const source::Sources sources = read(options);
  CHECK(failures(sources) == Lines{});
  if (sources.projects.empty()) return {};
  REQUIRE(sources.projects.size() == 1);
  CHECK(sources.projects[0].pending_known);
  return order(sources.projects[0]);
}

Error error(const source::SourceOptions& options) {
  const auto sources = source::read_sources(options, source::disk());
  REQUIRE(!sources.has_value());
  return sources.error();
}

}  // namespace

TEST_CASE("since the merge base: committed, changed and untracked files are reported, the rest is history") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  git(".", {"checkout", "-q", "-b", "feature"});
  repository.folder.write("db/3.sql", "SELECT 'three';\n");
  repository.commit();
  repository.folder.write("db/4.sql", "SELECT 'four';\n");
  repository.add();
  repository.folder.write("db/5.sql", "SELECT 'five';\n");
  CHECK(reported(since("main")) == Lines{"(db/1.sql)", "(db/2.sql)", "db/3.sql", "db/4.sql", "db/5.sql"});

  repository.folder.write("db/2.sql", "SELECT 'changed';\n");
  CHECK(reported(since("main")) == Lines{"(db/1.sql)", "db/2.sql", "db/3.sql", "db/4.sql", "db/5.sql"});
  repository.folder.remove("db/1.sql");
  CHECK(reported(since("main")) == Lines{"db/2.sql", "db/3.sql", "db/4.sql", "db/5.sql"});
}

TEST_CASE("what happened on the other branch since the merge base is not ours") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  git(".", {"checkout", "-q", "-b", "feature"});
  repository.folder.write("db/3.sql", "SELECT 'ours';\n");
  repository.commit();
  git(".", {"checkout", "-q", "main"});
  repository.folder.write("db/2.sql", "SELECT 'theirs';\n");
  repository.commit();
  git(".", {"checkout", "-q", "feature"});
  CHECK(reported(since("main")) == Lines{"(db/1.sql)", "(db/2.sql)", "db/3.sql"});
}

TEST_CASE("nothing new means nothing to read, and says so in a notice") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  for (const auto& options : {since("HEAD"), staged()}) {
    const auto sources = read(options);
    CHECK(sources.projects.empty());
    CHECK(failures(sources) == Lines{});
    CHECK(any_has(sources.notices, "git says that none is new or changed"));
  }
}

TEST_CASE("a file that was only renamed is history, one that was changed too is reported") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  const std::string long_text = "SELECT 1;\nSELECT 2;\nSELECT 3;\nSELECT 4;\nSELECT 5;\nSELECT 6;\nSELECT 7;\n";
  repository.folder.write("db/3.sql", long_text);
  repository.commit();
  git(".", {"tag", "base"});
  git(".", {"mv", "db", "sql"});
  repository.folder.write("sql/3.sql", long_text + "SELECT 8;\n");
  CHECK(reported(since("base", {"sql"})) == Lines{"(sql/1.sql)", "(sql/2.sql)", "sql/3.sql"});
  repository.add();
  CHECK(reported(staged({"sql"})) == Lines{"(sql/1.sql)", "(sql/2.sql)", "sql/3.sql"});
  repository.commit();
  CHECK(reported(since("base", {"sql"})) == Lines{"(sql/1.sql)", "(sql/2.sql)", "sql/3.sql"});
}

TEST_CASE("an untracked folder is new as a whole") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  repository.folder.write("new/sub/1.sql", "SELECT 1;\n");
  CHECK(reported(since("main", {"new"})) == Lines{"new/sub/1.sql"});
  CHECK(reported(since("main", {"new/sub"})) == Lines{"new/sub/1.sql"});
}

TEST_CASE("files that git ignores are not reported") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  repository.folder.write(".gitignore", "*.local.sql\n");
  repository.folder.write("db/9.local.sql", "SELECT 1;\n");
  CHECK(reported(since("main")) == Lines{});
  repository.folder.write("db/3.sql", "SELECT 3;\n");
  repository.add();
  CHECK(reported(staged()) == Lines{"(db/1.sql)", "(db/2.sql)", "db/3.sql"});
}

TEST_CASE("staged: the text of the index is read, not that of the working tree") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  repository.folder.write("db/3.sql", "SELECT 'staged';\n");
  repository.folder.write("db/2.sql", "SELECT 'two, staged';\n");
  repository.add();
  repository.folder.write("db/3.sql", "SELECT 'worked on';\n");
  repository.folder.write("db/1.sql", "SELECT 'one, worked on';\n");
  repository.folder.write("db/4.sql", "SELECT 'untracked';\n");
  const auto sources = read(staged());
  REQUIRE(sources.projects.size() == 1);
  const auto& migrations = sources.projects[0].migrations;
  CHECK(order(sources.projects[0]) == Lines{"(db/1.sql)", "db/2.sql", "db/3.sql"});
  CHECK(migrations[0].text == "SELECT 'one';\n");
  CHECK(migrations[1].text == "SELECT 'two, staged';\n");
  CHECK(migrations[2].text == "SELECT 'staged';\n");
}

TEST_CASE("staged: a file that is gone from the working tree is still read from the index") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  repository.folder.write("db/sub/3.sql", "SELECT 'three';\n");
  repository.add();
  repository.folder.remove("db/sub");
  repository.folder.remove("db/1.sql");
  CHECK(reported(staged()) == Lines{"(db/1.sql)", "(db/2.sql)", "db/sub/3.sql"});
  CHECK(reported(staged({"db/sub/3.sql"})) == Lines{"db/sub/3.sql"});
  repository.folder.remove("db");
  CHECK(reported(staged({"."})) == Lines{"(db/1.sql)", "(db/2.sql)", "db/sub/3.sql"});
}

TEST_CASE("staged: deleted, untracked and merely announced files are not part of the index") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  git(".", {"rm", "-q", "--cached", "db/1.sql"});
  repository.folder.write("db/3.sql", "SELECT 3;\n");
  git(".", {"add", "-N", "db/3.sql"});
  repository.folder.write("db/4.sql", "SELECT 4;\n");
  git(".", {"add", "db/4.sql"});
  repository.folder.write("db/untracked/5.sql", "SELECT 5;\n");
  CHECK(reported(staged()) == Lines{"(db/2.sql)", "db/4.sql"});

  const auto sources = read(staged({"db/3.sql", "db/untracked/5.sql", "db/2.sql"}));
  CHECK(sources.projects.empty());
  CHECK(failures(sources) == Lines{});
  CHECK(any_has(sources.notices, "db/3.sql is not in git's index"));
  CHECK(any_has(sources.notices, "db/untracked/5.sql is not in git's index"));
}

TEST_CASE("staged: a drizzle project is ordered by the journal of the index") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  const auto journal = [&](const std::string& tags) {
    repository.folder.write("drizzle/meta/_journal.json",
                            R"({"dialect": "postgresql", "entries": [{"tag": "0000_a"})" + tags + "]}");
  };
  repository.folder.write("drizzle/0000_a.sql", "SELECT 1;");
  repository.folder.write("drizzle/0001_b.sql", "SELECT 2;");
  journal(R"(, {"tag": "0001_b"})");
  repository.add();
  journal(R"(, {"tag": "0001_b"}, {"tag": "0002_c"})");
  repository.folder.write("drizzle/0002_c.sql", "SELECT 3;");
  CHECK(reported(staged({"drizzle"})) == Lines{"drizzle/0000_a.sql", "drizzle/0001_b.sql"});
}

TEST_CASE("staged works before the first commit") {
  const Clean clean;
  const TempFolder folder;
  git(folder.path(), {"init", "-q", "-b", "main"});
  folder.write("db/1.sql", "SELECT 1;");
  git(folder.path(), {"add", "-A"});
  const CurrentFolder here(folder.path());
  CHECK(reported(staged()) == Lines{"db/1.sql"});
  const Error refused = error(since("HEAD"));
  CHECK(refused.message == "the git repository has no commit yet");
  CHECK(refused.hint == "use --staged, or name the files to check");
}

TEST_CASE("staged: a file with merge conflicts is a failure") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  git(".", {"checkout", "-q", "-b", "feature"});
  repository.folder.write("db/2.sql", "SELECT 'ours';\n");
  repository.commit();
  git(".", {"checkout", "-q", "main"});
  repository.folder.write("db/2.sql", "SELECT 'theirs';\n");
  repository.commit();
  const auto merge = run({"git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "merge", "feature"});
  REQUIRE(merge->out.find("CONFLICT") != std::string::npos);
  const auto sources = read(staged());
  CHECK(failures(sources) == Lines{"db/2.sql: has merge conflicts: resolve them and git add it"});
}

TEST_CASE("an index that a hook names is the one that is read") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  std::filesystem::copy_file(".git/index", ".git/other-index");
  repository.folder.write("db/3.sql", "SELECT 3;\n");
  {
    const Variable index("GIT_INDEX_FILE", repository.folder.path(".git/other-index"));
    git(".", {"add", "db/3.sql"});
    CHECK(reported(staged()) == Lines{"(db/1.sql)", "(db/2.sql)", "db/3.sql"});
  }
  CHECK(reported(staged()) == Lines{});
  // A relative GIT_DIR, as hooks get it, holds for the current folder, whatever folder is checked.
  const Variable directory("GIT_DIR", ".git");
  git(".", {"add", "db/3.sql"});
  CHECK(reported(staged()) == Lines{"(db/1.sql)", "(db/2.sql)", "db/3.sql"});
}

TEST_CASE("from a sub-folder, from outside and through a link the files are the same") {
  const Repository repository;
  repository.folder.write("db/3.sql", "SELECT 3;\n");
  std::filesystem::create_symlink("db", repository.folder.path("link"));
  const std::string& root = repository.folder.path();
  {
    const CurrentFolder here(root + "/db");
    CHECK(reported(since("main", {"."})) == Lines{"(1.sql)", "(2.sql)", "3.sql"});
    CHECK(reported(since("main", {"3.sql"})) == Lines{"(1.sql)", "(2.sql)", "3.sql"});
    CHECK(reported(since("main", {"../db"})) == Lines{"(../db/1.sql)", "(../db/2.sql)", "../db/3.sql"});
  }
  const CurrentFolder here("/");
  CHECK(reported(since("main", {root + "/db"})) ==
        Lines{"(" + root + "/db/1.sql)", "(" + root + "/db/2.sql)", root + "/db/3.sql"});
  CHECK(reported(since("main", {root + "/link"})) ==
        Lines{"(" + root + "/link/1.sql)", "(" + root + "/link/2.sql)", root + "/link/3.sql"});
}

TEST_CASE("names that need quoting are found, whatever git's configuration") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  git(".", {"config", "core.quotePath", "true"});
  git(".", {"config", "diff.relative", "true"});
  git(".", {"config", "diff.noprefix", "true"});
  git(".", {"config", "status.showUntrackedFiles", "no"});
  git(".", {"config", "status.renames", "false"});
  git(".", {"config", "color.ui", "always"});
  const Lines names = {"db/3 a b.sql", "db/4\n.sql", "db/5\xC3\xA9\".sql", "db/6\t.sql", "db/7-> x.sql"};
  for (const std::string& name : names) repository.folder.write(name, "SELECT 1;\n");
  Lines expected = {"(db/1.sql)", "(db/2.sql)"};
  expected.insert(expected.end(), names.begin(), names.end());
  CHECK(reported(since("main")) == expected);
  repository.add();
  repository.folder.write(names[1], "SELECT 2;\n");
  CHECK(reported(staged()) == expected);
  CHECK(reported(since("main")) == expected);
}

TEST_CASE("named files and git together: both have to say yes") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  repository.folder.write("db/3.sql", "SELECT 3;\n");
  repository.folder.write("db/4.sql", "SELECT 4;\n");
  CHECK(reported(since("main", {"db/1.sql", "db/4.sql"})) ==
        Lines{"(db/1.sql)", "(db/2.sql)", "(db/3.sql)", "db/4.sql"});
}

TEST_CASE("a released migration that is another now, and a new one before a released one, are findings") {
  const Repository repository;
  const TempFolder& folder = repository.folder;
  folder.write("db/1.sql", "");
  for (const std::string name : {"m/0001_a.up.sql", "m/0003_c.up.sql", "m/0004_d.up.sql"})
    folder.write(name, "SELECT 1;\n");
  repository.commit();
  git(folder.path(), {"checkout", "-q", "-b", "feature"});
  folder.write("m/0006_f.up.sql", "SELECT 6;\n");
  repository.commit();
  folder.write("m/0001_a.up.sql", "SELECT 'changed';\n");
  folder.write("m/0002_b.up.sql", "SELECT 2;\n");
  folder.write("m/0005_e.up.sql", "SELECT 5;\n");
  folder.write("m/0006_f.up.sql", "SELECT 'amended';\n");
  git(folder.path(), {"mv", "m/0004_d.up.sql", "m/0004_moved.up.sql"});
  repository.add();
  const CurrentFolder here(folder.path());
  const Lines expected = {"released-migration-changed m/0001_a.up.sql", "version-out-of-order m/0002_b.up.sql"};
  for (const auto& options : {since("main", {"m"}), staged({"m"}), staged({"m/0001_a.up.sql", "m/0002_b.up.sql"})}) {
    CAPTURE(options.since);
    const source::Sources sources = read(options);
    REQUIRE(sources.projects.size() == 1);
    Lines found;
    for (const source::Problem& problem : sources.projects[0].problems)
      found.push_back(fmt::format("{} {}", problem.rule, problem.path));
    CHECK(found == expected);
  }
}

TEST_CASE("in a file of changesets each counts by itself: others may be added, and comments and blanks may change") {
  const Repository repository;
  const TempFolder& folder = repository.folder;
  const std::string head = "--liquibase formatted sql\n";
  const auto one = [](const std::string& id, const std::string& sql, const std::string& attributes = "") {
    return "--changeset me:" + id + attributes + "\n" + sql + "\n";
  };
  folder.write("m/a.sql",
               head + one("1", "SELECT 1;") + one("2", "SELECT 2;") + one("3", "SELECT 3;", " runOnChange:true"));
  repository.commit();
  folder.write("m/a.sql", head + one("1", "-- why\n  SELECT  1;") + one("2", "SELECT 22;") +
                              one("3", "SELECT 33;", " runOnChange:true") + one("4", "SELECT 4;"));
  repository.add();
  const CurrentFolder here(folder.path());
  for (const auto& options : {since("main", {"m"}), staged({"m"})}) {
    CAPTURE(options.since);
    const source::Sources sources = read(options);
    REQUIRE(sources.projects.size() == 1);
    CHECK(sources.projects[0].runner == "liquibase");
    REQUIRE(sources.projects[0].problems.size() == 1);
    const source::Problem& problem = sources.projects[0].problems[0];
    CHECK(problem.rule == "released-migration-changed");
    CHECK(problem.message == "The changeset me:2 is released, and its SQL is another now");
    CHECK(sources.projects[0].migrations[0].text.substr(problem.at.begin, problem.at.size()) == "--changeset me:2");
  }
}

TEST_CASE("what was committed on this branch is not released, and may be changed and staged again") {
  const Repository repository;
  const TempFolder& folder = repository.folder;
  git(folder.path(), {"checkout", "-q", "-b", "feature"});
  folder.write("m/0001_a.up.sql", "SELECT 1;\n");
  repository.commit();
  folder.write("m/0001_a.up.sql", "SELECT 2;\n");
  repository.add();
  const CurrentFolder here(folder.path());
  const source::Sources sources = read(staged({"m"}));
  REQUIRE(sources.projects.size() == 1);
  CHECK(sources.projects[0].problems.empty());
  // On the default branch itself HEAD is what is released.
  git(folder.path(), {"branch", "-q", "-f", "main", "HEAD"});
  git(folder.path(), {"checkout", "-q", "main"});
  CHECK(read(staged({"m"})).projects.at(0).problems.size() == 1);
}

TEST_CASE("a revision that is no revision is refused, with a hint") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  CHECK(error(since("nope")).message == "git does not know the revision \"nope\"");
  CHECK(error(since("nope")).hint == "check the spelling, or git fetch it first");
  CHECK(error(since("--output=x")).message == "--since needs a revision that git knows, not \"--output=x\"");
  CHECK(!std::filesystem::exists("x"));
  CHECK(error(since("HEAD:db")).message.find("HEAD:db") != std::string::npos);
  CHECK(error(since("main..HEAD")).message.find("main..HEAD") != std::string::npos);
  CHECK(error(since("$(touch x)")).message == "git does not know the revision \"$(touch x)\"");
  CHECK(!std::filesystem::exists("x"));
  auto both = since("main");
  both.staged = true;
  CHECK(error(both).message == "--since and --staged exclude each other");
}

TEST_CASE("a shallow clone says how to get what is missing") {
  const Repository repository;
  git(repository.folder.path(), {"branch", "old"});
  repository.folder.write("db/3.sql", "SELECT 3;\n");
  repository.commit();
  const TempFolder clones;
  const std::string clone = clones.path("clone");
  git(clones.path(), {"clone", "-q", "--depth", "1", "file://" + repository.folder.path(), clone});
  const CurrentFolder here(clone);
  const std::string hint =
      "the clone is shallow: get its history with git fetch --unshallow (GitHub Actions: fetch-depth: 0 for "
      "actions/checkout)";
  CHECK(error(since("origin/old")).message == "git does not know the revision \"origin/old\"");
  CHECK(error(since("origin/old")).hint == hint);
  git(".", {"fetch", "-q", "--depth", "1", "origin", "old:refs/remotes/origin/old"});
  CHECK(error(since("origin/old")).message == "\"origin/old\" and HEAD have no common ancestor here");
  CHECK(error(since("origin/old")).hint == hint);
  git(".", {"fetch", "-q", "--unshallow"});
  CHECK(reported(since("origin/old")) == Lines{"(db/1.sql)", "(db/2.sql)", "db/3.sql"});
}

TEST_CASE("outside of a repository and without git there is one line each") {
  const Clean clean;
  const TempFolder folder;
  const Variable ceiling("GIT_CEILING_DIRECTORIES", std::filesystem::path(folder.path()).parent_path().string());
  folder.write("db/1.sql", "SELECT 1;");
  const CurrentFolder here(folder.path());
  CHECK(error(staged()).message == "db is not in a git repository");
  CHECK(error(since("main", {"db/1.sql"})).message == "db is not in a git repository");
  CHECK(error(staged({})).message == "the current folder is not in a git repository");
  CHECK(error(staged()).hint == "run pglint inside one, or name the files to check");

  const std::string before = std::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  const Error missing = error(staged());
  ::setenv("PATH", before.c_str(), 1);
  CHECK(missing.message == "the program git is not installed");
  CHECK(missing.hint == "--since and --staged need git: install it, or name the files to check");
}

TEST_CASE("a bare repository and a folder of another one are said to be that") {
  const Repository repository;
  const Repository other;
  const CurrentFolder here(repository.folder.path());
  const auto sources = read(since("main", {"db", other.folder.path("db")}));
  CHECK(failures(sources) == Lines{other.folder.path("db") + ": is outside the git repository " +
                                   repository.folder.path() + ": check it by itself"});
  const CurrentFolder inside(repository.folder.path(".git"));
  CHECK(error(staged({"."})).message == "the git repository has no working tree here");
}

TEST_CASE("a repository that belongs to somebody else, as in many containers, is explained") {
  const Repository repository;
  const CurrentFolder here(repository.folder.path());
  const Variable owner("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
  const Error refused = error(staged());
  CHECK(refused.message == "git refuses to read the repository: its folder belongs to another user");
  CHECK(refused.hint == "if you trust it: git config --global --add safe.directory <its folder>");
}
