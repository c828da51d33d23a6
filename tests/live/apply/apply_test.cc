// Plans on a real server: to their end, past every kill, and back.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "plan/form/file.h"
#include "quick.h"
#include "scene.h"
#include "skip.h"
#include "support/schema.h"

using namespace pglint;
using namespace pglint::test;
using std::chrono::milliseconds;

#define NEEDS_SERVER() \
  if (!server().missing().empty()) return skip(Missing::tool, server().missing())

namespace {

constexpr const char* original = R"(
ALTER TABLE tenant_accounts RENAME COLUMN legacy_email TO primary_contact;
ALTER TABLE tenant_accounts ALTER COLUMN primary_contact SET NOT NULL;
CREATE INDEX ta_region_i ON tenant_accounts (region_id);
ALTER TABLE tenant_accounts ADD CONSTRAINT ta_region_fk FOREIGN KEY (region_id) REFERENCES regions (id);
)";

// The database as the migration that the plan stands for leaves it.
const std::string& wanted() {
  static const std::string state = [] {
    const Scene scene;
    scene.sql(original);
    return scene.state();
  }();
  return state;
}

const std::vector<std::string> passed = {"--passed", "primary-contact"};

// Runs to the gate, and through it.
void finish(const Scene& scene) {
  const Finished gate = scene.run();
  CHECK_MESSAGE(gate.status == 4, gate.out);
  const Finished end = scene.run(passed);
  CHECK_MESSAGE(end.status == 0, end.out);
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

bool has_state(const Scene& scene) { return scene.sql("SELECT to_regclass('pglint.plan') IS NOT NULL") == "t"; }

nlohmann::json status(const Scene& scene) {
  const Finished said = scene.apply({"status", "--plan", scene.plan_path(), "--format", "json"});
  REQUIRE_MESSAGE(said.status == 0, said.out);
  const nlohmann::json document = nlohmann::json::parse(said.out);
  CHECK(violation(schema("status"), document) == "");
  return document.at("plans").at(0);
}

}  // namespace

TEST_CASE("a plan runs to its gate, stops there as often as it is tried, and behind it to the end") {
  NEEDS_SERVER();
  const Scene scene;
  CHECK(status(scene).at("state") == "pending");
  CHECK(scene.apply({"status", "--plan", scene.plan_path(), "--gate", "primary-contact"}).status == 4);
  // What only later steps allow is refused.
  CHECK(scene.apply({"pass", "primary-contact", "--plan", scene.plan_path()}).status == 4);
  CHECK(scene.run(passed).status == 4);
  CHECK_FALSE(has_state(scene));

  for (int i = 0; i < 3; ++i) {
    const Finished gate = scene.run();
    CHECK_MESSAGE(gate.status == 4, gate.out);
    CHECK(contains(gate.out, "reads and writes primary_contact only"));
    CHECK(contains(gate.out, "pglint fix --apply --passed primary-contact --plan " + scene.plan_path()));
  }
  CHECK(status(scene).at("state") == "gate");
  CHECK(status(scene).at("gate") == "primary-contact");
  CHECK(scene.apply({"status", "--plan", scene.plan_path(), "--gate", "primary-contact"}).status == 0);
  const Finished text = scene.apply({"status", "--plan", scene.plan_path()});
  CHECK(contains(text.out, "gate primary-contact of plan 0007_rename_email is closed"));
  CHECK(scene.sql("SELECT count(*) FROM tenant_accounts WHERE primary_contact IS DISTINCT FROM legacy_email") == "0");

  // Both releases write; the old one leaves what the second fill finds.
  scene.sql("INSERT INTO tenant_accounts (id, legacy_email) VALUES ('old', 'old@example.org')");
  scene.sql("INSERT INTO tenant_accounts (id, primary_contact) VALUES ('new', 'new@example.org')");
  CHECK(
      scene.sql("SELECT string_agg(legacy_email || primary_contact, ',' ORDER BY id) FROM tenant_accounts WHERE id IN "
                "('old', 'new')") == "new@example.orgnew@example.org,old@example.orgold@example.org");
  scene.sql("DELETE FROM tenant_accounts WHERE id IN ('old', 'new')");

  CHECK(scene.apply({"pass", "nonsense", "--plan", scene.plan_path()}).status == 2);
  const Finished pass = scene.apply({"pass", "primary-contact", "--plan", scene.plan_path()});
  CHECK_MESSAGE(pass.status == 0, pass.out);
  CHECK(scene.sql("SELECT passed_by FROM pglint.gate") == "postgres");
  for (int i = 0; i < 2; ++i) CHECK(scene.run().status == 0);
  CHECK(scene.state() == wanted());
  const nlohmann::json done = status(scene);
  CHECK(done.at("state") == "done");
  CHECK(done.at("gate").is_null());
  CHECK(done.at("steps").size() == 12);
  CHECK(done.at("steps").at(2).at("rows_done") == 2000);
  for (const auto& step : done.at("steps")) CHECK(step.at("state") == "done");
}

TEST_CASE("after kill -9 at any point the same command ends the same") {
  NEEDS_SERVER();
  const Result<Plan> plan = plan::from_yaml(rename_plan());
  REQUIRE(plan);
  std::vector<std::string> before_gate;
  std::vector<std::string> behind_gate;
  std::vector<std::string>* points = &before_gate;
  for (const Stage& stage : plan->stages) {
    if (stage.gate) points = &behind_gate;
    for (const Step& step : stage.steps) {
      std::vector<std::string> places = {"before", "after"};
      // What is behind "executed" is found done by the next run.
      if (step.lock_class == LockClass::b) places = {"before", "executed"};
      if (step.kind == StepKind::backfill) places = {"batch", "committed", "passed", "after"};
      // It finds nothing to do.
      if (step.id == "fill-primary-contact") places = {"after"};
      for (const std::string& place : places) points->push_back(step.id + ":" + place);
    }
  }
  REQUIRE(before_gate.size() > 10);
  REQUIRE(behind_gate.size() > 8);
  // Each step is killed, but not at each of its places.
  if (quick())
    for (std::vector<std::string>* all : {&before_gate, &behind_gate})
      std::erase_if(*all,
                    [](const std::string& point) { return point.ends_with(":before") || point.ends_with(":batch"); });
  // One after the other in one database: each is reached by the run that follows the one before.
  const Scene scene;
  for (const std::string& point : before_gate) {
    const Finished ended = scene.run({}, {{"PGLINT_FAILPOINT", point}});
    CHECK_MESSAGE(ended.status == 128 + SIGKILL, point << "\n" << ended.out);
  }
  CHECK(scene.run().status == 4);
  for (const std::string& point : behind_gate) {
    const Finished ended = scene.run(passed, {{"PGLINT_FAILPOINT", point}});
    CHECK_MESSAGE(ended.status == 128 + SIGKILL, point << "\n" << ended.out);
  }
  const Finished end = scene.run();
  CHECK_MESSAGE(end.status == 0, end.out);
  CHECK(scene.state() == wanted());
}

TEST_CASE("killed at random under writers, a plan comes to the same end, and no row is lost" * doctest::skip(quick())) {
  NEEDS_SERVER();
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same kills every time
  int kills = 0;
  int behind_gate = 0;
  // On both sides of the gate, from the start again until there were enough of them.
  for (int round = 0; round < 20 && (kills < 50 || behind_gate < 5); ++round) {
    const Scene scene;
    scene.plan(with(with(rename_plan(), "batch: 500", "batch: 100"), "pause_ms: 0", "pause_ms: 50"));
    Psql writer(scene, "writer");
    for (int i = 0; i < 40; ++i) {
      Child child(scene.run_arguments(), scene.environment());
      std::this_thread::sleep_for(milliseconds(20 + random() % 150));
      writer.send(
          fmt::format("UPDATE tenant_accounts SET legacy_email = 'w{}-' || id WHERE id LIKE '%{}7'", i, i % 10));
      child.signal(SIGKILL);
      if (child.wait().status == 4) break;
      ++kills;
    }
    CHECK(scene.run().status == 4);
    CHECK(scene.sql("SELECT count(*) FROM tenant_accounts WHERE primary_contact IS DISTINCT FROM legacy_email") == "0");
    const std::string written = scene.sql("SELECT count(*) FROM tenant_accounts WHERE legacy_email LIKE 'w%'");
    CHECK(written != "0");
    for (int i = 0; i < 40; ++i) {
      Child child(scene.run_arguments(passed), scene.environment());
      std::this_thread::sleep_for(milliseconds(10 + random() % 100));
      child.signal(SIGKILL);
      if (child.wait().status == 0) break;
      ++kills;
      ++behind_gate;
    }
    const Finished end = scene.run(passed);
    CHECK_MESSAGE(end.status == 0, end.out);
    CHECK(scene.sql("SELECT count(*) FROM tenant_accounts WHERE primary_contact LIKE 'w%'") == written);
    // What is left of the schema is what the original makes of it.
    const std::string state = scene.state();
    const std::string without_rows = wanted().substr(0, wanted().rfind('\n'));
    CHECK(state.substr(0, state.rfind('\n')) == without_rows);
  }
  CHECK(kills >= 50);
  CHECK(behind_gate >= 5);
}

TEST_CASE("a signal ends a run in order, and the next one goes on where it was") {
  NEEDS_SERVER();
  const Scene scene;
  scene.plan(with(with(rename_plan(), "batch: 500", "batch: 100"), "pause_ms: 0", "pause_ms: 200"));
  Child child(scene.run_arguments(), scene.environment());
  scene.wait_until("SELECT to_regclass('pglint.step') IS NOT NULL");
  scene.wait_until("SELECT EXISTS (SELECT FROM pglint.step WHERE rows_done > 0)");
  CHECK(status(scene).at("state") == "running");
  child.signal(SIGTERM);
  const Finished ended = child.wait();
  CHECK_MESSAGE(ended.status == 130, ended.out);
  CHECK(status(scene).at("state") == "interrupted");
  const std::string rows = scene.sql("SELECT rows_done FROM pglint.step WHERE id = 'copy-primary-contact'");
  CHECK(std::stoi(rows) < 2000);
  scene.plan(rename_plan());  // batch and pause are not part of the hash
  CHECK(scene.run().status == 4);
  CHECK(scene.sql("SELECT rows_changed FROM pglint.step WHERE id = 'copy-primary-contact'") == "2000");
}

TEST_CASE("a lost connection is made again") {
  NEEDS_SERVER();
  const Scene scene;
  scene.plan(with(with(rename_plan(), "batch: 500", "batch: 100"), "pause_ms: 0", "pause_ms: 100"));
  Child child(scene.run_arguments(), scene.environment());
  scene.wait_until("SELECT to_regclass('pglint.step') IS NOT NULL");
  scene.wait_until("SELECT EXISTS (SELECT FROM pglint.step WHERE rows_done > 0)");
  scene.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pglint:%' AND datname = "
      "current_database()");
  const Finished ended = child.wait();
  CHECK_MESSAGE(ended.status == 4, ended.out);
  CHECK(contains(ended.out, "connecting again"));
  CHECK(scene.sql("SELECT rows_changed FROM pglint.step WHERE id = 'copy-primary-contact'") == "2000");
}

TEST_CASE("what nobody can undo is not begun: a plan that does not fit changes nothing" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  const std::string before = scene.state();
  const auto refused = [&](int status, std::string_view words) {
    const Finished ended = scene.run();
    CHECK_MESSAGE(ended.status == status, ended.out);
    CHECK_MESSAGE(contains(ended.out, words), ended.out);
    CHECK_FALSE(has_state(scene));
  };
  SUBCASE("a column is another one") {
    scene.sql("ALTER TABLE tenant_accounts ALTER legacy_email SET DEFAULT 'x'");
    refused(5, "column legacy_email is text, nullable, default 'x'::text, not text, nullable, no default");
  }
  SUBCASE("something depends on it of which the plan does not know") {
    scene.sql("CREATE VIEW emails AS SELECT legacy_email FROM tenant_accounts");
    refused(5, "there is the view public.emails, of which the plan does not know");
  }
  SUBCASE("the data does not fit") {
    scene.sql("UPDATE tenant_accounts SET region_id = 77 WHERE id LIKE '%42'");
    refused(5, "rows of tenant_accounts whose region_id is no id of regions:\n  00000000000000000000000042");
  }
  SUBCASE("a trigger of others would fire for every row") {
    scene.plan(with(rename_plan(), "triggers: []", "triggers: [touch]"));
    scene.sql(
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER touch "
        "BEFORE UPDATE ON tenant_accounts FOR EACH ROW EXECUTE FUNCTION touch()");
    refused(5, "would fire the triggers touch of public.tenant_accounts for every row");
    CHECK(scene.run({"--accept-triggers", "other,touch"}).status == 4);
  }
  SUBCASE("row security hides rows") {
    scene.plan(with(rename_plan(), "row_security: false", "row_security: true"));
    scene.sql(
        "DROP ROLE IF EXISTS plain_owner; CREATE ROLE plain_owner LOGIN; ALTER TABLE tenant_accounts OWNER TO "
        "plain_owner; ALTER TABLE tenant_accounts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY");
    std::string dsn = with(scene.dsn(), "postgres@", "plain_owner@");
    const Finished ended = scene.run({}, {{"PGLINT_DATABASE_URL", dsn}});
    CHECK_MESSAGE(ended.status == 5, ended.out);
    CHECK(contains(ended.out, "row security of public.tenant_accounts would hide rows"));
    CHECK_FALSE(has_state(scene));
    scene.sql("DROP OWNED BY plain_owner CASCADE; DROP ROLE plain_owner");
  }
  SUBCASE("the server is older than the plan") {
    scene.plan(with(rename_plan(), "postgres: 15", "postgres: 99"));
    refused(2, "the plan was built for 99 and later");
  }
  SUBCASE("the plan is not the one that was checked") {
    const Finished ended = scene.run({"--hash", std::string(64, 'a')});
    CHECK(ended.status == 2);
    CHECK(contains(ended.out, "is not the plan that was checked"));
    CHECK(scene.state() == before);
  }
}

TEST_CASE("a role that owns the table and may create schemas is enough" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql(fmt::format(
      "DROP ROLE IF EXISTS migrator; CREATE ROLE migrator LOGIN; ALTER TABLE tenant_accounts OWNER TO migrator; "
      "ALTER TABLE regions OWNER TO migrator; GRANT CREATE ON DATABASE {} TO migrator; GRANT CREATE ON "
      "SCHEMA public TO migrator; ALTER ROLE migrator SET statement_timeout = '1ms'; ALTER ROLE migrator SET "
      "default_transaction_read_only = on",
      scene.database()));
  const Environment environment = {{"PGLINT_DATABASE_URL", with(scene.dsn(), "postgres@", "migrator@")}};
  const Finished gate = scene.run({}, environment);
  CHECK_MESSAGE(gate.status == 4, gate.out);
  const Finished end = scene.run(passed, environment);
  CHECK_MESSAGE(end.status == 0, end.out);
  scene.sql("DROP OWNED BY migrator CASCADE; DROP ROLE migrator");
}

TEST_CASE("from its first run on a plan is fixed, and so is its database") {
  NEEDS_SERVER();
  const Scene scene;
  CHECK(scene.run({"--through", "expand"}).status == 0);
  scene.plan(with(rename_plan(), "comment: what was there before the trigger", "comment: another word"));
  const Finished edited = scene.run();
  CHECK_MESSAGE(edited.status == 2, edited.out);
  CHECK(contains(edited.out, "was changed since its first run"));
  scene.plan(rename_plan());
  scene.wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'pglint:%')");
  REQUIRE(server().psql("postgres", {"-c", fmt::format("CREATE DATABASE copy TEMPLATE {}", scene.database())}).status ==
          0);
  const Finished copied = scene.run({}, {{"PGLINT_DATABASE_URL", server().dsn("copy")}});
  CHECK_MESSAGE(copied.status == 2, copied.out);
  CHECK(contains(copied.out, "this database is a copy"));
  CHECK(server().psql("postgres", {"-c", "DROP DATABASE copy"}).status == 0);
  CHECK(scene.run().status == 4);
}

TEST_CASE("what somebody changed by hand in the middle is seen") {
  NEEDS_SERVER();
  const Scene scene;
  SUBCASE("a step that was done is not any more") {
    CHECK(scene.run().status == 4);
    scene.sql("DROP INDEX ta_region_i");
    const Finished ended = scene.run(passed);
    CHECK_MESSAGE(ended.status == 5, ended.out);
    CHECK(contains(ended.out, "the step index-region was done, and what it did is not there any more"));
    CHECK(status(scene).at("state") == "failed");
  }
  SUBCASE("a later step is done before an earlier one") {
    scene.sql("CREATE INDEX ta_region_i ON tenant_accounts (region_id)");
    const Finished ended = scene.run();
    CHECK_MESSAGE(ended.status == 5, ended.out);
    CHECK(contains(ended.out, "the step index-region is done, but add-primary-contact, which comes before it, is not"));
  }
  SUBCASE("something new depends on the columns") {
    CHECK(scene.run().status == 4);
    scene.sql("CREATE VIEW emails AS SELECT legacy_email FROM tenant_accounts");
    const Finished ended = scene.run(passed);
    CHECK_MESSAGE(ended.status == 5, ended.out);
    CHECK(contains(ended.out, "public.tenant_accounts dependent view public.emails is new"));
    // It is no business of the first phases; the contract is refused by the server, since it drops with RESTRICT.
    const Finished accepted = scene.run({"--accept-changes"});
    CHECK_MESSAGE(accepted.status == 3, accepted.out);
    CHECK(contains(accepted.out, "view emails depends on column legacy_email"));
    scene.sql("DROP VIEW emails");
    CHECK(scene.run({"--accept-changes"}).status == 0);
    CHECK(scene.state() == wanted());
  }
  SUBCASE("data that no longer fits is found again before its step") {
    CHECK(scene.run().status == 4);
    scene.sql("UPDATE tenant_accounts SET legacy_email = NULL WHERE id LIKE '%42'");
    const Finished ended = scene.run(passed);
    CHECK_MESSAGE(ended.status == 5, ended.out);
    scene.sql("UPDATE tenant_accounts SET legacy_email = id WHERE legacy_email IS NULL");
    CHECK(scene.run().status == 0);
  }
}

TEST_CASE("a lock that others hold is waited for in short attempts, and they are named") {
  NEEDS_SERVER();
  const Scene scene;
  Psql reader(scene, "the reader");
  reader.send("BEGIN; SELECT count(*) FROM tenant_accounts");
  const Finished ended = scene.run({"--lock-budget", "1"});
  CHECK_MESSAGE(ended.status == 5, ended.out);
  CHECK(contains(ended.out, "the reader, idle in transaction"));
  CHECK(contains(ended.out, "holds ACCESS SHARE on public.tenant_accounts: SELECT count(*) FROM tenant_accounts"));
  CHECK(status(scene).at("state") == "failed");
  CHECK(status(scene).at("steps").at(0).at("state") == "failed");
  Child child(scene.run_arguments(), scene.environment());
  std::this_thread::sleep_for(milliseconds(300));
  reader.send("COMMIT");
  const Finished waited = child.wait();
  CHECK_MESSAGE(waited.status == 4, waited.out);
}

TEST_CASE("an autovacuum that has the table is taken off it, at once by those who may say so" *
          doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  // One that takes minutes.
  scene.sql(
      "ALTER TABLE tenant_accounts SET (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0, "
      "autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1); UPDATE tenant_accounts SET plan = 'x'");
  const auto nap = [](const char* what) {
    REQUIRE(server()
                .psql("postgres", {"-c", fmt::format("ALTER SYSTEM {}", what), "-c", "SELECT pg_reload_conf()"})
                .status == 0);
  };
  nap("SET autovacuum_naptime = '1s'");
  scene.wait_until(
      "SELECT EXISTS (SELECT FROM pg_stat_progress_vacuum WHERE relid = 'tenant_accounts'::regclass AND datname = "
      "current_database())");
  SUBCASE("by a superuser") {
    const Finished expanded = scene.run({"--through", "expand"});
    CHECK_MESSAGE(expanded.status == 0, expanded.out);
    CHECK(contains(expanded.out, "an autovacuum"));
    CHECK(contains(expanded.out, "The server takes it off the table."));
  }
  SUBCASE("by an owner, when it has had its time") {
    scene.sql(
        fmt::format("DROP ROLE IF EXISTS modest; CREATE ROLE modest LOGIN; ALTER TABLE regions OWNER TO modest; GRANT "
                    "CREATE ON DATABASE {} TO modest; GRANT CREATE ON SCHEMA public TO modest; GRANT pg_monitor TO "
                    "modest; UPDATE pg_class SET relowner = 'modest'::regrole WHERE oid = "
                    "'tenant_accounts'::regclass",
                    scene.database()));
    const Finished expanded = scene.run({"--through", "expand", "--lock-budget", "8"},
                                        {{"PGLINT_DATABASE_URL", with(scene.dsn(), "postgres@", "modest@")}});
    CHECK_MESSAGE(expanded.status == 0, expanded.out);
    CHECK(contains(expanded.out, "It is left to finish for 2.0 s."));
    scene.sql("DROP OWNED BY modest CASCADE; DROP ROLE modest");
  }
  nap("RESET autovacuum_naptime");
}

TEST_CASE("a batch whose rows others hold is tried again" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  CHECK(scene.run({"--through", "expand"}).status == 0);
  Psql writer(scene, "the writer");
  writer.send("BEGIN; UPDATE tenant_accounts SET plan = 'x' WHERE id LIKE '%1500'");
  const Finished ended = scene.run({"--lock-budget", "1.5"});
  CHECK_MESSAGE(ended.status == 5, ended.out);
  CHECK(contains(ended.out, "the writer, idle in transaction"));
  const std::string rows = scene.sql("SELECT rows_done FROM pglint.step WHERE id = 'copy-primary-contact'");
  CHECK(std::stoi(rows) >= 1000);
  writer.send("ROLLBACK");
  CHECK(scene.run().status == 4);
  CHECK(scene.sql("SELECT rows_changed FROM pglint.step WHERE id = 'copy-primary-contact'") == "2000");
}

TEST_CASE("what a build left that was cut off is built anew, what is somebody else's is left alone" *
          doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  SUBCASE("of the same definition") {
    scene.sql(
        "CREATE INDEX ta_region_i ON tenant_accounts (region_id); UPDATE pg_index SET indisvalid = false WHERE "
        "indexrelid "
        "= 'ta_region_i'::regclass");
    const Finished ended = scene.run();
    CHECK_MESSAGE(ended.status == 4, ended.out);
    CHECK(contains(ended.out, "dropping the INVALID index ta_region_i"));
    CHECK(scene.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ta_region_i'::regclass") == "t");
  }
  SUBCASE("of another definition") {
    scene.sql(
        "CREATE INDEX ta_region_i ON tenant_accounts (plan); UPDATE pg_index SET indisvalid = false WHERE indexrelid = "
        "'ta_region_i'::regclass");
    const Finished ended = scene.run();
    CHECK_MESSAGE(ended.status == 5, ended.out);
    CHECK(contains(ended.out, "there is an INVALID index of the name ta_region_i"));
    CHECK(scene.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ta_region_i'::regclass") == "f");
  }
  SUBCASE("of our own, cut off by a signal while it waited") {
    CHECK(scene.run({"--through", "backfill"}).status == 0);
    Psql writer(scene, "the writer");
    writer.send("BEGIN; UPDATE tenant_accounts SET plan = 'x' WHERE id LIKE '%1500'");
    const Finished ended = scene.run({"--wait-budget", "1"});
    CHECK_MESSAGE(ended.status == 5, ended.out);
    CHECK(contains(ended.out, "the writer, idle in transaction"));
    CHECK(scene.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ta_region_i'::regclass") == "f");
    writer.send("COMMIT");
    CHECK(scene.run().status == 4);
    CHECK(scene.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ta_region_i'::regclass") == "t");
  }
}

TEST_CASE("undo gives the schema back from wherever the plan was") {
  NEEDS_SERVER();
  const Scene scene;
  const std::string before = scene.state();
  std::vector<std::string> points = {"copy-primary-contact:committed", "index-region:executed", "analyze:after"};
  if (!quick())
    points.insert(points.end(), {"add-primary-contact:after", "add-region-fk:after", "copy-primary-contact:after",
                                 "validate-region-fk:after", "unique-primary-contact:after"});
  for (const std::string& point : points) {
    CHECK(scene.run({}, {{"PGLINT_FAILPOINT", point}}).status == 128 + SIGKILL);
    const Finished undone = scene.run({"--undo"});
    CHECK_MESSAGE(undone.status == 0, point << "\n" << undone.out);
    CHECK_MESSAGE(scene.state() == before, point);
  }
  // Killed on its way back, too.
  CHECK(scene.run().status == 4);
  for (const char* point : {"unique-primary-contact:undone", "validate-region-fk:undone", "add-region-fk:undone"})
    CHECK(scene.run({"--undo"}, {{"PGLINT_FAILPOINT", point}}).status == 128 + SIGKILL);
  CHECK(scene.run({"--undo"}).status == 0);
  CHECK(scene.state() == before);
  CHECK(status(scene).at("state") == "pending");
}

TEST_CASE("undo stops at a gate that was passed, and before what cannot be taken back") {
  NEEDS_SERVER();
  const Scene scene;
  const std::string before = scene.state();
  CHECK(scene.run().status == 4);
  const std::string at_gate = scene.state();
  CHECK(scene.run({"--passed", "primary-contact", "--through", "tighten"}).status == 0);
  for (int i = 0; i < 2; ++i) {
    const Finished stopped = scene.run({"--undo"});
    CHECK_MESSAGE(stopped.status == 4, stopped.out);
    CHECK(contains(stopped.out, "--passed primary-contact-undo"));
    CHECK(scene.state() == at_gate);
  }
  CHECK(scene.run({"--undo", "--passed", "nonsense-undo"}).status == 2);
  const Finished undone = scene.run({"--undo", "--passed", "primary-contact-undo"});
  CHECK_MESSAGE(undone.status == 0, undone.out);
  CHECK(scene.state() == before);
  // And the gate is a gate again.
  CHECK(scene.run().status == 4);
  CHECK(scene.run(passed).status == 0);
  const Finished irreversible = scene.run({"--undo", "--passed", "primary-contact-undo"});
  CHECK_MESSAGE(irreversible.status == 5, irreversible.out);
  CHECK(contains(irreversible.out, "the step contract is done, and cannot be taken back"));
  CHECK(scene.state() == wanted());
}

TEST_CASE("two runs at once are one after the other") {
  NEEDS_SERVER();
  const Scene scene;
  scene.plan(with(with(rename_plan(), "batch: 500", "batch: 100"), "pause_ms: 0", "pause_ms: 50"));
  Child first(scene.run_arguments(), scene.environment());
  scene.wait_until("SELECT to_regclass('pglint.step') IS NOT NULL");
  Child second(scene.run_arguments(), scene.environment());
  const Finished one = first.wait();
  const Finished two = second.wait();
  CHECK_MESSAGE(one.status == 4, one.out);
  CHECK_MESSAGE(two.status == 4, two.out);
  CHECK(contains(two.out, "Waiting for another run of pglint"));
  CHECK(scene.sql("SELECT rows_changed FROM pglint.step WHERE id = 'copy-primary-contact'") == "2000");
}

TEST_CASE("the statement of a client that was killed is waited for") {
  NEEDS_SERVER();
  const Scene scene;
  // Writes for two seconds, whoever listens.
  const Result<Plan> base = plan::from_yaml(rename_plan());
  REQUIRE(base);
  Plan slow;
  slow.id = "slow";
  slow.runner = "plain";
  slow.stages.push_back(
      {.phase = Phase::expand,
       .steps = {{.id = "slow",
                  .own_transaction = false,
                  .lock_class = LockClass::b,
                  .sql = {"DO $$ BEGIN FOR i IN 1..20 LOOP PERFORM pg_sleep(0.1); END LOOP; EXECUTE 'CREATE TABLE "
                          "public.slow ()'; END $$"},
                  .done_when = "SELECT to_regclass('public.slow') IS NOT NULL"}}});
  scene.plan(plan::to_yaml(slow));
  // Where the server does not look whether its client is still there, it goes on to the end.
  scene.sql("CREATE FUNCTION public.nothing() RETURNS int LANGUAGE sql AS 'SELECT 1'");
  Child child(scene.run_arguments(), scene.environment());
  scene.wait_until(
      "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'DO $$ BEGIN FOR i%' AND state = 'active')");
  child.signal(SIGKILL);
  static_cast<void>(child.wait());
  const Finished again = scene.run();
  CHECK_MESSAGE(again.status == 0, again.out);
  CHECK(contains(again.out, "Waiting for"));
  CHECK(scene.sql("SELECT to_regclass('public.slow') IS NOT NULL") == "t");
}

TEST_CASE("rows are deleted along a key of several columns, whatever stands in it") {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql(
      "CREATE TABLE \"Log\" (tenant text, n int, at timestamptz NOT NULL DEFAULT now(), keep boolean, CONSTRAINT \"Log "
      "k\" "
      "PRIMARY KEY (tenant, n)); INSERT INTO \"Log\" SELECT t, n, now(), n % 3 = 0 FROM unnest(ARRAY['a', '''; DROP', "
      "E'b\\\\', "
      "'Ä', '']) t, generate_series(-500, 500) n");
  Plan purge;
  purge.id = "purge";
  purge.runner = "plain";
  Backfill rows{.table = "public.\"Log\"",
                .index = "Log k",
                .key = {{"tenant", "text"}, {"n", "integer"}},
                .where = "NOT keep -- a comment",
                .batch = 100,
                .pause_ms = 0,
                .proof = "SELECT FROM public.\"Log\" WHERE NOT keep LIMIT 1"};
  purge.stages.push_back({.phase = Phase::backfill,
                          .steps = {{.id = "purge",
                                     .kind = StepKind::backfill,
                                     .lock_class = LockClass::c,
                                     .irreversible = true,
                                     .backfill = rows}}});
  scene.plan(plan::to_yaml(purge));
  const std::string kept = scene.sql("SELECT count(*) FROM \"Log\" WHERE keep");
  for (int i = 0; i < 3; ++i) CHECK(scene.run({}, {{"PGLINT_FAILPOINT", "purge:committed"}}).status == 128 + SIGKILL);
  const Finished ended = scene.run();
  CHECK_MESSAGE(ended.status == 0, ended.out);
  CHECK(scene.sql("SELECT count(*) FROM \"Log\"") == kept);
  CHECK(scene.sql("SELECT count(*) FROM \"Log\" WHERE keep") == kept);
  CHECK(scene.sql("SELECT rows_changed FROM pglint.step") == std::to_string(5 * 1001 - std::stoi(kept)));
}

TEST_CASE("a proof that finds rows forever ends the step, not the patience") {
  NEEDS_SERVER();
  const Scene scene;
  scene.plan(with(rename_plan(),
                  "proof: SELECT FROM public.tenant_accounts WHERE primary_contact IS DISTINCT FROM legacy_email",
                  "proof: SELECT FROM public.tenant_accounts WHERE legacy_email IS NOT NULL"));
  const Finished ended = scene.run();
  CHECK_MESSAGE(ended.status == 5, ended.out);
  CHECK(contains(ended.out, "after 3 passes there still are rows that the proof finds"));
}

TEST_CASE("steps whose done_when stays false are taken back") {
  NEEDS_SERVER();
  const Scene scene;
  const std::string before = scene.state();
  scene.plan(
      with(rename_plan(), "format_type(atttypid, atttypmod) = 'text'", "format_type(atttypid, atttypmod) = 'bytea'"));
  const Finished ended = scene.run();
  CHECK_MESSAGE(ended.status == 5, ended.out);
  CHECK(contains(ended.out, "done_when of the step is still not true"));
  CHECK(scene.state() == before);
}

TEST_CASE("a dry run says what would be done and does nothing") {
  NEEDS_SERVER();
  const Scene scene;
  const Finished dry = scene.run({"--dry-run"});
  CHECK(dry.status == 0);
  CHECK(
      contains(dry.out, "CREATE INDEX CONCURRENTLY IF NOT EXISTS ta_region_i ON public.tenant_accounts (region_id);"));
  CHECK(contains(dry.out, "-- ACCESS EXCLUSIVE on public.tenant_accounts"));
  CHECK(contains(dry.out, "lock_timeout 100 ms to 2000 ms"));
  CHECK_FALSE(has_state(scene));
  CHECK(scene.run({"--through", "expand"}).status == 0);
  const Finished later = scene.run({"--dry-run"});
  CHECK(contains(later.out, "expand add-primary-contact, done already\n"));
  CHECK_FALSE(contains(later.out, "ADD COLUMN"));
  // Without a database all of it.
  const Finished offline =
      scene.apply({"run", "--plan", scene.plan_path(), "--dry-run"}, {{"PGLINT_DATABASE_URL", ""}});
  CHECK(contains(offline.out, "ADD COLUMN"));
}

TEST_CASE("servers that cannot be used are named, passwords are not") {
  NEEDS_SERVER();
  const Scene scene;
  const auto said = [&](const std::string& url, int status) {
    const Finished ended = scene.run({}, {{"PGLINT_DATABASE_URL", url}});
    CHECK_MESSAGE(ended.status == status, url << "\n" << ended.out);
    CHECK_MESSAGE(!contains(ended.out, "geheim"), ended.out);
    return ended.out;
  };
  CHECK(contains(said("postgresql://u:geheim@/x?host=/nonexistent", 3), "cannot connect"));
  CHECK(contains(said("postgresql://u:geheim@/x?nonsense=1", 2), "the connection string cannot be read"));
  CHECK(contains(said("host=/nonexistent password=geheim dbname='x", 2), "the connection string cannot be read"));
  CHECK(contains(said(with(scene.dsn(), "/" + scene.database() + "?", "/nonexistent?password=geheim&"), 3),
                 "does not exist"));
  CHECK(contains(said(with(scene.dsn(), "postgres@", "nobody_there:geheim@"), 3), "nobody_there"));
}

TEST_CASE("wrong words are refused before anything is asked") {
  NEEDS_SERVER();
  const Scene scene;
  CHECK(scene.apply({}).status == 2);
  CHECK(scene.apply({"run"}).status == 2);
  CHECK(scene.run({"--through", "nonsense"}).status == 2);
  CHECK(scene.apply({"run", "--plan", "/nonexistent.yml"}).status == 2);
  const Finished other = scene.apply({"--called-by", "9.9.9", "status"});
  CHECK(other.status == 2);
  CHECK(contains(other.out, "install both from the same release"));
  scene.plan("pglint_plan: 1\nid: [");
  CHECK(scene.run().status == 2);
  CHECK_FALSE(has_state(scene));
}

TEST_CASE("a plan that the runner's files brought to its end is done, and one that they began goes on") {
  NEEDS_SERVER();
  SUBCASE("all of it: a database that the original migration made") {
    const Scene scene;
    scene.sql(original);
    // The original leaves no trigger and no helper: every done_when is true of its end state.
    CHECK(status(scene).at("state") == "done");
    const Finished ended = scene.run();
    CHECK_MESSAGE(ended.status == 0, ended.out);
    CHECK(scene.state() == wanted());
  }
  SUBCASE("a part of it") {
    const Scene scene;
    CHECK(scene.run().status == 4);
    scene.wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'pglint:%')");
    scene.sql("DROP SCHEMA pglint CASCADE");
    finish(scene);
    CHECK(scene.state() == wanted());
  }
}

TEST_CASE("a second plan for the same column waits for the first" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  CHECK(scene.run({"--through", "expand"}).status == 0);
  const std::string first = scene.plan_path();
  scene.plan(with(rename_plan(), "id: 0007_rename_email", "id: 0008_other"));
  const Finished ended = scene.run();
  CHECK_MESSAGE(ended.status == 5, ended.out);
  CHECK(contains(ended.out, "the plan 0007_rename_email changes public.tenant_accounts.id, too"));
}
