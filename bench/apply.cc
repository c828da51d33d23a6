// What clients notice of a migration: the original, run in one go as its runner would, beside the plan that
// `pglint fix --apply` executes; and how fast a backfill goes beside a loop that somebody writes by hand.
//
//   bench/apply [ROWS]     a million unless said
//
// The migrations are those of testdata/demo, the server is a throw-away one. Clients read and write single rows at
// fixed times; how long a statement takes counts from when it was due, so that a stall is felt by everything that had
// to wait behind it. They name no column that the migrations change: what fails because a release does not know a
// column is not measured here.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/process.h"

namespace {

namespace fs = std::filesystem;
using pglint::Environment;
using pglint::Finished;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int clients = 4;
constexpr milliseconds every{4};  // a statement of each client
constexpr const char* gate = "primary-contact";
constexpr const char* fill = "fill-primary-contact";

// Ends the bench, but not past its destructors: the server is stopped.
struct Failed {};

std::atomic<bool> stopped = false;
static_assert(std::atomic<bool>::is_always_lock_free);

[[noreturn]] void fail(const std::string& text) {
  std::fprintf(stderr, "bench/apply: %s\n", text.c_str());
  throw Failed{};
}

Finished run(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  auto finished = pglint::run(arguments, environment);
  if (!finished) fail(finished.error().message);
  if (stopped) fail("interrupted");
  return std::move(*finished);
}

void ok(const Finished& finished, const std::string& what, int status = 0) {
  if (finished.status != status)
    fail(fmt::format("{} ended with {}, not {}\n{}{}", what, finished.status, status, finished.out, finished.err));
}

// A server and a folder of this bench's own.
class Scene {
 public:
  Scene() {
    std::string name = (fs::temp_directory_path() / "pglint-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail("no temporary folder");
    folder_ = name;
    Finished started =
        run({script, "start", (folder_ / "server").string(), "max_wal_size=4GB", "shared_buffers=512MB"});
    ok(started, "pg-scratch");
    url_ = started.out.substr(0, started.out.find('\n'));
  }
  ~Scene() {
    static_cast<void>(pglint::run({script, "stop", (folder_ / "server").string()}));
    std::error_code ignored;
    fs::current_path("/", ignored);
    fs::remove_all(folder_, ignored);
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  [[nodiscard]] const fs::path& folder() const { return folder_; }
  [[nodiscard]] std::string url(const std::string& database) const {
    std::string url = url_;
    return url.replace(url.find("/postgres?"), 9, "/" + database);
  }

  std::string psql(const std::string& database, const std::vector<std::string>& arguments) const {
    std::vector<std::string> all = {"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url(database)};
    all.insert(all.end(), arguments.begin(), arguments.end());
    Finished finished = run(all);
    ok(finished, "psql");
    while (finished.out.ends_with('\n')) finished.out.pop_back();
    return finished.out;
  }
  std::string sql(const std::string& database, const std::string& text) const { return psql(database, {"-c", text}); }

  void copy(const std::string& from, const std::string& to) const {
    // Whoever was just there may still be going.
    for (int i = 0; i < 100; ++i) {
      if (sql("postgres", fmt::format("SELECT count(*) FROM pg_stat_activity WHERE datname = '{}'", from)) == "0")
        break;
      std::this_thread::sleep_for(milliseconds(50));
    }
    sql("postgres", fmt::format("CREATE DATABASE {} TEMPLATE {}", to, from));
    sql("postgres", "CHECKPOINT");
  }
  void drop(const std::string& database) const { sql("postgres", "DROP DATABASE " + database + " WITH (FORCE)"); }

 private:
  static constexpr const char* script = PGLINT_SOURCE_DIR "/scripts/pg-scratch";
  fs::path folder_;
  std::string url_;
};

struct Felt {
  std::vector<double> took;  // ms, sorted
  std::size_t failed = 0;

  [[nodiscard]] double longest() const { return took.empty() ? 0 : took.back(); }
  [[nodiscard]] double of(double share) const {
    return took.empty() ? 0 : took[static_cast<std::size_t>(share * static_cast<double>(took.size() - 1))];
  }
};

class Client {
 public:
  Client(const std::string& url, int rows, int number)
      : rows_(rows), random_(static_cast<std::uint32_t>(number)), connection_(PQconnectdb(url.c_str())) {}
  ~Client() { PQfinish(connection_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void work(const std::atomic<bool>& ended) {
    auto due = Clock::now();
    while (!ended) {
      std::this_thread::sleep_until(due);
      const std::string id = fmt::format("{:010}", std::uniform_int_distribution<int>(1, rows_)(random_));
      const char* const values[] = {id.c_str()};
      const bool reads = std::uniform_int_distribution<int>(0, 3)(random_) != 0;
      PGresult* result =
          PQexecParams(connection_,
                       reads ? "SELECT company_name, seats FROM tenant_accounts WHERE id = $1"
                             : "UPDATE tenant_accounts SET seats = seats + 1, updated_at = now() WHERE id = $1",
                       1, nullptr, values, nullptr, nullptr, 0);
      const ExecStatusType status = PQresultStatus(result);
      PQclear(result);
      if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) ++felt_.failed;
      felt_.took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - due).count());
      due += every;
    }
  }

  [[nodiscard]] const Felt& felt() const { return felt_; }

 private:
  int rows_;
  std::mt19937 random_;
  PGconn* connection_;
  Felt felt_;
};

// What clients feel while `work` is done, and a moment before and behind it.
template <class F>
Felt beside(const std::string& url, int rows, F&& work) {
  std::vector<std::unique_ptr<Client>> all;
  std::vector<std::thread> threads;
  std::atomic<bool> ended = false;
  for (int i = 0; i < clients; ++i) {
    all.push_back(std::make_unique<Client>(url, rows, i));
    threads.emplace_back([&ended, client = all.back().get()] { client->work(ended); });
  }
  bool failed = false;
  try {
    std::this_thread::sleep_for(milliseconds(500));
    work();
    std::this_thread::sleep_for(milliseconds(500));
  } catch (const Failed&) {
    failed = true;
  }
  ended = true;
  for (std::thread& thread : threads) thread.join();
  if (failed) throw Failed{};
  Felt felt;
  for (const auto& client : all) {
    felt.took.insert(felt.took.end(), client->felt().took.begin(), client->felt().took.end());
    felt.failed += client->felt().failed;
  }
  std::sort(felt.took.begin(), felt.took.end());
  return felt;
}

template <class F>
double seconds(F&& f) {
  const auto start = Clock::now();
  f();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void print(const char* what, double took, const Felt& felt) {
  fmt::print("{:<24}{:8.1f} s {:12.1f} ms {:12.1f} ms {:10} {:8}\n", what, took, felt.longest(), felt.of(0.99),
             felt.took.size(), felt.failed);
  std::fflush(stdout);
}

void make_model(const Scene& scene, int rows) {
  scene.sql("postgres", "CREATE DATABASE model");
  scene.psql("model", {"-f", "drizzle/0000_init.sql"});
  scene.sql("model", fmt::format("INSERT INTO regions VALUES ('eu', 'Europe'), ('us', 'United States');"
                                 "INSERT INTO tenant_accounts (id, company_name, legacy_email, plan, region_id)"
                                 "SELECT lpad(g::text, 10, '0'), 'Company ' || g, 'mail-' || g || '@example.org',"
                                 "CASE WHEN g % 2 = 0 THEN 'pro' END, CASE WHEN g % 3 = 0 THEN 'us' ELSE 'eu' END "
                                 "FROM generate_series(1, {}) g",
                                 rows));
  scene.sql("model", "VACUUM ANALYZE");
}

// Nothing of ours: a procedure as a database administrator writes it, at a batch size that does not change.
constexpr const char* by_hand = R"(
CREATE PROCEDURE by_hand(batch int) LANGUAGE plpgsql AS $$
DECLARE
  last text := '';
  bound text;
BEGIN
  LOOP
    SELECT max(id) INTO bound FROM (SELECT id FROM tenant_accounts WHERE id > last ORDER BY id LIMIT batch) s;
    EXIT WHEN bound IS NULL;
    UPDATE tenant_accounts SET primary_contact = legacy_email
    WHERE id > last AND id <= bound AND primary_contact IS DISTINCT FROM legacy_email;
    COMMIT;
    last := bound;
  END LOOP;
END
$$)";

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> migrations() {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator("drizzle"))
    if (entry.path().extension() == ".sql" && entry.path().filename() != "0000_init.sql")
      files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

// The one that `pglint fix` wrote.
std::string plan_file() { return fs::directory_iterator(".pglint/plans")->path().string(); }

void what_clients_feel(const Scene& scene, int rows, const std::vector<std::string>& files) {
  fmt::print("{:<24}{:>10} {:>15} {:>15} {:>10} {:>8}\n", "", "took", "longest stall", "p99", "statements", "failed");
  scene.copy("model", "original");
  Felt felt = beside(scene.url("original"), rows, [] { std::this_thread::sleep_for(std::chrono::seconds(5)); });
  print("no migration", 5, felt);

  std::vector<std::string> arguments = {"--single-transaction"};
  for (const std::string& file : files) arguments.insert(arguments.end(), {"-f", file});
  double took = 0;
  felt = beside(scene.url("original"), rows, [&] { took = seconds([&] { scene.psql("original", arguments); }); });
  print("the original", took, felt);
  scene.drop("original");

  scene.copy("model", "phased");
  const Environment environment = {{"PGLINT_DATABASE_URL", scene.url("phased")}};
  felt = beside(scene.url("phased"), rows, [&] {
    took = seconds([&] {
      std::vector<std::string> first = {PGLINT_PROGRAM, "fix", "--apply", "--quiet"};
      first.insert(first.end(), files.begin(), files.end());
      ok(run(first, environment), "pglint fix --apply", 4);
      ok(run({PGLINT_PROGRAM, "fix", "--apply", "--quiet", "--passed", gate, "--plan", plan_file()}, environment),
         "pglint fix --apply --passed");
    });
  });
  print("pglint fix --apply", took, felt);
  scene.drop("phased");
}

struct Filled {
  double seconds = 0;
  std::string batch = {};  // rows of the last one
};

Filled fill_by_pglint(const Scene& scene, const std::string& database, const std::string& plan) {
  ok(run({PGLINT_EXECUTOR, "run", "--plan", plan, "--through", "backfill"},
         {{"PGLINT_DATABASE_URL", scene.url(database)}}),
     "pglint-apply");
  const std::string step = fmt::format(" FROM pglint.step WHERE id = '{}'", fill);
  return {.seconds = std::stod(scene.sql(database, "SELECT extract(epoch FROM done_at - started_at)" + step)),
          .batch = scene.sql(database, "SELECT batch" + step)};
}

void print_rate(const char* what, int rows, double took, const std::string& batch, double beside) {
  fmt::print("{:<24}{:8.1f} s {:12.0f} rows/s   batches of {:<6} {:6.2f} of the loop's time\n", what, took, rows / took,
             batch, took / beside);
  std::fflush(stdout);
}

// Nobody else writes meanwhile. The proof at the end, which reads the whole table, is part of pglint's time.
void how_fast(const Scene& scene, int rows) {
  const std::string plan = plan_file();
  std::string unpaused = read(plan);
  for (std::size_t at = 0; (at = unpaused.find("pause_ms: ", at)) != std::string::npos; at += 11)
    unpaused.replace(at, unpaused.find('\n', at) - at, "pause_ms: 0");
  std::ofstream("unpaused.yml", std::ios::binary) << unpaused;

  const auto on_copy = [&](const std::string& name, auto&& work) {
    scene.copy("model", name);
    ok(run({PGLINT_EXECUTOR, "run", "--plan", plan, "--through", "expand"}, {{"PGLINT_DATABASE_URL", scene.url(name)}}),
       "pglint-apply");
    Filled filled = work(name);
    if (scene.sql(name, "SELECT count(*) FROM tenant_accounts WHERE primary_contact IS DISTINCT FROM legacy_email") !=
        "0")
      fail(name + " left rows");
    scene.drop(name);
    return filled;
  };
  const Filled ours = on_copy("a", [&](const auto& name) { return fill_by_pglint(scene, name, "unpaused.yml"); });
  const Filled loop = on_copy("b", [&](const auto& name) -> Filled {
    scene.sql(name, by_hand);
    return {seconds([&] { scene.sql(name, fmt::format("CALL by_hand({})", ours.batch)); }), ours.batch};
  });
  const Filled paused = on_copy("c", [&](const auto& name) { return fill_by_pglint(scene, name, plan); });
  fmt::print("\nbackfill of one column\n");
  print_rate("a PL/pgSQL loop", rows, loop.seconds, loop.batch, loop.seconds);
  print_rate("pglint, no pauses", rows, ours.seconds, ours.batch, loop.seconds);
  print_rate("pglint, the plan's", rows, paused.seconds, paused.batch, loop.seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const int rows = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  if (rows < 1000) {
    std::fprintf(stderr, "usage: bench/apply [ROWS], 1000 at least\n");
    return 2;
  }
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stopped = true; });
  try {
    const Scene scene;
    fs::copy(fs::path(PGLINT_SOURCE_DIR) / "testdata/demo", scene.folder() / "project", fs::copy_options::recursive);
    fs::current_path(scene.folder() / "project");
    make_model(scene, rows);
    fmt::print("{} rows, {} clients with a statement every {} ms, PostgreSQL {}\n\n", rows, clients, every.count(),
               scene.sql("model", "SHOW server_version"));
    what_clients_feel(scene, rows, migrations());
    how_fast(scene, rows);
  } catch (const Failed&) {
    return 1;
  }
  return 0;
}
