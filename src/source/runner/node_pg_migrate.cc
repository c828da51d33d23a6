// node-pg-migrate's SQL files: all pending ones in one transaction, the forward part of each one query. Only a
// migration in JavaScript can leave it. Those that fix writes hold nothing but SQL, and are read as such.
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

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

// Where the line of the mark begins.
std::size_t find_mark(std::string_view text, std::string_view word) {
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line))
    if (is_mark(line.of(text), word)) return line.begin;
  return std::string_view::npos;
}

bool is_migration(const Entry& entry) { return is_sql(entry) && !leading_digits(entry.name).empty(); }

constexpr std::string_view script_ending = ".cjs";
constexpr std::string_view up_head = "exports.up = (pgm) => {\n  pgm.noTransaction();\n";
constexpr std::string_view tail = "};\n";
constexpr std::string_view open = "  pgm.sql(String.raw`";
constexpr std::string_view close = "`);\n";

bool is_outside(const Migration& migration) { return migration.path.ends_with(script_ending); }

// The places of the SQL in a migration that fix has written, and nothing else in it that would do something.
std::optional<std::vector<Span>> sql_in_script(std::string_view text) {
  std::size_t at = text.find(up_head);
  if (at == std::string_view::npos) return std::nullopt;
  at += up_head.size();
  std::vector<Span> out;
  while (!text.substr(at).starts_with(tail)) {
    if (text.substr(at).starts_with(open)) {
      at += open.size();
      const std::size_t end = text.find(close, at);
      if (end == std::string_view::npos || text.substr(at, end - at).find('`') != std::string_view::npos)
        return std::nullopt;
      out.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
      at = end + close.size();
      continue;
    }
    Line line;
    if (!next_line(text, at, line)) return std::nullopt;
    const std::string_view words = trimmed(line.of(text));
    if (!words.empty() && !words.starts_with("//")) return std::nullopt;
  }
  return out;
}

// The script as SQL of the same length: its comments are comments, and the rest is blank.
std::string as_sql(std::string_view text, const std::vector<Span>& sql) {
  std::string out(text);
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    const std::size_t slashes = text.find_first_not_of(" \t", line.begin);
    const bool comment = slashes < line.end && text.substr(slashes).starts_with("//");
    for (std::size_t i = line.begin; i < line.end; ++i) out[i] = comment && i >= slashes ? text[i] : ' ';
    if (comment) out[slashes] = out[slashes + 1] = '-';
  }
  for (const Span& span : sql) std::copy(text.begin() + span.begin, text.begin() + span.end, out.begin() + span.begin);
  return out;
}

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
    if (!entry.folder && !leading_digits(entry.name).empty() &&
        (entry.name.ends_with("js") || entry.name.ends_with("ts"))) {
      const std::string path = join(layout.root, entry.name);
      const auto text = entry.name.ends_with(script_ending) ? files.read(path) : Result<std::string>();
      if (text && sql_in_script(*text)) {
        list.push_back({std::string(leading_digits(entry.name)),
                        entry.name.substr(0, entry.name.size() - script_ending.size()), path});
        continue;
      }
      ++in_code;
    }
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
  if (is_outside(migration)) {
    const auto sql = sql_in_script(text);
    if (!sql) return;
    migration.alone = true;
    migration.rendered = as_sql(text, *sql);
    for (const Span& span : *sql) add_script(migration, span.begin, span.end, Sent::simple_query);
    return;
  }
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

void add_function(std::string& out, std::string_view name, const std::vector<Text>& texts, std::string_view comment) {
  if (texts.empty()) {
    versioned::add_comment(out, comment, "//");
    out += fmt::format("exports.{} = () => {{}};\n", name);
    return;
  }
  out += fmt::format("exports.{} = (pgm) => {{\n  pgm.noTransaction();\n", name);
  versioned::add_comment(out, comment, "  //");
  for (const Text& text : texts) {
    versioned::add_comment(out, text.comment, "  //");
    out += fmt::format("{}{};{}", open, text.sql, close);
  }
  out += tail;
}

versioned::Spelled spell(const versioned::Asked& asked) {
  const NewMigration& migration = asked.migration;
  if (versioned::mentions(migration, "p Migration") || versioned::mentions(migration, "n Migration"))
    return versioned::taken_for_its_own(asked.place, "Migration", "node-pg-migrate");
  if (asked.outside()) {
    for (const std::string_view mark : {"`", "${"})
      if (versioned::mentions(migration, mark)) return versioned::taken_for_its_own(asked.place, mark, "JavaScript");
    std::string text;
    versioned::add_comment(text, migration.comment, "//");
    text += '\n';
    add_function(text, "up", migration.texts, {});
    text += '\n';
    add_function(text, "down", migration.down, migration.down_comment);
    return std::vector<versioned::SpelledFile>{{asked.place + std::string(script_ending), std::move(text)}};
  }
  if (asked.like.ends_with(".up.sql")) return versioned::up_and_down(asked);
  const std::size_t down = find_mark(asked.old, "down");
  std::string text = "-- Up Migration\n" + versioned::body(migration) + '\n';
  if (migration.keeps_down && down != std::string::npos && down > find_mark(asked.old, "up"))
    text += asked.old.substr(down);
  else
    text += "-- Down Migration\n" + versioned::down_body(migration);
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", std::move(text)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  const versioned::Moved moved = versioned::move_outside(project, request, is_outside);
  auto written = versioned::write({.title = "node-pg-migrate", .spell = spell}, project, files, moved.request);
  if (written) versioned::put_back(moved, *written);
  return written;
}

constexpr Writer writer = {.write = write, .way_out = WayOut::file};

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
    .writer = &writer,
};

}  // namespace pglint::source
