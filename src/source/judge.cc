#include "source/judge.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace pglint::source {

namespace {

// What the tool does with a released migration whose text is another now.
std::string why_edited(const Runner& runner) {
  switch (runner.edited) {
    case Edited::unnoticed:
      return fmt::format(
          "{} does not look at a migration that has run: databases that have it keep what the old text did, and new "
          "ones get something else.",
          runner.name == "plain" ? std::string_view("Who runs the files by hand") : runner.title);
    case Edited::warned:
      return fmt::format(
          "{} warns that it was edited and goes on: databases that have it keep what the old text did, and new ones "
          "get something else.",
          runner.title);
    case Edited::refused:
      break;
  }
  return fmt::format("{} compares checksums, and stops on every database that has run the old text.", runner.title);
}

// What it does with a new one that stands before those that it has run.
std::string why_late(const Runner& runner) {
  switch (runner.late) {
    case Late::runs:
      return fmt::format("{} runs it after the others on databases that have them, and before them on new ones.",
                         runner.title);
    case Late::skipped:
      return fmt::format(
          "{} goes on from the last version that it has run: on databases that have the released migrations it never "
          "runs this one, and says nothing.",
          runner.title);
    case Late::refused:
      break;
  }
  return fmt::format("{} refuses to run a migration that stands before one that it has run.", runner.title);
}

// Released ones that may be another later.
bool may_change(const Runner& runner, const Project& project, const Migration& migration) {
  // What may be repeated is there to be changed.
  if (runner.name == "flyway" && migration.version.empty()) return true;
  if (runner.name == "graphile-migrate" && migration.id == "current") return true;
  // A file may get further changesets; those that are there are compared when it is read.
  if (runner.compare != nullptr) return true;
  // A change that is reworked gets another script.
  return runner.name == "sqitch" && std::ranges::any_of(project.migrations, [&](const Migration& other) {
           return other.id.starts_with(migration.id + '@');
         });
}

}  // namespace

void judge_versions(Found& found, const Git& git) {
  Project& project = found.project;
  const Runner& runner = *found.runner;
  const bool plain = runner.name == "plain";
  if (plain && found.guessed) return;
  const std::vector<Migration>& all = project.migrations;
  // The last that is released; what stands before the first new one is not asked about, since git is slow to answer.
  const auto first = static_cast<std::size_t>(std::ranges::find(found.wanted, true) - found.wanted.begin());
  std::size_t behind = all.size();
  for (std::size_t i = all.size(); i > first + 1 && behind == all.size(); --i)
    if (!all[i - 1].version.empty() && git.released(all[i - 1].path)) behind = i - 1;

  for (std::size_t i = first; i < all.size(); ++i) {
    const Migration& migration = all[i];
    if (!found.wanted[i]) continue;
    if (git.released(migration.path)) {
      if (may_change(runner, project, migration)) continue;
      project.problems.push_back({.rule = "released-migration-changed",
                                  .path = migration.path,
                                  .at = {},
                                  .message = fmt::format("{} is released, and its text is another now", migration.id),
                                  .why = why_edited(runner),
                                  .help = "Restore it, and write what is to change as a new migration.",
                                  .mild = plain});
    } else if (behind != all.size() && i < behind && !migration.version.empty()) {
      project.problems.push_back(
          {.rule = "version-out-of-order",
           .path = migration.path,
           .at = {},
           .message = fmt::format("{} is new, and stands before {}, which is released", migration.id, all[behind].id),
           .why = why_late(runner),
           .help = "Give it a version behind all that are released.",
           .mild = runner.late == Late::runs});
    }
  }
}

void judge_downs(const Runner& runner, Project& project) {
  if (runner.without_down.empty()) return;
  const auto count = [&](bool has) {
    return static_cast<std::size_t>(std::ranges::count_if(
        project.migrations, [has](const Migration& migration) { return migration.has_down == has; }));
  };
  const std::size_t with = count(true);
  if (with < 2 || (count(false) - std::min<std::size_t>(count(false), 1)) * 3 > with) return;
  for (const Migration& migration : project.migrations) {
    if (!migration.reported || migration.has_down != false) continue;
    project.problems.push_back(
        {.rule = "missing-down",
         .path = migration.path,
         .at = {},
         .message = fmt::format("Nothing undoes {}, as something does the others", migration.id),
         .why = std::string(runner.without_down),
         .help =
             "Write what undoes it. Where nothing can, let that part raise an error, so that nobody takes it for done.",
         .mild = true});
  }
}

void keep_problems(Found& found, const Git* git) {
  Project& project = found.project;
  std::unordered_set<std::string_view> reported;
  for (const Migration& migration : project.migrations) {
    if (migration.reported && !migration.path.empty()) reported.insert(migration.path);
  }
  const auto is_document = [&](const std::string& path) {
    return std::any_of(project.documents.begin(), project.documents.end(),
                       [&](const Document& document) { return document.path == path; });
  };
  std::erase_if(project.problems, [&](const Problem& problem) {
    if (reported.contains(problem.path)) return false;
    if (!is_document(problem.path)) return true;
    if (problem.always && (!reported.empty() || (found.whole && git == nullptr))) return false;
    if (std::find(found.asked.begin(), found.asked.end(), problem.path) != found.asked.end()) return false;
    return !(found.whole && (git == nullptr || git->changed(problem.path)));
  });
}

}  // namespace pglint::source
