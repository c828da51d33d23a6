// node-pg-migrate's SQL files: all pending ones in one transaction, the forward part of each one query.
#include <algorithm>
#include <string_view>
#include <utility>

#include "source/runner/common.h"

namespace pglint::source {

extern const Runner node_pg_migrate_runner;

namespace {

using namespace common;

// "-- Up Migration" as its regular expression has it: blanks, dashes, blanks and dashes, the word, blanks, migration.
bool is_mark(std::string_view line, std::string_view word) {
  line = trimmed(line);
  if (!line.starts_with("--")) return false;
  while (!line.empty() && (line.front() == '-' || line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  if (!starts_with_any_case(line, word)) return false;
  line.remove_prefix(word.size());
  if (line.empty() || (line.front() != ' ' && line.front() != '\t')) return false;
  return starts_with_any_case(trimmed(line), "migration");
}

bool has_mark(std::string_view text) {
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    if (is_mark(line.of(text), "up") || is_mark(line.of(text), "down")) return true;
  }
  return false;
}

bool is_migration(const Entry& entry) { return is_sql(entry) && !leading_digits(entry.name).empty(); }

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  if (std::none_of(folder.entries.begin(), folder.entries.end(), is_migration)) return {};
  const std::string package = mentioned_above(folder.path, "package.json", "\"node-pg-migrate\"", files);
  for (const auto& [path, text] : samples(folder, files)) {
    if (!has_mark(text)) continue;
    return {{package.empty() ? path + ", -- Up Migration" : package, folder.path, {}, Evidence::markers, {}}};
  }
  if (package.empty()) return {};
  return {{package, folder.path, {}, file_name(folder.path) == "migrations" ? Evidence::markers : Evidence::names, {}}};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(node_pg_migrate_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  std::vector<std::pair<std::string, std::string>> downs;
  std::size_t in_code = 0;
  for (const Entry& entry : folder->entries) {
    if (!entry.folder && (entry.name.ends_with(".js") || entry.name.ends_with(".ts")) &&
        !leading_digits(entry.name).empty())
      ++in_code;
    if (!is_migration(entry)) continue;
    std::string path = join(layout.root, entry.name);
    std::string id(stem(entry.name));
    if (id.ends_with(".down")) {
      downs.emplace_back(id.substr(0, id.size() - 5), std::move(path));
      continue;
    }
    if (id.ends_with(".up")) id.resize(id.size() - 3);
    list.push_back({std::string(leading_digits(entry.name)), std::move(id), std::move(path)});
  }
  if (in_code != 0)
    notes.notices.push_back(layout.root + ": " + std::to_string(in_code) +
                            " migration(s) in JavaScript or TypeScript are not read");
  // Names decide between equal numbers; by number a timestamp of 13 digits stands behind an index of 4.
  std::stable_sort(list.begin(), list.end(), [](const Versioned& a, const Versioned& b) { return a.id < b.id; });
  add_versions(project, std::move(list), By::number, "", notes);
  add_rollbacks(project, downs);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& notes) {
  const std::string_view text = migration.text;
  migration.scripts.clear();
  std::size_t begin = 0;
  std::size_t end = text.size();
  bool up = false;
  bool down = false;
  std::vector<Span> marks;
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    const bool is_up = is_mark(line.of(text), "up");
    const bool is_down = !is_up && is_mark(line.of(text), "down");
    if (!is_up && !is_down) continue;
    const auto dashes = static_cast<std::uint32_t>(text.find("--", line.begin));
    marks.push_back({dashes, static_cast<std::uint32_t>(line.end)});
    if (is_up && !up) {
      up = true;
      begin = with_header(text, line.begin);
      if (down) end = text.size();
    } else if (is_down && !down) {
      down = true;
      if (up || begin == 0) end = line.begin;
    }
  }
  add_script(migration, begin, end, Sent::simple_query);
  check_markers(migration, "the mark of a migration's part", "node-pg-migrate", marks, notes);
}

}  // namespace

constinit const Runner node_pg_migrate_runner = {
    .name = "node-pg-migrate",
    .title = "node-pg-migrate",
    .looks_for = "node-pg-migrate in package.json and <number>_<name>.sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::all_pending,
    .late = Late::refused,
    .outside =
        "node-pg-migrate runs all pending migrations in one transaction, and no SQL file can leave it: write the "
        "statement as a migration in JavaScript with pgm.noTransaction().",
    .later =
        "node-pg-migrate runs all pending migrations in one transaction: the second half belongs in a migration that "
        "is deployed later.",
};

}  // namespace pglint::source
