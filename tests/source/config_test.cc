#include "source/config.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>

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
  CHECK(
      wrong("colour: red\n") ==
      ".pglint.yml:1:1: unknown key `colour` (known: baseline, extends, fail_on, format, ignore, overrides, own_rules, "
      "paths, pg_version, profile, rules, runner, schema, select, session, snapshot, tables, transaction)");
  CHECK(wrong("runner: flyaway\n") == ".pglint.yml:1:9: unknown runner `flyaway` (did you mean \"flyway\"?)");
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

TEST_CASE("overrides speak of the files that their patterns fit") {
  const source::Config config = parsed(
      "overrides:\n"
      "  - paths: [legacy/**, old.sql]\n"
      "    ignore: rename-column\n"
      "    rules: {unbatched-update: off, set-not-null: warning}\n",
      "db/.pglint.yml");
  REQUIRE(config.overrides.size() == 1);
  CHECK(config.overrides[0].paths == Lines{"db/legacy/**", "db/old.sql"});
  REQUIRE(config.overrides[0].rules.size() == 3);
  CHECK(config.overrides[0].rules[0].rule == "rename-column");
  CHECK(!config.overrides[0].rules[0].severity.has_value());
  CHECK(config.overrides[0].rules[2].severity == Severity::warning);
  CHECK(config.rule_places.size() == 3);
  CHECK(wrong("overrides: [{ignore: [a]}]").find("an override needs `paths`") != std::string::npos);
  CHECK(wrong("overrides: [{path: [a]}]") == ".pglint.yml:1:14: unknown key `path` (did you mean \"paths\"?)");
  CHECK(wrong("overrides: {a: b}").find("`overrides` must be a list") != std::string::npos);
}

TEST_CASE("a team's own rules are read with their places") {
  const source::Config config = parsed(
      "own_rules:\n"
      "  - id: no-json\n"
      "    pattern: [\"CREATE TABLE $t (..., $c json, ...)\", \"ALTER TABLE $t ADD COLUMN $c json\"]\n"
      "    not: CREATE TABLE scratch (...)\n"
      "    severity: error\n"
      "    message: $t.$c is json\n"
      "    help: Use jsonb.\n"
      "  - {id: named, pattern: CREATE INDEX $i ON $t (...), names: {$i: idx_*, t: \"*s\"}, message: m}\n"
      "  - {id: quiet, when: {lock: SHARE, work: scan, table: billing.*}, message: no, why: so}\n");
  REQUIRE(config.own_rules.size() == 3);
  CHECK(config.own_rules[1].names == std::vector<std::pair<std::string, std::string>>{{"i", "idx_*"}, {"t", "*s"}});
  const source::OwnRuleSetting& json = config.own_rules[0];
  CHECK(json.where == ".pglint.yml:2:5: ");
  CHECK(json.id == "no-json");
  CHECK(json.patterns.size() == 2);
  CHECK(json.except == Lines{"CREATE TABLE scratch (...)"});
  CHECK(json.severity == Severity::error);
  CHECK(json.message == "$t.$c is json");
  CHECK(json.help == "Use jsonb.");
  const source::OwnRuleSetting& quiet = config.own_rules[2];
  CHECK(std::tie(quiet.lock, quiet.work, quiet.table, quiet.why) ==
        std::tuple<std::string, std::string, std::string, std::string>("SHARE", "scan", "billing.*", "so"));
  CHECK(!quiet.severity);
  CHECK(wrong("own_rules: {a: b}").find("`own_rules` must be a list") != std::string::npos);
  CHECK(wrong("own_rules: [a]").find("a rule must be a map") != std::string::npos);
  CHECK(wrong("own_rules: [{id: a}]").find("a rule needs an `id` and a `message`") != std::string::npos);
  CHECK(wrong("own_rules: [{id: a, message: m}]").find("a rule needs a `pattern`, or a condition in `when`") !=
        std::string::npos);
  CHECK(wrong("own_rules: [{id: a, message: m, patern: x}]") ==
        ".pglint.yml:1:33: unknown key `patern` (did you mean \"pattern\"?)");
  CHECK(wrong("own_rules: [{id: a, message: m, when: {locks: x}}]") ==
        ".pglint.yml:1:40: unknown key `locks` (did you mean \"lock\"?)");
  CHECK(wrong("own_rules: [{id: a, message: m, pattern: x, severity: off}]").find("unknown severity `off`") !=
        std::string::npos);
  CHECK(wrong("own_rules:\n- {id: a, message: m, pattern: x}\n- {id: a, message: m, pattern: y}") ==
        ".pglint.yml:3:3: the rule `a` stands here a second time ()");
}

TEST_CASE("the sizes of tables are numbers of rows") {
  const source::Config config = parsed(
      "tables:\n  small_rows: 50_000\n  large_rows: 2000000\n  hot: [orders, billing.*]\n"
      "  rows: {public.orders: 80_000_000, tiny: 12}\n");
  CHECK(config.tables.small_rows == 50'000);
  CHECK(config.tables.large_rows == 2'000'000);
  CHECK(config.tables.hot == Lines{"orders", "billing.*"});
  REQUIRE(config.tables.rows.size() == 2);
  CHECK(config.tables.rows[0] == std::pair<std::string, std::int64_t>("public.orders", 80'000'000));
  CHECK(wrong("tables: {small_rows: many}").find("`small_rows` is a number of rows, not `many`") != std::string::npos);
  CHECK(wrong("tables: {rows: {a: -1}}").find("`a` is a number of rows, not `-1`") != std::string::npos);
  CHECK(wrong("tables: {small_rows: 10, large_rows: 5}").find("`small_rows` is more") != std::string::npos);
  CHECK(wrong("tables: {warm: [a]}").find("unknown key `warm`") != std::string::npos);
}

TEST_CASE("a configuration stands on top of those that it extends") {
  source::FakeFiles files;
  files.files = {
      {"base/strict.yml", "profile: strict\npg_version: 14\nrules: {set-not-null: warning}\nignore: [rename-table]\n"},
      {"base/sizes.yml", "pg_version: 13\ntables: {hot: [orders], rows: {orders: 5, users: 7}}\n"},
      {".pglint.yml",
       "extends: [base/sizes.yml, base/strict.yml]\nrules: {set-not-null: error}\ntables: {rows: {orders: 9}}\n"},
      {"a.yml", "extends: b.yml\n"},
      {"b.yml", "extends: a.yml\n"},
      {"lost.yml", "extends: nowhere.yml\n"},
      {"below.yml", "extends: bad.yml\n"},
      {"bad.yml", "runner: [a]\n"},
  };
  const auto config = source::load_config("", files);
  REQUIRE_MESSAGE(config.has_value(), (config ? std::string() : config.error().message));
  CHECK(config->profile == "strict");
  CHECK(config->pg_version == 14);  // the last one that is extended stands highest
  REQUIRE(config->rules.size() == 2);
  CHECK(config->rules.back().severity == Severity::error);
  CHECK(config->ignore == Lines{"rename-table"});
  CHECK(config->tables.hot == Lines{"orders"});
  REQUIRE(config->tables.rows.size() == 3);
  CHECK(config->tables.rows[0].second == 9);
  CHECK(config->rule_places.front().path == "base/strict.yml");
  const auto fails = [&](const std::string& path) {
    const auto loaded = source::load_config(path, files);
    REQUIRE(!loaded.has_value());
    return loaded.error().message;
  };
  CHECK(fails("a.yml") == "b.yml: extends a.yml, which extends it");
  CHECK(fails("lost.yml").starts_with("nowhere.yml: "));
  CHECK(fails("below.yml").starts_with("bad.yml:1:9: "));
}

TEST_CASE("configurations that extend each other many times over are refused, not read for ever") {
  source::FakeFiles files;
  for (int i = 0; i < 10; ++i) {
    std::string list;
    for (int j = 0; j < 10; ++j) list += fmt::format("{}{}.yml", j == 0 ? "" : ", ", i + 1);
    files.files[fmt::format("{}.yml", i)] = fmt::format("extends: [{}]\n", list);
  }
  files.files["10.yml"] = "profile: style\n";
  const auto loaded = source::load_config("0.yml", files);
  REQUIRE(!loaded.has_value());
  CHECK(loaded.error().message.find("too many files extend each other") != std::string::npos);
}

TEST_CASE("the schema for editors has the keys that are read, and no other") {
  std::ifstream in(std::string(PGLINT_SOURCE_DIR) + "/docs/schemas/config.schema.json");
  REQUIRE(in);
  const nlohmann::json schema = nlohmann::json::parse(in);
  std::string keys;
  for (const auto& [key, value] : schema.at("properties").items()) keys += (keys.empty() ? "" : ", ") + key;
  CHECK(wrong("colour: red\n") == ".pglint.yml:1:1: unknown key `colour` (known: " + keys + ")");
}
