// What belongs to one plan, in which order it stands, and what a plan is not believed.
#include "plan/planner.h"

#include <doctest/doctest.h>

#include <functional>

#include "plan/form/file.h"
#include "plan/planned.h"
#include "plan/verify.h"
#include "support/golden.h"

using namespace pglint;
using test::Lines;
using test::one_plan;
using test::outline;
using test::planned;
using test::says;

namespace {

constexpr std::string_view given =
    "CREATE TABLE a (id int PRIMARY KEY, x text, y text);\nCREATE TABLE b (id int PRIMARY KEY, x text, a_id int);\n"
    "CREATE TABLE c (id int PRIMARY KEY, x text);";

// The ids of the plans, each with the migrations in it.
Lines groups(const plan::Planned& all) {
  Lines out;
  for (const plan::Group& group : all.groups) {
    std::string line = group.plan.id + ":";
    for (const std::size_t i : group.migrations) line += fmt::format(" {}", i);
    out.push_back(line + (group.files_only ? " files only" : ""));
  }
  return out;
}

}  // namespace

TEST_CASE("migrations that share no table have plans of their own") {
  CHECK(groups(planned(given, {"ALTER TABLE a ALTER x SET NOT NULL;", "CREATE INDEX ON b (x);",
                               "UPDATE a SET y = '' WHERE y IS NULL;", "ALTER TABLE c DROP COLUMN x;"})) ==
        Lines{"0001_change: 1 3", "0002_change: 2 files only", "0004_change: 4"});
}

TEST_CASE("a foreign key ties both tables together") {
  CHECK(groups(planned(given, {"ALTER TABLE a ALTER x SET NOT NULL;",
                               "ALTER TABLE b ADD CONSTRAINT f FOREIGN KEY (a_id) REFERENCES a;",
                               "UPDATE b SET x = '' WHERE x IS NULL;"})) == Lines{"0001_change: 1 2 3"});
}

TEST_CASE("all together where it is asked for") {
  const source::FakeFiles files = test::drizzle_files(given, {"CREATE INDEX ON a (x);", "CREATE INDEX ON b (x);"});
  const source::Sources sources = test::unreleased(files);
  plan::PlanRequest request;
  request.together = true;
  CHECK(groups(plan::plan(sources.projects[0], request)) == Lines{"0001_change: 1 2 files only"});
}

TEST_CASE("a migration in which nothing is unsafe is in no plan, and one beside others goes along") {
  CHECK(groups(planned(given, {"ALTER TABLE a ADD COLUMN z int;", "CREATE INDEX ON b (x);"})) ==
        Lines{"0002_change: 2 files only"});
  const Plan plan = one_plan(given, std::vector<std::string>{"ALTER TABLE a ADD COLUMN z int;",
                                                             "ALTER TABLE a ALTER x "
                                                             "SET NOT NULL;"});
  CHECK(outline(plan).front().starts_with("expand: alter-table-"));
  CHECK(plan.sources.size() == 2);
}

TEST_CASE("what tightens and what removes stands behind the gate, whatever the order of the migrations") {
  const Plan plan = one_plan(
      given, std::vector<std::string>{"ALTER TABLE a DROP COLUMN y;", "CREATE INDEX u ON a (x);",
                                      "ALTER TABLE a ALTER x SET NOT NULL;", "UPDATE a SET x = '' WHERE x IS NULL;"});
  const Lines lines = outline(plan);
  const auto at = [&](std::string_view line) { return std::find(lines.begin(), lines.end(), line) - lines.begin(); };
  CHECK(at("validate: build-u") < at("gate: change"));
  CHECK(at("gate: change") < at("tighten: check-x-not-null"));
  CHECK(at("tighten: set-x-not-null") < at("contract: drop-y"));
  CHECK(at("contract: drop-y") + 1 == static_cast<std::ptrdiff_t>(lines.size()));
}

TEST_CASE("the ids of steps are unique, of tables of one name in two schemas too") {
  const Plan plan = one_plan(
      "CREATE SCHEMA s;\nCREATE TABLE s.t (id int PRIMARY KEY, x text);\nCREATE TABLE t (id int "
      "PRIMARY KEY, x text, s_id int);",
      "ALTER TABLE t ALTER x SET NOT NULL;\nALTER TABLE s.t ALTER x SET NOT NULL;\nALTER TABLE t "
      "ADD FOREIGN KEY (s_id) REFERENCES s.t;");
  Lines ids = outline(plan);
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("a data check names the step that it stands before, by the id that the step has in the end") {
  const Plan plan = one_plan(
      "CREATE TABLE t (id int PRIMARY KEY, x text);\nCREATE TABLE u (id int PRIMARY KEY, x text, "
      "t_id int);",
      "ALTER TABLE t ALTER x SET NOT NULL;\nALTER TABLE u ALTER x SET NOT NULL;\nALTER TABLE u ADD "
      "FOREIGN KEY (t_id) REFERENCES t;");
  Lines before;
  for (const DataCheck& check : plan.checks) {
    before.push_back(check.before);
    CHECK_NOTHROW((void)test::step(plan, check.before));
  }
  std::sort(before.begin(), before.end());
  CHECK(std::adjacent_find(before.begin(), before.end()) == before.end());
  Lines ids;
  for (const DataCheck& check : plan.checks) ids.push_back(check.id);
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("one refusal refuses its whole plan and no other") {
  const plan::Planned all = planned(
      given, {"ALTER TABLE a ALTER x SET NOT NULL;", "UPDATE a SET x = random()::text;", "CREATE INDEX ON b (x);"});
  CHECK(groups(all) == Lines{"0003_change: 3 files only"});
  REQUIRE(all.refused.size() == 1);
  CHECK(all.refused[0].path == "drizzle/0002_change.sql");
  CHECK(all.refused[0].at == Span{0, 31});
}

TEST_CASE("a statement that does not parse refuses the plan of its migration") {
  const plan::Planned all = planned(given, {"ALTER TABLE a ALTER x SET NOT NULL;\nSELEC 1;"});
  CHECK(all.groups.empty());
  REQUIRE(all.refused.size() == 1);
  CHECK(all.refused[0].reason == "it does not parse");
}

TEST_CASE("what the database cannot tell whether it has run stays apart from what is phased") {
  CHECK(says(test::refusal(given, "ALTER TABLE a ALTER x SET NOT NULL;\nINSERT INTO a SELECT 1;"),
             "it cannot be told from the database whether this has run"));
  CHECK(says(test::refusal(given, "ALTER TABLE a ALTER x SET NOT NULL;\nDO $$ BEGIN PERFORM 1; END $$;"),
             "it cannot be told from the database whether this has run"));
}

TEST_CASE("what is inserted into a table of the plan comes with the table, unless that is another order") {
  const std::string before = "CREATE TABLE t (id int PRIMARY KEY, a text, b text);";
  const std::string rename = "ALTER TABLE t RENAME b TO c;\n";
  const std::string make = "CREATE TABLE n (a text PRIMARY KEY);\n";
  const std::string fill = "INSERT INTO n SELECT DISTINCT a FROM t;\n";
  const Plan plan = one_plan(before, make + fill + rename);
  const Step& step = plan.stages.at(0).steps.back();
  REQUIRE(step.sql.size() == 2);
  CHECK(step.sql[0].starts_with("CREATE TABLE n"));
  CHECK(step.sql[1].starts_with("INSERT INTO n"));
  CHECK(says(step.done_when, "to_regclass('public.n')"));

  const std::string cannot = "it cannot be told from the database whether this has run";
  CHECK(says(test::refusal(before, rename + "INSERT INTO t SELECT 1, 'a';"), cannot));
  CHECK(says(test::refusal(before, "UPDATE t SET a = 'x' WHERE a IS NULL;\n" + make + fill), cannot));
  CHECK(says(test::refusal(before, make + "UPDATE t SET a = 'x' WHERE a IS NULL;\n" + fill), cannot));
  CHECK(says(test::refusal(before, rename + "CREATE TABLE n (a text, of int REFERENCES t);\n" + fill), cannot));
  CHECK(says(test::refusal(before, rename + make + "INSERT INTO n SELECT c FROM t;"),
             "reads public.t.c, which is not there"));
  CHECK(
      says(test::refusal(before, rename + make + "INSERT INTO n SELECT t.* FROM t;"), "reads all columns of public.t"));
}

TEST_CASE("what needs an index that the plan builds does not stand before it") {
  for (const char* sql :
       {"CREATE INDEX i ON a (x);\nCOMMENT ON INDEX i IS 'why';",
        "CREATE UNIQUE INDEX i ON a (id, x);\nALTER TABLE a REPLICA IDENTITY USING INDEX i;",
        "CREATE UNIQUE INDEX i ON a (x);\nALTER TABLE b ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES a "
        "(x);",
        "CREATE INDEX i ON a (x);\nALTER INDEX i RENAME TO j;"}) {
    CAPTURE(sql);
    const plan::Planned all = planned(given, {sql});
    if (all.groups.empty()) {
      CHECK(!all.refused.empty());
      continue;
    }
    const Lines lines = outline(all.groups[0].plan);
    CHECK(lines.front() == "validate: build-i");
  }
}

TEST_CASE("a plan that would end otherwise is not believed") {
  const source::FakeFiles files = test::drizzle_files(given, {"CREATE INDEX a_x_idx ON a (x);"});
  const source::Sources sources = test::unreleased(files);
  plan::PlanRequest request;
  plan::Planned all = plan::plan(sources.projects[0], request);
  REQUIRE(all.groups.size() == 1);
  const auto verdict = [&](const std::function<void(Plan&)>& change) {
    Plan plan = all.groups[0].plan;
    change(plan);
    return plan::verify(sources.projects[0], all.groups[0].migrations, request.replay, plan).value_or("");
  };
  CHECK(verdict([](Plan&) {}).empty());
  CHECK(says(verdict([](Plan& plan) { plan.stages.clear(); }), "would not end with the same schema"));
  CHECK(says(verdict([](Plan& plan) {
               plan.stages[0].steps.push_back(plan.stages[0].steps[0]);
               plan.stages[0].steps.back().sql = {"CREATE TABLE more (id int)"};
             }),
             "would leave something behind"));
  CHECK(says(verdict([](Plan& plan) { plan.stages[0].steps[0].sql = {"CREATE INDEX a_x_idx ON a (x)"}; }),
             "would hold SHARE on public.a while it works on all rows"));
  CHECK(says(verdict([](Plan& plan) { plan.stages[0].steps[0].sql = {"CREATE INDEX a_x_idx ON a (nothing)"}; }),
             "would fail"));
  CHECK(says(verdict([](Plan& plan) { plan.stages[0].steps[0].sql = {"CREATE INDEX ON a (x"}; }), "does not parse"));
}

TEST_CASE("the plan of the demo's migrations, whole") {
  const std::string folder = std::string(PGLINT_TESTDATA) + "/demo/drizzle/";
  const auto text = [&](const char* name) { return test::read_file(folder + name); };
  const Plan plan =
      one_plan(text("0000_init.sql"), {text("0001_primary_contact.sql"), text("0002_primary_contact_required.sql"),
                                       text("0003_default_plan.sql"), text("0004_region_reference.sql")});
  test::check_golden("plans/demo.yml", plan::to_yaml(plan));
}

TEST_CASE("the plan of a rename that the application carries, whole") {
  recipe::Options options;
  options.dual_write = recipe::DualWrite::application;
  const Plan plan = one_plan("CREATE TABLE t (id uuid PRIMARY KEY, seats int DEFAULT 5 NOT NULL UNIQUE);",
                             std::string("ALTER TABLE t RENAME seats TO places;"), options);
  test::check_golden("plans/by-application.yml", plan::to_yaml(plan));
}

TEST_CASE("where nobody writes down which files have run, rows that are inserted blindly would come twice") {
  const auto planned = [](std::string_view change) {
    const source::FakeFiles files(
        {{"m/001.sql", "CREATE TABLE t (id bigint PRIMARY KEY, a text);\nCREATE TABLE s (x bigint);\n"},
         {"m/002.sql", std::string(change)}});
    source::Sources sources = test::read({"m"}, files);
    REQUIRE(sources.projects.size() == 1);
    REQUIRE(sources.projects[0].runner == "plain");
    for (source::Migration& migration : sources.projects[0].migrations) migration.reported = migration.id == "002";
    sources.projects[0].pending_known = true;
    return plan::plan(sources.projects[0], plan::PlanRequest{});
  };
  const plan::Planned blind = planned("INSERT INTO s SELECT id FROM t;\nCREATE INDEX i ON t (a);");
  CHECK(blind.groups.empty());
  REQUIRE(blind.refused.size() == 1);
  CHECK(blind.refused[0].reason ==
        "it cannot be told from the database whether this has run: INSERT INTO s SELECT id FROM t");
  CHECK(planned("INSERT INTO t VALUES (1, 'x');\nCREATE INDEX i ON t (a);").groups.size() == 1);
  CHECK(planned("CREATE TABLE n AS SELECT 1 AS id;\nCREATE INDEX i ON t (a);").groups.size() == 1);
}
