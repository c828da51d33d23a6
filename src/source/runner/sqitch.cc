// Sqitch: sqitch.plan orders the changes, deploy/<change>.sql holds them, and psql runs each. There is no transaction
// but the one that a script opens itself.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "source/runner/common.h"

namespace pglint::source {

extern const Runner sqitch_runner;

namespace {

using namespace common;

constexpr std::size_t most_told = 100;  // of what is missing

struct Paths {
  std::string plan;
  std::string deploy;
  std::string revert;
  std::string engine;
};

// From sqitch.conf beside the plan; what it does not say is as Sqitch has it.
Paths paths_of(const std::string& root, const Files& files) {
  Paths paths;
  std::string top = root;
  const std::string config = join(root, "sqitch.conf");
  std::string text;
  if (files.exists(config)) {
    if (auto read = files.read(config)) text = std::move(*read);
  }
  const auto core = [&](std::string_view key) { return value_of(text, "core", key); };
  if (const auto dir = core("top_dir")) top = tidy(join(root, *dir));
  paths.plan = join(root, "sqitch.plan");
  if (const auto plan = core("plan_file")) paths.plan = tidy(join(root, *plan));
  paths.deploy = join(top, "deploy");
  if (const auto dir = core("deploy_dir")) paths.deploy = tidy(join(root, *dir));
  paths.revert = join(top, "revert");
  if (const auto dir = core("revert_dir")) paths.revert = tidy(join(root, *dir));
  paths.engine = core("engine").value_or("");
  return paths;
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  if (folder.find("sqitch.plan") == nullptr && folder.find("sqitch.conf") == nullptr) return {};
  const Paths paths = paths_of(folder.path, files);
  if (!files.exists(paths.plan)) return {};
  const bool foreign = !paths.engine.empty() && paths.engine != "pg" && paths.engine != "cockroach";
  return {{paths.plan, folder.path, foreign ? "engine " + paths.engine : "", Evidence::own, {}}};
}

struct Change {
  std::string name;
  std::size_t tags = 0;  // before it
  Span at;
};

// The name of a change, from its line; empty for pragmas, tags, comments and reverts.
std::string_view change_name(std::string_view line) {
  line = trimmed(line);
  if (line.empty() || line.front() == '%' || line.front() == '#' || line.front() == '@' || line.front() == '-')
    return {};
  if (line.front() == '+') line = trimmed(line.substr(1));
  return take_word(line);
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(sqitch_runner, layout.root);
  const Paths paths = paths_of(layout.root, files);
  const auto plan = files.read(paths.plan);
  if (!plan) {
    notes.failures.push_back({paths.plan, 0, one_line(plan.error())});
    return project;
  }
  std::vector<Change> changes;
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_name;
  std::vector<std::string_view> tags;
  std::size_t at = 0;
  Line line;
  while (next_line(*plan, at, line)) {
    const std::string_view words = trimmed(line.of(*plan));
    if (words.starts_with('@')) {
      std::string_view rest = words;
      tags.push_back(take_word(rest));
      continue;
    }
    const std::string_view name = change_name(words);
    if (name.empty()) continue;
    by_name[name].push_back(changes.size());
    changes.push_back({std::string(name),
                       tags.size(),
                       {static_cast<std::uint32_t>(line.begin), static_cast<std::uint32_t>(line.end)}});
  }
  std::size_t told = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    const std::vector<std::size_t>& same = by_name.at(change.name);
    const auto next = std::upper_bound(same.begin(), same.end(), i);
    // A change that was reworked later keeps its old script, under one of the tags between the two.
    std::string_view reworked;
    if (next != same.end()) {
      for (std::size_t tag = change.tags; tag < changes[*next].tags; ++tag) {
        reworked = tags[tag];
        if (files.exists(join(paths.deploy, fmt::format("{}{}.sql", change.name, reworked)))) break;
      }
    }
    const std::string file = fmt::format("{}{}.sql", change.name, reworked);
    const std::string path = join(paths.deploy, file);
    const bool leads_out = file.starts_with('/') || file.find("../") != std::string::npos;
    if (leads_out || !files.exists(path)) {
      if (told >= most_told) continue;
      notes.problems.push_back(
          {.rule = "journal-entry-without-file",
           .path = paths.plan,
           .at = change.at,
           .message = fmt::format("{} is in the plan, and deploy/{} is not there", change.name, file),
           .why = "Sqitch stops when it gets to the change.",
           .help = "Restore the script. If the change was never deployed, take its line out.",
           .always = true});
      if (told == 0) notes.documents.push_back({paths.plan, *plan});
      ++told;
      continue;
    }
    Migration& migration = project.migrations.emplace_back();
    migration.id = change.name + std::string(reworked);
    migration.path = path;
    const std::string revert = join(paths.revert, file);
    if (files.exists(revert)) project.rollbacks.push_back({revert, project.migrations.size()});
  }
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) { whole(migration, Sent::statement); }

}  // namespace

constinit const Runner sqitch_runner = {
    .name = "sqitch",
    .title = "Sqitch",
    .looks_for = "sqitch.plan",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_statement,
    .psql = true,
    .outside = "Sqitch runs a script as it is: give the statement a change of its own, without BEGIN and COMMIT.",
    .later = "The second half belongs in a later change, or behind the COMMIT.",
};

}  // namespace pglint::source
