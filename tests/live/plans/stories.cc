#include "live/plans/stories.h"

#include <fmt/format.h>

namespace pglint::test {
namespace {

const std::string users =
    "CREATE TABLE regions (id varchar(16) PRIMARY KEY NOT NULL, name text);\n"
    "CREATE TABLE users (id bigint PRIMARY KEY, email text, plan text, seats integer DEFAULT 5 NOT NULL, "
    "region_id varchar(16), boss bigint, \"Odd Name\" text, CONSTRAINT users_email_unique UNIQUE (email));\n"
    "CREATE INDEX users_plan_idx ON users (plan);\n";
const std::string rows =
    "INSERT INTO regions VALUES ('eu', 'Europe'), ('us', NULL);\n"
    "INSERT INTO users (id, email, plan, region_id, boss, \"Odd Name\") SELECT i, 'm' || i, CASE WHEN i % 3 = 0 THEN "
    "'pro' "
    "END, CASE WHEN i % 2 = 0 THEN 'eu' END, CASE WHEN i > 1 THEN 1 END, 'o' || i FROM generate_series(1, 250) i;\n";

Story on_users(std::string name, std::vector<std::string> migrations) {
  return {std::move(name), users, rows, std::move(migrations)};
}

}  // namespace

std::vector<Story> stories() {
  std::vector<Story> out = {
      on_users("set not null", {"ALTER TABLE users ALTER COLUMN email SET NOT NULL;"}),
      on_users("set not null, of a quoted name", {"ALTER TABLE users ALTER COLUMN \"Odd Name\" SET NOT NULL;"}),
      on_users("an index", {"CREATE INDEX users_region_idx ON users USING btree (region_id);"}),
      on_users("an index without a name", {"CREATE INDEX ON users (region_id, lower(email));"}),
      on_users("a unique index", {"CREATE UNIQUE INDEX users_email_again ON public.users (email DESC NULLS LAST);"}),
      on_users("a partial index", {"CREATE INDEX users_pro ON users (region_id) WHERE plan = 'pro';"}),
      on_users("a unique partial index on an expression",
               {"CREATE UNIQUE INDEX \"Users Pro\" ON users (lower(email)) INCLUDE (plan) WHERE plan = 'pro';"}),
      on_users("an index in words that are SQL's own",
               {"CREATE INDEX \"select\" ON ONLY users /* here */ (\"Odd Name\");"}),
      on_users("an index that goes", {"DROP INDEX users_plan_idx;"}),
      {"a unique index that goes",
       users + "CREATE UNIQUE INDEX users_odd ON users (\"Odd Name\");",
       rows,
       {"DROP INDEX users_odd;"}},
      on_users("a unique constraint", {"ALTER TABLE users ADD CONSTRAINT users_odd_u UNIQUE (\"Odd Name\");"}),
      on_users("a unique constraint without a name", {"ALTER TABLE users ADD UNIQUE (email, plan);"}),
      on_users("a deferrable unique constraint",
               {"ALTER TABLE users ADD CONSTRAINT u UNIQUE (email, id) DEFERRABLE INITIALLY DEFERRED;"}),
      {"a primary key",
       "CREATE TABLE t (a int NOT NULL, b int NOT NULL);",
       "INSERT INTO t SELECT i, i FROM generate_series(1, 10) i;",
       {"ALTER TABLE t ADD CONSTRAINT t_pk PRIMARY KEY (a, b);"}},
      {"a primary key without a name",
       "CREATE TABLE t (a int NOT NULL);",
       "INSERT INTO t VALUES (1);",
       {"ALTER TABLE t ADD PRIMARY KEY (a);"}},
      on_users("a foreign key", {"ALTER TABLE users ADD CONSTRAINT users_region_fk FOREIGN KEY (region_id) REFERENCES "
                                 "\"public\".\"regions\"(\"id\") ON DELETE no action ON UPDATE no action;"}),
      on_users("a foreign key without a name", {"ALTER TABLE users ADD FOREIGN KEY (region_id) REFERENCES regions;"}),
      on_users("a foreign key to the table itself",
               {"ALTER TABLE users ADD FOREIGN KEY (boss) REFERENCES users (id) ON DELETE SET NULL DEFERRABLE;"}),
      {"a foreign key of two columns",
       "CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));\nCREATE TABLE c (id int PRIMARY KEY, a int, b int);",
       "INSERT INTO p VALUES (1, 2); INSERT INTO c VALUES (1, 1, 2), (2, NULL, 3);",
       {"ALTER TABLE c ADD FOREIGN KEY (a, b) REFERENCES p;"}},
      on_users("a check", {"ALTER TABLE users ADD CONSTRAINT seats_some CHECK (seats > 0 AND (plan <> ')') IS NOT "
                           "FALSE);"}),
      on_users("a rename", {"ALTER TABLE users RENAME COLUMN plan TO tier;"}),
      on_users("a rename as drizzle-kit writes it",
               {"ALTER TABLE \"users\" RENAME COLUMN \"email\" TO \"contact\";--> statement-breakpoint\n"
                "ALTER TABLE \"users\" DROP CONSTRAINT \"users_email_unique\";--> statement-breakpoint\n"
                "ALTER TABLE \"users\" ADD CONSTRAINT \"users_contact_unique\" UNIQUE(\"contact\");"}),
      on_users("a rename whose constraint keeps its name", {"ALTER TABLE users RENAME COLUMN email TO contact;"}),
      on_users("a rename whose constraint is made again under its name",
               {"ALTER TABLE users RENAME COLUMN email TO contact;\nALTER TABLE users DROP CONSTRAINT "
                "users_email_unique;\nALTER TABLE users ADD CONSTRAINT users_email_unique UNIQUE (contact);"}),
      on_users("a rename of a column that is NOT NULL and has a default",
               {"ALTER TABLE users RENAME COLUMN seats TO places;"}),
      on_users("a rename with a NOT NULL behind it", {"ALTER TABLE users RENAME COLUMN email TO contact;",
                                                      "ALTER TABLE users ALTER COLUMN contact SET NOT "
                                                      "NULL;"}),
      {"a rename with all that a column can have",
       users +
           "COMMENT ON COLUMN users.email IS 'it''s 100% \\ mail';\nGRANT SELECT (email), UPDATE (email) ON users TO "
           "public;\nALTER TABLE users ALTER COLUMN email SET STATISTICS 77, ALTER COLUMN email SET STORAGE "
           "EXTERNAL, ALTER COLUMN email SET (n_distinct = -0.5);\nCREATE INDEX users_mail_plan ON users (plan, "
           "email DESC) INCLUDE (seats);",
       rows,
       {"ALTER TABLE users RENAME COLUMN email TO \"Kontakt für \"\"uns\"\"\";"}},
      {"two renames in a schema with a strange name",
       "CREATE SCHEMA \"it's 100%\";\nCREATE TABLE \"it's 100%\".\"T%\" (id uuid PRIMARY KEY, a numeric(10,2), b "
       "varchar(5)[], UNIQUE (a));",
       "INSERT INTO \"it's 100%\".\"T%\" SELECT md5(i::text)::uuid, i, ARRAY['x'] FROM generate_series(1, 150) i;",
       {"ALTER TABLE \"it's 100%\".\"T%\" RENAME a TO \"a'b\";",
        "ALTER TABLE \"it's 100%\".\"T%\" RENAME b TO "
        "\"c%s\";"}},
      on_users("rows that are filled", {"UPDATE users SET plan = 'free' WHERE plan IS NULL;"}),
      on_users("rows that are overwritten",
               {"UPDATE users SET plan = E'a\\'b', \"Odd Name\" = 'x' || id -- why\n WHERE seats < 100 AND email LIKE "
                "'m%';"}),
      on_users(
          "rows of a table with an alias",
          {"UPDATE users AS \"U 1\" SET plan = coalesce(\"U 1\".email, 'x'), region_id = 'us' WHERE \"U 1\".id > 7 "
           "AND region_id IS NULL;"}),
      on_users("rows that other tables say",
               {"UPDATE users u SET plan = r.name, seats = 1 FROM regions AS r WHERE r.id = "
                "u.region_id AND u.seats > 2;"}),
      on_users(
          "rows that two tables say, one of them the same again",
          {"UPDATE users SET plan = r.name || b.email FROM regions r JOIN users b ON b.region_id IS NULL WHERE r.id = "
           "users.region_id AND b.id = users.boss;"}),
      on_users("rows that are deleted by another table",
               {"DELETE FROM users USING regions WHERE regions.id = users.region_id AND regions.name = 'Europe' AND "
                "users.id > 100;"}),
      on_users(
          "a new column that another table says, and rows that it says nothing of",
          {"ALTER TABLE users ADD COLUMN region text;\nUPDATE users u SET region = r.name FROM regions r WHERE r.id = "
           "u.region_id;\nDELETE FROM users AS u WHERE u.region IS NULL;\nALTER TABLE users ALTER COLUMN region SET "
           "NOT NULL;"}),
      {"rows that a table says which goes then",
       users + "CREATE TABLE extra (user_id bigint PRIMARY KEY, word text);",
       rows + "INSERT INTO extra SELECT i, 'w' || i FROM generate_series(1, 200) i;",
       {"UPDATE users SET plan = extra.word FROM extra WHERE extra.user_id = users.id;\nDROP TABLE extra;"}},
      {"rows of a key of two columns, with an alias",
       "CREATE TABLE p (a int, b varchar(8), c text, PRIMARY KEY (a, b));\nCREATE TABLE o (id int PRIMARY KEY, w "
       "text);",
       "INSERT INTO p SELECT i % 20, 'k' || i, NULL FROM generate_series(1, 300) i; INSERT INTO o VALUES (3, 'x'), (4, "
       "NULL);",
       {"UPDATE p AS q SET c = o.w FROM o WHERE o.id = q.a;\nDELETE FROM p USING o WHERE o.id = p.a AND o.w IS NULL;"}},
      {"a view that is made again beside a gate",
       users + "CREATE VIEW v AS SELECT id, email FROM users;\nGRANT SELECT ON v TO public;",
       rows,
       {"ALTER TABLE users DROP COLUMN seats;\nDROP VIEW v;\nALTER TABLE users ADD COLUMN level int;\nCREATE VIEW v AS "
        "SELECT level, upper(email) AS email, id FROM users;\nCOMMENT ON VIEW v IS 'again';"}},
      {"a type and a function that go beside a gate",
       users + "CREATE TYPE \"Old Mood\" AS ENUM ('ok');\nCREATE DOMAIN short AS varchar(5);\nCREATE FUNCTION \"F\"(x "
               "int, y "
               "\"Old Mood\"[], OUT z text) LANGUAGE sql AS 'SELECT NULL::text';",
       rows,
       {"ALTER TABLE users DROP COLUMN seats;\nDROP FUNCTION \"F\"(int, \"Old Mood\"[]);\nDROP DOMAIN short;\nDROP "
        "TYPE "
        "\"Old Mood\";"}},
      {"a table that goes with its foreign keys",
       users + "CREATE TABLE visits (id bigint PRIMARY KEY, user_id bigint REFERENCES users, region_id varchar(16) "
               "REFERENCES regions, before bigint REFERENCES visits);",
       rows + "INSERT INTO visits VALUES (1, 1, 'eu', NULL), (2, 2, NULL, 1);",
       {"DROP TABLE visits;\nALTER TABLE users DROP COLUMN seats;"}},
      {"a rename of a column whose indexes and constraints have comments",
       users +
           "CREATE INDEX users_email_seats ON users (email, seats);\nALTER TABLE users ADD CONSTRAINT mail_check CHECK "
           "(email <> ''), ADD CONSTRAINT mail_again UNIQUE (email, id), ADD CONSTRAINT mail_region FOREIGN KEY "
           "(region_id) "
           "REFERENCES regions;\nCOMMENT ON INDEX users_email_seats IS 'it''s 100% an index';\nCOMMENT ON CONSTRAINT "
           "mail_check ON users IS 'a check';\nCOMMENT ON CONSTRAINT mail_again ON users IS 'a \\ key';\nCOMMENT ON "
           "INDEX "
           "mail_again IS 'its index';\nCOMMENT ON CONSTRAINT mail_region ON users IS 'a foreign key';",
       rows,
       {"ALTER TABLE users RENAME COLUMN email TO contact;", "ALTER TABLE users RENAME COLUMN region_id TO region;"},
       {},
       recipe::DualWrite::application},
      on_users("all rows", {"UPDATE users SET region_id = 'us'"}),
      on_users("rows that are deleted", {"DELETE FROM users WHERE plan IS NULL AND id > 10;"}),
      on_users("a fill and a NOT NULL",
               {"UPDATE \"users\" SET \"plan\" = 'free' WHERE \"plan\" IS NULL;--> statement-breakpoint\nALTER TABLE "
                "\"users\" ALTER COLUMN \"plan\" SET NOT NULL;"}),
      on_users("a column that drizzle-kit wants NOT NULL, and a fill",
               {"ALTER TABLE \"users\" ADD COLUMN \"level\" integer;--> statement-breakpoint\nUPDATE users SET level = "
                "7;\nALTER TABLE users ALTER COLUMN level SET NOT NULL;"}),
      on_users("several commands in one",
               {"UPDATE users SET plan = 'free' WHERE plan IS NULL;",
                "ALTER TABLE users ADD COLUMN note text, ALTER COLUMN plan SET NOT NULL,\n  ADD CONSTRAINT seats_few "
                "CHECK (seats < 1000), ADD FOREIGN KEY (region_id) REFERENCES regions (id), ALTER COLUMN seats DROP "
                "DEFAULT;"}),
      on_users("a column that goes", {"ALTER TABLE users DROP COLUMN seats, DROP COLUMN \"Odd Name\";"}),
      on_users("a column that goes with its index and its constraint",
               {"ALTER TABLE users DROP COLUMN email;\nALTER TABLE users DROP COLUMN plan;"}),
      on_users(
          "what is safe beside what is not",
          {"CREATE TABLE notes (id bigserial PRIMARY KEY, user_id bigint REFERENCES users);\nCREATE INDEX ON notes "
           "(user_id);\nCREATE INDEX users_boss_idx ON users (boss);\nCREATE TYPE mood AS ENUM ('ok');"}),
      on_users(
          "a comment on what is built",
          {"CREATE INDEX i ON users (boss);\nCOMMENT ON INDEX i IS 'why';\nALTER TABLE users ADD CONSTRAINT u UNIQUE "
           "(\"Odd Name\");\nCOMMENT ON CONSTRAINT u ON users IS 'so';"}),
      on_users("CONCURRENTLY inside of a migration", {"CREATE INDEX CONCURRENTLY i ON users (boss);"}),
      on_users("DROP INDEX CONCURRENTLY inside of a migration", {"DROP INDEX CONCURRENTLY users_plan_idx;"}),
      on_users("VACUUM inside of a migration", {"VACUUM users;"}),
      on_users("VALIDATE under a lock of the same run", {"ALTER TABLE users ADD CONSTRAINT c CHECK (seats > 0) NOT "
                                                         "VALID;\nALTER TABLE users VALIDATE CONSTRAINT c;"}),
      {"columns whose names the blocks of a file could take for their own",
       "CREATE TABLE t (id int PRIMARY KEY, started boolean, written boolean, found boolean, timeout int, attempt int, "
       "last_1 int, bound_1 int, name text);",
       "INSERT INTO t (id, found, timeout) SELECT i, i % 2 = 0, i FROM generate_series(1, 250) i;",
       {"UPDATE t SET written = found, last_1 = timeout WHERE started IS NULL AND NOT found;\nALTER TABLE t ADD "
        "CONSTRAINT c CHECK (timeout > 0 AND attempt IS NULL);\nALTER TABLE t RENAME found TO started_at;"}},
      {"rows that get the default",
       "CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 7);",
       "INSERT INTO t SELECT i, i FROM generate_series(1, 250) i;",
       {"UPDATE t SET a = default WHERE a < 100;"}},
      {"rows along a key of two columns",
       "CREATE TABLE t (a varchar(8), b timestamptz, c text, d int, PRIMARY KEY (a, b));",
       "INSERT INTO t SELECT 'k' || i % 7, timestamptz '2026-01-01' + i * interval '1 hour', NULL, i FROM "
       "generate_series(1, 350) i;",
       {"UPDATE t SET c = a || d WHERE c IS NULL;", "DELETE FROM t WHERE d > 300;"}},
      on_users(
          "a rename, and a fill of what is renamed",
          {"ALTER TABLE users RENAME COLUMN plan TO tier;\nUPDATE users SET tier = 'free' WHERE tier IS NULL;\nALTER "
           "TABLE users ALTER COLUMN tier SET NOT NULL;"}),
      on_users("a rename, and an index and a key on the new name",
               {"ALTER TABLE users RENAME COLUMN region_id TO region;\nCREATE INDEX users_region_idx ON users "
                "(region);\nALTER TABLE users ADD CONSTRAINT users_region_fk FOREIGN KEY (region) REFERENCES "
                "regions (id);\nALTER TABLE users ADD CONSTRAINT c CHECK (region <> 'x');"}),
      on_users(
          "a rename whose index goes",
          {"ALTER TABLE users RENAME COLUMN plan TO tier;\nDROP INDEX users_plan_idx;\nCREATE INDEX users_tier_idx "
           "ON users (tier);"}),
      {"a rename under a check",
       users +
           "ALTER TABLE users ADD CONSTRAINT plan_known CHECK (plan <> 'x' AND (users.plan IS NOT NULL OR seats > 0));",
       rows,
       {"ALTER TABLE users RENAME COLUMN plan TO tier;"}},
      {"a rename under a check, and all that can be new on it",
       users + "ALTER TABLE users ADD CONSTRAINT plan_known CHECK (plan <> 'x');",
       rows + "UPDATE users SET plan = 'plan ' || id;",
       {"ALTER TABLE users RENAME COLUMN plan TO tier;\nCREATE INDEX tiers ON users (lower(tier)) INCLUDE (seats) "
        "WHERE "
        "users.tier <> 'y';\nALTER TABLE users ADD CHECK(tier <> 'z'), ADD CONSTRAINT few CHECK (\"tier\" <> '' OR "
        "seats < "
        "9);",
        "CREATE TABLE tiers_of (tier text PRIMARY KEY);\nINSERT INTO tiers_of (tier) VALUES ('a');\nALTER TABLE users "
        "ALTER COLUMN tier SET NOT NULL;"}},
      {"a rename under a check, a foreign key and an index on an expression, with a unique constraint that is new",
       users +
           "ALTER TABLE users ADD CONSTRAINT plan_known CHECK (lower(users.plan) <> 'x' AND seats > 0) NO INHERIT;\n"
           "CREATE TABLE plans (name text PRIMARY KEY);\nALTER TABLE users ADD CONSTRAINT of_plans FOREIGN KEY "
           "(plan) REFERENCES plans ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;\nCREATE INDEX "
           "low ON users (lower(plan), id) WHERE plan <> '';",
       rows +
           "UPDATE users SET plan = NULL; INSERT INTO plans SELECT 'plan ' || id FROM users; UPDATE users SET plan = "
           "'plan ' || id;",
       {"ALTER TABLE users RENAME COLUMN plan TO tier;\nALTER TABLE users ADD CONSTRAINT tier_unique UNIQUE "
        "(tier);\nALTER TABLE users ALTER COLUMN tier SET NOT NULL, ADD CHECK (tier <> 'z');"}},
      {"a rename under a view, and a foreign key on it and one to it",
       users + "CREATE VIEW v AS SELECT region_id, email FROM users;\nCREATE TABLE mails (id int PRIMARY KEY, contact "
               "text);",
       rows + "INSERT INTO mails SELECT i, 'm' || i FROM generate_series(1, 50) i;",
       {"ALTER TABLE users RENAME COLUMN region_id TO id_of_region;\nALTER TABLE users ADD FOREIGN KEY (id_of_region) "
        "REFERENCES regions (id) ON DELETE SET NULL;\nALTER TABLE users RENAME COLUMN email TO contact;\nALTER TABLE "
        "mails ADD FOREIGN KEY (contact) REFERENCES users (contact);"}},
      {"a rename under a constraint that is checked at the end",
       "CREATE TABLE t (id int PRIMARY KEY, list int, place int, CONSTRAINT one_each UNIQUE (list, place) DEFERRABLE "
       "INITIALLY DEFERRED);",
       "INSERT INTO t SELECT i, i / 10, i FROM generate_series(1, 250) i;",
       {"ALTER TABLE t RENAME COLUMN place TO rank;"}},
      {"a rename under a foreign key",
       users +
           "ALTER TABLE users ADD CONSTRAINT in_region FOREIGN KEY (region_id) REFERENCES regions (id) ON DELETE SET "
           "NULL ON UPDATE CASCADE;",
       rows,
       {"ALTER TABLE users RENAME COLUMN region_id TO region;"}},
      {"a rename of what foreign keys point to",
       users + "CREATE TABLE mails (id int PRIMARY KEY, sender text REFERENCES users (email) MATCH FULL ON UPDATE "
               "CASCADE);",
       rows + "INSERT INTO mails SELECT i, 'm' || i FROM generate_series(1, 50) i;",
       {"ALTER TABLE users RENAME COLUMN email TO contact;"}},
      {"a rename under an index on an expression, a partial one and a tablespace's",
       users + "CREATE INDEX users_mail ON users (lower(email), (\"users\".email || plan)) WHERE users.email <> 'x' "
               "AND plan IS "
               "NOT NULL;\nCREATE UNIQUE INDEX some_mail ON users ((email || 'x')) WHERE seats > 100;",
       rows,
       {"ALTER TABLE users RENAME COLUMN email TO \"E-Mail\";"}},
      {"a rename under views",
       users +
           "CREATE VIEW mails AS SELECT id, email FROM users WHERE email LIKE 'm%';\nCREATE VIEW all_of AS SELECT * "
           "FROM users;\nCREATE VIEW above AS SELECT email AS said FROM mails;",
       rows,
       {"ALTER TABLE users RENAME COLUMN email TO contact;"}},
      {"a rename under a policy",
       users +
           "ALTER TABLE users ENABLE ROW LEVEL SECURITY;\nCREATE POLICY own ON users USING (plan IS NULL OR plan <> "
           "'secret') WITH CHECK (plan IS DISTINCT FROM 'y');",
       rows,
       {"ALTER TABLE users RENAME COLUMN plan TO tier;"}},
      {"a rename of the replica identity, of an exclusion and with statistics that the history has",
       "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL UNIQUE, b int4range, c int, EXCLUDE USING gist (b WITH "
       "&&));\nALTER TABLE t REPLICA IDENTITY USING INDEX t_a_key;\nCREATE STATISTICS s ON a, c FROM t;",
       "INSERT INTO t SELECT i, i, int4range(i, i + 1), i % 3 FROM generate_series(1, 250) i;",
       {"ALTER TABLE t RENAME a TO x;\nALTER TABLE t RENAME b TO y;"}},
      {"two renames that share an index",
       users + "CREATE UNIQUE INDEX pair ON users (email, plan);",
       rows,
       {"ALTER TABLE users RENAME COLUMN email TO contact;", "ALTER TABLE users RENAME COLUMN plan TO tier;"}},
      {"two renames that share a unique constraint and a check",
       users +
           "ALTER TABLE users ADD CONSTRAINT pair UNIQUE (email, plan), ADD CONSTRAINT differ CHECK (email <> plan);",
       rows,
       {"ALTER TABLE users RENAME COLUMN email TO contact;\nALTER TABLE users RENAME COLUMN plan TO tier;"}},
      on_users(
          "a rename and a default",
          {"ALTER TABLE users RENAME COLUMN plan TO tier;\nALTER TABLE users ALTER COLUMN tier SET DEFAULT 'free';"}),
      on_users(
          "a rename, and a default that goes",
          {"ALTER TABLE users RENAME COLUMN seats TO places;\nALTER TABLE users ALTER COLUMN places DROP DEFAULT;"}),
      {"a rename under a check, with a default, a NOT NULL and a comment",
       users + "ALTER TABLE users ADD CONSTRAINT mail_known CHECK (email <> 'x');",
       rows,
       {"ALTER TABLE users RENAME COLUMN email TO contact;\nALTER TABLE users ALTER COLUMN contact SET DEFAULT 'none', "
        "ALTER COLUMN contact SET NOT NULL;\nCOMMENT ON COLUMN users.contact IS 'how to reach them';\nUPDATE users SET "
        "plan = contact WHERE plan IS NULL;"}},
      {"a rename under a check that goes, and under a unique constraint that gets another name",
       users + "ALTER TABLE users ADD CONSTRAINT mail_known CHECK (email <> 'x');\nCREATE VIEW v AS SELECT email FROM "
               "users;",
       rows,
       {"ALTER TABLE users RENAME COLUMN email TO contact;\nALTER TABLE users DROP CONSTRAINT mail_known;\nALTER TABLE "
        "users DROP CONSTRAINT users_email_unique;"}},
      on_users(
          "comments, and rows of a table that is small, in a plan with a gate",
          {"COMMENT ON TABLE users IS 'who''s who';\nCOMMENT ON COLUMN users.email IS 'their mail';\nCOMMENT ON "
           "CONSTRAINT users_email_unique ON users IS 'one each';\nCOMMENT ON SCHEMA public IS 'ours';\nINSERT INTO "
           "regions (name, id) VALUES ('Asia', 'as'), (lower('X'), 'af');\nINSERT INTO regions VALUES ('oc', NULL) "
           "ON CONFLICT DO NOTHING;\nALTER TABLE users ALTER COLUMN email SET NOT NULL;"}),
      on_users(
          "a check without a name, and another one of that name",
          {"ALTER TABLE users ADD CHECK (users.seats > 0 AND seats < 1000);\nALTER TABLE users ADD CHECK (seats <> "
           "77);\nALTER TABLE users ADD CHECK (email <> plan OR plan IS NULL);"}),
      on_users(
          "CONCURRENTLY without a name inside of a migration",
          {"CREATE INDEX CONCURRENTLY ON users (boss, lower(email), (seats + 1), (seats + 2)) INCLUDE (plan);",
           "CREATE UNIQUE INDEX CONCURRENTLY ON users (\"Odd Name\");", "CREATE INDEX CONCURRENTLY ON users (plan);"}),
      on_users(
          "rows of a new table that come from one that is there",
          {"CREATE TABLE plans (name text PRIMARY KEY, timeout text);\nINSERT INTO plans (name, timeout) SELECT "
           "DISTINCT plan, plan AS timeout FROM users WHERE plan IS NOT NULL ORDER BY timeout;\nALTER TABLE users ADD "
           "CONSTRAINT of_plans FOREIGN KEY (plan) REFERENCES plans (name);\nALTER TABLE users RENAME COLUMN email TO "
           "contact;"}),
      // A name that goes and comes again: nothing but what it stands for tells the two apart.
      {"a check in place of another of its name",
       users +
           "ALTER TABLE users ADD CONSTRAINT plan_known CHECK (plan IN ('free', 'pro')), ADD CONSTRAINT seats_known "
           "CHECK (seats < 100000);",
       rows,
       {"ALTER TABLE users DROP CONSTRAINT plan_known;\nALTER TABLE users ADD CONSTRAINT plan_known CHECK (plan IN "
        "('free', 'pro', 'team'));\nALTER TABLE users DROP CONSTRAINT IF EXISTS seats_known, ADD CONSTRAINT "
        "seats_known "
        "CHECK (seats < 200000);"}},
      {"a foreign key in place of another of its name, in a plan with a gate",
       users + "ALTER TABLE users ADD CONSTRAINT of_region FOREIGN KEY (region_id) REFERENCES regions (id);",
       rows,
       {"ALTER TABLE users DROP CONSTRAINT of_region;\nALTER TABLE users ADD CONSTRAINT of_region FOREIGN KEY "
        "(region_id) "
        "REFERENCES regions (id) ON DELETE CASCADE;\nALTER TABLE users ALTER email SET NOT NULL;"}},
      {"a unique constraint and a primary key in place of others of their names",
       users + "ALTER TABLE users ADD CONSTRAINT two UNIQUE (id, plan);",
       rows,
       {"ALTER TABLE users DROP CONSTRAINT two;\nALTER TABLE users ADD CONSTRAINT two UNIQUE (id, email);\nALTER TABLE "
        "users DROP CONSTRAINT users_pkey;\nALTER TABLE users ADD PRIMARY KEY (id, seats);"}},
      {"indexes in place of others of their names",
       users + "CREATE UNIQUE INDEX two ON users (id, plan);",
       rows,
       {"DROP INDEX two;\nCREATE UNIQUE INDEX two ON users (id, email);\nDROP INDEX IF EXISTS users_plan_idx;\nCREATE "
        "INDEX "
        "users_plan_idx ON users (plan, seats);"}},
      on_users(
          "a unique constraint with storage parameters",
          {"ALTER TABLE users ADD CONSTRAINT full_pages UNIQUE (id, plan) INCLUDE (email) WITH (fillfactor = 50);"}),
      {"a column that goes behind the index on it",
       users + "CREATE INDEX odd ON users (\"Odd Name\");",
       rows,
       {"DROP INDEX odd;\nALTER TABLE users DROP COLUMN \"Odd Name\", DROP COLUMN IF EXISTS never_there;"}},
      on_users("rows that go, of which NOT NULL is wanted of the rest",
               {"DELETE FROM users WHERE plan IS NULL;\nALTER TABLE users ALTER plan SET NOT NULL;"}),
      on_users(
          "a foreign key of a new table to one that is there, in a plan with a gate",
          {"CREATE TABLE teams (id int PRIMARY KEY, region_id varchar(16));\nALTER TABLE teams ADD CONSTRAINT "
           "of_region "
           "FOREIGN KEY (region_id) REFERENCES regions (id);\nALTER TABLE users ADD COLUMN team_id int;\nALTER TABLE "
           "users ADD CONSTRAINT of_team FOREIGN KEY (team_id) REFERENCES teams (id);\nALTER TABLE users ALTER email "
           "SET NOT NULL;"}),
      on_users(
          "defaults, wider types and new names in a plan with a gate",
          {"ALTER TABLE users ALTER plan SET DEFAULT 'free', ALTER seats SET DEFAULT 7, ALTER email SET DEFAULT "
           "lower('X'), ALTER region_id TYPE varchar(20);\nALTER TABLE users RENAME CONSTRAINT users_email_unique TO "
           "one_mail;\nALTER INDEX users_plan_idx RENAME TO by_plan;\nALTER TABLE users ALTER email SET NOT NULL;"}),
      {"what goes as a whole waits for the gate of the rest",
       users + "CREATE TABLE old_users (id int);\nCREATE VIEW v AS SELECT id FROM users;",
       rows,
       {"DROP VIEW v;\nDROP TABLE old_users;\nALTER TABLE users ALTER email SET NOT NULL;"}},
      {"a value of an enumeration, a function and grants in a plan with a gate",
       users + "CREATE TYPE mood AS ENUM ('fine');\nCREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';",
       rows,
       {"ALTER TYPE mood ADD VALUE 'bad';\nCREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT "
        "2';\nCREATE "
        "FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2';\nGRANT SELECT ON users TO PUBLIC;\nCREATE OR REPLACE "
        "VIEW "
        "v AS SELECT id FROM users;\nALTER TABLE users ALTER email SET NOT NULL;"}},
      on_users("windows' line ends", {"-- a note\r\nCREATE INDEX i\r\n  ON users\r\n  (boss);\r\n"}),
  };
  Story value = on_users("a column with a value for what is there",
                         {"ALTER TABLE \"users\" ADD COLUMN \"level\" text NOT NULL;"});
  // The original cannot run on rows: its end is that of an empty table.
  value.rows = "INSERT INTO regions VALUES ('eu', 'Europe');";
  value.values = {{"users.level", "'basic'"}};
  out.push_back(value);
  Story application = on_users("a rename by the application", {"ALTER TABLE users RENAME COLUMN seats TO places;"});
  application.dual_write = recipe::DualWrite::application;
  out.push_back(application);
  application = {
      "a rename by the application, under all that can be made again",
      users +
          "ALTER TABLE users ADD CONSTRAINT region_known CHECK (region_id <> 'x'), ADD CONSTRAINT of_region "
          "FOREIGN KEY (region_id) REFERENCES regions (id) ON DELETE RESTRICT;\nCREATE UNIQUE INDEX two "
          "ON users (lower(region_id), id) WHERE region_id IS NOT NULL;",
      rows + "UPDATE users SET region_id = 'us' WHERE region_id IS NULL;",
      {"ALTER TABLE users RENAME COLUMN region_id TO region;\nCREATE INDEX i ON users (region);\nALTER TABLE "
       "users ADD CONSTRAINT u UNIQUE (region, id), ADD CHECK (region <> 'y');\nALTER TABLE users ALTER region "
       "SET NOT NULL;"}};
  application.dual_write = recipe::DualWrite::application;
  out.push_back(application);
  // It gives what any number of its calls gives: an UPDATE of the original fires it once a row, a rename never.
  const std::string lowered =
      "CREATE FUNCTION lower_email() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.email := lower(NEW.email); "
      "RETURN "
      "NEW; END $$;\nCREATE TRIGGER lowered BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION lower_email();\n";
  for (const char* sql :
       {"ALTER TABLE users RENAME COLUMN seats TO places;", "UPDATE users SET plan = 'free' WHERE plan IS NULL;"}) {
    Story accepted = {fmt::format("past a trigger that was accepted: {}", sql), users + lowered, rows, {sql}};
    accepted.accept_triggers = {"lowered"};
    out.push_back(accepted);
  }
  return out;
}

}  // namespace pglint::test
