// The comparison of databases has to see what it is there to see.
#include "live/chain/compare.h"

#include <doctest/doctest.h>

#include "live/chain/drizzle.h"
#include "skip.h"

using namespace pglint::test;
using namespace pglint::test::chain;

TEST_CASE("whatever is changed in a catalogue is a difference") {
  if (!server().missing().empty()) return skip(Missing::tool, server().missing());
  create_database("objects");
  for (const char* const statement :
       {"CREATE TABLE parents (id int PRIMARY KEY, name text)",
        "CREATE TABLE children (id serial PRIMARY KEY, parent int, name text, note varchar(20), at timestamptz)",
        "CREATE INDEX children_name ON children (name)", "CREATE VIEW seen AS SELECT id, name FROM children",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"})
    sql("objects", statement);
  const std::vector<std::string> statements = {
      "ALTER TABLE children ALTER name SET NOT NULL",
      "ALTER TABLE children ALTER name SET DEFAULT 'x'",
      "ALTER TABLE children ALTER note TYPE varchar(21)",
      "ALTER TABLE children ALTER note TYPE varchar(21) COLLATE \"C\"",
      "ALTER TABLE children ALTER note SET STORAGE EXTERNAL",
      "ALTER TABLE children ALTER note SET COMPRESSION pglz",
      "ALTER TABLE children ALTER note SET STATISTICS 7",
      "ALTER TABLE children ALTER note SET (n_distinct = 3)",
      "ALTER TABLE children ADD CONSTRAINT named CHECK (note <> '') NOT VALID",
      "ALTER TABLE children VALIDATE CONSTRAINT named",
      "ALTER TABLE children RENAME CONSTRAINT named TO renamed",
      "ALTER TABLE children ADD CONSTRAINT children_parent FOREIGN KEY (parent) REFERENCES parents ON DELETE CASCADE",
      "ALTER TABLE children ADD UNIQUE (parent, name)",
      "ALTER TABLE children CLUSTER ON children_name",
      "ALTER TABLE children REPLICA IDENTITY FULL",
      "ALTER TABLE children ENABLE ROW LEVEL SECURITY",
      "ALTER TABLE children SET (fillfactor = 70)",
      "ALTER TABLE children OWNER TO pg_monitor",
      "CREATE TRIGGER touched BEFORE UPDATE ON children FOR EACH ROW EXECUTE FUNCTION touch()",
      "ALTER TABLE children DISABLE TRIGGER touched",
      "CREATE POLICY own ON children USING (name = current_user)",
      "ALTER POLICY own ON children USING (note = current_user)",
      "CREATE RULE nothing AS ON DELETE TO children DO INSTEAD NOTHING",
      "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.at := now(); RETURN NEW; END'",
      "CREATE OR REPLACE VIEW seen AS SELECT id, name, note FROM children",
      "COMMENT ON COLUMN children.note IS 'note'",
      "COMMENT ON INDEX children_name IS 'name'",
      "COMMENT ON CONSTRAINT renamed ON children IS 'never empty'",
      "GRANT SELECT (note) ON children TO PUBLIC",
      "GRANT SELECT ON seen TO PUBLIC",
      "ALTER SEQUENCE children_id_seq AS bigint",
      "ALTER SEQUENCE children_id_seq OWNED BY NONE",
      "ALTER TABLE parents ALTER id ADD GENERATED ALWAYS AS IDENTITY",
      "ALTER TABLE parents ADD doubled int GENERATED ALWAYS AS (id * 2) STORED",
      "CREATE STATISTICS together ON parent, name FROM children",
      "ALTER STATISTICS together SET STATISTICS 50",
      "CREATE PUBLICATION all_of_it FOR TABLE parents (id, name)",
      "ALTER PUBLICATION all_of_it SET TABLE parents (id)",
      "ALTER PUBLICATION all_of_it SET (publish = 'insert')",
      "CREATE TYPE mood AS ENUM ('sad', 'glad')",
      "ALTER TYPE mood ADD VALUE 'mad' BEFORE 'glad'",
      "CREATE DOMAIN short AS text CHECK (length(VALUE) < 5)",
      "ALTER DOMAIN short SET NOT NULL",
      "CREATE SCHEMA other",
      "DROP INDEX children_name"};

  std::vector<std::string> before = catalogue(server(), "objects");
  CHECK(before == catalogue(server(), "objects"));
  const auto after = catalogues(server(), "objects", statements);
  REQUIRE(after.size() == statements.size());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    CAPTURE(statements[i]);
    CHECK(before != after[i]);
    before = after[i];
  }
}

TEST_CASE("the order of columns and pglint's own schema are no difference, and lost or changed rows are") {
  if (!server().missing().empty()) return skip(Missing::tool, server().missing());
  create_database("order_one");
  create_database("order_other");
  sql("order_one", "CREATE TABLE t (id int PRIMARY KEY, name text, note text); CREATE TABLE log (line text)");
  sql("order_other",
      "CREATE TABLE t (note text, gone int, name text, id int PRIMARY KEY); ALTER TABLE t DROP gone; CREATE TABLE log "
      "(line text); CREATE SCHEMA pglint; CREATE TABLE pglint.gate ()");
  for (const char* const database : {"order_one", "order_other"}) {
    sql(database, "INSERT INTO t (id, name, note) SELECT i, 'n' || i, E'two\\nlines' FROM generate_series(1, 100) i");
    sql(database, "INSERT INTO log VALUES ('a'), ('a')");
  }
  CHECK(catalogue_differences(server(), "order_one", "order_other").empty());
  auto data = data_differences(server(), "order_one", "order_other", "t", {});
  CHECK(data.text.empty());
  CHECK(data.compared == 100);

  sql("order_other", "UPDATE t SET name = 'other' WHERE id = 7; DELETE FROM t WHERE id = 8");
  data = data_differences(server(), "order_one", "order_other", "t", {});
  CHECK(data.text == "t: row 7 differs\nt: row 8 is gone\n");
  CHECK(data_differences(server(), "order_one", "order_other", "t", {"7", "8"}).text.empty());
  sql("order_other", "DELETE FROM log WHERE ctid = '(0,1)'");
  CHECK_FALSE(data_differences(server(), "order_one", "order_other", "t", {"7", "8"}).text.empty());

  sql("order_one", "CREATE SEQUENCE s; SELECT setval('s', 5)");
  sql("order_other", "CREATE SEQUENCE s; SELECT setval('s', 4)");
  CHECK(catalogue_differences(server(), "order_one", "order_other") == "sequence public.s stands at 4, not at 5\n");
  sql("order_other", "SELECT setval('s', 6)");
  CHECK(catalogue_differences(server(), "order_one", "order_other").empty());
}
