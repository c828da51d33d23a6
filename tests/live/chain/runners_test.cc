// What fix writes for dbmate, node-pg-migrate, Sqitch and psql, run by the tools themselves, and for golang-migrate,
// sent as it sends it: from empty, and on a database with rows, through the gate. Both end as the original migration
// would have left them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "live/chain/compare.h"
#include "live/chain/drizzle.h"
#include "skip.h"
#include "support/scratch_server.h"

using namespace pglint;
using namespace pglint::test::chain;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view given =
    "CREATE TABLE p (id int PRIMARY KEY);\n"
    "CREATE TABLE t (id bigint PRIMARY KEY, a text, b int, p_id int);\n";
constexpr std::string_view rows =
    "INSERT INTO p SELECT generate_series(1, 10);\n"
    "INSERT INTO t SELECT n, 'a' || n, nullif(n % 3, 0), n % 10 + 1 FROM generate_series(1, 2000) n";

// Of every kind that is safe in another way: a column that is renamed, rows that are filled, NOT NULL, an index, a
// unique constraint, a foreign key, a check, a column that goes.
constexpr std::string_view change =
    "ALTER TABLE t RENAME COLUMN a TO z;\n"
    "UPDATE t SET b = 1 WHERE b IS NULL;\n"
    "ALTER TABLE t ALTER COLUMN b SET NOT NULL;\n"
    "CREATE INDEX t_b_idx ON t (b);\n"
    "ALTER TABLE t ADD CONSTRAINT t_b_id UNIQUE (b, id);\n"
    "ALTER TABLE t ADD CONSTRAINT t_p_fk FOREIGN KEY (p_id) REFERENCES p (id);\n"
    "ALTER TABLE t ADD CONSTRAINT t_b_positive CHECK (b > 0);\n";

struct Tool {
  std::string name;
  std::string missing;  // why it cannot be run; empty if it can
  std::string given;    // the path of the migration that is released
  std::string change;
  std::string (*text)(std::string_view sql, std::string_view name) = nullptr;
  std::vector<std::pair<std::string, std::string>> also;
  std::vector<std::string> (*command)(const fs::path& folder, const std::string& database) = nullptr;
};

std::string npm(std::string_view path) { return fmt::format("{}/node_modules/{}", PGLINT_NPM, path); }

std::vector<std::string> files_in(const fs::path& folder, std::string_view ending) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().string().ends_with(ending)) out.push_back(entry.path().string());
  std::ranges::sort(out);
  return out;
}

std::vector<Tool> tools() {
  std::vector<Tool> out;
  const std::string dbmate = npm("@dbmate/linux-x64/bin/dbmate");
  out.push_back(
      {"dbmate",
       fs::exists(dbmate) ? "" : "dbmate has no binary for this machine here",
       "db/migrations/20260101000000_given.sql",
       "db/migrations/20260102000000_change.sql",
       [](std::string_view sql, std::string_view) { return fmt::format("-- migrate:up\n{}\n-- migrate:down\n", sql); },
       {},
       [](const fs::path&, const std::string& database) {
         const std::string url = server().dsn(database);
         return std::vector<std::string>{npm("@dbmate/linux-x64/bin/dbmate"), "--url",
                                         url + (url.find('?') == std::string::npos ? "?" : "&") + "sslmode=disable",
                                         "--no-dump-schema", "migrate"};
       }});
  const std::string node = npm("node-pg-migrate/bin/node-pg-migrate.js");
  out.push_back({"node_pg",
                 fs::exists(node) ? "" : "node-pg-migrate is not installed",
                 "migrations/1700000000000_given.sql",
                 "migrations/1700000000001_change.sql",
                 [](std::string_view sql, std::string_view) {
                   return fmt::format("-- Up Migration\n{}\n-- Down Migration\n", sql);
                 },
                 {{"package.json", R"({"type": "module", "dependencies": {"node-pg-migrate": "8.0.4"}})"}},
                 [](const fs::path&, const std::string&) {
                   return std::vector<std::string>{"node", npm("node-pg-migrate/bin/node-pg-migrate.js"), "up", "-m",
                                                   "migrations"};
                 }});
  const auto sqitch = run({"sh", "-c", "command -v sqitch"});
  out.push_back({"sqitch",
                 sqitch && sqitch->status == 0 ? "" : "sqitch is not installed",
                 "deploy/given.sql",
                 "deploy/change.sql",
                 [](std::string_view sql, std::string_view name) {
                   return fmt::format("-- Deploy shop:{} to pg\n\nBEGIN;\n{}\nCOMMIT;\n", name, sql);
                 },
                 {{"sqitch.conf", "[core]\n\tengine = pg\n[user]\n\tname = Test\n\temail = test@example.org\n"},
                  {"sqitch.plan",
                   "%syntax-version=1.0.0\n%project=shop\n\n"
                   "given 2026-01-01T00:00:00Z Test <test@example.org> # x\n"
                   "change [given] 2026-01-02T00:00:00Z Test <test@example.org> # y\n"}},
                 [](const fs::path&, const std::string& database) {
                   const std::string dsn = server().dsn(database);
                   return std::vector<std::string>{"sqitch", "deploy", "db:pg:" + dsn.substr(dsn.find("//"))};
                 }});
  out.push_back({"plain",
                 "",
                 "sql/001_given.sql",
                 "sql/002_change.sql",
                 [](std::string_view sql, std::string_view) { return std::string(sql); },
                 {},
                 [](const fs::path& folder, const std::string& database) {
                   // What runs a plain folder keeps no book: all of it again, as every statement of ours may be.
                   std::vector<std::string> command = {
                       "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", server().dsn(database)};
                   for (const std::string& file : files_in(folder / "sql", ".sql"))
                     if (!file.ends_with("given.sql") || sql(database, "SELECT to_regclass('t') IS NULL") == "t")
                       command.insert(command.end(), {"-f", file});
                   return command;
                 }});
  out.push_back({"one_query",
                 "",
                 "migrations/000001_given.up.sql",
                 "migrations/000002_change.up.sql",
                 [](std::string_view sql, std::string_view) { return std::string(sql); },
                 {},
                 [](const fs::path& folder, const std::string& database) {
                   // As golang-migrate and others send it: each file one message.
                   std::vector<std::string> command = {
                       "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", server().dsn(database)};
                   for (const std::string& file : files_in(folder / "migrations", ".up.sql"))
                     if (!file.ends_with("given.up.sql") || sql(database, "SELECT to_regclass('t') IS NULL") == "t")
                       command.insert(command.end(), {"-c", content(file)});
                   return command;
                 }});
  return out;
}

struct Place {
  fs::path folder;
  std::string before;  // the databases: which the original migrates, and which the plan
  std::string from_empty;
  std::string with_rows;

  explicit Place(const std::string& name)
      : folder(fs::current_path() / ("emitted-" + name)),
        before("emitted_" + name + "_original"),
        from_empty("emitted_" + name + "_empty"),
        with_rows("emitted_" + name + "_rows") {
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (const std::string& database : {before, from_empty, with_rows}) {
      sql("postgres", "DROP DATABASE IF EXISTS " + database);
      sql("postgres", "CREATE DATABASE " + database);
    }
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    for (const std::string& database : {before, from_empty, with_rows})
      static_cast<void>(server().psql("postgres", {"-c", "DROP DATABASE IF EXISTS " + database}));
  }

  void put(const std::string& path, const std::string& text) const {
    fs::create_directories((folder / path).parent_path());
    write(folder / path, text);
  }

  [[nodiscard]] Finished start(const std::vector<std::string>& command,
                               const std::string& database = "postgres") const {
    std::vector<std::string> all = {"env", "-C", folder.string()};
    all.insert(all.end(), command.begin(), command.end());
    auto finished = run(all, {{"DATABASE_URL", server().dsn(database)}, {"NO_COLOR", "1"}});
    REQUIRE(finished.has_value());
    return std::move(*finished);
  }
  void ok(const std::vector<std::string>& command, const std::string& database = "postgres") const {
    const Finished finished = start(command, database);
    REQUIRE_MESSAGE(finished.status == 0, fmt::format("{}", fmt::join(command, " ")) << "\n"
                                                                                     << finished.out << finished.err);
  }
};

}  // namespace

TEST_CASE("what fix writes is run by the tools themselves, and ends as the original migration does") {
  if (!server().missing().empty()) return test::skip(test::Missing::tool, server().missing());
  for (const Tool& tool : tools()) {
    CAPTURE(tool.name);
    if (!tool.missing.empty()) {
      test::skip(test::Missing::tool, tool.missing);
      continue;
    }
    const Place place(tool.name);
    sql(place.before, std::string(given) + std::string(rows));
    sql(place.before, std::string(change));

    for (const auto& [path, text] : tool.also) place.put(path, text);
    place.put(tool.given, tool.text(given, "given"));
    place.ok({"git", "init", "-q"});
    place.ok({"git", "add", "."});
    place.ok({"git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "x"});
    place.put(tool.change, tool.text(change, "change"));
    const std::vector<std::string> migrate = tool.command(place.folder, place.with_rows);

    // The database with rows is at the release before.
    sql(place.with_rows, std::string(given) + std::string(rows));
    if (tool.name == "dbmate") {
      sql(place.with_rows,
          "CREATE TABLE schema_migrations (version varchar PRIMARY KEY); "
          "INSERT INTO schema_migrations VALUES ('20260101000000')");
    } else if (tool.name == "node_pg") {
      sql(place.with_rows,
          "CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL); "
          "INSERT INTO pgmigrations (name, run_on) VALUES ('1700000000000_given', now())");
    } else if (tool.name == "sqitch") {
      std::vector<std::string> log_only = migrate;
      log_only.insert(log_only.end(), {"--log-only", "--to-change", "given"});
      place.ok(log_only, place.with_rows);
    }

    place.ok({PGLINT_PROGRAM, "fix"});
    place.ok({PGLINT_PROGRAM, "check"});
    place.ok(tool.command(place.folder, place.with_rows), place.with_rows);
    CHECK(sql(place.with_rows, "SELECT count(*) FROM pglint.gate WHERE passed_at IS NULL") == "1");

    // What stands behind the gate is refused until it is passed, again and again.
    place.ok({PGLINT_PROGRAM, "fix", "--next", "--passed", "change"});
    place.ok({PGLINT_PROGRAM, "check"});
    for (int i = 0; i < 2; ++i) {
      const Finished refused = place.start(tool.command(place.folder, place.with_rows), place.with_rows);
      CHECK(refused.status != 0);
    }
    CHECK(sql(place.with_rows, "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'") ==
          "1");
    sql(place.with_rows, "UPDATE pglint.gate SET passed_at = now()");
    place.ok(tool.command(place.folder, place.with_rows), place.with_rows);

    // A new database has no release that could be running.
    place.ok(tool.command(place.folder, place.from_empty), place.from_empty);

    for (const std::string& database : {place.with_rows, place.from_empty}) {
      CAPTURE(database);
      sql(database, "DROP TABLE IF EXISTS schema_migrations, pgmigrations; DROP SCHEMA IF EXISTS sqitch CASCADE");
      CHECK(catalogue_differences(server(), place.before, database) == "");
    }
    CHECK(sql(place.with_rows,
              "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM (SELECT id, z, b, p_id FROM t) t") ==
          sql(place.before, "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM (SELECT id, z, b, p_id FROM t) t"));
  }
}

TEST_CASE("a gate is passed where rows were the last that the files wrote before it") {
  if (!server().missing().empty()) return test::skip(test::Missing::tool, server().missing());
  const std::vector<Tool> all = tools();
  const Tool& plain = *std::ranges::find(all, "plain", &Tool::name);
  const Place place("rows_last");
  place.put(plain.given, std::string(given));
  place.ok({"git", "init", "-q"});
  place.ok({"git", "add", "."});
  place.ok({"git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "x"});
  place.put(plain.change, "ALTER TABLE t RENAME COLUMN a TO z;\n");
  sql(place.with_rows, std::string(given) + std::string(rows));
  place.ok({PGLINT_PROGRAM, "fix"});
  const std::vector<std::string> pass = {PGLINT_PROGRAM, "pass", "change", "--database-url",
                                         server().dsn(place.with_rows)};
  CHECK(place.start(pass).status == 4);
  place.ok(plain.command(place.folder, place.with_rows), place.with_rows);
  place.ok(pass);
}

TEST_CASE("a plan is applied where it begins with a gate, and where each migration has a folder of its own") {
  if (!server().missing().empty()) return test::skip(test::Missing::tool, server().missing());
  const Place place("folders");
  place.put("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n");
  place.put("prisma/migrations/20260101000000_given/migration.sql", std::string(given));
  place.ok({"git", "init", "-q"});
  place.ok({"git", "add", "."});
  place.ok({"git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "x"});
  sql(place.with_rows, std::string(given) + std::string(rows));
  const auto apply = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = {PGLINT_PROGRAM, "fix", "--apply", "--database-url",
                                        server().dsn(place.with_rows)};
    command.insert(command.end(), more.begin(), more.end());
    return place.start(command);
  };
  place.put("prisma/migrations/20260102000000_change/migration.sql",
            "CREATE INDEX t_b_idx ON t (b);\nALTER TABLE t DROP COLUMN a;\n");
  Finished stopped = apply({});
  CHECK_MESSAGE(stopped.status == 4, (stopped.out + stopped.err));
  Finished done = apply({"--plan", ".pglint/plans/20260102000000_change.yml", "--passed", "change"});
  CHECK_MESSAGE(done.status == 0, (done.out + done.err));

  place.ok({"git", "add", "."});
  place.ok({"git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "x"});
  place.put("prisma/migrations/20270102000000_gone/migration.sql", "ALTER TABLE t DROP COLUMN b;\n");
  place.ok({PGLINT_PROGRAM, "fix"});
  const std::string plan = ".pglint/plans/20270102000000_gone.yml";
  stopped = apply({"--plan", plan});
  CHECK_MESSAGE(stopped.status == 4, (stopped.out + stopped.err));
  done = apply({"--plan", plan, "--passed", "gone"});
  CHECK_MESSAGE(done.status == 0, (done.out + done.err));
}
