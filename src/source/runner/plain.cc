// A folder of SQL files that no runner is known for. Like psql, it sends each statement by itself, unless `transaction`
// says otherwise. Where files are called X.up.sql, those called X.down.sql undo them, and nobody runs them in a row.
#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "source/path.h"
#include "source/runner.h"
#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner plain_runner;

namespace {

// Folders in which nobody keeps migrations are not entered; nor does anybody nest them so deep.
constexpr std::size_t deepest = 32;
constexpr std::size_t most_folders = 100'000;

constexpr std::string_view up = ".up.sql";
constexpr std::string_view down = ".down.sql";

bool is_sql(std::string_view name) { return name.size() > 4 && name.ends_with(".sql"); }

std::string_view without(std::string_view name, std::string_view suffix) {
  return name.substr(0, name.size() - suffix.size());
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The letters before a name's first digit.
std::string_view before_number(std::string_view name) {
  const auto digit = std::find_if(name.begin(), name.end(), is_digit);
  return name.substr(0, static_cast<std::size_t>(digit - name.begin()));
}

// Takes the number off the front of `name`, without its leading zeros.
std::string_view take_number(std::string_view& name) {
  std::size_t end = 0;
  while (end < name.size() && is_digit(name[end])) ++end;
  std::string_view number = name.substr(0, end);
  name.remove_prefix(end);
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return number;
}

// 9_x before 10_x, 1.9 before 1.10, and else by the bytes.
bool numbered_before(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a;
  const std::string_view whole_b = b;
  a.remove_prefix(before_number(a).size());
  b.remove_prefix(before_number(b).size());
  while (!a.empty() && !b.empty() && is_digit(a.front()) && is_digit(b.front())) {
    const std::string_view x = take_number(a);
    const std::string_view y = take_number(b);
    if (x.size() != y.size()) return x.size() < y.size();
    if (x != y) return x < y;
    const auto another = [](std::string_view rest) { return rest.size() > 1 && rest[0] == '.' && is_digit(rest[1]); };
    if (another(a) != another(b)) return another(b);
    if (!another(a)) break;
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  if (a != b) return a < b;
  return whole_a < whole_b;
}

// By the bytes of the names, as ls lists them; by number where every name has one in the same place.
void sort_names(std::vector<Entry>& entries) {
  if (entries.empty()) return;
  const std::string_view letters = before_number(entries.front().name);
  const bool numbered = std::all_of(entries.begin(), entries.end(), [letters](const Entry& entry) {
    return entry.name.size() > letters.size() && before_number(entry.name) == letters;
  });
  std::sort(entries.begin(), entries.end(), [numbered](const Entry& a, const Entry& b) {
    return numbered ? numbered_before(a.name, b.name) : a.name < b.name;
  });
}

struct Walk {
  const Files& files;
  const ReadOptions& options;
  Project& project;
  Notes& notes;
  std::unordered_set<std::string> seen = {};  // folders, so that links cannot lead in a circle
  bool gave_up = false;
};

void read_folder(Walk& walk, const std::string& folder, std::size_t depth) {
  if (!walk.seen.insert(walk.files.identity(folder)).second) return;
  if (walk.seen.size() > most_folders || depth > deepest) {
    if (!walk.gave_up) {
      walk.notes.failures.push_back({folder, 0, "too many folders to look through: name the migrations folder"});
    }
    walk.gave_up = true;
    return;
  }
  auto entries = walk.files.list(folder);
  if (!entries) {
    walk.notes.failures.push_back({folder, 0, one_line(entries.error())});
    return;
  }
  std::erase_if(*entries, [&](const Entry& entry) {
    return entry.folder ? !walk.options.subfolders || is_skipped(entry.name) : !is_sql(entry.name);
  });
  sort_names(*entries);
  const bool undoes = std::any_of(entries->begin(), entries->end(),
                                  [](const Entry& entry) { return !entry.folder && entry.name.ends_with(up); });
  std::unordered_map<std::string_view, std::size_t> ups;        // X of X.up.sql: which migration it is
  std::vector<std::pair<std::string_view, std::size_t>> downs;  // X of X.down.sql: which rollback it is
  for (const Entry& entry : *entries) {
    std::string path = join(folder, entry.name);
    if (entry.folder) {
      read_folder(walk, path, depth + 1);
      continue;
    }
    if (undoes && entry.name.ends_with(down)) {
      downs.emplace_back(without(entry.name, down), walk.project.rollbacks.size());
      walk.project.rollbacks.push_back({std::move(path), walk.project.migrations.size()});
      continue;
    }
    if (entry.name.ends_with(up)) ups.emplace(without(entry.name, up), walk.project.migrations.size());
    Migration migration;
    migration.id = entry.name.substr(0, entry.name.size() - 4);
    migration.path = std::move(path);
    migration.wrapped = walk.options.transaction == "file";
    walk.project.migrations.push_back(std::move(migration));
  }
  // By its name X.down.sql stands before X.up.sql, and it runs after it.
  for (const auto& [name, which] : downs) {
    const auto own = ups.find(name);
    if (own != ups.end()) walk.project.rollbacks[which].after = own->second + 1;
  }
}

std::vector<Layout> detect(const Folder& /*folder*/, const Files& /*files*/) { return {}; }

Project order(const Layout& layout, const Files& files, const ReadOptions& options, Notes& notes) {
  Project project;
  project.root = layout.root;
  project.runner = "plain";
  project.wrapped_run = options.transaction == "all";
  project.psql = plain_runner.psql;
  Walk walk{files, options, project, notes};
  read_folder(walk, layout.root, 0);
  if (!project.rollbacks.empty()) {
    notes.notices.push_back(
        fmt::format("{}: {} file(s) like {} undo migrations, so they are checked only where they are "
                    "named",
                    layout.root, project.rollbacks.size(), project.rollbacks.front().path));
  }
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) {
  common::render(migration, plain_runner.templates);
  common::whole(migration, Sent::statement);
}

// psql runs statement by statement, unless the user said that somebody else opens a transaction.
WayOut way_out(const Project& project) {
  const bool wrapped = project.wrapped_run || std::ranges::any_of(project.migrations, &Migration::wrapped);
  return wrapped ? WayOut::none : WayOut::file;
}

versioned::Spelled spell(const versioned::Asked& asked) {
  return versioned::up_and_down(asked, {}, way_out(asked.project) == WayOut::file && !asked.outside());
}

// The letters before the number and what stands behind it are as the newest file has them.
Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  const std::string_view before =
      project.migrations.empty() ? std::string_view() : before_number(file_name(project.migrations.back().path));
  return versioned::write({.title = "psql", .before = before, .between = {}, .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out_of = way_out};

}  // namespace

constinit const Runner plain_runner = {
    .name = "plain",
    .title = "psql",
    .looks_for = ".sql files",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_statement,
    .psql = true,
    .templates = Template::dollar | Template::braces,
    .writer = &writer,
};

}  // namespace pglint::source
