// What the executor decides without a server: how long, how much, in which words.
#include <doctest/doctest.h>

#include <algorithm>

#include "apply/assumes.h"
#include "apply/controller.h"
#include "apply/gate.h"
#include "apply/index_text.h"
#include "apply/schedule.h"
#include "apply/throttle.h"
#include "apply/words.h"

using namespace pglint;
using namespace pglint::apply;
using std::chrono::milliseconds;

TEST_CASE("no attempt waits without a limit, or longer than two seconds") {
  for (const milliseconds deadlock_timeout : {milliseconds(10), milliseconds(1000), milliseconds(60'000)})
    for (std::size_t number = 0; number < 1000; ++number) {
      const Attempt one = attempt(number, deadlock_timeout);
      CHECK(one.lock_timeout > milliseconds(0));
      CHECK(one.lock_timeout <= milliseconds(2000));
      CHECK(one.rest >= milliseconds(100));
    }
}

TEST_CASE("a table is kept waiting for a tenth of the time at most") {
  milliseconds waited{0};
  milliseconds rested{0};
  for (std::size_t number = 0; number < 200; ++number) {
    const Attempt one = attempt(number, milliseconds(1000));
    waited += one.lock_timeout;
    rested += with_jitter(one.rest, 0);
    // The first few are over before anybody notices.
    if (number >= 9) CHECK(waited * 10 <= (waited + rested) * 2);
  }
  CHECK(waited * 10 <= waited + rested);
}

TEST_CASE("some attempts last until the server takes an autovacuum away") {
  const milliseconds deadlock_timeout(1000);
  bool first_ten = false;
  for (std::size_t number = 0; number < 10; ++number)
    first_ten = first_ten || attempt(number, deadlock_timeout).lock_timeout > deadlock_timeout;
  CHECK(first_ten);
  for (std::size_t start = 10; start < 50; start += 4) {
    bool later = false;
    for (std::size_t number = start; number < start + 4; ++number)
      later = later || attempt(number, deadlock_timeout).lock_timeout > deadlock_timeout;
    CHECK(later);
  }
}

TEST_CASE("rests are spread by half") {
  CHECK(with_jitter(milliseconds(1000), 0) == milliseconds(500));
  CHECK(with_jitter(milliseconds(1000), 1) == milliseconds(1500));
}

TEST_CASE("batches grow slowly to a tenth of a second, and shrink at once") {
  BatchController controller(500);
  CHECK(controller.rows() == 500);
  std::uint32_t before = controller.rows();
  for (int i = 0; i < 100; ++i) {
    controller.took(controller.rows(), std::chrono::duration<double>(controller.rows() * 1e-5));  // 100 rows/ms
    CHECK(controller.rows() <= before * 6 / 5 + 1);
    before = controller.rows();
  }
  CHECK(controller.rows() > 9'000);
  CHECK(controller.rows() < 11'000);
  controller.failed();
  CHECK(controller.rows() < 5'600);
  for (int i = 0; i < 50; ++i) controller.failed();
  CHECK(controller.rows() == 100);
}

TEST_CASE("a batch has at most 20,000 rows, and no fewer than a plan asks for or 100") {
  BatchController fast(19'000);
  for (int i = 0; i < 100; ++i) fast.took(fast.rows(), std::chrono::duration<double>(1e-6));
  CHECK(fast.rows() == 20'000);
  BatchController slow(3);
  for (int i = 0; i < 100; ++i) slow.took(slow.rows(), std::chrono::duration<double>(10));
  CHECK(slow.rows() == 3);
  BatchController one(1);
  for (int i = 0; i < 20; ++i) one.took(one.rows(), std::chrono::duration<double>(1e-6));
  CHECK(one.rows() > 10);
}

TEST_CASE("durations and counts are words") {
  CHECK(words(milliseconds(340)) == "340 ms");
  CHECK(words(milliseconds(1500)) == "1.5 s");
  CHECK(words(milliseconds(34'000)) == "34 s");
  CHECK(words(milliseconds(300'000)) == "5 min");
  CHECK(words(milliseconds(3'600'000 * 3)) == "3 h 0 min");
  CHECK(words(std::uint64_t{7}) == "7");
  CHECK(words(std::uint64_t{1234567}) == "1,234,567");
}

TEST_CASE("who is in the way is named, and cannot take the terminal over") {
  const Holder holder{.pid = "4711",
                      .user = "app",
                      .application = "web\x1b[2J",
                      .kind = "client backend",
                      .state = "idle in transaction",
                      .query = "SELECT 1",
                      .seconds = 34,
                      .what = "ACCESS SHARE on public.t"};
  CHECK(words(holder) ==
        "pid 4711, user app, web\\x1b[2J, idle in transaction, in its transaction for 34 s, holds ACCESS "
        "SHARE on public.t: SELECT 1");
}

TEST_CASE("conflicts are those of the documentation") {
  const auto count = [](LockMode mode) { return conflicting(mode).size(); };
  CHECK(count(LockMode::none) == 0);
  CHECK(count(LockMode::access_share) == 1);
  CHECK(count(LockMode::row_share) == 2);
  CHECK(count(LockMode::row_exclusive) == 4);
  CHECK(count(LockMode::share_update_exclusive) == 5);
  CHECK(count(LockMode::share) == 5);
  CHECK(count(LockMode::share_row_exclusive) == 6);
  CHECK(count(LockMode::exclusive) == 7);
  CHECK(count(LockMode::access_exclusive) == 8);
}

TEST_CASE("a concurrent build is known by its name") {
  CHECK(built_index("CREATE INDEX CONCURRENTLY i ON t (a)") == "i");
  CHECK(built_index("create unique index concurrently if not exists \"I \"\"x\" on s.t (a)") == "I \"x");
  CHECK(built_index("/* CREATE INDEX CONCURRENTLY x ON y */ CREATE INDEX CONCURRENTLY I ON t (a) -- b") == "i");
  CHECK(built_index("CREATE INDEX i ON t (a)").empty());
  CHECK(built_index("CREATE INDEX CONCURRENTLY ON t (a)").empty());
  CHECK(built_index("ALTER TABLE t VALIDATE CONSTRAINT c").empty());
  CHECK(built_index("").empty());
  CHECK(built_index("CREATE INDEX CONCURRENTLY \"").empty());
}

TEST_CASE("two texts of one index are the same, others are not taken for it") {
  const auto same = [](std::string_view statement, std::string_view definition) {
    return same_index(statement, definition);
  };
  CHECK(same("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t (a, b DESC)",
             "CREATE INDEX i ON public.t USING btree (a, b DESC)"));
  CHECK(same("CREATE INDEX CONCURRENTLY i ON public.t USING gin (a)", "CREATE INDEX i ON public.t USING gin (a)"));
  CHECK(same("CREATE INDEX CONCURRENTLY i ON public.t (a) WHERE b > 1",
             "CREATE INDEX i ON public.t USING btree (a) WHERE (b > 1)"));
  CHECK_FALSE(same("CREATE UNIQUE INDEX CONCURRENTLY i ON public.t (a)", "CREATE INDEX i ON public.t USING btree (a)"));
  CHECK_FALSE(same("CREATE INDEX CONCURRENTLY i ON public.t (a)", "CREATE INDEX i ON public.t USING btree (b)"));
  CHECK_FALSE(
      same("CREATE INDEX CONCURRENTLY i ON public.t (a)", "CREATE INDEX i ON public.t USING btree (a) WHERE (b > 1)"));
  CHECK_FALSE(same("CREATE INDEX CONCURRENTLY i ON public.t (a) WHERE c = 'X'",
                   "CREATE INDEX i ON public.t USING btree (a) WHERE (c = 'x')"));
}

TEST_CASE("a column is as assumed in whatever words the server has for it") {
  CHECK(same_column("text, nullable, no default", "text, nullable, no default"));
  CHECK(same_column("citext, nullable, no default", "public.citext, nullable, no default"));
  CHECK(same_column("text, not null, default 'free'", "text, not null, default 'free'::text"));
  CHECK(same_column("timestamp with time zone, not null, default NOW()",
                    "timestamp with time zone, not null, default now()"));
  CHECK(same_column("text, not null, default", "text, not null, default 'x'::text"));
  CHECK(same_column("numeric(10,2), nullable, default 0", "numeric(10,2), nullable, default 0"));
  CHECK_FALSE(same_column("text, nullable, no default", "text, not null, no default"));
  CHECK_FALSE(same_column("text, nullable, no default", "text, nullable, default 'x'::text"));
  CHECK_FALSE(same_column("text, nullable, default 'free'", "text, nullable, default 'Free'::text"));
  CHECK_FALSE(same_column("text, nullable, default 'a b'", "text, nullable, default 'ab'::text"));
  CHECK_FALSE(same_column("integer, nullable, no default", "bigint, nullable, no default"));
  CHECK_FALSE(same_column("text", "mytext, nullable, no default"));
}

TEST_CASE("a plan that finds what it assumes has nothing to say, and else says what differs") {
  Plan plan;
  plan.assumes.push_back({.relation = "public.t",
                          .columns = {{"a", "text, nullable, no default"}, {"b", "integer, not null, no default"}},
                          .dependents = {"constraint t_u", "view v"},
                          .triggers = {"audit"}});
  const std::string facts =
      "public.t column a: text, nullable, no default\n"
      "public.t column b: integer, not null, no default\n"
      "public.t dependent constraint t_u\n"
      "public.t dependent view public.v\n"
      "public.t replica identity default\n"
      "public.t row security off\n"
      "public.t trigger audit";
  CHECK(unlike_plan(plan, facts).empty());
  CHECK(unlike_plan(plan, "public.t is missing") == std::vector<std::string>{"public.t: is not there"});
  plan.assumes[0].columns[0].second = "text, not null, no default";
  plan.assumes[0].columns[1].first = "c";
  plan.assumes[0].dependents = {"constraint t_u"};
  plan.assumes[0].triggers = {"audit", "more"};
  plan.assumes[0].replica_identity = "full";
  plan.assumes[0].row_security = true;
  CHECK(unlike_plan(plan, facts) ==
        std::vector<std::string>{
            "public.t: column a is text, nullable, no default, not text, not null, no default",
            "public.t: there is no column c",
            "public.t: there is the view public.v, of which the plan does not know",
            "public.t: there is no trigger more",
            "public.t: its replica identity is default, not full",
            "public.t: row security is off",
        });
}

TEST_CASE("what changed meanwhile is told line by line") {
  CHECK(changes("a\nb\nc", "a\nb\nc").empty());
  CHECK(changes("a\nb", "b\nc") == std::vector<std::string>{"a is no longer so", "c is new"});
}

TEST_CASE("a suggested command can be pasted") {
  CHECK(command("pass g", ".pglint/plans/0007.yml") == "pglint pass g --plan .pglint/plans/0007.yml");
  CHECK(command("pass g", "a b/it's.yml") == "pglint pass g --plan 'a b/it'\\''s.yml'");
}

TEST_CASE("whoever is behind makes a pause, which ends later than it began") {
  const Limits limits;
  const auto judged = [&](const Signals& signals, bool pausing = false) { return judge(signals, limits, pausing); };
  CHECK(judged({}).pressure == Pressure::none);
  CHECK(judged({.replica = "r1", .replica_mb = 60}).pressure == Pressure::none);
  CHECK(judged({.replica = "r1", .replica_mb = 70}).why == "the replica r1 is 70 MB behind");
  CHECK(judged({.replica_mb = 50}).pressure == Pressure::none);
  CHECK(judged({.replica_mb = 50}, true).pressure == Pressure::replica);
  CHECK(judged({.replica_mb = 40}, true).pressure == Pressure::none);
  CHECK(judged({.replica = "r1", .replica_mb = 1, .replica_seconds = 7}).why == "the replica r1 is 7.0 s behind");
  CHECK(judged({.replica_mb = 0, .replica_seconds = 7}).pressure == Pressure::none);
  CHECK_FALSE(judged({.replica_mb = 1000}).stop);
  CHECK(judged({.replica = "r1", .replica_mb = 20'000}).why == "the replica r1 is 20 GB behind");
  CHECK(judged({.replica_mb = 20'000}).stop);
  CHECK(judged({.slot = "s", .slot_mb = 101}).pressure == Pressure::slot);
  CHECK(judged({.slot = "s", .slot_mb = 0, .slot_is_lost_soon = true}).stop);
  CHECK(judged({.segments = 42}).pressure == Pressure::none);
  CHECK(judged({.segments = 43}).why == "43 segments of the WAL wait to be archived");
  CHECK(judged({.connections = 0.81}).why == "81 % of the server's connections are taken");
}

TEST_CASE("autovacuum is waited for where it is due and will come") {
  const Limits limits;
  const auto judged = [&](const Signals& signals, bool pausing = false) { return judge(signals, limits, pausing); };
  CHECK(judged({.dead_rows = 2e6, .vacuum_at = 3e6}).pressure == Pressure::none);
  CHECK(judged({.dead_rows = 2e6, .vacuum_at = 1.9e6}).why == "autovacuum is due: 2,000,000 dead rows");
  CHECK(judged({.dead_rows = 2e6, .vacuum_at = -1}).pressure == Pressure::none);
  CHECK(judged({.dead_rows = 9e5, .vacuum_at = 5e5}).pressure == Pressure::none);
  const Signals at_work{.dead_rows = 0, .vacuum_at = 50, .vacuum_phase = "vacuuming heap"};
  CHECK(judged(at_work).pressure == Pressure::none);
  CHECK(judged(at_work, true).why == "autovacuum is at work: vacuuming heap");
  CHECK(judged({.vacuum_phase = "scanning heap", .wraparound = true}).pressure == Pressure::vacuum);
}

TEST_CASE("limits are read from words, and what is no limit is none") {
  Limits limits;
  limits.set("lag_mb=1.5,,nonsense=3,dead_rows=7,segments,=,slot_mb=2");
  CHECK(limits.lag_mb == 1.5);
  CHECK(limits.dead_rows == 7);
  CHECK(limits.segments == 42);
  CHECK(limits.slot_mb == 2);
}
