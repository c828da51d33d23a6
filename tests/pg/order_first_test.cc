// PostgreSQL's headers define words that other headers use. This file includes pg/node.h before them,
// order_last_test.cc after them; both have to compile.
#include "pg/node.h"
//
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

enum class First { INFO_, ERROR, WARNING, LOG, DEBUG, FATAL, NOTICE };

TEST_CASE("PostgreSQL's headers may come first") {
  INFO("a macro of doctest's");
  char buffer[8];
  std::snprintf(buffer, sizeof buffer, "%d", std::max(1, 2));
  CHECK(fmt::format("{}", buffer) == "2");
  const auto _ = nlohmann::json{{"printf", 1}};
  if (_.size() == 1) [[likely]]
    CHECK(pglint::pg::tag<IndexStmt> == T_IndexStmt);
}
