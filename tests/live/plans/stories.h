// Small histories, one for each form that `fix` rewrites.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "recipe/recipe.h"

namespace pglint::test {

struct Story {
  std::string name;
  std::string given;                    // released
  std::string rows;                     // what production holds
  std::vector<std::string> migrations;  // not released
  std::map<std::string, std::string, std::less<>> values = {};
  recipe::DualWrite dual_write = recipe::DualWrite::trigger;
  std::vector<std::string> accept_triggers = {};
};

[[nodiscard]] std::vector<Story> stories();

}  // namespace pglint::test
