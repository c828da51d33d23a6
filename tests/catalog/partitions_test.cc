#include <doctest/doctest.h>

#include "story.h"

using namespace pglint;
using namespace pglint::catalog;
using catalog::test::Story;

namespace {

const char* const partitioned =
    "CREATE TABLE r (id int PRIMARY KEY);"
    "CREATE TABLE p (id int, k int, v text DEFAULT 'v', r int REFERENCES r, PRIMARY KEY (id, k), CHECK (id > 0)) "
    "PARTITION BY RANGE (k); CREATE INDEX ON p (v);";

}  // namespace

TEST_CASE("a partition has the columns, checks, indexes and foreign keys of its parent") {
  Story story(partitioned);
  story.tell("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE pd PARTITION OF p DEFAULT;");
  CHECK(story.about("public.p1 ") ==
        "public.p1 check p_id_check (id) inherited-only follows=public.p [id > 0]\n"
        "public.p1 column 0001 id int4 not-null inherited-only inherited=1 default-null\n"
        "public.p1 column 0002 k int4 not-null inherited-only inherited=1 default-null\n"
        "public.p1 column 0003 v text inherited-only inherited=1 default=constant['v']\n"
        "public.p1 column 0004 r int4 inherited-only inherited=1 default-null\n"
        "public.p1 foreign key p_r_fkey (r) inherited-only follows=public.p references public.r(id) delete=no action "
        "update=no action\n"
        "public.p1 primary key p1_pkey (id,k) inherited-only follows=public.p index=public.p1_pkey\n"
        "public.p1 table partition=range parents=public.p indexes=public.p1_pkey,public.p1_v_idx");
  CHECK(story.about("public.p_v_idx") ==
        "public.p_v_idx partitioned index children=public.p1_v_idx,public.pd_v_idx on public.p using btree (v)");
  CHECK(default_partition(story.table("p")) == &story.table("pd"));
  CHECK(story.about("public.p part") ==
        "public.p partitioned table by=range(k) children=public.p1,public.pd indexes=public.p_pkey,public.p_v_idx");
}

TEST_CASE("changes of a partitioned table reach its partitions, several levels down") {
  Story story(partitioned);
  story.tell(
      "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id);"
      "CREATE TABLE p1a PARTITION OF p1 FOR VALUES IN (1);"
      "ALTER TABLE p ADD COLUMN n int NOT NULL DEFAULT 1 CHECK (n > 0); CREATE INDEX ON p (n); ALTER TABLE p ADD "
      "FOREIGN "
      "KEY (n) REFERENCES r; ALTER TABLE p RENAME COLUMN v TO w; ALTER TABLE p DROP CONSTRAINT p_r_fkey;");
  CHECK(story.about("public.p1a ") ==
        "public.p1a check p_id_check (id) inherited-only follows=public.p1 [id > 0]\n"
        "public.p1a check p_n_check (n) inherited-only follows=public.p1 [n > 0]\n"
        "public.p1a column 0001 id int4 not-null inherited-only inherited=1 default-null\n"
        "public.p1a column 0002 k int4 not-null inherited-only inherited=1 default-null\n"
        "public.p1a column 0003 w text inherited-only inherited=1 default=constant['v']\n"
        "public.p1a column 0004 r int4 inherited-only inherited=1 default-null\n"
        "public.p1a column 0005 n int4 not-null inherited-only inherited=1 default=constant[1]\n"
        "public.p1a foreign key p_n_fkey (n) inherited-only follows=public.p1 references public.r(id) delete=no action "
        "update=no action\n"
        "public.p1a primary key p1a_pkey (id,k) inherited-only follows=public.p1 index=public.p1a_pkey\n"
        "public.p1a table partition=list parents=public.p1 indexes=public.p1a_n_idx,public.p1a_pkey,public.p1a_v_idx");
  story.tell("ALTER TABLE p DROP COLUMN n;");
  CHECK(story.about("public.p1a column 0005").empty());
  CHECK(story.presence("p1a_n_idx") == Presence::gone);
  story.tell("DROP TABLE p;");
  CHECK(story.presence("p1a") == Presence::gone);
}

TEST_CASE("ON ONLY leaves an index invalid until every partition has its own attached") {
  Story story(partitioned);
  story.tell(
      "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p DEFAULT;"
      "CREATE INDEX i ON ONLY p (r); CREATE INDEX CONCURRENTLY i1 ON p1 (r); CREATE INDEX CONCURRENTLY i2 ON p2 (r);");
  CHECK_FALSE(story.table("i").index->valid);
  story.tell("ALTER INDEX i ATTACH PARTITION i1;");
  CHECK_FALSE(story.table("i").index->valid);
  story.tell("ALTER INDEX i ATTACH PARTITION i2;");
  CHECK(story.table("i").index->valid);
  CHECK(story.about("public.i ") ==
        "public.i partitioned index children=public.i1,public.i2 on public.p using btree (r)");
}

TEST_CASE("ATTACH takes an index that fits and makes the ones that are missing") {
  Story story(partitioned);
  story.tell(
      "CREATE TABLE n (id int NOT NULL, k int NOT NULL, v text, r int, CONSTRAINT p_id_check CHECK (id > 0));"
      "CREATE INDEX mine ON n (v); ALTER TABLE p ATTACH PARTITION n FOR VALUES FROM (0) TO (9);");
  CHECK(story.about("public.n table") ==
        "public.n table partition=range parents=public.p indexes=public.mine,public.n_pkey");
  CHECK(story.about("public.mine") == "public.mine index parents=public.p_v_idx on public.n using btree (v)");
  CHECK(story.about("public.n check") == "public.n check p_id_check (id) inherited-only follows=public.p [id > 0]");
  CHECK(story.about("public.n foreign") ==
        "public.n foreign key p_r_fkey (r) inherited-only follows=public.p references public.r(id) delete=no action "
        "update=no action");
  story.tell("ALTER TABLE p DETACH PARTITION n;");
  CHECK(story.about("public.n table") == "public.n table indexes=public.mine,public.n_pkey");
  CHECK(story.about("public.n check") == "public.n check p_id_check (id) [id > 0]");
  CHECK(story.about("public.mine") == "public.mine index on public.n using btree (v)");
  story.tell("ALTER TABLE p DROP CONSTRAINT p_id_check;");
  CHECK_FALSE(story.about("public.n check").empty());
}

TEST_CASE("an unknown table that gets a partition is a partitioned one") {
  Story story("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);");
  CHECK(story.table("p").kind == RelationKind::partitioned_table);
  CHECK_FALSE(story.table("p").known);
  CHECK_FALSE(story.table("p1").columns_known);
  story.tell("ALTER TABLE q ATTACH PARTITION q1 DEFAULT;");
  CHECK(default_partition(story.table("q")) == &story.table("q1"));
}

TEST_CASE("a table cannot be made its own ancestor") {
  Story story(
      "CREATE TABLE a (x int); CREATE TABLE b (x int) INHERITS (a); ALTER TABLE a INHERIT b; ALTER TABLE a INHERIT a;");
  CHECK(story.table("a").extra().parents.empty());
  story.tell("ALTER TABLE a ADD COLUMN y int;");
  CHECK(story.column("b", "y").inherited == 1);
}

TEST_CASE("row triggers follow into partitions, statement triggers do not") {
  Story story(partitioned);
  story.tell(
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE p1 PARTITION OF p "
      "DEFAULT; CREATE TRIGGER a AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f(); CREATE TRIGGER b AFTER INSERT ON "
      "p "
      "EXECUTE FUNCTION f(); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1) TO (2);");
  CHECK(story.about("public.p1 trigger") == "public.p1 trigger a f events=1 row inherited");
  CHECK(story.about("public.p2 trigger") == "public.p2 trigger a f events=1 row inherited");
  story.tell("DROP TRIGGER a ON p;");
  CHECK(story.about("public.p1 trigger").empty());
}
