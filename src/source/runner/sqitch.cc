// Sqitch: sqitch.plan orders the changes, deploy/<change>.sql holds them, and psql runs each. There is no transaction
// but the one that a script opens itself.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

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

// What a new line of the plan takes over from the ones before it.
struct PlanText {
  std::string path;
  std::string text;
  std::string project;
  std::string planner;  // "Name <email>"
  std::vector<std::string> changes;

  [[nodiscard]] bool has(std::string_view change) const {
    return std::find(changes.begin(), changes.end(), change) != changes.end();
  }
};

Result<PlanText> read_plan(const Paths& paths, const Files& files) {
  PlanText out;
  out.path = paths.plan;
  auto text = files.read(paths.plan);
  if (!text) return failed(paths.plan + " " + text.error().message, text.error().hint);
  out.text = std::move(*text);
  std::size_t at = 0;
  Line line;
  while (next_line(out.text, at, line)) {
    std::string_view words = trimmed(line.of(out.text));
    if (words.starts_with("<<<<<<<")) return failed(paths.plan + " has merge conflict markers", "resolve them");
    if (words.starts_with("%project=")) out.project = std::string(trimmed(words.substr(9)));
    const std::string_view name = change_name(words);
    if (!name.empty()) out.changes.emplace_back(name);
    const std::size_t mail = words.find('>');
    if (words.starts_with('%') || words.starts_with('#') || mail == std::string_view::npos) continue;
    // name [dependencies] time planner <mail> # note
    const std::size_t zulu = words.substr(0, mail).rfind("Z ");
    if (zulu != std::string_view::npos) out.planner = std::string(trimmed(words.substr(zulu + 2, mail - zulu - 1)));
  }
  if (out.planner.empty())
    return failed(paths.plan + " has no line with the name and mail of who planned it, which a new line has to have",
                  "add the first change with `sqitch add`");
  if (out.text.empty() || out.text.back() != '\n') out.text += '\n';
  return out;
}

// The lines that Sqitch writes at the top of a script: what it is, what it requires.
std::string_view head_of(std::string_view text) {
  std::size_t at = 0;
  std::size_t end = 0;
  Line line;
  while (next_line(text, at, line)) {
    const std::string_view words = line.of(text);
    if (!starts_with_any_case(words, "-- deploy") && !starts_with_any_case(words, "-- requires:") &&
        !starts_with_any_case(words, "-- conflicts:"))
      break;
    end = line.next;
  }
  return text.substr(0, end);
}

// There is no transaction but what the script opens: BEGIN and COMMIT stand around what shares one.
std::string deploy_text(const NewMigration& migration, std::string_view head) {
  const bool outside = !migration.texts.empty() && migration.texts.front().place != Place::runner_transaction;
  return fmt::format("{}{}{}", head, head.empty() || head.ends_with("\n\n") ? "" : "\n",
                     versioned::body(migration, {}, !outside));
}

std::string revert_text(const NewMigration& migration, std::string_view project, std::string_view change) {
  const bool outside = !migration.down.empty() && migration.down.front().place != Place::runner_transaction;
  return fmt::format("-- Revert {}:{} from pg\n\n{}", project, change, versioned::down_body(migration, {}, !outside));
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  if (auto good = versioned::check(project, request); !good) return tl::unexpected(good.error());
  const Paths paths = paths_of(project.root, files);
  auto plan = read_plan(paths, files);
  if (!plan) return tl::unexpected(plan.error());
  Written written;
  std::string lines;
  const auto script = [](const std::string& folder, std::string_view change) {
    return join(folder, std::string(change) + ".sql");
  };
  // New scripts first, then the plan that names them, then what is edited: until then it is done again.
  for (const NewMigration& migration : request.migrations) {
    if (migration.replaces) continue;
    std::string change;
    std::string text;
    for (int n = 1;; ++n) {
      change = n == 1 ? migration.name : fmt::format("{}_{}", migration.name, n);
      text = deploy_text(migration, fmt::format("-- Deploy {}:{} to pg\n", plan->project, change));
      const std::string path = script(paths.deploy, change);
      if (versioned::has_text(files, path, text) || (!plan->has(change) && !files.exists(path))) break;
    }
    if (!plan->has(change)) {
      const std::string_view note = std::string_view(migration.comment).substr(0, migration.comment.find('\n'));
      lines += fmt::format("{} {} {} # {}\n", change, versioned::utc(request.now_ms), plan->planner, note);
      plan->changes.push_back(change);
    }
    const std::string path = script(paths.deploy, change);
    if (auto good = add_change(written, files, path, std::move(text), FileOrder::new_sql); !good)
      return tl::unexpected(good.error());
    if (auto good = add_change(written, files, script(paths.revert, change),
                               revert_text(migration, plan->project, change), FileOrder::new_sql);
        !good)
      return tl::unexpected(good.error());
    written.paths.push_back(path);
  }
  if (!lines.empty())
    if (auto good = add_change(written, files, plan->path, plan->text + lines, FileOrder::snapshot); !good)
      return tl::unexpected(good.error());
  std::vector<std::string> replaced;
  for (const NewMigration& migration : request.migrations) {
    if (!migration.replaces) continue;
    const Migration& old = project.migrations[*migration.replaces];
    const std::string revert = script(paths.revert, old.id);
    if (!migration.keeps_down || !files.exists(revert))
      if (auto good =
              add_change(written, files, revert, revert_text(migration, plan->project, old.id), FileOrder::edited_sql);
          !good)
        return tl::unexpected(good.error());
    if (auto good =
            add_change(written, files, old.path, deploy_text(migration, head_of(old.text)), FileOrder::edited_sql);
        !good)
      return tl::unexpected(good.error());
    const std::string verify = script(join(parent(paths.deploy), "verify"), old.id);
    if (!migration.keeps_down && files.exists(verify))
      written.notices.push_back(fmt::format(
          "{} may look for what only the last of the changes brings: see whether it has to move there", verify));
    replaced.push_back(old.path);
  }
  written.paths.insert(written.paths.begin(), replaced.begin(), replaced.end());
  return written;
}

constexpr Writer writer = {.write = write, .way_out = WayOut::file};

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
    .writer = &writer,
};

}  // namespace pglint::source
