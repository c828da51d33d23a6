// What is commonly believed to be otherwise. Each of these was measured.
#include <doctest/doctest.h>

#include <memory>
#include <utility>
#include <vector>

#include "effect/look.h"

namespace pglint::test {
namespace {

constexpr LockMode access_share = LockMode::access_share;
constexpr LockMode share_update = LockMode::share_update_exclusive;
constexpr LockMode share = LockMode::share;
constexpr LockMode share_row = LockMode::share_row_exclusive;
constexpr LockMode exclusive = LockMode::exclusive;
constexpr LockMode access_exclusive = LockMode::access_exclusive;

constexpr std::string_view tables =
    "CREATE TABLE r(id bigint PRIMARY KEY);"
    "CREATE TABLE t(id bigint PRIMARY KEY, a int, b varchar(50), c text, d numeric(10,2), ts timestamp, k int NOT "
    "NULL, "
    "fk bigint REFERENCES r);";
constexpr std::string_view partitions =
    "CREATE TABLE r(id bigint PRIMARY KEY);"
    "CREATE TABLE p(id bigint NOT NULL, a int) PARTITION BY RANGE (id);"
    "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);"
    "CREATE TABLE n(id bigint NOT NULL, a int);";

// `sql` in a new migration, behind the released `history`.
Look after(std::string_view history, std::string_view sql, int version = 15) {
  static std::vector<std::unique_ptr<History>> kept;  // the catalogue must outlive what looks at it
  kept.push_back(std::make_unique<History>(version));
  kept.back()->released(history);
  kept.back()->begin(false);
  return look(*kept.back(), sql);
}

// --- locks on other tables

TEST_CASE("dropping a foreign key, its column or its table stops readers of the referenced table") {
  CHECK(after(tables, "ALTER TABLE t DROP CONSTRAINT t_fk_fkey").lock("r") == access_exclusive);
  CHECK(after(tables, "ALTER TABLE t DROP COLUMN fk").lock("r") == access_exclusive);
  CHECK(after(tables, "DROP TABLE t").lock("r") == access_exclusive);
  CHECK(after(tables, "ALTER TABLE t DROP COLUMN a").lock("r") == LockMode::none);
}

TEST_CASE("CREATE TABLE with a foreign key, and ADD ... NOT VALID, stop writers of the referenced table") {
  CHECK(after(tables, "CREATE TABLE n(x bigint REFERENCES t)").lock("t") == share_row);
  const Look added = after(tables, "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r NOT VALID");
  CHECK(added.lock("t") == share_row);
  CHECK(added.lock("r") == share_row);
  CHECK_FALSE(added.scans("t"));
  const Look column = after(tables, "ALTER TABLE t ADD COLUMN x bigint REFERENCES r");
  CHECK(column.lock("t") == access_exclusive);
  CHECK(column.lock("r") == share_row);
  CHECK_FALSE(column.scans("t"));
}

TEST_CASE(
    "changing the type of a foreign key's column stops readers of the other table even where nothing is rewritten") {
  constexpr std::string_view history =
      "CREATE TABLE r(id varchar(50) PRIMARY KEY); CREATE TABLE t(x varchar(50) REFERENCES r)";
  const Look child = after(history, "ALTER TABLE t ALTER COLUMN x TYPE varchar(100)");
  CHECK_FALSE(child.rewrites("t"));
  CHECK(child.lock("r") == access_exclusive);
  CHECK(after(history, "ALTER TABLE r ALTER COLUMN id TYPE varchar(100)").lock("t") == access_exclusive);
}

TEST_CASE("ATTACH PARTITION lets readers of the parent pass, unless there is a default partition") {
  const std::string with_default = std::string(partitions) + "CREATE TABLE pd PARTITION OF p DEFAULT;";
  constexpr std::string_view attach = "ALTER TABLE p ATTACH PARTITION n FOR VALUES FROM (3000) TO (5000)";
  const Look plain = after(partitions, attach);
  CHECK(plain.lock("p") == share_update);
  CHECK(plain.lock("n") == access_exclusive);
  CHECK(plain.scans("n"));
  CHECK_FALSE(plain.find("p")->blocks_table_reads);
  const Look blocked = after(with_default, attach);
  CHECK(blocked.lock("pd") == access_exclusive);
  CHECK(blocked.scans("pd"));
  CHECK(blocked.find("p")->blocks_table_reads);
  // A check spares the scan of the default partition, not its lock.
  const Look checked = after(with_default + "ALTER TABLE pd ADD CHECK (NOT (id >= 3000 AND id < 5000));", attach);
  CHECK(checked.lock("pd") == access_exclusive);
  CHECK_FALSE(checked.scans("pd"));
}

TEST_CASE("a partition that has the parent's foreign key already stops readers of the referenced table when attached") {
  const std::string keyed = std::string(partitions) + "ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES r;";
  constexpr std::string_view attach = "ALTER TABLE p ATTACH PARTITION n FOR VALUES FROM (3000) TO (5000)";
  CHECK(after(keyed, attach).lock("r") == share_row);
  CHECK(after(keyed + "ALTER TABLE n ADD FOREIGN KEY (id) REFERENCES r;", attach).lock("r") == access_exclusive);
}

TEST_CASE("CREATE TABLE PARTITION OF stops readers of the parent") {
  const Look made = after(partitions, "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (3000) TO (5000)");
  CHECK(made.lock("p") == access_exclusive);
  CHECK(made.find("p3")->is_new);
}

TEST_CASE("dropping a partition stops readers of the parent, truncating it does not") {
  CHECK(after(partitions, "DROP TABLE p1").lock("p") == access_exclusive);
  CHECK(after(partitions, "TRUNCATE p1").lock("p") == LockMode::none);
}

// --- readers

TEST_CASE("REINDEX stops every reader of the table through the lock on the index") {
  const Look table = after(tables, "REINDEX TABLE t");
  CHECK(table.lock("t") == share);
  CHECK(table.lock("t_pkey") == access_exclusive);
  CHECK(table.find("t")->blocks_table_reads);
  const Look beside = after(tables, "REINDEX TABLE CONCURRENTLY t");
  CHECK(beside.lock("t") == share_update);
  CHECK_FALSE(beside.find("t")->blocks_table_reads);
  CHECK(after(tables, "ALTER INDEX t_pkey SET TABLESPACE fast").find("t_pkey")->blocks_table_reads);
}

TEST_CASE("ALTER INDEX RENAME lets readers and writers pass, ALTER TABLE RENAME of the same index nobody") {
  CHECK(after(tables, "ALTER INDEX t_pkey RENAME TO pk").lock("t_pkey") == share_update);
  CHECK(after(tables, "ALTER TABLE t_pkey RENAME TO pk").lock("t_pkey") == access_exclusive);
}

TEST_CASE("DROP TRIGGER is stronger than CREATE TRIGGER") {
  const std::string with_trigger = std::string(tables) +
                                   "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
                                   "CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();";
  CHECK(after(tables, "CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()").lock("t") == share_row);
  CHECK(after(with_trigger, "ALTER TABLE t DISABLE TRIGGER tr").lock("t") == share_row);
  CHECK(after(with_trigger, "DROP TRIGGER tr ON t").lock("t") == access_exclusive);
}

TEST_CASE("changes of nothing but the catalogue stop readers") {
  for (const char* sql :
       {"CREATE POLICY po ON t USING (true)", "CREATE RULE ru AS ON DELETE TO t DO INSTEAD NOTHING",
        "ALTER TABLE t RENAME CONSTRAINT t_pkey TO pk", "ALTER TABLE t ALTER COLUMN c SET STORAGE EXTERNAL",
        "ALTER TABLE t ALTER COLUMN c SET COMPRESSION pglz", "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1",
        "ALTER TABLE t REPLICA IDENTITY FULL", "ALTER TABLE t OWNER TO somebody",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY"}) {
    CAPTURE(sql);
    const Look done = after(tables, sql);
    CHECK(done.lock("t") == access_exclusive);
    CHECK(done.find("t")->work == Work::none);
  }
}

TEST_CASE("what turns out to do nothing locks all the same") {
  CHECK(after(tables, "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int").lock("t") == access_exclusive);
  CHECK(after(tables, "CREATE INDEX IF NOT EXISTS t_pkey ON t(id)").lock("t") == share);
  CHECK(after(tables, "ALTER TABLE t SET LOGGED").lock("t") == access_exclusive);
  CHECK_FALSE(after(tables, "ALTER TABLE t SET LOGGED").rewrites("t"));
  CHECK(after(tables, "ALTER TABLE t ALTER COLUMN a TYPE int").lock("t") == access_exclusive);
  CHECK(after(tables, "ALTER TABLE t DROP CONSTRAINT IF EXISTS nope").lock("t") == access_exclusive);
}

TEST_CASE(
    "DETACH PARTITION CONCURRENTLY ends with a lock on the partition that stops its readers, and waits for them") {
  const Look detached = after(partitions, "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY");
  CHECK(detached.lock("p") == share_update);
  CHECK(detached.lock("p1") == access_exclusive);
  CHECK(has(detached.find("p1")->work, Work::wait));
  CHECK_FALSE(detached.effects.transactional);
  const Look refused = after(std::string(partitions) + "CREATE TABLE pd PARTITION OF p DEFAULT;",
                             "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY");
  CHECK(refused.error() == "55000");
}

TEST_CASE("CREATE OR REPLACE VIEW stops readers of the view even with the same text") {
  const std::string viewed = std::string(tables) + "CREATE VIEW v AS SELECT id FROM t;";
  CHECK(after(viewed, "CREATE OR REPLACE VIEW v AS SELECT id FROM t").lock("v") == access_exclusive);
  const std::string kept =
      std::string(tables) + "CREATE MATERIALIZED VIEW m AS SELECT id FROM t; CREATE UNIQUE INDEX mi ON m(id);";
  CHECK(after(kept, "REFRESH MATERIALIZED VIEW CONCURRENTLY m").lock("m") == exclusive);
  CHECK(after(kept, "REFRESH MATERIALIZED VIEW m").lock("m") == access_exclusive);
}

TEST_CASE("one subcommand decides for all: VALIDATE beside SET DEFAULT reads the table while nobody else can") {
  const std::string pending = std::string(tables) + "ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0) NOT VALID;";
  CHECK(after(pending, "ALTER TABLE t VALIDATE CONSTRAINT ck").lock("t") == share_update);
  const Look both = after(pending, "ALTER TABLE t VALIDATE CONSTRAINT ck, ALTER COLUMN a SET DEFAULT 1");
  CHECK(both.lock("t") == access_exclusive);
  CHECK(both.scans("t"));
  REQUIRE(both.effects.parts.size() == 2);
  CHECK(both.effects.parts[0].lock == share_update);
  CHECK(both.effects.parts[0].work == Work::scan);
  CHECK(both.effects.parts[1].lock == access_exclusive);
  CHECK(both.effects.parts[1].work == Work::none);
}

TEST_CASE("CREATE INDEX CONCURRENTLY waits for transactions that are older than it") {
  const Look built = after(tables, "CREATE INDEX CONCURRENTLY ix ON t(a)");
  CHECK(built.lock("t") == share_update);
  CHECK(has(built.find("t")->work, Work::wait));
  CHECK(built.effects.relations.front().held_until == effect::HeldUntil::statement);
}

// --- scans and rewrites

TEST_CASE("a check on a varchar that grows has the whole table read, an index over it is kept") {
  const std::string indexed = std::string(tables) + "CREATE INDEX ib ON t(b);";
  constexpr std::string_view grow = "ALTER TABLE t ALTER COLUMN b TYPE varchar(100)";
  const Look plain = after(indexed, grow);
  CHECK_FALSE(plain.rewrites("t"));
  CHECK_FALSE(plain.scans("t"));
  CHECK_FALSE(plain.builds("ib"));
  CHECK(plain.lock("ib") == access_exclusive);
  CHECK(after(indexed + "ALTER TABLE t ADD CHECK (b <> '');", grow).scans("t"));
  CHECK_FALSE(after(indexed + "ALTER TABLE t ADD CHECK (b <> '') NOT VALID;", grow).scans("t"));
  CHECK(after(std::string(tables) + "CREATE INDEX ib ON t(lower(b));", grow).builds("ib"));
  CHECK(after(std::string(tables) + "CREATE INDEX ib ON t(a) WHERE b <> '';", grow).builds("ib"));
}

TEST_CASE("many changes of a type rewrite nothing") {
  const auto rewrites = [](std::string_view from, std::string_view to) {
    return after("CREATE TABLE t(x " + std::string(from) + ")", "ALTER TABLE t ALTER COLUMN x TYPE " + std::string(to))
        .rewrites("t");
  };
  for (const auto& one : {std::pair{"text", "varchar"},
                          {"varchar(50)", "text"},
                          {"varchar(50)", "varchar(51)"},
                          {"int", "oid"},
                          {"oid", "int"},
                          {"text", "citext"},
                          {"cidr", "inet"},
                          {"xml", "text"},
                          {"timestamp(3)", "timestamp"},
                          {"timestamp(3)", "timestamp(6)"},
                          {"numeric(10,2)", "numeric(12,2)"},
                          {"numeric(10,2)", "numeric"},
                          {"varbit(8)", "varbit(16)"},
                          {"interval(3)", "interval"},
                          {"char(10)", "bpchar"},
                          {"int[]", "int[]"}}) {
    const std::string from = one.first;
    const std::string to = one.second;
    CAPTURE(from);
    CAPTURE(to);
    CHECK_FALSE(rewrites(from, to));
  }
  for (const auto& one : {std::pair{"numeric(10,2)", "numeric(12,4)"},
                          {"numeric(10,2)", "numeric(8,2)"},
                          {"char(10)", "varchar(10)"},
                          {"char(10)", "text"},
                          {"char(10)", "char(20)"},
                          {"varchar(10)", "char(10)"},
                          {"text", "varchar(10)"},
                          {"varchar(50)[]", "varchar(100)[]"},
                          {"text[]", "varchar[]"},
                          {"json", "jsonb"},
                          {"json", "text"},
                          {"varchar(50)", "varchar(20)"},
                          {"int", "bigint"},
                          {"date", "timestamp"},
                          {"timestamp", "timestamp(3)"}}) {
    const std::string from = one.first;
    const std::string to = one.second;
    CAPTURE(from);
    CAPTURE(to);
    CHECK(rewrites(from, to));
  }
}

TEST_CASE("timestamp becomes timestamptz without a rewrite only where the session's clock is on UTC") {
  const auto change = [](std::string_view zone, std::string_view sql) {
    return after(std::string(tables) + "CREATE INDEX its ON t(ts);" + std::string(zone), sql);
  };
  constexpr std::string_view type = "ALTER TABLE t ALTER COLUMN ts TYPE timestamptz";
  CHECK(change("", type).rewrites("t"));  // which zone it is in is not known
  const Look utc = change("SET timezone = 'UTC'", type);
  CHECK_FALSE(utc.rewrites("t"));
  CHECK(utc.builds("its"));
  CHECK_FALSE(change("SET timezone = 'Etc/UTC'", type).rewrites("t"));
  CHECK(change("SET timezone = 'Europe/London'", type).rewrites("t"));
  CHECK(change("SET timezone = 'UTC'", "ALTER TABLE t ALTER COLUMN ts TYPE timestamptz USING ts AT TIME ZONE 'UTC'")
            .rewrites("t"));
  CHECK_FALSE(change("", "ALTER TABLE t ALTER COLUMN b TYPE text USING b::text").rewrites("t"));
}

TEST_CASE("what counts of a default is how volatile it is once it is folded") {
  const auto rewrites = [](std::string_view column) {
    return after(
               "CREATE TABLE t(id int PRIMARY KEY, a int);"
               "CREATE FUNCTION plain() RETURNS int LANGUAGE sql AS 'SELECT 1';"
               "CREATE FUNCTION opaque() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'",
               "ALTER TABLE t ADD COLUMN x " + std::string(column))
        .rewrites("t");
  };
  for (const char* column :
       {"int DEFAULT 5", "timestamptz DEFAULT now()", "date DEFAULT CURRENT_DATE",
        "timestamptz DEFAULT statement_timestamp()", "text DEFAULT current_setting('application_name')",
        "bigint DEFAULT txid_current()", "text DEFAULT concat('a', 'b')", "text DEFAULT to_char(now(), 'YYYY')",
        "int DEFAULT plain()", "int"}) {
    CAPTURE(column);
    CHECK_FALSE(rewrites(column));
  }
  for (const char* column :
       {"timestamptz DEFAULT clock_timestamp()", "text DEFAULT timeofday()", "float8 DEFAULT random()",
        "uuid DEFAULT gen_random_uuid()", "bigint DEFAULT nextval('s')", "serial", "int GENERATED ALWAYS AS IDENTITY",
        "int GENERATED ALWAYS AS (a * 2) STORED", "int DEFAULT opaque()"}) {
    CAPTURE(column);
    CHECK(rewrites(column));
  }
}

TEST_CASE("a column of a constrained domain rewrites the table, with a default or without") {
  constexpr std::string_view domains =
      "CREATE TABLE t(id int); CREATE DOMAIN plain AS int; CREATE DOMAIN positive AS int CHECK (VALUE > 0);";
  CHECK(after(domains, "ALTER TABLE t ADD COLUMN x positive").rewrites("t"));
  CHECK(after(domains, "ALTER TABLE t ADD COLUMN x positive DEFAULT 5").rewrites("t"));
  CHECK_FALSE(after(domains, "ALTER TABLE t ADD COLUMN x plain").rewrites("t"));
}

TEST_CASE("ADD COLUMN with a check reads the table though all values are null, with REFERENCES it does not") {
  CHECK(after(tables, "ALTER TABLE t ADD COLUMN x int CHECK (x > 0)").scans("t"));
  CHECK_FALSE(after(tables, "ALTER TABLE t ADD COLUMN x bigint REFERENCES r").scans("t"));
  CHECK(after(tables, "ALTER TABLE t ADD COLUMN x bigint DEFAULT 1 REFERENCES r").scans("t"));
}

TEST_CASE("SET NOT NULL reads nothing where a valid check proves it, and only there") {
  const auto scans = [](std::string_view check, std::string_view sql) {
    return after(std::string(tables) + std::string(check), sql);
  };
  constexpr std::string_view set = "ALTER TABLE t ALTER COLUMN a SET NOT NULL";
  const Look proved = scans("ALTER TABLE t ADD CONSTRAINT ck CHECK (a IS NOT NULL AND k > 0)", set);
  CHECK_FALSE(proved.scans("t"));
  REQUIRE(proved.effects.parts.size() == 1);
  REQUIRE(proved.effects.parts[0].proof != nullptr);
  CHECK(proved.catalog->text(proved.effects.parts[0].proof->name) == "ck");
  CHECK(scans("", set).scans("t"));
  CHECK(scans("ALTER TABLE t ADD CHECK (a > 0)", set).scans("t"));
  CHECK(scans("ALTER TABLE t ADD CHECK (a IS NOT NULL OR k = 0)", set).scans("t"));
  CHECK(scans("ALTER TABLE t ADD CHECK (a IS NOT NULL) NOT VALID", set).scans("t"));
  constexpr std::string_view check = "ALTER TABLE t ADD CONSTRAINT ck CHECK (a IS NOT NULL)";
  CHECK(scans(check, "ALTER TABLE t ALTER COLUMN a SET NOT NULL, DROP CONSTRAINT ck").scans("t"));
  CHECK(scans(check, "ALTER TABLE t DROP CONSTRAINT ck, ALTER COLUMN a SET NOT NULL").scans("t"));
  CHECK(scans("", "ALTER TABLE t ADD CHECK (a IS NOT NULL) NOT VALID, ALTER COLUMN a SET NOT NULL").scans("t"));
}

TEST_CASE("a primary key over an index reads the table where the column may be NULL") {
  constexpr std::string_view history =
      "CREATE TABLE t(a int, b int NOT NULL); CREATE UNIQUE INDEX ua ON t(a); CREATE "
      "UNIQUE INDEX ub ON t(b);";
  CHECK(after(history, "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY USING INDEX ua").scans("t"));
  CHECK_FALSE(after(history, "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY USING INDEX ub").scans("t"));
  CHECK_FALSE(after(std::string(history) + "ALTER TABLE t ADD CHECK (a IS NOT NULL);",
                    "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY USING INDEX ua")
                  .scans("t"));
}

TEST_CASE("a new check reads the table even if another constraint says the same") {
  CHECK(after(tables, "ALTER TABLE t ADD CHECK (k IS NOT NULL)").scans("t"));
}

TEST_CASE("a check spares ATTACH its scan only if it says that the key is not null") {
  constexpr std::string_view history = "CREATE TABLE p(id bigint) PARTITION BY RANGE (id); CREATE TABLE n(id bigint);";
  constexpr std::string_view attach = "ALTER TABLE p ATTACH PARTITION n FOR VALUES FROM (3000) TO (5000)";
  CHECK(after(std::string(history) + "ALTER TABLE n ADD CHECK (id >= 3000 AND id < 5000);", attach).scans("n"));
  CHECK_FALSE(
      after(std::string(history) + "ALTER TABLE n ADD CHECK (id IS NOT NULL AND id >= 3000 AND id < 5000);", attach)
          .scans("n"));
  CHECK(after(std::string(history) + "ALTER TABLE n ADD CHECK (id IS NOT NULL AND id >= 2000 AND id < 5000);", attach)
            .scans("n"));
}

TEST_CASE("a domain that gets a constraint stops writers of every table that uses it, unless NOT VALID") {
  constexpr std::string_view history = "CREATE DOMAIN d AS int; CREATE TABLE t(x d); CREATE TABLE u(x int);";
  const Look added = after(history, "ALTER DOMAIN d ADD CHECK (VALUE > 0)");
  CHECK(added.lock("t") == share);
  CHECK(added.scans("t"));
  CHECK(added.lock("u") == LockMode::none);
  CHECK(after(history, "ALTER DOMAIN d ADD CHECK (VALUE > 0) NOT VALID").effects.relations.empty());
  CHECK(after(history, "ALTER DOMAIN d SET NOT NULL").lock("t") == share);
}

TEST_CASE("DROP COLUMN takes indexes over other columns along") {
  for (const char* index :
       {"CREATE INDEX i ON t(k, a)", "CREATE INDEX i ON t(k) INCLUDE (a)", "CREATE INDEX i ON t(k) WHERE a > 5"}) {
    CAPTURE(index);
    CHECK(after(std::string(tables) + index, "ALTER TABLE t DROP COLUMN a").lock("i") == access_exclusive);
  }
}

TEST_CASE("a value of an enumeration is added without a lock on any table, and fails only where it is used") {
  constexpr std::string_view history = "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t(x e);";
  CHECK(after(history, "ALTER TYPE e ADD VALUE 'b'").effects.relations.empty());
  History in_one(15);
  in_one.released(history);
  in_one.begin(true);
  CHECK(look(in_one, "ALTER TYPE e ADD VALUE 'b'").error().empty());
  CHECK(look(in_one, "UPDATE t SET x = 'b'").error() == "55P04");
  CHECK(look(in_one, "INSERT INTO t VALUES ('b')").error() == "55P04");
  CHECK(look(in_one, "SELECT 'b'::e").error() == "55P04");
  CHECK(look(in_one, "INSERT INTO t VALUES ('a')").error().empty());
}

TEST_CASE("a foreign key needs a unique index, not a constraint, and not a partial one") {
  CHECK(after("CREATE TABLE r(a int); CREATE UNIQUE INDEX ru ON r(a); CREATE TABLE t(a int);",
              "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r(a)")
            .error()
            .empty());
  CHECK(after("CREATE TABLE r(a int); CREATE UNIQUE INDEX ru ON r(a) WHERE a > 0; CREATE TABLE t(a int);",
              "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES r(a)")
            .error() == "42830");
}

// --- versions

TEST_CASE("GRANT locks the table since 18") {
  CHECK(after(tables, "GRANT SELECT ON t TO somebody", 17).effects.relations.empty());
  CHECK(after(tables, "GRANT SELECT ON t TO somebody", 18).lock("t") == access_share);
}

TEST_CASE("a primary key on a partitioned table stops readers of the partitions since 18") {
  CHECK(after(partitions, "ALTER TABLE p ADD PRIMARY KEY (id)", 17).lock("p1") == share);
  CHECK(after(partitions, "ALTER TABLE p ADD PRIMARY KEY (id)", 18).lock("p1") == access_exclusive);
}

TEST_CASE("18 has NOT NULL constraints that are validated beside readers and writers") {
  const Look added = after(tables, "ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID", 18);
  CHECK(added.lock("t") == access_exclusive);
  CHECK_FALSE(added.scans("t"));
  const std::string pending = std::string(tables) + "ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID;";
  const Look validated = after(pending, "ALTER TABLE t VALIDATE CONSTRAINT nn", 18);
  CHECK(validated.lock("t") == share_update);
  CHECK(validated.scans("t"));
  CHECK(after(pending, "ALTER TABLE t ALTER COLUMN a SET NOT NULL", 18).scans("t"));
  CHECK(after(tables, "ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID", 17).error() == "42601");
}

TEST_CASE("DETACH PARTITION locks the partition against readers since 14") {
  CHECK(after(partitions, "ALTER TABLE p DETACH PARTITION p1", 13).lock("p1") == share_update);
  CHECK(after(partitions, "ALTER TABLE p DETACH PARTITION p1", 14).lock("p1") == access_exclusive);
}

TEST_CASE("a foreign table that the history never made stays one when it moves to another schema") {
  const Look added =
      after("ALTER FOREIGN TABLE f SET SCHEMA s;", "ALTER FOREIGN TABLE s.f ADD COLUMN a int DEFAULT random()", 15);
  CHECK(added.lock("f") == access_exclusive);
  CHECK_FALSE(added.rewrites("f"));
}

}  // namespace
}  // namespace pglint::test
