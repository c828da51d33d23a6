// How a project is delivered, from outside: when it is looked at, in which formats it is told, and what `fix` adds.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "folder.h"
#include "support/schema.h"

using namespace pglint;
using nlohmann::json;
using test::Folder;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr const char* deploy_yml = ".github/workflows/deploy.yml";
constexpr const char* beside =
    "on: {push: {branches: [main]}}\n"
    "jobs:\n"
    "  migrate:\n"
    "    runs-on: ubuntu-latest\n"
    "    steps:\n"
    "      - run: npx drizzle-kit migrate\n"
    "  deploy:\n"
    "    runs-on: ubuntu-latest\n"
    "    steps:\n"
    "      - run: flyctl deploy --remote-only\n";

void git(const Folder& folder, const std::string& commands) {
  const Result<Finished> finished =
      run({"sh", "-c",
           "cd \"$1\" && unset GIT_DIR && export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a "
           "GIT_COMMITTER_EMAIL=a@b && { " +
               commands + "; } >/dev/null",
           "sh", folder / "."});
  REQUIRE(finished);
  REQUIRE_MESSAGE(finished->status == 0, finished->err);
}

// A repository whose main branch has a table, and a workflow that deploys beside the migrations.
void write_project(const Folder& folder) {
  folder.write("migrations/0001_a.sql", "CREATE TABLE a (id bigint PRIMARY KEY);\n");
  folder.write("package.json", "{}\n");
  folder.write(deploy_yml, beside);
  git(folder, "git init -q -b main && git add . && git commit -q -m x");
}

}  // namespace

TEST_CASE("the project's delivery is looked at where the project is asked for, not where files are named") {
  const Folder folder;
  write_project(folder);
  for (const std::vector<std::string>& paths : {std::vector<std::string>{}, {"."}}) {
    std::vector<std::string> arguments = {"check", "--quiet", "--fail-on", "warning"};
    arguments.insert(arguments.end(), paths.begin(), paths.end());
    const Finished finished = folder.pglint(arguments);
    CHECK(finished.status == 1);
    CHECK_MESSAGE(contains(finished.out, ".github/workflows/deploy.yml:7:3: warning[deploy-beside-migrate]"),
                  finished.out);
  }
  for (const char* path : {"migrations", "migrations/0001_a.sql"})
    CHECK(!contains(folder.pglint({"check", "--quiet", path}).out, "deploy"));
  CHECK(!contains(folder.pglint({"check", "--quiet", "-c", "SELECT 1"}).out, "deploy"));
  const Result<Finished> below =
      run({"sh", "-c", "cd \"$1\" && exec \"$2\" check --quiet", "sh", folder / "migrations", PGLINT_PROGRAM});
  REQUIRE(below);
  CHECK_MESSAGE(contains(below->out, "../.github/workflows/deploy.yml:7:3"), below->out);
}

TEST_CASE("every format tells of a workflow what it tells of SQL") {
  const Folder folder;
  write_project(folder);
  const json document = json::parse(folder.pglint({"check", "--format", "json"}).out);
  CHECK(test::violation(test::schema("check"), document) == "");
  REQUIRE(document["diagnostics"].size() == 1);
  const json& one = document["diagnostics"][0];
  CHECK(one["path"] == ".github/workflows/deploy.yml");
  CHECK(one["start"]["line"] == 7);
  CHECK(one["fixable"] == true);
  CHECK(one["statement"] == "deploy");
  const json sarif = json::parse(folder.pglint({"check", "--format", "sarif"}).out);
  const json& result = sarif["runs"][0]["results"][0];
  CHECK(result["ruleId"] == "deploy-beside-migrate");
  CHECK(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == ".github/workflows/deploy.yml");
  CHECK(contains(folder.pglint({"check", "--format", "github"}).out, "file=.github/workflows/deploy.yml,line=7"));
  CHECK(contains(folder.pglint({"check"}).out, "The migrations run here"));
  CHECK(contains(folder.pglint({"check", "--format", "gitlab"}).out, "deploy-beside-migrate"));
  CHECK(contains(folder.pglint({"check", "--format", "junit"}).out, "deploy-beside-migrate"));
}

TEST_CASE("with --since and --staged only what is new is told") {
  const Folder folder;
  write_project(folder);
  CHECK(!contains(folder.pglint({"check", "--quiet", "--since", "HEAD"}).out, "deploy"));
  folder.write(deploy_yml, std::string(beside) + "# more\n");
  CHECK(contains(folder.pglint({"check", "--quiet", "--since", "HEAD"}).out, "deploy-beside-migrate"));
  CHECK(!contains(folder.pglint({"check", "--quiet", "--staged"}).out, "deploy"));
  git(folder, "git add .");
  CHECK(contains(folder.pglint({"check", "--quiet", "--staged"}).out, "deploy-beside-migrate"));
}

TEST_CASE("severities, overrides and the baseline hold for workflows too") {
  const Folder folder;
  write_project(folder);
  folder.write(".pglint.yml", "rules: {deploy-beside-migrate: error}\n");
  CHECK(folder.pglint({"check", "--quiet"}).status == 1);
  folder.write(".pglint.yml", "overrides: [{paths: [.github/**], ignore: [deploy-beside-migrate]}]\n");
  CHECK(!contains(folder.pglint({"check", "--quiet"}).out, "deploy"));
  folder.write(".pglint.yml", "");
  CHECK(!contains(folder.pglint({"check", "--quiet", "--ignore", "deploy-beside-migrate"}).out, "deploy"));
  CHECK(folder.pglint({"check", "--write-baseline"}).status == 0);
  CHECK(!contains(folder.pglint({"check", "--quiet", "--baseline", ".pglint/baseline.json"}).out, "deploy"));
}

TEST_CASE("fix adds the needs that is missing, and --diff shows it") {
  const Folder folder;
  write_project(folder);
  const Finished diff = folder.pglint({"fix", "--diff"});
  CHECK(diff.status == 1);
  CHECK_MESSAGE(contains(diff.out, "\n   deploy:\n+    needs: migrate\n     runs-on: ubuntu-latest\n"), diff.out);
  CHECK(folder.read(deploy_yml) == beside);
  const Finished written = folder.pglint({"fix"});
  CHECK_MESSAGE(written.status == 0, (written.out + written.err));
  CHECK(contains(folder.read(deploy_yml), "  deploy:\n    needs: migrate\n    runs-on: ubuntu-latest\n"));
  CHECK(folder.pglint({"check", "--quiet", "--fail-on", "warning"}).status == 0);
  CHECK(folder.pglint({"fix", "--diff"}).status == 0);
}

TEST_CASE("files behind a gate that go out together with those before it are found where it is said what is released") {
  const Folder folder;
  write_project(folder);
  const std::string hash(64, '0');
  git(folder, "git checkout -q -b next");
  folder.write("migrations/0002_b.sql", "SELECT 1;\n");
  folder.write("migrations/0003_c.sql", "SELECT 1;\n");
  folder.write(".pglint/plans/0002_b.yml",
               "pglint_plan: 1\nid: 0002_b\nsources:\n  - {path: migrations/0002_b.sql, sha256: \"" + hash +
                   "\", text: SELECT 1}\nrunner: plain\npostgres: 15\nassumes: []\nchecks: []\nphases:\n"
                   "  - {phase: expand, files: [{path: migrations/0002_b.sql, sha256: \"" +
                   hash + "\"}], steps: []}\n  - {gate: deploy, id: b, release: x, why: y}\n" +
                   "  - {phase: contract, files: [{path: migrations/0003_c.sql, sha256: \"" + hash +
                   "\"}], steps: []}\n");
  git(folder, "git add . && git commit -q -m both");
  const Finished both = folder.pglint({"check", "--quiet", "--since", "main"});
  CHECK_MESSAGE(contains(both.out, "migrations/0003_c.sql:1:1: warning[gate-in-one-deploy]"), (both.out + both.err));
  CHECK(!contains(folder.pglint({"check", "--quiet"}).out, "gate-in-one-deploy"));
  git(folder, "git reset -q --soft main && git reset -q");
  git(folder,
      "git checkout -q main && git add migrations/0002_b.sql && git commit -q -m b && git checkout -q -b later && "
      "git add . && git commit -q -m c");
  CHECK(!contains(folder.pglint({"check", "--quiet", "--since", "main"}).out, "gate-in-one-deploy"));
}
