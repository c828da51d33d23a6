// The program from outside: exit codes, sinks, and what it says of bad input.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/process.h"
#include "folder.h"
#include "skip.h"

using namespace pglint;
using test::Folder;
namespace fs = std::filesystem;

namespace {

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr const char* unsafe = "CREATE INDEX i ON orders (note);\n";

}  // namespace

TEST_CASE("findings exit with 1, none with 0") {
  const Folder folder;
  folder.write("bad.sql", unsafe);
  folder.write("good.sql", "SELECT 1;\n");
  CHECK(folder.pglint({"check", "bad.sql"}).status == 1);
  CHECK(folder.pglint({"check", "good.sql"}).status == 0);
  CHECK(folder.pglint({"check", "--fail-on", "never", "bad.sql"}).status == 0);
}

TEST_CASE("a warning fails only where it is asked to") {
  const Folder folder;
  folder.write("a.sql", "-- pglint:ignore set-not-null: proven\nSELECT 1;\n");
  CHECK(folder.pglint({"check", "a.sql"}).status == 0);
  CHECK(folder.pglint({"check", "--fail-on=warning", "a.sql"}).status == 1);
}

TEST_CASE("bad input is one line that says what to do, exits with 2, and the rest is still reported") {
  const Folder folder;
  folder.write("bad.sql", unsafe);
  folder.write("empty-folder/readme.txt", "nothing here");
  folder.write("latin1.sql", "SELECT 'caf\xe9';\n");

  const auto one_line = [&](const std::vector<std::string>& arguments, const std::string& said) {
    CAPTURE(arguments);
    Finished finished = folder.pglint(arguments);
    CHECK(finished.status == 2);
    const std::string all = finished.out + finished.err;
    CHECK_MESSAGE(contains(all, said), all);
    return finished;
  };
  const Finished missing = one_line({"check", "--quiet", "missing.sql", "bad.sql"}, "missing.sql");
  CHECK(contains(missing.out, "create-index-not-concurrent"));
  one_line({"check", "empty-folder"}, "empty-folder");
  const Finished latin1 = one_line({"check", "--quiet", "latin1.sql", "bad.sql"}, "11");
  CHECK(contains(latin1.out, "create-index-not-concurrent"));

  for (const auto& [arguments, said] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"check", "--formta", "json", "bad.sql"}, "--formta"},
           {{"check", "--format", "jsn", "bad.sql"}, "jsn"},
           {{"check", "--format", "json", "--format", "sarif", "bad.sql"}, "standard output"},
           {{"check", "--pg-version", "11", "bad.sql"}, "12"},
           {{"check", "--select", "set-nott-null", "bad.sql"}, "set-not-null"},
           {{"check", "--runner", "flyaway", "bad.sql"}, "flyaway"},
           {{"check", "--set", "TimeZone", "bad.sql"}, "NAME=VALUE"},
           {{"check", "--since", "HEAD", "bad.sql"}, "git"},
           {{"check", "--config", "nowhere.yml", "bad.sql"}, "nowhere.yml"},
           {{"explain", "set-notnull"}, "set-not-null"},
           {{"frobnicate"}, "frobnicate"}}) {
    const Finished finished = one_line(arguments, said);
    CHECK(finished.out.empty());
    CHECK_MESSAGE(lines(finished.err) == 1, finished.err);
  }
}

TEST_CASE("a bad configuration is told with its line") {
  const Folder folder;
  folder.write("bad.sql", unsafe);
  const auto config = [&](const std::string& text, const std::string& said) {
    folder.write(".pglint.yml", text);
    const Finished finished = folder.pglint({"check", "bad.sql"});
    CHECK(finished.status == 2);
    CHECK(lines(finished.err) == 1);
    CHECK_MESSAGE(contains(finished.err, said), finished.err);
  };
  config("pg_verison: 15\n", "pg_version");
  config("\n\npg_version: eleven\n", ":3:");
  config("rules:\n  set-not-nul: off\n", "set-not-null");
  config("rules: [\n", ".pglint.yml");
}

TEST_CASE("the configuration is found upwards and changes what is reported") {
  const Folder folder;
  folder.write(".pglint.yml", "rules:\n  create-index-not-concurrent: off\n");
  folder.write("a/b/bad.sql", unsafe);
  CHECK(folder.pglint({"check", "a/b/bad.sql"}).status == 0);
  Result<Finished> below =
      run({"sh", "-c", "cd \"$1\" && exec \"$2\" check bad.sql", "sh", folder / "a/b", PGLINT_PROGRAM});
  REQUIRE(below);
  CHECK(below->status == 0);
}

TEST_CASE("findings that are recorded are left out from then on, new ones are not") {
  const Folder folder;
  folder.write("a.sql", unsafe);
  const Finished written = folder.pglint({"check", "--write-baseline", "a.sql"});
  CHECK(written.status == 0);
  CHECK(contains(written.out, ".pglint/baseline.json: 2 findings recorded."));
  CHECK(folder.pglint({"check", "--baseline", ".pglint/baseline.json", "a.sql"}).status == 0);
  folder.write("a.sql", std::string("SELECT 1;\n") + unsafe + "CREATE INDEX other ON orders (note);\n");
  folder.write(".pglint.yml", "baseline: .pglint/baseline.json\n");
  const Finished again = folder.pglint({"check", "--quiet", "a.sql"});
  CHECK(again.status == 1);
  CHECK(lines(again.out) == 1);
  CHECK(contains(again.out, "a.sql:3"));
  const Finished missing = folder.pglint({"check", "--baseline", "none.json", "a.sql"});
  CHECK(missing.status == 2);
  CHECK(contains(missing.err, "--write-baseline"));
}

TEST_CASE("init writes what a repository needs, and writes over nothing") {
  const Folder folder;
  const Finished first = folder.pglint({"init"});
  CHECK_MESSAGE(first.status == 0, first.err);
  folder.write("a.sql", unsafe);
  CHECK(folder.pglint({"check", "a.sql"}).status == 1);
  CHECK(fs::exists(folder / ".github/workflows/pglint.yml"));
  const Finished again = folder.pglint({"init"});
  CHECK(again.status == 2);
  CHECK(contains(again.err, ".pglint.yml: is there already"));
  folder.write(".pre-commit-config.yaml", "repos: []\n");
  fs::remove(folder / ".pglint.yml");
  const Finished third = folder.pglint({"init"});
  CHECK(third.status == 0);
  CHECK(contains(third.out, ".pre-commit-config.yaml: is there; put this into it:\n  - repo: "));
  CHECK(contains(third.out, ".github/workflows/pglint.yml: has it already"));
}

TEST_CASE("init takes over what squawk was told, and says what each became") {
  const Folder folder;
  folder.write(".squawk.toml",
               "pg_version = \"13.1\"\nexcluded_rules = [\"renaming-column\", \"no-such-rule\"]\n"
               "excluded_paths = [\"old/*\"]\nassume_in_transaction = true\n");
  folder.write("old/0.sql", unsafe);
  folder.write("1.sql", "-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX i ON orders (note);\n");
  folder.write("2.sql", "ALTER TABLE orders RENAME COLUMN a TO b;\n");
  const Finished finished = folder.pglint({"init", "--from", "squawk"});
  CHECK_MESSAGE(finished.status == 0, finished.err);
  CHECK(contains(finished.out, ".squawk.toml: renaming-column became rename-column"));
  CHECK(contains(finished.out, ".squawk.toml: no-such-rule has no counterpart here"));
  CHECK(contains(finished.out, "1.sql:1: require-concurrent-index-creation became create-index-not-concurrent"));
  const Finished check = folder.pglint({"check", "--runner", "plain", "old/0.sql", "1.sql", "2.sql"});
  CHECK_MESSAGE(check.status == 0, (check.out + check.err));
  folder.write("3.sql", unsafe);
  CHECK(folder.pglint({"check", "--runner", "plain", "3.sql"}).status == 1);
}

TEST_CASE("a snapshot says how large tables are, and what they are made of") {
  const Folder folder;
  folder.write("a.sql", "CREATE INDEX i ON tiny (note);\nALTER TABLE huge ALTER COLUMN note TYPE text;\n");
  folder.write("db.json",
               R"({"version":1,"server_version_num":150004,"taken_at":"2026-11-22T10:00:00Z","tables":[)"
               R"({"name":"public.tiny","rows":12,"bytes":8192},{"name":"public.huge","rows":4e9,"bytes":1}],)"
               R"("applied":null,"schema":"CREATE TABLE tiny (note text); CREATE TABLE huge (note varchar(9));"})");
  // tiny is small, and the type of huge's column grows without a rewrite, which the schema tells.
  const Finished finished = folder.pglint({"check", "--quiet", "--snapshot", "db.json", "a.sql"});
  CHECK_MESSAGE(finished.status == 0, finished.out);
  CHECK(contains(finished.out, "advice"));
  CHECK(folder.pglint({"check", "--snapshot", "a.sql", "a.sql"}).status == 2);
}

TEST_CASE("a folder that leads back to itself is read once") {
  const Folder folder;
  folder.write("db/1.sql", unsafe);
  fs::create_directory_symlink("..", fs::path(folder / "db/again"));
  const Finished finished = folder.pglint({"check", "--quiet", "--ignore", "require-lock-timeout", "db"});
  CHECK(finished.status == 1);
  CHECK(lines(finished.out) == 1);
}

TEST_CASE("a file that cannot be read is named, and the others are linted") {
  if (geteuid() == 0) {
    // Root may read anything: a pipe is as unreadable to it.
    const Folder folder;
    folder.write("1.sql", unsafe);
    REQUIRE(mkfifo((folder / "2.sql").c_str(), 0600) == 0);
    const Finished finished = folder.pglint({"check", "--quiet", "1.sql", "2.sql"});
    CHECK(finished.status == 2);
    CHECK(contains(finished.out + finished.err, "2.sql"));
    CHECK(contains(finished.out, "create-index-not-concurrent"));
    return;
  }
  const Folder folder;
  folder.write("1.sql", unsafe);
  folder.write("2.sql", unsafe);
  fs::permissions(folder / "2.sql", fs::perms::none);
  const Finished finished = folder.pglint({"check", "--quiet", "."});
  CHECK(finished.status == 2);
  CHECK(contains(finished.out + finished.err, "2.sql"));
  CHECK(contains(finished.out, "1.sql"));
}

TEST_CASE("several formats in one run go each to its own sink") {
  const Folder folder;
  folder.write("bad.sql", unsafe);
  const Finished finished =
      folder.pglint({"check", "--format", "text", "--format", "json=out.json", "--format", "sarif=out.sarif",
                     "--format", "github=out.txt", "--ignore", "require-lock-timeout", "bad.sql"});
  CHECK(finished.status == 1);
  CHECK(contains(finished.out, "create-index-not-concurrent"));
  const auto json = nlohmann::json::parse(folder.read("out.json"));
  CHECK(json["version"] == 1);
  CHECK(json["diagnostics"][0]["rule"] == "create-index-not-concurrent");
  CHECK(json["diagnostics"][0]["lock"] == "SHARE");
  CHECK(json["summary"]["errors"] == 1);
  CHECK(nlohmann::json::parse(folder.read("out.sarif"))["version"] == "2.1.0");
  CHECK(contains(folder.read("out.txt"), "::error file=bad.sql"));
}

TEST_CASE("an output file that cannot be written is an error") {
  const Folder folder;
  folder.write("bad.sql", unsafe);
  const Finished finished = folder.pglint({"check", "--format", "json=no/such/folder/out.json", "bad.sql"});
  CHECK(finished.status == 2);
  CHECK(lines(finished.err) == 1);
}

TEST_CASE("there is no colour where nobody sees it, unless it is asked for") {
  const Folder folder;
  folder.write("bad.sql", unsafe);
  CHECK(!contains(folder.pglint({"check", "bad.sql"}).out, "\x1b"));
  CHECK(contains(folder.pglint({"check", "--color", "always", "bad.sql"}).out, "\x1b["));
}

TEST_CASE("escape sequences of a file or its name never reach the terminal") {
  const Folder folder;
  folder.write("a\x1b[31m\n.sql", "CREATE INDEX \"i\x1b]0;owned\x07\" ON orders (note);\nSELEC '\x1b[2J';\n");
  const Finished finished = folder.pglint({"check", "."});
  CHECK(finished.status == 1);
  CHECK(!contains(finished.out, "\x1b"));
  CHECK(!contains(finished.out, "\x07"));
}

TEST_CASE("standard input is a file like any other") {
  Result<Finished> finished =
      run({"sh", "-c", "printf 'CREATE INDEX i ON orders (note);' | \"$1\" check --quiet -", "sh", PGLINT_PROGRAM});
  REQUIRE(finished);
  CHECK(finished->status == 1);
  CHECK(contains(finished->out, "<stdin>:1:1"));
}

TEST_CASE("locks takes SQL from the command line, each -c one simple query") {
  const Folder folder;
  const Finished finished = folder.pglint({"locks", "--format", "json", "-c", "ALTER TABLE t ADD COLUMN a int", "-c",
                                           "CREATE INDEX CONCURRENTLY i ON t (a); SELECT 1"});
  CHECK(finished.status == 0);
  const auto json = nlohmann::json::parse(finished.out);
  REQUIRE(json["files"].size() == 2);
  const auto& first = json["files"][0]["transactions"][0];
  CHECK(first["kind"] == "autocommit");
  CHECK(first["statements"][0]["effects"][0]["relation"] == "public.t");
  CHECK(first["statements"][0]["effects"][0]["lock"] == "ACCESS EXCLUSIVE");
  const auto& second = json["files"][1]["transactions"][0];
  CHECK(json["files"][1]["path"] == "-c2");
  CHECK(second["kind"] == "implicit");
  CHECK(second["statements"][0]["error"]["sqlstate"] == "25001");
}

TEST_CASE("explain prints the page, and knows other tools' names") {
  const Folder folder;
  CHECK(contains(folder.pglint({"explain", "set-not-null"}).out, "# set-not-null"));
  const Finished other = folder.pglint({"explain", "adding-not-nullable-field"});
  CHECK(other.status == 2);
  CHECK(contains(other.err, "pglint explain set-not-null"));
}

TEST_CASE("rules lists every rule once, as text and as JSON") {
  const Folder folder;
  const auto json = nlohmann::json::parse(folder.pglint({"rules", "--format", "json"}).out);
  CHECK(json["version"] == 1);
  CHECK(json["rules"].size() >= 15);
  for (const auto& rule : json["rules"]) CHECK(contains(folder.pglint({"rules"}).out, rule["id"].get<std::string>()));
}

TEST_CASE("completion scripts are accepted by their shells") {
  const Folder folder;
  const Finished bash = folder.pglint({"completion", "bash"});
  CHECK(bash.status == 0);
  folder.write("complete.bash", bash.out);
  Result<Finished> offered =
      run({"bash", "-c",
           "source \"$1\"; COMP_WORDS=(pglint explain set-n); COMP_CWORD=2; _pglint; echo \"${COMPREPLY[@]}\"", "bash",
           folder / "complete.bash"});
  REQUIRE(offered);
  CHECK(offered->out == "set-not-null\n");
  for (const char* shell : {"zsh", "fish"}) {
    const Finished script = folder.pglint({"completion", shell});
    CHECK(script.status == 0);
    CHECK(contains(script.out, "since"));
  }
}

TEST_CASE("check does not load libpq") {
  Result<Finished> libraries = run({"ldd", PGLINT_PROGRAM});
  REQUIRE(libraries);
  CHECK(!contains(libraries->out, "libpq"));
}

TEST_CASE("help and version exit with 0") {
  const Folder folder;
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"}, {"--version"}, {"check", "--help"}, {"locks", "--help"}}) {
    const Finished finished = folder.pglint(arguments);
    CHECK(finished.status == 0);
    CHECK(!finished.out.empty());
  }
  CHECK(folder.pglint({}).status == 2);
}
