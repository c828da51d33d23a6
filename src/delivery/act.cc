#include "delivery/act.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

namespace pglint::delivery {
namespace {

using Words = std::vector<std::string>;

bool is_any(std::string_view word, std::span<const std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}
bool is_any(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_flag(std::string_view word) { return word.starts_with('-'); }

// A tool, and the words that follow it, with options between them.
struct Known {
  std::string_view tool;
  std::string_view first;
  std::string_view second;
  Does does;
  bool leads = false;  // its name is a word that others use: it has to be the command itself
};

constexpr std::array known = std::to_array<Known>({
    {"drizzle-kit", "push", "", Does::pushes},
    {"drizzle-kit", "push:pg", "", Does::pushes},
    {"prisma", "db", "push", Does::pushes},
    {"typeorm", "schema:sync", "", Does::pushes},
    {"typeorm-ts-node-commonjs", "schema:sync", "", Does::pushes},
    {"typeorm-ts-node-esm", "schema:sync", "", Does::pushes},
    {"mikro-orm", "schema:update", "", Does::pushes},
    {"mikro-orm", "schema:fresh", "", Does::pushes},
    {"console", "doctrine:schema:update", "", Does::pushes},
    {"atlas", "schema", "apply", Does::pushes},

    {"drizzle-kit", "migrate", "", Does::migrates},
    {"prisma", "migrate", "deploy", Does::migrates},
    {"typeorm", "migration:run", "", Does::migrates},
    {"typeorm-ts-node-commonjs", "migration:run", "", Does::migrates},
    {"typeorm-ts-node-esm", "migration:run", "", Does::migrates},
    {"sequelize", "db:migrate", "", Does::migrates},
    {"sequelize-cli", "db:migrate", "", Does::migrates},
    {"knex", "migrate:latest", "", Does::migrates},
    {"knex", "migrate:up", "", Does::migrates},
    {"mikro-orm", "migration:up", "", Does::migrates},
    {"node-pg-migrate", "up", "", Does::migrates},
    {"db-migrate", "up", "", Does::migrates},
    {"graphile-migrate", "migrate", "", Does::migrates},
    {"flyway", "migrate", "", Does::migrates},
    {"gradlew", "flywayMigrate", "", Does::migrates},
    {"gradle", "flywayMigrate", "", Does::migrates},
    {"mvn", "flyway:migrate", "", Does::migrates},
    {"mvnw", "flyway:migrate", "", Does::migrates},
    {"mvn", "liquibase:update", "", Does::migrates},
    {"mvnw", "liquibase:update", "", Does::migrates},
    {"liquibase", "update", "", Does::migrates},
    {"goose", "up", "", Does::migrates},
    {"goose", "up-to", "", Does::migrates},
    {"goose", "up-by-one", "", Does::migrates},
    {"migrate", "up", "", Does::migrates, true},
    {"migrate", "goto", "", Does::migrates, true},
    {"dbmate", "up", "", Does::migrates},
    {"dbmate", "migrate", "", Does::migrates},
    {"sqlx", "migrate", "run", Does::migrates},
    {"diesel", "migration", "run", Does::migrates},
    {"refinery", "migrate", "", Does::migrates},
    {"atlas", "migrate", "apply", Does::migrates},
    {"sqitch", "deploy", "", Does::migrates},
    {"sql-migrate", "up", "", Does::migrates},
    {"tern", "migrate", "", Does::migrates, true},
    {"pgmigrate", "migrate", "", Does::migrates},
    {"alembic", "upgrade", "", Does::migrates},
    {"flask", "db", "upgrade", Does::migrates},
    {"manage.py", "migrate", "", Does::migrates},
    {"django-admin", "migrate", "", Does::migrates},
    {"rails", "db:migrate", "", Does::migrates},
    {"rake", "db:migrate", "", Does::migrates},
    {"mix", "ecto.migrate", "", Does::migrates},
    {"artisan", "migrate", "", Does::migrates},
    {"console", "doctrine:migrations:migrate", "", Does::migrates},
    {"ef", "database", "update", Does::migrates, true},
    {"dotnet-ef", "database", "update", Does::migrates},
    {"hasura", "migrate", "apply", Does::migrates},
    {"hasura", "deploy", "", Does::migrates},
    {"soda", "migrate", "", Does::migrates, true},
    {"supabase", "db", "push", Does::migrates},  // what it pushes are migration files
    {"pglint", "fix", "--apply", Does::migrates},
    {"pglint", "status", "--gate", Does::asks_gate},

    {"kubectl", "apply", "", Does::deploys},
    {"kubectl", "set", "image", Does::deploys},
    {"kubectl", "rollout", "restart", Does::deploys},
    {"oc", "apply", "", Does::deploys, true},
    {"oc", "rollout", "", Does::deploys, true},
    {"helm", "upgrade", "", Does::deploys},
    {"fly", "deploy", "", Does::deploys, true},
    {"flyctl", "deploy", "", Does::deploys},
    {"vercel", "deploy", "", Does::deploys},
    {"vercel", "--prod", "", Does::deploys},  // but for those of its commands that only prepare it
    {"netlify", "deploy", "", Does::deploys},
    {"heroku", "container:release", "", Does::deploys},
    {"aws", "ecs", "update-service", Does::deploys},
    {"aws", "deploy", "create-deployment", Does::deploys},
    {"aws", "apprunner", "start-deployment", Does::deploys},
    {"aws", "lambda", "update-function-code", Does::deploys},
    {"ecs", "deploy", "", Does::deploys, true},
    {"ecspresso", "deploy", "", Does::deploys},
    {"gcloud", "run", "deploy", Does::deploys},
    {"gcloud", "app", "deploy", Does::deploys},
    {"az", "webapp", "deploy", Does::deploys, true},
    {"az", "webapp", "up", Does::deploys, true},
    {"az", "containerapp", "update", Does::deploys, true},
    {"serverless", "deploy", "", Does::deploys},
    {"sls", "deploy", "", Does::deploys},
    {"sam", "deploy", "", Does::deploys, true},
    {"sst", "deploy", "", Does::deploys},
    {"railway", "up", "", Does::deploys},
    {"railway", "redeploy", "", Does::deploys},
    {"wrangler", "deploy", "", Does::deploys},
    {"wrangler", "publish", "", Does::deploys},
    {"docker", "stack", "deploy", Does::deploys},
    {"kamal", "deploy", "", Does::deploys},
    {"cf", "push", "", Does::deploys, true},
    {"eb", "deploy", "", Does::deploys, true},
    {"firebase", "deploy", "", Does::deploys},
    {"nomad", "job", "run", Does::deploys},
    {"argocd", "app", "sync", Does::deploys},
    {"skaffold", "run", "", Does::deploys},
    {"copilot", "deploy", "", Does::deploys, true},
    {"doctl", "apps", "create-deployment", Does::deploys},
    {"pm2", "reload", "", Does::deploys},
    {"pm2", "restart", "", Does::deploys},
    {"pm2", "startOrReload", "", Does::deploys},
    {"pm2", "startOrRestart", "", Does::deploys},
    {"systemctl", "restart", "", Does::deploys},

    {"supabase", "start", "", Does::makes_database},
    {"supabase", "db", "reset", Does::makes_database},
    {"supabase", "db", "start", Does::makes_database},
    {"pg_ctl", "start", "", Does::makes_database},
    {"pg_ctlcluster", "", "", Does::makes_database},
    {"initdb", "", "", Does::makes_database},

    {"vitest", "", "", Does::tests, true},
    {"jest", "", "", Does::tests, true},
    {"mocha", "", "", Does::tests, true},
    {"ava", "", "", Does::tests, true},
    {"playwright", "test", "", Does::tests},
    {"cypress", "run", "", Does::tests},
    {"pytest", "", "", Does::tests, true},
    {"tox", "", "", Does::tests, true},
    {"rspec", "", "", Does::tests, true},
    {"phpunit", "", "", Does::tests, true},
    {"go", "test", "", Does::tests, true},
    {"cargo", "test", "", Does::tests, true},
    {"cargo", "nextest", "", Does::tests, true},
    {"mix", "test", "", Does::tests, true},
    {"rails", "test", "", Does::tests, true},
    {"manage.py", "test", "", Does::tests},
    {"dotnet", "test", "", Does::tests, true},
    {"npm", "test", "", Does::tests, true},
    {"npm", "t", "", Does::tests, true},
});

struct KnownAction {
  std::string_view name;  // owner/action, or what it begins with
  Does does;
};
constexpr std::array actions = std::to_array<KnownAction>({
    {"superfly/flyctl-actions", Does::other},  // only sets the tool up, or runs what `args` says
    {"akhileshns/heroku-deploy", Does::deploys},
    {"aws-actions/amazon-ecs-deploy", Does::deploys},
    {"aws-actions/aws-lambda-deploy", Does::deploys},
    {"google-github-actions/deploy-", Does::deploys},
    {"azure/webapps-deploy", Does::deploys},
    {"azure/container-apps-deploy-action", Does::deploys},
    {"azure/k8s-deploy", Does::deploys},
    {"azure/functions-action", Does::deploys},
    {"digitalocean/app_action", Does::deploys},
    {"nwtgck/actions-netlify", Does::deploys},
    {"bervProject/railway-deploy", Does::deploys},
    {"johnbeynon/render-deploy-action", Does::deploys},
    {"dokku/github-action", Does::deploys},
    {"ariga/atlas-action/migrate/apply", Does::migrates},
    {"ariga/atlas-deploy-action", Does::migrates},
    {"ariga/atlas-action/schema/apply", Does::pushes},
    {"joshuaavalon/flyway-action", Does::migrates},
    {"liquibase-github-actions/update", Does::migrates},
});

// Commands that only speak of what they name.
constexpr std::array talkers = std::to_array<std::string_view>(
    {"echo",  "printf", "grep",  "git",  "cat", "rm",   "cp",   "mv",     "mkdir", "test", "[",   "[[",
     "which", "chmod",  "touch", "ls",   "sed", "awk",  "find", "export", "curl",  "wget", "apt", "apt-get",
     "apk",   "brew",   "pip",   "pip3", "man", "type", "COPY", "cd",     "tar",   "gh"});

// What stands before a command and runs it.
constexpr std::array wrappers = std::to_array<std::string_view>(
    {"npx",       "bunx",    "pnpx", "cross-env", "env",       "dotenv",   "dotenvx",     "poetry",
     "uv",        "pipenv",  "pdm",  "rye",       "bundle",    "doppler",  "infisical",   "op",
     "chamber",   "timeout", "nice", "tini",      "dumb-init", "dotnet",   "python",      "python3",
     "php",       "ruby",    "go",   "cargo",     "railway",   "with-env", "wait-for-it", "wait-for-it.sh",
     "dockerize", "node",    "tsx",  "ts-node",   "bun",       "deno",     "exec",        "time",
     "yarn",      "pnpm",    "npm",  "xargs",     "sudo",      "su-exec",  "gosu"});
constexpr std::array wrapper_words = std::to_array<std::string_view>({"run", "exec", "dlx", "x", "--", "tool", "task"});

// Programs that run another one somewhere else, with many options of their own in between.
constexpr std::array carriers =
    std::to_array<std::string_view>({"docker", "docker-compose", "podman", "kubectl", "heroku", "fly", "flyctl", "aws",
                                     "gcloud", "az", "nomad", "ssh", "oc"});

std::string_view without_extension(std::string_view name) {
  for (const std::string_view extension : {".sh", ".js", ".mjs", ".cjs", ".ts", ".mts", ".py", ".rb", ".php"})
    if (name.ends_with(extension)) return name.substr(0, name.size() - extension.size());
  return name;
}

bool is_code_file(std::string_view name) { return without_extension(name).size() != name.size(); }

// The index of the command itself, behind what only runs it.
std::size_t skip_wrappers(const Words& words) {
  std::size_t i = 0;
  while (i + 1 < words.size()) {
    const std::string_view word = program(words[i]);
    const bool goes_on =
        is_any(word, wrappers) ||
        (i > 0 && (is_any(words[i], wrapper_words) || is_flag(words[i]) || words[i].find('=') != std::string::npos));
    if (!goes_on) break;
    ++i;
  }
  return i;
}

bool follows(const Words& words, std::size_t at, const Known& one) {
  if (one.first.empty()) return true;
  for (std::size_t i = at + 1; i < words.size(); ++i) {
    if (words[i] != one.first) continue;
    if (one.second.empty()) return true;
    for (std::size_t j = i + 1; j < words.size(); ++j) {
      if (words[j] == one.second || (is_flag(one.second) && words[j].starts_with(std::string(one.second) + '=')))
        return true;
      if (!is_flag(words[j]) && !is_flag(one.second)) break;
    }
    return false;
  }
  return false;
}

bool mentions_migration(const Words& words) {
  return std::ranges::any_of(words, [](const std::string& word) { return word.find("migrat") != std::string::npos; });
}

Act named(const Known& one) {
  std::string what(one.tool);
  for (const std::string_view word : {one.first, one.second})
    if (!word.empty()) what.append(" ").append(word);
  return {one.does, std::move(what), true};
}

}  // namespace

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  bool in_word = false;
  char before = ' ';
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool letter = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter) {
      in_word = false;
    } else {
      if (!in_word || (upper && before >= 'a' && before <= 'z')) words.emplace_back();
      in_word = true;
      words.back() += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    before = c;
  }
  return words;
}

bool is_called_migration(std::string_view name) {
  const std::vector<std::string> words = words_of(without_extension(name));
  bool verb = false;
  bool noun = false;
  bool runs = false;
  for (const std::string& word : words) {
    if (is_any(word,
               {"create", "generate", "gen",      "dev",     "down",    "status",  "test",   "tests",     "make",
                "new",    "rollback", "undo",     "reset",   "check",   "lint",    "diff",   "dry",       "validate",
                "verify", "revert",   "local",    "resolve", "drop",    "build",   "image",  "docs",      "list",
                "info",   "squash",   "baseline", "add",     "init",    "version", "config", "json",      "redo",
                "fresh",  "refresh",  "watch",    "types",   "codemod", "sqlite",  "mysql",  "clickhouse"}))
      return false;
    verb = verb || word == "migrate" || word == "dbmigrate";
    noun = noun || word == "migration" || word == "migrations";
    runs = runs || is_any(word, {"run", "apply", "up", "deploy", "exec", "execute", "latest"});
  }
  return verb || (noun && runs);
}

bool is_for_tests(std::string_view name) {
  return std::ranges::any_of(words_of(name), [](const std::string& word) {
    return is_any(
        word,
        {"dev",      "develop",    "development",  "local",    "localhost", "test",      "tests",      "testing",
         "e2e",      "it",         "integration",  "ci",       "reset",     "fresh",     "seed",       "preview",
         "previews", "pr",         "review",       "sandbox",  "demo",      "example",   "examples",   "playground",
         "cypress",  "playwright", "jest",         "vitest",   "storybook", "lint",      "check",      "checks",
         "bench",    "benchmark",  "staging",      "stage",    "docs",      "studio",    "setup",      "bootstrap",
         "fixture",  "fixtures",   "devcontainer", "validate", "verify",    "typecheck", "unit",       "smoke",
         "pretest",  "posttest",   "predev",       "nuke",     "clean",     "init",      "quickstart", "qa"});
  });
}

bool is_for_users(std::string_view name) {
  return std::ranges::any_of(words_of(name), [](const std::string& word) {
    return is_any(word, {"prod", "production", "live", "deploy", "deployment", "deploys", "release", "publish", "cd"});
  });
}

Act act_of(const Command& command) {
  const Words& words = command.words;
  if (words.empty()) return {};
  const std::string_view first = program(words.front());
  if (first == "git") {
    const bool to_host = std::ranges::any_of(words, [](const std::string& word) {
      return word.find("heroku") != std::string::npos || word.find("dokku") != std::string::npos;
    });
    if (words.size() > 2 && words[1] == "push" && to_host) return {Does::deploys, "git push", true};
    return {};
  }
  if (first == "curl" || first == "wget") {
    for (const std::string& word : words)
      for (const std::string_view hook : {"api.render.com/deploy", "deploy_hook", "DEPLOY_HOOK", "deploy-hook"})
        if (word.find(hook) != std::string::npos) return {Does::deploys, "the deploy hook", false};
    return {};
  }
  if (is_any(first, talkers)) return {};
  const bool adds_package = words.size() > 1 && is_any(first, {"npm", "pnpm", "yarn", "bun", "go", "cargo", "gem"}) &&
                            is_any(words[1], {"i", "install", "add", "get", "ci", "remove"});
  if (adds_package) return {};

  const std::size_t self = skip_wrappers(words);
  const bool carried = is_any(first, carriers);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view tool = program(words[i]);
    const bool leads = i == self || i == 0 || words[i - 1] == "--" || (carried && i > 1 && !is_flag(words[i]));
    for (const Known& one : known) {
      if (tool != one.tool || (one.leads && !leads) || !follows(words, i, one)) continue;
      // A deploy of what is called a migration is the job that runs it.
      if (one.does == Does::deploys && mentions_migration(words)) return {Does::migrates, named(one).what, false};
      const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
      if (tool == "vercel" && one.first == "--prod" &&
          (has("build") || has("pull") || has("env") || has("alias") || has("link") || has("promote")))
        return {};
      if (one.does == Does::pushes && tool == "atlas" && std::ranges::find(words, "--dry-run") != words.end())
        return {};
      if (one.tool == "supabase" && one.does == Does::makes_database &&
          std::ranges::any_of(
              words, [](const std::string& word) { return word == "--linked" || word.starts_with("--db-url"); }))
        return {};
      return named(one);
    }
  }
  for (const std::string& word : words) {
    // sequelize.sync({ force: true }) in a line of code
    const std::size_t call = word.find(".sync(");
    if (call == std::string::npos) continue;
    const std::string_view rest = std::string_view(word).substr(call);
    if (rest.find("force") != std::string_view::npos || rest.find("alter") != std::string_view::npos)
      return {Does::pushes, "sync()", true};
  }
  if (is_any(first, {"docker", "docker-compose", "podman"})) {
    const bool compose = first == "docker-compose" || (words.size() > 1 && words[1] == "compose");
    const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
    if (compose && has("up")) return {command.remote ? Does::deploys : Does::makes_database, "docker compose up", true};
    if (has("run") && std::ranges::any_of(words, [](const std::string& word) {
          return word.find("postgres") != std::string::npos || word.find("postgis") != std::string::npos;
        }))
      return {Does::makes_database, "docker run", true};
    if (!has("run") && !has("exec")) return {};
  }
  if (carried && mentions_migration(words)) return {Does::migrates, std::string(first) + " … migrate", false};
  // A program or a file of one's own, by its name: bin/migrate, tsx scripts/migrate.ts.
  const std::string_view own = program(words[self]);
  const bool is_file = words[self].find('/') != std::string::npos || is_code_file(own) || self > 0;
  if (is_file && is_called_migration(own)) return {Does::migrates, std::string(own), false};
  return {};
}

Act act_of_action(std::string_view uses) {
  const std::string_view name = uses.substr(0, uses.find('@'));
  for (const KnownAction& one : actions)
    if (name.starts_with(one.name)) return {one.does, std::string(name), true};
  return {};
}

std::optional<Call> call_of(const Command& command) {
  const Words& words = command.words;
  if (words.empty()) return std::nullopt;
  std::size_t at = 0;
  const auto word = [&]() -> std::string_view { return at < words.size() ? std::string_view(words[at]) : ""; };
  const std::string_view first = program(words.front());
  // Files with commands.
  if (first.ends_with(".sh") && !is_any(first, {"wait-for-it.sh"})) return Call{ScriptKind::shell, {words.front()}, {}};
  if (is_any(first, {"sh", "bash", "zsh", "dash", "source", "."}) && words.size() > 1) {
    for (std::size_t i = 1; i < words.size(); ++i)
      if (!is_flag(words[i])) return Call{ScriptKind::shell, {words[i]}, {}};
    return std::nullopt;
  }
  while (at + 1 < words.size()) {
    const std::string_view wrapper = program(words[at]);
    if (!is_any(wrapper, {"cross-env", "env", "dotenv", "dotenvx", "doppler", "infisical", "op", "time", "npx", "bunx",
                          "tini", "dumb-init", "timeout", "sudo"}))
      break;
    ++at;
    while (at < words.size() && (is_flag(words[at]) || words[at] == "run" || words[at].find('=') != std::string::npos ||
                                 words[at].starts_with(".env")))
      ++at;
  }
  const std::string tool(program(word()));
  Call call;
  if (tool == "make") {
    call.kind = ScriptKind::make;
    for (++at; at < words.size(); ++at) {
      if (word() == "-C" && at + 1 < words.size())
        call.in = words[++at];
      else if (!is_flag(word()) && word().find('=') == std::string_view::npos)
        call.names.push_back(words[at]);
    }
    return call;
  }
  if (tool == "node" && at + 2 < words.size() && words[at + 1] == "--run")
    return Call{ScriptKind::package, {words[at + 2]}, {}};
  if (is_any(tool, {"run-s", "run-p", "npm-run-all"})) {
    for (++at; at < words.size(); ++at)
      if (!is_flag(word())) call.names.push_back(words[at]);
    return call;
  }
  if (!is_any(tool, {"npm", "pnpm", "yarn", "bun", "turbo", "nx", "lerna", "rush"})) return std::nullopt;
  bool explicit_run = tool == "turbo" || tool == "nx";
  for (++at; at < words.size(); ++at) {
    if (is_any(word(),
               {"--filter", "-F", "--workspace", "-w", "--prefix", "-C", "--dir", "--cwd", "workspace", "--scope"}) &&
        at + 1 < words.size()) {
      // pnpm's -w and yarn's -w name nothing.
      if (word() == "-w" && tool != "npm") continue;
      call.in = words[++at];
    } else if (const std::size_t equals = word().find('='); is_flag(word())) {
      const std::string_view flag = word().substr(0, equals);
      if (equals != std::string_view::npos &&
          is_any(flag, {"--filter", "--workspace", "--prefix", "--dir", "--cwd", "--scope"}))
        call.in = word().substr(equals + 1);
      if (word() == "--") break;
    } else if (is_any(word(), {"run", "run-script"})) {
      explicit_run = true;
    } else if (is_any(word(), {"exec", "dlx", "x"})) {
      return std::nullopt;
    } else {
      if (tool == "npm" && !explicit_run && !is_any(word(), {"start", "test", "stop", "restart"})) return std::nullopt;
      if (tool == "nx" && word().find(':') != std::string_view::npos) {
        call.in = word().substr(0, word().find(':'));
        call.names.emplace_back(word().substr(word().find(':') + 1));
      } else if (tool == "turbo" && word().find('#') != std::string_view::npos) {
        call.names.emplace_back(word().substr(word().find('#') + 1));
      } else {
        call.names.emplace_back(word());
      }
      if (tool != "turbo") break;
    }
  }
  if (call.names.empty()) return std::nullopt;
  // --filter ./packages/db, --filter db...
  const std::size_t begin = call.in.find_first_not_of("./");
  call.in = begin == std::string::npos ? "" : call.in.substr(begin, call.in.find_last_not_of("./") - begin + 1);
  return call;
}

bool may_matter(std::string_view text) {
  constexpr std::array words = std::to_array<std::string_view>(
      {"migrat",  "Migrat",    "drizzle-kit", "prisma",   "db push", "db:push", "sequelize", "typeorm", "mikro-orm",
       "flyway",  "liquibase", "goose",       "dbmate",   "sqlx",    "diesel",  "refinery",  "atlas",   "sqitch",
       "alembic", "flask db",  "doctrine",    "supabase", "hasura",  "pglint",  ".sync("});
  return std::ranges::any_of(words, [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

}  // namespace pglint::delivery
