// ROLLBACK and ROLLBACK TO SAVEPOINT leave nothing behind, and no statement breaks the catalogue: random DDL, applied
// whether the server would take it or not.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "catalog/dump.h"
#include "consistent.h"
#include "story.h"
#include "support/random_ddl.h"

using namespace pglint;
using namespace pglint::catalog;
using catalog::test::inconsistencies;
using catalog::test::Story;

namespace {

std::uint64_t first_seed() {
  const char* given = std::getenv("PGLINT_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

}  // namespace

TEST_CASE("a rollback leaves the catalogue as it was") {
  const std::uint64_t first = first_seed();
  MESSAGE("PGLINT_SEED=" << first);
  for (std::uint64_t seed = first; seed < first + 12; ++seed) {
    CAPTURE(seed);
    pglint::test::RandomDdl ddl(seed);
    Story story("CREATE SCHEMA s1;", seed % 2 == 0 ? 15 : 18);
    for (int i = 0; i < 60; ++i) story.tell(ddl.next() + ";");
    for (int round = 0; round < 25; ++round) {
      std::vector<std::string> before{dump(story.catalog)};
      story.tell("BEGIN;");
      const std::uint64_t depth = ddl.below(4);
      for (std::uint64_t level = 0; level <= depth; ++level) {
        for (std::uint64_t i = ddl.below(12); i > 0; --i) story.tell(ddl.next() + ";");
        before.push_back(dump(story.catalog));
        story.tell(fmt::format("SAVEPOINT s{};", level));
      }
      for (std::uint64_t level = depth + 1; level > 0; --level) {
        for (std::uint64_t i = ddl.below(12); i > 0; --i) story.tell(ddl.next() + ";");
        story.tell(fmt::format("ROLLBACK TO SAVEPOINT s{};", level - 1));
        REQUIRE(dump(story.catalog) == before[level]);
      }
      REQUIRE(inconsistencies(story.catalog) == "");
      story.tell(ddl.below(3) == 0 ? "COMMIT;" : "ROLLBACK;");
      if (story.catalog.journal.recording()) FAIL("the transaction is still open");
      story.tell("BEGIN; ROLLBACK;");
    }
  }
}

TEST_CASE("a transaction that is rolled back was never there") {
  const std::uint64_t first = first_seed();
  MESSAGE("PGLINT_SEED=" << first);
  for (std::uint64_t seed = first; seed < first + 12; ++seed) {
    CAPTURE(seed);
    pglint::test::RandomDdl ddl(seed);
    Story story("CREATE SCHEMA s1;");
    for (int i = 0; i < 80; ++i) story.tell(ddl.next() + ";");
    for (int round = 0; round < 20; ++round) {
      const std::string before = dump(story.catalog);
      story.tell("BEGIN;");
      for (int i = 0; i < 30; ++i) story.tell(ddl.next() + ";");
      story.tell("ROLLBACK;");
      REQUIRE(dump(story.catalog) == before);
      REQUIRE(inconsistencies(story.catalog) == "");
      for (int i = 0; i < 5; ++i) story.tell(ddl.next() + ";");
    }
  }
}
