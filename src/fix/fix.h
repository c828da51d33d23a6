// The loop of `pglint fix`: plan, write the files into an overlay, lint the overlay again, and only then hand out what
// is to be written.
#pragma once

#include <cstdint>
#include <optional>
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
  std::vector<Refusal> refused;
  std::vector<std::string> notices;
  Report remaining;  // what `check` says of the files as they would be: of the migrations that are not released
  // What `remaining` refers to.
  source::Sources after;
};

// `sources`: their reported migrations are the ones that are not released, and may be rewritten.
[[nodiscard]] Result<Fixed> fix(const source::Sources& sources, std::span<const lint::Rule* const> rules,
                                const source::Files& files, const Request& request);

// The plan files of a folder, oldest first. One that cannot be read is an Error.
struct PlanFile {
  std::string path;
  Plan plan;
};
[[nodiscard]] Result<std::vector<PlanFile>> read_plans(const std::string& folder, const source::Files& files);

// The next part of a plan: with `passed` the files behind that gate; without, what belongs into the commit of the
// release that the first gate without files waits for.
[[nodiscard]] Result<Fixed> next(const source::Project& project, const PlanFile& plan,
                                 const std::optional<std::string>& passed, const source::Files& files,
                                 const Request& request);

}  // namespace pglint::fix
