// The documented layout of each migration tool: that it is recognised, what runs in which order, and inside which
// transactions.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "source/read.h"
#include "source/runner.h"

using namespace pglint;
using test::any_has;
using test::Lines;
using test::read;

namespace {

using Texts = std::map<std::string, std::string>;

std::string_view name(Sent sent) {
  switch (sent) {
    case Sent::statement:
      return "statements";
    case Sent::simple_query:
      return "query";
    case Sent::pipeline:
      break;
  }
  return "pipeline";
}

// "run" where all pending migrations share a transaction; then per migration "path: file?: how each script is sent".
Lines layout(const source::Project& project) {
  Lines lines = {project.runner + (project.wrapped_run ? ", one transaction over all" : "")};
  for (const source::Migration& migration : project.migrations) {
    std::string line = migration.path.substr(project.root.size() + 1) + ":";
    if (migration.wrapped) line += " in a transaction:";
    for (const source::Script& script : migration.scripts) {
      line += fmt::format(" {}{}", name(script.sent), script.wrapped ? " in a transaction" : "");
      if (&script != &migration.scripts.back()) line += ",";
    }
    lines.push_back(line);
  }
  return lines;
}

Lines layout_of(Texts texts, const std::string& path = ".") {
  const source::FakeFiles files(std::move(texts));
  const source::Sources sources = read({path}, files);
  CHECK(test::failures(sources) == Lines{});
  Lines lines;
  for (const source::Project& project : sources.projects) {
    for (std::string& line : layout(project)) lines.push_back(std::move(line));
  }
  return lines;
}

// What the scripts of the first migration hold.
Lines cut(const std::string& runner, const std::string& file, const std::string& text) {
  const Texts texts = {{"m/" + file, text}};
  const source::FakeFiles files(texts);
  source::SourceOptions options;
  options.paths = {"m"};
  options.runner = runner;
  const source::Sources sources = read(options, files);
  REQUIRE(sources.projects.size() == 1);
  REQUIRE(!sources.projects[0].migrations.empty());
  return test::scripts(sources.projects[0].migrations[0]);
}

Lines rules_of(const source::Sources& sources) {
  Lines list;
  for (const source::Project& project : sources.projects) {
    for (const source::Problem& problem : project.problems)
      list.push_back(fmt::format("{} {}", problem.rule, problem.path));
  }
  return list;
}

constexpr const char* one = "SELECT 1;";
constexpr const char* lock = "provider = \"postgresql\"\n";

}  // namespace

TEST_CASE("each name of a runner is there once, and each has all that a profile needs") {
  Lines seen;
  for (const source::Runner* runner : source::runners()) {
    CAPTURE(runner->name);
    CHECK(std::find(seen.begin(), seen.end(), runner->name) == seen.end());
    seen.emplace_back(runner->name);
    CHECK((runner->detect != nullptr));
    CHECK((runner->order != nullptr));
    CHECK((runner->cut != nullptr));
    CHECK(!runner->title.empty());
    CHECK(!runner->looks_for.empty());
    if (runner->name == "plain") continue;
    CHECK(runner->outside.ends_with('.'));
    CHECK(runner->later.ends_with('.'));
  }
  CHECK(seen.back() == "plain");
}

TEST_CASE("prisma: folders by name; before 7.4 one query, then statement by statement") {
  Texts texts = {{"prisma/migrations/migration_lock.toml", lock},
                 {"prisma/migrations/20260102000000_b/migration.sql", one},
                 {"prisma/migrations/20260101000000_a/migration.sql", one}};
  CHECK(layout_of(texts) ==
        Lines{"prisma", "20260101000000_a/migration.sql: query", "20260102000000_b/migration.sql: query"});
  for (const auto& with_lock : std::vector<std::tuple<std::string, std::string, bool>>{
           {"package.json", R"({"dependencies": {"prisma": "^7.4.0"}})", true},
           {"package.json", R"({"dependencies": {"prisma": "^7.3.0"}})", false},
           {"package-lock.json", R"({"packages": {"node_modules/prisma": {"version": "7.10.1"}}})", true},
           {"package-lock.json", R"({"packages": {"node_modules/prisma": {"version": "6.19.0"}}})", false},
           {"pnpm-lock.yaml", "packages:\n  prisma@7.4.2:\n    resolution: x\n", true},
           {"pnpm-lock.yaml", "packages:\n  /prisma@5.22.0:\n    resolution: x\n", false},
           {"yarn.lock", "# yarn\n\nprisma@^5.0.0:\n  version \"5.22.0\"\n", false},
           {"yarn.lock", "__metadata:\n\n\"prisma@npm:^7.0.0\":\n  version: 7.4.0\n", true},
           {"bun.lock", R"("prisma": ["prisma@7.8.0", "", {}],)", true}}) {
    const std::string file = std::get<0>(with_lock);
    const std::string text = std::get<1>(with_lock);
    CAPTURE(file);
    CAPTURE(text);
    Texts with = texts;
    with[file] = text;
    CHECK(layout_of(with)[1] ==
          fmt::format("20260101000000_a/migration.sql: {}", std::get<2>(with_lock) ? "statements" : "query"));
  }
}

TEST_CASE("prisma for another server is said, and not checked") {
  const source::FakeFiles files({{"prisma/migrations/migration_lock.toml", "provider = \"mysql\"\n"},
                                 {"prisma/migrations/1_a/migration.sql", one}});
  const source::Sources sources = read({"."}, files);
  CHECK(sources.projects.empty());
  CHECK(any_has(sources.notices, "provider mysql: not for PostgreSQL"));
}

TEST_CASE("flyway: versions part by part, repeatables last, folders below, a transaction around each file") {
  CHECK(layout_of({{"src/main/resources/db/migration/V2__b.sql", one},
                   {"src/main/resources/db/migration/V10__d.sql", one},
                   {"src/main/resources/db/migration/V2_1__c.sql", one},
                   {"src/main/resources/db/migration/old/V1__a.sql", one},
                   {"src/main/resources/db/migration/R__view.sql", one},
                   {"src/main/resources/db/migration/U2__b.sql", one},
                   {"src/main/resources/db/migration/notes.sql", one}}) ==
        Lines{"flyway", "old/V1__a.sql: in a transaction: statements", "V2__b.sql: in a transaction: statements",
              "V2_1__c.sql: in a transaction: statements", "V10__d.sql: in a transaction: statements",
              "R__view.sql: in a transaction: statements"});
}

TEST_CASE("flyway: what it knows not to be transactional runs outside, alone in its file, or as its .conf says") {
  CHECK(layout_of({{"sql/V1__a.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\n-- and\nDROP INDEX CONCURRENTLY j;"},
                   {"sql/V2__b.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\nSELECT 1;"},
                   {"sql/V3__c.sql", "REINDEX INDEX CONCURRENTLY i;"},
                   {"sql/V4__d.sql", "REINDEX INDEX CONCURRENTLY i;"},
                   {"sql/V4__d.sql.conf", "executeInTransaction=false\n"},
                   {"sql/V5__e.sql", "vacuum t;"},
                   {"flyway.conf", ""}}) ==
        Lines{"flyway", "V1__a.sql: statements", "V2__b.sql: in a transaction: statements",
              "V3__c.sql: in a transaction: statements", "V4__d.sql: statements", "V5__e.sql: statements"});
}

TEST_CASE("flyway: folders for other servers are left out") {
  CHECK(layout_of({{"db/migration/postgresql/V1__a.sql", one}, {"db/migration/mysql/V1__a.sql", one}}) ==
        Lines{"flyway", "V1__a.sql: in a transaction: statements"});
}

TEST_CASE("supabase: a batch for each file") {
  CHECK(layout_of({{"supabase/config.toml", "project_id = \"x\"\n"},
                   {"supabase/migrations/20260102000000_b.sql", one},
                   {"supabase/migrations/20260101000000_a.sql", one},
                   {"supabase/seed.sql", one}}) ==
        Lines{"supabase", "20260101000000_a.sql: pipeline", "20260102000000_b.sql: pipeline"});
}

TEST_CASE("golang-migrate: by number, a query for each up file") {
  CHECK(layout_of({{"migrations/10_c.up.sql", one},
                   {"migrations/9_b.up.sql", one},
                   {"migrations/0001_a.up.sql", one},
                   {"migrations/0001_a.down.sql", one}}) ==
        Lines{"golang-migrate", "0001_a.up.sql: query", "9_b.up.sql: query", "10_c.up.sql: query"});
}

TEST_CASE("a down file that is named stands behind the history up to its own migration") {
  const source::FakeFiles files(
      {{"migrations/1_a.up.sql", one}, {"migrations/1_a.down.sql", one}, {"migrations/2_b.up.sql", one}});
  const source::Sources sources = read({"migrations/1_a.down.sql"}, files);
  REQUIRE(sources.projects.size() == 1);
  CHECK(sources.projects[0].runner == "golang-migrate");
  CHECK(test::order(sources.projects[0]) == Lines{"(migrations/1_a.up.sql)", "migrations/1_a.down.sql"});
}

TEST_CASE("sqlx: by its Cargo.toml, a query in a transaction unless the first bytes say otherwise") {
  CHECK(layout_of({{"crate/Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n"},
                   {"crate/migrations/1_a.up.sql", one},
                   {"crate/migrations/1_a.down.sql", one},
                   {"crate/migrations/2_b.sql", "-- no-transaction\nSELECT 1;"},
                   {"crate/migrations/3_c.sql", "\n-- no-transaction\nSELECT 1;"}}) ==
        Lines{"sqlx", "1_a.up.sql: in a transaction: query", "2_b.sql: query", "3_c.sql: in a transaction: query"});
}

TEST_CASE("goose: the Up part, statement by statement as its lines end, in a transaction") {
  CHECK(layout_of({{"m/00002_b.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\nSELECT 2;\n"},
                   {"m/00001_a.sql", "-- +goose Up\nSELECT 1;\n\n-- +goose Down\nSELECT 2;\n"}}) ==
        Lines{"goose", "00001_a.sql: in a transaction: query", "00002_b.sql: query, query"});
  CHECK(cut("goose", "1_a.sql",
            "-- why\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\nSELECT 2\n-- +goose StatementEnd\n"
            "SELECT\n 3; -- three\nSELECT 4; SELECT 5;\n-- +goose Down\nSELECT 6;\n") ==
        Lines{"-- why\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\nSELECT 2\n-- +goose StatementEnd\n",
              "SELECT\n 3; -- three\n", "SELECT 4; SELECT 5;\n"});
}

TEST_CASE("sql-migrate: like goose, with other marks; notransaction behind Up") {
  CHECK(layout_of({{"m/2_b.sql", "-- +migrate Up notransaction\nSELECT 1;\nSELECT 2;\n"},
                   {"m/10_c.sql", "-- +migrate Up\nSELECT 1;\n"},
                   {"m/1_a.sql", "-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;\n"}}) ==
        Lines{"sql-migrate", "1_a.sql: in a transaction: query", "2_b.sql: query, query",
              "10_c.sql: in a transaction: query"});
}

TEST_CASE("dbmate: by name as text, the up part as one query in a transaction") {
  CHECK(layout_of({{"db/migrations/9_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n"},
                   {"db/migrations/10_b.sql", "-- migrate:up transaction:false\nSELECT 1;\n-- migrate:down\n"}}) ==
        Lines{"dbmate", "10_b.sql: query", "9_a.sql: in a transaction: query"});
  CHECK(cut("dbmate", "1_a.sql", "-- why\n--migrate:up\nSELECT 1\n-- migrate:down\nSELECT 2;\n") ==
        Lines{"-- why\n--migrate:up\nSELECT 1\n"});
}

TEST_CASE("diesel: versions without their dashes, metadata.toml decides on the transaction") {
  CHECK(layout_of({{"diesel.toml", ""},
                   {"migrations/2026-01-02-000000_b/up.sql", one},
                   {"migrations/2026-01-02-000000_b/down.sql", one},
                   {"migrations/2026-01-01-000000_a/up.sql", one},
                   {"migrations/2026-01-03-000000_c/up.sql", one},
                   {"migrations/2026-01-03-000000_c/metadata.toml", "run_in_transaction = false\n"},
                   {"migrations/2026-01-04-000000_d/up.sql", one},
                   {"migrations/2026-01-04-000000_d/metadata.toml", "run_in_transaction = true\n"}}) ==
        Lines{"diesel", "2026-01-01-000000_a/up.sql: in a transaction: query",
              "2026-01-02-000000_b/up.sql: in a transaction: query", "2026-01-03-000000_c/up.sql: query",
              "2026-01-04-000000_d/up.sql: in a transaction: query"});
}

TEST_CASE("hasura: numbers of milliseconds, below a folder for each database") {
  CHECK(
      layout_of({{"hasura/config.yaml", "version: 3\nendpoint: http://localhost:8080\nmetadata_directory: metadata\n"},
                 {"hasura/migrations/default/1700000000001_b/up.sql", one},
                 {"hasura/migrations/default/1700000000000_a/up.sql", one},
                 {"hasura/migrations/default/1700000000000_a/down.sql", one}}) ==
      Lines{"hasura", "1700000000000_a/up.sql: in a transaction: query",
            "1700000000001_b/up.sql: in a transaction: query"});
}

TEST_CASE("liquibase: the changelog orders the files, and each changeset has its transaction") {
  const std::string file =
      "--liquibase formatted sql\n\n--changeset a:1\nSELECT 1\n--rollback SELECT 0;\n\n"
      "-- changeset a:2 runInTransaction:false\nSELECT 2;\n";
  CHECK(layout_of({{"db/changelog/db.changelog-master.yaml",
                    "databaseChangeLog:\n  - include:\n      file: db/changelog/sql/b.sql\n  - include:\n      file: "
                    "sql/a.sql\n      relativeToChangelogFile: true\n"},
                   {"db/changelog/sql/a.sql", file},
                   {"db/changelog/sql/b.sql", file}}) == Lines{"liquibase",
                                                               "b.sql: statements in a transaction, statements",
                                                               "a.sql: statements in a transaction, statements"});
  CHECK(layout_of({{"changelog.xml",
                    "<databaseChangeLog>\n<!-- <include file=\"sql/b.sql\"/> -->\n"
                    "<includeAll path=\"sql\"/></databaseChangeLog>"},
                   {"sql/b.sql", file},
                   {"sql/a.sql", file}})
            .at(1) == "a.sql: statements in a transaction, statements");
  CHECK(layout_of({{"changelog.json", R"({"databaseChangeLog": [{"include": {"file": "sql/b.sql"}}]})"},
                   {"sql/b.sql", file},
                   {"sql/a.sql", file}}) == Lines{"liquibase", "b.sql: statements in a transaction, statements"});
  CHECK(cut("liquibase", "a.sql",
            "--liquibase formatted sql\n--changeset a:1 endDelimiter:GO\nSELECT 1 GO\nSELECT 2\n") ==
        Lines{"--liquibase formatted sql\n--changeset a:1 endDelimiter:", "\nSELECT 1 ", "\nSELECT 2\n"});
}

TEST_CASE("atlas: beside atlas.sum, and its directives at the top of a file") {
  const source::FakeFiles files({{"m/atlas.sum", "h1:x=\n"},
                                 {"m/2_b.sql", "-- atlas:txmode none\n\nSELECT 1;"},
                                 {"m/1_a.sql", one},
                                 {"m/3_c.sql", "-- atlas:txmode none\nSELECT 1;"}});
  const source::Sources sources = read({"m"}, files);
  REQUIRE(sources.projects.size() == 1);
  CHECK(layout(sources.projects[0]) == Lines{"atlas", "1_a.sql: in a transaction: statements", "2_b.sql: statements",
                                             "3_c.sql: in a transaction: statements"});
  CHECK(rules_of(sources) == Lines{"atlas-sum-mismatch m/atlas.sum"});
}

TEST_CASE("sqitch: the plan orders the changes, and a reworked one keeps its old script under the tag before it") {
  CHECK(layout_of({{"sqitch.conf", "[core]\n\tengine = pg\n"},
                   {"sqitch.plan",
                    "%syntax-version=1.0.0\n%project=x\n\nb 2026-01-01T00:00:00Z A <a@b> # b\n"
                    "a [b] 2026-01-02T00:00:00Z A <a@b>\n@v2 2026-01-03T00:00:00Z A <a@b>\n"
                    "@v3 2026-01-03T00:00:00Z A <a@b>\nb [b@v2] 2026-01-04T00:00:00Z A <a@b> # again\n"},
                   {"deploy/a.sql", "BEGIN; SELECT 1; COMMIT;"},
                   {"deploy/b.sql", one},
                   {"deploy/b@v2.sql", one},
                   {"revert/a.sql", one}})
            .size() == 4);
  const source::FakeFiles files(
      {{"db/sqitch.plan", "%project=x\n\nb 2026 A <a@b>\n@v2 2026 A <a@b>\nb [b@v2] 2026 A <a@b>\nc 2026 A <a@b>\n"},
       {"db/deploy/b.sql", one},
       {"db/deploy/b@v2.sql", one}});
  const source::Sources sources = read({"db"}, files);
  REQUIRE(sources.projects.size() == 1);
  CHECK(layout(sources.projects[0]) == Lines{"sqitch", "deploy/b@v2.sql: statements", "deploy/b.sql: statements"});
  CHECK(sources.projects[0].psql);
  CHECK(rules_of(sources) == Lines{"journal-entry-without-file db/sqitch.plan"});
}

TEST_CASE("node-pg-migrate: one transaction over all, the part behind Up Migration as one query") {
  CHECK(layout_of({{"package.json", R"({"devDependencies": {"node-pg-migrate": "^8.0.0"}})"},
                   {"migrations/1700000000001_b.sql", "SELECT 1;"},
                   {"migrations/1700000000000_a.sql", "-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;"},
                   {"migrations/1700000000002_c.js", ""}}) ==
        Lines{"node-pg-migrate, one transaction over all", "1700000000000_a.sql: query", "1700000000001_b.sql: query"});
  CHECK(cut("node-pg-migrate", "1_a.sql", "-- why\n  ---- up   migration\nSELECT 1;\n--Down Migration\nSELECT 2;\n") ==
        Lines{"-- why\n  ---- up   migration\nSELECT 1;\n"});
}

TEST_CASE("refinery: by its Cargo.toml, where Flyway's names stand too") {
  CHECK(layout_of({{"Cargo.toml", "[dependencies]\nrefinery = \"0.8\"\n"},
                   {"migrations/V10__b.sql", one},
                   {"migrations/V2__a.sql", one}}) ==
        Lines{"refinery", "V2__a.sql: in a transaction: query", "V10__b.sql: in a transaction: query"});
}

TEST_CASE("tern: what stands above the mark, and a gap in the numbers") {
  const std::string marked = "SELECT 1;\n---- create above / drop below ----\nSELECT 2;\n";
  CHECK(layout_of({{"m/tern.conf", "[database]\n"},
                   {"m/001_a.sql", marked},
                   {"m/002_b.sql", "---- tern: disable-tx ----\n" + marked}}) ==
        Lines{"tern", "001_a.sql: in a transaction: query", "002_b.sql: statements"});
  CHECK(cut("tern", "001_a.sql", marked) == Lines{"SELECT 1;\n"});
  const source::FakeFiles gap({{"m/tern.conf", ""}, {"m/001_a.sql", marked}, {"m/003_b.sql", marked}});
  CHECK(rules_of(read({"m"}, gap)) == Lines{"version-out-of-order m/003_b.sql"});
}

TEST_CASE("pgmigrate: one transaction over all but those whose names say otherwise") {
  const source::FakeFiles files({{"migrations.yml", "callbacks: {}\n"},
                                 {"migrations/V0002__NONTRANSACTIONAL_b.sql", one},
                                 {"migrations/V0001__a.sql", one}});
  const source::Sources sources = read({"."}, files);
  REQUIRE(sources.projects.size() == 1);
  const source::Project& project = sources.projects[0];
  CHECK(layout(project) == Lines{"pgmigrate, one transaction over all", "V0001__a.sql: statements",
                                 "V0002__NONTRANSACTIONAL_b.sql: statements"});
  CHECK(!project.migrations[0].alone);
  CHECK(project.migrations[1].alone);
}

TEST_CASE("graphile-migrate: what is committed, then current.sql") {
  CHECK(layout_of({{"migrations/committed/000001-a.sql", "--! Previous: -\n--! Hash: sha1:x\n\nSELECT 1;"},
                   {"migrations/committed/000002.sql", "--! Previous: sha1:x\n--! no-transaction\n\nSELECT 1;"},
                   {"migrations/current.sql", "SELECT :FOO;"}}) ==
        Lines{"graphile-migrate", "committed/000001-a.sql: in a transaction: query", "committed/000002.sql: query",
              "current.sql: in a transaction: query"});
}

TEST_CASE("postgres-migrations: by its package.json") {
  CHECK(layout_of({{"package.json", R"({"dependencies": {"postgres-migrations": "5"}})"},
                   {"migrations/10-b.sql", "-- postgres-migrations disable-transaction\nSELECT 1;"},
                   {"migrations/2-a.sql", one}}) ==
        Lines{"postgres-migrations", "2-a.sql: in a transaction: query", "10-b.sql: query"});
}

TEST_CASE("pop: the file for postgres counts, and popx commits by itself where the name says so") {
  CHECK(
      layout_of({{"m/20260101_a.up.sql", "bad"},
                 {"m/20260101_a.postgres.up.sql", "ALTER TABLE {{ index .Options \"Namespace\" }}.t ADD COLUMN c int;"},
                 {"m/20260101_a.mysql.up.sql", "bad"},
                 {"m/20260102_b.autocommit.up.sql", one},
                 {"m/20260102_b.down.sql", one}}) ==
      Lines{"pop", "20260101_a.postgres.up.sql: in a transaction: query", "20260102_b.autocommit.up.sql: query"});
}

TEST_CASE("rails: the SQL that execute is given, in the transaction of its migration") {
  const std::string migration =
      "class A < ActiveRecord::Migration[7.1]\n  disable_ddl_transaction!\n  def up\n    execute <<~SQL\n"
      "      CREATE INDEX CONCURRENTLY i ON t (#{column});\n    SQL\n    execute \"SELECT 1\"\n  end\n"
      "  def down\n    execute <<~SQL\n      DROP INDEX i;\n    SQL\n  end\nend\n";
  CHECK(layout_of(
            {{"db/structure.sql", one},
             {"db/migrate/20260101000000_a.rb", migration},
             {"db/migrate/20260102000000_b.rb", "def change\n  execute <<~SQL.squish\n    SELECT 1\n  SQL\nend\n"}}) ==
        Lines{"rails", "20260101000000_a.rb: query, query", "20260102000000_b.rb: in a transaction: query"});
  CHECK(cut("rails", "20260101000000_a.rb", migration) ==
        Lines{"      CREATE INDEX CONCURRENTLY i ON t (#{column});\n", "SELECT 1"});
}

TEST_CASE("standard input is known by its marks") {
  const auto runner_of = [](const std::string& text) {
    source::SourceOptions options;
    options.paths = {"-"};
    options.stdin_text = text;
    return read(options, source::FakeFiles()).projects.at(0).runner;
  };
  CHECK(runner_of("BEGIN;\n--\n-- Create model Order\n--\nCREATE TABLE a (id int);\nCOMMIT;\n") == "django");
  CHECK(runner_of("--\n-- PostgreSQL database dump\n--\n\nSET x = 1;\n") == "plain");
  CHECK(runner_of("BEGIN;\n\n-- Running upgrade  -> 1a2b\n\nCREATE TABLE a (id int);\n\nCOMMIT;\n") == "alembic");
  CHECK(runner_of("-- +goose Up\nSELECT 1;\n") == "goose");
  CHECK(runner_of("-- migrate:up\nSELECT 1;\n-- migrate:down\n") == "dbmate");
  CHECK(runner_of("--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n") == "liquibase");
  CHECK(runner_of("SELECT 1;") == "plain");
}

TEST_CASE("several projects in one repository are each read by their own runner") {
  const Lines lines = layout_of(
      {{"api/drizzle.config.ts", "export default { out: './drizzle' }"},
       {"api/drizzle/meta/_journal.json", R"({"dialect":"postgresql","entries":[{"tag":"0000_a","when":1}]})"},
       {"api/drizzle/0000_a.sql", one},
       {"billing/migrations/1_a.up.sql", one},
       {"worker/prisma/migrations/migration_lock.toml", lock},
       {"worker/prisma/migrations/1_a/migration.sql", one}});
  CHECK(lines == Lines{"drizzle, one transaction over all", "0000_a.sql: query", "golang-migrate", "1_a.up.sql: query",
                       "prisma", "1_a/migration.sql: query"});
}

TEST_CASE("what speaks louder wins, and two that speak equally loud are a question") {
  // The names are golang-migrate's too; the tools' own files decide.
  const Texts texts = {{"m/1_a.up.sql", one}, {"m/1_a.down.sql", one}};
  Texts with = texts;
  with["Cargo.toml"] = "sqlx = \"0.8\"\n";
  CHECK(layout_of(with).front() == "sqlx");
  with = texts;
  with["package.json"] = R"({"dependencies": {"postgres-migrations": "5"}})";
  with["Cargo.toml"] = "sqlx = \"0.8\"\n";
  const source::FakeFiles files(with);
  const source::Sources sources = read({"."}, files);
  CHECK(any_has(test::failures(sources), "choose one with --runner"));
  source::SourceOptions options;
  options.paths = {"m"};
  options.runner = "sqlx";
  const source::Sources told = read(options, files);
  CHECK(told.failures.empty());
  CHECK(told.projects.at(0).runner == "sqlx");
}

TEST_CASE("a runner that is named reads a folder in which nothing speaks for it") {
  const source::FakeFiles files({{"m/1_a.sql", one}, {"m/2_b.sql", one}});
  source::SourceOptions options;
  options.paths = {"m/2_b.sql"};
  options.runner = "sqlx";
  const source::Sources sources = read(options, files);
  REQUIRE(sources.projects.size() == 1);
  CHECK(sources.projects[0].runner == "sqlx");
  CHECK(test::order(sources.projects[0]) == Lines{"(m/1_a.sql)", "m/2_b.sql"});
}

TEST_CASE("two migrations of one version are a finding on the later one") {
  const source::FakeFiles files({{"m/1_a.up.sql", one}, {"m/001_b.up.sql", one}, {"m/2_c.up.sql", one}});
  CHECK(rules_of(read({"m"}, files)) == Lines{"duplicate-version m/1_a.up.sql"});
  CHECK(rules_of(read({"m/2_c.up.sql"}, files)) == Lines{});
}

TEST_CASE("placeholders become names of the same length, wherever they stand") {
  const auto rendered = [](const std::string& runner, const std::string& file, const std::string& text) {
    const Texts texts = {{"m/" + file, text}};
    const source::FakeFiles files(texts);
    source::SourceOptions options;
    options.paths = {"m"};
    options.runner = runner;
    const source::Sources sources = read(options, files);
    const source::Migration& migration = sources.projects.at(0).migrations.at(0);
    CHECK(migration.sql().size() == text.size());
    return std::string(migration.sql());
  };
  CHECK(rendered("flyway", "V1__a.sql", "SELECT ${A.b} FROM t_${c};") == "SELECT z_a_b_ FROM t_z_c_;");
  CHECK(rendered("flyway", "V1__a.sql", "SELECT '${'; $$ ${ $$") == "SELECT '${'; $$ ${ $$");
  CHECK(rendered("tern", "1_a.sql", "{{ if .x }}SELECT {{.y}};{{ end }}") == "           SELECT z__y__;         ");
  CHECK(rendered("plain", "a.sql", "SELECT '{{1,2},{3,4}}'::int[];") == "SELECT '{{1,2},{3,4}}'::int[];");
  CHECK(rendered("goose", "1_a.sql", "-- +goose Up\nSELECT ${x};\n") == "-- +goose Up\nSELECT ${x};\n");
  CHECK(rendered("goose", "1_a.sql", "-- +goose Up\n-- +goose ENVSUB ON\nSELECT ${x};\n") ==
        "-- +goose Up\n-- +goose ENVSUB ON\nSELECT z_x_;\n");
}

// --- ways back -------------------------------------------------------------------------------------------------------

namespace {

std::vector<std::string> without_down(const std::map<std::string, std::string>& texts, const std::string& runner) {
  const source::FakeFiles files(texts);
  source::SourceOptions options;
  options.paths = {"m"};
  options.runner = runner;
  const auto sources = source::read_sources(options, files);
  REQUIRE(sources);
  std::vector<std::string> out;
  for (const source::Project& project : sources->projects)
    for (const source::Problem& problem : project.problems)
      if (problem.rule == "missing-down") out.push_back(problem.path);
  return out;
}

}  // namespace

TEST_CASE("a migration without a way back is told where the others have one, and the tool goes wrong without it") {
  using Paths = std::vector<std::string>;
  const std::map<std::string, std::string> pairs = {{"m/1_a.up.sql", "SELECT 1;"},
                                                    {"m/1_a.down.sql", "SELECT 1;"},
                                                    {"m/2_b.up.sql", "SELECT 1;"},
                                                    {"m/2_b.down.sql", "SELECT 1;"},
                                                    {"m/3_c.up.sql", "SELECT 1;"}};
  CHECK(without_down(pairs, "golang-migrate") == Paths{"m/3_c.up.sql"});
  CHECK(without_down(pairs, "sqlx") == Paths{"m/3_c.up.sql"});
  CHECK(without_down(pairs, "pop") == Paths{});
  CHECK(without_down({{"m/1_a.up.sql", ""}, {"m/2_b.up.sql", ""}, {"m/2_b.down.sql", ""}}, "golang-migrate") ==
        Paths{});
  const std::string up = "-- +migrate Up\nSELECT 1;\n";
  const std::string both = up + "-- +migrate Down\nSELECT 1;\n";
  CHECK(without_down({{"m/1.sql", both}, {"m/2.sql", up}, {"m/3.sql", both}}, "sql-migrate") == Paths{"m/2.sql"});
  CHECK(without_down({{"m/1.sql", up}, {"m/2.sql", up}, {"m/3.sql", both}}, "sql-migrate") == Paths{});
  CHECK(without_down({{"m/2020-01-01-000000_a/up.sql", ""},
                      {"m/2020-01-01-000000_a/down.sql", ""},
                      {"m/2020-01-02-000000_b/up.sql", ""},
                      {"m/2020-01-02-000000_b/down.sql", ""},
                      {"m/2020-01-03-000000_c/up.sql", ""}},
                     "diesel") == Paths{"m/2020-01-03-000000_c/up.sql"});
}
