#include <doctest/doctest.h>

#include "story.h"

using namespace pglint;
using namespace pglint::catalog;
using catalog::test::Story;

TEST_CASE("DROP COLUMN takes along every index, check and foreign key that names the column") {
  Story story(
      "CREATE TABLE r (id int PRIMARY KEY, k int UNIQUE);"
      "CREATE TABLE t (a int, b int, c int UNIQUE, CHECK (a > b), CHECK (b > 0), FOREIGN KEY (a) REFERENCES r, "
      "g int GENERATED ALWAYS AS (a * 2) STORED);"
      "CREATE INDEX multi ON t (b, a); CREATE INDEX inc ON t (b) INCLUDE (a); CREATE INDEX part ON t (b) WHERE a > 1;"
      "CREATE INDEX expr ON t ((a + 1)); CREATE INDEX stays ON t (b);"
      "CREATE TABLE child (c int REFERENCES t (c)); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT b FROM "
      "t;");
  story.tell("ALTER TABLE t DROP COLUMN a CASCADE;");
  CHECK(
      story.about("public.t ") ==
      "public.t check t_b_check (b) [b > 0]\n"
      "public.t column 0002 b int4 default-null\n"
      "public.t column 0003 c int4 default-null\n"
      "public.t table indexes=public.stays,public.t_c_key dependents=public.w referenced-by=public.child:child_c_fkey "
      "generated=g<a\n"
      "public.t unique t_c_key (c) index=public.t_c_key");
  CHECK(story.about("public.r table") == "public.r table indexes=public.r_k_key,public.r_pkey");
  story.tell("ALTER TABLE t DROP COLUMN c CASCADE;");
  CHECK(story.about("public.child ") == "public.child column 0001 c int4 default-null\npublic.child table");
}

TEST_CASE("ADD COLUMN brings its constraints") {
  Story story("CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (a int);");
  story.tell(
      "ALTER TABLE t ADD COLUMN b int NOT NULL DEFAULT 1 UNIQUE CHECK (b > 0), ADD COLUMN c int REFERENCES r "
      "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, ADD COLUMN IF NOT EXISTS a text, ADD COLUMN d serial;");
  CHECK(story.about("public.t ") ==
        "public.t check t_b_check (b) [b > 0]\n"
        "public.t column 0001 a int4 default-null\n"
        "public.t column 0002 b int4 not-null default=constant[1]\n"
        "public.t column 0003 c int4 default-null\n"
        "public.t column 0004 d int4 serial not-null default=volatile[]\n"
        "public.t foreign key t_c_fkey (c) deferred references public.r(id) delete=cascade update=no action\n"
        "public.t table indexes=public.t_b_key owned=public.t_d_seq\n"
        "public.t unique t_b_key (b) index=public.t_b_key");
}

TEST_CASE("subcommands are applied in the server's passes, not as written") {
  Story story("CREATE TABLE t (a int); CREATE INDEX i ON t (a);");
  story.tell("ALTER TABLE t ADD COLUMN a text, DROP COLUMN a;");
  CHECK(story.about("public.t column") == "public.t column 0002 a text default-null");
  CHECK(story.presence("i") == Presence::gone);
}

TEST_CASE("constraints are added not valid, validated, renamed and dropped") {
  Story story("CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (a int);");
  story.tell(
      "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) "
      "REFERENCES r NOT VALID;");
  CHECK(story.about("public.t check") == "public.t check c (a) not-valid [a > 0]");
  CHECK(story.about("public.t foreign") ==
        "public.t foreign key f (a) not-valid references public.r(id) delete=no action update=no action");
  story.tell(
      "ALTER TABLE t VALIDATE CONSTRAINT c; ALTER TABLE t RENAME CONSTRAINT c TO d; ALTER TABLE t DROP CONSTRAINT f;");
  CHECK(story.about("public.t check") == "public.t check d (a) [a > 0] validated");
  CHECK(story.about("public.t foreign").empty());
  CHECK(constraint(story.table("t"), story.symbol("c")) == nullptr);
  CHECK(constraint(story.table("t"), story.symbol("d"))->validated.transaction != 0);
}

TEST_CASE("NOT VALID means nothing in CREATE TABLE, which has no rows") {
  const Story story("CREATE TABLE t (a int, CONSTRAINT c CHECK (a > 0) NOT VALID);");
  CHECK(constraint(story.table("t"), story.symbol("c"))->valid);
}

TEST_CASE("USING INDEX renames the index to the constraint") {
  Story story("CREATE TABLE t (a int); CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);");
  CHECK(story.about("public.i") == "public.i index on public.t using btree (a) unique concurrently");
  story.tell("ALTER TABLE t ADD CONSTRAINT t_pk PRIMARY KEY USING INDEX i;");
  CHECK(story.presence("i") == Presence::gone);
  CHECK(story.about("public.t primary") == "public.t primary key t_pk (a) index=public.t_pk");
  CHECK(story.column("t", "a").not_null);
  story.tell("ALTER TABLE t RENAME CONSTRAINT t_pk TO t_pkey;");
  CHECK(story.presence("t_pkey") == Presence::known);
  story.tell("ALTER INDEX t_pkey RENAME TO k;");
  CHECK(constraint(story.table("t"), story.symbol("k")) != nullptr);
  story.tell("ALTER TABLE t DROP CONSTRAINT k;");
  CHECK(story.presence("k") == Presence::gone);
  CHECK(story.column("t", "a").not_null);
}

TEST_CASE("USING INDEX of an index that was never seen assumes it") {
  const Story story("CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX never_seen;");
  CHECK(story.about("public.t unique") == "public.t unique u () index=public.u");
}

TEST_CASE("a foreign key goes with the very index that it stands on") {
  Story story(
      "CREATE TABLE r (id int, UNIQUE (id)); CREATE TABLE t (a int REFERENCES r (id)); ALTER TABLE r ADD PRIMARY KEY "
      "(id);");
  story.tell("ALTER TABLE r DROP CONSTRAINT r_id_key CASCADE;");
  CHECK(story.about("public.t foreign").empty());
  story.tell("CREATE TABLE u (a int REFERENCES r); CREATE UNIQUE INDEX other ON r (id); DROP INDEX other;");
  CHECK_FALSE(story.about("public.u foreign").empty());
}

TEST_CASE("renaming a column reaches everything that names it") {
  Story story(
      "CREATE TABLE r (k int UNIQUE); CREATE TABLE t (a int, b int, c serial, CHECK (a IS NOT NULL), UNIQUE (a), "
      "g int GENERATED ALWAYS AS (a) STORED, FOREIGN KEY (a) REFERENCES r (k)); CREATE INDEX i ON t ((a + 1), b) "
      "INCLUDE "
      "(a) WHERE a > 0; CREATE VIEW v AS SELECT a AS x FROM t;");
  story.tell("ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE r RENAME k TO kk; ALTER TABLE t RENAME c TO d;");
  CHECK(story.about("public.t ") ==
        "public.t check t_a_check (z) proves=z [a IS NOT NULL]\n"
        "public.t column 0001 z int4 default-null\n"
        "public.t column 0002 b int4 default-null\n"
        "public.t column 0003 d int4 serial not-null default=volatile[]\n"
        "public.t column 0004 g int4 stored[a]\n"
        "public.t foreign key t_a_fkey (z) references public.r(kk) delete=no action update=no action\n"
        "public.t table indexes=public.i,public.t_a_key dependents=public.v owned=public.t_c_seq generated=g<z\n"
        "public.t unique t_a_key (z) index=public.t_a_key");
  CHECK(story.about("public.v ") == "public.v column 0001 x int4 default-null\npublic.v view reads=public.t.z");
  CHECK(story.about("public.t_c_seq") == "public.t_c_seq sequence owner=public.t.d");
  CHECK(story.about("public.i ") ==
        "public.i index on public.t using btree (expr:[a + 1],b) include(z) names(z) where[a > 0]");
}

TEST_CASE("a type change sets type and collation, and ends serial defaults no more than it should") {
  Story story("CREATE TABLE t (a varchar(10) COLLATE \"C\", b serial);");
  story.tell("ALTER TABLE t ALTER a TYPE text, ALTER b TYPE bigint;");
  CHECK(story.about("public.t column") ==
        "public.t column 0001 a text default-null\npublic.t column 0002 b int8 not-null default=volatile[]");
}

TEST_CASE("defaults are set and dropped") {
  Story story("CREATE TABLE t (a int, b timestamptz, c uuid);");
  story.tell(
      "ALTER TABLE t ALTER a SET DEFAULT (1 + 2), ALTER b SET DEFAULT now(); ALTER TABLE t ALTER COLUMN c SET DEFAULT "
      "gen_random_uuid();");
  CHECK(story.about("public.t column") ==
        "public.t column 0001 a int4 default=constant[(1 + 2)]\n"
        "public.t column 0002 b timestamptz default=stable[now()]\n"
        "public.t column 0003 c uuid default=volatile[gen_random_uuid()]");
  story.tell("ALTER TABLE t ALTER a SET DEFAULT NULL, ALTER b DROP DEFAULT;");
  CHECK(story.column("t", "a").default_null);
  CHECK(story.column("t", "b").default_volatility == Volatility::none);
}

TEST_CASE("dropping a sequence ends the defaults that use it, and no other") {
  Story story(
      "CREATE SEQUENCE s; CREATE TABLE t (a int DEFAULT nextval('s'), b int DEFAULT nextval('public.s'::regclass), "
      "c int DEFAULT nextval('s')); ALTER TABLE t ALTER c SET DEFAULT 7; DROP SEQUENCE s CASCADE;");
  CHECK(story.about("public.t column") ==
        "public.t column 0001 a int4 default-null\n"
        "public.t column 0002 b int4 default-null\n"
        "public.t column 0003 c int4 default=constant[7]");
}

TEST_CASE("identity is added, changed and dropped with its sequence") {
  Story story("CREATE TABLE t (a int NOT NULL);");
  story.tell("ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME s);");
  CHECK(story.presence("s") == Presence::known);
  story.tell("ALTER TABLE t ALTER a SET GENERATED BY DEFAULT;");
  CHECK(story.column("t", "a").identity == Identity::by_default);
  story.tell("ALTER TABLE t ALTER a DROP IDENTITY;");
  CHECK(story.column("t", "a").identity == Identity::none);
  CHECK(story.presence("s") == Presence::gone);
}

TEST_CASE("a table moves to another schema with its indexes, constraints and sequences") {
  Story story(
      "CREATE SCHEMA s; CREATE TABLE t (id serial PRIMARY KEY, a int CHECK (a > 0)); ALTER TABLE t SET SCHEMA s;");
  CHECK(story.about("s.t ") ==
        "s.t check t_a_check (a) [a > 0]\n"
        "s.t column 0001 id int4 serial not-null default=volatile[]\n"
        "s.t column 0002 a int4 default-null\n"
        "s.t primary key t_pkey (id) index=s.t_pkey\n"
        "s.t table indexes=s.t_pkey owned=s.t_id_seq");
  CHECK(story.presence("t") == Presence::gone);
  story.tell("ALTER SCHEMA s RENAME TO z;");
  CHECK(story.about("z.t_pkey") == "z.t_pkey index on z.t using btree (id) unique constraint");
  CHECK(story.about("s.").empty());
  story.tell("DROP SCHEMA z CASCADE;");
  CHECK(story.about("z.").empty());
}

TEST_CASE("on 18 NOT NULL is a constraint that can wait for its validation") {
  Story story("CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID;", 18);
  CHECK_FALSE(story.column("t", "a").not_null);
  CHECK(proof_of_not_null(story.table("t"), story.symbol("a")) == nullptr);
  story.tell("ALTER TABLE t VALIDATE CONSTRAINT n;");
  CHECK(story.column("t", "a").not_null);
  CHECK(proof_of_not_null(story.table("t"), story.symbol("a")) != nullptr);
  story.tell("ALTER TABLE t DROP CONSTRAINT n;");
  CHECK_FALSE(story.column("t", "a").not_null);
}

TEST_CASE("on 18 a constraint may be there and not enforced") {
  Story story(
      "CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (a int CHECK (a IS NOT NULL) NOT ENFORCED, b int, "
      "CONSTRAINT f FOREIGN KEY (b) REFERENCES r NOT ENFORCED);",
      18);
  CHECK(story.about("public.t check") ==
        "public.t check t_a_check (a) not-valid not-enforced proves=a [a IS NOT NULL]");
  CHECK(proof_of_not_null(story.table("t"), story.symbol("a")) == nullptr);
  story.tell("ALTER TABLE t ALTER CONSTRAINT f ENFORCED;");
  CHECK(constraint(story.table("t"), story.symbol("f"))->valid);
}

TEST_CASE("triggers, policies, rules and row security") {
  Story story(
      "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
      "CREATE TRIGGER g BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
      "CREATE POLICY p ON t; CREATE POLICY q ON t; CREATE RULE r AS ON INSERT TO t DO NOTHING;"
      "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t DISABLE TRIGGER g; ALTER POLICY p ON t RENAME TO pp;"
      "DROP POLICY q ON t; ALTER RULE r ON t RENAME TO rr;");
  CHECK(story.about("public.t t") ==
        "public.t table row-security policies=pp rules=rr\n"
        "public.t trigger g f events=3 row before disabled");
  story.tell("ALTER FUNCTION f() RENAME TO h; ALTER TABLE t ENABLE TRIGGER ALL;");
  CHECK(story.about("public.t trigger") == "public.t trigger g h events=3 row before");
  story.tell("DROP FUNCTION h CASCADE;");
  CHECK(story.about("public.t trigger").empty());
}
