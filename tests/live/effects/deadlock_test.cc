// The pairs of locks that the timeline names, put to a server: a client that takes them the other way round ends in a
// deadlock, or ends the migration in one; a client that takes them in the same order does not.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "lint/timeline.h"
#include "live/effects/connection.h"
#include "live/effects/servers.h"
#include "source/project.h"

namespace pglint::test {
namespace {

const std::string tables =
    "CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b (id int PRIMARY KEY, v int);\n"
    "INSERT INTO a SELECT n, n FROM generate_series(1, 2) n; INSERT INTO b SELECT n, n FROM generate_series(1, 2) n;";

std::vector<DeadlockPair> pairs_of(const std::vector<std::string>& statements) {
  std::string text = "BEGIN;\n";
  for (const std::string& sql : statements) text += sql + ";\n";
  source::Project project;
  project.runner = "plain";
  for (const std::string& sql : {tables, text + "COMMIT;"}) {
    source::Migration migration;
    migration.id = migration.path = fmt::format("{}.sql", project.migrations.size());
    migration.text = sql;
    migration.scripts.push_back({{0, static_cast<std::uint32_t>(sql.size())}, Sent::statement, false});
    migration.reported = true;
    project.migrations.push_back(std::move(migration));
  }
  source::Sources sources;
  sources.projects.push_back(std::move(project));
  const Timeline timeline = lint::timeline(sources, {});
  return timeline.files.at(1).transactions.at(0).deadlocks;
}

// What a client does with a relation: with its second row first where it comes back for the other one.
std::string touched(const DeadlockPair& pair, bool first) {
  if (pair.held == pair.wanted) return fmt::format("UPDATE {} SET v = v + 1 WHERE id = {}", pair.held, first ? 2 : 1);
  return fmt::format("UPDATE {} SET v = v + 1", first ? pair.wanted : pair.held);
}

struct Scene {
  explicit Scene(const std::string& dsn) : migration(dsn), client(dsn), watch(dsn) {
    for (Connection* one : {&migration, &client, &watch}) REQUIRE_MESSAGE(one->trouble().empty(), one->trouble());
    ok(watch, "DROP TABLE IF EXISTS a, b; " + tables);
    for (Connection* one : {&migration, &client})
      ok(*one, "SET deadlock_timeout = '100ms'; SET statement_timeout = '20s'");
  }
  ~Scene() {
    for (Connection* one : {&migration, &client}) (void)one->run("ROLLBACK");
    (void)watch.run("DROP TABLE IF EXISTS a, b");
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  static void ok(Connection& connection, const std::string& sql) {
    const Answer answer = connection.run(sql);
    REQUIRE_MESSAGE(answer.sqlstate.empty(), sql << ": " << answer.error);
  }
  // Until somebody waits for a lock, of a table or a row.
  void wait_until_one_waits() {
    for (int i = 0; i < 400; ++i) {
      if (!watch.run("SELECT 1 FROM pg_locks WHERE NOT granted").rows.empty()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    FAIL("nobody waits");
  }

  Connection migration;
  Connection client;
  Connection watch;
};

// Who of the two is told of a deadlock.
bool ends_in_deadlock(const std::string& dsn, const std::vector<std::string>& statements, const DeadlockPair& pair) {
  Scene scene(dsn);
  Scene::ok(scene.migration, "BEGIN");
  // BEGIN is the first statement of the transaction.
  for (std::size_t i = 1; i < pair.second; ++i) Scene::ok(scene.migration, statements[i - 1]);
  Scene::ok(scene.client, "BEGIN");
  Scene::ok(scene.client, touched(pair, true));
  Answer migrated;
  std::jthread second([&] { migrated = scene.migration.run(statements[pair.second - 1]); });
  scene.wait_until_one_waits();
  const Answer answered = scene.client.run(touched(pair, false));
  // Whoever is left may go on.
  (void)scene.client.run("ROLLBACK");
  second.join();
  return migrated.sqlstate == "40P01" || answered.sqlstate == "40P01";
}

bool goes_well_in_order(const std::string& dsn, const std::vector<std::string>& statements, const DeadlockPair& pair) {
  Scene scene(dsn);
  Scene::ok(scene.migration, "BEGIN");
  for (std::size_t i = 1; i <= pair.first; ++i) Scene::ok(scene.migration, statements[i - 1]);
  Scene::ok(scene.client, "BEGIN");
  Answer held;
  std::jthread waiting([&] { held = scene.client.run(touched(pair, false)); });
  scene.wait_until_one_waits();
  bool good = true;
  for (std::size_t i = pair.first + 1; i <= pair.second; ++i)
    good = good && scene.migration.run(statements[i - 1]).sqlstate.empty();
  (void)scene.migration.run("COMMIT");
  waiting.join();
  return good && held.sqlstate.empty() && scene.client.run(touched(pair, true)).sqlstate.empty();
}

TEST_CASE("who takes the locks of a pair the other way round ends in a deadlock, and in order nobody does") {
  on_servers("deadlocks", [](const std::string& dsn) {
    const std::vector<std::vector<std::string>> scripts = {
        {"ALTER TABLE a ADD COLUMN x int", "ALTER TABLE b ADD COLUMN x int"},
        {"UPDATE a SET v = 0", "ALTER TABLE b ADD COLUMN x int"},
        {"ALTER TABLE b ADD COLUMN x int", "DELETE FROM a"},
        {"UPDATE a SET v = 0 WHERE id = 1", "ALTER TABLE a ADD COLUMN x int"},
        {"CREATE INDEX ON b (v)", "INSERT INTO a VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET v = 0"},
        {"ALTER TABLE a ADD FOREIGN KEY (v) REFERENCES b NOT VALID"},
    };
    for (const std::vector<std::string>& statements : scripts) {
      CAPTURE(statements[0]);
      const std::vector<DeadlockPair> pairs = pairs_of(statements);
      REQUIRE(pairs.size() == 1);
      CHECK(ends_in_deadlock(dsn, statements, pairs[0]));
      // Of one table no order is the right one, and within one statement the server chooses.
      if (pairs[0].held != pairs[0].wanted && pairs[0].first != pairs[0].second)
        CHECK(goes_well_in_order(dsn, statements, pairs[0]));
    }
  });
}

}  // namespace
}  // namespace pglint::test
