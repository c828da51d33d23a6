// Liquibase's formatted SQL: changesets, each in a transaction of its own unless runInTransaction:false follows. The
// changelog that includes the files orders them; where there is none they are taken by name, as includeAll does.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner liquibase_runner;

namespace {

using namespace common;

constexpr std::size_t deepest = 8;
constexpr std::size_t most_files = 100'000;
constexpr std::size_t most_bytes = std::size_t{16} * 1024 * 1024;  // of a changelog that is not SQL

// "--liquibase formatted sql", however it is spaced.
bool is_header(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with("--")) return false;
  line = trimmed(line.substr(2));
  if (!starts_with_any_case(line, "liquibase")) return false;
  return starts_with_any_case(trimmed(line.substr(9)), "formatted");
}

bool knows(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    const std::string_view words = trimmed(line.of(text));
    if (!words.empty()) return is_header(words);
  }
  return false;
}

bool is_changelog(std::string_view name) {
  return name.ends_with(".xml") || name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

struct Include {
  bool all = false;  // a folder
  std::string path;
};

// What a changelog in XML, YAML or JSON includes, in order: `include` and `sqlFile` name a file, `includeAll` a folder.
// All three forms are words and values, and nothing else of them is needed.
std::vector<Include> includes(std::string_view text) {
  std::vector<Include> found;
  enum class After : std::uint8_t { nothing, file, folder } after = After::nothing;
  bool value_next = false;
  const auto value = [&](std::string_view path) {
    value_next = false;
    if (after == After::nothing || path.empty()) return;
    found.push_back({after == After::folder, std::string(path)});
    after = After::nothing;
  };
  const auto word = [&](std::string_view name) {
    if (name == "include" || name == "sqlFile") {
      after = After::file;
    } else if (name == "includeAll") {
      after = After::folder;
    } else if ((name == "file" || name == "path") && after != After::nothing) {
      value_next = true;
    }
  };
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (text.substr(i).starts_with("<!--")) {
      const std::size_t end = text.find("-->", i);
      i = end == std::string_view::npos ? text.size() : end + 3;
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '"' || c == '\'') {
      const std::size_t end = text.find(c, i + 1);
      if (end == std::string_view::npos) break;
      const std::string_view quoted = text.substr(i + 1, end - i - 1);
      if (value_next)
        value(quoted);
      else
        word(quoted);
      i = end + 1;
    } else if (is_letter(c) || c == '/' || c == '.') {
      std::size_t end = i;
      while (end < text.size() && std::string_view(" \t\r\n\"'<>=,:{}[]").find(text[end]) == std::string_view::npos)
        ++end;
      const std::string_view bare = text.substr(i, end - i);
      if (value_next)
        value(bare);
      else
        word(bare);
      i = std::max(end, i + 1);
    } else {
      ++i;
    }
  }
  return found;
}

// A path in a changelog is relative to it, or to the root of a search path above it.
std::string resolve(const std::string& changelog, std::string_view path, const Files& files) {
  if (path.starts_with("classpath:")) path.remove_prefix(10);
  while (path.starts_with('/')) path.remove_prefix(1);
  std::string at = parent(changelog);
  for (int i = 0; i < 8 && !at.empty(); ++i, at = parent(at)) {
    std::string there = tidy(join(at, path));
    if (files.exists(there)) return there;
  }
  return {};
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  // A master changelog: it has a name of its own, or stands above the folder of the files.
  for (const Entry& entry : folder.entries) {
    if (entry.folder || !is_changelog(entry.name)) continue;
    if (!contains_any_case(entry.name, "changelog") && !contains_any_case(entry.name, "migrations") &&
        !contains_any_case(entry.name, "liquibase"))
      continue;
    const std::string path = join(folder.path, entry.name);
    const auto text = files.read(path);
    if (!text || text->size() > most_bytes || !contains_any_case(*text, "databasechangelog")) continue;
    for (const Include& include : includes(*text)) {
      const std::string there = resolve(path, include.path, files);
      if (there.empty()) continue;
      const std::string root = include.all || files.is_folder(there) ? there : parent(there);
      auto entries = files.list(root);
      if (!entries) continue;
      for (const auto& [sample, sql] : samples({root, std::move(*entries)}, files)) {
        if (knows(sql)) return {{path, root, {}, Evidence::own, path}};
      }
    }
  }
  for (const auto& [path, text] : samples(folder, files)) {
    if (!knows(text)) continue;
    // The changelog that includes them, one or two folders up.
    std::string around = folder.path;
    for (int i = 0; i < 2; ++i) {
      around = parent(around);
      if (around.empty()) break;
      auto entries = files.list(around);
      if (!entries) break;
      for (const Entry& entry : *entries) {
        if (entry.folder || !is_changelog(entry.name)) continue;
        const std::string changelog = join(around, entry.name);
        const auto master = files.read(changelog);
        if (!master || master->size() > most_bytes || !contains_any_case(*master, "databasechangelog")) continue;
        for (const Include& include : includes(*master)) {
          const std::string there = resolve(changelog, include.path, files);
          const std::string in = there.empty() || files.is_folder(there) ? there : parent(there);
          if (!in.empty() && files.identity(in) == files.identity(folder.path))
            return {{changelog, folder.path, {}, Evidence::own, changelog}};
        }
      }
    }
    return {{path + ", liquibase formatted sql", folder.path, {}, Evidence::markers, {}}};
  }
  return {};
}

struct Walk {
  const Files& files;
  Project& project;
  Notes& notes;
  std::unordered_set<std::string> seen = {};  // files and folders
};

void add_file(Walk& walk, const std::string& path) {
  if (!path.ends_with(".sql") || walk.project.migrations.size() >= most_files || !walk.seen.insert(path).second) return;
  Migration& migration = walk.project.migrations.emplace_back();
  migration.id = stem(file_name(path));
  migration.path = path;
}

void add_folder(Walk& walk, const std::string& path, std::size_t depth) {
  if (depth > deepest || !walk.seen.insert(walk.files.identity(path) + '/').second) return;
  const auto folder = listed(path, walk.files, walk.notes);
  if (!folder) return;
  for (const Entry& entry : folder->entries) {
    const std::string inside = join(path, entry.name);
    if (entry.folder)
      add_folder(walk, inside, depth + 1);
    else
      add_file(walk, inside);
  }
}

// Changesets that are written in XML, YAML or JSON; those that only point to files of SQL are read there.
std::size_t count_changesets(std::string_view text) {
  std::size_t count = 0;
  for (const std::string_view begin : {"<changeSet", "changeSet:", "\"changeSet\""})
    for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1)) ++count;
  return count;
}

void add_changelog(Walk& walk, const std::string& path, std::size_t depth) {
  if (depth > deepest || !walk.seen.insert(path).second) return;
  const auto text = walk.files.read(path);
  if (!text || text->size() > most_bytes) {
    walk.notes.failures.push_back({path, 0, text ? "is too large for a changelog" : one_line(text.error())});
    return;
  }
  if (const std::size_t count = count_changesets(*text); count != 0)
    walk.notes.notices.push_back(
        fmt::format("{}: {} changeset(s) are not in SQL: but for files of SQL that they name, what they do is not "
                    "checked; give what liquibase update-sql prints to pglint check -",
                    path, count));
  for (const Include& include : includes(*text)) {
    const std::string there = resolve(path, include.path, walk.files);
    if (there.empty()) {
      walk.notes.failures.push_back(
          {path, 0, fmt::format("includes {}, which is not there: restore it, or take the line out", include.path)});
    } else if (walk.files.is_folder(there)) {
      add_folder(walk, there, depth + 1);
    } else if (is_changelog(there)) {
      add_changelog(walk, there, depth + 1);
    } else {
      add_file(walk, there);
    }
  }
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(liquibase_runner, layout.root);
  Walk walk{files, project, notes};
  if (layout.config.empty())
    add_folder(walk, layout.root, 0);
  else
    add_changelog(walk, layout.config, 0);
  return project;
}

// `--changeset author:id attribute:value …`: the attributes; nothing if the line is another.
bool is_changeset(std::string_view line, std::string_view& attributes) {
  line = trimmed(line);
  if (!line.starts_with("--")) return false;
  line = trimmed(line.substr(2));
  if (!starts_with_any_case(line, "changeset") || line.size() < 11 || (line[9] != ' ' && line[9] != '\t')) return false;
  attributes = line.substr(9);
  return attributes.find(':') != std::string_view::npos;
}

std::string attribute(std::string_view attributes, std::string_view name) {
  for (std::string_view word = take_word(attributes); !word.empty(); word = take_word(attributes)) {
    if (!starts_with_any_case(word, name) || word.size() <= name.size() || word[name.size()] != ':') continue;
    std::string_view value = word.substr(name.size() + 1);
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return {};
}

struct Changeset {
  std::size_t begin = 0;
  bool wrapped = true;
  bool split = true;
  std::string delimiter;
};

void add_changeset(Migration& migration, const Changeset& changeset, std::size_t end) {
  const std::string_view text = migration.text;
  if (!changeset.split) {
    add_script(migration, changeset.begin, end, Sent::pipeline, changeset.wrapped);
    return;
  }
  if (changeset.delimiter.empty() || changeset.delimiter == ";") {
    add_script(migration, changeset.begin, end, Sent::statement, changeset.wrapped);
    return;
  }
  // Pieces share the changeset's transaction; the migration's own is what can hold them together, and a file with one
  // such changeset is the usual one.
  std::size_t at = changeset.begin;
  while (at < end) {
    const std::size_t next = std::min(text.find(changeset.delimiter, at), end);
    add_script(migration, at, next, Sent::pipeline, changeset.wrapped);
    at = next + changeset.delimiter.size();
  }
}

void cut(const Project& /*project*/, Migration& migration, Notes& notes) {
  const std::string_view text = migration.text;
  migration.scripts.clear();
  render(migration, Template::dollar);
  if (!knows(text)) {  // a sqlFile: one changeset
    add_script(migration, 0, text.size(), Sent::statement, true);
    return;
  }
  bool in_changeset = false;
  Changeset changeset;
  std::vector<Span> marks;
  std::size_t at = 0;
  Line line;
  std::string_view attributes;
  while (next_line(text, at, line)) {
    if (!is_changeset(line.of(text), attributes)) continue;
    const std::size_t dashes = text.find("--", line.begin);
    marks.push_back({static_cast<std::uint32_t>(dashes), static_cast<std::uint32_t>(line.end)});
    if (in_changeset) add_changeset(migration, changeset, line.begin);
    changeset = {.begin = in_changeset ? line.begin : with_header(text, line.begin),
                 .wrapped = attribute(attributes, "runintransaction") != "false",
                 .split = attribute(attributes, "splitstatements") != "false",
                 .delimiter = attribute(attributes, "enddelimiter")};
    in_changeset = true;
  }
  if (in_changeset) add_changeset(migration, changeset, text.size());
  check_markers(migration, "changeset", "Liquibase", marks, notes);
}

// "author:id" of the first changeset; and how many there are.
struct Changesets {
  std::string first;
  std::size_t count = 0;
};
Changesets changesets_of(std::string_view text) {
  Changesets out;
  std::size_t at = 0;
  Line line;
  std::string_view attributes;
  while (next_line(text, at, line)) {
    if (!is_changeset(line.of(text), attributes)) continue;
    if (out.count++ == 0) out.first = std::string(take_word(attributes));
  }
  return out;
}

// What takes a changeset back, for `liquibase rollback`.
void add_rollback(std::string& out, const std::vector<Text>& down, std::string_view comment) {
  if (down.empty()) {
    out += "--rollback empty\n";
    return;
  }
  std::string sql;
  versioned::add_comment(sql, comment);
  versioned::add_statements(sql, down);
  std::size_t at = 0;
  Line line;
  while (next_line(sql, at, line))
    if (line.end > line.begin) out += fmt::format("--rollback {}\n", line.of(sql));
}

// A changeset has one transaction or none. Without one each statement has a changeset of its own, and is sent as it
// stands: cut at its semicolons, a DO would be in pieces.
versioned::Spelled spell(const versioned::Asked& asked) {
  const NewMigration& migration = asked.migration;
  const std::string path = asked.place + ".sql";
  for (const std::string_view mark : {"${", "changeset ", "--rollback", "--liquibase"})
    if (versioned::mentions(migration, mark)) return versioned::taken_for_its_own(path, mark, "Liquibase");
  const Changesets old = changesets_of(asked.old);
  if (old.count > 1)
    return failed(fmt::format("{} holds {} changesets, and some of them may have run", path, old.count),
                  "give the new ones a file of their own");
  const std::string name = old.first.empty() ? fmt::format("pglint:{}", file_name(asked.place)) : old.first;
  std::string text = "--liquibase formatted sql\n\n";
  const bool outside = asked.outside();
  const std::size_t count = outside ? migration.texts.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += '\n';
    text +=
        fmt::format("--changeset {}{} splitStatements:false stripComments:false rollbackSplitStatements:false{}\n",
                    name, i == 0 ? std::string() : fmt::format("-{}", i + 1), outside ? " runInTransaction:false" : "");
    if (i == 0) versioned::add_comment(text, migration.comment);
    if (outside)
      versioned::add_statements(text, {migration.texts[i]});
    else if (migration.texts.empty())
      text += "SELECT;\n";  // Liquibase refuses a changeset without a statement
    else
      versioned::add_statements(text, migration.texts);
    // Rollbacks run from the last changeset to the first.
    const bool last = i + 1 == count;
    add_rollback(text, last ? migration.down : std::vector<Text>(), last ? migration.down_comment : "");
  }
  return std::vector<versioned::SpelledFile>{{path, std::move(text)}};
}

// The changelog with a line for each new file, written as that of the newest one is.
Result<void> include(const Project& project, const Files& files, Written& written,
                     const std::vector<std::string>& added) {
  auto entries = files.list(project.root);
  if (!entries) return failed(project.root + " " + entries.error().message, entries.error().hint);
  const std::vector<Layout> layouts = detect({project.root, std::move(*entries)}, files);
  if (layouts.empty() || layouts.front().config.empty() || added.empty()) return {};
  const std::string& changelog = layouts.front().config;
  auto text = files.read(changelog);
  if (!text) return failed(changelog + " " + text.error().message, text.error().hint);
  const std::vector<Include> list = includes(*text);
  const std::string folder = files.identity(parent(added.front()));
  for (const Include& one : list) {
    const std::string there = resolve(changelog, one.path, files);
    if (one.all && !there.empty() && files.identity(there) == folder) return {};
  }
  const auto by_hand = [&] {
    return failed(fmt::format("{} names the files one by one, in a way that pglint does not write", changelog),
                  "let it include the folder by includeAll");
  };
  if (list.empty() || list.back().all) return by_hand();
  const std::string& newest = list.back().path;
  const std::size_t at = text->rfind(newest);
  if (at == std::string::npos || changelog.ends_with(".json")) return by_hand();
  // The element, or the item of the list, whole lines.
  std::size_t begin = 0;
  std::size_t end = text->find('\n', at);
  if (changelog.ends_with(".xml")) {
    begin = text->rfind('<', at);
    end = text->find("/>", at);
    if (begin == std::string::npos || end == std::string::npos) return by_hand();
    begin = text->rfind('\n', begin);
    end = text->find('\n', end);
  } else {
    const std::size_t dash = text->rfind("- ", at);
    if (dash == std::string::npos) return by_hand();
    begin = text->rfind('\n', dash);
    // What stands further in belongs to the item.
    const std::size_t depth = dash - (begin == std::string::npos ? 0 : begin + 1);
    while (end != std::string::npos) {
      const std::size_t next = text->find_first_not_of(' ', end + 1);
      if (next == std::string::npos || next - end - 1 <= depth || (*text)[next] == '\n' || (*text)[next] == '-') break;
      end = text->find('\n', next);
    }
  }
  if (begin == std::string::npos) return by_hand();
  if (end == std::string::npos) {
    end = text->size();
    *text += '\n';
  }
  const std::string item = text->substr(begin, end - begin);
  const std::size_t in_item = at - begin;
  const std::size_t slash = newest.rfind('/');
  const std::string before = newest.substr(0, slash == std::string::npos ? 0 : slash + 1);
  std::string more;
  for (const std::string& path : added) {
    const std::string name = before + std::string(file_name(path));
    if (text->find(name) != std::string::npos) continue;
    std::string one = item;
    more += one.replace(in_item, newest.size(), name);
  }
  return add_change(written, files, changelog, text->substr(0, end) + more + text->substr(end), FileOrder::snapshot);
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  auto written = versioned::write({.title = "Liquibase", .between = {}, .spell = spell}, project, files, request);
  if (!written) return written;
  std::vector<std::string> added;
  for (std::size_t i = 0; i < request.migrations.size(); ++i)
    if (!request.migrations[i].replaces) added.push_back(written->paths[i]);
  if (auto good = include(project, files, *written, added); !good) return tl::unexpected(good.error());
  return written;
}

constexpr Writer writer = {.write = write, .way_out = WayOut::file};

// A changeset as its checksum sees it: without blanks, and without comments, which may change.
struct Sum {
  std::string id;  // author:id
  std::string sql;
  bool may_change = false;
  Span mark = {};
};

std::vector<Sum> sums(std::string_view text) {
  std::vector<Sum> found;
  std::size_t at = 0;
  Line line;
  std::string_view attributes;
  while (next_line(text, at, line)) {
    if (is_changeset(line.of(text), attributes)) {
      const std::size_t dashes = text.find("--", line.begin);
      Sum& sum = found.emplace_back();
      sum.mark = {static_cast<std::uint32_t>(dashes), static_cast<std::uint32_t>(line.end)};
      sum.may_change = attribute(attributes, "runonchange") == "true" || attribute(attributes, "runalways") == "true";
      sum.id = take_word(attributes);
      continue;
    }
    if (found.empty()) continue;
    const std::string_view words = trimmed(line.of(text));
    if (words.starts_with("--")) {
      if (contains_any_case(words, "validchecksum")) found.back().may_change = true;
      continue;
    }
    for (const char c : words)
      if (c != ' ' && c != '\t') found.back().sql += c;
  }
  return found;
}

void compare(std::string_view before, const Migration& migration, Notes& notes) {
  std::unordered_map<std::string, std::string> released;
  for (Sum& sum : sums(before)) released.emplace(std::move(sum.id), std::move(sum.sql));
  for (const Sum& sum : sums(migration.text)) {
    const auto was = released.find(sum.id);
    if (sum.may_change || was == released.end() || was->second == sum.sql) continue;
    notes.problems.push_back(
        {.rule = "released-migration-changed",
         .path = migration.path,
         .at = sum.mark,
         .message = fmt::format("The changeset {} is released, and its SQL is another now", sum.id),
         .why = "Liquibase compares checksums, and stops on every database that has run the old one.",
         .help = "Restore it, and write what is to change as a new changeset. One that may be repeated says "
                 "runOnChange:true."});
  }
}

}  // namespace

constinit const Runner liquibase_runner = {
    .name = "liquibase",
    .title = "Liquibase",
    .looks_for = "--liquibase formatted sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_changeset,
    .templates = Template::dollar,
    .edited = Edited::refused,
    .knows = knows,
    .outside =
        "Liquibase runs each changeset in a transaction: give the statement a changeset of its own with "
        "runInTransaction:false.",
    .later = "Liquibase runs each changeset in a transaction: the second half belongs in another changeset.",
    .compare = compare,
    .writer = &writer,
};

}  // namespace pglint::source
