// A renamed column on which all stands that can: unique constraints and indexes, a check, foreign keys on both sides,
// views, a policy. Under clients of all releases, before, at and behind each gate: none of their statements fails, none
// is let through that should be refused, and the database ends as the original migrations would have left it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "live/chain/compare.h"
#include "live/chain/drizzle.h"
#include "live/chain/releases.h"
#include "plan/form/file.h"
#include "plan/planned.h"
#include "skip.h"

using namespace pglint;
using namespace pglint::test;
using namespace pglint::test::releases;
using chain::catalogue_differences;
using chain::create_database;
using chain::data_differences;
using chain::DataDifferences;
using chain::missing;
using chain::server;
using chain::sql;

namespace {

constexpr int rows = 3000;
constexpr std::chrono::milliseconds a_moment{700};

struct Application {
  std::string name;
  std::string given;
  std::string rows;
  std::string migration;
  std::vector<Release> releases;  // one more than there are gates
  std::vector<Act> acts;
  std::string table;   // that the clients write
  std::string column;  // its last name
  recipe::DualWrite dual_write = recipe::DualWrite::trigger;
};

// --- people ----------------------------------------------------------------------------------------------------------

std::string mail(int number) { return fmt::format("mail-{}@example.org", number); }

// Rows of their own, that no other client writes.
void insert(Session& session) {
  const std::string id = session.fresh();
  const std::string value = session.fresh() + "@example.org";
  if (session.run("INSERT INTO people (id, @mail.into, @region.into) VALUES ($1, @mail.values, @region.values)",
                  {id, value, session.pick(0, 1) == 0 ? "eu" : "us"}, 1))
    session.done.own[id] = value;
}

void update(Session& session) {
  const auto id = session.own();
  const std::string value = session.fresh() + "@example.org";
  if (id && session.run("UPDATE people SET @mail.set WHERE id = $1", {*id, value}, 1)) session.done.own[*id] = value;
  const std::string any = std::to_string(session.pick(1, rows));
  if (session.run("UPDATE people SET @mail.set WHERE id = $1", {any, session.fresh() + "@example.org"}))
    session.done.touched.insert(any);
}

void look(Session& session) {
  const auto id = session.own();
  if (!id) return;
  const std::string& value = session.done.own[*id];
  session.finds(value, "SELECT @mail.read FROM people WHERE id = $1", {*id});
  session.finds(*id, "SELECT id FROM people WHERE @mail.read = $1", {value});
  session.finds(*id, "SELECT id FROM people WHERE lower(@mail.read) = lower($1)", {value});
}

// A view keeps the names of its columns.
void through_a_view(Session& session) {
  const std::string id = session.fresh();
  const std::string value = session.fresh() + "@example.org";
  if (!session.run("INSERT INTO mails (id, mail, region) VALUES ($1, $2, 'eu')", {id, value}, 1)) return;
  session.done.own[id] = value;
  session.finds(value, "SELECT @mail.read FROM people WHERE id = $1", {id});
  session.finds("eu", "SELECT @region.read FROM people WHERE id = $1", {id});
  const std::string other = session.fresh() + "@example.org";
  if (!session.run("UPDATE mails SET mail = $2 WHERE id = $1", {id, other}, 1)) return;
  session.done.own[id] = other;
  session.finds(other, "SELECT @mail.read FROM people WHERE id = $1", {id});
  session.finds(other, "SELECT mail FROM mails WHERE id = $1", {id});
}

void upsert(Session& session) {
  const std::string id = session.fresh();
  const std::string value = mail(session.pick(1, rows));
  if (session.run("INSERT INTO people (id, @mail.into) VALUES ($1, @mail.values) ON CONFLICT (@mail.read) DO UPDATE "
                  "SET seats = people.seats + 1 RETURNING id",
                  {id, value}, 1))
    session.done.touched.insert(session.found());
}

void upsert_own(Session& session) {
  const auto id = session.own();
  if (!id) return insert(session);
  session.run(
      "INSERT INTO people (id, @mail.into) VALUES ($1, @mail.values) ON CONFLICT (@mail.read) DO UPDATE SET "
      "seats = people.seats + 1 RETURNING id",
      {session.fresh(), session.done.own[*id]}, 1);
  if (session.found() != *id) session.wrong("not the row of " + *id);
}

// What others insert in the same millisecond: the same, but for capitals.
void race(Session& session) {
  constexpr std::chrono::milliseconds tick{20};
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
  const auto next = (now / tick + 1) * tick;
  std::string value = fmt::format("race-{}@example.org", next.count());
  for (char& c : value)
    if (session.pick(0, 1) == 0 && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  const std::string id = session.fresh();
  std::this_thread::sleep_until(std::chrono::steady_clock::time_point(next));
  session.run(
      "INSERT INTO people (id, @mail.into) VALUES ($1, @mail.values) ON CONFLICT (lower(@mail.read)) DO UPDATE "
      "SET seats = people.seats + 1",
      {id, value}, 1);
}

// What the constraints forbid they forbid to each release.
void forbidden(Session& session) {
  const std::string insert =
      "INSERT INTO people (id, @mail.into, @region.into) VALUES ($1, @mail.values, @region.values)";
  session.refused("23514", insert, {session.fresh(), "nobody", "eu"});
  session.refused("23503", insert, {session.fresh(), session.fresh(), "nowhere"});
  const auto id = session.own();
  if (!id) return;
  session.refused("23505", insert, {session.fresh(), session.done.own[*id], "eu"});
  session.refused("23514", "UPDATE people SET @mail.set WHERE id = $1", {*id, "nobody"});
}

void hidden(Session& session) {
  if (!session.run("BEGIN") || !session.run("SET LOCAL ROLE clerk")) return;
  session.finds("0", "SELECT count(*) FROM people WHERE @mail.read LIKE 'secret%'", {});
  session.finds("t", "SELECT count(*) > 0 FROM people WHERE @mail.read LIKE 'mail-1%'", {});
  session.refused("42501", "INSERT INTO people (id, @mail.into) VALUES ($1, @mail.values)",
                  {session.fresh(), "secret-" + session.fresh()});
  session.run("ROLLBACK");
}

// Rows that point to the renamed column follow it, and go with it.
void pointed_to(Session& session) {
  const std::string id = session.fresh();
  const std::string letter = session.fresh();
  const std::string value = session.fresh() + "@example.org";
  const std::string other = session.fresh() + "@example.org";
  session.run("INSERT INTO people (id, @mail.into) VALUES ($1, @mail.values)", {id, value}, 1);
  session.run("INSERT INTO letters (id, sender) VALUES ($1, $2)", {letter, value}, 1);
  session.refused("23503", "INSERT INTO letters (id, sender) VALUES ($1, $2)", {session.fresh(), session.fresh()});
  session.run("UPDATE people SET @mail.set WHERE id = $1", {id, other}, 1);
  session.finds(other, "SELECT sender FROM letters WHERE id = $1", {letter});
  session.run("DELETE FROM people WHERE id = $1", {id}, 1);
  session.finds("0", "SELECT count(*) FROM letters WHERE id = $1", {letter});
}

// And what the renamed column points to.
void points(Session& session) {
  const std::string id = session.fresh();
  const std::string region = session.fresh();
  const std::string other = session.fresh();
  const std::string read = "SELECT coalesce(@region.read, '-') FROM people WHERE id = $1";
  session.run("INSERT INTO regions (code) VALUES ($1)", {region}, 1);
  session.run("INSERT INTO people (id, @mail.into, @region.into) VALUES ($1, @mail.values, @region.values)",
              {id, session.fresh(), region}, 1);
  session.run("UPDATE regions SET code = $2 WHERE code = $1", {region, other}, 1);
  session.finds(other, read, {id});
  session.run("DELETE FROM regions WHERE code = $1", {other}, 1);
  session.finds("-", read, {id});
  session.run("DELETE FROM people WHERE id = $1", {id}, 1);
}

void two_updates(Session& session) {
  int first = session.pick(1, rows - 1);
  const int second = session.pick(first + 1, rows);
  const bool good = session.together([&] {
    return session.run("UPDATE people SET @mail.set WHERE id = $1",
                       {std::to_string(first), session.fresh() + "@example.org"}) &&
           session.run("UPDATE people SET seats = seats + 1 WHERE id = $1", {std::to_string(second)});
  });
  if (!good) return;
  session.done.touched.insert(std::to_string(first));
  session.done.touched.insert(std::to_string(second));
}

const std::vector<Act>& people_acts() {
  static const std::vector<Act> acts = {
      {"insert", 3, insert},       {"update", 3, update},           {"look", 3, look},
      {"view", 2, through_a_view}, {"upsert", 3, upsert},           {"race", 4, race},
      {"forbidden", 2, forbidden}, {"policy", 2, hidden},           {"pointed to", 1, pointed_to},
      {"points", 1, points},       {"transaction", 2, two_updates},
  };
  return acts;
}

Release people_release(const std::string& mail_name, const std::string& region_name) {
  return {{"mail", {"$2", mail_name, {mail_name}}}, {"region", {"$3", region_name, {region_name}}}};
}

Application people() {
  Application out;
  out.name = "people";
  out.table = "people";
  out.column = "contact";
  out.given =
      "CREATE TABLE regions (code text PRIMARY KEY, name text);\n"
      "CREATE TABLE people (id bigint PRIMARY KEY, mail text, region text DEFAULT 'eu', seats integer DEFAULT 1 NOT "
      "NULL, CONSTRAINT people_mail_unique UNIQUE (mail), CONSTRAINT mail_known CHECK (lower(mail) <> 'nobody'), "
      "CONSTRAINT people_region FOREIGN KEY (region) REFERENCES regions (code) ON UPDATE CASCADE ON DELETE SET NULL);\n"
      "CREATE UNIQUE INDEX people_mail_lower ON people (lower(mail));\n"
      "CREATE INDEX people_region_index ON people (region) WHERE mail IS NOT NULL;\n"
      "CREATE TABLE letters (id bigint PRIMARY KEY, sender text REFERENCES people (mail) ON UPDATE CASCADE ON DELETE "
      "CASCADE);\n"
      "CREATE INDEX letters_sender ON letters (sender);\n"
      "CREATE VIEW mails AS SELECT id, mail, region FROM people WHERE mail <> '';\n"
      "ALTER TABLE people ENABLE ROW LEVEL SECURITY;\n"
      "CREATE POLICY not_secret ON people TO clerk USING (mail NOT LIKE 'secret%') WITH CHECK (mail NOT LIKE "
      "'secret%');\n"
      "GRANT SELECT, INSERT ON people TO clerk;\n";
  out.rows = fmt::format(
      "INSERT INTO regions VALUES ('eu', 'Europe'), ('us', NULL);\n"
      "INSERT INTO people (id, mail, region) SELECT i, 'mail-' || i || '@example.org', CASE i % 3 WHEN 0 THEN 'eu' "
      "WHEN "
      "1 THEN 'us' END FROM generate_series(1, {0}) i;\n"
      "INSERT INTO people (id, mail) VALUES (-1, 'secret-1');\n"
      "ANALYZE;\n",
      rows);
  out.migration =
      "ALTER TABLE people RENAME COLUMN mail TO contact;\nALTER TABLE people RENAME COLUMN region TO area;\n";
  out.releases = {people_release("mail", "region"), people_release("contact", "area")};
  out.acts = people_acts();
  return out;
}

// Without a trigger: a release that writes both names and reads the first, one that reads the second, and one that has
// forgotten the first. Two unique indexes that nobody holds together are no place for a race.
Application people_by_application() {
  Application out = people();
  out.name = "people_by_application";
  out.dual_write = recipe::DualWrite::application;
  out.given =
      "CREATE TABLE regions (code text PRIMARY KEY, name text);\n"
      "CREATE TABLE people (id bigint PRIMARY KEY, mail text, region text DEFAULT 'eu', seats integer DEFAULT 1 NOT "
      "NULL, CONSTRAINT people_mail_unique UNIQUE (mail), CONSTRAINT mail_known CHECK (lower(mail) <> 'nobody'), "
      "CONSTRAINT people_region FOREIGN KEY (region) REFERENCES regions (code));\n"
      "CREATE INDEX people_mail_lower ON people (lower(mail));\n";
  out.rows = fmt::format(
      "INSERT INTO regions VALUES ('eu', 'Europe'), ('us', NULL);\n"
      "INSERT INTO people (id, mail, region) SELECT i, 'mail-' || i || '@example.org', CASE i % 3 WHEN 0 THEN 'eu' "
      "WHEN "
      "1 THEN 'us' END FROM generate_series(1, {}) i;\n"
      "ANALYZE;\n",
      rows);
  out.migration =
      "ALTER TABLE people RENAME COLUMN mail TO contact;\nALTER TABLE people RENAME COLUMN region TO area;\nCREATE "
      "INDEX "
      "people_area ON people (area);\nALTER TABLE people ADD CHECK (area <> 'mars');\n";
  const auto release = [](const std::string& mail_name, const std::string& region_name) {
    return Release{{"mail", {"$2", mail_name, {"mail", "contact"}}},
                   {"region", {"$3", region_name, {"region", "area"}}}};
  };
  out.releases = {people_release("mail", "region"), release("mail", "region"), release("contact", "area"),
                  people_release("contact", "area")};
  out.acts = {{"insert", 3, insert},     {"update", 3, update},       {"look", 3, look},
              {"upsert", 3, upsert_own}, {"forbidden", 2, forbidden}, {"transaction", 2, two_updates}};
  return out;
}

// --- slots -----------------------------------------------------------------------------------------------------------

// What changes places relies on the constraint being checked at the end of the statement.
void change_places(Session& session) {
  const std::string list = session.fresh();
  if (!session.run("INSERT INTO slots (id, list, @place.into) VALUES ($1 || '1', $1, @place.values), ($1 || '2', $1, "
                   "@place.values + 1)",
                   {list, "1"}, 2))
    return;
  session.run("UPDATE slots SET @place.set - @place.read WHERE list = $1", {list, "3"}, 2);
  session.finds("2", "SELECT @place.read FROM slots WHERE id = $1", {list + "1"});
  session.refused("23505", "INSERT INTO slots (id, list, @place.into) VALUES ($1 || '3', $1, @place.values)",
                  {list, "2"});
}

Application slots() {
  Application out;
  out.name = "slots";
  out.table = "slots";
  out.column = "rank";
  out.given =
      "CREATE TABLE slots (id text PRIMARY KEY, list text NOT NULL, place integer, CONSTRAINT one_each UNIQUE (list, "
      "place) DEFERRABLE);\n";
  out.rows = "INSERT INTO slots SELECT i, i / 2, i % 2 FROM generate_series(1, 3000) i;\n";
  out.migration = "ALTER TABLE slots RENAME COLUMN place TO rank;\n";
  out.releases = {{{"place", {"$2", "place", {"place"}}}}, {{"place", {"$2", "rank", {"rank"}}}}};
  out.acts = {{"change places", 1, change_places}};
  return out;
}

// --- the way ---------------------------------------------------------------------------------------------------------

struct Course {
  std::vector<std::string> troubles;
  std::vector<Done> done;  // of each release
  std::size_t compared = 0;
};

Plan plan_of(const Application& application) {
  recipe::Options options;
  options.pg_version = server().version();
  options.dual_write = application.dual_write;
  plan::Planned all = pglint::test::planned(application.given, {application.migration}, options);
  for (const plan::Refused& refused : all.refused) FAIL("refused: " << refused.reason);
  REQUIRE(all.groups.size() == 1);
  Plan plan = std::move(all.groups[0].plan);
  for (PlanSource& source : plan.sources) source.sha256 = sha256(source.text);
  for (Stage& stage : plan.stages)
    for (Step& step : stage.steps)
      if (step.backfill) step.backfill->batch = 200;
  return plan;
}

// Carries the plan out under the clients of all releases, each of which works beside the next one for a while.
class Way {
 public:
  Way(const Application& application, Plan plan, std::chrono::milliseconds beside)
      : application_(application), plan_(std::move(plan)), beside_(beside) {
    if (sql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'clerk'") == "0")
      sql("postgres", "CREATE ROLE clerk");
    static int number = 0;
    original_ = fmt::format("{}_original_{}", application.name, ++number);
    database_ = fmt::format("{}_phased_{}", application.name, number);
    create_database(original_);
    sql(original_, application.given);
    sql(original_, application.rows);
    create_database(database_, original_);
    sql(original_, application.migration);
    file_ = std::filesystem::current_path() / fmt::format("plan-{}-{}.yml", application.name, number);
    chain::write(file_, plan::to_yaml(plan_));
  }
  ~Way() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;

  Course go() {
    const std::string dsn = server().dsn(database_);
    std::vector<std::string> gates;
    for (const Stage& stage : plan_.stages)
      if (stage.gate) gates.push_back(stage.gate->id);
    REQUIRE(gates.size() + 1 == application_.releases.size());

    auto crowd = [&](std::size_t release) {
      return std::make_unique<Crowd>(application_.releases[release], application_.acts, dsn,
                                     fmt::format("{}-r{}-", application_.name, release));
    };
    std::unique_ptr<Crowd> now = crowd(0);
    std::this_thread::sleep_for(a_moment);
    for (std::size_t gate = 0; gate <= gates.size(); ++gate) {
      const bool last = gate == gates.size();
      std::vector<std::string> arguments = {PGLINT_EXECUTOR, "run", "--plan", file_.string(), "--lock-budget", "60"};
      if (gate > 0) arguments.insert(arguments.end(), {"--passed", gates[gate - 1]});
      const auto ran = run(arguments, {{"PGLINT_DATABASE_URL", dsn}});
      REQUIRE(ran.has_value());
      if (ran->status != (last ? 0 : 4)) {
        course_.troubles.push_back(fmt::format("the run ended with {}\n{}{}", ran->status, ran->out, ran->err));
        break;
      }
      if (last) {
        std::this_thread::sleep_for(a_moment);
        break;
      }
      std::unique_ptr<Crowd> next = crowd(gate + 1);
      for (auto waited = std::chrono::milliseconds(0); waited < beside_ && !now->failed() && !next->failed();
           waited += a_moment / 4)
        std::this_thread::sleep_for(a_moment / 4);
      finish(*now);
      now = std::move(next);
      if (!course_.troubles.empty()) break;
    }
    finish(*now);
    if (course_.troubles.empty()) compare();
    return std::move(course_);
  }

 private:
  void finish(Crowd& crowd) {
    course_.done.push_back(crowd.stop());
    const std::vector<std::string>& failures = course_.done.back().failures;
    course_.troubles.insert(course_.troubles.end(), failures.begin(), failures.end());
  }

  void compare() {
    if (const std::string text = catalogue_differences(server(), original_, database_); !text.empty())
      course_.troubles.push_back("the catalogue differs\n" + text);
    std::map<std::string, std::string> found;
    std::istringstream all(sql(database_, fmt::format("SELECT id || ' ' || coalesce({}::text, '-') FROM {}",
                                                      application_.column, application_.table)));
    for (std::string line; std::getline(all, line);)
      found.emplace(line.substr(0, line.find(' ')), line.substr(line.find(' ') + 1));
    std::unordered_set<std::string> touched;
    std::size_t lost = 0;
    for (const Done& done : course_.done) {
      touched.insert(done.touched.begin(), done.touched.end());
      for (const auto& [id, value] : done.own)
        if (found[id] != value && ++lost == 1)
          course_.troubles.push_back(fmt::format("row {} has {}, not {}", id, found[id], value));
    }
    const DataDifferences data = data_differences(server(), original_, database_, application_.table, touched);
    if (!data.text.empty()) course_.troubles.push_back("the data differs\n" + data.text);
    course_.compared = data.compared;
  }

  const Application& application_;
  Plan plan_;
  std::chrono::milliseconds beside_;
  std::string original_;
  std::string database_;
  std::filesystem::path file_;
  Course course_;
};

void nobody_notices(const Application& application) {
  INFO(application.name);
  const Course course = Way(application, plan_of(application), std::chrono::seconds(3)).go();
  for (std::size_t i = 0; i < course.done.size(); ++i) {
    std::string acts;
    for (const Act& act : application.acts) {
      const auto found = course.done[i].acts.find(act.name);
      const std::uint64_t count = found == course.done[i].acts.end() ? 0 : found->second;
      acts += fmt::format("{}{} {}", acts.empty() ? "" : ", ", act.name, count);
      CHECK_MESSAGE(count > 0, "release " << i << ": " << act.name);
    }
    fmt::print("{}, release {}: {}; {} failed; longest statement {} ms\n", application.name, i, acts,
               course.done[i].failed, course.done[i].longest.count());
  }
  std::fflush(stdout);
  for (const std::string& trouble : course.troubles) FAIL_CHECK(trouble);
  CHECK(course.compared > 0);
}

// A plan that lacks one thing is found out.
void found_out(const Application& application, const std::function<void(Plan&)>& sabotage, std::string_view by) {
  Plan plan = plan_of(application);
  sabotage(plan);
  const Course course = Way(application, std::move(plan), std::chrono::seconds(20)).go();
  const std::string first = course.troubles.empty() ? "nothing" : course.troubles.front();
  CHECK_MESSAGE(std::ranges::any_of(course.troubles,
                                    [&](const std::string& trouble) { return trouble.find(by) != std::string::npos; }),
                first);
  fmt::print("found out by: {}\n", first);
}

Step& step_of(Plan& plan, std::string_view id) {
  for (Stage& stage : plan.stages)
    for (Step& step : stage.steps)
      if (step.id == id) return step;
  FAIL("no step " << id);
  static Step none;
  return none;
}

void replace(Step& step, std::string_view old, std::string_view text) {
  bool found = false;
  for (std::string& sql : step.sql)
    for (std::size_t at = sql.find(old); at != std::string::npos; at = sql.find(old, at + text.size())) {
      sql.replace(at, old.size(), text);
      found = true;
    }
  REQUIRE(found);
  // It asks for what is there no more.
  step.done_when.clear();
}

}  // namespace

TEST_CASE("a column is renamed under all that can stand on it, and no release notices") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  nobody_notices(people());
}

TEST_CASE("a column is renamed by releases that write both, and none of them notices") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  nobody_notices(people_by_application());
}

TEST_CASE("who writes more rows at once than the server has room for locks does not notice a rename") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  create_database("many_rows");
  const Application application = people();
  if (sql("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'clerk'") == "0")
    sql("postgres", "CREATE ROLE clerk");
  sql("many_rows", application.given);
  const Plan plan = plan_of(application);
  for (const Stage& stage : plan.stages)
    for (const Step& step : stage.steps)
      if (stage.phase == Phase::expand)
        for (const std::string& text : step.sql) sql("many_rows", text);
  sql("many_rows", "INSERT INTO people (id, mail, region) SELECT i, 'm' || i, NULL FROM generate_series(1, 60000) i");
  sql("many_rows", "UPDATE people SET contact = 'n' || id");
  CHECK(sql("many_rows", "SELECT count(*) FROM people WHERE mail = 'n' || id AND contact = mail") == "60000");
}

TEST_CASE("a column is renamed under a constraint that is checked at the end, and no release notices") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  nobody_notices(slots());
}

TEST_CASE("a rename that lacks one thing is found out") {
  if (const std::string why = missing(); !why.empty()) return skip(Missing::tool, why);
  SUBCASE("the lock")
  found_out(
      people(),
      [](Plan& plan) { replace(step_of(plan, "add-contact"), "pg_catalog.pg_advisory_xact_lock(", "pg_catalog.abs("); },
      "23505");
  SUBCASE("the lock on what an expression makes of it")
  found_out(
      people(),
      [](Plan& plan) {
        replace(step_of(plan, "add-contact"), "(lower(NEW.contact))::pg_catalog.text", "NEW.contact::pg_catalog.text");
      },
      "23505");
  SUBCASE("the way back")
  found_out(
      people(), [](Plan& plan) { replace(step_of(plan, "add-contact"), "NEW.mail := NEW.contact", "NULL"); },
      "not refused");
  SUBCASE("a unique index")
  found_out(
      people(),
      [](Plan& plan) {
        for (Stage& stage : plan.stages)
          std::erase_if(stage.steps, [](const Step& step) { return step.id == "build-people-mail-unique"; });
      },
      "42P10");
  SUBCASE("the gate's place")
  found_out(
      people(),
      [](Plan& plan) {
        const auto gate = std::ranges::find_if(plan.stages, [](const Stage& stage) { return stage.gate.has_value(); });
        REQUIRE(gate != plan.stages.end());
        std::rotate(gate, gate + 1, plan.stages.end());
      },
      "42703");
  SUBCASE("that a constraint waits for the end")
  found_out(
      slots(), [](Plan& plan) { replace(step_of(plan, "build-one-each"), "CREATE INDEX", "CREATE UNIQUE INDEX"); },
      "23505");
}
