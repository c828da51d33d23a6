// What `fix` did, or would do: files, plans, what it refused and what remains.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pglint/diagnostic.h"
#include "pglint/plan.h"

namespace pglint {

struct FixedFile {
  std::string path = {};
  bool create = true;       // else it is there and is modified
  std::string sha256 = {};  // of the new text
};

struct FixRefusal {
  std::string rule = {};   // whose finding it is; empty if it belongs to none
  std::uint32_t file = 0;  // index into FixReport::files
  Span at = {};            // of the command; empty: the whole file
  std::string reason = {};
  std::string supply = {};  // what would make it possible; empty: nothing
};

struct FixReport {
  std::vector<ReportFile> files = {};  // the migrations as they were
  std::vector<FixedFile> fixed = {};
  std::vector<Plan> plans = {};
  std::vector<std::string> plan_paths = {};  // of each plan
  std::vector<FixRefusal> refused = {};
  Report remaining = {};  // what `check` says of the migrations that are not released, as they would be
};

}  // namespace pglint
