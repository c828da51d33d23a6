// What fix writes for every runner that it writes for: read back by the runner's own profile, all statements are there,
// in their order, inside and outside of transactions as they have to be; check finds nothing in them, the next run
// changes nothing, and a run that was cut short anywhere is finished by the next one.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "emit/emit.h"
#include "fix/fix.h"
#include "fix/plans.h"
#include "lint/replay.h"
#include "plan/planned.h"
#include "rules/registry.h"
#include "source/runner.h"
#include "source/write.h"

using namespace pglint;
using test::Lines;

namespace {

using Texts = std::map<std::string, std::string>;

constexpr std::string_view given =
    "CREATE TABLE p (id int PRIMARY KEY);\n"
    "CREATE TABLE t (id bigint PRIMARY KEY, a text, b int, p_id int);\n";

// One for each kind of plan.
struct Change {
  std::string_view name;
  std::string_view sql;
};
constexpr std::array<Change, 10> kinds = {{
    {"index", "CREATE INDEX i ON t (a);"},
    {"unique", "ALTER TABLE t ADD CONSTRAINT u UNIQUE (b);"},
    {"foreign key", "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p (id);"},
    {"check", "ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0);"},
    {"not null", "ALTER TABLE t ALTER COLUMN b SET NOT NULL;"},
    {"rename", "ALTER TABLE t RENAME COLUMN a TO z;"},
    {"backfill", "UPDATE t SET b = 1 WHERE b IS NULL;"},
    {"delete", "DELETE FROM t WHERE b IS NULL;"},
    {"drop", "ALTER TABLE t DROP COLUMN b;"},
    {"all",
     "UPDATE t SET b = 1 WHERE b IS NULL;\nALTER TABLE t ALTER b SET NOT NULL;\nCREATE INDEX i ON t (a);\n"
     "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (p_id) REFERENCES p;\nALTER TABLE p ADD COLUMN note text;"},
}};

// A project with the history `given` and a migration that is not released.
struct Layout {
  std::string_view runner;
  std::string root;    // what is named on the command line
  std::string change;  // the path of the migration that is not released
  Texts files;
};

std::string annotated(std::string_view up, std::string_view sql, std::string_view down, std::string_view back) {
  return fmt::format("{}\n{}\n{}\n{}\n", up, sql, down, back);
}

std::vector<Layout> layouts(std::string_view sql) {
  const std::string first(given);
  const std::string then(sql);
  const std::string back = "DROP TABLE t, p;";
  std::vector<Layout> out;
  const auto add = [&](std::string_view runner, std::string root, std::string change, Texts files) {
    out.push_back({runner, std::move(root), std::move(change), std::move(files)});
  };
  add("plain", "sql", "sql/002_change.sql", {{"sql/001_given.sql", first}, {"sql/002_change.sql", then}});
  add("dbmate", "db/migrations", "db/migrations/20260102000000_change.sql",
      {{"db/migrations/20260101000000_given.sql", annotated("-- migrate:up", first, "-- migrate:down", back)},
       {"db/migrations/20260102000000_change.sql", annotated("-- migrate:up", then, "-- migrate:down", "")}});
  add("golang-migrate", "migrations", "migrations/000002_change.up.sql",
      {{"migrations/000001_given.up.sql", first},
       {"migrations/000001_given.down.sql", back},
       {"migrations/000002_change.up.sql", then},
       {"migrations/000002_change.down.sql", ""}});
  add("goose", "migrations", "migrations/00002_change.sql",
      {{"migrations/00001_given.sql", annotated("-- +goose Up", first, "-- +goose Down", back)},
       {"migrations/00002_change.sql", annotated("-- +goose Up", then, "-- +goose Down", "")}});
  for (const std::string_view version : {"6.19.0", "7.4.1"})
    add("prisma", "prisma/migrations", "prisma/migrations/20260102000000_change/migration.sql",
        {{"prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n"},
         {"package.json", fmt::format(R"({{"devDependencies": {{"prisma": "{}"}}}})", version)},
         {"prisma/migrations/20260101000000_given/migration.sql", first},
         {"prisma/migrations/20260102000000_change/migration.sql", then}});
  add("flyway", "db/migration", "db/migration/V2__change.sql",
      {{"db/migration/V1__given.sql", first}, {"db/migration/V2__change.sql", then}});
  add("sqlx", "migrations", "migrations/20260102000000_change.up.sql",
      {{"Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n"},
       {"migrations/20260101000000_given.up.sql", first},
       {"migrations/20260101000000_given.down.sql", back},
       {"migrations/20260102000000_change.up.sql", then},
       {"migrations/20260102000000_change.down.sql", ""}});
  add("diesel", "migrations", "migrations/2026-01-02-000000_change/up.sql",
      {{"diesel.toml", ""},
       {"migrations/2026-01-01-000000_given/up.sql", first},
       {"migrations/2026-01-01-000000_given/down.sql", back},
       {"migrations/2026-01-02-000000_change/up.sql", then},
       {"migrations/2026-01-02-000000_change/down.sql", "-- nothing\n"}});
  add("supabase", "supabase/migrations", "supabase/migrations/20260102000000_change.sql",
      {{"supabase/config.toml", "project_id = \"x\"\n"},
       {"supabase/migrations/20260101000000_given.sql", first},
       {"supabase/migrations/20260102000000_change.sql", then}});
  add("atlas", "migrations", "migrations/20260102000000_change.sql",
      {{"migrations/20260101000000_given.sql", first},
       {"migrations/20260102000000_change.sql", then},
       {"migrations/atlas.sum", "h1:\n"}});
  add("sql-migrate", "migrations", "migrations/2-change.sql",
      {{"migrations/1-given.sql", annotated("-- +migrate Up", first, "-- +migrate Down", back)},
       {"migrations/2-change.sql", annotated("-- +migrate Up", then, "-- +migrate Down", "")}});
  add("refinery", "migrations", "migrations/V2__change.sql",
      {{"Cargo.toml", "[dependencies]\nrefinery = \"0.8\"\n"},
       {"migrations/V1__given.sql", first},
       {"migrations/V2__change.sql", then}});
  add("tern", "migrations", "migrations/002_change.sql",
      {{"migrations/tern.conf", "[database]\n"},
       {"migrations/001_given.sql", annotated("", first, "---- create above / drop below ----", back)},
       {"migrations/002_change.sql", annotated("", then, "---- create above / drop below ----", "")}});
  add("hasura", "migrations/default", "migrations/default/1767312000000_change/up.sql",
      {{"config.yaml", "version: 3\nendpoint: http://localhost\nmetadata_directory: metadata\n"},
       {"migrations/default/1767225600000_given/up.sql", first},
       {"migrations/default/1767225600000_given/down.sql", back},
       {"migrations/default/1767312000000_change/up.sql", then},
       {"migrations/default/1767312000000_change/down.sql", ""}});
  const auto changeset = [](std::string_view name, std::string_view sql_of_it) {
    return fmt::format("--liquibase formatted sql\n\n--changeset kim:{}\n{}\n", name, sql_of_it);
  };
  add("liquibase", "db/changes", "db/changes/002-change.sql",
      {{"db/changes/001-given.sql", changeset("given", first)},
       {"db/changes/002-change.sql", changeset("change", then)}});
  add("liquibase", "db/changes", "db/changes/002-change.sql",
      {{"db/changelog.yaml",
        "databaseChangeLog:\n  - include:\n      file: changes/001-given.sql\n      relativeToChangelogFile: true\n"
        "  - include:\n      file: changes/002-change.sql\n      relativeToChangelogFile: true\n"},
       {"db/changes/001-given.sql", changeset("given", first)},
       {"db/changes/002-change.sql", changeset("change", then)}});
  add("liquibase", "db/changes", "db/changes/002-change.sql",
      {{"db/changelog.xml",
        "<databaseChangeLog>\n  <include file=\"changes/001-given.sql\" relativeToChangelogFile=\"true\"/>\n"
        "  <include file=\"changes/002-change.sql\" relativeToChangelogFile=\"true\"/>\n</databaseChangeLog>\n"},
       {"db/changes/001-given.sql", changeset("given", first)},
       {"db/changes/002-change.sql", changeset("change", then)}});
  add("node-pg-migrate", "migrations", "migrations/1700000000001_change.sql",
      {{"package.json", R"({"dependencies": {"node-pg-migrate": "8.0.4"}})"},
       {"migrations/1700000000000_given.sql", annotated("-- Up Migration", first, "-- Down Migration", back)},
       {"migrations/1700000000001_change.sql", annotated("-- Up Migration", then, "-- Down Migration", "")}});
  add("pgmigrate", "migrations", "migrations/V2__change.sql",
      {{"migrations.yml", "conn: x\n"}, {"migrations/V1__given.sql", first}, {"migrations/V2__change.sql", then}});
  add("sqitch", ".", "deploy/change.sql",
      {{"sqitch.conf", "[core]\n\tengine = pg\n"},
       {"sqitch.plan",
        "%syntax-version=1.0.0\n%project=shop\n\ngiven 2026-01-01T00:00:00Z Ann Example <ann@example.org> # x\n"
        "change [given] 2026-01-02T00:00:00Z Ann Example <ann@example.org> # y"},
       {"deploy/given.sql", "-- Deploy shop:given to pg\n\nBEGIN;\n" + first + "COMMIT;\n"},
       {"revert/given.sql", back},
       {"deploy/change.sql", "-- Deploy shop:change to pg\n-- requires: given\n\nBEGIN;\n" + then + "\nCOMMIT;\n"},
       {"revert/change.sql", "-- Revert shop:change from pg\n"}});
  add("postgres-migrations", "migrations", "migrations/2-change.sql",
      {{"package.json", R"({"dependencies": {"postgres-migrations": "5.3.0"}})"},
       {"migrations/1-given.sql", first},
       {"migrations/2-change.sql", then}});
  return out;
}

fix::Request request(std::int64_t later = 0) {
  fix::Request out;
  out.check.replay.target.pg_version = 15;
  out.check.today = "2026-06-01";
  out.recipes.pg_version = 15;
  out.now_ms = 1795400000000 + later;
  return out;
}

// All but the first migration is not released.
source::Sources unreleased(const Layout& layout, const source::Files& files) {
  source::Sources sources = test::read({layout.root}, files);
  for (const Failure& failure : sources.failures) FAIL_CHECK(failure.path << ": " << failure.message);
  REQUIRE(sources.projects.size() == 1);
  source::Project& project = sources.projects[0];
  REQUIRE(project.runner == layout.runner);
  project.pending_known = true;
  for (source::Migration& migration : project.migrations) migration.reported = &migration != &project.migrations[0];
  // The sums of the fixture are none.
  project.problems.clear();
  return sources;
}

fix::Fixed fixed(const Layout& layout, const source::Files& files, std::int64_t later = 0) {
  auto out = fix::fix(unreleased(layout, files), rules::all(), files, request(later));
  if (!out) FAIL(one_line(out.error()));
  return std::move(*out);
}

void put_into(Texts& texts, const std::vector<source::FileChange>& changes) {
  for (const source::FileChange& change : changes) texts[change.path] = change.text;
}

Lines paths(const Texts& texts) {
  Lines out;
  for (const auto& [path, text] : texts) out.push_back(path);
  return out;
}

Lines found(const Report& report) {
  Lines out;
  for (const Diagnostic& one : report.diagnostics)
    if (one.severity >= Severity::warning)
      out.push_back(fmt::format("{} in {}: {}", one.rule, report.files[one.file].path, one.message));
  return out;
}

// What runs, as the profile says: each statement and whether it is in a transaction block.
struct Ran {
  std::string sql;
  bool block = false;
};
class Watcher final : public lint::Observer {
 public:
  std::vector<Ran> ran;

  void begin_file(const source::Project& /*project*/, const source::Migration& migration) override {
    text_ = migration.sql();
  }
  void syntax_error(const pg::Parsed& parsed) override { FAIL_CHECK(parsed.error->message); }
  void statement(const lint::Moment& moment) override {
    if (moment.in_body) return;
    std::string_view sql = text_.substr(moment.parsed.span.begin, moment.parsed.span.size());
    if (sql.ends_with(';')) sql.remove_suffix(1);
    if (sql == "BEGIN" || sql == "COMMIT" || sql == "SELECT") return;
    ran.push_back({std::string(sql), moment.transaction.block});
  }

 private:
  std::string_view text_;
};

std::vector<Ran> runs(const Layout& layout, const source::Files& files) {
  Watcher watcher;
  const source::Sources sources = unreleased(layout, files);
  lint::replay(sources.projects[0], {}, watcher);
  return std::move(watcher.ran);
}

// A fix from its first file to its last, through all gates.
struct Story {
  fix::Fixed first;
  Texts files;  // with what stands before the first gate
  Texts all;    // with all of it
  std::vector<Plan> plans;
};

Story story(const Layout& layout) {
  Story out;
  const source::FakeFiles before(layout.files);
  out.first = fixed(layout, before);
  out.files = layout.files;
  put_into(out.files, out.first.changes);
  out.all = out.files;
  for (const Plan& plan : out.first.plans) {
    for (const Stage& stage : plan.stages) {
      if (!stage.gate) continue;
      const source::FakeFiles now(out.all);
      const auto plans = fix::read_plans(".pglint/plans", now);
      REQUIRE(plans);
      const auto file = std::ranges::find_if(*plans, [&](const fix::PlanFile& one) { return one.plan.id == plan.id; });
      REQUIRE(file != plans->end());
      const auto next = fix::next(unreleased(layout, now).projects[0], *file, stage.gate->id, now, request(86'400'000));
      if (!next) FAIL(one_line(next.error()));
      put_into(out.all, next->changes);
      out.plans = next->plans;
    }
    if (out.plans.empty()) out.plans = {plan};
  }
  return out;
}

}  // namespace

TEST_CASE("for every runner and every kind of plan: the statements are there, in their places, and check is content") {
  std::set<std::string_view> runners;
  for (const Change& kind : kinds) {
    for (const Layout& layout : layouts(kind.sql)) {
      CAPTURE(kind.name);
      CAPTURE(layout.runner);
      const Story told = story(layout);
      for (const fix::Refusal& refusal : told.first.refused) FAIL_CHECK("refused: " << refusal.reason);
      if (!told.first.refused.empty()) continue;
      runners.insert(layout.runner);
      CHECK(found(told.first.remaining) == Lines{});
      REQUIRE_FALSE(told.first.changes.empty());

      const source::FakeFiles all(told.all);
      CHECK(found(lint::check(unreleased(layout, all), rules::all(), request().check)) == Lines{});
      const source::FakeFiles after(told.files);
      CHECK(fixed(layout, after).changes.empty());

      // What has to be there, and what is.
      const source::Writer* writer = source::find_writer(layout.runner);
      REQUIRE(writer != nullptr);
      const source::WayOut way = source::way_out(*writer, unreleased(layout, after).projects[0]);
      std::vector<source::Text> wanted;
      for (const Plan& plan : told.plans)
        for (const emit::Stretch& stretch : emit::stretches(plan)) {
          const auto files = emit::files(plan, stretch, way);
          REQUIRE(files);
          for (const emit::File& file : *files) wanted.insert(wanted.end(), file.texts.begin(), file.texts.end());
        }
      const std::vector<Ran> ran = runs(layout, all);
      if (told.plans.empty()) continue;
      REQUIRE(ran.size() == wanted.size());
      for (std::size_t i = 0; i < ran.size(); ++i) {
        CHECK(ran[i].sql == wanted[i].sql);
        if (wanted[i].place == source::Place::outside) CHECK_MESSAGE(!ran[i].block, ran[i].sql);
      }
    }
  }
  CHECK(runners.size() >= 19);
}

TEST_CASE("a run that is cut short between any two files is finished by the next one, with the same bytes") {
  for (const Layout& layout : layouts(kinds.back().sql)) {
    CAPTURE(layout.runner);
    const source::FakeFiles before(layout.files);
    fix::Fixed whole = fixed(layout, before);
    std::ranges::stable_sort(whole.changes, {}, &source::FileChange::order);
    Texts wanted = layout.files;
    put_into(wanted, whole.changes);
    for (std::size_t done = 0; done <= whole.changes.size(); ++done) {
      CAPTURE(done);
      Texts begun = layout.files;
      put_into(begun, {whole.changes.begin(), whole.changes.begin() + static_cast<std::ptrdiff_t>(done)});
      const source::FakeFiles cut_short(begun);
      Texts now = begun;
      put_into(now, fixed(layout, cut_short).changes);
      CHECK(paths(now) == paths(wanted));
      CHECK(now == wanted);
      // Later, what was not written yet has another time in its name, and nothing is there twice.
      now = begun;
      put_into(now, fixed(layout, cut_short, 60'000).changes);
      CHECK(now.size() == wanted.size());
    }
  }
}

TEST_CASE("what takes a plan back is written for every runner that can hold it, and check is content") {
  for (const std::string_view sql : {"ALTER TABLE t RENAME COLUMN a TO z;",
                                     "CREATE INDEX i ON t (b);\nALTER TABLE t ALTER COLUMN b SET NOT NULL;"}) {
    for (const Layout& layout : layouts(sql)) {
      CAPTURE(sql);
      CAPTURE(layout.runner);
      Texts files = story(layout).files;
      const source::FakeFiles now(files);
      const auto plans = fix::read_plans(".pglint/plans", now);
      REQUIRE(plans);
      REQUIRE(plans->size() == 1);
      const source::Sources sources = unreleased(layout, now);
      const source::WayOut way = source::way_out(*source::find_writer(layout.runner), sources.projects[0]);
      const auto back = fix::undo(sources.projects[0], plans->front(), {}, now, request(86'400'000));
      // An index cannot be dropped CONCURRENTLY where no file leaves the transaction, and that is said.
      if (!back && way == source::WayOut::none) {
        CHECK(one_line(back.error()).find("run it with psql") != std::string::npos);
        continue;
      }
      if (!back) FAIL(one_line(back.error()));
      put_into(files, back->changes);
      const source::FakeFiles after(files);
      CHECK(found(lint::check(unreleased(layout, after), rules::all(), request().check)) == Lines{});
    }
  }
}
