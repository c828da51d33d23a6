// What pglint says about transactions, beside what a server sees when the real tool runs the same files: generated
// histories whose statements write down the transaction that they are in. The groups have to be the same.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/replay.h"
#include "skip.h"
#include "source/project.h"
#include "support/scratch_server.h"

using namespace pglint;
namespace fs = std::filesystem;

namespace {

constexpr int histories = 4;  // of each kind

const test::ScratchServer& server() {
  static const test::ScratchServer the_server("runners");
  return the_server;
}

// Statements by their numbers, in groups: one transaction each, in the order of their first statements.
using Groups = std::vector<std::vector<int>>;

std::string shown(const Groups& groups) {
  std::string text;
  for (const std::vector<int>& group : groups) text += fmt::format("[{}] ", fmt::join(group, " "));
  return text;
}

Groups groups_of(const std::map<int, std::string>& transactions) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<int>> members;
  for (const auto& [number, transaction] : transactions) {
    if (!members.contains(transaction)) order.push_back(transaction);
    members[transaction].push_back(number);
  }
  Groups groups;
  for (const std::string& transaction : order) groups.push_back(members[transaction]);
  return groups;
}

constexpr std::string_view statement_start = "INSERT INTO trace VALUES (";

class Numbers final : public lint::Observer {
 public:
  std::map<int, std::string> transactions;
  std::vector<std::string> errors;

  void begin_file(const source::Project& /*project*/, const source::Migration& migration) override {
    text_ = migration.sql();
  }
  void syntax_error(const pg::Parsed& parsed) override { errors.push_back(parsed.error->message); }
  void statement(const lint::Moment& moment) override {
    const std::string_view sql = text_.substr(moment.parsed.span.begin, moment.parsed.span.size());
    const std::size_t at = sql.find(statement_start);
    if (at == std::string_view::npos) return;
    int number = 0;
    const std::string_view digits = sql.substr(at + statement_start.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    transactions[number] = std::to_string(moment.transaction.id);
  }

 private:
  std::string_view text_;
};

// What pglint says, all that it reads being pending.
Groups told(const source::SourceOptions& options) {
  auto sources = source::read_sources(options, source::disk());
  REQUIRE(sources.has_value());
  for (const Failure& failure : sources->failures) FAIL(failure.path << ": " << failure.message);
  REQUIRE(sources->projects.size() == 1);
  source::Project& project = sources->projects[0];
  project.pending_known = true;
  Numbers numbers;
  lint::replay(project, {}, numbers);
  CHECK(numbers.errors.empty());
  return groups_of(numbers.transactions);
}

Groups told(const fs::path& folder) {
  source::SourceOptions options;
  options.paths = {folder.string()};
  return told(options);
}

// A database with the table that the statements write to, and a folder for the files.
class Scene {
 public:
  explicit Scene(const std::string& name) : name_("r_" + name), folder_(fs::current_path() / ("runners-" + name)) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    psql("postgres", "DROP DATABASE IF EXISTS " + name_);
    psql("postgres", "CREATE DATABASE " + name_);
    psql(name_, "CREATE TABLE trace (n int, tx text DEFAULT pg_current_xact_id()::text)");
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    static_cast<void>(server().psql("postgres", {"-c", "DROP DATABASE IF EXISTS " + name_}));
  }

  [[nodiscard]] const fs::path& folder() const { return folder_; }
  [[nodiscard]] const std::string& database() const { return name_; }
  [[nodiscard]] std::string dsn() const { return server().dsn(name_); }

  void write(const std::string& file, const std::string& text) const {
    const fs::path path = folder_ / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  Finished run_tool(const std::vector<std::string>& command) const {
    std::vector<std::string> all = {"env", "-C", folder_.string()};
    all.insert(all.end(), command.begin(), command.end());
    auto finished = run(all, {{"DATABASE_URL", dsn()}, {"NO_COLOR", "1"}});
    REQUIRE(finished.has_value());
    INFO(fmt::format("{}", fmt::join(command, " ")) << "\n" << finished->out << finished->err);
    REQUIRE(finished->status == 0);
    return std::move(*finished);
  }

  // What the server saw.
  [[nodiscard]] Groups seen() const {
    const Finished finished = server().psql(name_, {"-A", "-t", "-c", "SELECT n || ' ' || tx FROM trace ORDER BY n"});
    REQUIRE(finished.status == 0);
    std::map<int, std::string> transactions;
    std::string_view rest = finished.out;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      const std::size_t space = line.find(' ');
      if (space == std::string_view::npos) continue;
      int number = 0;
      std::from_chars(line.data(), line.data() + space, number);
      transactions[number] = line.substr(space + 1);
    }
    return groups_of(transactions);
  }

 private:
  static void psql(const std::string& database, const std::string& sql) {
    const Finished finished = server().psql(database, {"-c", sql});
    REQUIRE_MESSAGE(finished.status == 0, finished.err);
  }

  std::string name_;
  fs::path folder_;
};

// One to three files; runs of statements, some of them in a transaction of the file's own.
struct File {
  std::vector<std::string> statements;
  bool own_transaction = false;  // one of them is BEGIN
  bool outside = false;          // the file asks for no transaction
};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  int up_to(int most) { return std::uniform_int_distribution<int>(1, most)(engine_); }
  bool maybe() { return up_to(2) == 1; }

  // `transactions`: files may have a BEGIN and a COMMIT of their own.
  std::vector<File> files(bool transactions) {
    std::vector<File> list(static_cast<std::size_t>(up_to(3)));
    for (File& file : list) {
      file.outside = maybe();
      file.own_transaction = transactions && maybe();
      add(file);
      if (!file.own_transaction) continue;
      file.statements.emplace_back("BEGIN");
      add(file);
      file.statements.emplace_back("COMMIT");
      if (maybe()) add(file);
    }
    return list;
  }

 private:
  void add(File& file) {
    for (int i = up_to(3); i > 0; --i) file.statements.push_back(fmt::format("{}{})", statement_start, ++number_));
  }

  std::mt19937 engine_;
  int number_ = 0;
};

std::string lines(const File& file) { return fmt::format("{};\n", fmt::join(file.statements, ";\n")); }

// A history for each seed, run by `use`, which gets a scene and the files, and returns what pglint says.
template <class F>
void compare(const std::string& name, bool transactions, F&& use) {
  if (!server().missing().empty()) return test::skip(test::Missing::tool, server().missing());
  for (unsigned seed = 1; seed <= histories; ++seed) {
    CAPTURE(seed);
    const Scene scene(fmt::format("{}_{}", name, seed));
    Random random(seed);
    const std::vector<File> files = random.files(transactions);
    std::string texts;
    for (const File& file : files) texts += lines(file) + (file.outside ? "(outside)\n" : "\n");
    CAPTURE(texts);
    const Groups says = use(scene, files);
    CHECK(!says.empty());
    CHECK(shown(says) == shown(scene.seen()));
  }
}

std::string npm_tool(const std::string& path) { return std::string(PGLINT_NPM) + "/node_modules/" + path; }

bool has_program(const std::string& name) {
  const auto found = run({"sh", "-c", "command -v " + name});
  return found && found->status == 0;
}

}  // namespace

TEST_CASE("dbmate: a transaction for each file, or one query") {
  const std::string dbmate = npm_tool("@dbmate/linux-x64/bin/dbmate");
  if (!fs::exists(dbmate)) return test::skip(test::Missing::tool, "dbmate has no binary for this machine here");
  compare("dbmate", false, [&](const Scene& scene, const std::vector<File>& files) {
    for (std::size_t i = 0; i < files.size(); ++i)
      scene.write(fmt::format("db/migrations/{}_x.sql", 8 + i),
                  fmt::format("-- migrate:up{}\n{}\n-- migrate:down\n", files[i].outside ? " transaction:false" : "",
                              lines(files[i])));
    std::string url = scene.dsn();
    scene.run_tool({dbmate, "--url", url + (url.find('?') == std::string::npos ? "?" : "&") + "sslmode=disable",
                    "--no-dump-schema", "migrate"});
    return told(scene.folder() / "db/migrations");
  });
}

TEST_CASE("node-pg-migrate: one transaction over all") {
  const std::string tool = npm_tool("node-pg-migrate/bin/node-pg-migrate.js");
  if (!fs::exists(tool)) return test::skip(test::Missing::tool, "node-pg-migrate is not installed");
  compare("node_pg", false, [&](const Scene& scene, const std::vector<File>& files) {
    scene.write("package.json", R"({"dependencies": {"node-pg-migrate": "8.0.4"}})");
    for (std::size_t i = 0; i < files.size(); ++i)
      scene.write(fmt::format("migrations/170000000000{}_x.sql", i),
                  fmt::format("-- Up Migration\n{}-- Down Migration\nDROP TABLE trace;\n", lines(files[i])));
    scene.run_tool({"node", tool, "up", "-m", "migrations"});
    return told(scene.folder() / "migrations");
  });
}

TEST_CASE("drizzle-kit 0.x: one transaction over all") {
  const std::string kit = npm_tool("drizzle-kit/bin.cjs");
  if (!fs::exists(kit)) return test::skip(test::Missing::tool, "drizzle-kit is not installed");
  compare("drizzle", false, [&](const Scene& scene, const std::vector<File>& files) {
    fs::create_directory_symlink(npm_tool(""), scene.folder() / "node_modules");
    scene.write("drizzle.config.json",
                R"({"dialect": "postgresql", "out": "./drizzle", "dbCredentials": {"url": ")" + scene.dsn() + "\"}}");
    std::string entries;
    for (std::size_t i = 0; i < files.size(); ++i) {
      scene.write(
          fmt::format("drizzle/000{}_x.sql", i),
          fmt::format("{}", fmt::join(files[i].statements, files[i].outside ? ";--> statement-breakpoint\n" : ";\n")));
      entries += fmt::format(R"({}{{"idx": {}, "version": "7", "when": {}, "tag": "000{}_x", "breakpoints": true}})",
                             i == 0 ? "" : ", ", i, 1700000000000 + i, i);
    }
    scene.write("drizzle/meta/_journal.json",
                R"({"version": "7", "dialect": "postgresql", "entries": [)" + entries + "]}");
    scene.run_tool({"node", kit, "migrate"});
    return told(scene.folder() / "drizzle");
  });
}

TEST_CASE("drizzle-kit v1: one transaction over all") {
  const std::string kit = std::string(PGLINT_NPM) + "/drizzle-v1/node_modules/drizzle-kit/bin.cjs";
  if (!fs::exists(kit)) return test::skip(test::Missing::tool, "drizzle-kit v1 is not installed");
  compare("drizzle_v1", false, [&](const Scene& scene, const std::vector<File>& files) {
    fs::create_directory_symlink(std::string(PGLINT_NPM) + "/drizzle-v1/node_modules", scene.folder() / "node_modules");
    scene.write(
        "drizzle.config.ts",
        fmt::format("export default {{ dialect: 'postgresql', out: './drizzle', dbCredentials: {{ url: '{}' }} }};\n",
                    scene.dsn()));
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string folder = fmt::format("drizzle/2026010100000{}_x/", i);
      scene.write(
          folder + "migration.sql",
          fmt::format("{}", fmt::join(files[i].statements, files[i].outside ? ";--> statement-breakpoint\n" : ";\n")));
      scene.write(
          folder + "snapshot.json",
          fmt::format(R"({{"version": "8", "dialect": "postgres", "id": "0000000{}-0000-4000-8000-000000000000",)"
                      R"( "prevIds": [], "ddl": [], "renames": []}})",
                      i));
    }
    scene.run_tool({"node", kit, "migrate"});
    return told(scene.folder() / "drizzle");
  });
}

TEST_CASE("sqitch: psql runs each script as it is") {
  if (!has_program("sqitch")) return test::skip(test::Missing::tool, "sqitch is not installed");
  compare("sqitch", true, [&](const Scene& scene, const std::vector<File>& files) {
    scene.write("sqitch.conf", "[core]\n\tengine = pg\n[user]\n\tname = Test\n\temail = test@example.org\n");
    std::string plan = "%syntax-version=1.0.0\n%project=x\n\n";
    for (std::size_t i = 0; i < files.size(); ++i) {
      plan += fmt::format("c{} 2026-01-01T00:00:0{}Z Test <test@example.org> # x\n", 9 - i, i);
      scene.write(fmt::format("deploy/c{}.sql", 9 - i), lines(files[i]));
    }
    scene.write("sqitch.plan", plan);
    const std::string dsn = scene.dsn();
    scene.run_tool({"sqitch", "deploy", "db:pg:" + dsn.substr(dsn.find("//"))});
    return told(scene.folder());
  });
}

TEST_CASE("psql: each statement by itself, and what stands between BEGIN and COMMIT") {
  compare("psql", true, [&](const Scene& scene, const std::vector<File>& files) {
    std::vector<std::string> arguments;
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string file = fmt::format("sql/{}.sql", i);
      scene.write(file, lines(files[i]));
      arguments.insert(arguments.end(), {"-f", (scene.folder() / file).string()});
    }
    const Finished finished = server().psql(scene.database(), arguments);
    REQUIRE_MESSAGE(finished.status == 0, finished.err);
    return told(scene.folder() / "sql");
  });
}

TEST_CASE("Django: what sqlmigrate prints stands for what migrate does") {
  const auto django = run({"/usr/bin/python3", "-c", "import django, psycopg2"});
  if (!django || django->status != 0) return test::skip(test::Missing::tool, "Django or psycopg2 is not installed");
  compare("django", false, [&](const Scene& scene, const std::vector<File>& files) {
    scene.write("settings.py", fmt::format("import os\nSECRET_KEY = 'x'\nINSTALLED_APPS = ['app']\nUSE_TZ = True\n"
                                           "DATABASES = {{'default': {{'ENGINE': 'django.db.backends.postgresql', "
                                           "'NAME': '{}', 'HOST': os.environ['SOCKET'], 'USER': os.environ['ROLE'], "
                                           "'PORT': os.environ.get('SERVER_PORT', '')}}}}\n",
                                           scene.database()));
    scene.write("app/__init__.py", "");
    scene.write("app/migrations/__init__.py", "");
    source::SourceOptions options;
    options.paths = {"-"};
    std::vector<std::string> names;
    for (std::size_t i = 0; i < files.size(); ++i) {
      names.push_back(fmt::format("000{}_x", i + 1));
      std::string operations;
      for (const std::string& one : files[i].statements)
        operations += fmt::format("        migrations.RunSQL(\"{}\"),\n", one);
      scene.write(fmt::format("app/migrations/{}.py", names.back()),
                  fmt::format("from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
                              "    atomic = {}\n    dependencies = [{}]\n    operations = [\n{}    ]\n",
                              files[i].outside ? "False" : "True",
                              i == 0 ? "" : fmt::format("('app', '{}')", names[i - 1]), operations));
    }
    // Django wants the parts of the connection.
    const Finished parts = server().psql(scene.database(), {"-A", "-t", "-c",
                                                            "SELECT current_setting('unix_socket_directories'), "
                                                            "current_user, current_setting('port')"});
    REQUIRE(parts.status == 0);
    const std::string said = parts.out.substr(0, parts.out.find('\n'));
    const std::size_t first = said.find('|');
    const std::size_t second = said.find('|', first + 1);
    const std::vector<std::string> manage = {"env",
                                             "SOCKET=" + said.substr(0, first),
                                             "ROLE=" + said.substr(first + 1, second - first - 1),
                                             "SERVER_PORT=" + said.substr(second + 1),
                                             "DJANGO_SETTINGS_MODULE=settings",
                                             "PYTHONPATH=.",
                                             "PYTHONDONTWRITEBYTECODE=1",
                                             "/usr/bin/python3",
                                             "-m",
                                             "django"};
    for (const std::string& name : names) {
      std::vector<std::string> command = manage;
      command.insert(command.end(), {"sqlmigrate", "app", name});
      options.stdin_text += scene.run_tool(command).out;
    }
    std::vector<std::string> command = manage;
    command.insert(command.end(), {"migrate", "-v", "0"});
    scene.run_tool(command);
    return told(options);
  });
}

TEST_CASE("Alembic: what upgrade --sql prints stands for what upgrade does") {
  if (!has_program("alembic")) return test::skip(test::Missing::tool, "alembic is not installed");
  compare("alembic", false, [&](const Scene& scene, const std::vector<File>& files) {
    scene.write("alembic.ini", "[alembic]\nscript_location = scripts\n");
    scene.write("scripts/env.py",
                "import os\n"
                "from alembic import context\nfrom sqlalchemy import create_engine\n"
                "url = os.environ['DATABASE_URL'].replace('postgres://', 'postgresql://')\n"
                "if context.is_offline_mode():\n"
                "    context.configure(url=url, literal_binds=True)\n"
                "    with context.begin_transaction():\n        context.run_migrations()\n"
                "else:\n"
                "    with create_engine(url).connect() as connection:\n"
                "        context.configure(connection=connection)\n"
                "        with context.begin_transaction():\n            context.run_migrations()\n");
    std::string before = "None";
    for (std::size_t i = 0; i < files.size(); ++i) {
      std::string body;
      const std::string indent = files[i].outside ? "        " : "    ";
      if (files[i].outside) body += "    with op.get_context().autocommit_block():\n";
      for (const std::string& one : files[i].statements) body += fmt::format("{}op.execute(\"{}\")\n", indent, one);
      scene.write(fmt::format("scripts/versions/r{}.py", i),
                  fmt::format("from alembic import op\nrevision = 'r{}'\ndown_revision = {}\n\n\ndef upgrade():\n{}", i,
                              before, body));
      before = fmt::format("'r{}'", i);
    }
    source::SourceOptions options;
    options.paths = {"-"};
    options.stdin_text = scene.run_tool({"alembic", "upgrade", "head", "--sql"}).out;
    scene.run_tool({"alembic", "upgrade", "head"});
    return told(options);
  });
}
