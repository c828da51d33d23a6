#include "source/remembered.h"

#include <doctest/doctest.h>

using namespace pglint;

TEST_CASE("what was asked for once is not asked for again, and what is not there is") {
  source::FakeFiles files;
  files.files = {{"m/1.sql", "SELECT 1;\n"}};
  const source::Remembered remembered(files);
  REQUIRE(remembered.read("m/1.sql"));
  REQUIRE(remembered.list("m"));
  CHECK_FALSE(remembered.read("m/2.sql"));

  files.files = {{"m/1.sql", "SELECT 2;\n"}, {"m/2.sql", "SELECT 3;\n"}};
  CHECK(*remembered.read("m/1.sql") == "SELECT 1;\n");
  CHECK(remembered.list("m")->size() == 1);
  CHECK(*remembered.read("m/2.sql") == "SELECT 3;\n");
}

TEST_CASE("a whole history is not kept in memory twice") {
  source::FakeFiles files;
  for (int i = 0; i < 1000; ++i) files.files["m/" + std::to_string(i) + ".sql"] = "SELECT 1;\n";
  const source::Remembered remembered(files);
  for (const auto& [path, text] : files.files) CHECK(*remembered.read(path) == text);
  for (auto& [path, text] : files.files) text = "SELECT 2;\n";
  int anew = 0;
  for (const auto& [path, text] : files.files) anew += *remembered.read(path) == text ? 1 : 0;
  CHECK(anew > 900);
}
