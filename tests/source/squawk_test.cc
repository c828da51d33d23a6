#include "source/squawk.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pglint;
using Lines = std::vector<std::string>;

TEST_CASE("a configuration of squawk is read") {
  const auto config = source::parse_squawk(
      "pg_version = \"13.4\"\nexcluded_rules = [\"ban-drop-column\", \"prefer-text-field\"]\n"
      "excluded_paths = [\"db/old/*.sql\"]\nassume_in_transaction = true\n[upload_to_github]\nfail_on_violations = "
      "true\n");
  REQUIRE(config.has_value());
  CHECK(config->pg_version == 13);
  CHECK(config->excluded_rules == Lines{"ban-drop-column", "prefer-text-field"});
  CHECK(config->excluded_paths == Lines{"db/old/*.sql"});
  CHECK(config->assume_in_transaction);
  CHECK(config->other_keys == Lines{"upload_to_github"});
}

TEST_CASE("what is not TOML is said with its place, and what is odd in it is no more than odd") {
  const auto broken = source::parse_squawk("pg_version = \"13\nexcluded");
  REQUIRE(!broken.has_value());
  CHECK(broken.error().message.starts_with("line 1"));
  CHECK(!source::parse_squawk(std::string(2'000'000, '#')).has_value());
  CHECK(!source::parse_squawk("a = " + std::string(100'000, '[')).has_value());
  const auto odd = source::parse_squawk("pg_version = [1]\nexcluded_rules = 7\n");
  REQUIRE(odd.has_value());
  CHECK(!odd->pg_version.has_value());
  CHECK(odd->excluded_rules.empty());
}

TEST_CASE("comments that silence squawk are found, strings that look like them are not") {
  const auto ignores = source::squawk_ignores(
      "-- squawk-ignore-file ban-drop-table\n"
      "SELECT '-- squawk-ignore a';\n"
      "-- squawk-ignore ban-drop-column, renaming-column\n"
      "ALTER TABLE t DROP COLUMN c; /* squawk-ignore */\n");
  REQUIRE(ignores.size() == 3);
  CHECK(ignores[0].whole_file);
  CHECK(ignores[0].rules == Lines{"ban-drop-table"});
  CHECK(ignores[1].line == 3);
  CHECK(ignores[1].rules == Lines{"ban-drop-column", "renaming-column"});
  CHECK(ignores[2].line == 4);
  CHECK(ignores[2].rules.empty());
}
