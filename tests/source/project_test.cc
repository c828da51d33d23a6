// From paths to projects.
#include "source/project.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "source/read.h"
#include "source/runner.h"
#include "source/temp_folder.h"

using namespace pglint;
using test::any_has;
using test::failures;
using test::Lines;
using test::order;
using test::read;

namespace {

constexpr std::string_view journal =
    R"({"version": "7", "dialect": "postgresql", "entries": [{"idx": 0, "tag": "0000_init"}, {"idx": 1, "tag": "0001_a"}]})";

void add_drizzle(std::map<std::string, std::string>& files, const std::string& folder) {
  files[folder + "/meta/_journal.json"] = journal;
  files[folder + "/0000_init.sql"] = "SELECT 1;";
  files[folder + "/0001_a.sql"] = "SELECT 2;";
}

// Each project as its root, its runner and its migrations.
Lines all(const source::Sources& sources) {
  Lines list;
  for (const source::Project& project : sources.projects) {
    std::string line = project.root + ' ' + project.runner + ':';
    for (const std::string& migration : order(project)) line += ' ' + migration;
    list.push_back(line);
  }
  return list;
}

}  // namespace

TEST_CASE("without a path the current folder is searched for projects") {
  std::map<std::string, std::string> files;
  add_drizzle(files, "packages/a/drizzle");
  add_drizzle(files, "packages/b/db/migrations");
  add_drizzle(files, "node_modules/x/drizzle");
  add_drizzle(files, ".hidden/drizzle");
  files["scripts/seed.sql"] = "SELECT 1;";
  const auto disk = test::fake(files);
  CHECK(all(read(Lines{}, disk)) ==
        Lines{"packages/a/drizzle drizzle: packages/a/drizzle/0000_init.sql packages/a/drizzle/0001_a.sql",
              "packages/b/db/migrations drizzle: packages/b/db/migrations/0000_init.sql "
              "packages/b/db/migrations/0001_a.sql"});
}

TEST_CASE("without evidence in the current folder, folders called migrations are taken, and else all of it") {
  const auto named = test::fake({{"a/migrations/1.sql", ""}, {"b/db/migrate/1.sql", ""}, {"seed.sql", ""}});
  CHECK(all(read(Lines{}, named)) ==
        Lines{"a/migrations plain: a/migrations/1.sql", "b/db/migrate plain: b/db/migrate/1.sql"});
  CHECK(all(read({"."}, named)) == Lines{". plain: a/migrations/1.sql b/db/migrate/1.sql seed.sql"});
  const auto other = test::fake({{"x/1.sql", ""}, {"seed.sql", ""}, {"migrations/readme.md", ""}});
  CHECK(all(read(Lines{}, other)) == Lines{". plain: seed.sql x/1.sql"});
}

TEST_CASE("a folder without migrations is a failure that says what was looked for") {
  const auto disk = test::fake({{"src/main.c", ""}});
  CHECK(failures(read({"src"}, disk)) ==
        Lines{"src: holds no migrations (none of the " + std::to_string(source::runners().size() - 1) +
              " runners that pglint knows, and no .sql files): name the migrations folder, or set `paths:` in "
              ".pglint.yml"});
}

TEST_CASE("a path that is not there is a failure, and the others are read") {
  const auto disk = test::fake({{"a/1.sql", ""}});
  const auto sources = read({"none", "a", "a/2.sql"}, disk);
  CHECK(all(sources) == Lines{"a plain: a/1.sql"});
  CHECK(failures(sources) == Lines{"none: there is no such file or folder: check the spelling",
                                   "a/2.sql: there is no such file or folder: check the spelling"});
}

TEST_CASE("a named file of a plain folder comes after its neighbours, and sub-folders are not its history") {
  const auto disk = test::fake({{"db/1.sql", ""}, {"db/2.sql", ""}, {"db/3.sql", ""}, {"db/0/x.sql", ""}});
  const auto sources = read({"db/2.sql"}, disk);
  CHECK(all(sources) == Lines{"db plain: (db/1.sql) db/2.sql"});
  CHECK(sources.projects[0].pending_known);
}

TEST_CASE("several named files of one folder are one project") {
  const auto disk = test::fake({{"db/1.sql", ""}, {"db/2.sql", ""}, {"db/3.sql", ""}, {"db/4.sql", ""}});
  CHECK(all(read({"db/3.sql", "./db/1.sql", "db/3.sql"}, disk)) == Lines{"db plain: db/1.sql (db/2.sql) db/3.sql"});
}

TEST_CASE("a named file that undoes another runs after it, and nothing that came later has run") {
  const auto files = test::fake({{"db/9_a.up.sql", ""},
                                 {"db/9_a.down.sql", ""},
                                 {"db/10_b.up.sql", ""},
                                 {"db/10_b.down.sql", ""},
                                 {"db/11_c.down.sql", ""},
                                 {"db/12_d.up.sql", ""},
                                 {"db/12_d.down.sql", ""}});
  CHECK(all(read({"db/10_b.down.sql"}, files)) ==
        Lines{"db golang-migrate: (db/9_a.up.sql) (db/10_b.up.sql) db/10_b.down.sql"});
  CHECK(read({"db/10_b.down.sql"}, files).projects[0].pending_known);
  CHECK(all(read({"db/11_c.down.sql"}, files)) ==
        Lines{"db golang-migrate: (db/9_a.up.sql) (db/10_b.up.sql) db/11_c.down.sql"});
  // Several undo each other's history, so each is by itself; and beside a folder that was named as a whole.
  CHECK(all(read({"db/10_b.up.sql", "db/9_a.down.sql", "db/10_b.down.sql", "db/9_a.down.sql"}, files)) ==
        Lines{"db golang-migrate: (db/9_a.up.sql) db/10_b.up.sql", "db golang-migrate: (db/9_a.up.sql) db/9_a.down.sql",
              "db golang-migrate: (db/9_a.up.sql) (db/10_b.up.sql) db/10_b.down.sql"});
  CHECK(all(read({"db", "db/9_a.down.sql"}, files)) ==
        Lines{"db golang-migrate: db/9_a.up.sql db/10_b.up.sql db/12_d.up.sql",
              "db golang-migrate: (db/9_a.up.sql) db/9_a.down.sql"});
}

TEST_CASE("what is named twice is read once") {
  std::map<std::string, std::string> files = {{"sql/1.sql", ""}, {"sql/sub/2.sql", ""}};
  add_drizzle(files, "drizzle");
  const auto disk = test::fake(files);
  const Lines sql = {"sql plain: sql/1.sql sql/sub/2.sql"};
  CHECK(all(read({"sql", "sql/"}, disk)) == sql);
  CHECK(all(read({"sql/1.sql", "sql"}, disk)) == sql);
  CHECK(all(read({"sql/sub", "sql"}, disk)) == sql);
  CHECK(all(read({"sql", "sql/sub", "sql/sub/2.sql"}, disk)) == sql);
  const auto sources = read({"drizzle/0001_a.sql", "drizzle", "."}, disk);
  CHECK(all(sources) == Lines{"drizzle drizzle: drizzle/0000_init.sql drizzle/0001_a.sql"});
  CHECK(!sources.projects[0].pending_known);
}

TEST_CASE("one file by two names is read once") {
  const test::TempFolder folder;
  folder.write("sql/1.sql", "SELECT 1;");
  std::filesystem::create_symlink("sql", folder.path("link"));
  const test::CurrentFolder here(folder.path());
  CHECK(all(read({"sql", folder.path("sql/1.sql"), "link/1.sql"}, source::disk())) == Lines{"sql plain: sql/1.sql"});
  CHECK(all(read({"sql", "link"}, source::disk())) == Lines{"sql plain: sql/1.sql"});
  CHECK(all(read({"sql/1.sql", folder.path("sql/1.sql")}, source::disk())) == Lines{"sql plain: sql/1.sql"});
}

TEST_CASE("a file is found in its project from wherever pglint is started") {
  const test::TempFolder folder;
  folder.write("drizzle/20261122191414_init/migration.sql", "SELECT 1;");
  folder.write("drizzle/20261122191414_init/snapshot.json", R"({"dialect": "postgres"})");
  folder.write("drizzle/20261123191414_next/migration.sql", "SELECT 1;");
  const test::CurrentFolder here(folder.path("drizzle/20261123191414_next"));
  const Lines expected = {".. drizzle: (../20261122191414_init/migration.sql) migration.sql"};
  CHECK(all(read({"migration.sql"}, source::disk())) == expected);
  CHECK(all(read({"./migration.sql"}, source::disk())) == expected);
  CHECK(all(read({"."}, source::disk())) ==
        Lines{".. drizzle: (../20261122191414_init/migration.sql) ../20261123191414_next/migration.sql"});
}

TEST_CASE("a file of a drizzle folder that is not in the journal is not read as a migration") {
  std::map<std::string, std::string> files;
  add_drizzle(files, "drizzle");
  files["drizzle/x.sql"] = "SELECT 1;";
  const auto sources = read({"drizzle/x.sql"}, test::fake(files));
  CHECK(all(sources) == Lines{"drizzle drizzle:"});
  REQUIRE(sources.projects[0].problems.size() == 1);
  CHECK(sources.projects[0].problems[0].rule == "file-without-journal-entry");
  CHECK(sources.projects[0].problems[0].path == "drizzle/x.sql");
}

TEST_CASE("a file of any name is read when it is named") {
  const auto disk = test::fake({{"a/1.sql", ""}, {"a/dump.txt", "SELECT 1;"}});
  CHECK(all(read({"a/dump.txt"}, disk)) == Lines{"a plain: a/dump.txt"});
}

TEST_CASE("files that cannot be read are failures, and their neighbours are still read") {
  const test::TempFolder folder;
  folder.write("1.sql", "SELECT 1;");
  folder.write("2.sql", "SELECT 'caf\xE9';");
  folder.write("3.sql", std::string("\xFF\xFES\0", 4));
  folder.write("5.sql", "");
  REQUIRE(::mkfifo(folder.path("4.sql").c_str(), 0600) == 0);
  std::filesystem::create_symlink("nowhere", folder.path("6.sql"));
  const test::CurrentFolder here(folder.path());
  const auto sources = read({"."}, source::disk());
  CHECK(all(sources) == Lines{". plain: 1.sql 5.sql"});
  CHECK(failures(sources) == Lines{"2.sql: is not valid UTF-8 at byte 11: save it as UTF-8",
                                   "3.sql: is UTF-16 text: save it as UTF-8",
                                   "4.sql: is not a regular file: to read from a pipe, send it to `pglint check -`",
                                   "6.sql: there is no such file or folder: check the spelling"});
  CHECK(sources.failures[0].offset == 11);
}

TEST_CASE("neighbours that cannot be read do not fail the file that was named") {
  const auto disk = test::fake({{"db/1.sql", "\xFF"}, {"db/2.sql", ""}, {"db/3.sql", "\xFF"}});
  const auto sources = read({"db/2.sql"}, disk);
  CHECK(all(sources) == Lines{"db plain: db/2.sql"});
  CHECK(failures(sources) == Lines{});
  CHECK(any_has(sources.notices, "db/1.sql is not valid UTF-8"));
}

TEST_CASE("byte order marks, CRLF and empty files are read as they are") {
  const auto disk = test::fake({{"db/1.sql", "\xEF\xBB\xBFSELECT 1;\r\n"}, {"db/2.sql", ""}});
  const auto sources = read({"db"}, disk);
  REQUIRE(sources.projects.size() == 1);
  CHECK(sources.projects[0].migrations[0].text == "\xEF\xBB\xBFSELECT 1;\r\n");
  CHECK(sources.projects[0].migrations[1].text.empty());
  CHECK(sources.failures.empty());
}

TEST_CASE("standard input is a file of its own") {
  const auto disk = test::fake({{"db/1.sql", ""}});
  source::SourceOptions options;
  options.paths = {"-", "db", "-"};
  options.stdin_text = "SELECT 1;--> statement-breakpoint\nSELECT 2;";
  auto sources = read(options, disk);
  CHECK(all(sources) == Lines{"db plain: db/1.sql", " plain: <stdin>"});
  CHECK(sources.projects[1].pending_known);
  CHECK(sources.projects[1].migrations[0].scripts[0].sent == Sent::statement);

  options.paths = {"-"};
  options.runner = "drizzle";
  sources = read(options, disk);
  CHECK(all(sources) == Lines{" drizzle: <stdin>"});
  CHECK(sources.projects[0].wrapped_run);
  CHECK(!sources.projects[0].psql);
  CHECK(sources.projects[0].migrations[0].scripts.size() == 2);

  options.stdin_text = "\xFF";
  sources = read(options, disk);
  CHECK(sources.projects.empty());
  CHECK(failures(sources) == Lines{"<stdin>: is not valid UTF-8 at byte 0: save it as UTF-8"});
}

TEST_CASE("each -c is one simple query, and nothing else is looked for") {
  const auto disk = test::fake({{"db/1.sql", ""}});
  source::SourceOptions options;
  options.commands = {"SELECT 1; SELECT 2;", "\xFF", "SELECT 3"};
  const auto sources = read(options, disk);
  CHECK(all(sources) == Lines{" plain: -c1 -c3"});
  CHECK(failures(sources) == Lines{"-c2: is not valid UTF-8 at byte 0: save it as UTF-8"});
  const source::Migration& first = sources.projects[0].migrations[0];
  REQUIRE(first.scripts.size() == 1);
  CHECK(first.scripts[0].sent == Sent::simple_query);
  CHECK(first.scripts[0].range == Span{0, 19});
  CHECK(!sources.projects[0].psql);
}

TEST_CASE("a schema comes before every project and is not read twice") {
  const auto disk = test::fake({{"db/1.sql", ""}, {"db/schema.sql", "CREATE TABLE a ();"}, {"other/1.sql", ""}});
  source::SourceOptions options;
  options.paths = {"db", "other"};
  options.schema = "./db/schema.sql";
  auto sources = read(options, disk);
  CHECK(all(sources) == Lines{"db plain: (db/schema.sql) db/1.sql", "other plain: (db/schema.sql) other/1.sql"});
  CHECK(sources.projects[0].migrations[0].schema);
  CHECK(!sources.projects[0].migrations[1].schema);
  CHECK(sources.projects[0].migrations[0].scripts.size() == 1);

  options.schema = "none.sql";
  sources = read(options, disk);
  CHECK(sources.projects.size() == 2);
  CHECK(failures(sources) == Lines{"none.sql: there is no such file or folder: check the spelling"});
}

TEST_CASE("names with newlines and escape sequences are handed on byte for byte") {
  const test::TempFolder folder;
  const std::string name = "1\n\x1b]0;x\x07.sql";
  folder.write(name, "SELECT 1;");
  const test::CurrentFolder here(folder.path());
  CHECK(order(read({"."}, source::disk()).projects.at(0)) == Lines{name});
}

TEST_CASE("the projects of the test data are read as they are laid out") {
  const std::string root = PGLINT_TESTDATA "/projects/";
  const auto run = [&](const std::string& name) { return read({root + name}, source::disk()); };
  for (const std::string name : {"plain", "bom-crlf", "empty", "copy-data"}) {
    INFO(name);
    const auto sources = run(name);
    REQUIRE(sources.projects.size() == 1);
    CHECK(sources.projects[0].runner == "plain");
    CHECK(failures(sources) == Lines{});
  }
  CHECK(run("plain").projects.at(0).migrations.size() == 3);
  CHECK(any_has(failures(run("invalid-utf8")), "002_latin1.sql: is not valid UTF-8 at byte "));
  CHECK(run("invalid-utf8").projects.at(0).migrations.size() == 2);
  CHECK(any_has(failures(run("broken-journal")), "_journal.json: "));
  const auto problem = [&](const std::string& name) {
    const auto sources = run(name);
    CHECK(failures(sources) == Lines{});
    const auto& problems = sources.projects.at(0).problems;
    return problems.empty() ? std::string_view() : problems.front().rule;
  };
  CHECK(problem("missing-file") == "journal-entry-without-file");
  CHECK(problem("orphan-file") == "file-without-journal-entry");
  CHECK(problem("stale-when") == "journal-when-not-newer");
}
