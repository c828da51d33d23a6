#include "base/spell.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace pglint;

TEST_CASE("an edit is an insertion, a deletion, a replacement or a swap of neighbours") {
  CHECK(edit_distance("runner", "runner", 2) == 0);
  CHECK(edit_distance("runer", "runner", 2) == 1);
  CHECK(edit_distance("runnner", "runner", 2) == 1);
  CHECK(edit_distance("rumner", "runner", 2) == 1);
  CHECK(edit_distance("rnuner", "runner", 2) == 1);
  CHECK(edit_distance("RUNNER", "runner", 2) == 0);
  CHECK(edit_distance("", "ab", 2) == 2);
  CHECK(edit_distance("kitten", "sitting", 3) == 3);
}

TEST_CASE("beyond the limit all distances are the same") {
  CHECK(edit_distance("kitten", "sitting", 2) == 3);
  CHECK(edit_distance("", "abc", 2) == 3);
  CHECK(edit_distance(std::string(1000, 'a'), std::string(1000, 'a'), 2) == 3);
}

TEST_CASE("the closest known word is suggested, and none that is far or short") {
  constexpr std::array<std::string_view, 5> known = {"runner", "paths", "schema", "off", "transaction"};
  CHECK(closest("runer", known) == "runner");
  CHECK(closest("Transactions", known) == "transaction");
  CHECK(closest("zebra", known).empty());
  CHECK(closest("on", known).empty());
  CHECK(closest("", known).empty());
  CHECK(did_you_mean("shema", known) == "did you mean \"schema\"?");
  CHECK(did_you_mean("zebra", known).empty());
}
