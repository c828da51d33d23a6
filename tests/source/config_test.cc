#include "source/config.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <filesystem>
#include <map>
#include <string>

#include "source/read.h"
#include "source/temp_folder.h"

using namespace pglint;
using test::Lines;

namespace {

source::Config parsed(const std::string& text, const std::string& path = ".pglint.yml") {
  const auto config = source::parse_config(text, path);
  if (!config) FAIL(config.error().message);
  return *config;
}

// "message (hint)".
std::string wrong(const std::string& text) {
  const auto config = source::parse_config(text, ".pglint.yml");
  REQUIRE(!config.has_value());
  return config.error().message + " (" + config.error().hint + ")";
}

}  // namespace

TEST_CASE("every key of a configuration is read") {
  const source::Config config = parsed(
      "pg_version: 16\n"
      "runner: drizzle\n"
      "paths: [drizzle, ./db/]\n"
      "transaction: file\n"
      "schema: schema.sql\n"
      "session: {TimeZone: UTC, search_path: 'a, b'}\n"
      "select: [set-not-null]\n"
      "ignore: rename-column\n"
      "rules:\n"
      "  unbatched-update: error\n"
      "  rename-table: off\n"
      "fail_on: warning\n"
      "format: [text, sarif=out.sarif]\n");
  CHECK(config.pg_version == 16);
  CHECK(config.runner == "drizzle");
  CHECK(config.paths == Lines{"drizzle", "db"});
  CHECK(config.transaction == "file");
  CHECK(config.schema == "schema.sql");
  REQUIRE(config.session.size() == 2);
  CHECK(config.session[1] == std::pair<std::string, std::string>("search_path", "a, b"));
  CHECK(config.select == Lines{"set-not-null"});
  CHECK(config.ignore == Lines{"rename-column"});
  REQUIRE(config.rules.size() == 2);
  CHECK(config.rules[0].rule == "unbatched-update");
  CHECK(config.rules[0].severity == Severity::error);
  CHECK(config.rules[1].rule == "rename-table");
  CHECK(!config.rules[1].severity.has_value());
  CHECK(config.fail_on == "warning");
  CHECK(config.format == Lines{"text", "sarif=out.sarif"});
  REQUIRE(config.rule_places.size() == 4);
  CHECK(config.rule_places[0].rule == "set-not-null");
  CHECK(config.rule_places[0].line == 7);
  CHECK(config.rule_places[0].column == 10);
  CHECK(config.rule_places[3].line == 11);
  CHECK(config.rule_places[3].column == 3);
}

TEST_CASE("an empty configuration sets nothing") {
  for (const std::string text : {"", "# nothing yet\n", "---\n", "{}", "\xEF\xBB\xBF"}) {
    const source::Config config = parsed(text);
    CHECK(!config.pg_version.has_value());
    CHECK(config.paths.empty());
    CHECK(config.path == ".pglint.yml");
  }
}

TEST_CASE("paths are relative to the folder of the configuration") {
  const source::Config config = parsed("paths: [drizzle, /srv/sql, ., '-']\nschema: s.sql\n", "../.pglint.yml");
  CHECK(config.paths == Lines{"../drizzle", "/srv/sql", "..", "-"});
  CHECK(config.schema == "../s.sql");
}

TEST_CASE("unknown keys and values are said with their place and what is close") {
  CHECK(wrong("pg_version: 15\nruner: plain\n") == ".pglint.yml:2:1: unknown key `runer` (did you mean \"runner\"?)");
  CHECK(wrong("colour: red\n") ==
        ".pglint.yml:1:1: unknown key `colour` (known: fail_on, format, ignore, paths, pg_version, rules, runner, "
        "schema, select, session, transaction)");
  CHECK(wrong("runner: flyaway\n") == ".pglint.yml:1:9: unknown runner `flyaway` (known: drizzle, plain, auto)");
  CHECK(wrong("rules:\n  set-not-null: warn\n") ==
        ".pglint.yml:2:17: unknown severity `warn` (known: error, warning, advice, off)");
  CHECK(wrong("transaction: files\n") == ".pglint.yml:1:14: unknown transaction `files` (did you mean \"file\"?)");
  CHECK(wrong("fail_on: [error]\n") == ".pglint.yml:1:10: `fail_on` must be one value ()");
}

TEST_CASE("values of the wrong type are said with their place") {
  CHECK(wrong("pg_version: eleven\n") ==
        ".pglint.yml:1:13: `pg_version` is a number from 12 to 18, not `eleven` (name the oldest server that the "
        "migrations must run on)");
  CHECK(wrong("pg_version: 11\n").starts_with(".pglint.yml:1:13: `pg_version` is a number from 12 to 18"));
  CHECK(wrong("pg_version: 15.4\n").starts_with(".pglint.yml:1:13: `pg_version` is a number from 12 to 18"));
  CHECK(wrong("pg_version: 99999999999999999999\n").starts_with(".pglint.yml:1:13: `pg_version`"));
  CHECK(wrong("paths: {a: b}\n") == ".pglint.yml:1:8: `paths` must be a list (paths: [a, b])");
  CHECK(wrong("paths:\n  - [a]\n") == ".pglint.yml:2:5: `paths` must be a list of single values ()");
  CHECK(wrong("rules: [a]\n") == ".pglint.yml:1:8: `rules` must be a map (rules: {rule-id: warning})");
  CHECK(wrong("session: UTC\n") == ".pglint.yml:1:10: `session` must be a map (session: {TimeZone: UTC})");
  CHECK(wrong("- a\n").starts_with(".pglint.yml:1:1: not a list of `key: value` lines"));
  CHECK(wrong("runner:\n").find("`runner` must be one value") != std::string::npos);
  CHECK(wrong("runner: plain\nrunner: drizzle\n") == ".pglint.yml:2:1: `runner` stands here a second time ()");
  CHECK(wrong("? [a]\n: b\n").find("a key must be a word") != std::string::npos);
}

TEST_CASE("what is not YAML is said with its place, whatever it is") {
  CHECK(wrong("a: b: c\n").starts_with(".pglint.yml:1:5: is not valid YAML: "));
  CHECK(wrong("a: [b\n").find("is not valid YAML: ") != std::string::npos);
  CHECK(wrong("runner: *nobody\n").find("is not valid YAML: ") != std::string::npos);
  CHECK(wrong("\xFF").find("is not valid UTF-8 at byte 0") != std::string::npos);
  CHECK(wrong(std::string("a\0b", 3)).find("has a NUL at byte 1") != std::string::npos);
}

TEST_CASE("hostile configurations are refused and take no time") {
  CHECK(wrong(std::string(2 * 1024 * 1024, '#')) == ".pglint.yml: is larger than 1 MiB (a configuration is not)");
  CHECK(wrong(std::string(1000000, '[')).find("opens too many brackets") != std::string::npos);
  CHECK(wrong(std::string(1000000, '{')).find("opens too many brackets") != std::string::npos);

  const auto repeated = [](const std::string& part, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += part;
    return text;
  };
  for (const std::string part :
       {"- ",      "? ",      "a: ", "'",    "\"\\",  "&a ", "!x ",     "[]{}", "|\n",   "%",   "a\n",  ": ",
        "- - -\n", "a: &a\n", "\t",  "--- ", "...\n", "[],", "\"a\": ", "> ",   "a:\n ", "#\n", "{a: ", "[a]: "}) {
    INFO(part);
    const auto config = source::parse_config(repeated(part, 1'000'000), ".pglint.yml");
    CHECK((config.has_value() || !config.error().message.empty()));
  }
  std::string deeper;
  for (std::size_t i = 0; i < 1000; ++i) deeper += std::string(i, ' ') + "a:\n";
  CHECK(!wrong(deeper).empty());

  std::string bomb = "paths: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("k{0}: &a{0} [*a{1}, *a{1}]\n", i, i - 1);
  }
  CHECK(wrong(bomb).find("unknown key `k1`") != std::string::npos);
  CHECK(!wrong("rules: &a {b: *a}\n").empty());
  CHECK(!wrong("paths: &a [*a]\n").empty());
}

TEST_CASE("the nearest configuration upwards is found") {
  const test::TempFolder folder;
  folder.write("repo/.pglint.yml", "runner: plain\npaths: [db]\n");
  folder.write("repo/app/src/x", "");
  const test::CurrentFolder here(folder.path("repo/app/src"));
  CHECK(source::find_config(".", source::disk()) == "../../.pglint.yml");
  const auto config = source::load_config("", source::disk());
  REQUIRE(config.has_value());
  CHECK(config->path == "../../.pglint.yml");
  CHECK(config->paths == Lines{"../../db"});
  folder.write("repo/app/.pglint.yml", "");
  CHECK(source::find_config(".", source::disk()) == "../.pglint.yml");
}

TEST_CASE("without a configuration nothing is set, and the search ends at the root") {
  const auto files = test::fake({{"a/b.sql", ""}});
  const auto config = source::load_config("", files);
  REQUIRE(config.has_value());
  CHECK(config->path.empty());
  const test::CurrentFolder here("/proc/self");
  CHECK(source::load_config("", source::disk())->path.empty());
}

TEST_CASE("a configuration that was named must be there") {
  const auto files = test::fake({{"a/b.sql", ""}});
  const auto config = source::load_config("my.yml", files);
  REQUIRE(!config.has_value());
  CHECK(config.error().message == "my.yml: there is no such file or folder");
}
