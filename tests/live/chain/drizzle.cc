#include "live/chain/drizzle.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

namespace fs = std::filesystem;

namespace pglint::test::chain {
namespace {

constexpr const char* kit_name = "drizzle-kit";  // to the server

// The packages of the version that has the layout.
std::string tools(Layout layout) {
  return layout == Layout::journal ? PGLINT_NPM "/node_modules" : PGLINT_NPM "/drizzle-v1/node_modules";
}

// Lines of the server's log begin with the client's name, which tells who was refused what.
void name_clients_in_log(const ScratchServer& server) {
  const Finished named = server.psql(
      "postgres", {"-c", "ALTER SYSTEM SET log_line_prefix = '%a '", "-c", "SELECT pg_catalog.pg_reload_conf()"});
  REQUIRE_MESSAGE(named.status == 0, named.err);
}

const std::string& log_path() {
  static const std::string path = sql("postgres", "SHOW unix_socket_directories") + "/log";
  return path;
}

std::string log_size() { return sql("postgres", fmt::format("SELECT size FROM pg_stat_file('{}')", log_path())); }

// The last error that drizzle-kit got since the log had that size.
std::string last_error(const std::string& since) {
  const std::string log = sql("postgres", fmt::format("SELECT pg_read_file('{}', {}, 100000000)", log_path(), since));
  std::istringstream stream(log);
  std::string last;
  for (std::string line; std::getline(stream, line);)
    if (const std::string start = fmt::format("{} ERROR:  ", kit_name); line.starts_with(start))
      last = line.substr(start.size());
  return last;
}

// Only the first `count` migrations of the journal.
void shorten_journal(const fs::path& path, std::size_t count) {
  auto journal = nlohmann::ordered_json::parse(content(path));
  auto& entries = journal["entries"];
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(count), entries.end());
  write(path, journal.dump(2));
}

void clean(const Project& project) {
  // All of them in one call: what a later file makes good (an index behind a foreign key) is no finding.
  std::vector<std::string> check = {"check"};
  for (const std::string& path : project.migrations()) check.push_back(path);
  const Finished checked = project.pglint(check);
  CHECK_MESSAGE(checked.status == 0, checked.out);
  CHECK_MESSAGE(checked.out.find("No problems") == 0, checked.out);
  const Finished fixed = project.pglint({"fix"});
  CHECK_MESSAGE(fixed.status == 0, (fixed.out + fixed.err));
  CHECK(fixed.out == "Nothing to fix.\n");
  CHECK_FALSE(project.changed());
}

void nothing_to_generate(const Project& project) {
  const Finished checked = project.kit({"check"});
  CHECK_MESSAGE(checked.out.find("Everything's fine") != std::string::npos, (checked.out + checked.err));
  const Finished generated = project.kit({"generate"});
  CHECK_MESSAGE(generated.status == 0, (generated.out + generated.err));
  CHECK_MESSAGE(generated.out.find("No schema changes") != std::string::npos, generated.out);
  CHECK_FALSE(project.changed());
}

void ok(const Finished& finished) { REQUIRE_MESSAGE(finished.status == 0, (finished.out + finished.err)); }

}  // namespace

std::string missing() {
  for (const Layout layout : {Layout::journal, Layout::folders})
    if (!fs::exists(tools(layout) + "/drizzle-kit/bin.cjs")) return "no drizzle-kit: run scripts/npm-tools";
  for (const char* const program : {"node", "git"})
    if (const auto found = run({program, "--version"}); !found || found->status != 0)
      return fmt::format("no {}", program);
  return server().missing();
}

const ScratchServer& server() {
  static const ScratchServer the_server("chain");
  static const bool named = [] {
    if (the_server.missing().empty()) name_clients_in_log(the_server);
    return true;
  }();
  static_cast<void>(named);
  return the_server;
}

std::string sql(const std::string& database, const std::string& query) {
  const Finished finished = server().psql(database, {"-A", "-t", "-c", query});
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  return finished.out.substr(0, finished.out.find_last_not_of('\n') + 1);
}

void create_database(const std::string& name, const std::string& copied_from) {
  const Finished made = server().psql("postgres", {"-c", "DROP DATABASE IF EXISTS " + name, "-c",
                                                   fmt::format("CREATE DATABASE {} TEMPLATE {}", name, copied_from)});
  REQUIRE_MESSAGE(made.status == 0, made.err);
}

std::string content(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  REQUIRE_MESSAGE(stream.good(), path.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

void replace_in(const fs::path& path, std::string_view old, std::string_view text) {
  std::string all = content(path);
  const std::size_t at = all.find(old);
  REQUIRE_MESSAGE(at != std::string::npos, std::string(old));
  all.replace(at, old.size(), text);
  write(path, all);
}

Project::Project(const std::string& name, Layout layout)
    : folder_(fs::current_path() / ("chain-" + name)), layout_(layout) {
  fs::remove_all(folder_);
  fs::copy(fs::path(PGLINT_TESTDATA) / "demo", folder_, fs::copy_options::recursive);
  fs::create_directory_symlink(tools(layout), path("node_modules"));
  write(path(".gitignore"), "node_modules\n");
  git({"init", "-q", "-b", "main"});

  std::vector<std::string> first = {"add", ".gitignore", "drizzle.config.ts", "package.json", "src"};
  const fs::path journal = path("drizzle/meta/_journal.json");
  const std::string whole_journal = content(journal);
  if (layout == Layout::journal) {
    shorten_journal(journal, 1);
    first.insert(first.end(),
                 {"drizzle/0000_init.sql", "drizzle/meta/0000_snapshot.json", "drizzle/meta/_journal.json"});
  } else {
    // As a team does it that changes over.
    ok(kit({"up"}));
    first.push_back(fs::path(migrations().front()).parent_path().string());
  }
  previous_schema();
  git(first);
  git({"commit", "-q", "-m", "Tenants and regions"});
  git({"tag", "released"});

  git({"checkout", "-q", "-b", "contact"});
  if (layout == Layout::journal) write(journal, whole_journal);
  end_state_schema();
  commit("original");
}

Project::Project(const std::string& name, const Project& other)
    : folder_(fs::current_path() / ("chain-" + name)), layout_(other.layout_) {
  fs::remove_all(folder_);
  fs::copy(other.folder_, folder_, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
}

Project::~Project() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<std::string> Project::migrations() const {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(path("drizzle")))
    if (entry.path().extension() == ".sql")
      out.push_back("drizzle/" + entry.path().filename().string());
    else if (fs::exists(entry.path() / "migration.sql"))
      out.push_back("drizzle/" + entry.path().filename().string() + "/migration.sql");
  std::sort(out.begin(), out.end());
  return out;
}

std::string Project::plan() const {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(path(".pglint/plans")))
    out.push_back(".pglint/plans/" + entry.path().filename().string());
  REQUIRE(out.size() == 1);
  return out.front();
}

std::string Project::git(const std::vector<std::string>& arguments) const {
  // Whose repository the build folder is in, and what the user has configured, must not matter.
  std::vector<std::string> all = {"env",
                                  "-u",
                                  "GIT_DIR",
                                  "-u",
                                  "GIT_WORK_TREE",
                                  "-u",
                                  "GIT_INDEX_FILE",
                                  "git",
                                  "-C",
                                  folder_.string(),
                                  "-c",
                                  "user.name=test",
                                  "-c",
                                  "user.email=test@example.org",
                                  "-c",
                                  "commit.gpgsign=false",
                                  "-c",
                                  "core.hooksPath=/dev/null",
                                  "-c",
                                  "advice.detachedHead=false"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const auto finished = run(all);
  REQUIRE(finished.has_value());
  ok(*finished);
  return finished->out;
}

void Project::commit(const std::string& tag) const {
  git({"add", "-A"});
  git({"commit", "-q", "-m", tag});
  git({"tag", tag});
}

Finished Project::pglint(std::vector<std::string> arguments, const std::string& database) const {
  arguments.insert(arguments.begin(), {"env", "-C", folder_.string(), PGLINT_PROGRAM});
  auto finished = run(arguments, {{"PGLINT_DATABASE_URL", database.empty() ? "" : server().dsn(database)}});
  REQUIRE(finished.has_value());
  return std::move(*finished);
}

Finished Project::kit(const std::vector<std::string>& arguments, const std::string& database) const {
  std::vector<std::string> all = {"env", "-C", folder_.string(), "node",
                                  path("node_modules/drizzle-kit/bin.cjs").string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  auto finished = run(
      all,
      {{"DATABASE_URL", database.empty() ? "" : server().dsn(database)}, {"PGAPPNAME", kit_name}, {"NO_COLOR", "1"}});
  REQUIRE(finished.has_value());
  return std::move(*finished);
}

void Project::end_state_schema() const {
  write(path("src/schema.ts"), content(fs::path(PGLINT_TESTDATA) / "demo/src/schema.ts"));
}

void Project::previous_schema() const {
  end_state_schema();
  const fs::path schema = path("src/schema.ts");
  replace_in(schema, R"(primaryContact: text("primary_contact").notNull().unique())",
             R"(legacyEmail: text("legacy_email").unique())");
  replace_in(schema, ".references(() => regions.id)", "");
  replace_in(schema, R"((table) => [index("tenant_accounts_region_id_idx").on(table.regionId)],)", "");
}

namespace {

void make(const Project& project) {
  nothing_to_generate(project);
  ok(project.pglint({"fix", "--quiet"}));
  project.previous_schema();
  project.commit("expand");
  nothing_to_generate(project);
  clean(project);

  ok(project.pglint({"fix", "--next", "--quiet"}));
  project.end_state_schema();
  project.commit("release");
  nothing_to_generate(project);
  clean(project);

  ok(project.pglint({"fix", "--next", "--passed", gate_id, "--quiet"}));
  project.commit("contract");
  nothing_to_generate(project);
  clean(project);
}

}  // namespace

const Project& planned(Layout layout) {
  static std::map<Layout, std::unique_ptr<Project>> all;
  std::unique_ptr<Project>& project = all[layout];
  if (project) return *project;
  project = std::make_unique<Project>(layout == Layout::journal ? "planned" : "planned-v1", layout);
  make(*project);
  return *project;
}

Migrated migrate(const Project& project, const std::string& database, int most_lock_timeouts) {
  Migrated out;
  for (;;) {
    const std::string before = log_size();
    out.done = project.kit({"migrate"}, database).status == 0;
    out.error = out.done ? "" : last_error(before);
    if (out.done || out.error.find("lock timeout") == std::string::npos || ++out.lock_timeouts > most_lock_timeouts)
      return out;
  }
}

std::string_view says(Way way) {
  constexpr std::string_view words[] = {"by the runner", "by --apply, then the runner", "by the runner, then --apply"};
  return words[static_cast<std::size_t>(way)];
}

Migrated carry_out(const Project& project, const std::string& database, Way way, int exit_code,
                   int most_lock_timeouts) {
  const auto apply = [&]() -> std::string {
    const Finished applied = project.pglint({"fix", "--apply", "--plan", project.plan()}, database);
    if (applied.status == exit_code) return {};
    return fmt::format("fix --apply ended with {}, not {}\n{}{}", applied.status, exit_code, applied.out, applied.err);
  };
  Migrated out;
  if (way == Way::executor_first) out.error = apply();
  if (out.error.empty()) out = migrate(project, database, most_lock_timeouts);
  if (way == Way::runner_first && out.done) out.error = apply();
  out.done = out.error.empty();
  return out;
}

std::string pass_gate(const Project& project, const std::string& database) {
  const Finished passed = project.pglint({"pass", gate_id}, database);
  return passed.status == 0 ? "" : "pass: " + passed.out + passed.err;
}

}  // namespace pglint::test::chain
