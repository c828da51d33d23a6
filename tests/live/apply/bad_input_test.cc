// What is wrong before anything begins, or breaks in the middle: one line that says what to do, the exit code of its
// kind, and nothing half-written.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "quick.h"
#include "scene.h"
#include "skip.h"
#include "support/golden.h"

using namespace pglint;
using namespace pglint::test;
namespace fs = std::filesystem;

#define NEEDS_SERVER() \
  if (!server().missing().empty()) return skip(Missing::tool, server().missing())

namespace {

// The line that begins with "error: "; it must be the last, and the only one of its kind.
std::string error_of(const Finished& finished, int status) {
  CHECK_MESSAGE(finished.status == status, finished.out << finished.err);
  std::string text = finished.out + finished.err;
  const std::size_t at = text.find("error: ");
  REQUIRE_MESSAGE(at != std::string::npos, text);
  CHECK_MESSAGE((at == 0 || text[at - 1] == '\n'), text);
  CHECK_MESSAGE(text.find('\n', at) == text.size() - 1, text);
  CHECK_MESSAGE(!contains(text, "geheim"), text);
  return text.substr(at, text.size() - at - 1);
}

bool untouched(const Scene& scene) {
  return scene.sql(
             "SELECT to_regclass('pglint.plan') IS NULL AND NOT EXISTS (SELECT FROM pg_attribute WHERE attname = "
             "'primary_contact')") == "t";
}

// A copy of testdata/demo outside of any repository, as its developer sees it before `fix`.
class Demo {
 public:
  Demo() {
    std::string name = (fs::temp_directory_path() / "pglint-demo-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~Demo() {
    std::error_code ignored;
    fs::current_path(back_, ignored);
    fs::remove_all(folder_, ignored);
  }
  Demo(const Demo&) = delete;
  Demo& operator=(const Demo&) = delete;

  [[nodiscard]] const fs::path& folder() const { return folder_; }
  void fill() const {
    fs::copy(fs::path(PGLINT_TESTDATA) / "demo", folder_, fs::copy_options::recursive);
    fs::current_path(folder_);
  }
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder_))
      if (entry.is_regular_file()) all.emplace(entry.path().string(), read_file(entry.path().string()));
    return all;
  }
  [[nodiscard]] static Finished pglint(std::vector<std::string> arguments, const std::string& url) {
    arguments.insert(arguments.begin(), PGLINT_PROGRAM);
    auto finished = run(arguments, {{"PGLINT_DATABASE_URL", url}});
    REQUIRE(finished);
    return std::move(*finished);
  }
  [[nodiscard]] static Finished fix(const std::vector<std::string>& more = {}, const std::string& url = {}) {
    std::vector<std::string> arguments = {"fix", "--quiet"};
    for (const char* name :
         {"0001_primary_contact", "0002_primary_contact_required", "0003_default_plan", "0004_region_reference"})
      arguments.push_back(fmt::format("drizzle/{}.sql", name));
    arguments.insert(arguments.end(), more.begin(), more.end());
    return pglint(arguments, url);
  }

 private:
  fs::path folder_;
  fs::path back_ = fs::current_path();
};

// A file system of so many bytes, for as long as this lives.
class SmallDisk {
 public:
  SmallDisk(fs::path folder, const std::string& bytes, unsigned owner) : folder_(std::move(folder)) {
    const std::string options = fmt::format("size={},uid={},mode=0700", bytes, owner);
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  // False where one may not mount.
  [[nodiscard]] bool is_there() const { return mounted_; }

  // Leaves so many bytes.
  void fill(std::uintmax_t left) const {
    const std::uintmax_t available = fs::space(folder_).available;
    REQUIRE(available > left);
    std::ofstream(folder_ / "filler", std::ios::binary) << std::string(available - left, 'x');
  }
  void empty() const { fs::remove(folder_ / "filler"); }

 private:
  fs::path folder_;
  bool mounted_ = false;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a server that is not there is one line, whichever command asks" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  const std::vector<std::pair<std::string, int>> urls = {
      {"postgresql://u:geheim@/x?host=/nonexistent", 3},
      {"postgresql://u:geheim@127.0.0.1:1/x", 3},
      {"postgresql://u:geheim@nowhere.invalid/x", 3},
      {"postgres//u:geheim@localhost/x=", 2},
      {"postgresql://u:geheim@/x?nonsense=1", 2},
      {replaced(scene.dsn(), "/" + scene.database() + "?", "/gone?password=geheim&"), 3},
  };
  for (const auto& wrong : urls) {
    const std::string& url = wrong.first;
    const int status = wrong.second;
    CAPTURE(url);
    for (const std::vector<std::string>& command : {std::vector<std::string>{"run", "--plan", scene.plan_path()},
                                                    {"status", "--plan", scene.plan_path()},
                                                    {"pass", "primary-contact", "--plan", scene.plan_path()}}) {
      const std::string error = error_of(scene.apply(command, {{"PGLINT_DATABASE_URL", url}}), status);
      CHECK((contains(error, "--database-url") || contains(error, "postgresql://user@host/database")));
    }
  }
}

TEST_CASE("a wrong password is refused by the server, and printed by nobody") {
  NEEDS_SERVER();
  const Scene scene;
  REQUIRE(server()
              .psql("postgres", {"-c",
                                 "SET password_encryption = 'scram-sha-256'; DROP ROLE IF EXISTS locked; CREATE "
                                 "ROLE locked LOGIN PASSWORD 'richtig'",
                                 "-c",
                                 fmt::format("COPY (SELECT unnest(ARRAY['local all locked scram-sha-256', 'local all "
                                             "all trust', 'local replication all trust'])) TO '{}'",
                                             scene.sql("SHOW hba_file")),
                                 "-c", "SELECT pg_reload_conf()"})
              .status == 0);
  const std::string user = replaced(scene.dsn(), "postgres@", "locked@");
  scene.wait_until("SELECT count(*) = 3 FROM pg_hba_file_rules");
  const std::string passwords = scene.folder() + "/passwords";
  std::ofstream(passwords) << "*:*:*:*:geheim\n";
  REQUIRE(::chmod(passwords.c_str(), 0600) == 0);
  const auto said = [&](const Environment& environment) { return error_of(scene.run({}, environment), 3); };
  const std::string with_password = replaced(scene.dsn(), "postgres@", "locked:geheim@");
  // The server reads its file a moment after it was told to.
  for (int i = 0; i < 100 && scene.apply({"status"}, {{"PGLINT_DATABASE_URL", with_password}}).status == 0; ++i)
    ::usleep(20'000);
  CHECK(contains(said({{"PGLINT_DATABASE_URL", with_password}}), "password authentication failed for user \"locked\""));
  CHECK(contains(said({{"PGLINT_DATABASE_URL", user}, {"PGPASSWORD", "geheim"}}), "Check the user, and the password"));
  CHECK(contains(said({{"PGLINT_DATABASE_URL", user}, {"PGPASSFILE", passwords}}), "Check the user, and the password"));
  CHECK(contains(said({{"PGLINT_DATABASE_URL", user}, {"PGPASSFILE", "/nonexistent"}}), "no password supplied"));
  CHECK(untouched(scene));
  const Finished right = scene.apply({"status", "--plan", scene.plan_path()},
                                     {{"PGLINT_DATABASE_URL", replaced(user, "locked@", "locked:richtig@")}});
  CHECK_MESSAGE(right.status == 0, right.out);
  // It may log in, and nothing else.
  const std::string error =
      error_of(scene.run({}, {{"PGLINT_DATABASE_URL", replaced(user, "locked@", "locked:richtig@")}}), 3);
  CHECK(contains(error, "permission denied"));
  CHECK(contains(error, "Connect as the owner of the tables"));
  CHECK(untouched(scene));
  CHECK(server().psql("postgres", {"-c", "DROP ROLE locked"}).status == 0);
}

TEST_CASE("a server that has only one connection left says how many are needed" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  scene.sql(
      "DROP ROLE IF EXISTS single; CREATE ROLE single LOGIN SUPERUSER CONNECTION LIMIT 1; ALTER ROLE single "
      "NOSUPERUSER");
  const std::string error =
      error_of(scene.run({}, {{"PGLINT_DATABASE_URL", replaced(scene.dsn(), "postgres@", "single@")}}), 3);
  CHECK(contains(error, "Two connections are needed"));
  CHECK(untouched(scene));
  scene.sql("DROP ROLE single");
}

TEST_CASE("a standby is refused; of several servers the primary is taken" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  const ScratchServer standby("apply-standby", server());
  if (!standby.missing().empty()) return skip(Missing::tool, standby.missing());
  for (const std::vector<std::string>& command : {std::vector<std::string>{"run", "--plan", scene.plan_path()},
                                                  {"status", "--plan", scene.plan_path()},
                                                  {"pass", "primary-contact", "--plan", scene.plan_path()}}) {
    const std::string error =
        error_of(scene.apply(command, {{"PGLINT_DATABASE_URL", standby.dsn(scene.database())}}), 3);
    CHECK(contains(error, "Name the primary"));
  }
  CHECK(untouched(scene));
  const std::string both = replaced(scene.dsn(), "host=", "host=" + standby.socket_folder() + ",");
  const Finished gate = scene.run({}, {{"PGLINT_DATABASE_URL", both}});
  CHECK_MESSAGE(gate.status == 4, gate.out);
}

TEST_CASE("a plan that does not fit is one line" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  CHECK(scene.run({"--through", "expand"}).status == 0);
  const std::string state = scene.state();
  SUBCASE("of another database") {
    scene.sql("UPDATE pglint.plan SET system_identifier = '1'");
    CHECK(contains(error_of(scene.run(), 2), "this database is a copy"));
  }
  SUBCASE("edited after its first run") {
    scene.plan(replaced(rename_plan(), "comment: what was there before", "comment: whatever was there before"));
    CHECK(contains(error_of(scene.run(), 2), "Take the plan as it was"));
    CHECK(contains(error_of(scene.apply({"pass", "primary-contact", "--plan", scene.plan_path()}), 2),
                   "Take the plan as it was"));
  }
  SUBCASE("cut off") {
    scene.plan(rename_plan().substr(0, 3000));
    error_of(scene.run(), 2);
  }
  SUBCASE("no text") {
    scene.plan(std::string("\0\1\2pglint_plan: 1", 18));
    error_of(scene.run(), 2);
  }
  SUBCASE("not there") { error_of(scene.apply({"run", "--plan", scene.folder() + "/gone.yml"}), 2); }
  SUBCASE("a folder") { error_of(scene.apply({"run", "--plan", scene.folder()}), 2); }
  SUBCASE("older than the server's own records") {
    scene.sql("UPDATE pglint.meta SET form = 99");
    CHECK(contains(error_of(scene.run(), 2), "was written by a newer pglint"));
  }
  CHECK(scene.state() == state);
}

TEST_CASE("a file that was changed since the plan was made is refused before anything runs" * doctest::skip(quick())) {
  NEEDS_SERVER();
  const Scene scene;
  const Demo demo;
  demo.fill();
  CHECK(Demo::fix().status == 0);
  const std::string file = "drizzle/0001_primary_contact.sql";
  const std::string original = read_file(std::string(PGLINT_TESTDATA) + "/demo/" + file);
  const auto apply = [&](const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"fix", "--apply", "--plan", ".pglint/plans/0001_primary_contact.yml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return error_of(Demo::pglint(arguments, scene.dsn()), 2);
  };
  SUBCASE("one that the plan has written") {
    std::ofstream(file, std::ios::app) << "-- a word\n";
    CHECK(contains(apply(), file + " has changed since the plan 0001_primary_contact was made"));
    CHECK(contains(apply({"--dry-run"}), "has changed"));
  }
  SUBCASE("back to what it was before") {
    std::ofstream(file, std::ios::binary) << original;
    CHECK(contains(apply(), file + " is as it was before the plan"));
  }
  SUBCASE("gone") {
    fs::remove(file);
    CHECK(contains(apply(), "missing"));
  }
  SUBCASE("the plan itself") {
    const std::string plan = ".pglint/plans/0001_primary_contact.yml";
    const std::string text = read_file(plan);
    std::ofstream(plan, std::ios::binary)
        << replaced(text, "DROP COLUMN IF EXISTS legacy_email", "DROP COLUMN IF EXISTS seats");
    CHECK(contains(apply(), "The plan was edited"));
  }
  CHECK(untouched(scene));
}

TEST_CASE("a disk that is full while files are written leaves them all as they were" * doctest::skip(quick())) {
  const Demo demo;
  SUBCASE("a file system without room") {
    const SmallDisk disk(demo.folder(), "256k", ::geteuid());
    if (!disk.is_there()) {
      MESSAGE("no file system may be mounted here; the limit of the other case stands for it");
      return;
    }
    demo.fill();
    std::map<std::string, std::string> before = demo.files();
    disk.fill(8192);
    before.emplace((demo.folder() / "filler").string(), read_file((demo.folder() / "filler").string()));
    const std::string error = error_of(Demo::fix(), 2);
    CHECK(contains(error, "cannot be written: the disk is full: make room and run the command again"));
    CHECK(demo.files() == before);
    disk.empty();
    CHECK(Demo::fix().status == 0);
  }
  SUBCASE("a limit on the size of files") {
    demo.fill();
    const std::map<std::string, std::string> before = demo.files();
    rlimit usual{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &usual) == 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit little = usual;
    little.rlim_cur = 2048;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &little) == 0);
    const Finished finished = Demo::fix();
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &usual) == 0);
    std::signal(SIGXFSZ, handler);
    CHECK(contains(error_of(finished, 2), "cannot be written"));
    CHECK(demo.files() == before);
    CHECK(Demo::fix().status == 0);
  }
}

TEST_CASE("a full disk of the server ends a backfill in order, and the next run goes on where it was") {
  NEEDS_SERVER();
  std::string name = "/tmp/pglint-disk-XXXXXX";
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  {
    struct stat owner = {};
    REQUIRE(::stat(server().socket_folder().c_str(), &owner) == 0);
    const SmallDisk disk(name, "8m", owner.st_uid);
    if (!disk.is_there()) {
      ::rmdir(name.c_str());
      MESSAGE("no file system may be mounted here");
      return;
    }
    const Scene scene;
    REQUIRE(server().psql("postgres", {"-c", fmt::format("CREATE TABLESPACE small LOCATION '{}'", name)}).status == 0);
    scene.sql("ALTER TABLE tenant_accounts SET TABLESPACE small");
    scene.plan(replaced(rename_plan(), "batch: 500", "batch: 100"));
    CHECK(scene.run({"--through", "expand"}).status == 0);
    disk.fill(65536);
    const std::string error = error_of(scene.run(), 3);
    CHECK(contains(error, "the server's disk is full: could not extend file"));
    CHECK(contains(error, "(53100): Make room there, then repeat the command: what is done is recorded."));
    const int rows = std::stoi(scene.sql("SELECT rows_done FROM pglint.step WHERE id = 'copy-primary-contact'"));
    CHECK(rows > 0);
    CHECK(rows < 2000);
    CHECK(scene.sql("SELECT state FROM pglint.plan") == "failed");
    disk.empty();
    const Finished gate = scene.run();
    CHECK_MESSAGE(gate.status == 4, gate.out);
    CHECK(scene.sql("SELECT rows_changed FROM pglint.step WHERE id = 'copy-primary-contact'") == "2000");
    scene.sql("ALTER TABLE tenant_accounts SET TABLESPACE pg_default");
    REQUIRE(server().psql("postgres", {"-c", "DROP TABLESPACE small"}).status == 0);
  }
  ::rmdir(name.c_str());
}
