// What is written for Drizzle, run by the real drizzle-kit of both layouts against a server.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fix/write_files.h"
#include "skip.h"
#include "source/project.h"
#include "source/write.h"
#include "support/scratch_server.h"

using namespace pglint;
using source::NewMigration;
using source::OrmState;
using source::Place;
using source::Text;
using source::WriteRequest;
namespace fs = std::filesystem;

namespace {

// A minute ago, so that what drizzle-kit generates meanwhile is later: what is not, it never runs.
std::int64_t now() {
  using namespace std::chrono;
  return duration_cast<milliseconds>((system_clock::now() - 1min).time_since_epoch()).count();
}

const test::ScratchServer& server() {
  static const test::ScratchServer the_server("drizzle");
  return the_server;
}

std::string content(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  REQUIRE_MESSAGE(stream.good(), path.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

void replace_in(const fs::path& path, std::string_view old, std::string_view text) {
  std::string all = content(path);
  const std::size_t at = all.find(old);
  REQUIRE_MESSAGE(at != std::string::npos, std::string(old));
  all.replace(at, old.size(), text);
  std::ofstream(path, std::ios::binary) << all;
}

// A copy of one of the projects of testdata/, and a database for it.
class Copy {
 public:
  Copy(const std::string& project, const std::string& name, std::string tools)
      : folder_(fs::current_path() / ("drizzle-" + name)), database_("d_" + name), tools_(std::move(tools)) {
    std::replace(database_.begin(), database_.end(), '-', '_');
    fs::remove_all(folder_);
    fs::copy(fs::path(PGLINT_TESTDATA) / project, folder_, fs::copy_options::recursive);
    fs::create_directory_symlink(tools_, folder_ / "node_modules");
    server_ok(server().psql("postgres", {"-c", "DROP DATABASE IF EXISTS " + database_}));
    server_ok(server().psql("postgres", {"-c", "CREATE DATABASE " + database_}));
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  [[nodiscard]] fs::path path(const std::string& inside) const { return folder_ / inside; }
  void remember_schema() { end_state_ = content(path("src/schema.ts")); }
  void end_state_schema() const { std::ofstream(path("src/schema.ts"), std::ios::binary) << end_state_; }

  [[nodiscard]] source::Project project() const {
    source::SourceOptions options;
    options.paths = {path("drizzle").string()};
    auto sources = source::read_sources(options, source::disk());
    REQUIRE(sources.has_value());
    REQUIRE(sources->failures.empty());
    REQUIRE(sources->projects.size() == 1);
    return std::move(sources->projects[0]);
  }

  std::vector<std::string> write(const WriteRequest& request) const {
    auto written = source::find_writer("drizzle")->write(project(), source::disk(), request);
    if (!written) FAIL(one_line(written.error()));
    CHECK(written->notices.empty());
    const auto done = fix::write_files(written->changes, {.root = folder_.string()});
    if (!done) FAIL(one_line(done.error()));
    return std::move(written->paths);
  }

  [[nodiscard]] std::string newest_snapshot() const {
    const auto found = source::find_writer("drizzle")->snapshot(project(), source::disk());
    REQUIRE(found.has_value());
    return found->second;
  }

  [[nodiscard]] Finished kit(const std::string& command) const {
    auto finished =
        run({"env", "-C", folder_.string(), "node", (folder_ / "node_modules/drizzle-kit/bin.cjs").string(), command},
            {{"DATABASE_URL", server().dsn(database_)}, {"NO_COLOR", "1"}});
    REQUIRE(finished.has_value());
    return std::move(*finished);
  }
  void kit_ok(const std::string& command, std::string_view says) const {
    const Finished finished = kit(command);
    INFO(command << "\n" << finished.out << finished.err);
    CHECK(finished.status == 0);
    CHECK((finished.out + finished.err).find(says) != std::string::npos);
    CHECK((finished.out + finished.err).find("Warning") == std::string::npos);
  }
  // `generate` finds nothing to do, and leaves nothing behind.
  void nothing_to_generate() const {
    const auto count = [&] { return std::distance(fs::recursive_directory_iterator(path("drizzle")), {}); };
    const auto before = count();
    kit_ok("generate", "No schema changes");
    CHECK(count() == before);
  }

  [[nodiscard]] std::string sql(const std::string& query) const {
    const Finished finished = server().psql(database_, {"-A", "-t", "-c", query});
    server_ok(finished);
    return finished.out.substr(0, finished.out.find_last_not_of('\n') + 1);
  }
  [[nodiscard]] std::string recorded() const {
    return sql("SELECT string_agg(hash, ' ' ORDER BY id) FROM drizzle.__drizzle_migrations");
  }
  // What drizzle records when all migrations have run, each once, as they are now.
  [[nodiscard]] std::string expected() const {
    std::string hashes;
    for (const source::Migration& migration : project().migrations) {
      const auto sum = run({"sha256sum", migration.path});
      REQUIRE(sum.has_value());
      constexpr std::size_t digits = 64;
      hashes += (hashes.empty() ? "" : " ") + sum->out.substr(0, digits);
    }
    return hashes;
  }

 private:
  static void server_ok(const Finished& finished) { REQUIRE_MESSAGE(finished.status == 0, finished.err); }

  fs::path folder_;
  std::string database_;
  std::string tools_;
  std::string end_state_;
};

const std::string tools_0 = PGLINT_NPM "/node_modules";
const std::string tools_1 = PGLINT_NPM "/drizzle-v1/node_modules";

std::string missing() {
  if (!fs::exists(tools_0 + "/drizzle-kit/bin.cjs") || !fs::exists(tools_1 + "/drizzle-kit/bin.cjs")) {
    return "no drizzle-kit: run scripts/npm-tools";
  }
  const auto node = run({"node", "--version"});
  if (!node || node->status != 0) return "no node";
  return server().missing();
}

NewMigration replace(std::size_t which, std::vector<Text> texts, std::string comment = {}) {
  return {.replaces = which, .name = {}, .comment = std::move(comment), .texts = std::move(texts)};
}
NewMigration add(std::string name, std::vector<Text> texts, std::string comment = {}) {
  return {.replaces = std::nullopt, .name = std::move(name), .comment = std::move(comment), .texts = std::move(texts)};
}
Text one(std::string sql, Place place = Place::runner_transaction, std::uint32_t group = 0) {
  return {.place = place, .sql = std::move(sql), .comment = "as the plan has it", .group = group};
}

constexpr std::string_view fill =
    "UPDATE tenant_accounts SET primary_contact = legacy_email "
    "WHERE primary_contact IS DISTINCT FROM legacy_email";

// All kinds of files: in the runner's transaction, outside of it, a comment alone, appended ones.
std::vector<NewMigration> demo_before_gate() {
  return {
      replace(1,
              {one("SET LOCAL lock_timeout = '2s'"),
               one("ALTER TABLE tenant_accounts ADD COLUMN IF NOT EXISTS primary_contact text")},
              "Expand."),
      replace(2,
              {one("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ta_contact_u ON tenant_accounts (primary_contact)",
                   Place::outside),
               one(std::string(fill), Place::own_transaction, 1),
               one("LOCK TABLE tenant_accounts IN SHARE MODE", Place::own_transaction, 1),
               one("ANALYZE tenant_accounts", Place::outside),
               one("CREATE INDEX CONCURRENTLY IF NOT EXISTS tenant_accounts_region_id_idx ON tenant_accounts USING "
                   "btree (region_id)",
                   Place::outside)},
              "Outside of drizzle's transaction."),
      replace(3, {}, "Moved behind the gate."),
      replace(4,
              {one("DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = "
                   "'tenant_accounts_region_id_regions_id_fk') THEN ALTER TABLE tenant_accounts ADD CONSTRAINT "
                   "tenant_accounts_region_id_regions_id_fk FOREIGN KEY (region_id) REFERENCES regions (id) NOT VALID; "
                   "END IF; END$$")}),
      add("region_validate", {one("ALTER TABLE tenant_accounts VALIDATE CONSTRAINT "
                                  "tenant_accounts_region_id_regions_id_fk",
                                  Place::own_transaction)}),
      add("gate", {}, "The gate."),
  };
}

std::vector<NewMigration> demo_behind_gate() {
  return {
      add("primary_contact_tighten",
          {one(std::string(fill), Place::own_transaction),
           one("ALTER TABLE tenant_accounts ALTER primary_contact SET NOT NULL", Place::own_transaction)}),
      add("primary_contact_contract",
          {one("ALTER TABLE tenant_accounts DROP COLUMN IF EXISTS legacy_email"),
           one("ALTER TABLE tenant_accounts ADD CONSTRAINT tenant_accounts_primary_contact_unique UNIQUE USING INDEX "
               "ta_contact_u")}),
  };
}

std::vector<NewMigration> shipments_before_gate() {
  return {
      replace(1, {one("ALTER TABLE shipments ADD COLUMN IF NOT EXISTS weight_grams_new bigint")}, "Expand."),
      add("shipments_index",
          {one("CREATE INDEX CONCURRENTLY IF NOT EXISTS shipments_warehouse_id_idx ON shipments (warehouse_id)",
               Place::outside),
           one("UPDATE shipments SET weight_grams_new = weight_grams", Place::own_transaction),
           one("LOCK TABLE shipments IN SHARE MODE", Place::own_transaction)}),
      add("gate", {}, "The gate."),
  };
}

WriteRequest request(std::vector<NewMigration> migrations, OrmState orm = OrmState::previous) {
  return {.migrations = std::move(migrations), .orm = orm, .end_state_snapshot = {}, .now_ms = now()};
}

void previous_schema(const Copy& copy) {
  const fs::path schema = copy.path("src/schema.ts");
  replace_in(schema, R"(primaryContact: text("primary_contact").notNull().unique())",
             R"(legacyEmail: text("legacy_email").unique())");
  replace_in(schema, ".references(() => regions.id)", "");
  replace_in(schema, R"((table) => [index("tenant_accounts_region_id_idx").on(table.regionId)],)", "");
}

}  // namespace

TEST_CASE("drizzle-kit 0.31 runs the files of a phased plan, and finds its snapshots in order") {
  if (const std::string why = missing(); !why.empty()) return test::skip(test::Missing::tool, why);
  Copy copy("demo", "phases", tools_0);
  copy.remember_schema();
  const std::string end_state = copy.newest_snapshot();
  copy.nothing_to_generate();  // as it is checked in

  copy.write(request(demo_before_gate()));
  previous_schema(copy);
  copy.kit_ok("check", "Everything's fine");
  copy.nothing_to_generate();
  copy.kit_ok("migrate", "migrations applied successfully");
  CHECK(copy.recorded() == copy.expected());
  CHECK(copy.sql("SELECT count(*) FROM drizzle.__drizzle_migrations") == "7");
  CHECK(copy.sql("SELECT bool_and(indisvalid) FROM pg_index") == "t");
  CHECK(copy.sql("SELECT convalidated FROM pg_constraint WHERE contype = 'f'") == "t");
  copy.kit_ok("migrate", "migrations applied successfully");  // nothing is left
  CHECK(copy.recorded() == copy.expected());

  WriteRequest behind = request(demo_behind_gate(), OrmState::end_state);
  behind.end_state_snapshot = end_state;
  copy.write(behind);
  copy.end_state_schema();
  copy.kit_ok("check", "Everything's fine");
  copy.nothing_to_generate();
  copy.kit_ok("migrate", "migrations applied successfully");
  CHECK(copy.recorded() == copy.expected());
  CHECK(copy.sql("SELECT count(*) FROM drizzle.__drizzle_migrations") == "9");
  CHECK(copy.sql("SELECT attnotnull FROM pg_attribute WHERE attrelid = 'tenant_accounts'::regclass AND attname = "
                 "'primary_contact'") == "t");

  // The next developer goes on as ever.
  replace_in(copy.path("src/schema.ts"), "plan: text(\"plan\"),", "plan: text(\"plan\"), note: text(\"note\"),");
  copy.kit_ok("generate", "0009_");
  copy.kit_ok("check", "Everything's fine");
  copy.kit_ok("migrate", "migrations applied successfully");
  CHECK(copy.sql("SELECT count(*) FROM pg_attribute WHERE attname = 'note'") == "1");
  CHECK(copy.recorded() == copy.expected());
}

TEST_CASE("another developer's failing file before ours and behind ours holds nothing up once it is mended") {
  if (const std::string why = missing(); !why.empty()) return test::skip(test::Missing::tool, why);
  for (int which = 0; which < 4; ++which) {
    const bool v1 = which >= 2;
    const bool before = which % 2 == 0;
    CAPTURE(v1);
    CAPTURE(before);
    Copy copy(v1 ? "drizzle-v1" : "demo", fmt::format("{}{}", before ? "before" : "behind", v1 ? "-v1" : ""),
              v1 ? tools_1 : tools_0);
    std::string theirs = copy.project().migrations.at(0).path;
    copy.write(request(v1 ? shipments_before_gate() : demo_before_gate()));
    if (!before) theirs = copy.write(request({add("theirs", {one("CREATE TABLE theirs (id int)")})})).at(0);
    const std::string good = content(theirs);
    std::ofstream(theirs, std::ios::binary | std::ios::app) << "--> statement-breakpoint\nSELECT 1/0;";

    const std::string made = v1 ? "warehouses" : "regions";
    const std::string recorded = v1 ? "2" : "5";  // what stood before the last COMMIT; the rest runs again
    CHECK(copy.kit("migrate").status == 1);
    CHECK(copy.sql("SELECT to_regclass('" + made + "') IS NOT NULL") == (before ? "f" : "t"));
    CHECK(copy.sql("SELECT to_regclass('theirs') IS NULL") == "t");
    if (!before) CHECK(copy.sql("SELECT count(*) FROM drizzle.__drizzle_migrations") == recorded);
    CHECK(copy.kit("migrate").status == 1);

    std::ofstream(theirs, std::ios::binary) << good;
    copy.kit_ok("migrate", "migrations applied successfully");
    CHECK(copy.recorded() == copy.expected());
    CHECK(copy.sql("SELECT bool_and(indisvalid) FROM pg_index") == "t");
  }
}

TEST_CASE("drizzle-kit v1 runs the files of a phased plan, and finds its snapshots in order") {
  if (const std::string why = missing(); !why.empty()) return test::skip(test::Missing::tool, why);
  Copy copy("drizzle-v1", "v1", tools_1);
  copy.remember_schema();
  const std::string end_state = copy.newest_snapshot();
  copy.nothing_to_generate();

  copy.write(request(shipments_before_gate()));
  const fs::path schema = copy.path("src/schema.ts");
  replace_in(schema, R"(trackingNumber: text("tracking_number").notNull())",
             R"(trackingNumber: text("tracking_number"))");
  replace_in(schema, R"(weightGrams: bigint("weight_grams", { mode: "number" }))",
             R"(weightGrams: integer("weight_grams"))");
  replace_in(schema, R"((table) => [index("shipments_warehouse_id_idx").on(table.warehouseId)],)", "");
  copy.kit_ok("check", "Everything's fine");
  copy.nothing_to_generate();
  copy.kit_ok("migrate", "migrations applied successfully");
  CHECK(copy.recorded() == copy.expected());
  CHECK(copy.sql("SELECT count(*) FROM drizzle.__drizzle_migrations") == "4");
  CHECK(copy.sql("SELECT bool_and(indisvalid) FROM pg_index") == "t");

  WriteRequest behind =
      request({add("tracking_required",
                   {one("ALTER TABLE shipments ALTER tracking_number SET NOT NULL", Place::own_transaction)}),
               add("weight_contract", {one("ALTER TABLE shipments DROP COLUMN IF EXISTS weight_grams"),
                                       one("ALTER TABLE shipments RENAME weight_grams_new TO weight_grams")})},
              OrmState::end_state);
  behind.end_state_snapshot = end_state;
  copy.write(behind);
  copy.end_state_schema();
  copy.kit_ok("check", "Everything's fine");
  copy.nothing_to_generate();
  copy.kit_ok("migrate", "migrations applied successfully");
  CHECK(copy.recorded() == copy.expected());
  CHECK(copy.sql("SELECT count(*) FROM drizzle.__drizzle_migrations") == "6");
  CHECK(copy.sql("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'shipments'::regclass AND "
                 "attname = 'weight_grams'") == "bigint");
}

TEST_CASE("where even the first migration is written anew, drizzle-kit takes the snapshot of an empty schema") {
  if (const std::string why = missing(); !why.empty()) return test::skip(test::Missing::tool, why);
  for (const bool v1 : {false, true}) {
    CAPTURE(v1);
    Copy copy(v1 ? "drizzle-v1" : "demo", v1 ? "empty-v1" : "empty", v1 ? tools_1 : tools_0);
    copy.remember_schema();
    const std::string end_state = copy.newest_snapshot();
    copy.write(request({replace(0, {one("CREATE SCHEMA IF NOT EXISTS made")}), add("more", {}, "Nothing yet.")}));
    std::ofstream(copy.path("src/schema.ts"), std::ios::binary) << "export {};\n";
    copy.kit_ok("check", "Everything's fine");
    copy.nothing_to_generate();

    WriteRequest end = request({add("end", {}, "The end state.")}, OrmState::end_state);
    end.end_state_snapshot = end_state;
    copy.write(end);
    copy.end_state_schema();
    copy.kit_ok("check", "Everything's fine");
    copy.nothing_to_generate();
  }
}

TEST_CASE("drizzle-kit goes on behind names with times") {
  if (const std::string why = missing(); !why.empty()) return test::skip(test::Missing::tool, why);
  Copy copy("demo", "times", tools_0);
  // As `prefix: timestamp` has it.
  for (const std::string tag : {"0000_init", "0001_primary_contact", "0002_primary_contact_required",
                                "0003_default_plan", "0004_region_reference"}) {
    const std::string time = "2026112221130" + tag.substr(3, 1);
    fs::rename(copy.path("drizzle/" + tag + ".sql"), copy.path("drizzle/" + time + tag.substr(4) + ".sql"));
    fs::rename(copy.path("drizzle/meta/" + tag.substr(0, 4) + "_snapshot.json"),
               copy.path("drizzle/meta/" + time + "_snapshot.json"));
    replace_in(copy.path("drizzle/meta/_journal.json"), tag, time + tag.substr(4));
  }
  replace_in(copy.path("drizzle.config.ts"), "dialect:", "migrations: { prefix: \"timestamp\" }, dialect:");
  copy.nothing_to_generate();
  const auto paths = copy.write(request(demo_before_gate()));
  CHECK(fs::path(paths[4]).filename().string().size() == std::string("20261123021320_region_validate.sql").size());
  previous_schema(copy);
  copy.kit_ok("check", "Everything's fine");
  copy.nothing_to_generate();
  copy.kit_ok("migrate", "migrations applied successfully");
  CHECK(copy.recorded() == copy.expected());
  replace_in(copy.path("src/schema.ts"), "plan: text(\"plan\"),", "plan: text(\"plan\"), note: text(\"note\"),");
  copy.kit_ok("generate", "Your SQL migration");
  copy.kit_ok("check", "Everything's fine");
  copy.kit_ok("migrate", "migrations applied successfully");
  CHECK(copy.recorded() == copy.expected());
}
