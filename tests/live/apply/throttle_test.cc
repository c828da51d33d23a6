// A backfill beside a standby, slots, an archive and a vacuum that do not keep up; an index build beside an old
// snapshot. Limits that are reached within a test come by PGLINT_LIMITS.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <thread>

#include "quick.h"
#include "scene.h"
#include "skip.h"

using namespace pglint;
using namespace pglint::test;
using std::chrono::milliseconds;

#define NEEDS_SERVER() \
  if (!server().missing().empty()) return skip(Missing::tool, server().missing())

namespace {

std::string rows_done(const Scene& scene) {
  return scene.sql("SELECT rows_done FROM pglint.step WHERE id = 'copy-primary-contact'");
}

// A run that is at its backfill, and has not done a row for a while.
void wait_until_it_pauses(const Scene& scene) {
  scene.wait_until("SELECT to_regclass('pglint.step') IS NOT NULL");
  scene.wait_until("SELECT EXISTS (SELECT FROM pglint.step WHERE id = 'copy-primary-contact' AND state = 'running')");
  std::this_thread::sleep_for(milliseconds(1200));
  CHECK(rows_done(scene) == "0");
}

Environment limits(const std::string& text) { return {{"PGLINT_LIMITS", text}}; }

Environment with(Environment environment, const std::string& text) {
  environment.emplace_back("PGLINT_LIMITS", text);
  return environment;
}

void set_system(const std::string& setting) {
  REQUIRE(server().psql("postgres", {"-c", "ALTER SYSTEM " + setting, "-c", "SELECT pg_reload_conf()"}).status == 0);
}

// Some megabytes of WAL.
void write_much(const Scene& scene) {
  scene.sql(
      "CREATE TABLE IF NOT EXISTS much (text text); INSERT INTO much SELECT repeat('x', 1000) FROM "
      "generate_series(1, 5000)");
}

}  // namespace

TEST_CASE("a backfill does not outrun a standby" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  const ScratchServer standby("apply-standby", server());
  if (!standby.missing().empty()) return skip(Missing::tool, standby.missing());
  const auto replay = [&](const char* what) {
    const Finished done = standby.psql("postgres", {"-c", fmt::format("SELECT pg_wal_replay_{}()", what)});
    REQUIRE_MESSAGE(done.status == 0, done.err);
  };
  scene.wait_until("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')");
  replay("pause");
  write_much(scene);

  // The end of the patience, and what nobody catches up with.
  const Finished budget = scene.run({"--max-lag", "2", "--throttle-budget", "1"});
  CHECK_MESSAGE(budget.status == 5, budget.out);
  CHECK(contains(budget.out, "copy-primary-contact: paused 1.0 s: the replica walreceiver is "));
  CHECK(contains(budget.out, " MB behind"));
  CHECK(rows_done(scene) == "0");
  CHECK(scene.sql("SELECT state FROM pglint.plan") == "failed");
  const Finished stopped = scene.run({"--max-lag", "2"}, limits("stop_mb=2"));
  CHECK_MESSAGE(stopped.status == 5, stopped.out);
  CHECK(contains(stopped.out, "Repeat the command when it has caught up."));
  CHECK(rows_done(scene) == "0");

  Child child(scene.run_arguments({"--max-lag", "2"}), scene.environment());
  wait_until_it_pauses(scene);
  replay("resume");
  const Finished gate = child.wait();
  CHECK_MESSAGE(gate.status == 4, gate.out);
  CHECK(contains(gate.out, "copy-primary-contact: pauses: the replica walreceiver is "));
  CHECK(contains(gate.out, " on 2 connections, "));
  CHECK(contains(gate.out, " of it in pauses for replicas\n"));
  CHECK(scene.sql("SELECT rows_changed FROM pglint.step WHERE id = 'copy-primary-contact'") == "2000");
}

TEST_CASE("a standby that keeps up makes no pause" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  const ScratchServer standby("apply-standby", server());
  if (!standby.missing().empty()) return skip(Missing::tool, standby.missing());
  scene.wait_until("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')");
  const Finished gate = scene.run();
  CHECK_MESSAGE(gate.status == 4, gate.out);
  CHECK_FALSE(contains(gate.out, "pauses"));
  CHECK(contains(gate.out, " on 2 connections\n"));
}

TEST_CASE("a role that may not see how far replicas are is told so, and goes on" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  const ScratchServer standby("apply-standby", server());
  if (!standby.missing().empty()) return skip(Missing::tool, standby.missing());
  scene.wait_until("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')");
  scene.sql(
      fmt::format("DROP ROLE IF EXISTS blind; CREATE ROLE blind LOGIN; ALTER TABLE tenant_accounts OWNER TO blind; "
                  "ALTER TABLE regions OWNER TO blind; GRANT CREATE ON DATABASE {} TO blind; GRANT CREATE ON SCHEMA "
                  "public TO blind",
                  scene.database()));
  std::string dsn = scene.dsn();
  dsn.replace(dsn.find("postgres@"), 9, "blind@");
  const Finished gate = scene.run({}, {{"PGLINT_DATABASE_URL", dsn}});
  CHECK_MESSAGE(gate.status == 4, gate.out);
  CHECK_MESSAGE(contains(gate.out, "how far replicas are behind cannot be seen: GRANT pg_monitor TO \"blind\""),
                gate.out);
  scene.sql("DROP OWNED BY blind CASCADE; DROP ROLE blind");
}

TEST_CASE("a replication slot that nobody reads holds a backfill back") {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql("SELECT pg_create_physical_replication_slot('nobody', true)");
  write_much(scene);
  const Finished budget = scene.run({"--throttle-budget", "1", "--max-lag", "1"});
  CHECK_MESSAGE(budget.status == 5, budget.out);
  CHECK(contains(budget.out, "the replication slot nobody is "));
  Child child(scene.run_arguments({"--max-lag", "1"}), scene.environment());
  wait_until_it_pauses(scene);
  scene.sql("SELECT pg_drop_replication_slot('nobody')");
  const Finished gate = child.wait();
  CHECK_MESSAGE(gate.status == 4, gate.out);
}

TEST_CASE("an archive that does not keep up holds a backfill back" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  // One that was archived, so that it is known where the archive is.
  scene.sql("SELECT pg_switch_wal()");
  scene.wait_until("SELECT last_archived_wal IS NOT NULL FROM pg_stat_archiver");
  set_system("SET archive_command = 'false'");
  for (int i = 0; i < 4; ++i) {
    write_much(scene);
    scene.sql("SELECT pg_switch_wal()");
  }
  const Finished budget = scene.run({"--throttle-budget", "1"}, limits("segments=2"));
  CHECK_MESSAGE(budget.status == 5, budget.out);
  CHECK(contains(budget.out, " segments of the WAL wait to be archived"));
  set_system("SET archive_command = 'true'");
  scene.sql("SELECT pg_switch_wal()");
  const Finished gate = scene.run({}, limits("segments=2"));
  CHECK_MESSAGE(gate.status == 4, gate.out);
}

TEST_CASE("a backfill waits for autovacuum when it is due, but not for ever" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql(
      "ALTER TABLE tenant_accounts SET (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.1)");
  scene.sql("UPDATE tenant_accounts SET plan = 'pro'");
  scene.wait_until("SELECT n_dead_tup >= 2000 FROM pg_stat_all_tables WHERE relid = 'tenant_accounts'::regclass");
  SUBCASE("it comes") {
    Child child(scene.run_arguments(), with(scene.environment(), "dead_rows=1000"));
    wait_until_it_pauses(scene);
    scene.sql("VACUUM tenant_accounts");
    const Finished gate = child.wait();
    CHECK_MESSAGE(gate.status == 4, gate.out);
    CHECK(contains(gate.out, "pauses: autovacuum is due: 2,000 dead rows"));
    CHECK(contains(gate.out, "in pauses for autovacuum"));
  }
  SUBCASE("it does not come") {
    const Finished gate = scene.run({}, limits("dead_rows=1000,vacuum_wait=1"));
    CHECK_MESSAGE(gate.status == 4, gate.out);
    CHECK(contains(gate.out, "pauses: autovacuum is due: 2,000 dead rows"));
  }
  SUBCASE("the table is small") {
    const Finished gate = scene.run();
    CHECK_MESSAGE(gate.status == 4, gate.out);
    CHECK_FALSE(contains(gate.out, "pauses"));
  }
  SUBCASE("it is off for the table") {
    scene.sql("ALTER TABLE tenant_accounts SET (autovacuum_enabled = off)");
    const Finished gate = scene.run({}, limits("dead_rows=1000"));
    CHECK_MESSAGE(gate.status == 4, gate.out);
    CHECK_FALSE(contains(gate.out, "pauses"));
  }
}

TEST_CASE("a transaction that keeps vacuum from its work makes a backfill slower, and ends it when it is very old" *
          doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  Psql reporter(scene, "the reporter");
  reporter.send("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM regions");
  std::this_thread::sleep_for(milliseconds(300));
  const Finished ended = scene.run({"--throttle-budget", "1"}, limits("long_transaction=0.2"));
  CHECK_MESSAGE(ended.status == 5, ended.out);
  CHECK(contains(ended.out, "no vacuum removes old rows because of\n  pid "));
  CHECK(contains(ended.out, "the reporter, idle in transaction"));
  const Finished slower = scene.run({"--through", "backfill"}, limits("transaction=0.2"));
  CHECK_MESSAGE(slower.status == 0, slower.out);
  CHECK(contains(slower.out, "Longer pauses from here on."));
}

TEST_CASE("an index is not begun while somebody keeps an old snapshot, and they are named") {
  NEEDS_SERVER();
  const Scene scene;
  CHECK(scene.run({"--through", "backfill"}).status == 0);
  Psql reporter(scene, "the reporter");
  // Of another table: it is the snapshot that a build waits for.
  reporter.send("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM regions");
  std::this_thread::sleep_for(milliseconds(300));
  const Finished ended = scene.run({"--wait-budget", "1"}, limits("snapshot=0.2"));
  CHECK_MESSAGE(ended.status == 5, ended.out);
  CHECK(contains(ended.out, "index-region: the build would have to wait at its end for\n  pid "));
  CHECK(contains(ended.out, "the reporter, idle in transaction, in its transaction for "));
  CHECK(contains(ended.out, "holds a snapshot: SELECT count(*) FROM regions"));
  CHECK(scene.sql("SELECT to_regclass('ta_region_i') IS NULL") == "t");
  Child child(scene.run_arguments(), with(scene.environment(), "snapshot=0.2"));
  std::this_thread::sleep_for(milliseconds(700));
  CHECK(scene.sql("SELECT to_regclass('ta_region_i') IS NULL") == "t");
  reporter.send("COMMIT");
  const Finished gate = child.wait();
  CHECK_MESSAGE(gate.status == 4, gate.out);
}

TEST_CASE("a backfill pauses as long as the user's own query says so") {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql("CREATE TABLE busy (level int); INSERT INTO busy VALUES (1)");
  const std::vector<std::string> query = {"--throttle-query", "SELECT level FROM busy"};
  Child child(scene.run_arguments(query), scene.environment());
  wait_until_it_pauses(scene);
  scene.sql("UPDATE busy SET level = 0");
  const Finished ended = child.wait();
  CHECK_MESSAGE(ended.status == 4, ended.out);
  CHECK(contains(ended.out, "pauses: --throttle-query returns 1"));
  CHECK(contains(ended.out, "of it in pauses for --throttle-query"));
}

TEST_CASE("a query of the user's that is none ends a run in order, and cannot write" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql("CREATE TABLE busy (level int)");
  const auto tried = [&](const char* query, int status, const char* says) {
    const Finished ended = scene.run({"--throttle-query", query});
    CHECK_MESSAGE(ended.status == status, ended.out);
    CHECK_MESSAGE(contains(ended.out, says), ended.out);
  };
  tried("SELECT level FROM busy", 2, "returns nothing, which is no number");
  tried("SELECT 'much'", 2, "returns much, which is no number");
  tried("SELECT nothing", 3, "column \"nothing\" does not exist");
  tried("INSERT INTO busy VALUES (1) RETURNING 0", 3, "read-only transaction");
  tried("SELECT pg_sleep(60)", 3, "statement timeout");
  CHECK(scene.sql("SELECT count(*) FROM busy") == "0");
  CHECK(scene.run().status == 4);
}

TEST_CASE("a plan says how many connections it takes and leaves, and is not begun where too few are left") {
  NEEDS_SERVER();
  const Scene scene;
  const Finished few = scene.run({}, limits("free=1000"));
  CHECK_MESSAGE(few.status == 5, few.out);
  CHECK(contains(few.out, "connections left beside the 2 that a plan takes"));
  CHECK(scene.sql("SELECT to_regclass('pglint.plan') IS NULL") == "t");
  const Finished gate = scene.run();
  CHECK_MESSAGE(gate.status == 4, gate.out);
  CHECK(contains(gate.out, "2 connections; "));
}
