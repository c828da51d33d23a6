// What stands in for a placeholder is no name that anybody wrote: findings show it as it stands in the file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pglint/diagnostic.h"
#include "source/project.h"

namespace pglint::lint {

struct StandIns {
  std::vector<std::pair<std::string, std::string>> names;  // what stands in, and for what; longer ones first

  void add(const source::Migration& migration);
  void put_back(Diagnostic& diagnostic) const;
};

}  // namespace pglint::lint
