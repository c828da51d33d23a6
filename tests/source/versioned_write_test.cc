// What the writing halves of the folder tools make of a request: the marks of each tool, the names and numbers of new
// files, what takes a migration back, and the same bytes for the same request.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "source/overlay.h"
#include "source/read.h"
#include "source/write.h"
#include "support/golden.h"

using namespace pglint;
using source::NewMigration;
using source::Place;
using source::WayOut;
using source::WriteRequest;
using source::Written;
using test::Lines;

namespace {

using Texts = std::map<std::string, std::string>;

constexpr std::int64_t now = 1795400000000;  // 2026-11-23T02:13:20Z

struct Layout {
  std::string_view runner;
  std::string root;
  Texts files;
};

std::string two_parts(std::string_view up, std::string_view down, std::string_view sql = "SELECT 2;") {
  return fmt::format("{}\n{}\n\n{}\nSELECT 'back';\n", up, sql, down);
}

std::vector<Layout> layouts() {
  const std::string one = "SELECT 1;\n";
  const std::string two = "SELECT 2;\n";
  return {
      {"plain", "sql", {{"sql/001_a.sql", one}, {"sql/002_b.sql", two}}},
      {"prisma",
       "prisma/migrations",
       {{"prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n"},
        {"prisma/migrations/20260101000000_a/migration.sql", one},
        {"prisma/migrations/20260102000000_b/migration.sql", two}}},
      {"flyway", "db/migration", {{"db/migration/V1_1__a.sql", one}, {"db/migration/V1_9__b.sql", two}}},
      {"supabase",
       "supabase/migrations",
       {{"supabase/config.toml", "project_id = \"x\"\n"},
        {"supabase/migrations/20260101000000_a.sql", one},
        {"supabase/migrations/20260102000000_b.sql", two}}},
      {"golang-migrate",
       "m",
       {{"m/000001_a.up.sql", one},
        {"m/000001_a.down.sql", "SELECT 'back';\n"},
        {"m/000002_b.up.sql", two},
        {"m/000002_b.down.sql", "SELECT 'back';\n"}}},
      {"goose",
       "m",
       {{"m/00001_a.sql", two_parts("-- +goose Up", "-- +goose Down")},
        {"m/00002_b.sql", two_parts("-- +goose Up", "-- +goose Down")}}},
      {"liquibase",
       "m",
       {{"m/1-a.sql", "--liquibase formatted sql\n--changeset kim:a\n" + one},
        {"m/2-b.sql", "--liquibase formatted sql\n--changeset kim:b\n" + two + "--rollback SELECT 'back';\n"}}},
      {"sqlx",
       "m",
       {{"Cargo.toml", "sqlx = \"0.8\"\n"},
        {"m/20260101000000_a.up.sql", one},
        {"m/20260101000000_a.down.sql", "SELECT 'back';\n"},
        {"m/20260102000000_b.up.sql", two},
        {"m/20260102000000_b.down.sql", "SELECT 'back';\n"}}},
      {"diesel",
       "m",
       {{"diesel.toml", ""},
        {"m/2026-01-01-000000_a/up.sql", one},
        {"m/2026-01-01-000000_a/down.sql", "SELECT 'back';\n"},
        {"m/2026-01-02-000000_b/up.sql", two},
        {"m/2026-01-02-000000_b/down.sql", "SELECT 'back';\n"}}},
      {"dbmate",
       "m",
       {{"m/20260101000000_a.sql", two_parts("-- migrate:up", "-- migrate:down")},
        {"m/20260102000000_b.sql", "-- Of June.\n" + two_parts("-- migrate:up", "-- migrate:down")}}},
      {"atlas", "m", {{"m/20260101000000_a.sql", one}, {"m/20260102000000_b.sql", two}, {"m/atlas.sum", "h1:\n"}}},
      {"sqitch",
       "s",
       {{"s/sqitch.conf", "[core]\n\tengine = pg\n"},
        {"s/sqitch.plan",
         "%syntax-version=1.0.0\n%project=shop\n\na 2026-01-01T00:00:00Z Ann Example <ann@example.org> # x\n"
         "b [a] 2026-01-02T00:00:00Z Bo <bo@example.org> # y\n@v1 2026-01-03T00:00:00Z Cy <cy@example.org> # z\n"},
        {"s/deploy/a.sql", one},
        {"s/deploy/b.sql", "-- Deploy shop:b to pg\n-- requires: a\n\nBEGIN;\n" + two + "COMMIT;\n"},
        {"s/revert/b.sql", "SELECT 'back';\n"}}},
      {"sql-migrate",
       "m",
       {{"m/20260101000000-a.sql", two_parts("-- +migrate Up", "-- +migrate Down")},
        {"m/20260102000000-b.sql", two_parts("-- +migrate Up", "-- +migrate Down")}}},
      {"node-pg-migrate",
       "m",
       {{"package.json", R"({"dependencies": {"node-pg-migrate": "8.0.4"}})"},
        {"m/1767225600000_a.sql", two_parts("-- Up Migration", "-- Down Migration")},
        {"m/1767312000000_b.sql", two_parts("-- Up Migration", "-- Down Migration")}}},
      {"hasura",
       "migrations/default",
       {{"config.yaml", "version: 3\nmetadata_directory: metadata\n"},
        {"migrations/default/1767225600000_a/up.sql", one},
        {"migrations/default/1767312000000_b/up.sql", two},
        {"migrations/default/1767312000000_b/down.sql", "SELECT 'back';\n"}}},
      {"refinery", "m", {{"Cargo.toml", "refinery = \"0.8\"\n"}, {"m/V1__a.sql", one}, {"m/V2__b.sql", two}}},
      {"tern",
       "m",
       {{"m/tern.conf", ""},
        {"m/001_a.sql", two_parts("", "---- create above / drop below ----")},
        {"m/002_b.sql", two_parts("", "---- create above / drop below ----")}}},
      {"pgmigrate",
       "migrations",
       {{"migrations.yml", "conn: x\n"}, {"migrations/V1__a.sql", one}, {"migrations/V2__b.sql", two}}},
      {"postgres-migrations",
       "m",
       {{"package.json", R"({"dependencies": {"postgres-migrations": "5.3.0"}})"},
        {"m/1-a.sql", one},
        {"m/2-b.sql", two}}},
  };
}

source::Project project(const Layout& layout, const source::Files& files) {
  source::SourceOptions options;
  options.paths = {layout.root};
  options.runner = layout.runner;
  auto sources = test::read(options, files);
  REQUIRE(sources.projects.size() == 1);
  REQUIRE(sources.projects[0].runner == layout.runner);
  return std::move(sources.projects[0]);
}

Result<Written> try_write(const Layout& layout, const WriteRequest& request) {
  const source::FakeFiles files(layout.files);
  const source::Writer* const writer = source::find_writer(layout.runner);
  REQUIRE(writer != nullptr);
  return writer->write(project(layout, files), files, request);
}

Written write(const Layout& layout, const WriteRequest& request) {
  auto written = try_write(layout, request);
  if (!written) FAIL(one_line(written.error()));
  return std::move(*written);
}

source::Text text(std::string sql, Place place = Place::runner_transaction, std::string comment = {}) {
  return {.place = place, .sql = std::move(sql), .comment = std::move(comment), .group = 0};
}

WriteRequest request(std::vector<NewMigration> migrations) {
  WriteRequest out;
  out.migrations = std::move(migrations);
  out.now_ms = now;
  return out;
}

NewMigration added(std::string name, std::vector<source::Text> texts) {
  NewMigration out;
  out.name = std::move(name);
  out.comment = "Added.";
  out.texts = std::move(texts);
  return out;
}

// The second migration anew, one behind it that is outside of transactions where there is a way out, and one more.
WriteRequest usual(WayOut way) {
  NewMigration again = added("b_expand", {text("DO $$ BEGIN PERFORM 1; END $$", Place::runner_transaction, "A block"),
                                          text("SELECT 'two' -- of them")});
  again.replaces = 1;
  again.down = {text("SELECT 'down'")};
  again.down_comment = "At once.";
  NewMigration outside = added("b_validate", {text("CREATE INDEX CONCURRENTLY i ON t (a)", Place::outside, "Long")});
  outside.down = {text("DROP INDEX CONCURRENTLY i", Place::outside)};
  if (way == WayOut::file) outside.texts.push_back(text("VACUUM t", Place::outside));
  if (way == WayOut::none) outside = added("b_validate", {text("SELECT 'asked'")});
  NewMigration empty = added("b_contract", {});
  empty.down_comment = "Nothing has to be taken back.";
  return request({again, outside, empty});
}

std::string shown(const Written& written) {
  std::string out;
  for (const source::FileChange& change : written.changes)
    out += fmt::format("==== {} {}\n{}", change.create ? "create" : "modify", change.path, change.text);
  for (const std::string& notice : written.notices) out += fmt::format("==== note: {}\n", notice);
  return out;
}

Layout after(Layout layout, const Written& written) {
  for (const source::FileChange& change : written.changes) layout.files[change.path] = change.text;
  return layout;
}

Lines paths(const Written& written) {
  Lines out;
  for (const source::FileChange& change : written.changes) out.push_back(change.path);
  return out;
}

// The name of a new migration behind these.
std::string next_name(std::string_view runner, const Lines& names) {
  Layout layout{runner, "m", {}};
  for (const std::string& name : names) layout.files["m/" + name] = "SELECT 1;\n";
  auto written = try_write(layout, request({added("new", {text("SELECT 2")})}));
  return written ? written->paths[0].substr(2) : one_line(written.error());
}

}  // namespace

TEST_CASE("each tool's own marks, names and files beside") {
  for (const Layout& layout : layouts()) {
    CAPTURE(layout.runner);
    const source::FakeFiles files(layout.files);
    const WayOut way = source::way_out(*source::find_writer(layout.runner), project(layout, files));
    test::check_golden(fmt::format("written/{}.txt", layout.runner), shown(write(layout, usual(way))));
  }
}

TEST_CASE("the same request again changes nothing") {
  for (const Layout& layout : layouts()) {
    CAPTURE(layout.runner);
    const source::FakeFiles files(layout.files);
    const WayOut way = source::way_out(*source::find_writer(layout.runner), project(layout, files));
    const Written first = write(layout, usual(way));
    WriteRequest again = usual(way);
    again.now_ms += 60'000;
    const Written second = write(after(layout, first), again);
    CHECK(paths(second) == Lines{});
    CHECK(second.paths == first.paths);
  }
}

TEST_CASE("what is written is read back behind all others, in its order") {
  for (const Layout& layout : layouts()) {
    CAPTURE(layout.runner);
    const source::FakeFiles files(layout.files);
    const WayOut way = source::way_out(*source::find_writer(layout.runner), project(layout, files));
    const Written written = write(layout, usual(way));
    const Layout then = after(layout, written);
    const source::FakeFiles now_files(then.files);
    const source::Project read = project(then, now_files);
    REQUIRE(read.migrations.size() == 4);
    REQUIRE(written.paths.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(read.migrations[i + 1].path == written.paths[i]);
    for (const source::Problem& problem : read.problems) FAIL_CHECK(problem.rule << ": " << problem.message);
  }
}

TEST_CASE("what takes a migration back stays where the migration does what it did") {
  for (const Layout& layout : layouts()) {
    CAPTURE(layout.runner);
    NewMigration again = added("b_expand", {text("SELECT 3")});
    again.replaces = 1;
    again.keeps_down = true;
    again.down_comment = "Nothing has to be taken back.";
    const Layout then = after(layout, write(layout, request({again})));
    std::string before;
    std::string behind;
    for (const auto& [path, sql] : layout.files) before += sql;
    for (const auto& [path, sql] : then.files) behind += sql;
    const auto count = [](std::string_view all) {
      int n = 0;
      for (std::size_t at = all.find("'back'"); at != std::string_view::npos; at = all.find("'back'", at + 1)) ++n;
      return n;
    };
    // Liquibase's stands with the changeset, which is written anew.
    CHECK(count(behind) == (layout.runner == "liquibase" ? 0 : count(before)));
  }
}

TEST_CASE("numbers go on as they are: counts with their zeros, times in their form, never below one that is there") {
  CHECK(next_name("plain", {"001_a.sql", "002_b.sql"}) == "003_new.sql");
  CHECK(next_name("plain", {"9_a.sql"}) == "10_new.sql");
  CHECK(next_name("plain", {"099-a.sql"}) == "100-new.sql");
  CHECK(next_name("plain", {"V1__a.sql", "V2__b.sql"}) == "V3__new.sql");
  CHECK(next_name("plain", {"1.sql", "2.sql"}) == "3_new.sql");
  CHECK(next_name("plain", {"99999999999999999999999_a.sql"}) == "100000000000000000000000_new.sql");
  CHECK(next_name("golang-migrate", {"000001_a.up.sql", "000002_gone.down.sql"}) == "000003_new.up.sql");
  CHECK(next_name("golang-migrate", {"1500000000_a.up.sql"}) == "1795400000_new.up.sql");
  CHECK(next_name("golang-migrate", {"1900000000_a.up.sql"}) == "1900000001_new.up.sql");
  CHECK(next_name("goose", {"20260101000000_a.sql"}) == "20261123021320_new.sql");
  CHECK(next_name("goose", {"20271231235959_a.sql"}) == "20280101000000_new.sql");
  CHECK(next_name("goose", {"20269999999999_a.sql"}) == "20270000000000_new.sql");
  CHECK(next_name("goose", {"202601010000_a.sql"}) == "202611230213_new.sql");
  CHECK(next_name("goose", {"20270101_a.sql"}) == "20270102_new.sql");
  CHECK(next_name("node-pg-migrate", {"1767225600000_a.sql"}) == "1795400000000_new.sql");
  CHECK(next_name("node-pg-migrate", {"20260101000000000_a.sql"}) == "20261123021320000_new.sql");
  CHECK(next_name("node-pg-migrate", {"1767225600000_a.sql", "1895400000000_in-code.js"}) == "1895400000001_new.sql");
  CHECK(next_name("flyway", {"V1.9__a.sql"}) == "V1.10__new.sql");
  CHECK(next_name("flyway", {"V2026_01_007__a.sql", "R__view.sql"}) == "V2026_01_008__new.sql");
  CHECK(next_name("diesel", {"2026-01-01-000000_a/up.sql"}) == "2026-11-23-021320_new/up.sql");
  CHECK(next_name("diesel", {"00000000000000_diesel_initial_setup/up.sql"}) == "00000000000001_new/up.sql");
}

TEST_CASE("names that cannot go on are said, with what to do") {
  const std::string text_order = next_name("dbmate", {"8_a.sql", "9_b.sql"});
  CHECK(text_order.find("10_new would stand before 9_b: dbmate compares the names as texts") != std::string::npos);
  CHECK(text_order.find("zeros in front") != std::string::npos);
  const std::string unnumbered = next_name("plain", {"first.sql"});
  CHECK(unnumbered.find("m/first.sql has no number in its name") != std::string::npos);
  CHECK(unnumbered.find("number the migrations, as in") != std::string::npos);
}

TEST_CASE("what a tool would take for its own is refused") {
  const auto refusal = [](std::string_view runner, std::string sql) {
    for (const Layout& layout : layouts()) {
      if (layout.runner != runner) continue;
      const auto written = try_write(layout, request({added("new", {text(std::move(sql))})}));
      return written ? std::string() : one_line(written.error());
    }
    return std::string("no such runner");
  };
  struct Own {
    std::string_view runner;
    std::string_view sql;
  };
  for (const Own& one : {Own{"dbmate", "SELECT '\n-- migrate:down\n'"}, Own{"goose", "SELECT '\n-- +goose Down\n'"},
                         Own{"sql-migrate", "SELECT '\n-- +migrate Down\n'"}, Own{"liquibase", "SELECT '${name}'"},
                         Own{"tern", "SELECT '{{ .name }}'"}, Own{"node-pg-migrate", "SELECT '\n-- Down Migration\n'"}})
    CHECK_MESSAGE(refusal(one.runner, std::string(one.sql)).find("would take it for its own") != std::string::npos,
                  one.runner);
}

TEST_CASE("a liquibase file of several changesets is left alone: some may have run") {
  Layout layout{"liquibase",
                "m",
                {{"m/1-a.sql",
                  "--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--changeset "
                  "a:2\nSELECT 2;\n"}}};
  NewMigration again = added("a", {text("SELECT 3")});
  again.replaces = 0;
  const auto written = try_write(layout, request({again}));
  REQUIRE(!written);
  CHECK(one_line(written.error()).find("holds 2 changesets") != std::string::npos);
}

TEST_CASE("graphile-migrate has one migration that is not committed, and it alone is written") {
  const Layout layout{"graphile-migrate",
                      "migrations",
                      {{"migrations/committed/000001.sql", "--! Previous: -\n--! Hash: sha1:x\n\nSELECT 1;\n"},
                       {"migrations/current.sql", "CREATE INDEX i ON t (a);\n"}}};
  NewMigration again = added("current", {text("CREATE INDEX CONCURRENTLY i ON t (a)", Place::outside)});
  again.replaces = 1;
  const Written written = write(layout, request({again}));
  REQUIRE(paths(written) == Lines{"migrations/current.sql"});
  CHECK(written.changes[0].text == "--! no-transaction\n-- Added.\n\nCREATE INDEX CONCURRENTLY i ON t (a);\n");
  const auto two = try_write(layout, request({again, added("more", {text("SELECT 1")})}));
  REQUIRE(!two);
  CHECK(one_line(two.error()).find("takes 2 migrations") != std::string::npos);
  const auto behind = try_write(layout, request({added("more", {text("SELECT 1")})}));
  REQUIRE(!behind);
  CHECK(one_line(behind.error()).find("graphile-migrate commit") != std::string::npos);
}
