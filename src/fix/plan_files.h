// Between a plan's steps and the runner's migrations: which migrations they become, and in the plan where they stand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "emit/emit.h"
#include "pglint/plan.h"
#include "source/write.h"

namespace pglint::fix {

// The files of a stretch as migrations: those that replace come first, the others are new. `with_plan`: there is a plan
// file to refer to.
[[nodiscard]] std::vector<source::NewMigration> to_migrations(const std::vector<emit::File>& files,
                                                              const std::vector<std::size_t>& replaced,
                                                              const Plan& plan, bool with_plan, source::WayOut way);

// The name, without its number, of a migration that a plan adds. What a tool allows in such a name is less than a name
// can be made of.
[[nodiscard]] std::string split_name(std::string_view id, std::string_view part);
// Whether `migration` is what an interrupted run has left: it was written by fix, and is called as what fix would split
// from `original`.
[[nodiscard]] bool is_split_from(const source::Migration& migration, const source::Migration& original);
// Whether fix has written this text.
[[nodiscard]] bool is_written_by_fix(std::string_view text);

// Writes down in the stages of a stretch where their steps stand. `paths`: of the migrations, in their order.
void note_files(Plan& plan, const emit::Stretch& stretch, const std::vector<emit::File>& files,
                const std::vector<source::NewMigration>& migrations, const std::vector<std::string>& paths,
                const std::vector<source::FileChange>& changes, const source::Files& disk);

}  // namespace pglint::fix
