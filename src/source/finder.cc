#include "source/finder.h"

#include <fmt/core.h>

#include <algorithm>

#include "source/path.h"

namespace pglint::source {
namespace {

constexpr std::size_t deepest = 16;  // a Java package takes a folder for each part of its name
constexpr std::size_t most_folders = 50'000;
// From a migration up to the folder of its project: drizzle 0.x and most others 0, v1 and Prisma 1, Hasura 2.
constexpr int levels_up = 3;

constexpr std::string_view no_runner = "no runner is known for it";

}  // namespace

void Finder::add_folder(const std::string& path, bool told) {
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
  fail(path, fmt::format("holds no migrations ({}): name the migrations folder, or set `paths:` in .pglint.yml", what));
}

void Finder::add_file(const std::string& path) {
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

void Finder::add_text(std::string path, std::string text) {
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

const Runner* Finder::known_by_text(std::string_view text) {
  for (const Runner* const runner : runners()) {
    if (runner->knows != nullptr && runner->knows(text)) return runner;
  }
  return find_runner("plain");
}

bool Finder::holds_root(const std::vector<Found*>& list, const std::string& folder) const {
  const std::string identity = files_.identity(folder);
  return std::any_of(list.begin(), list.end(),
                     [&](const Found* found) { return files_.identity(found->layout.root) == identity; });
}

Found* Finder::as_told(const std::string& folder) {
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

bool Finder::add_as_told(const std::string& path) {
  Found* const found = as_told(path);
  if (found == nullptr) return false;
  want_all(*found);
  return true;
}

bool Finder::add_file_as_told(const std::string& path) {
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

bool Finder::ask(Found& found, const std::string& path) {
  for (const Document& document : found.project.documents) {
    if (file_name(document.path) != file_name(path)) continue;
    if (files_.identity(parent(document.path)) != files_.identity(parent(path))) continue;
    found.asked.push_back(document.path);
    return true;
  }
  return false;
}

bool Finder::add_rollback(const Found& found, const std::string& path) {
  for (const Rollback& rollback : found.project.rollbacks) {
    if (file_name(rollback.path) != file_name(path) ||
        files_.identity(parent(rollback.path)) != files_.identity(parent(path)))
      continue;
    add_alone(found, path, &rollback);
    return true;
  }
  return false;
}

void Finder::add_alone(const Found& beside, const std::string& path, const Rollback* rollback) {
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

const std::vector<Found*>& Finder::detect(const std::string& path) {
  if (const auto known = detected_.find(path); known != detected_.end()) return known->second;
  auto entries = files_.list(path);
  return detect(path, entries ? std::move(*entries) : std::vector<Entry>{});
}

const std::vector<Found*>& Finder::detect(const std::string& path, std::vector<Entry> entries) {
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

Found* Finder::project_of(Candidate candidate) {
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

void Finder::order(Found& found, bool subfolders) {
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

void Finder::want_all(Found& found) {
  order(found);
  found.whole = true;
  found.wanted.assign(found.wanted.size(), true);
}

std::vector<Found*> Finder::around(const std::string& folder) {
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

std::vector<std::size_t> Finder::part(const Found& found, const std::string& path, bool is_folder) {
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

bool Finder::add_part(const std::string& path) {
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

void Finder::add_plain_file(const std::string& path, const std::string& folder) {
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

bool Finder::add_plain_folder(const std::string& path) {
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

void Finder::look_below(const std::string& folder, std::size_t depth, Search& search) {
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

}  // namespace pglint::source
