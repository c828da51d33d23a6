#include "fix/plan_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/sha256.h"
#include "plan/planner.h"

namespace pglint::fix {
namespace {

constexpr std::string_view of_a_plan = "Part of the plan ";
constexpr std::string_view of_files_alone = "Rewritten so that nobody waits.";

std::string what(const emit::File& file, const Plan& plan, bool with_plan, source::WayOut way) {
  std::string out =
      with_plan ? fmt::format("{}{} (see .pglint/plans/{}.yml): {}.", of_a_plan, plan.id, plan.id, name(file.phase))
                : std::string(of_files_alone);
  if (!file.is_outside())
    out += "\nA lock that is not had in time fails the whole run, which may be repeated.";
  else if (way == source::WayOut::statement)
    out += "\nOutside of the runner's transaction, and therefore alone in its file: it may be repeated.";
  else
    out += "\nOutside of the runner's transaction: each statement may be repeated, and so may the whole run.";
  return out;
}

std::string what_is_back(const emit::File& file, const Plan& plan, bool with_plan) {
  std::string out;
  const auto line = [&](std::string_view text) { out += fmt::format("{}{}", out.empty() ? "" : "\n", text); };
  if (with_plan && !file.down.empty())
    line(
        fmt::format("At once, as in a database of one's own. Where others work: pglint fix --undo --plan "
                    ".pglint/plans/{}.yml",
                    plan.id));
  if (file.down.empty() && file.kept.empty()) line("Nothing has to be taken back.");
  if (!file.kept.empty()) line("What stays as it is:");
  for (const std::string& one : file.kept) line(one);
  return out;
}

}  // namespace

std::string split_name(std::string_view id, std::string_view part) {
  std::string out = fmt::format("{}_{}", plan::bare_name(id), part);
  for (char& c : out) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!good) c = '_';
  }
  constexpr std::size_t longest = 150;  // a file name may have 255 bytes, and more than this stands in it
  if (out.size() > longest) out.erase(0, out.size() - longest);
  return out;
}

bool is_written_by_fix(std::string_view text) {
  return text.find(of_a_plan) != std::string_view::npos || text.find(of_files_alone) != std::string_view::npos;
}

bool is_split_from(const source::Migration& migration, const source::Migration& original) {
  if (!is_written_by_fix(migration.text)) return false;
  const std::string_view id = plan::bare_name(migration.id);
  return std::ranges::any_of(
      std::array{Phase::expand, Phase::backfill, Phase::validate, Phase::tighten, Phase::switch_, Phase::contract},
      [&](Phase phase) {
        const std::string split = split_name(original.id, name(phase));
        return id == split || id.ends_with('_' + split);
      });
}

std::vector<source::NewMigration> to_migrations(const std::vector<emit::File>& files,
                                                const std::vector<std::size_t>& replaced, const Plan& plan,
                                                bool with_plan, source::WayOut way) {
  std::vector<source::NewMigration> out;
  const bool one_for_one = files.size() == 1 && replaced.size() == 1 &&
                           std::ranges::none_of(plan.stages, [](const Stage& stage) { return stage.gate.has_value(); });
  for (std::size_t i = 0; i < std::max(files.size(), replaced.size()); ++i) {
    source::NewMigration migration;
    if (i < replaced.size()) migration.replaces = replaced[i];
    if (i < files.size()) {
      migration.texts = files[i].texts;
      migration.down = files[i].down;
      migration.down_comment = what_is_back(files[i], plan, with_plan);
      migration.comment = what(files[i], plan, with_plan, way);
      migration.name = split_name(plan.id, name(files[i].phase));
    } else {
      migration.comment = with_plan ? fmt::format("What stood here is part of the plan {} (see .pglint/plans/{}.yml).",
                                                  plan.id, plan.id)
                                    : fmt::format("What stood here stands in {}.", plan.id);
      migration.down_comment = "Nothing has to be taken back.";
    }
    migration.keeps_down = one_for_one;
    out.push_back(std::move(migration));
  }
  return out;
}

void note_files(Plan& plan, const emit::Stretch& stretch, const std::vector<emit::File>& files,
                const std::vector<source::NewMigration>& migrations, const std::vector<std::string>& paths,
                const std::vector<source::FileChange>& changes, const source::Files& disk) {
  for (std::size_t i = stretch.from; i < stretch.to; ++i) plan.stages[i].files.clear();
  for (std::size_t m = 0; m < std::min(migrations.size(), files.size()); ++m) {
    std::string text;
    const auto change = std::ranges::find(changes, paths[m], &source::FileChange::path);
    if (change != changes.end())
      text = change->text;
    else if (auto there = disk.read(paths[m]))
      text = std::move(*there);
    for (const std::size_t stage : files[m].stages) plan.stages[stage].files.push_back({paths[m], sha256(text)});
  }
}

}  // namespace pglint::fix
