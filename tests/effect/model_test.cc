// How effects are put together: unknown tables, what is new, partitions, and the order and number of entries.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "effect/look.h"

namespace pglint::test {
namespace {

TEST_CASE("of a table that the history never made the worst is assumed") {
  History history;
  history.begin(false);
  const Look set = look(history, "ALTER TABLE u ALTER COLUMN x SET NOT NULL");
  CHECK(set.scans("u"));
  CHECK_FALSE(set.find("u")->known);
  CHECK_FALSE(set.find("u")->is_new);
  CHECK(look(history, "ALTER TABLE u ALTER COLUMN y TYPE varchar(100)").rewrites("u"));
  CHECK(look(history, "ALTER TABLE u ADD CONSTRAINT c CHECK (x > 0)").scans("u"));
  CHECK(look(history, "UPDATE u SET x = 1").scans("u"));
  const Look key = look(history, "ALTER TABLE u ADD FOREIGN KEY (x) REFERENCES w(y)");
  CHECK(key.lock("w") == LockMode::share_row_exclusive);
  CHECK(key.scans("u"));
}

TEST_CASE("a check that the history itself added counts on a table that it never made") {
  History history;
  history.released(
      "ALTER TABLE u ADD CONSTRAINT c CHECK (x IS NOT NULL) NOT VALID; ALTER TABLE u VALIDATE CONSTRAINT c");
  history.begin(false);
  CHECK_FALSE(look(history, "ALTER TABLE u ALTER COLUMN x SET NOT NULL").scans("u"));
}

TEST_CASE("there is one entry for a relation, with its strongest mode, and the target is the first") {
  History history;
  history.released("CREATE TABLE r(id int PRIMARY KEY); CREATE TABLE t(id int PRIMARY KEY, a int REFERENCES r, b int)");
  history.begin(false);
  const Look done = look(history,
                         "ALTER TABLE t DROP CONSTRAINT t_a_fkey, ADD FOREIGN KEY (b) REFERENCES r NOT VALID, ALTER "
                         "COLUMN b SET DEFAULT 1");
  std::set<std::string> names;
  for (const effect::RelationEffect& effect : done.effects.relations)
    CHECK(names.insert(history.catalog().qualified(effect.schema, effect.name)).second);
  CHECK(done.effects.target() == done.find("t"));
  CHECK(done.lock("r") == LockMode::access_exclusive);
  REQUIRE(done.effects.parts.size() == 3);
  CHECK(done.effects.parts[1].command == 1);
  CHECK(done.effects.parts[1].lock == LockMode::share_row_exclusive);
  CHECK(done.effects.strongest() == LockMode::access_exclusive);
}

TEST_CASE("a table of many partitions has one entry for each of them") {
  History history;
  std::string sql = "CREATE TABLE p(id int NOT NULL, a int) PARTITION BY RANGE (id);";
  for (int i = 0; i < 500; ++i)
    sql += fmt::format("CREATE TABLE p{} PARTITION OF p FOR VALUES FROM ({}) TO ({});", i, i, i + 1);
  sql += "CREATE INDEX pi ON p(a);";
  history.released(sql);
  history.begin(false);
  const Look done = look(history, "ALTER TABLE p ALTER COLUMN a TYPE bigint");
  CHECK(done.effects.relations.size() == 1002);  // p, 500 partitions, pi and 500 indexes
  CHECK(done.effects.builds.size() == 500);
  CHECK(done.find("p")->work == Work::none);
  CHECK(done.rewrites("p499"));
  CHECK(has(done.effects.parts[0].work, Work::rewrite));
  CHECK(done.find("p250")->because == effect::Because::partition);
}

TEST_CASE("partitions that cannot hold a row that is meant are left alone") {
  History history;
  history.released(
      "CREATE TABLE p(id int, v text) PARTITION BY RANGE (id);"
      "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (MINVALUE) TO (1000);"
      "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (2000);"
      "CREATE TABLE pd PARTITION OF p DEFAULT;"
      "CREATE TABLE l(k text) PARTITION BY LIST (k);"
      "CREATE TABLE l1 PARTITION OF l FOR VALUES IN ('a', 'b');"
      "CREATE TABLE ld PARTITION OF l DEFAULT;");
  history.begin(false);
  const auto locked = [&](std::string_view sql) {
    const Look done = look(history, sql);
    std::string names;
    for (const effect::RelationEffect& effect : done.effects.relations)
      if (effect.because == effect::Because::partition) names += std::string(history.catalog().text(effect.name)) + " ";
    return names;
  };
  CHECK(locked("DELETE FROM p WHERE id = 5") == "p1 ");
  CHECK(locked("DELETE FROM p WHERE id = 5000") == "pd ");
  CHECK(locked("SELECT * FROM p WHERE id >= 1000 AND id < 2000") == "p2 ");
  CHECK(locked("SELECT * FROM p WHERE id BETWEEN 999 AND 1000") == "p1 p2 pd ");
  CHECK(locked("SELECT * FROM p WHERE id IN (1, 1500)") == "p1 p2 ");
  CHECK(locked("SELECT * FROM p WHERE v = 'x'") == "p1 p2 pd ");
  CHECK(locked("INSERT INTO p(v, id) VALUES ('x', 1999), ('y', 1001)") == "p2 ");
  CHECK(locked("INSERT INTO p SELECT 5") == "p1 p2 pd ");
  CHECK(locked("UPDATE p SET id = 1500 WHERE id = 5") == "p1 p2 ");
  CHECK(locked("UPDATE p SET id = id + 1 WHERE id = 5") == "p1 p2 pd ");
  CHECK(locked("DELETE FROM l WHERE k = 'b'") == "l1 ");
  CHECK(locked("DELETE FROM l WHERE k = 'z'") == "ld ");
}

TEST_CASE("tables that inherit from each other in many ways are looked at once each") {
  History history;
  std::string sql = "CREATE TABLE a0(x int); CREATE TABLE b0(x int);";
  for (int i = 1; i < 40; ++i)
    sql +=
        fmt::format("CREATE TABLE a{0}() INHERITS (a{1}, b{1}); CREATE TABLE b{0}() INHERITS (a{1}, b{1});", i, i - 1);
  history.released(sql);
  history.begin(false);
  const Look done = look(history, "ALTER TABLE a0 ALTER COLUMN x SET NOT NULL");
  CHECK(done.effects.relations.size() == 79);
  CHECK(done.scans("b39"));
}

TEST_CASE("what a statement makes is new and nobody waits for it") {
  History history;
  history.released("CREATE TABLE t(id int PRIMARY KEY)");
  history.begin(false);
  const Look made = look(history, "CREATE TABLE n(id serial PRIMARY KEY, a int UNIQUE, t int REFERENCES t)");
  for (const char* name : {"n", "n_pkey", "n_a_key", "n_id_seq"}) {
    CAPTURE(name);
    REQUIRE(made.find(name) != nullptr);
    CHECK(made.find(name)->is_new);
    CHECK(made.find(name)->known);
  }
  CHECK_FALSE(made.find("t")->is_new);
  CHECK(made.find("t")->because == effect::Because::references);
  CHECK(made.builds("n_a_key"));
  // And so it stays for the rest of the migration.
  const Look altered = look(history, "ALTER TABLE n ALTER COLUMN a SET NOT NULL");
  CHECK(altered.find("n")->is_new);
}

TEST_CASE("indexes get the names that the server chooses") {
  History history;
  history.released("CREATE TABLE t(id int PRIMARY KEY, a int, b text); CREATE INDEX t_a_idx ON t(b)");
  history.begin(false);
  CHECK(look(history, "CREATE INDEX ON t(a)").builds("t_a_idx1"));
  CHECK(look(history, "CREATE INDEX ON t(lower(b), a)").builds("t_lower_a_idx"));
  CHECK(look(history, "CREATE INDEX ON t((a + 1))").builds("t_expr_idx"));
  CHECK(look(history, "ALTER TABLE t ADD UNIQUE (a, b)").builds("t_a_b_key"));
  CHECK(look(history, "ALTER TABLE t ADD COLUMN c int UNIQUE").builds("t_c_key"));
}

TEST_CASE("names of WITH are no tables") {
  History history;
  history.released("CREATE TABLE t(id int); CREATE TABLE u(id int)");
  history.begin(false);
  const Look shadowed = look(history, "WITH t AS (SELECT * FROM u) SELECT * FROM t");
  CHECK(shadowed.lock("t") == LockMode::none);
  CHECK(shadowed.lock("u") == LockMode::access_share);
  // Inside of itself a query of WITH is not yet known by its name.
  CHECK(look(history, "WITH t AS (SELECT * FROM t) SELECT * FROM t").lock("t") == LockMode::access_share);
  CHECK(look(history, "WITH d AS (DELETE FROM u RETURNING *) SELECT * FROM d").lock("u") == LockMode::row_exclusive);
}

TEST_CASE("rows that are deleted are looked for in the tables that refer to them") {
  History history;
  history.released(
      "CREATE TABLE r(id int PRIMARY KEY); CREATE TABLE a(r int REFERENCES r ON DELETE CASCADE, id int PRIMARY KEY);"
      "CREATE TABLE b(a int REFERENCES a); CREATE TABLE c(r int REFERENCES r); CREATE INDEX ON c(r)");
  history.begin(false);
  const Look done = look(history, "DELETE FROM r WHERE id = 5");
  CHECK_FALSE(done.scans("r"));
  CHECK(done.lock("a") == LockMode::row_exclusive);
  CHECK(done.scans("a"));  // no index leads with the key
  CHECK(done.lock("b") == LockMode::row_share);
  CHECK(done.lock("c") == LockMode::row_share);
  CHECK_FALSE(done.scans("c"));
  CHECK(look(history, "UPDATE r SET id = 7 WHERE id = 5").lock("c") == LockMode::row_share);
}

TEST_CASE("deeply nested queries and long chains of terms do no harm") {
  History history;
  history.released("CREATE TABLE t(id int)");
  history.begin(false);
  std::string sum = "UPDATE t SET id = 1";
  for (int i = 0; i < 20000; ++i) sum += "+1";
  CHECK(look(history, sum).lock("t") == LockMode::row_exclusive);
  std::string all = "SELECT id FROM t";
  for (int i = 0; i < 2000; ++i) all += " UNION ALL SELECT id FROM t";
  CHECK(look(history, all).lock("t") == LockMode::access_share);
  std::string nested = "SELECT 1 FROM t";
  for (int i = 0; i < 500; ++i) nested = fmt::format("SELECT 1 WHERE EXISTS ({})", nested);
  CHECK(look(history, nested).lock("t") == LockMode::access_share);
}

TEST_CASE("a lock that a statement gives back at its end is told from one that its transaction keeps") {
  History history;
  history.released("CREATE TABLE t(id int)");
  history.begin(false);
  CHECK(look(history, "CREATE INDEX CONCURRENTLY ON t(id)").find("t")->held_until == effect::HeldUntil::statement);
  CHECK(look(history, "VACUUM t").find("t")->held_until == effect::HeldUntil::statement);
  CHECK(look(history, "CREATE INDEX ON t(id)").find("t")->held_until == effect::HeldUntil::transaction);
}

}  // namespace
}  // namespace pglint::test
