// The step of action.yml, with this build's program in the place of a release: curl takes it from a folder.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/process.h"
#include "skip.h"

using namespace pglint;
namespace fs = std::filesystem;

namespace {

// A checkout with a released migration and a new one, and a server's releases.
struct Workshop {
  Workshop() {
    std::string name = fs::temp_directory_path() / "pglint-action-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
    fs::create_directories(folder / "shop" / "migrations");
    write("migrations/001_orders.sql", "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n");
    write("migrations/002_index.sql", "CREATE INDEX orders_note_idx ON orders (note);\n");
  }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  void write(const std::string& path, const std::string& text) const {
    std::ofstream(folder / "shop" / path, std::ios::binary) << text;
  }

  [[nodiscard]] Finished shell(const std::string& script, const Environment& more = {}) const {
    Environment environment = {
        {"ACTION_PATH", PGLINT_SOURCE_DIR},
        {"ACTION_REPOSITORY", "somebody/tool"},
        {"GITHUB_REPOSITORY", "somebody/shop"},
        {"GITHUB_SERVER_URL", "file://" + (folder / "server").string()},
        {"RUNNER_TEMP", (folder / "temp").string()},
        {"PROGRAM", PGLINT_PROGRAM},
        {"VERSION", PGLINT_VERSION},
    };
    environment.insert(environment.end(), more.begin(), more.end());
    Result<Finished> finished = run({"bash", "-c", "cd \"$1\" && " + script, "bash", folder / "shop"}, environment);
    REQUIRE(finished);
    return *finished;
  }

  [[nodiscard]] Finished action(const Environment& inputs) const {
    return shell(R"(mkdir -p "$RUNNER_TEMP" && "$ACTION_PATH/scripts/action")", inputs);
  }

  void release() const {
    const Finished made = shell(R"(
      name=pglint-$VERSION-linux-$(uname -m)
      releases=${GITHUB_SERVER_URL#file://}/$ACTION_REPOSITORY/releases/download/v$VERSION
      mkdir -p "$releases/$name" && cd "$releases" && cp "$PROGRAM" "$name/pglint" &&
        tar -czf "$name.tar.gz" "$name" && rm -r "$name" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")");
    REQUIRE_MESSAGE(made.status == 0, made.err);
  }

  fs::path folder;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Whether there is nothing to download here, or nothing to do it with; says so.
bool cannot_download() {
  const Result<Finished> curl = run({"curl", "--version"});
  if (!curl || curl->status != 0) {
    test::skip(test::Missing::tool, "no curl");
    return true;
  }
  const Result<Finished> machine = run({"uname", "-sm"});
  if (!machine || machine->out != "Linux x86_64\n") {
    test::skip(test::Missing::data, "no releases for this machine");
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("the action downloads the release of its own version, verifies it, and annotates what it finds") {
  if (cannot_download()) return;
  const Workshop workshop;
  workshop.release();
  const Finished found = workshop.action({{"INPUT_FORMAT", "github"}, {"INPUT_PATHS", "migrations\n"}});
  CHECK(found.status == 1);
  CHECK_MESSAGE(has(found.out, "::error file=migrations/002_index.sql,line=1,"), (found.out + found.err));
  CHECK(found.err.empty());

  // The next step of the job has no need to download it again.
  fs::remove_all(workshop.folder / "server");
  const Finished again = workshop.action({{"INPUT_FORMAT", "text\nsarif=out.sarif"},
                                          {"INPUT_PATHS", "migrations/001_orders.sql\nmigrations/002_index.sql"},
                                          {"INPUT_ARGS", "--fail-on never --pg-version '16'"}});
  CHECK(again.status == 0);
  CHECK_MESSAGE(has(again.out, "error[create-index-not-concurrent]"), (again.out + again.err));
  CHECK(fs::exists(workshop.folder / "shop" / "out.sarif"));
}

TEST_CASE("the action reports what is new since a revision") {
  const Workshop workshop;
  const Finished history = workshop.shell(R"(
    git init -q -b main && git config user.name t && git config user.email t@example.org &&
      git add migrations && git commit -qm orders && git tag released)");
  REQUIRE_MESSAGE(history.status == 0, history.err);
  workshop.write("migrations/003_index.sql", "CREATE INDEX orders_id_idx ON orders (id, note);\n");
  const Finished found = workshop.action({{"INPUT_PGLINT_PATH", PGLINT_PROGRAM},
                                          {"INPUT_FORMAT", "github"},
                                          {"INPUT_PATHS", "migrations"},
                                          {"INPUT_SINCE", "released"}});
  CHECK(found.status == 1);
  CHECK_MESSAGE(has(found.out, "migrations/003_index.sql"), (found.out + found.err));
  CHECK(!has(found.out, "migrations/002_index.sql"));
}

TEST_CASE("the action runs nothing that is missing, or that is not what its sha256 says") {
  const Workshop workshop;
  const Finished no_program = workshop.action({{"INPUT_PGLINT_PATH", "no/such/program"}});
  CHECK(no_program.status == 2);
  CHECK(no_program.out == "::error title=pglint::pglint-path: no/such/program is not a program\n");

  if (cannot_download()) return;
  const Finished no_release = workshop.action({{"INPUT_PATHS", "migrations"}});
  CHECK(no_release.status == 2);
  CHECK_MESSAGE(has(no_release.err, "::error title=pglint::Cannot download pglint-" PGLINT_VERSION), no_release.err);

  workshop.release();
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(workshop.folder / "server")) {
    if (entry.path().extension() == ".gz") std::ofstream(entry.path(), std::ios::app) << "x";
  }
  const Finished changed = workshop.action({{"INPUT_PATHS", "migrations"}});
  CHECK(changed.status == 2);
  CHECK_MESSAGE(has(changed.err, "is not what its sha256 says"), changed.err);
  CHECK(changed.out.empty());
}

TEST_CASE("the action's arguments are quoted as in a shell, and nothing in them is run") {
  const Workshop workshop;
  const auto with = [&](const std::string& arguments) {
    return workshop.action(
        {{"INPUT_PGLINT_PATH", PGLINT_PROGRAM}, {"INPUT_PATHS", "migrations"}, {"INPUT_ARGS", arguments}});
  };
  CHECK(with("--fail-on \"never\"").status == 0);
  const Finished inert = with("--schema '$(touch ran).sql'");
  CHECK(inert.status == 2);
  CHECK_MESSAGE(has(inert.out + inert.err, "$(touch ran).sql"), (inert.out + inert.err));
  CHECK(!fs::exists(workshop.folder / "shop" / "ran"));
  const Finished open = with("--fail-on 'never");
  CHECK(open.status == 2);
  CHECK(has(open.out, "::error title=pglint::args: a quote is not closed"));
}
