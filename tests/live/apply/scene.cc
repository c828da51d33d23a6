#include "scene.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/golden.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves its declaration to us

namespace pglint::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* model = R"(
CREATE TABLE regions (id bigint PRIMARY KEY);
INSERT INTO regions SELECT generate_series(1, 10);
CREATE TABLE tenant_accounts (
  id varchar(26) PRIMARY KEY,
  legacy_email text,
  plan text DEFAULT 'free',
  region_id bigint,
  CONSTRAINT ta_email_u UNIQUE (legacy_email)
);
INSERT INTO tenant_accounts SELECT lpad(g::text, 26, '0'), 'u' || g || '@example.org', 'free', 1 + g % 10
FROM generate_series(1, 2000) g;
ANALYZE;
)";

}  // namespace

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Child::Child(const std::vector<std::string>& arguments, const Environment& environment) {
  static int number = 0;
  output_ = (fs::temp_directory_path() / fmt::format("pglint-apply-{}-{}", ::getpid(), number++)).string();
  std::vector<std::string> all = {PGLINT_EXECUTOR};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& argument : all) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  // Before the fork: it is there even where the child is killed before it does anything.
  const int file = ::open(output_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  pid_ = ::fork();
  if (pid_ != 0) ::close(file);
  REQUIRE(pid_ >= 0);
  if (pid_ > 0) return;
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  ::dup2(file, STDOUT_FILENO);
  ::dup2(file, STDERR_FILENO);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  fs::remove(output_, ignored);
}

void Child::signal(int number) const { ::kill(pid_, number); }

Finished Child::wait() {
  const auto begun = steady_clock::now();
  int status = 0;
  for (;;) {
    const ::pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) break;
    REQUIRE(ended == 0);
    REQUIRE_MESSAGE(steady_clock::now() - begun < std::chrono::minutes(1), read_file(output_));
    std::this_thread::sleep_for(milliseconds(5));
  }
  pid_ = -1;
  return {
      .status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), .out = read_file(output_), .err = ""};
}

ScratchServer& server() {
  static ScratchServer scratch("apply", {"archive_mode=on", "archive_command=true"});
  return scratch;
}

std::string rename_plan() {
  std::string yaml = read_file(std::string(PGLINT_TESTDATA) + "/plans/rename.yml");
  for (std::size_t at = yaml.find("pause_ms: 50"); at != std::string::npos; at = yaml.find("pause_ms: 50"))
    yaml.replace(at, 12, "pause_ms: 0");
  return yaml;
}

Scene::Scene() {
  static bool made = false;
  static int number = 0;
  if (!made) {
    REQUIRE(server().psql("postgres", {"-c", "CREATE DATABASE model"}).status == 0);
    const Finished finished = server().psql("model", {"-c", model});
    REQUIRE_MESSAGE(finished.status == 0, finished.err);
    made = true;
  }
  database_ = fmt::format("d{}", number++);
  REQUIRE(server().psql("postgres", {"-c", fmt::format("CREATE DATABASE {} TEMPLATE model", database_)}).status == 0);
  std::string name = (fs::temp_directory_path() / "pglint-scene-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  folder_ = name;
  plan_path_ = folder_ + "/plan.yml";
  plan(rename_plan());
}

Scene::~Scene() {
  static_cast<void>(server().psql("postgres", {"-c", fmt::format("DROP DATABASE {} WITH (FORCE)", database_)}));
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void Scene::plan(const std::string& yaml) const { std::ofstream(plan_path_, std::ios::binary) << yaml; }

std::string Scene::sql(const std::string& text) const {
  Finished finished = server().psql(database_, {"-A", "-t", "-c", text});
  REQUIRE_MESSAGE(finished.status == 0, finished.err);
  while (finished.out.ends_with('\n')) finished.out.pop_back();
  return finished.out;
}

std::vector<std::string> Scene::run_arguments(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = {"run", "--plan", plan_path_};
  if (std::find(more.begin(), more.end(), "--lock-budget") == more.end())
    arguments.insert(arguments.end(), {"--lock-budget", "20"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Environment Scene::environment() const { return {{"PGLINT_DATABASE_URL", dsn()}}; }

Finished Scene::apply(const std::vector<std::string>& arguments, const Environment& more) const {
  Environment all = environment();
  all.insert(all.end(), more.begin(), more.end());
  return Child(arguments, all).wait();
}

Finished Scene::run(const std::vector<std::string>& more, const Environment& environment) const {
  return apply(run_arguments(more), environment);
}

std::string Scene::state() const {
  const auto dumped = pglint::run({"pg_dump", "--schema-only", "--exclude-schema=pglint", "-d", dsn()});
  REQUIRE(dumped);
  REQUIRE_MESSAGE(dumped->status == 0, dumped->err);
  std::vector<std::string> lines;
  std::istringstream in(dumped->out);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with("--") || line.starts_with("\\")) continue;
    if (line.ends_with(',')) line.pop_back();  // of columns, whose order is nobody's
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out +
         sql("SELECT md5(string_agg(j, ',' ORDER BY j)) FROM (SELECT to_jsonb(t)::text j FROM tenant_accounts t) r");
}

void Scene::wait_until(const std::string& query) const {
  const auto begun = steady_clock::now();
  while (sql(query) != "t") {
    REQUIRE_MESSAGE(steady_clock::now() - begun < std::chrono::seconds(30), query);
    std::this_thread::sleep_for(milliseconds(20));
  }
}

namespace {
Conversation start_psql(const Scene& scene, const std::string& name) {
  auto started = Conversation::start({"psql", "-X", "-q", "-A", "-t", "-d", scene.dsn()}, {{"PGAPPNAME", name}});
  REQUIRE(started);
  return std::move(*started);
}
}  // namespace

Psql::Psql(const Scene& scene, const std::string& name) : conversation_(start_psql(scene, name)) {}

void Psql::send(const std::string& sql) {
  REQUIRE(conversation_.send(sql + ";\n\\echo done\n"));
  std::string line;
  while (conversation_.read_line(line))
    if (line == "done") return;
  FAIL("psql ended");
}

}  // namespace pglint::test
