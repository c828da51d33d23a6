#include "fix/plan_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "plan/planner.h"

namespace pglint::fix {
namespace {

std::string what(const emit::File& file, const Plan& plan, bool with_plan) {
  std::string out =
      with_plan ? fmt::format("Part of the plan {} (see .pglint/plans/{}.yml): {}.", plan.id, plan.id, name(file.phase))
                : std::string("Rewritten so that nobody waits.");
  const bool outside = std::ranges::any_of(
      file.texts, [](const source::Text& text) { return text.place != source::Place::runner_transaction; });
  out += outside ? "\nOutside of the runner's transaction: each statement may be repeated, and so may the whole run."
                 : "\nA lock that is not had in time fails the whole run, which may be repeated.";
  return out;
}

}  // namespace

std::vector<source::NewMigration> to_migrations(const std::vector<emit::File>& files,
                                                const std::vector<std::size_t>& replaced, const Plan& plan,
                                                bool with_plan) {
  std::vector<source::NewMigration> out;
  for (std::size_t i = 0; i < std::max(files.size(), replaced.size()); ++i) {
    source::NewMigration migration;
    if (i < replaced.size()) migration.replaces = replaced[i];
    if (i < files.size()) {
      migration.texts = files[i].texts;
      migration.comment = what(files[i], plan, with_plan);
      if (!migration.replaces) migration.name = fmt::format("{}_{}", plan::bare_name(plan.id), name(files[i].phase));
    } else {
      migration.comment =
          fmt::format("What stood here is part of the plan {} (see .pglint/plans/{}.yml).", plan.id, plan.id);
    }
    out.push_back(std::move(migration));
  }
  return out;
}

void note_files(Plan& plan, const emit::Stretch& stretch, const std::vector<emit::File>& files,
                const std::vector<source::NewMigration>& migrations, const std::vector<std::string>& paths,
                const std::vector<source::FileChange>& changes, const source::Files& disk) {
  std::size_t file = 0;
  for (std::size_t i = stretch.from; i < stretch.to; ++i) plan.stages[i].files.clear();
  for (std::size_t m = 0; m < migrations.size(); ++m) {
    if (migrations[m].texts.empty() || file >= files.size()) continue;
    std::string text;
    const auto change = std::ranges::find(changes, paths[m], &source::FileChange::path);
    if (change != changes.end())
      text = change->text;
    else if (auto there = disk.read(paths[m]))
      text = std::move(*there);
    // The first stage of that phase which has no file yet; a file may hold several.
    for (std::size_t i = stretch.from; i < stretch.to; ++i) {
      const bool here = file + 1 == files.size() || plan.stages[i].phase < files[file + 1].phase;
      if (plan.stages[i].files.empty() && here && plan.stages[i].phase >= files[file].phase)
        plan.stages[i].files.push_back({paths[m], sha256(text)});
    }
    ++file;
  }
}

}  // namespace pglint::fix
