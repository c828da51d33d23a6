// The loop of `pglint fix`: plan, write the files into an overlay, lint the overlay again, and only then hand out what
// is to be written.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lint/check.h"
#include "pglint/plan.h"
#include "plan/planner.h"
#include "source/project.h"
#include "source/write.h"

namespace pglint::fix {

struct Request {
  recipe::Options recipes;
  lint::CheckOptions check;
  source::SourceOptions source;         // how the sources were read; which paths, and since when, is left out
  std::string plans = ".pglint/plans";  // the folder of the plan files, as shown to the user
  std::int64_t now_ms = 0;              // since 1970: for names and journals
};

struct Refusal {
  std::string rule;  // whose finding it is; empty if it belongs to none
  std::string path;
  Span at = {};
  std::string reason;
  std::string supply;
};

struct Fixed {
  std::vector<source::FileChange> changes;
  std::vector<Plan> plans;
  std::vector<Refusal> refused;  // plans that cannot be made, by what stands in the way
  std::vector<std::string> notices;
  // What `check` says of the files as they would be: of the migrations that are not released. What nobody refused to
  // rewrite, and nobody can, says so in its help.
  Report remaining;
  // What `remaining` refers to.
  source::Sources after;
};

// `sources`: their reported migrations are the ones that are not released, and may be rewritten.
[[nodiscard]] Result<Fixed> fix(const source::Sources& sources, std::span<const lint::Rule* const> rules,
                                const source::Files& files, const Request& request);

}  // namespace pglint::fix
