// A backfill of a partitioned table goes through its partitions one after the other, each with a cursor of its own.
#include <doctest/doctest.h>

#include <csignal>

#include "plan/form/file.h"
#include "quick.h"
#include "scene.h"
#include "skip.h"

using namespace pglint;
using namespace pglint::test;

#define NEEDS_SERVER() \
  if (!server().missing().empty()) return skip(Missing::tool, server().missing())

namespace {

constexpr const char* events = R"(
CREATE TABLE events (id int, at date, note text, copy text, CONSTRAINT events_pk PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY HASH (id);
CREATE TABLE events_2025_0 PARTITION OF events_2025 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE SCHEMA "Odd";
CREATE TABLE "Odd"."events 1" PARTITION OF events_2025 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events SELECT g, DATE '2024-01-01' + g % 700, 'n' || g FROM generate_series(1, 6000) g;
ANALYZE events;
)";

Plan copy_plan() {
  Plan plan;
  plan.id = "copy";
  plan.runner = "plain";
  const Backfill rows{.table = "public.events",
                      .index = "events_pk",
                      .key = {{"id", "integer"}, {"at", "date"}},
                      .set = {{"copy", "note"}},
                      .where = "copy IS DISTINCT FROM note",
                      .batch = 100,
                      .pause_ms = 0,
                      .proof = "SELECT FROM public.events WHERE copy IS DISTINCT FROM note LIMIT 1"};
  plan.stages.push_back(
      {.phase = Phase::backfill,
       .steps = {{.id = "copy", .kind = StepKind::backfill, .lock_class = LockClass::c, .backfill = rows}}});
  return plan;
}

void killed(const Scene& scene, int times) {
  for (int i = 0; i < times; ++i)
    CHECK(scene.run({}, {{"PGLINT_FAILPOINT", "copy:committed"}}).status == 128 + SIGKILL);
}

std::string begun(const Scene& scene) {
  return scene.sql("SELECT string_agg(relation, ' ' ORDER BY at) FROM pglint.part WHERE cursor IS NOT NULL");
}

}  // namespace

TEST_CASE("partitions are filled one after the other, and a killed run goes on in the one where it was") {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql(events);
  scene.plan(plan::to_yaml(copy_plan()));
  killed(scene, 1);
  CHECK(begun(scene) == "\"Odd\".\"events 1\"");
  killed(scene, 2);
  CHECK(scene.sql("SELECT count(*) FROM pglint.part") == "4");
  CHECK(scene.sql("SELECT count(*) FROM pglint.part WHERE done") == "1");  // the empty one
  const Finished ended = scene.run();
  CHECK_MESSAGE(ended.status == 0, ended.out);
  CHECK(scene.sql("SELECT count(*) FROM events WHERE copy IS DISTINCT FROM note") == "0");
  CHECK(scene.sql("SELECT rows_changed || ' ' || rows_done || ' ' || rows_total FROM pglint.step") == "6000 6000 6000");
  CHECK(scene.sql("SELECT bool_and(done) FROM pglint.part") == "t");
}

TEST_CASE("partitions that come and go during a backfill are no reason to stop") {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql(events);
  scene.plan(plan::to_yaml(copy_plan()));
  killed(scene, 1);
  scene.sql(
      "ALTER TABLE events DETACH PARTITION events_2024; CREATE TABLE events_2030 (LIKE events INCLUDING ALL); INSERT "
      "INTO events_2030 VALUES (1, '2030-01-01', 'late', NULL); ALTER TABLE events ATTACH PARTITION events_2030 FOR "
      "VALUES "
      "FROM ('2030-01-01') TO ('2031-01-01')");
  // It changed the plan's table, but not what the plan stands on.
  const Finished ended = scene.run({"--accept-changes"});
  CHECK_MESSAGE(ended.status == 0, ended.out);
  CHECK(contains(ended.out, "events_2024 is no partition any more"));
  CHECK(scene.sql("SELECT count(*) FROM events WHERE copy IS DISTINCT FROM note") == "0");
  CHECK(scene.sql("SELECT copy FROM events_2030") == "late");
  CHECK(scene.sql("SELECT count(copy) FROM events_2024") == "0");
}

TEST_CASE("rows that move to another partition are written through the table" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql(events);
  Plan plan = copy_plan();
  Backfill& rows = *plan.stages[0].steps[0].backfill;
  rows.set = {{"at", "DATE '2024-12-31'"}};
  rows.where = "at >= DATE '2025-01-01'";
  rows.proof = "SELECT FROM public.events WHERE at >= DATE '2025-01-01' LIMIT 1";
  scene.plan(plan::to_yaml(plan));
  const Finished ended = scene.run();
  CHECK_MESSAGE(ended.status == 0, ended.out);
  CHECK(scene.sql("SELECT count(*) FROM events_2024") == "6000");
  CHECK(begun(scene) == "public.events");
}

TEST_CASE("a trigger of others that only one partition has is seen, too") {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql(events);
  scene.plan(plan::to_yaml(copy_plan()));
  scene.sql(
      "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER touch "
      "BEFORE UPDATE ON events_2024 FOR EACH ROW EXECUTE FUNCTION touch()");
  const Finished ended = scene.run();
  CHECK_MESSAGE(ended.status == 5, ended.out);
  CHECK(contains(ended.out, "would fire the triggers touch of public.events"));
  CHECK(scene.run({"--accept-triggers", "touch"}).status == 0);
}
