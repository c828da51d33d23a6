// `snapshot` of a real database: the form of its schema, and a dump that makes the same database again.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "scene.h"
#include "skip.h"
#include "support/golden.h"
#include "support/schema.h"

using namespace pglint;
using namespace pglint::test;
using nlohmann::json;
namespace fs = std::filesystem;

#define NEEDS_SERVER() \
  if (!server().missing().empty()) return skip(Missing::tool, server().missing())

namespace {

json snapshot(const Scene& scene) {
  const Finished taken = scene.apply({"snapshot", "-o", "-"});
  REQUIRE_MESSAGE(taken.status == 0, taken.out);
  json document = json::parse(taken.out);
  CHECK(violation(schema("snapshot"), document) == "");
  return document;
}

json table(const json& document, const std::string& name) {
  for (const json& one : document.at("tables"))
    if (one.at("name") == name) return one;
  return nullptr;
}

}  // namespace

TEST_CASE("a snapshot knows tables, rows and sizes, and its schema makes the same database again") {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql(
      "CREATE TABLE \"Never Analysed\" (x int); CREATE TABLE parts (id int, note text) PARTITION BY RANGE (id); CREATE "
      "TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000); CREATE TABLE parts_2 PARTITION OF parts "
      "DEFAULT; "
      "INSERT INTO parts SELECT g, 'ü' FROM generate_series(1, 3000) g; CREATE MATERIALIZED VIEW seen AS SELECT 1; "
      "ANALYZE "
      "parts; CREATE SCHEMA pglint; CREATE TABLE pglint.own (x int)");
  const json document = snapshot(scene);
  CHECK(document.at("server_version_num").get<int>() / 10000 == server().version());
  CHECK(document.at("taken_at").get<std::string>().size() == 20);
  CHECK(table(document, "public.tenant_accounts").at("rows") == 2000);
  CHECK(table(document, "public.tenant_accounts").at("bytes") ==
        std::stoll(scene.sql("SELECT pg_total_relation_size('tenant_accounts')")));
  CHECK(table(document, "public.parts").at("rows") == 3000);
  CHECK(table(document, "public.parts").at("bytes") ==
        std::stoll(scene.sql("SELECT pg_total_relation_size('parts_1') + pg_total_relation_size('parts_2')")));
  CHECK(table(document, "public.seen").is_object());
  CHECK(table(document, "pglint.own").is_null());
  if (server().version() >= 14) CHECK(table(document, "public.\"Never Analysed\"").at("rows").is_null());
  CHECK(document.at("applied").is_null());
  CHECK_FALSE(contains(document.at("schema"), "CREATE SCHEMA pglint"));

  REQUIRE(server().psql("postgres", {"-c", "CREATE DATABASE again TEMPLATE template0"}).status == 0);
  const std::string file = scene.folder() + "/schema.sql";
  std::ofstream(file, std::ios::binary) << document.at("schema").get<std::string>();
  const Finished made = server().psql("again", {"-f", file});
  CHECK_MESSAGE(made.status == 0, made.err);
  CHECK(server()
            .psql("again", {"-A", "-t", "-c",
                            "SELECT count(*) FROM pg_class WHERE relname IN ('tenant_accounts', "
                            "'ta_email_u', 'parts_2', 'seen')"})
            .out == "4\n");
  CHECK(server().psql("postgres", {"-c", "DROP DATABASE again"}).status == 0);
}

TEST_CASE("a snapshot says which migrations are applied, by whichever tool wrote that down") {
  NEEDS_SERVER();
  struct Case {
    const char* sql;
    const char* runner;
    std::vector<std::string> versions;
  };
  const std::vector<Case> cases = {
      {"CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, "
       "created_at bigint); INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('b', 2), ('a', 1)",
       "drizzle",
       {"a", "b"}},
      {"CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, "
       "created_at bigint, name text, applied_at timestamptz); INSERT INTO drizzle.__drizzle_migrations (hash, "
       "created_at, "
       "name) VALUES ('a', 1, '2026_one')",
       "drizzle",
       {"2026_one"}},
      {"CREATE TABLE _prisma_migrations (id varchar(36), checksum varchar(64), finished_at timestamptz, migration_name "
       "varchar(255), logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int); INSERT "
       "INTO "
       "_prisma_migrations (migration_name, finished_at, rolled_back_at) VALUES ('2_two', now(), NULL), ('1_one', "
       "now(), "
       "NULL), ('3_failed', NULL, NULL), ('4_back', now(), now())",
       "prisma",
       {"1_one", "2_two"}},
      {"CREATE TABLE flyway_schema_history (installed_rank int, version varchar(50), description text, type text, "
       "script "
       "text, checksum int, success boolean); INSERT INTO flyway_schema_history VALUES (1, '1', '', '', 'V1__a.sql', "
       "1, "
       "true), (2, NULL, '', '', 'R__v.sql', 1, true), (3, '2', '', '', 'V2__b.sql', 1, false)",
       "flyway",
       {"1", "R__v.sql"}},
      {"CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (7, "
       "false)",
       "golang-migrate",
       {"7"}},
      {"CREATE TABLE schema_migrations (version varchar); INSERT INTO schema_migrations VALUES ('20260102'), "
       "('20260101')",
       "rails",
       {"20260101", "20260102"}},
      {"CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied boolean, tstamp timestamp); INSERT "
       "INTO "
       "goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (2, false)",
       "goose",
       {"1"}},
      {"CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('ae10')",
       "alembic",
       {"ae10"}},
      {"CREATE TABLE django_migrations (id serial, app text, name text, applied timestamptz); INSERT INTO "
       "django_migrations (app, name) VALUES ('shop', '0001_initial')",
       "django",
       {"shop.0001_initial"}},
      {"CREATE TABLE knex_migrations (id serial, name text, batch int, migration_time timestamptz); INSERT INTO "
       "knex_migrations (name) VALUES ('1.js')",
       "knex",
       {"1.js"}},
      {"CREATE TABLE pgmigrations (id serial, name text, run_on timestamp); INSERT INTO pgmigrations (name) VALUES "
       "('1')",
       "node-pg-migrate",
       {"1"}},
      {"CREATE TABLE _sqlx_migrations (version bigint, description text, success boolean, checksum bytea); INSERT INTO "
       "_sqlx_migrations VALUES (2, '', false), (1, '', true)",
       "sqlx",
       {"1"}},
      {"CREATE SCHEMA supabase_migrations; CREATE TABLE supabase_migrations.schema_migrations (version text, "
       "statements "
       "text[], name text); INSERT INTO supabase_migrations.schema_migrations (version) VALUES ('1')",
       "supabase",
       {"1"}},
  };
  const Scene scene;
  for (const Case& one : cases) {
    CAPTURE(one.runner);
    scene.sql("DROP SCHEMA IF EXISTS drizzle, supabase_migrations, public CASCADE; CREATE SCHEMA public");
    scene.sql(one.sql);
    const json applied = snapshot(scene).at("applied");
    CHECK(applied.at("runner") == one.runner);
    CHECK(applied.at("versions") == json(one.versions));
  }
}

TEST_CASE("a snapshot is a whole file or none, and keeps passwords to itself") {
  NEEDS_SERVER();
  const Scene scene;
  const std::string file = scene.folder() + "/snapshot.json";
  REQUIRE(scene.apply({"snapshot", "-o", file}).status == 0);
  const std::string before = read_file(file);
  CHECK(violation(schema("snapshot"), json::parse(before)) == "");
  // A table that may not be locked for reading.
  Psql owner(scene, "the owner");
  scene.sql("DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN");
  std::string dsn = scene.dsn();
  dsn.replace(dsn.find("postgres@"), 9, "poor:geheim@");
  const Finished refused = scene.apply({"snapshot", "-o", file}, {{"PGLINT_DATABASE_URL", dsn}});
  CHECK_MESSAGE(refused.status == 3, refused.out);
  CHECK(refused.out.starts_with("error: pg_dump: "));
  CHECK(contains(refused.out, "The role needs the right to read every table of the database."));
  CHECK(refused.out.find('\n') == refused.out.size() - 1);
  CHECK_FALSE(contains(refused.out, "geheim"));
  CHECK(read_file(file) == before);
  scene.sql("DROP ROLE poor");
  const Finished nowhere = scene.apply({"snapshot", "-o", scene.folder() + "/no/such/folder.json"});
  CHECK(nowhere.status == 2);
  CHECK(contains(nowhere.out, "cannot be written"));
  const Finished full = scene.apply({"snapshot", "-o", "/dev/full"});
  CHECK(full.status == 2);
  CHECK(fs::is_character_file("/dev/full"));
  const std::string link = scene.folder() + "/link.json";
  fs::create_symlink(file, link);
  CHECK(scene.apply({"snapshot", "-o", link}).status == 0);
  CHECK(fs::is_symlink(link));
  fs::remove(link);
  CHECK(std::distance(fs::directory_iterator(scene.folder()), fs::directory_iterator()) ==
        2);  // the plan, the snapshot
  // As people type it.
  const auto typed = run({PGLINT_PROGRAM, "snapshot", "--database-url", scene.dsn()});
  REQUIRE(typed);
  CHECK_MESSAGE(typed->status == 0, typed->err);
  CHECK(violation(schema("snapshot"), json::parse(typed->out)) == "");
  const auto without = run({PGLINT_PROGRAM, "snapshot", "--database-url", scene.dsn()}, {{"PATH", "/nonexistent"}});
  REQUIRE(without);
  CHECK(without->status == 2);
  CHECK(contains(without->err, "Install PostgreSQL's client programs."));
}
