// Between a plan's steps and the runner's migrations: which migrations they become, and in the plan where they stand.
#pragma once

#include <string>
#include <vector>

#include "emit/emit.h"
#include "pglint/plan.h"
#include "source/write.h"

namespace pglint::fix {

// The files of a stretch as migrations: those that replace come first, the others are new. `with_plan`: there is a plan
// file to refer to.
[[nodiscard]] std::vector<source::NewMigration> to_migrations(const std::vector<emit::File>& files,
                                                              const std::vector<std::size_t>& replaced,
                                                              const Plan& plan, bool with_plan);

// Writes down in the stages of a stretch where their steps stand. `paths`: of the migrations, in their order.
void note_files(Plan& plan, const emit::Stretch& stretch, const std::vector<emit::File>& files,
                const std::vector<source::NewMigration>& migrations, const std::vector<std::string>& paths,
                const std::vector<source::FileChange>& changes, const source::Files& disk);

}  // namespace pglint::fix
