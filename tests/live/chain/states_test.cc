// The same files and the same plan, whoever runs them first and on whatever database: one schema in the end. And what
// happens where a run is cut short by a gate, or by somebody else's migration.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "live/chain/chain.h"
#include "live/chain/compare.h"
#include "skip.h"

using namespace pglint;
using namespace pglint::test;
using namespace pglint::test::chain;

namespace {

constexpr int rows = 1200;

enum class State : std::uint8_t { with_rows, no_rows, original, original_unknown, nothing };
const std::string state_says[] = {"with rows", "without rows", "that has the original migrations",
                                  "that has them, unknown to the runner", "with nothing in it"};

void run_files(const Project& project, const std::string& database) {
  const Migrated migrated = migrate(project, database, 0);
  CHECK_MESSAGE(migrated.done, migrated.error);
}

void all_of_it(const Project& project, const std::string& database, Way way, int exit_code) {
  const Migrated migrated = carry_out(project, database, way, exit_code, 0);
  CHECK_MESSAGE(migrated.done, migrated.error);
}

void passed(const Project& project, const std::string& database) {
  const std::string error = pass_gate(project, database);
  CHECK_MESSAGE(error.empty(), error);
}

bool gate_is_closed(const std::string& database) {
  return sql(database, "SELECT to_regclass('pglint.gate') IS NOT NULL") == "t" &&
         sql(database, "SELECT count(*) FROM pglint.gate WHERE passed_at IS NULL") != "0";
}

// What the original leaves of a database with nothing in it.
const std::string& original_of_nothing() {
  static std::string name;
  if (!name.empty()) return name;
  name = "original_of_nothing";
  create_database(name);
  planned().at("original");
  run_files(planned(), name);
  return name;
}

const std::string& expanded() {
  static std::string name;
  if (!name.empty()) return name;
  name = "expanded";
  create_database(name, released_database(rows));
  planned().at("expand");
  run_files(planned(), name);
  return name;
}

void same(const std::string& original, const std::string& database) {
  const std::string catalogue = catalogue_differences(server(), original, database);
  CHECK_MESSAGE(catalogue.empty(), catalogue);
  const DataDifferences data = data_differences(server(), original, database, "tenant_accounts", {});
  CHECK_MESSAGE(data.text.empty(), data.text);
}

void finish(const std::string& database, State state, Way first, Way second) {
  const Project& project = planned();
  const std::string original = state == State::nothing   ? original_of_nothing()
                               : state == State::no_rows ? original_database(0)
                                                         : original_database(rows);
  if (state == State::nothing) {
    create_database(database);
  } else {
    create_database(database, state == State::no_rows     ? released_database(0)
                              : state == State::with_rows ? released_database(rows)
                                                          : original);
  }
  if (state == State::original_unknown)
    sql(database,
        "DELETE FROM drizzle.__drizzle_migrations WHERE id > (SELECT min(id) FROM drizzle.__drizzle_migrations)");

  const bool has_original = state == State::original || state == State::original_unknown;
  project.at("expand");
  all_of_it(project, database, first, has_original ? 0 : 4);
  const bool closed = gate_is_closed(database);
  if (state == State::with_rows) CHECK(closed);
  if (closed) passed(project, database);
  project.at("contract");
  all_of_it(project, database, second, 0);
  same(original, database);
}

// Their migration, as a line of the journal that goes before entry `at`.
std::string insert_theirs(const Project& project, std::size_t at) {
  const auto path = project.path("drizzle/meta/_journal.json");
  auto journal = nlohmann::ordered_json::parse(content(path));
  auto& entries = journal["entries"];
  auto theirs = entries[at - 1];
  theirs["when"] = theirs["when"].get<std::int64_t>() + 1;
  theirs["tag"] = fmt::format("{:04}_theirs", at);
  entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(at), theirs);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i]["idx"] = i;
  write(path, journal.dump(2));
  return fmt::format("drizzle/{:04}_theirs.sql", at);
}

// As drizzle-kit appends it.
std::string append_theirs(const Project& project) {
  const auto before = project.migrations();
  const Finished made = project.kit({"generate", "--custom", "--name", "theirs"});
  REQUIRE_MESSAGE(made.status == 0, (made.out + made.err));
  const auto after = project.migrations();
  REQUIRE(after.size() == before.size() + 1);
  return after.back();
}

}  // namespace

TEST_CASE("in every commit of a plan drizzle-kit finds nothing to generate, and pglint nothing to say") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  for (const char* const tag : {"expand", "release", "contract"}) {
    planned().at(tag);
    CHECK_FALSE(planned().changed());
  }
}

TEST_CASE("each phase, by the runner and by --apply, on databases in all states") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  const std::pair<State, std::vector<std::pair<Way, Way>>> cases[] = {
      {State::with_rows,
       {{Way::executor_first, Way::executor_first},
        {Way::runner_first, Way::runner_first},
        {Way::executor_first, Way::runner_first},
        {Way::runner_first, Way::executor_first}}},
      {State::no_rows, {{Way::runner, Way::runner}, {Way::executor_first, Way::executor_first}}},
      {State::original, {{Way::executor_first, Way::executor_first}, {Way::runner_first, Way::runner_first}}},
      {State::original_unknown, {{Way::executor_first, Way::executor_first}, {Way::runner_first, Way::runner_first}}},
      // Before there is a table nothing can be executed.
      {State::nothing, {{Way::runner, Way::runner_first}}},
  };
  int number = 0;
  for (const auto& one : cases)
    for (const auto& ways : one.second) {
      INFO("a database " << state_says[static_cast<int>(one.first)] << "; before the gate "
                         << std::string(says(ways.first)) << ", behind it " << std::string(says(ways.second)));
      finish(fmt::format("state_{}", ++number), one.first, ways.first, ways.second);
    }
}

TEST_CASE("with both sides of a gate pending the runner is refused, and refused again, until the gate is passed") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  const Project& project = planned();
  create_database("together", released_database(rows));
  project.at("contract");
  for (int run = 0; run < 3; ++run) {
    const Migrated refused = migrate(project, "together", 0);
    CHECK_FALSE(refused.done);
    CHECK(refused.error == fmt::format("gate {} of plan {} is closed", gate_id, plan_id));
    CHECK(gate_is_closed("together"));
    CHECK(sql("together",
              "SELECT string_agg(attname || ' ' || attnotnull, ', ' ORDER BY attname) FROM pg_attribute WHERE attrelid "
              "= 'tenant_accounts'::regclass AND attname IN ('legacy_email', 'primary_contact')") ==
          "legacy_email false, primary_contact false");
    CHECK(sql("together",
              "SELECT count(*) FROM pg_constraint WHERE conrelid = 'tenant_accounts'::regclass AND contype "
              "= 'c'") == "0");
    CHECK(sql("together",
              "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'tenant_accounts'::regclass AND NOT "
              "tgisinternal") == "1");
    CHECK(sql("together", "SELECT max(length(company_name)) > 0 AND count(*) = 1200 FROM tenant_accounts") == "t");
  }
  passed(project, "together");
  run_files(project, "together");
  same(original_database(rows), "together");

  // Where there is nothing that an old release could work with there is no gate.
  create_database("together_from_nothing");
  run_files(project, "together_from_nothing");
  same(original_of_nothing(), "together_from_nothing");
}

TEST_CASE("a run that was killed while it built an index is finished by the next") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  create_database("killed", released_database(rows));
  planned().at("expand");

  // The build waits for an old snapshot.
  const std::unique_ptr<PGconn, decltype(&PQfinish)> reader(PQconnectdb(server().dsn("killed").c_str()), PQfinish);
  PQclear(PQexec(reader.get(), "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM regions"));
  auto run = std::async(std::launch::async, [] { return migrate(planned(), "killed", 0); });
  const auto ready = [&] { return run.wait_for(std::chrono::milliseconds(20)) == std::future_status::ready; };
  bool killed = false;
  while (!killed && !ready())
    killed =
        sql("killed",
            "SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'drizzle-kit' "
            "AND wait_event_type = 'Lock' AND query LIKE '%CREATE UNIQUE INDEX CONCURRENTLY%'") == "t";
  CHECK(killed);
  CHECK_FALSE(run.get().done);
  PQclear(PQexec(reader.get(), "COMMIT"));
  CHECK(sql("killed", "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "1");

  run_files(planned(), "killed");
  same(expanded(), "killed");
}

TEST_CASE("two runs at the same time do no harm") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  create_database("twice", released_database(rows));
  planned().at("expand");
  auto other = std::async(std::launch::async, [] { return migrate(planned(), "twice"); });
  const Migrated one = migrate(planned(), "twice");
  const Migrated two = other.get();
  fmt::print("two runs at the same time: {}; {}\n", one.done ? "done" : one.error, two.done ? "done" : two.error);
  run_files(planned(), "twice");
  same(expanded(), "twice");
}

TEST_CASE("data that the original refuses are refused by the plan, which goes on once they are mended") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  const Project& project = planned();
  const auto with_null = [](const std::string& database) {
    create_database(database, released_database(rows));
    sql(database, "UPDATE tenant_accounts SET legacy_email = NULL WHERE id = '0000000700'");
  };
  with_null("refused_original");
  project.at("original");
  CHECK(migrate(project, "refused_original", 0).error ==
        "column \"primary_contact\" of relation "
        "\"tenant_accounts\" contains null values");

  // The executor looks before it does anything.
  with_null("refused_executor");
  project.at("expand");
  const auto before = catalogue(server(), "refused_executor");
  for (int run = 0; run < 2; ++run) {
    const Finished refused = project.pglint({"fix", "--apply"}, "refused_executor");
    CHECK_MESSAGE(refused.status == 5, (refused.out + refused.err));
    CHECK((refused.out + refused.err).find("holds NULL") != std::string::npos);
    CHECK(catalogue(server(), "refused_executor") == before);
  }

  // Files do when they come to it; the releases work on.
  with_null("refused_runner");
  run_files(project, "refused_runner");
  passed(project, "refused_runner");
  project.at("contract");
  for (int run = 0; run < 2; ++run) {
    const Migrated refused = migrate(project, "refused_runner", 0);
    CHECK_FALSE(refused.done);
    CHECK(refused.error.find("holds NULL") != std::string::npos);
    CHECK(sql("refused_runner", "UPDATE tenant_accounts SET seats = 6 WHERE id = '0000000700' RETURNING id") ==
          "0000000700");
  }

  for (const std::string database : {"refused_executor", "refused_runner"}) {
    CAPTURE(database);
    sql(database,
        "UPDATE tenant_accounts SET legacy_email = 'mail-700@example.org', seats = 5 WHERE id = '0000000700'");
    if (database == "refused_executor") {
      project.at("expand");
      all_of_it(project, database, Way::executor_first, 4);
      passed(project, database);
    }
    project.at("contract");
    run_files(project, database);
    same(original_database(rows), database);
  }
}

TEST_CASE("pglint status says whether a gate may be passed, whoever has done the work") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  const Project& project = planned();
  for (const Way way : {Way::runner, Way::executor_first}) {
    CAPTURE(std::string(says(way)));
    create_database("status", released_database(rows));
    project.at("expand");
    const auto asked = [&] { return project.pglint({"status", "--gate", gate_id}, "status"); };
    CHECK(asked().status == 4);
    all_of_it(project, "status", way, 4);
    const Finished done = asked();
    CHECK_MESSAGE(done.status == 0, (done.out + done.err));
    passed(project, "status");
    CHECK(asked().status == 0);
  }
}

TEST_CASE("another developer's failing migration before ours or behind ours holds nothing up once it is mended") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  const std::string good = "CREATE TABLE theirs (id int);\n";
  for (const bool behind_gate : {false, true})
    for (const bool before_ours : {true, false}) {
      CAPTURE(behind_gate);
      CAPTURE(before_ours);
      const std::string name = fmt::format("theirs_{}{}", behind_gate ? 1 : 0, before_ours ? 1 : 0);
      create_database(name, behind_gate ? expanded() : released_database(rows));
      const Project project(name, planned());
      project.at(behind_gate ? "contract" : "expand");
      if (behind_gate) passed(project, name);
      const std::string before =
          sql(name, "SELECT string_agg(hash, ' ' ORDER BY id) FROM drizzle.__drizzle_migrations");
      const std::string theirs = before_ours ? insert_theirs(project, behind_gate ? 5 : 1) : append_theirs(project);
      write(project.path(theirs), good + "--> statement-breakpoint\nSELECT 1/0;\n");

      const std::vector<std::string> catalogue_before = catalogue(server(), name);
      for (int run = 0; run < 2; ++run) {
        const Migrated failed = migrate(project, name, 0);
        CHECK_FALSE(failed.done);
        CHECK(failed.error == "division by zero");
        CHECK(sql(name, "SELECT to_regclass('theirs') IS NULL") == "t");
        if (before_ours) CHECK(catalogue(server(), name) == catalogue_before);
      }

      write(project.path(theirs), good);
      run_files(project, name);
      CHECK(sql(name, "SELECT to_regclass('theirs') IS NULL") == "f");
      const std::size_t migrations = project.migrations().size();
      CHECK(sql(name, "SELECT count(*) || ' ' || count(DISTINCT created_at) FROM drizzle.__drizzle_migrations") ==
            fmt::format("{0} {0}", migrations));
      sql(name, "DROP TABLE theirs");
      same(behind_gate ? original_database(rows) : expanded(), name);
    }
}
