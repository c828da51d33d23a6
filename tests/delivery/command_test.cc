// Texts for a shell, taken apart.
#include "delivery/command.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "delivery/act.h"

using namespace pglint;
using delivery::Command;
using delivery::Does;

namespace {

std::vector<Command> split(const std::string& text) {
  return delivery::commands(delivery::plain(text, 0, text.size()));
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  for (const Command& command : split(text)) out.push_back(command.line());
  return out;
}

using Lines = std::vector<std::string>;

Does does(const std::string& line) {
  const std::vector<Command> all = split(line);
  REQUIRE(all.size() == 1);
  return delivery::act_of(all[0]).does;
}

}  // namespace

TEST_CASE("commands end where a shell ends them, and quotes hold them together") {
  CHECK(lines("a b && c; d | e || f\ng & h") == Lines{"a b", "c", "d", "e", "f", "g", "h"});
  CHECK(lines("echo 'a && b' \"c; d\"") == Lines{"echo a && b c; d"});
  CHECK(lines("a \\\n  b # not c\nd#e") == Lines{"a b", "d#e"});
  CHECK(lines("x ${{ a && b || c }} y") == Lines{"x ${{ a && b || c }} y"});
  CHECK(lines("x $(y && z) w; v `a; b`") == Lines{"y", "z", "x $(y && z) w", "v `a; b`"});
  CHECK(lines("url=$(vercel deploy --prod)") == Lines{"vercel deploy --prod"});
  CHECK(lines("A=1 B='2 3' run it") == Lines{"run it"});
  CHECK(lines("run 2>&1 >log") == Lines{"run 2>&1 >log"});
}

TEST_CASE("a text for another shell is taken apart as well") {
  CHECK(lines("sh -c 'a && b'") == Lines{"a", "b"});
  CHECK(lines("bash -lc \"cd x; npm start\"") == Lines{"cd x", "npm start"});
  CHECK(lines("ssh host 'cd app && docker compose up -d'") == Lines{"cd app", "docker compose up -d"});
  CHECK(split("ssh host 'docker compose up -d'")[0].remote);
  CHECK(lines("ssh host <<EOF\na\nb\nEOF\n") == Lines{"ssh host", "a", "b", "EOF"});
  CHECK(lines("cat <<EOF > x\nprisma db push\nEOF\nnpm ci") == Lines{"cat > x", "npm ci"});
}

TEST_CASE("what runs under a condition is told from what always runs") {
  const std::vector<Command> all = split(
      "if [ \"$A\" = 1 ]; then migrate up; fi\nnode x\n[ -n \"$B\" ] && dbmate up\nif ! goose up; then exit 1; fi");
  REQUIRE(all.size() == 7);
  CHECK(all[1].line() == "migrate up");
  CHECK(all[1].guarded);
  CHECK(!all[2].guarded);
  CHECK(all[4].line() == "dbmate up");
  CHECK(all[4].guarded);
  CHECK(all[5].line() == "goose up");
  CHECK(!all[5].guarded);
  CHECK(all[6].guarded);
}

TEST_CASE("a failure that is waved through is noticed") {
  CHECK(split("prisma migrate deploy || true")[0].ignored);
  CHECK(split("prisma migrate deploy || echo failed")[0].ignored);
  CHECK(!split("prisma migrate deploy || exit 1")[0].ignored);
}

TEST_CASE("places are those of the file, also in a text that is quoted and escaped") {
  const std::string file = R"({"a": "x \"y\" && npx  prisma db push"})";
  const auto mapped = delivery::mapped(file, 6, "x \"y\" && npx  prisma db push");
  const std::vector<Command> all = delivery::commands(mapped);
  REQUIRE(all.size() == 2);
  CHECK(file.substr(all[1].at.begin, all[1].at.size()) == "npx  prisma db push");
}

TEST_CASE("places in the blocks of YAML leave out the indentation") {
  const std::string file = "run: |  # why\n    one\n\n      two words\n    three\nnext: x\n";
  const auto mapped = delivery::mapped(file, 5, "one\n\n  two words\nthree\n");
  const std::vector<Command> all = delivery::commands(mapped);
  REQUIRE(all.size() == 3);
  CHECK(file.substr(all[1].at.begin, all[1].at.size()) == "two words");
  CHECK(file.substr(all[2].at.begin, all[2].at.size()) == "three");
}

TEST_CASE("places in folded blocks find the words of later lines") {
  const std::string file = "run: >-\n  npx prisma\n  migrate deploy\n";
  const auto mapped = delivery::mapped(file, 5, "npx prisma migrate deploy");
  const std::vector<Command> all = delivery::commands(mapped);
  REQUIRE(all.size() == 1);
  CHECK(file.substr(all[0].at.begin, all[0].at.size()) == "npx prisma\n  migrate deploy");
}

TEST_CASE("tools are known by name and subcommand, however they are started") {
  for (const char* line :
       {"drizzle-kit push", "npx drizzle-kit push --force", "pnpm exec prisma db push --accept-data-loss",
        "./node_modules/.bin/prisma@5.1.0 --schema=x db push", "bunx drizzle-kit push:pg",
        "yarn typeorm schema:sync -d x", "dotenv -e .env -- npx prisma db push",
        "docker compose run --rm app npx prisma db push", "atlas schema apply --auto-approve",
        "node -e 'sequelize.sync({ force: true })'"}) {
    CAPTURE(line);
    CHECK(does(line) == Does::pushes);
  }
  for (const char* line :
       {"prisma migrate deploy", "npx sequelize-cli db:migrate --env production", "goose -dir m postgres \"$DSN\" up",
        "migrate -path m -database $URL up", "flyway -url=x migrate",
        "go run github.com/pressly/goose/v3/cmd/goose@latest up", "python manage.py migrate --noinput",
        "supabase db push", "cargo sqlx migrate run", "bundle exec rake db:migrate",
        "kubectl exec deploy/api -- npx prisma migrate deploy", "kubectl apply -f k8s/migrate-job.yaml",
        "tsx scripts/migrate.ts", "./bin/migrate", "aws ecs run-task --overrides '{\"command\": [\"migrate\"]}'",
        "pglint fix --apply --plan x"}) {
    CAPTURE(line);
    CHECK(does(line) == Does::migrates);
  }
  for (const char* line :
       {"flyctl deploy --remote-only", "kubectl rollout restart deployment/api", "helm upgrade --install a b",
        "git push heroku main", "gcloud run deploy api --image x", "vercel deploy --prebuilt --prod",
        "aws ecs update-service --cluster c --service s --force-new-deployment"}) {
    CAPTURE(line);
    CHECK(does(line) == Does::deploys);
  }
  CHECK(does("pglint status --gate remark") == Does::asks_gate);
}

TEST_CASE("what only speaks of a tool does not run it") {
  for (const char* line :
       {"echo npx prisma db push", "npm install drizzle-kit push", "git commit -m 'prisma db push'", "prisma generate",
        "prisma migrate status", "grep -r 'drizzle-kit push' .", "docker build -t api-migrate .",
        "npm run migrate:create", "prisma migrate diff", "atlas schema apply --dry-run", "cat scripts/migrate.ts",
        "docker push x/migrate", "npx prisma migrate reset"}) {
    CAPTURE(line);
    CHECK(does(line) == Does::other);
  }
}

TEST_CASE("names say whether a script migrates") {
  for (const char* name : {"migrate", "db:migrate", "migrate:prod", "run-migrations", "migrations:run", "dbMigrate"}) {
    CAPTURE(name);
    CHECK(delivery::is_called_migration(name));
  }
  for (const char* name :
       {"migrate:create", "migrations", "generate-migrations", "migrate:down", "test:migrate", "migration.config"}) {
    CAPTURE(name);
    CHECK(!delivery::is_called_migration(name));
  }
}
