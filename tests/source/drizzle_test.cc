// Drizzle's two layouts.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "source/read.h"
#include "source/temp_folder.h"

using namespace pglint;
using test::any_has;
using test::failures;
using test::Lines;
using test::order;
using test::read;

namespace {

std::string journal(const Lines& tags, const std::string& dialect = "postgresql") {
  std::string text = "{\n  \"version\": \"7\",\n  \"dialect\": \"" + dialect + "\",\n  \"entries\": [";
  for (std::size_t i = 0; i < tags.size(); ++i) {
    text += fmt::format(R"({}{{"idx": {}, "version": "7", "when": {}, "tag": "{}", "breakpoints": true}})",
                        i == 0 ? "" : ", ", i, 1795374842666 + i * 1000, tags[i]);
  }
  return text + "]\n}";
}

source::FakeFiles project(const Lines& tags) {
  std::map<std::string, std::string> files = {{"drizzle/meta/_journal.json", journal(tags)}};
  for (const std::string& tag : tags) files["drizzle/" + tag + ".sql"] = "SELECT 1;";
  return source::FakeFiles(std::move(files));
}

const source::Project& only(const source::Sources& sources) {
  REQUIRE(sources.projects.size() == 1);
  return sources.projects[0];
}

Lines problems(const source::Sources& sources) {
  Lines list;
  for (const source::Project& one : sources.projects) {
    for (const source::Problem& problem : one.problems)
      list.push_back(fmt::format("{} {}: {}", problem.rule, problem.path, problem.message));
  }
  return list;
}

constexpr std::string_view v1_snapshot = R"({"version": "8", "dialect": "postgres", "id": "x", "ddl": []})";

}  // namespace

TEST_CASE("the journal orders the migrations, not their names") {
  const auto files = project({"0000_init", "0002_b", "0001_a"});
  const auto sources = read({"drizzle"}, files);
  const source::Project& drizzle = only(sources);
  CHECK(drizzle.runner == "drizzle");
  CHECK(drizzle.root == "drizzle");
  CHECK(drizzle.wrapped_run);
  CHECK(!drizzle.psql);
  CHECK(!drizzle.pending_known);
  CHECK(order(drizzle) == Lines{"drizzle/0000_init.sql", "drizzle/0002_b.sql", "drizzle/0001_a.sql"});
  CHECK(drizzle.migrations[1].id == "0002_b");
  CHECK(sources.failures.empty());
  CHECK(any_has(
      sources.notices,
      "drizzle: runner drizzle (drizzle/meta/_journal.json, dialect postgresql): 3 migration(s) read, 3 reported"));
}

TEST_CASE("a file is cut at every statement-breakpoint, even in comments and strings") {
  auto files = project({"0000_init"});
  files.files["drizzle/0000_init.sql"] =
      "CREATE TABLE a (id int);--> statement-breakpoint\n"
      "-- see --> statement-breakpoint here\n"
      "SELECT '--> statement-breakpoint';\n"
      "--> statement-breakpoint\n"
      "  \n--> statement-breakpoint";
  const auto sources = read({"drizzle"}, files);
  const source::Migration& migration = only(sources).migrations.at(0);
  CHECK(test::scripts(migration) == Lines{"CREATE TABLE a (id int);", "\n-- see ", " here\nSELECT '", "';\n"});
  for (const source::Script& script : migration.scripts) {
    CHECK(script.sent == Sent::simple_query);
    CHECK(!script.wrapped);
  }
}

TEST_CASE("breakpoints false does not switch the cut off") {
  auto files = project({"0000_init"});
  std::string& text = files.files["drizzle/meta/_journal.json"];
  text.replace(text.find("true"), 4, "false");
  files.files["drizzle/0000_init.sql"] = "SELECT 1;--> statement-breakpoint\nSELECT 2;";
  CHECK(only(read({"drizzle"}, files)).migrations.at(0).scripts.size() == 2);
}

TEST_CASE("journals of other databases are noticed, not checked") {
  for (const std::string dialect : {"sqlite", "mysql", "singlestore"}) {
    auto files = project({"0000_init"});
    files.files["drizzle/meta/_journal.json"] = journal({"0000_init"}, dialect);
    const std::string notice = "drizzle: runner drizzle, dialect " + dialect + ": not for PostgreSQL, so not checked";
    for (const std::string path : {"drizzle", ".", "drizzle/0000_init.sql"}) {
      const auto sources = read({path}, files);
      CHECK(sources.projects.empty());
      CHECK(sources.failures.empty());
      CHECK(sources.notices == Lines{notice});
    }
  }
  auto old = project({"0000_init"});
  old.files["drizzle/meta/_journal.json"] = journal({"0000_init"}, "pg");
  CHECK(only(read({"drizzle"}, old)).migrations.size() == 1);
}

TEST_CASE("a file that the journal names and that is not there is a finding, and the rest is read") {
  auto files = project({"0000_init", "0001_gone", "0002_last"});
  files.files.erase("drizzle/0001_gone.sql");
  const auto sources = read({"drizzle"}, files);
  CHECK(order(only(sources)) == Lines{"drizzle/0000_init.sql", "drizzle/0002_last.sql"});
  CHECK(sources.failures.empty());
  CHECK(problems(sources) ==
        Lines{"journal-entry-without-file drizzle/meta/_journal.json: 0001_gone is in the journal, and "
              "drizzle/0001_gone.sql is not there"});
  const source::Problem& problem = only(sources).problems[0];
  CHECK(files.files["drizzle/meta/_journal.json"].substr(problem.at.begin, problem.at.size()) == "\"0001_gone\"");
  // It stops the others as well.
  CHECK(problems(read({"drizzle/0002_last.sql"}, files)) == problems(sources));
}

TEST_CASE("a file that the journal does not name is a finding, also where it is named") {
  auto files = project({"0000_init"});
  files.files["drizzle/helper.sql"] = "SELECT 1;";
  const auto sources = read({"drizzle"}, files);
  CHECK(order(only(sources)) == Lines{"drizzle/0000_init.sql"});
  CHECK(sources.failures.empty());
  const Lines found = {"file-without-journal-entry drizzle/helper.sql: helper.sql is not in meta/_journal.json"};
  CHECK(problems(sources) == found);
  CHECK(problems(read({"drizzle/helper.sql"}, files)) == found);
  CHECK(problems(read({"drizzle/0000_init.sql"}, files)) == Lines{});
}

TEST_CASE("a journal that cannot be read is one failure, and its files are still read by name") {
  const auto fails_with = [](const std::string& text, const std::string& message) {
    INFO(text.substr(0, 100));
    auto files = project({"0000_init", "0001_a"});
    files.files["drizzle/meta/_journal.json"] = text;
    const auto sources = read({"drizzle"}, files);
    CHECK(order(only(sources)) == Lines{"drizzle/0000_init.sql", "drizzle/0001_a.sql"});
    CHECK(failures(sources) ==
          Lines{"drizzle/meta/_journal.json: " + message + "; its migrations were taken in the order of their names"});
  };
  fails_with("", "is not valid JSON at byte 0: restore it from version control");
  fails_with("{\"entries\": [", "is not valid JSON at byte 13: restore it from version control");
  fails_with("{\"entries\": [}", "is not valid JSON at byte 13: restore it from version control");
  fails_with("{}", "has no list of \"entries\": restore it from version control");
  fails_with("[]", "has no list of \"entries\": restore it from version control");
  fails_with("{\"entries\": {}}", "has no list of \"entries\": restore it from version control");
  fails_with("{\"a\": {\"entries\": []}}", "has no list of \"entries\": restore it from version control");
  fails_with("{\n<<<<<<< HEAD\n\"entries\": []\n=======\n>>>>>>> x\n}", "has merge conflict markers: resolve them");
  fails_with(std::string(1000000, '['), "is not valid JSON at byte 1000000: restore it from version control");
}

TEST_CASE("entries that name no file, or one outside, are failures by themselves") {
  auto files = project({"0000_init"});
  files.files["drizzle/meta/_journal.json"] =
      R"({"dialect": "postgresql", "entries": [7, {"idx": 1}, {"tag": 5}, {"tag": "../secret"}, {"tag": "/etc/x"},)"
      R"( {"tag": ""}, [["tag", "x"]], {"nested": {"tag": "0000_init"}}, {"tag": "0000_init"}, {"tag": "0000_init"}]})";
  const auto sources = read({"drizzle"}, files);
  CHECK(order(only(sources)) == Lines{"drizzle/0000_init.sql"});
  REQUIRE(sources.failures.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(sources.failures[i].message ==
          fmt::format("entry {} has no \"tag\" that names a file beside it: restore it from version control", i));
  }
  CHECK(problems(sources) ==
        Lines{"duplicate-version drizzle/meta/_journal.json: 0000_init stands in the journal twice"});
}

TEST_CASE("an entry whose time is not later than those before it is a finding") {
  auto files = project({"0000_init", "0001_a", "0002_b", "0003_c"});
  files.files["drizzle/meta/_journal.json"] =
      R"({"dialect": "postgresql", "entries": [{"tag": "0000_init", "when": 10}, {"tag": "0001_a", "when": 30},)"
      R"( {"tag": "0002_b", "when": 30}, {"tag": "0003_c", "when": 20}]})";
  CHECK(
      problems(read({"drizzle"}, files)) ==
      Lines{
          "journal-when-not-newer drizzle/0002_b.sql: The journal gives it the time 30, and 0001_a before it has 30",
          "journal-when-not-newer drizzle/0003_c.sql: The journal gives it the time 20, and 0001_a before it has 30"});
  CHECK(problems(read({"drizzle/0001_a.sql"}, files)) == Lines{});
}

TEST_CASE("a breakpoint in a comment or a string is a finding") {
  auto files = project({"0000_init"});
  files.files["drizzle/0000_init.sql"] =
      "SELECT 1;--> statement-breakpoint\n-- see --> statement-breakpoint\nSELECT '--> statement-breakpoint';";
  CHECK(problems(read({"drizzle"}, files)).size() == 2);
}

TEST_CASE("a journal without entries is a project without migrations") {
  source::FakeFiles files;
  files.files["drizzle/meta/_journal.json"] = journal({});
  const auto sources = read({"drizzle"}, files);
  CHECK(sources.projects.empty());
  CHECK(sources.failures.empty());
  CHECK(any_has(sources.notices, "no migrations yet"));
}

TEST_CASE("a named file is reported alone, after the history before it") {
  const auto files = project({"0000_init", "0001_a", "0002_b", "0003_c"});
  const auto sources = read({"drizzle/0002_b.sql"}, files);
  const source::Project& drizzle = only(sources);
  CHECK(order(drizzle) == Lines{"(drizzle/0000_init.sql)", "(drizzle/0001_a.sql)", "drizzle/0002_b.sql"});
  CHECK(drizzle.pending_known);
  CHECK(drizzle.wrapped_run);
}

TEST_CASE("folders of v1 are migrations in the order of their names") {
  source::FakeFiles files;
  for (const std::string name : {"20261122191414_init", "20261123080000_b", "20261123080000_A", "20261123080000_a"}) {
    files.files["drizzle/" + name + "/migration.sql"] = "SELECT 1;--> statement-breakpoint\nSELECT 2;";
    files.files["drizzle/" + name + "/snapshot.json"] = v1_snapshot;
  }
  files.files["drizzle/notes/readme.txt"] = "";
  const auto sources = read({"drizzle"}, files);
  const source::Project& drizzle = only(sources);
  CHECK(drizzle.runner == "drizzle");
  CHECK(order(drizzle) == Lines{"drizzle/20261122191414_init/migration.sql", "drizzle/20261123080000_a/migration.sql",
                                "drizzle/20261123080000_A/migration.sql", "drizzle/20261123080000_b/migration.sql"});
  CHECK(drizzle.migrations[0].id == "20261122191414_init");
  CHECK(drizzle.migrations[0].scripts.size() == 2);

  const auto one = read({"drizzle/20261123080000_a/migration.sql"}, files);
  CHECK(order(only(one)) ==
        Lines{"(drizzle/20261122191414_init/migration.sql)", "drizzle/20261123080000_a/migration.sql"});
  const auto folder = read({"drizzle/20261123080000_a"}, files);
  CHECK(order(only(folder)) == order(only(one)));
  CHECK(only(folder).pending_known);
}

TEST_CASE("folders that Prisma made are not taken for Drizzle's") {
  source::FakeFiles files;
  files.files["prisma/migrations/migration_lock.toml"] = "provider = \"postgresql\"";
  files.files["prisma/migrations/20261122191414_init/migration.sql"] = "SELECT 1;";
  CHECK(only(read({"prisma/migrations"}, files)).runner == "prisma");
  files.files.erase("prisma/migrations/migration_lock.toml");
  CHECK(only(read({"prisma/migrations"}, files)).runner == "plain");
}

TEST_CASE("folders of v1 without snapshots are Drizzle's where a configuration says so") {
  source::FakeFiles files;
  files.files["app/db/out/20261122191414_init/migration.sql"] = "SELECT 1;";
  files.files["app/drizzle.config.ts"] = "export default defineConfig({ out: './db/out' });";
  CHECK(only(read({"app"}, files)).runner == "drizzle");
  CHECK(only(read({"app/db/out"}, files)).runner == "drizzle");
  files.files["app/drizzle.config.ts"] = "export default defineConfig({ out: './elsewhere' });";
  CHECK(only(read({"app/db/out"}, files)).runner == "plain");
}

TEST_CASE("folders of v1 for another database are not checked") {
  source::FakeFiles files;
  files.files["drizzle/20261122191414_init/migration.sql"] = "SELECT 1;";
  files.files["drizzle/20261122191414_init/snapshot.json"] = R"({"dialect": "sqlite"})";
  const auto sources = read({"drizzle"}, files);
  CHECK(sources.projects.empty());
  CHECK(any_has(sources.notices, "dialect sqlite: not for PostgreSQL"));
}

TEST_CASE("a configuration says where the migrations are") {
  const auto found = [](const std::string& config, const std::string& name = "drizzle.config.ts") {
    source::FakeFiles files;
    files.files["app/" + name] = config;
    for (const std::string folder : {"app/drizzle", "app/db/migrations", "shared"}) {
      files.files[folder + "/meta/_journal.json"] = journal({"0000_init"});
      files.files[folder + "/0000_init.sql"] = "SELECT 1;";
    }
    std::string roots;
    for (const source::Project& project : read({"app"}, files).projects) roots += project.root + ' ';
    return roots;
  };
  CHECK(found("export default { out: './db/migrations' }") == "app/db/migrations ");
  CHECK(found("export default { \"out\" : \"db/migrations/\" }") == "app/db/migrations ");
  CHECK(found("{\"out\": \"db/migrations\"}", "drizzle.config.json") == "app/db/migrations ");
  CHECK(found("// out: './x'\n/* out: './y' */ const out = 1; export default { about: './z', out: `db/migrations` }") ==
        "app/db/migrations ");
  CHECK(found("export default { schema: './out' }") == "app/drizzle ");
  CHECK(found("export default { out: process.env.OUT ?? './db/migrations' }") == "app/drizzle ");
  CHECK(found("export default { out: `${root}/x` }") == "app/drizzle ");
  CHECK(found("export default { out: './nowhere' }") == "app/db/migrations app/drizzle ");
  CHECK(found("out: '") == "app/drizzle ");
  CHECK(found("out:/*") == "app/drizzle ");
  CHECK(found("'\\") == "app/drizzle ");
  CHECK(found("export default { out: './db/migrations' }", "drizzle.test.config.mjs") == "app/db/migrations ");
}

TEST_CASE("a configuration may lead out of its folder") {
  const test::TempFolder folder;
  folder.write("app/drizzle.config.ts", "export default { out: '../db' }");
  folder.write("db/meta/_journal.json", journal({"0000_init"}));
  folder.write("db/0000_init.sql", "SELECT 1;");
  const auto sources = read({folder.path("app")}, source::disk());
  CHECK(order(only(sources)) == Lines{folder.path("app/../db/0000_init.sql")});
}

TEST_CASE("--runner drizzle asks for what it looks for") {
  source::FakeFiles files;
  files.files["db/1.sql"] = "SELECT 1;";
  source::SourceOptions options;
  options.runner = "drizzle";
  options.paths = {"db", "db/1.sql"};
  const auto sources = read(options, files);
  CHECK(sources.projects.empty());
  const std::string looked_for = "Drizzle's meta/_journal.json or its v1 folders (<14 digits>_name/migration.sql)";
  CHECK(failures(sources) == Lines{"db: holds no migrations (looked for " + looked_for +
                                       "): name the migrations folder, or set `paths:` in .pglint.yml",
                                   "db/1.sql: is not part of a drizzle project (looked for " + looked_for +
                                       " around it): use --runner plain"});

  const auto drizzle = project({"0000_init"});
  options.runner = "plain";
  options.paths = {"drizzle"};
  CHECK(only(read(options, drizzle)).runner == "plain");
  options.runner = "drizle";
  const auto wrong = source::read_sources(options, drizzle);
  REQUIRE(!wrong.has_value());
  CHECK(wrong.error().message == "unknown runner \"drizle\"");
  CHECK(wrong.error().hint == "did you mean \"drizzle\"?");
}

TEST_CASE("what drizzle-kit made is recognised") {
  const std::string demo = PGLINT_TESTDATA "/demo";
  const auto v0 = read({demo}, source::disk());
  CHECK(failures(v0) == Lines{});
  const source::Project& project = only(v0);
  CHECK(project.runner == "drizzle");
  CHECK(project.root == demo + "/drizzle");
  REQUIRE(project.migrations.size() >= 2);
  CHECK(project.migrations[0].id == "0000_init");
  CHECK(std::is_sorted(project.migrations.begin(), project.migrations.end(),
                       [](const auto& a, const auto& b) { return a.id < b.id; }));

  const auto v1 = read({PGLINT_TESTDATA "/drizzle-v1"}, source::disk());
  CHECK(failures(v1) == Lines{});
  CHECK(only(v1).runner == "drizzle");
  REQUIRE(only(v1).migrations.size() == 2);
  CHECK(only(v1).migrations[0].id.ends_with("_init"));
}
