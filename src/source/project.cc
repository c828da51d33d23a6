// From what the user named to projects: finds the runner around it, orders, reads and cuts the migrations, and decides
// which of them are reported and which are only history.
#include "source/project.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/spell.h"
#include "source/encoding.h"
#include "source/git.h"
#include "source/path.h"
#include "source/remembered.h"
#include "source/runner.h"

namespace pglint::source {
namespace {

constexpr std::size_t deepest = 16;  // a Java package takes a folder for each part of its name
constexpr std::size_t most_folders = 50'000;
// From a migration up to the folder of its project: drizzle 0.x and most others 0, v1 and Prisma 1, Hasura 2.
constexpr int levels_up = 3;

constexpr std::string_view no_runner = "no runner is known for it";

struct Found {
  const Runner* runner = nullptr;
  Layout layout = {};
  Project project = {};
  bool ordered = false;
  bool whole = false;             // its folder was named, not single files of it
  bool guessed = false;           // neighbours of a named file: that they are its history is a guess
  bool text = false;              // not from files: standard input
  std::vector<bool> wanted = {};  // one per migration
  // Named files that are none of its migrations, and that it has something to say about.
  std::vector<std::string> asked = {};
};

// One project for each migrations folder that the paths lead to, however often.
class Finder {
 public:
  Finder(const SourceOptions& options, const Runner* forced, const Files& files, Sources& out)
      : options_(options), forced_(forced), files_(files), out_(out) {}

  // `told`: the user or the configuration named it.
  void add_folder(const std::string& path, bool told) {
    auto entries = files_.list(path);
    if (!entries) return fail(path, one_line(entries.error()));
    if (!forced_plain()) {
      const std::vector<Found*> here = detect(path, std::move(*entries));
      for (Found* const found : here) want_all(*found);
      if (holds_root(here, path) || (here.empty() && add_part(path))) return;

      Search search;
      search.found = here;
      for (const Found* const found : here) search.configured.insert(found->runner);
      look_below(path, 0, search);
      if (search.gave_up) fail(path, "holds too many folders to look through: name the migrations folder");
      for (Found* const found : search.found) want_all(*found);
      if (!search.found.empty()) return;
      if (!told && forced_ == nullptr) {
        bool any = false;
        for (const std::string& folder : search.by_name) any = add_plain_folder(folder) || any;
        if (any) return;
      }
    }
    if ((forced_ == nullptr || forced_plain()) && add_plain_folder(path)) return;
    if (forced_ != nullptr && !forced_plain() && add_as_told(path)) return;

    const std::string what =
        forced_ != nullptr
            ? fmt::format("looked for {}", forced_->looks_for)
            : fmt::format("none of the {} runners that pglint knows, and no .sql files", runners().size() - 1);
    fail(path,
         fmt::format("holds no migrations ({}): name the migrations folder, or set `paths:` in .pglint.yml", what));
  }

  void add_file(const std::string& path) {
    if (const auto known = known_.find(path); known != known_.end()) {
      known->second.first->wanted[known->second.second] = true;
      return;
    }
    const std::string folder = parent(path);
    if (!forced_plain()) {
      for (Found* const found : around(folder)) {
        order(*found);
        if (!found->layout.foreign.empty()) return;
        const auto which = part(*found, path, false);
        if (which.empty()) {
          if (add_rollback(*found, path) || ask(*found, path)) return;
          continue;
        }
        found->project.migrations[which.front()].path = path;  // as the user calls it
        known_[path] = {found, which.front()};
        found->wanted[which.front()] = true;
        return;
      }
      if (forced_ != nullptr) {
        if (add_file_as_told(path)) return;
        return fail(path, fmt::format("is not part of a {} project (looked for {} around it): use --runner plain",
                                      forced_->name, forced_->looks_for));
      }
    }
    add_plain_file(path, folder);
  }

  void add_text(std::string path, std::string text) {
    Found& found = found_.emplace_back();
    found.runner = forced_ != nullptr ? forced_ : known_by_text(text);
    const bool plain = found.runner->name == "plain";
    found.layout.evidence = forced_ != nullptr ? "as told" : plain ? no_runner : "its marks";
    found.project.runner = found.runner->name;
    found.project.wrapped_run = plain ? options_.transaction == "all" : found.runner->scope == Scope::all_pending;
    found.project.psql = found.runner->psql;
    found.ordered = true;
    found.text = true;
    Migration& migration = found.project.migrations.emplace_back();
    migration.id = path;
    migration.path = std::move(path);
    migration.text = std::move(text);
    migration.wrapped = plain ? options_.transaction == "file" : found.runner->scope == Scope::per_file;
    found.wanted.push_back(true);
  }

  [[nodiscard]] std::deque<Found>& found() { return found_; }

 private:
  void fail(const std::string& path, std::string message) { out_.failures.push_back({path, 0, std::move(message)}); }

  static const Runner* known_by_text(std::string_view text) {
    for (const Runner* const runner : runners()) {
      if (runner->knows != nullptr && runner->knows(text)) return runner;
    }
    return find_runner("plain");
  }

  [[nodiscard]] bool holds_root(const std::vector<Found*>& list, const std::string& folder) const {
    const std::string identity = files_.identity(folder);
    return std::any_of(list.begin(), list.end(),
                       [&](const Found* found) { return files_.identity(found->layout.root) == identity; });
  }

  // A folder in which nothing speaks for the runner that the user named. Null if it finds nothing either.
  Found* as_told(const std::string& folder) {
    if (!files_.is_folder(folder)) return nullptr;
    const std::string identity = files_.identity(folder);
    if (const auto known = by_root_.find(identity); known != by_root_.end()) return known->second;
    Notes notes;
    Layout layout;
    layout.evidence = "as told";
    layout.root = folder;
    if (forced_->order(layout, files_, {}, notes).migrations.empty()) return nullptr;
    Found& found = found_.emplace_back();
    found.runner = forced_;
    found.layout = std::move(layout);
    by_root_.emplace(identity, &found);
    order(found);
    return &found;
  }

  bool add_as_told(const std::string& path) {
    Found* const found = as_told(path);
    if (found == nullptr) return false;
    want_all(*found);
    return true;
  }

  bool add_file_as_told(const std::string& path) {
    std::string at = parent(path);
    for (int i = 0; i < 2 && !at.empty(); ++i, at = parent(at)) {
      Found* const found = as_told(at);
      if (found == nullptr) continue;
      const auto which = part(*found, path, false);
      if (which.empty()) {
        if (add_rollback(*found, path) || ask(*found, path)) return true;
        continue;
      }
      known_[path] = {found, which.front()};
      found->wanted[which.front()] = true;
      return true;
    }
    return false;
  }

  // A file that is none of a project's migrations, and that a finding on its history is about.
  bool ask(Found& found, const std::string& path) {
    for (const Document& document : found.project.documents) {
      if (file_name(document.path) != file_name(path)) continue;
      if (files_.identity(parent(document.path)) != files_.identity(parent(path))) continue;
      found.asked.push_back(document.path);
      return true;
    }
    return false;
  }

  // A file that undoes a migration stands behind the history up to that one.
  bool add_rollback(const Found& found, const std::string& path) {
    for (const Rollback& rollback : found.project.rollbacks) {
      if (file_name(rollback.path) != file_name(path) ||
          files_.identity(parent(rollback.path)) != files_.identity(parent(path)))
        continue;
      add_alone(found, path, &rollback);
      return true;
    }
    return false;
  }

  void add_alone(const Found& beside, const std::string& path, const Rollback* rollback) {
    Found& alone = found_.emplace_back();
    alone.runner = beside.runner;
    alone.layout = beside.layout;
    alone.ordered = true;
    alone.guessed = true;
    alone.project.root = beside.project.root;
    alone.project.runner = beside.project.runner;
    alone.project.wrapped_run = beside.project.wrapped_run;
    alone.project.psql = beside.project.psql;
    alone.project.variant = beside.project.variant;
    if (rollback != nullptr) {
      const std::vector<Migration>& history = beside.project.migrations;
      alone.project.migrations.assign(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(rollback->after));
      alone.wanted.assign(rollback->after, false);
    }
    known_.try_emplace(path, &alone, alone.wanted.size());
    Migration& migration = alone.project.migrations.emplace_back();
    migration.id = file_name(path);
    migration.path = path;
    migration.wrapped =
        alone.runner->name == "plain" ? options_.transaction == "file" : alone.runner->scope == Scope::per_file;
    alone.wanted.push_back(true);
  }

  [[nodiscard]] bool forced_plain() const { return forced_ != nullptr && forced_->name == "plain"; }

  // What a folder itself holds or points to, by the evidence in it.
  const std::vector<Found*>& detect(const std::string& path) {
    if (const auto known = detected_.find(path); known != detected_.end()) return known->second;
    auto entries = files_.list(path);
    return detect(path, entries ? std::move(*entries) : std::vector<Entry>{});
  }

  const std::vector<Found*>& detect(const std::string& path, std::vector<Entry> entries) {
    const Folder folder{path, std::move(entries)};
    std::vector<Candidate> candidates;
    for (const Runner* const runner : runners()) {
      if (forced_ != nullptr && forced_ != runner) continue;
      for (Layout& layout : runner->detect(folder, files_)) {
        std::string identity = files_.identity(layout.root);
        candidates.push_back({runner, std::move(layout), std::move(identity)});
      }
    }
    // The strongest first.
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.layout.strength > b.layout.strength; });
    std::vector<Found*> list;
    for (Candidate& candidate : candidates) {
      Found* const found = project_of(std::move(candidate));
      if (found != nullptr && std::find(list.begin(), list.end(), found) == list.end()) list.push_back(found);
    }
    return detected_.insert_or_assign(path, std::move(list)).first->second;
  }

  struct Candidate {
    const Runner* runner = nullptr;
    Layout layout;
    std::string identity;  // of the root
  };

  // Null where another runner has the folder already.
  Found* project_of(Candidate candidate) {
    const auto [known, is_new] = by_root_.try_emplace(candidate.identity, nullptr);
    if (!is_new) {
      Found& found = *known->second;
      if (found.runner == candidate.runner) return &found;
      if (candidate.layout.strength == found.layout.strength) {
        fail(candidate.layout.root,
             fmt::format("both {} ({}) and {} ({}) fit: choose one with --runner", found.runner->name,
                         found.layout.evidence, candidate.runner->name, candidate.layout.evidence));
        return nullptr;
      }
      const bool weaker = candidate.layout.strength < found.layout.strength;
      const Runner& beaten = weaker ? *candidate.runner : *found.runner;
      out_.notices.push_back(fmt::format("{}: {} would fit as well ({}), with less to speak for it", found.layout.root,
                                         beaten.name, weaker ? candidate.layout.evidence : found.layout.evidence));
      if (weaker || found.ordered) return nullptr;
    }
    Found& found = is_new ? found_.emplace_back() : *known->second;
    found.runner = candidate.runner;
    found.layout = std::move(candidate.layout);
    known->second = &found;
    if (!found.layout.foreign.empty()) {
      out_.notices.push_back(fmt::format("{}: runner {}, {}: not for PostgreSQL, so not checked", found.layout.root,
                                         found.runner->name, found.layout.foreign));
    }
    return &found;
  }

  // Lists its migrations; the texts come later, when it is known which are needed.
  void order(Found& found, bool subfolders = true) {
    if (found.ordered || !found.layout.foreign.empty()) return;
    found.ordered = true;
    Notes notes;
    found.project = found.runner->order(found.layout, files_, {options_.transaction, subfolders}, notes);
    for (Failure& failure : notes.failures) {
      if (found.guessed) {
        out_.notices.push_back(failure.path + " " + failure.message);
      } else {
        out_.failures.push_back(std::move(failure));
      }
    }
    out_.notices.insert(out_.notices.end(), notes.notices.begin(), notes.notices.end());
    found.project.problems = std::move(notes.problems);
    found.project.documents = std::move(notes.documents);
    found.wanted.assign(found.project.migrations.size(), false);
    for (std::size_t i = 0; i < found.project.migrations.size(); ++i) {
      known_.try_emplace(found.project.migrations[i].path, &found, i);
    }
  }

  void want_all(Found& found) {
    order(found);
    found.whole = true;
    found.wanted.assign(found.wanted.size(), true);
  }

  // The projects that a file or folder may be a part of: those whose migrations folder is around it.
  std::vector<Found*> around(const std::string& folder) {
    std::vector<Found*> list;
    std::vector<std::string> identities;
    std::string at = folder;
    for (int i = 0; i <= levels_up && !at.empty(); ++i, at = parent(at)) {
      identities.push_back(files_.identity(at));
      for (Found* const found : detect(at)) {
        const std::string root = files_.identity(found->layout.root);
        if (std::find(identities.begin(), identities.end(), root) != identities.end()) list.push_back(found);
      }
    }
    return list;
  }

  // The migrations of a project that a path means, also where it is written in another way: "migration.sql" in the
  // current folder is "../20261122191414_init/migration.sql" of its project.
  std::vector<std::size_t> part(const Found& found, const std::string& path, bool is_folder) {
    const std::vector<Migration>& migrations = found.project.migrations;
    std::vector<std::size_t> list;
    if (is_folder) {
      for (std::size_t i = 0; i < migrations.size(); ++i) {
        if (!below(migrations[i].path, path).empty()) list.push_back(i);
      }
      if (!list.empty()) return list;
    } else if (const auto known = known_.find(path); known != known_.end() && known->second.first == &found) {
      return {known->second.second};
    }
    const std::string wanted = files_.identity(is_folder ? path : parent(path));
    std::unordered_map<std::string, std::string> identities;  // many migrations share a folder
    for (std::size_t i = 0; i < migrations.size(); ++i) {
      if (!is_folder && file_name(migrations[i].path) != file_name(path)) continue;
      std::string in = parent(migrations[i].path);
      const auto [identity, is_new] = identities.try_emplace(std::move(in));
      if (is_new) identity->second = files_.identity(identity->first);
      if (identity->second == wanted) list.push_back(i);
    }
    return list;
  }

  // A folder inside a project, like one migration of drizzle v1.
  bool add_part(const std::string& path) {
    const std::string outer = parent(path);
    if (outer.empty()) return false;
    for (Found* const found : around(outer)) {
      order(*found);
      const auto which = part(*found, path, true);
      for (const std::size_t i : which) found->wanted[i] = true;
      if (!which.empty()) return true;
    }
    return false;
  }

  void add_plain_file(const std::string& path, const std::string& folder) {
    // In a folder that was named as well, by another name.
    for (Found& found : found_) {
      if (found.runner->name != "plain" || !found.whole || found.text) continue;
      for (const std::size_t i : part(found, path, false)) {
        found.wanted[i] = true;
        return;
      }
    }
    const std::string identity = files_.identity(folder);
    Found*& neighbours = neighbours_[identity];
    if (neighbours == nullptr) {
      neighbours = &found_.emplace_back();
      neighbours->runner = find_runner("plain");
      neighbours->layout = {std::string(no_runner), folder};
      neighbours->guessed = true;
      order(*neighbours, false);
    }
    for (const std::size_t i : part(*neighbours, path, false)) {
      neighbours->wanted[i] = true;
      return;
    }
    // It undoes a migration, or it has not a name that migrations are looked for by: it stands alone.
    if (!add_rollback(*neighbours, path)) add_alone(*neighbours, path, nullptr);
  }

  // False if there is nothing in it.
  bool add_plain_folder(const std::string& path) {
    if (!plain_folders_.insert(files_.identity(path)).second) return true;
    const std::size_t failures = out_.failures.size();
    Notes notes;
    const Layout layout{std::string(no_runner), path};
    Project project = find_runner("plain")->order(layout, files_, {options_.transaction, true}, notes);
    out_.failures.insert(out_.failures.end(), notes.failures.begin(), notes.failures.end());
    if (project.migrations.empty()) return out_.failures.size() != failures;
    if (known_.contains(project.migrations.front().path)) return true;  // part of a folder that was named before
    out_.notices.insert(out_.notices.end(), notes.notices.begin(), notes.notices.end());

    Found& found = found_.emplace_back();
    found.runner = find_runner("plain");
    found.layout = layout;
    found.project = std::move(project);
    found.ordered = true;
    found.wanted.resize(found.project.migrations.size());
    for (std::size_t i = 0; i < found.project.migrations.size(); ++i) {
      known_.try_emplace(found.project.migrations[i].path, &found, i);
    }
    want_all(found);
    return true;
  }

  struct Search {
    std::vector<Found*> found = {};
    std::vector<std::string> by_name = {};  // no evidence but a telling name
    std::unordered_set<std::string> seen = {};
    // A configuration at the top says where these have their migrations: what lies about elsewhere, and no other
    // configuration names, is left over.
    std::unordered_set<const Runner*> configured = {};
    bool gave_up = false;
  };

  void look_below(const std::string& folder, std::size_t depth, Search& search) {
    if (search.seen.size() >= most_folders) search.gave_up = true;
    if (search.gave_up || depth > deepest || !search.seen.insert(files_.identity(folder)).second) return;
    auto entries = files_.list(folder);
    if (!entries) {
      out_.notices.push_back(folder + " " + one_line(entries.error()));
      return;
    }
    std::vector<std::string> inner;
    for (const Entry& entry : *entries) {
      if (entry.folder && !is_skipped(entry.name)) inner.push_back(entry.name);
    }
    if (depth > 0) {
      const std::vector<Found*> here = detect(folder, std::move(*entries));
      const bool is_root = holds_root(here, folder);
      for (Found* const found : here) {
        const bool known = std::find(search.found.begin(), search.found.end(), found) != search.found.end();
        if (known || (is_root && search.configured.contains(found->runner))) continue;
        search.found.push_back(found);
      }
      if (is_root) return;
      const std::string_view name = file_name(folder);
      if (name == "migrations" || name == "migration" || name == "migrate") search.by_name.push_back(folder);
    }
    for (const std::string& name : inner) look_below(join(folder, name), depth + 1, search);
  }

  const SourceOptions& options_;
  const Runner* forced_;
  const Files& files_;
  Sources& out_;
  std::deque<Found> found_;                                                // they stay where they are while it grows
  std::unordered_map<std::string, std::pair<Found*, std::size_t>> known_;  // by the path of a migration
  std::unordered_map<std::string, std::vector<Found*>> detected_;          // by the path of a folder
  std::unordered_map<std::string, Found*> by_root_;                        // these by the identity of a folder
  std::unordered_map<std::string, Found*> neighbours_;
  std::unordered_set<std::string> plain_folders_;
};

// Reads the text; false if it cannot be checked.
bool load(Migration& migration, const Files& files, std::vector<Failure>& failures) {
  auto text = files.read(migration.path);
  if (!text) {
    failures.push_back({migration.path, 0, one_line(text.error())});
    return false;
  }
  if (auto failure = encoding_failure(*text)) {
    failure->path = migration.path;
    failures.push_back(std::move(*failure));
    return false;
  }
  migration.text = std::move(*text);
  return true;
}

Script whole_text(const Migration& migration, Sent sent) {
  Script script;
  script.range = {0, static_cast<std::uint32_t>(migration.text.size())};
  script.sent = sent;
  return script;
}

// What git tells about the history: a migration that was released and is another now, and a new one that stands before
// released ones.
void judge_versions(Found& found, const Git& git) {
  Project& project = found.project;
  const Runner& runner = *found.runner;
  const bool plain = runner.name == "plain";
  if (plain && found.guessed) return;
  // The last that is released; what stands before the first new one is not asked about, since git is slow to answer.
  const auto first = static_cast<std::size_t>(std::ranges::find(found.wanted, true) - found.wanted.begin());
  std::size_t behind = project.migrations.size();
  for (std::size_t i = project.migrations.size(); i > first + 1 && behind == project.migrations.size(); --i) {
    const Migration& migration = project.migrations[i - 1];
    if (!migration.version.empty() && git.released(migration.path)) behind = i - 1;
  }
  for (std::size_t i = 0; i < project.migrations.size(); ++i) {
    const Migration& migration = project.migrations[i];
    if (!found.wanted[i]) continue;
    if (git.released(migration.path)) {
      // What may be repeated is there to be changed.
      if (runner.name == "flyway" && migration.version.empty()) continue;
      if (runner.name == "graphile-migrate" && migration.id == "current") continue;
      // A file may get further changesets; those that are there are compared when it is read. And a change that is
      // reworked gets another script.
      if (runner.compare != nullptr) continue;
      const auto is_older = [&](const Migration& other) { return other.id.starts_with(migration.id + '@'); };
      if (runner.name == "sqitch" && std::any_of(project.migrations.begin(), project.migrations.end(), is_older))
        continue;
      std::string why;
      switch (runner.edited) {
        case Edited::unnoticed:
          why = fmt::format(
              "{} does not look at a migration that has run: databases that have it keep what the old text "
              "did, and new ones get something else.",
              plain ? std::string_view("Who runs the files by hand") : runner.title);
          break;
        case Edited::warned:
          why = fmt::format(
              "{} warns that it was edited and goes on: databases that have it keep what the old text did, "
              "and new ones get something else.",
              runner.title);
          break;
        case Edited::refused:
          why = fmt::format("{} compares checksums, and stops on every database that has run the old text.",
                            runner.title);
          break;
      }
      project.problems.push_back({.rule = "released-migration-changed",
                                  .path = migration.path,
                                  .at = {},
                                  .message = fmt::format("{} is released, and its text is another now", migration.id),
                                  .why = std::move(why),
                                  .help = "Restore it, and write what is to change as a new migration.",
                                  .mild = plain});
      continue;
    }
    if (behind == project.migrations.size() || i > behind || migration.version.empty()) continue;
    std::string why;
    switch (runner.late) {
      case Late::runs:
        why = fmt::format("{} runs it after the others on databases that have them, and before them on new ones.",
                          runner.title);
        break;
      case Late::skipped:
        why = fmt::format(
            "{} goes on from the last version that it has run: on databases that have the released "
            "migrations it never runs this one, and says nothing.",
            runner.title);
        break;
      case Late::refused:
        why = fmt::format("{} refuses to run a migration that stands before one that it has run.", runner.title);
        break;
    }
    project.problems.push_back({.rule = "version-out-of-order",
                                .path = migration.path,
                                .at = {},
                                .message = fmt::format("{} is new, and stands before {}, which is released",
                                                       migration.id, project.migrations[behind].id),
                                .why = std::move(why),
                                .help = "Give it a version behind all that are released.",
                                .mild = runner.late == Late::runs});
  }
}

// Where the others have something that undoes them, and the tool does something else than it seems to without it.
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

// Problems are reported where their file is, and those that stop the runner always.
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

// Keeps what is reported and what comes before it, and reads that.
std::optional<Project> read_project(Found& found, const Git* git, const Files& files, Sources& out) {
  Project& project = found.project;
  const std::size_t count = project.migrations.size();
  const std::string title =
      fmt::format("{}: runner {} ({})", project.root.empty() ? project.migrations.front().path : project.root,
                  project.runner, found.layout.evidence);
  if (git != nullptr && !found.text) {
    for (std::size_t i = 0; i < count; ++i) {
      found.wanted[i] = found.wanted[i] && git->changed(project.migrations[i].path);
    }
  }
  project.pending_known = !found.whole || (git != nullptr && !found.text);
  if (git != nullptr && !found.text) judge_versions(found, *git);
  const auto last = std::find(found.wanted.rbegin(), found.wanted.rend(), true);
  const auto needed = static_cast<std::size_t>(found.wanted.rend() - last);
  if (needed == 0) {
    keep_problems(found, git);
    if (!project.problems.empty()) {
      project.migrations.clear();
      out.notices.push_back(title + ": nothing of it is reported but what its history says");
      return std::move(project);
    }
    out.notices.push_back(title + (count == 0 ? ": no migrations yet" : ": git says that none is new or changed"));
    return std::nullopt;
  }

  std::vector<Migration> read;
  read.reserve(needed + 1);  // and a schema before them
  std::size_t reported = 0;
  std::vector<Failure> failures;
  Notes notes;
  for (std::size_t i = 0; i < needed; ++i) {
    Migration& migration = project.migrations[i];
    migration.reported = found.wanted[i];
    if (!found.text && !load(migration, files, failures)) {
      if (!migration.reported && found.guessed) {
        out.notices.push_back(failures.back().path + " " + failures.back().message);
        failures.pop_back();
      }
      continue;
    }
    found.runner->cut(project, migration, notes);
    if (found.runner->compare != nullptr && git != nullptr && migration.reported && !found.text &&
        git->released(migration.path)) {
      if (const auto before = git->released_text(migration.path)) found.runner->compare(*before, migration, notes);
    }
    reported += migration.reported ? 1 : 0;
    read.push_back(std::move(migration));
  }
  project.migrations = std::move(read);
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  judge_downs(*found.runner, project);
  append(project.problems, notes.problems);
  append(project.documents, notes.documents);
  append(out.notices, notes.notices);
  keep_problems(found, git);
  out.failures.insert(out.failures.end(), failures.begin(), failures.end());
  out.notices.push_back(fmt::format("{}: {} migration(s) read, {} reported{}", title, project.migrations.size(),
                                    reported, project.pending_known ? "" : "; which are pending is not known"));
  return std::move(project);
}

Project commands_project(const std::vector<std::string>& commands, std::vector<Failure>& failures) {
  Project project;
  project.runner = "plain";
  project.psql = false;  // as psql -c has it: a command of psql's cannot stand beside SQL
  project.pending_known = true;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    Migration migration;
    migration.id = migration.path = fmt::format("-c{}", i + 1);
    migration.text = commands[i];
    if (auto failure = encoding_failure(migration.text)) {
      failure->path = migration.path;
      failures.push_back(std::move(*failure));
      continue;
    }
    migration.scripts = {whole_text(migration, Sent::simple_query)};
    project.migrations.push_back(std::move(migration));
  }
  return project;
}

void put_schema_first(Sources& sources, const std::string& path, const std::string& text, const Files& files) {
  Migration schema;
  schema.id = file_name(path);
  schema.path = path;
  schema.reported = false;
  schema.schema = true;
  if (text.empty()) {
    if (!load(schema, files, sources.failures)) return;
  } else {
    schema.text = text;
  }
  schema.scripts = {whole_text(schema, Sent::statement)};
  const std::string identity = files.identity(path);
  for (Project& project : sources.projects) {
    std::erase_if(project.migrations, [&](const Migration& migration) {
      return file_name(migration.path) == schema.id && files.identity(migration.path) == identity;
    });
    project.migrations.insert(project.migrations.begin(), schema);
  }
}

constexpr std::array<std::string_view, 3> transactions = {"statement", "file", "all"};

tl::unexpected<Error> unknown(std::string_view what, const std::string& word, std::span<const std::string_view> known) {
  std::string hint = did_you_mean(word, known);
  if (hint.empty()) {
    hint = "known:";
    for (const std::string_view name : known) hint.append(" ").append(name);
  }
  return failed(fmt::format("unknown {} \"{}\"", what, word), hint);
}

}  // namespace

Result<Sources> read_sources(const SourceOptions& options, const Files& files, const Git* known) {
  const Runner* forced = nullptr;
  if (!options.runner.empty() && options.runner != "auto") {
    forced = find_runner(options.runner);
    if (forced == nullptr) {
      std::vector<std::string_view> names = runner_names();
      names.emplace_back("auto");
      return unknown("runner", options.runner, names);
    }
  }
  if (!options.transaction.empty() &&
      std::find(transactions.begin(), transactions.end(), options.transaction) == transactions.end()) {
    return unknown("transaction", options.transaction, transactions);
  }
  if (options.staged && !options.since.empty()) return failed("--since and --staged exclude each other", "choose one");

  bool from_stdin = false;
  std::vector<std::string> paths;
  for (const std::string& path : options.paths) {
    if (path == "-") {
      from_stdin = true;
    } else {
      paths.push_back(tidy(path));
    }
  }
  const bool told = !paths.empty();
  if (!told && !from_stdin && options.commands.empty()) paths.emplace_back(".");

  std::shared_ptr<const Git> asked_git;
  const Git* git = known;
  if (git == nullptr && (options.staged || !options.since.empty()) && !paths.empty()) {
    const std::string& first = paths.front();
    std::string folder = files.is_folder(first) ? first : parent(first);
    if (!files.is_folder(folder)) folder = ".";
    auto asked = options.staged ? Git::staged(folder, files) : Git::since(folder, options.since, files);
    if (!asked) return tl::unexpected(asked.error());
    asked_git = std::move(*asked);
    git = asked_git.get();
  }
  const Remembered seen(git != nullptr ? git->files() : files);

  // Folders first, outer ones before inner ones: what lies in one that was named is there already.
  Sources sources;
  sources.git = asked_git;
  std::vector<std::string> folders;
  std::vector<std::string> single;
  for (std::string& path : paths) {
    if (!seen.exists(path)) {
      if (git != nullptr && files.exists(path)) {
        sources.notices.push_back(path + " is not in git's index: nothing of it is checked");
      } else {
        sources.failures.push_back({path, 0, "there is no such file or folder: check the spelling"});
      }
    } else if (git != nullptr && !git->in_work_tree(files.is_folder(path) ? path : parent(path))) {
      sources.failures.push_back({path, 0, "is outside the git repository " + git->top() + ": check it by itself"});
    } else {
      (seen.is_folder(path) ? folders : single).push_back(std::move(path));
    }
  }
  const auto depth = [](const std::string& path) { return std::count(path.begin(), path.end(), '/'); };
  std::stable_sort(folders.begin(), folders.end(), [depth](const std::string& a, const std::string& b) {
    return (a != ".") < (b != ".") || ((a != ".") == (b != ".") && depth(a) < depth(b));
  });
  Finder finder(options, forced, seen, sources);
  for (const std::string& path : folders) finder.add_folder(path, told);
  for (const std::string& path : single) finder.add_file(path);

  for (Found& found : finder.found()) {
    const bool any = std::find(found.wanted.begin(), found.wanted.end(), true) != found.wanted.end();
    if (!found.ordered || (!any && !found.whole && found.asked.empty())) continue;
    if (auto project = read_project(found, git, seen, sources)) sources.projects.push_back(std::move(*project));
  }
  if (from_stdin) {
    Finder text(options, forced, files, sources);
    if (auto failure = encoding_failure(options.stdin_text)) {
      failure->path = "<stdin>";
      sources.failures.push_back(std::move(*failure));
    } else {
      text.add_text("<stdin>", options.stdin_text);
      auto project = read_project(text.found().front(), nullptr, files, sources);
      sources.projects.push_back(std::move(*project));
    }
  }
  if (!options.commands.empty()) {
    sources.projects.push_back(commands_project(options.commands, sources.failures));
  }
  if (!options.schema.empty()) put_schema_first(sources, tidy(options.schema), options.schema_text, seen);
  return sources;
}

}  // namespace pglint::source
