// How pglint hands over to pglint-apply: what it passes on, and what nobody else may see.
#include "cli/executor.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace pglint::cli;

namespace {

// The arguments as the program takes them, and what then stands in their place.
struct Taken {
  std::vector<std::string> taken;
  std::vector<std::string> visible;
};

Taken take(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  Taken result;
  result.taken = take_arguments(static_cast<int>(arguments.size()), pointers.data());
  result.visible = arguments;
  return result;
}

}  // namespace

TEST_CASE("a connection string does not stay where every user of the machine sees it") {
  const std::vector<std::string> apart = {"pglint", "status", "--database-url", "postgresql://u:geheim@h/d",
                                          "--plan", "p"};
  CHECK(take(apart).taken == apart);
  CHECK(take(apart).visible ==
        std::vector<std::string>{"pglint", "status", "--database-url", "*************************", "--plan", "p"});
  const std::vector<std::string> joined = {"pglint", "pass", "g", "--database-url=geheim"};
  CHECK(take(joined).taken == joined);
  CHECK(take(joined).visible == std::vector<std::string>{"pglint", "pass", "g", "--database-url=******"});
}

TEST_CASE("what is no connection string stays as it is") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"pglint"},
                                                    {"pglint", "status", "--database-url"},
                                                    {"pglint", "--database-urls=x"},
                                                    {"pglint", "check", "--", "--database-url", "x"}})
    CHECK(take(arguments).visible == arguments);
}

TEST_CASE("a request becomes arguments, the connection string is none of them") {
  CHECK(arguments({.plan = "-p.yml"}) == std::vector<std::string>{"run", "--needs-files", "--plan=-p.yml"});
  CHECK(arguments({.plan = "p",
                   .hash = "h",
                   .passed = "g",
                   .through = "expand",
                   .dry_run = true,
                   .undo = true,
                   .accept_triggers = {"a", "b"},
                   .accept_changes = true,
                   .lock_budget = "5",
                   .wait_budget = "6",
                   .throttle_budget = "7",
                   .max_lag = "8"}) ==
        std::vector<std::string>{"run", "--needs-files", "--plan=p", "--hash=h", "--passed=g", "--through=expand",
                                 "--accept-triggers=a", "--accept-triggers=b", "--lock-budget=5", "--wait-budget=6",
                                 "--throttle-budget=7", "--max-lag=8", "--accept-changes", "--dry-run", "--undo"});
}
