#include <doctest/doctest.h>

#include "story.h"

using namespace pglint;
using namespace pglint::catalog;
using catalog::test::Story;

namespace {

std::string session(const Story& story) { return story.about("session"); }

}  // namespace

TEST_CASE("settings are read as the server reads them") {
  Story story(
      "SET lock_timeout = '5s'; SET statement_timeout TO 1500; SET TIME ZONE 'UTC'; SET search_path TO app, \"Other\", "
      "public;");
  CHECK(
      session(story) ==
      "session search_path=app,\"Other\",public timezone=UTC lock_timeout=5000 statement_timeout=1500 deferred=false");
  story.tell(
      "SET lock_timeout = '1min'; SET statement_timeout = '2 h'; SET timezone TO 'Europe/Berlin'; RESET search_path;");
  CHECK(session(story) ==
        "session search_path= timezone=Europe/Berlin lock_timeout=60000 statement_timeout=7200000 deferred=false");
  story.tell(
      "SET lock_timeout = '1.5s'; SET statement_timeout = 0; SET timezone TO DEFAULT; SET search_path = public;");
  CHECK(session(story) == "session search_path= timezone= lock_timeout=1500 statement_timeout=0 deferred=false");
  story.tell("SET lock_timeout = 'soon'; SET statement_timeout = '99999999 d'; SET work_mem = '1MB';");
  CHECK(session(story) == "session search_path= timezone= lock_timeout=1500 statement_timeout=0 deferred=false");
  story.tell("RESET ALL;");
  CHECK(session(story) == "session search_path= timezone= lock_timeout=-1 statement_timeout=-1 deferred=false");
}

TEST_CASE("set_config with literals is a SET") {
  Story story("SELECT pg_catalog.set_config('search_path', '', false);");
  CHECK(session(story).starts_with("session search_path=pg_catalog "));
  story.tell("SELECT set_config('search_path', 'a, \"B c\" ,public', false), set_config('lock_timeout', '3s', false);");
  CHECK(session(story) ==
        "session search_path=a,\"B c\",public timezone= lock_timeout=3000 statement_timeout=-1 deferred=false");
  story.tell("SELECT set_config('search_path', x, false); SELECT set_config(a, b);");
  CHECK(session(story).starts_with("session search_path=a,\"B c\",public "));
}

TEST_CASE("SET LOCAL ends with the transaction, and does nothing outside of one") {
  Story story("SET lock_timeout = '1s'; SET LOCAL lock_timeout = '9s';");
  CHECK(story.catalog.session.lock_timeout_ms == 1000);
  story.tell("BEGIN; SET LOCAL lock_timeout = '2s';");
  CHECK(story.catalog.session.lock_timeout_ms == 2000);
  story.tell("SET statement_timeout = '7s'; SET LOCAL lock_timeout = '3s'; COMMIT;");
  CHECK(story.catalog.session.lock_timeout_ms == 1000);
  CHECK(story.catalog.session.statement_timeout_ms == 7000);
  story.tell("BEGIN; SET LOCAL lock_timeout = '2s'; SET lock_timeout = '4s';");
  CHECK(story.catalog.session.lock_timeout_ms == 4000);
  story.tell("COMMIT;");
  CHECK(story.catalog.session.lock_timeout_ms == 4000);
  story.tell("BEGIN; SET CONSTRAINTS ALL DEFERRED;");
  CHECK(story.catalog.session.check_constraints_deferred);
  story.tell("COMMIT;");
  CHECK_FALSE(story.catalog.session.check_constraints_deferred);
}

TEST_CASE("SET is undone by a rollback") {
  Story story("BEGIN; SET search_path TO a; SAVEPOINT x; SET lock_timeout = 5; ROLLBACK TO x;");
  CHECK(session(story) == "session search_path=a timezone= lock_timeout=-1 statement_timeout=-1 deferred=false");
  story.tell("ROLLBACK;");
  CHECK(session(story) == "session search_path= timezone= lock_timeout=-1 statement_timeout=-1 deferred=false");
}

TEST_CASE("RESET and the end of a session go back to what was configured") {
  Story story;
  story.catalog.session.time_zone = "UTC";
  story.catalog.defaults = story.catalog.session;
  story.tell("SET timezone TO 'Asia/Tokyo'; SET lock_timeout = 3; RESET timezone;");
  CHECK(story.catalog.session.time_zone == "UTC");
  story.tell("CREATE TEMP TABLE t (a int);");
  story.catalog.end_session();
  CHECK(story.catalog.session.lock_timeout_ms == -1);
  CHECK(story.catalog.session.time_zone == "UTC");
  CHECK(story.presence("t") != Presence::known);
}

TEST_CASE("the elements of CREATE SCHEMA are made in it") {
  Story story("CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT a FROM t; CREATE TABLE u (a int);");
  CHECK(story.relation("s", "t").known);
  CHECK(story.about("s.v view") == "s.v view reads=s.t.a");
  CHECK(story.relation("public", "u").known);
}

// --- transactions ----------------------------------------------------------------------------------------------------

TEST_CASE("statements that are sent one by one are their own transactions") {
  Story story("CREATE TABLE a (x int); CREATE TABLE b (x int);");
  CHECK(story.seen == "autocommit 1, autocommit 2");
  story.seen.clear();
  story.tell("BEGIN; CREATE TABLE c (x int); COMMIT; SELECT 1;");
  CHECK(story.seen == "explicit 3 block, explicit 3 block, explicit 3 block, autocommit 4");
}

TEST_CASE("a simple query of several statements is one implicit block, of one statement it is none") {
  Story story;
  story.script("CREATE TABLE a (x int); SELECT 1;", Sent::simple_query);
  story.script("CREATE INDEX CONCURRENTLY i ON a (x);", Sent::simple_query);
  CHECK(story.seen == "implicit 1 block, implicit 1 block, autocommit 2");
  CHECK(story.presence("a") == Presence::known);
}

TEST_CASE("BEGIN turns an implicit block into an explicit one, and what follows COMMIT is implicit again") {
  Story story;
  story.script("SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 3;", Sent::simple_query);
  CHECK(story.seen == "implicit 1 block, implicit 1 block, explicit 1 block, explicit 1 block, implicit 2 block");
  story.seen.clear();
  story.script("CREATE TABLE a (x int); ROLLBACK; CREATE TABLE b (x int);", Sent::simple_query);
  CHECK(story.seen == "implicit 3 block, implicit 3 block, implicit 4 block");
  CHECK(story.presence("a") == Presence::unknown);
  CHECK(story.presence("b") == Presence::known);
}

TEST_CASE("in a pipeline the first statement stands alone") {
  Story story;
  story.script("SELECT 1; SELECT 2;", Sent::pipeline);
  CHECK(story.seen == "implicit 1, implicit 1 block");
}

TEST_CASE("the runner's transaction spans what it wraps") {
  Story story;
  story.transactions.begin_run(true);
  story.transactions.begin_file(false);
  story.tell("CREATE TABLE a (x int);");
  story.transactions.end_file();
  story.transactions.begin_file(true);
  story.script("CREATE TABLE b (x int);", Sent::statement, true);
  story.transactions.end_file();
  CHECK(story.seen == "runner 1 block, runner 1 block");
  story.tell("ROLLBACK;");
  CHECK(story.presence("a") == Presence::unknown);
  CHECK(story.presence("b") == Presence::unknown);
  story.transactions.end_run();
  story.transactions.begin_file(true);
  story.tell("CREATE TABLE c (x int);");
  story.transactions.end_file();
  story.script("CREATE TABLE d (x int);", Sent::statement, true);
  story.script("CREATE TABLE e (x int);", Sent::statement, true);
  CHECK(story.seen == "runner 1 block, runner 1 block, runner 1 block, runner 2 block, runner 3 block, runner 4 block");
}

TEST_CASE("COMMIT in the runner's transaction ends it, and what follows is by itself") {
  Story story;
  story.transactions.begin_file(true);
  story.tell("CREATE TABLE a (x int); COMMIT; CREATE INDEX CONCURRENTLY i ON a (x); BEGIN; CREATE TABLE b (x int);");
  CHECK(story.seen == "runner 1 block, runner 1 block, autocommit 2, explicit 3 block, explicit 3 block");
  // The runner's own COMMIT ends the block that the file left open.
  story.transactions.end_file();
  CHECK(story.presence("b") == Presence::known);
}

TEST_CASE("a block that a file leaves open is rolled back with its session") {
  Story story;
  story.transactions.begin_run(false);
  story.transactions.begin_file(false);
  story.tell("CREATE TABLE a (x int); BEGIN; CREATE TABLE b (x int);");
  story.transactions.end_file();
  CHECK(story.presence("a") == Presence::known);
  CHECK(story.presence("b") == Presence::unknown);
  story.transactions.end_run();
}

TEST_CASE("AND CHAIN begins another transaction at once, PREPARE ends one") {
  Story story(
      "BEGIN; CREATE TABLE a (x int); COMMIT AND CHAIN; CREATE TABLE b (x int); ROLLBACK AND CHAIN; SELECT 1; "
      "PREPARE TRANSACTION 'p'; SELECT 2; COMMIT PREPARED 'p'; COMMIT; ROLLBACK;");
  CHECK(story.seen ==
        "explicit 1 block, explicit 1 block, explicit 1 block, explicit 2 block, explicit 2 block, explicit 3 block, "
        "explicit 3 block, autocommit 4, autocommit 5, autocommit 6, autocommit 7");
  CHECK(story.presence("a") == Presence::known);
  CHECK(story.presence("b") == Presence::unknown);
}

TEST_CASE("savepoints nest, hide each other and are released") {
  Story story(
      "BEGIN; CREATE TABLE a (x int); SAVEPOINT s; CREATE TABLE b (x int); SAVEPOINT s; CREATE TABLE c (x int); "
      "ROLLBACK TO "
      "s; CREATE TABLE d (x int); RELEASE s; ROLLBACK TO s;");
  CHECK(story.presence("a") == Presence::known);
  CHECK(story.presence("b") == Presence::unknown);
  CHECK(story.presence("c") == Presence::unknown);
  CHECK(story.presence("d") == Presence::unknown);
  story.tell("ROLLBACK TO nothing; ROLLBACK TO s; COMMIT;");
  CHECK(story.presence("a") == Presence::known);
  story.tell("SAVEPOINT outside; ROLLBACK TO outside;");
  CHECK(story.presence("a") == Presence::known);
}
