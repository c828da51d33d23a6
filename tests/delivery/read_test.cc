// Projects as they are delivered, through the rules: what is found, where, and what is left alone.
#include "delivery/read.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/edit.h"
#include "delivery/order.h"
#include "lint/project.h"
#include "rules/registry.h"

using namespace pglint;
using Lines = std::vector<std::string>;

namespace {

struct Looked {
  std::unique_ptr<delivery::Pipeline> pipeline;
  Report report;
  std::vector<lint::ProjectFix> fixes;
};

Looked look(const std::map<std::string, std::string>& texts, const std::string& start = ".") {
  const source::FakeFiles files(texts);
  Looked out;
  out.pipeline = std::make_unique<delivery::Pipeline>(delivery::read(start, files));
  out.fixes = lint::check_delivery(*out.pipeline, rules::all(), {}, {}, out.report);
  return out;
}

// "error schema-push package.json: drizzle-kit push", the last being what it points at.
Lines found(const std::map<std::string, std::string>& texts) {
  const Looked looked = look(texts);
  Lines out;
  for (const Diagnostic& one : looked.report.diagnostics) {
    const ReportFile& file = looked.report.files[one.file];
    out.push_back(fmt::format("{} {} {}: {}", name(one.severity), one.rule, file.path,
                              file.text.substr(one.at.begin, one.at.size())));
  }
  return out;
}

std::string workflow(const std::string& jobs, const std::string& on = "{push: {branches: [main]}}") {
  return "on: " + on + "\njobs:\n" + jobs;
}

constexpr const char* deploy_yml = ".github/workflows/deploy.yml";

const std::string migrate_job = "  migrate:\n    runs-on: x\n    steps:\n      - run: npx prisma migrate deploy\n";
const std::string deploy_job = "  deploy:\n    runs-on: x\n    steps:\n      - run: flyctl deploy\n";

}  // namespace

TEST_CASE("a push is found behind the scripts that lead to it, once, where the pipeline calls it") {
  CHECK(found({{deploy_yml,
                workflow("  deploy:\n    steps:\n      - run: |\n          npm ci\n          make release\n")},
               {"Makefile", ".PHONY: release\nrelease: build schema\n\t@echo done\nschema:\n\tnpm run db:sync\n"},
               {"package.json", R"({"scripts": {"db:sync": "prisma db push"}})"}}) ==
        Lines{"error schema-push .github/workflows/deploy.yml: make release"});
}

TEST_CASE("a script that nobody calls is advice, unless its name says what it is for") {
  const auto script = [](const std::string& name) {
    return found({{"package.json", R"({"scripts": {")" + name + R"(": "drizzle-kit push"}})"}});
  };
  CHECK(script("db:push") == Lines{"advice schema-push package.json: drizzle-kit push"});
  CHECK(script("db:push:prod") == Lines{"error schema-push package.json: drizzle-kit push"});
  CHECK(script("build") == Lines{"error schema-push package.json: drizzle-kit push"});
  for (const char* name : {"dev", "db:push:test", "db:reset", "pretest", "setup", "e2e", "db:local"})
    CHECK(script(name) == Lines{});
}

TEST_CASE("jobs with a database of their own, and those of proposals, may push") {
  const std::string push = "    steps:\n      - run: npx prisma db push\n";
  CHECK(found({{deploy_yml, workflow("  schema:\n" + push)}}) ==
        Lines{"error schema-push .github/workflows/deploy.yml: npx prisma db push"});
  CHECK(found({{".github/workflows/x.yml", workflow("  schema:\n" + push)}}) ==
        Lines{"warning schema-push .github/workflows/x.yml: npx prisma db push"});
  CHECK(found({{deploy_yml, workflow("  e2e:\n" + push)}}) == Lines{});
  CHECK(found({{deploy_yml, workflow("  schema:\n" + push, "pull_request")}}) == Lines{});
  CHECK(found({{deploy_yml, workflow("  schema:\n    services: {db: {image: \"postgres:16\"}}\n" + push)}}) == Lines{});
  CHECK(found({{deploy_yml, workflow("  schema:\n    env:\n      URL: postgres://u:p@localhost:5432/x\n" + push)}}) ==
        Lines{});
  CHECK(
      found(
          {{deploy_yml,
            workflow(
                "  schema:\n    steps:\n      - run: docker compose up -d db\n      - run: npx prisma db push\n")}}) ==
      Lines{});
  CHECK(found({{deploy_yml, workflow("  schema:\n    environment: staging\n" + push)}}) == Lines{});
  CHECK(found({{"docker-compose.yml", "services:\n  web:\n    command: sh -c 'npx prisma db push && npm start'\n"}}) ==
        Lines{});
  CHECK(
      found({{"docker-compose.prod.yml", "services:\n  web:\n    command: sh -c 'npx prisma db push && npm start'\n"}})
          .size() == 2);
}

TEST_CASE("a deploy that waits for the migrations is fine, over other jobs and in one job") {
  CHECK(found({{deploy_yml, workflow(migrate_job + "  build:\n    needs: [migrate]\n    steps: []\n" +
                                     "  deploy:\n    needs: build\n    steps:\n      - run: flyctl deploy\n")}}) ==
        Lines{});
  CHECK(
      found({{deploy_yml, workflow("  deploy:\n    steps:\n      - run: npx prisma migrate deploy\n      - run: flyctl "
                                   "deploy\n")}}) == Lines{});
}

TEST_CASE("a deploy beside the migrations gets the line that is missing") {
  const std::string text = workflow(migrate_job + deploy_job);
  const Looked looked = look({{deploy_yml, text}});
  REQUIRE(looked.report.diagnostics.size() == 1);
  CHECK(looked.report.diagnostics[0].rule == "deploy-beside-migrate");
  CHECK(looked.report.diagnostics[0].fixable);
  REQUIRE(looked.fixes.size() == 1);
  CHECK(edited(looked.fixes[0].text, looked.fixes[0].edits) ==
        workflow(migrate_job +
                 "  deploy:\n    needs: migrate\n    runs-on: x\n    steps:\n      - run: flyctl deploy\n"));
  const std::string mended = edited(looked.fixes[0].text, looked.fixes[0].edits);
  CHECK(found({{deploy_yml, mended}}) == Lines{});
}

TEST_CASE("where it is not certain which job is meant, nothing is added") {
  const auto fixes = [](const std::string& jobs) {
    const Looked looked = look({{deploy_yml, workflow(jobs)}});
    CHECK(looked.report.diagnostics.size() == 1);
    return looked.fixes.size();
  };
  CHECK(fixes(migrate_job + deploy_job) == 1);
  CHECK(fixes(migrate_job +
              "  build: {steps: []}\n  deploy:\n    needs: build\n    steps:\n      - run: flyctl deploy\n") == 0);
  CHECK(fixes(migrate_job + "  deploy: {steps: [{run: flyctl deploy}]}\n") == 0);
  CHECK(fixes(migrate_job + "  other:\n    steps:\n      - run: dbmate up\n" + deploy_job) == 0);
  CHECK(fixes(migrate_job + "  deploy:\n    steps:\n      - run: ./ship\n") == 0);
}

TEST_CASE("stages of different names do not meet") {
  CHECK(found({{deploy_yml, workflow("  migrate-staging:\n    steps:\n      - run: dbmate up\n"
                                     "  deploy-production:\n    steps:\n      - run: flyctl deploy\n")}}) == Lines{});
  CHECK(found({{deploy_yml, workflow("  migrate-production:\n    steps:\n      - run: dbmate up\n"
                                     "  deploy-production:\n    steps:\n      - run: flyctl deploy\n")}})
            .size() == 1);
}

TEST_CASE("jobs under different conditions, of sites without a database, or started by hand are left alone") {
  CHECK(found({{deploy_yml, workflow("  migrate:\n    if: inputs.migrate\n    steps:\n      - run: dbmate up\n"
                                     "  deploy:\n    if: inputs.deploy\n    steps:\n      - run: flyctl deploy\n")}}) ==
        Lines{});
  CHECK(found({{deploy_yml, workflow(migrate_job + "  deploy-docs:\n    steps:\n      - run: netlify deploy\n")}}) ==
        Lines{});
  CHECK(found({{".gitlab-ci.yml",
                "stages: [a]\nschema: {stage: a, when: manual, script: [dbmate up]}\n"
                "ship: {stage: a, environment: production, script: [helm upgrade a b]}\n"}}) == Lines{});
}

TEST_CASE("a workflow that is called does what its jobs do") {
  const std::map<std::string, std::string> files = {
      {deploy_yml, workflow("  schema:\n    uses: ./.github/workflows/migrate.yml\n" + deploy_job)},
      {".github/workflows/migrate.yml", workflow(migrate_job, "workflow_call")}};
  CHECK(found(files) == Lines{"warning deploy-beside-migrate .github/workflows/deploy.yml: deploy"});
}

TEST_CASE("workflows of other events do not meet") {
  const auto two = [](const std::string& on) {
    return found({{deploy_yml, workflow(deploy_job)}, {".github/workflows/migrate.yml", workflow(migrate_job, on)}})
        .size();
  };
  CHECK(two("push") == 1);
  CHECK(two("{push: {branches: [main, next]}}") == 1);
  CHECK(two("{push: {branches: [release]}}") == 0);
  CHECK(two("{push: {tags: [v1]}}") == 0);
  CHECK(two("workflow_dispatch") == 0);
  CHECK(two("pull_request") == 0);
}

TEST_CASE("GitLab: needs comes before stages, and extends brings what a job does not say") {
  const std::string jobs =
      "stages: [migrate, deploy]\n"
      ".base:\n  stage: migrate\n  script: [npx prisma migrate deploy]\n"
      "schema:\n  extends: .base\n";
  CHECK(found({{".gitlab-ci.yml", jobs + "ship:\n  stage: deploy\n  script: [helm upgrade a b]\n"}}) == Lines{});
  CHECK(found({{".gitlab-ci.yml", jobs + "ship:\n  stage: deploy\n  needs: []\n  script: [helm upgrade a b]\n"}}) ==
        Lines{"warning deploy-beside-migrate .gitlab-ci.yml: ship"});
  CHECK(found({{".gitlab-ci.yml",
                jobs + "ship:\n  stage: deploy\n  needs: [schema]\n  script: [helm upgrade a b]\n"}}) == Lines{});
}

TEST_CASE("a container's start is followed into its files") {
  CHECK(found({{"Dockerfile",
                "FROM node AS build\nCMD npx prisma db push\nFROM node\nENTRYPOINT [\"/app/entry.sh\"]\nCMD [\"node\", "
                "\"x\"]\n"},
               {"docker/entry.sh", "#!/bin/sh\nset -e\nnpx prisma migrate deploy\nexec \"$@\"\n"}}) ==
        Lines{"warning migrate-at-startup Dockerfile: [\"/app/entry.sh\"]"});
  CHECK(found({{"Dockerfile.dev", "FROM node\nCMD npx prisma migrate deploy && npm run dev\n"}}) == Lines{});
  CHECK(found({{"Dockerfile", "FROM node\nENTRYPOINT [\"sh\", \"-c\"]\nCMD [\"dbmate up && ./server\"]\n"}}) ==
        Lines{"warning migrate-at-startup Dockerfile: [\"dbmate up && ./server\"]"});
}

TEST_CASE("a comment hides what it names, at its step only, and one that is wrong is told") {
  const std::string step = "      # pglint:ignore schema-push: nobody uses it yet\n      - run: npx prisma db push\n";
  CHECK(found({{deploy_yml, workflow("  deploy:\n    steps:\n" + step)}}) == Lines{});
  CHECK(found({{deploy_yml,
                workflow("  deploy:\n    steps:\n" + step + "      - run: npx prisma db push --skip-generate\n")}}) ==
        Lines{"error schema-push .github/workflows/deploy.yml: npx prisma db push --skip-generate"});
  CHECK(
      found({{deploy_yml,
              workflow("  deploy:\n    steps:\n      # pglint:ignore schema-push\n      - run: npx prisma db push\n")}})
          .size() == 2);
}

TEST_CASE("what a deploy and what the tests of one project look like together") {
  // Quiet: the pipeline that the documentation of most tools shows.
  CHECK(
      found({{".github/workflows/ci.yml",
              "name: CI\non: [push, pull_request]\njobs:\n  test:\n    services:\n      pg: {image: \"postgres:15\"}\n "
              "   steps:\n"
              "      - run: npm run db:push\n      - run: npm test\n"
              "  deploy:\n    needs: test\n    if: github.ref == 'refs/heads/main'\n    steps:\n      - run: npm run "
              "db:migrate\n      - run: npx vercel deploy --prod\n"},
             {"package.json",
              R"({"scripts": {"db:push": "drizzle-kit push", "db:migrate": "drizzle-kit migrate", "test": "vitest"}})"},
             {"drizzle.config.ts",
              "import x from 'drizzle-kit'; export default { dialect: 'postgresql', out: './drizzle' }"},
             {"drizzle/meta/_journal.json", "{}"},
             {"docker-compose.yml", "services:\n  db: {image: postgres}\n"}}) ==
      Lines{"advice schema-push package.json: drizzle-kit push"});
}

TEST_CASE("drizzle.config: out in a folder that git leaves out, or outside; what cannot be known is left alone") {
  const auto config = [](const std::string& out, const std::string& ignore) {
    return found({{"drizzle.config.ts",
                   "import 'drizzle-kit';\nexport default {\n  // out: './x'\n  dialect: 'postgresql',\n  out: " + out +
                       ",\n}\n"},
                  {".gitignore", ignore}})
        .size();
  };
  CHECK(config("'./drizzle'", "node_modules\n") == 0);
  CHECK(config("'./drizzle'", "/drizzle/\n") == 1);
  CHECK(config("'./db/drizzle'", "drizzle\n") == 1);
  CHECK(config("'./drizzle'", "*.sql\n") == 1);
  CHECK(config("'./drizzle'", "drizzle\n!drizzle\n") == 0);
  CHECK(config("'./drizzle'", "/other/drizzle\n") == 0);
  CHECK(config("'../drizzle'", "") == 1);
  CHECK(config("'./a/../drizzle'", "") == 0);
  CHECK(config("process.env.OUT", "") == 0);
  CHECK(config("`./${dir}`", "") == 0);
}

TEST_CASE("the root of the repository is looked at from below, and packages from the root") {
  const std::map<std::string, std::string> files = {
      {".git/HEAD", ""},
      {"packages/db/package.json", R"({"name": "@acme/db", "scripts": {"ship": "prisma db push"}})"},
      {deploy_yml, workflow("  deploy:\n    steps:\n      - run: pnpm --filter @acme/db ship\n")}};
  CHECK(found(files) == Lines{"error schema-push .github/workflows/deploy.yml: pnpm --filter @acme/db ship"});
}

TEST_CASE("a tool that works on another database is nobody's matter") {
  const auto push = [](const std::string& schema) {
    return found({{"package.json", R"({"scripts": {"build": "prisma db push"}})"}, {"prisma/schema.prisma", schema}})
        .size();
  };
  CHECK(push("datasource db {\n  provider = \"postgresql\"\n}\n") == 1);
  CHECK(push("datasource db {\n}\n") == 1);
  CHECK(
      push(
          "generator client {\n  provider = \"prisma-client-js\"\n}\ndatasource db {\n  provider = \"mongodb\"\n}\n") ==
      0);
  CHECK(found({{"package.json", R"({"scripts": {"build": "drizzle-kit push"}})"},
               {"drizzle.config.ts", "export default { dialect: 'sqlite', out: './drizzle' } // drizzle"}}) == Lines{});
}

TEST_CASE("what platforms are told is looked at: a build that pushes, a start that migrates") {
  CHECK(found({{"vercel.json", "{\n  \"buildCommand\": \"prisma db push && next build\"\n}\n"}}) ==
        Lines{"error schema-push vercel.json: prisma db push"});
  CHECK(found({{"netlify.toml", "[build]\n  command = \"npx prisma db push && npm run build\"\n"}}).size() == 1);
  CHECK(found({{"render.yaml",
                "services:\n  - type: web\n    preDeployCommand: npx prisma migrate deploy\n    startCommand: node "
                "x\n"}}) == Lines{});
  CHECK(found({{"render.yaml", "services:\n  - type: web\n    startCommand: npx prisma migrate deploy && node x\n"}}) ==
        Lines{"warning migrate-at-startup render.yaml: npx prisma migrate deploy"});
  CHECK(found({{"fly.toml", "[deploy]\n  release_command = 'npx prisma migrate deploy'\n"}}) == Lines{});
}

TEST_CASE("several deploys that hang on each other are told once, and previews are none") {
  CHECK(found({{deploy_yml, workflow(migrate_job + deploy_job +
                                     "  more:\n    needs: deploy\n    steps:\n      - run: kubectl apply -f x\n")}})
            .size() == 1);
  CHECK(found({{deploy_yml, workflow(deploy_job + "  more:\n    steps:\n      - run: kubectl apply -f x\n")},
               {".github/workflows/migrate.yml", workflow(migrate_job)}})
            .size() == 1);
  CHECK(found({{deploy_yml,
                workflow(migrate_job + "  site:\n    steps:\n      - run: vercel build --prod\n      - uses: "
                                       "amondnet/vercel-action@v25\n        with: {vercel-token: x}\n")}}) == Lines{});
  CHECK(found({{deploy_yml,
                workflow(migrate_job +
                         "  app:\n    steps:\n      - run: url=$(bunx vercel deploy --prebuilt --prod)\n")}}) ==
        Lines{"warning deploy-beside-migrate .github/workflows/deploy.yml: app"});
  CHECK(found({{deploy_yml, "on: {push: {branches-ignore: [main]}}\njobs:\n" + deploy_job},
               {".github/workflows/migrate.yml", workflow(migrate_job)}}) == Lines{});
}
