// Puts together what the recipes return for all unreleased migrations of a folder: migrations that share a relation
// make one plan, whose steps stand in the order of their slots, with the gates between.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lint/replay.h"
#include "pglint/plan.h"
#include "recipe/recipe.h"
#include "source/project.h"

namespace pglint::plan {

struct Refused {
  std::string path;  // of the migration
  Span at = {};      // of the command; empty: of the whole plan
  std::string reason;
  std::string supply;
  std::vector<std::size_t> migrations = {};  // indexes into Project::migrations of those that would have been one plan
};

// Migrations that are rewritten together.
struct Group {
  std::vector<std::size_t> migrations;  // indexes into Project::migrations, in order
  Plan plan;
  // No gate, no backfill: nothing that outlives the files, and no plan file is left.
  bool files_only = false;
};

struct Planned {
  std::vector<Group> groups;  // only those in which something is rewritten
  std::vector<Refused> refused;
  // Commands that no recipe knows, in migrations of which nothing else would be rewritten either.
  std::vector<Refused> left;
};

struct PlanRequest {
  recipe::Options recipes;
  lint::ReplayOptions replay;
  bool together = false;  // one plan for all, whatever they share
};

// The name of a migration without what only orders it: "0001_primary_contact" → "primary_contact".
[[nodiscard]] std::string_view bare_name(std::string_view id);

// `project`: its reported migrations are the unreleased ones.
[[nodiscard]] Planned plan(const source::Project& project, const PlanRequest& request);

}  // namespace pglint::plan
