// Through a real PgBouncer: in session mode all is as without one; where a session is anybody's, nothing is begun, and
// nothing is left in sessions that are the application's.
#include "pooler.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <thread>

#include "quick.h"
#include "scene.h"
#include "skip.h"

using namespace pglint;
using namespace pglint::test;

namespace {

Environment through(const Pooler& pooler, const Scene& scene) {
  return {{"PGLINT_DATABASE_URL", pooler.dsn(scene.database())}};
}

// The settings of every session that the pooler has, as its next clients find them.
std::string left_behind(const Pooler& pooler, const Scene& scene) {
  std::string all;
  for (int i = 0; i < 3; ++i) {
    const auto seen = run({"psql", "-X", "-q", "-A", "-t", "-d", pooler.dsn(scene.database()), "-c",
                           "SELECT string_agg(name || ' ' || setting, ', ') FROM pg_settings WHERE source = 'session' "
                           "AND name IN ('search_path', 'lock_timeout', 'statement_timeout', 'row_security', "
                           "'default_transaction_read_only', 'idle_in_transaction_session_timeout')"});
    REQUIRE(seen);
    REQUIRE_MESSAGE(seen->status == 0, seen->err);
    all += seen->out;
  }
  std::erase(all, '\n');
  return all;
}

}  // namespace

TEST_CASE("a pooler in transaction mode is refused, and its sessions stay as they were") {
  if (!server().missing().empty()) return skip(Missing::tool, server().missing());
  for (const std::string mode : {"transaction", "statement"}) {
    if (quick() && mode != "transaction") continue;
    CAPTURE(mode);
    const Scene scene;
    const Pooler pooler(mode, 5);
    if (!pooler.missing().empty()) return skip(Missing::tool, pooler.missing());
    const std::string before = scene.state();
    for (const std::vector<std::string>& command : {std::vector<std::string>{"run", "--plan", scene.plan_path()},
                                                    {"run", "--plan", scene.plan_path(), "--dry-run"},
                                                    {"status", "--plan", scene.plan_path()},
                                                    {"pass", "primary-contact", "--plan", scene.plan_path()}}) {
      const Finished refused = scene.apply(command, through(pooler, scene));
      CHECK_MESSAGE(refused.status == 2, refused.out);
      CHECK(refused.out.starts_with("error: there is a connection pooler in between"));
      CHECK(contains(refused.out, "Connect to the server itself"));
      CHECK(refused.out.find('\n') == refused.out.size() - 1);
      CHECK(left_behind(pooler, scene) == "");
    }
    CHECK(scene.state() == before);
    CHECK(scene.sql("SELECT to_regclass('pglint.plan') IS NULL") == "t");
  }
}

TEST_CASE("a pooler that has no session to spare is no endless wait" * doctest::skip(quick())) {
  if (!server().missing().empty()) return skip(Missing::tool, server().missing());
  const Scene scene;
  const Pooler pooler("session", 1);
  if (!pooler.missing().empty()) return skip(Missing::tool, pooler.missing());
  const Finished refused = scene.run({}, through(pooler, scene));
  CHECK_MESSAGE(refused.status == 2, refused.out);
  CHECK(contains(refused.out, "the connection pooler in between has no second session to give"));
}

TEST_CASE("through a pooler in session mode a plan comes to its end, past a kill") {
  if (!server().missing().empty()) return skip(Missing::tool, server().missing());
  const Scene scene;
  const Pooler pooler("session", 5);
  if (!pooler.missing().empty()) return skip(Missing::tool, pooler.missing());
  Environment environment = through(pooler, scene);
  for (const char* point : {"add-primary-contact:after", "copy-primary-contact:committed"}) {
    environment.emplace_back("PGLINT_FAILPOINT", point);
    CHECK(scene.run({}, environment).status == 128 + SIGKILL);
    environment.pop_back();
  }
  // The session of the run that was killed is the pooler's now, and idle.
  const Finished gate = scene.run({}, environment);
  CHECK_MESSAGE(gate.status == 4, gate.out);
  CHECK_FALSE(contains(gate.out, "Waiting for the backend of an earlier run"));
  CHECK(left_behind(pooler, scene) == "");
  CHECK(scene.apply({"status", "--plan", scene.plan_path(), "--gate", "primary-contact"}, environment).status == 0);
  const Finished end = scene.run({"--passed", "primary-contact"}, environment);
  CHECK_MESSAGE(end.status == 0, end.out);
}
