// `pglint fix` from outside: exit codes, documents, taking back, and what `check` says of plans that wait.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "folder.h"
#include "plan/form/file.h"
#include "plan/planned.h"
#include "support/schema.h"

using namespace pglint;
using nlohmann::json;
using test::Folder;

namespace {

namespace fs = std::filesystem;

constexpr const char* given =
    "CREATE TABLE users (id bigint PRIMARY KEY, email text, plan text DEFAULT 'free', seats int NOT NULL);\n";

// A Drizzle project whose first migration is released.
void write_project(const Folder& folder, const std::vector<std::string>& migrations) {
  for (const auto& [path, text] : test::drizzle_files(given, migrations).files) folder.write(path, text);
}

struct Outcome {
  int status = 0;
  json document;
};

// `fix` of what is not released, whose document has the form of its schema.
Outcome fixed(const Folder& folder, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"fix", "--format", "json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  if (more.empty() || !more.back().ends_with(".sql"))
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "drizzle"))
      if (const std::string name = entry.path().filename(); name.ends_with(".sql") && name != "0000_given.sql")
        arguments.push_back("drizzle/" + name);
  const Finished finished = folder.pglint(arguments);
  CAPTURE(finished.err);
  REQUIRE(json::accept(finished.out));
  Outcome out{finished.status, json::parse(finished.out)};
  static const json wanted = test::schema("fix");
  CHECK(test::violation(wanted, out.document) == "");
  return out;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::vector<std::string> sql_files(const Folder& folder) {
  std::vector<std::string> out;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / "drizzle"))
    if (entry.path().extension() == ".sql") out.push_back(entry.path().filename());
  std::ranges::sort(out);
  return out;
}

}  // namespace

TEST_CASE("fix exits with 0 where all was written or nothing was wrong") {
  const Folder folder;
  write_project(folder, {"CREATE INDEX i ON users (email);"});
  const Outcome files = fixed(folder);
  CHECK(files.status == 0);
  CHECK(files.document["plans"].empty());
  CHECK(files.document["files"].size() == 1);
  const Outcome nothing = fixed(folder);
  CHECK(nothing.status == 0);
  CHECK(nothing.document["files"].empty());

  const Folder planned;
  write_project(planned, {"ALTER TABLE users RENAME COLUMN email TO contact;"});
  const Outcome plan = fixed(planned);
  CHECK(plan.status == 0);
  REQUIRE(plan.document["plans"].size() == 1);
  CHECK(plan.document["plans"][0]["id"] == "0001_change");
}

TEST_CASE("what nobody can rewrite remains, says why, and makes the exit code 1 at the level that fails") {
  const Folder folder;
  write_project(folder, {"ALTER TABLE users ALTER COLUMN seats TYPE bigint;"});
  const Outcome out = fixed(folder, {"--ignore", "require-lock-timeout"});
  CHECK(out.status == 1);
  CHECK(out.document["refused"].empty());
  CHECK(out.document["files"].empty());
  REQUIRE(out.document["remaining"].size() == 1);
  const json& left = out.document["remaining"][0];
  CHECK(left["rule"] == "type-change-rewrites");
  CHECK(left["fixable"] == false);
  CHECK_MESSAGE(contains(left["help"], "fix leaves it as it is: ALTER TABLE cannot be rewritten"), left.dump());
  CHECK(fixed(folder, {"--fail-on", "never"}).status == 0);
  CHECK(fixed(folder, {"--ignore", "type-change-rewrites"}).status == 0);

  const Folder broken;
  write_project(broken, {"SELEC 1;"});
  CHECK(fixed(broken).status == 1);
  const Folder block;
  write_project(block, {"DO $$ BEGIN UPDATE users SET email = 'x'; END $$;"});
  const Outcome body = fixed(block);
  CHECK(body.status == 1);
  CHECK(contains(body.document["remaining"][0]["help"], "no other way to write this is known to pglint"));
}

TEST_CASE("a plan that is refused exits with 2, and changes nothing") {
  const Folder folder;
  write_project(folder, {"ALTER TABLE users RENAME COLUMN id TO user_id;", "CREATE INDEX i ON users (email);"});
  const std::string before = folder.read("drizzle/0002_change.sql");
  const Outcome out = fixed(folder);
  CHECK(out.status == 2);
  REQUIRE(out.document["refused"].size() == 1);
  const json& refused = out.document["refused"][0];
  CHECK(refused["rule"] == "rename-column");
  CHECK(contains(refused["reason"], "is in the primary key"));
  CHECK(folder.read("drizzle/0002_change.sql") == before);
  // Beside what has no recipe something else would be rewritten: it is the plan that cannot be made.
  const Folder mixed;
  write_project(mixed, {"ALTER TABLE users ALTER COLUMN seats TYPE bigint;\nCREATE INDEX i ON users (email);"});
  CHECK(fixed(mixed).status == 2);
}

TEST_CASE("--diff exits with 1 where it would change something, and writes nothing") {
  const Folder folder;
  write_project(folder, {"CREATE INDEX i ON users (email);"});
  const Finished diff = folder.pglint({"fix", "--diff", "drizzle/0001_change.sql"});
  CHECK(diff.status == 1);
  CHECK(contains(diff.out, "+CREATE INDEX CONCURRENTLY"));
  CHECK(folder.read("drizzle/0001_change.sql") == "CREATE INDEX i ON users (email);");
  CHECK(fixed(folder).status == 0);
  const Finished none = folder.pglint({"fix", "--diff", "drizzle/0001_change.sql"});
  CHECK(none.status == 0);
  CHECK(none.out.empty());
  // What cannot be planned is told beside it.
  write_project(folder, {"ALTER TABLE users RENAME COLUMN id TO user_id;"});
  const Finished refused = folder.pglint({"fix", "--diff", "drizzle/0001_change.sql"});
  CHECK(refused.status == 2);
  CHECK(refused.out.empty());
  CHECK(contains(refused.err, "is in the primary key"));
}

TEST_CASE("wrong use of fix exits with 2 and one line") {
  const Folder folder;
  write_project(folder, {"CREATE INDEX i ON users (email);"});
  for (const auto& wrong : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"fix", "drizzle"}, "--since"},
           {{"fix", "--format", "sarif", "drizzle/0001_change.sql"}, "sarif"},
           {{"fix", "--passed", "x", "drizzle/0001_change.sql"}, "--next"},
           {{"fix", "--value", "x", "drizzle/0001_change.sql"}, "TABLE.COLUMN=EXPR"},
           {{"fix", "--next"}, "no plan"},
           {{"fix", "--undo"}, "no plan"},
           {{"fix", "-c", "SELECT 1"}, "-c"}}) {
    const std::vector<std::string>& arguments = wrong.first;
    const std::string& said = wrong.second;
    const Finished finished = folder.pglint(arguments);
    CAPTURE(arguments);
    CHECK(finished.status == 2);
    CHECK(finished.out.empty());
    CHECK_MESSAGE(contains(finished.err, said), finished.err);
  }
}

TEST_CASE("the document of fix says of a plan what its file says") {
  const Folder folder;
  write_project(folder, {"ALTER TABLE users RENAME COLUMN plan TO tier;\nALTER TABLE users ADD COLUMN level int NOT "
                         "NULL;\nDELETE FROM users WHERE seats = 0;"});
  const Outcome out = fixed(folder, {"--value", "users.level=1"});
  REQUIRE(out.document["plans"].size() == 1);
  const json& plan = out.document["plans"][0];
  const auto read = plan::from_yaml(folder.read(".pglint/plans/0001_change.yml"));
  REQUIRE(read);
  CHECK(plan["phases"].size() == read->stages.size());
  CHECK(plan["assumes"][0]["columns"]["plan"] == "text, nullable, default");
  const json wanted = test::schema("fix");
  // A schema is no use if it accepts everything.
  for (const char* at : {"", "/plans/0", "/plans/0/sources/0", "/plans/0/assumes/0", "/plans/0/phases/0",
                         "/plans/0/phases/0/steps/0", "/plans/0/phases/0/steps/0/locks/0", "/files/0"}) {
    const json::json_pointer place(at);
    for (const auto& item : out.document.at(place).items()) {
      json other = out.document;
      other.at(place)[item.key()] = json::array({json::array()});
      CHECK_MESSAGE(!test::violation(wanted, other).empty(), at << " with a wrong " << item.key());
    }
    json more = out.document;
    more.at(place)["surplus"] = 1;
    CHECK_MESSAGE(!test::violation(wanted, more).empty(), at << " with a surplus key");
  }
}

TEST_CASE("--undo writes what takes back all that stands in files, once") {
  const Folder folder;
  write_project(folder, {"ALTER TABLE users RENAME COLUMN email TO contact;\nALTER TABLE users DROP COLUMN seats;"});
  REQUIRE(fixed(folder).status == 0);
  const std::size_t before = sql_files(folder).size();
  const Finished undone = folder.pglint({"fix", "--undo", "--format", "json"});
  CHECK_MESSAGE(undone.status == 0, undone.err);
  CHECK(test::violation(test::schema("fix"), json::parse(undone.out)) == "");
  const std::vector<std::string> files = sql_files(folder);
  REQUIRE(files.size() > before);
  std::string sql;
  for (const std::string& name : files)
    if (contains(name, "_undo")) sql += folder.read("drizzle/" + name);
  // Trigger before function before column, and NOT NULL without reading under the lock.
  const std::size_t trigger = sql.find("DROP TRIGGER IF EXISTS");
  CHECK(trigger < sql.find("DROP FUNCTION IF EXISTS"));
  CHECK(sql.find("DROP FUNCTION IF EXISTS") < sql.find("DROP COLUMN IF EXISTS contact"));
  CHECK(sql.find("CHECK (seats IS NOT NULL) NOT VALID") < sql.find("VALIDATE CONSTRAINT users_seats"));
  CHECK(sql.find("VALIDATE CONSTRAINT users_seats") < sql.find("ALTER COLUMN seats SET NOT NULL"));
  CHECK_MESSAGE(contains(sql, "cannot be taken back here: drop-email is done"), sql);
  // They are as good as any other file, and the plan waits no more.
  const Finished checked = folder.pglint({"check", "--fail-on", "warning", "drizzle"});
  CHECK_MESSAGE(checked.status == 0, checked.out);
  CHECK_FALSE(contains(checked.out, "waits at the gate"));
  const Finished again = folder.pglint({"fix", "--undo"});
  CHECK(again.status == 0);
  CHECK(contains(again.err, "nothing"));
  CHECK(sql_files(folder) == files);
}

TEST_CASE("--undo does not go beyond a gate behind which something stands, unless that gate is named") {
  const Folder folder;
  write_project(folder,
                {"ALTER TABLE users ADD COLUMN note text;\nALTER TABLE users ALTER COLUMN email SET NOT NULL;"});
  REQUIRE(fixed(folder).status == 0);
  const std::string gate = "change";
  REQUIRE(folder.pglint({"fix", "--next", "--passed", gate}).status == 0);
  CHECK(folder.pglint({"fix", "--undo", "--passed", "nowhere-undo"}).status == 2);
  const Finished to_gate = folder.pglint({"fix", "--undo", "--diff"});
  CHECK(to_gate.status == 1);
  CHECK(contains(to_gate.out, "ALTER COLUMN email DROP NOT NULL"));
  CHECK_FALSE(contains(to_gate.out, "DROP COLUMN IF EXISTS note"));
  const Finished all = folder.pglint({"fix", "--undo", "--passed", gate + "-undo", "--diff"});
  CHECK(all.status == 1);
  CHECK(contains(all.out, "ALTER COLUMN email DROP NOT NULL"));
  CHECK(contains(all.out, "DROP COLUMN IF EXISTS note"));
  CHECK(contains(all.out, "DELETE FROM pglint.gate"));
}

TEST_CASE("--undo refuses where data would be gone") {
  const Folder folder;
  write_project(folder, {"DELETE FROM users WHERE seats = 0;"});
  REQUIRE(fixed(folder).status == 0);
  const Finished undone = folder.pglint({"fix", "--undo"});
  CHECK(undone.status == 2);
  CHECK(contains(undone.err, "cannot be taken back"));
}

TEST_CASE("check lists the plans that wait for a gate, with their age, as long as they do") {
  const Folder folder;
  write_project(folder, {"ALTER TABLE users ALTER COLUMN email SET NOT NULL;"});
  CHECK_FALSE(json::parse(folder.pglint({"check", "--format", "json", "drizzle"}).out).contains("plans"));
  REQUIRE(fixed(folder).status == 0);

  const auto waiting = [&] {
    const Finished finished = folder.pglint({"check", "--format", "json", "drizzle"});
    const json document = json::parse(finished.out);
    CHECK(test::violation(test::schema("check"), document) == "");
    CHECK(finished.status == 0);
    return document.value("plans", json::array());
  };
  json plans = waiting();
  REQUIRE(plans.size() == 1);
  CHECK(plans[0] ==
        json({{"id", "0001_change"}, {"path", ".pglint/plans/0001_change.yml"}, {"gate", "change"}, {"age_days", 0}}));
  CHECK(contains(folder.pglint({"check", "drizzle"}).out, "plan 0001_change waits at the gate change, since today"));
  CHECK_FALSE(contains(folder.pglint({"check", "--quiet", "drizzle"}).out, "waits"));
  CHECK_FALSE(contains(folder.pglint({"check", "-c", "SELECT 1"}).out, "waits"));

  // What git knows is older than the file.
  if (run({"git", "--version"})) {
    const std::string there = folder / "";
    REQUIRE(run({"git", "-C", there, "init", "-q"})->status == 0);
    REQUIRE(run({"git", "-C", there, "add", "-A"})->status == 0);
    const Environment then = {{"GIT_AUTHOR_DATE", "2020-01-01T00:00:00Z"},
                              {"GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z"}};
    REQUIRE(run({"git", "-C", there, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "x"},
                then)
                ->status == 0);
    plans = waiting();
    REQUIRE(plans.size() == 1);
    CHECK(plans[0]["age_days"] > 2000);
  }

  REQUIRE(folder.pglint({"fix", "--next", "--passed", "change"}).status == 0);
  CHECK(waiting().empty());

  folder.write(".pglint/plans/0002_broken.yml", "pglint_plan: 1\n");
  const Finished broken = folder.pglint({"check", "drizzle"});
  CHECK(broken.status == 2);
  CHECK(contains(broken.out, "0002_broken.yml"));
}
