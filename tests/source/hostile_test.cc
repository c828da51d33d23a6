// What no tool would have written: links in circles, folders full to the brim, configurations that are none.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "source/read.h"
#include "source/runner.h"
#include "source/temp_folder.h"

using namespace pglint;
using test::failures;
using test::Lines;
using test::read;

namespace {

std::size_t migrations(const source::Sources& sources) {
  std::size_t count = 0;
  for (const source::Project& project : sources.projects) count += project.migrations.size();
  return count;
}

}  // namespace

TEST_CASE("links that lead in a circle are walked once") {
  const test::TempFolder folder;
  const std::string changeset = "--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n";
  folder.write("flyway/V1__a.sql", "SELECT 1;");
  folder.write("liquibase/a.sql", changeset);
  folder.write("pg/migrations.yml", "");
  folder.write("pg/migrations/V1__a.sql", "SELECT 1;");
  for (const std::string where : {"flyway", "liquibase", "pg/migrations"}) {
    for (const std::string name : {"x", "y", "z"})
      std::filesystem::create_directory_symlink(".", folder.path(where + "/" + name));
  }
  for (const std::string where : {"flyway", "liquibase", "pg"}) {
    CAPTURE(where);
    const source::Sources sources = read({folder.path(where)}, source::disk());
    CHECK(failures(sources) == Lines{});
    CHECK(migrations(sources) == 1);
    CHECK(sources.projects.at(0).runner == (where == "pg" ? "pgmigrate" : where));
  }
}

TEST_CASE("a changelog that includes itself, or what is not there, ends") {
  const std::string changeset = "--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n";
  const source::FakeFiles files({{"changelog.xml",
                                  "<databaseChangeLog><include file=\"sql/a.sql\"/>"
                                  "<include file=\"changelog.xml\"/><include file=\"gone.sql\"/>"},
                                 {"sql/a.sql", changeset}});
  const source::Sources sources = read({"."}, files);
  CHECK(migrations(sources) == 1);
  CHECK(failures(sources) ==
        Lines{"changelog.xml: includes gone.sql, which is not there: restore it, or take the line out"});
}

TEST_CASE("folders of a hundred thousand files are read, whatever their names are like") {
  constexpr int count = 100'000;
  for (const std::string pattern : {"{:06}_x.sql", "{:06}_x.up.sql", "V{}__x.sql", "R__x{}.sql", "x{}.txt"}) {
    CAPTURE(pattern);
    source::FakeFiles files;
    for (int i = 0; i < count; ++i) files.files["m/" + fmt::format(fmt::runtime(pattern), i)] = "";
    const source::Sources sources = read({"m"}, files);
    const bool sql = pattern.ends_with(".sql");
    CHECK(migrations(sources) == (sql ? count : 0));
    CHECK(failures(sources).size() == (sql ? 0 : 1));
  }
}

TEST_CASE(
    "a journal that is wrong throughout, beside files that it does not name, is said a hundred times and no more") {
  source::FakeFiles files;
  std::string entries;
  for (int i = 0; i < 20'000; ++i) {
    entries += fmt::format(R"({}{{"tag": "gone_{}", "when": 1}})", i == 0 ? "" : ",", i);
    files.files[fmt::format("drizzle/stranger_{}.sql", i)] = "SELECT 1;";
  }
  files.files["drizzle/meta/_journal.json"] = R"({"dialect": "postgresql", "entries": [)" + entries + "]}";
  const source::Sources sources = read({"drizzle"}, files);
  REQUIRE(sources.projects.size() == 1);
  CHECK(sources.projects[0].problems.size() == 200);
}

TEST_CASE("names with newlines and escape sequences are names like others") {
  const source::FakeFiles files({{"m/0001_a\n\x1b[31m.up.sql", "SELECT 1;"}, {"m/0001_\r\xff.up.sql", "SELECT 1;"}});
  const source::Sources sources = read({"m"}, files);
  CHECK(migrations(sources) == 2);
  CHECK(sources.projects.at(0).problems.size() == 1);
}

TEST_CASE("configurations that are none are no reason to stop, whatever stands in them") {
  std::mt19937 random(7);
  const std::string alphabet =
      "[]{}<>\"'=:#,-/*\\\n\t \0aA0_.$@%file include path deploy"
      "databaseChangeLog";
  for (int round = 0; round < 100; ++round) {
    std::string text;
    for (int i = 0; i < 200; ++i) text += alphabet[random() % alphabet.size()];
    for (const std::string name :
         {"m/migration_lock.toml", "m/atlas.sum", "m/sqitch.plan", "m/sqitch.conf", "m/tern.conf", "migrations.yml",
          "m/changelog.xml", "m/1_a/metadata.toml", "package.json", "package-lock.json", "Cargo.toml", "flyway.conf",
          "m/V1__a.sql.conf", "config.yaml", "m/meta/_journal.json"}) {
      const source::FakeFiles files({{name, text},
                                     {"m/1_a/up.sql", text},
                                     {"m/1_a/migration.sql", text},
                                     {"m/1_a.sql", text},
                                     {"m/1_a.up.sql", "--liquibase formatted sql\n" + text},
                                     {"m/V1__a.sql", text},
                                     {"m/1_a.rb", text},
                                     {"m/deploy/a.sql", text}});
      static_cast<void>(read({"."}, files));
    }
  }
}

TEST_CASE("each runner takes each text, with marks in all places") {
  std::mt19937 random(11);
  const Lines pieces = {"-- +goose Up\n",
                        "-- +goose Down\n",
                        "-- +goose StatementBegin\n",
                        "-- +goose ENVSUB ON\n",
                        "-- +migrate Up\n",
                        "-- migrate:up transaction:false\n",
                        "-- migrate:down\n",
                        "--changeset a:1\n",
                        "--changeset a:2 endDelimiter:GO\n",
                        "--liquibase formatted sql\n",
                        "-- Up Migration\n",
                        "-- Down Migration\n",
                        "---- create above / drop below ----\n",
                        "--! Previous: -\n",
                        "-- atlas:txmode none\n\n",
                        "execute <<~SQL\n",
                        "SQL\n",
                        "${x}",
                        "{{ .x }}",
                        "{{ if",
                        "#{",
                        "'",
                        "$$",
                        "/*",
                        "*/",
                        "\"",
                        ";",
                        "\n",
                        "\r\n",
                        "SELECT 1",
                        "--> statement-breakpoint",
                        "(",
                        ")",
                        "\xEF\xBB\xBF"};
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) text += pieces[random() % pieces.size()];
    for (const source::Runner* runner : source::runners()) {
      source::Project project;
      project.runner = runner->name;
      source::Migration migration;
      migration.id = migration.path = "1_a.sql";
      migration.text = text;
      source::Notes notes;
      runner->cut(project, migration, notes);
      std::uint32_t behind = 0;
      for (const source::Script& script : migration.scripts) {
        CHECK(script.range.begin >= behind);
        CHECK(script.range.end > script.range.begin);
        CHECK(script.range.end <= text.size());
        behind = script.range.end;
      }
      CHECK(migration.sql().size() == text.size());
      for (const Span placeholder : migration.placeholders) CHECK(placeholder.end <= text.size());
      for (const source::Problem& problem : notes.problems) CHECK(problem.at.end <= text.size());
    }
  }
}
