// Rails: db/migrate/<number>_<name>.rb. Only the SQL in `execute <<~SQL` is read, and each of these is one query in the
// transaction of its migration; what the methods do is Ruby, and not known here.
#include <algorithm>
#include <string_view>
#include <utility>

#include "source/runner/common.h"

namespace pglint::source {

extern const Runner rails_runner;

namespace {

using namespace common;

bool is_migration(const Entry& entry) {
  const std::string_view digits = leading_digits(entry.name);
  return !entry.folder && entry.name.ends_with(".rb") && !digits.empty() && entry.name[digits.size()] == '_';
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  const bool outer =
      file_name(folder.path) == "db" && folder.find("migrate") != nullptr && folder.find("migrate")->folder;
  if (!outer && file_name(folder.path) != "migrate") return {};
  const std::string root = outer ? join(folder.path, "migrate") : folder.path;
  const std::string db = parent(root);
  for (const std::string_view name : {"structure.sql", "schema.rb"}) {
    const std::string path = join(db, name);
    if (files.exists(path)) return {{path, root, {}, Evidence::own, {}}};
  }
  if (outer || std::none_of(folder.entries.begin(), folder.entries.end(), is_migration)) return {};
  return {{join(root, std::find_if(folder.entries.begin(), folder.entries.end(), is_migration)->name),
           root,
           {},
           Evidence::names,
           {}}};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(rails_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    if (!is_migration(entry)) continue;
    list.push_back({std::string(leading_digits(entry.name)), entry.name.substr(0, entry.name.size() - 3),
                    join(layout.root, entry.name), true});
  }
  add_versions(project, std::move(list), By::number, "Rails refuses to run while two migrations have one version.",
               notes);
  const std::string structure = join(parent(layout.root), "structure.sql");
  if (files.exists(structure))
    notes.notices.push_back(structure + " is what all migrations leave behind: --schema " + structure +
                            " lets pglint know the tables that Ruby made");
  return project;
}

// The name that ends a here document, from behind its "<<"; and where the rest of that line begins.
std::string_view heredoc(std::string_view line, std::size_t at) {
  std::size_t i = at;
  while (i < line.size() && (line[i] == '~' || line[i] == '-')) ++i;
  if (i < line.size() && (line[i] == '"' || line[i] == '\'' || line[i] == '`')) ++i;
  std::size_t end = i;
  while (end < line.size() && (is_letter(line[end]) || is_digit(line[end]) || line[end] == '_')) ++end;
  return line.substr(i, end - i);
}

void cut(const Project& /*project*/, Migration& migration, Notes& notes) {
  const std::string_view text = migration.text;
  migration.scripts.clear();
  migration.wrapped = true;
  render(migration, Template::hash);
  bool down = false;
  std::size_t at = 0;
  Line line;
  std::size_t unread = 0;
  while (next_line(text, at, line)) {
    const std::string_view words = trimmed(line.of(text));
    if (words.starts_with("disable_ddl_transaction!")) migration.wrapped = false;
    if (words.starts_with("def ")) down = words.starts_with("def down") || words.starts_with("def self.down");
    if (words.starts_with('#')) continue;
    const std::size_t call = line.of(text).find("execute");
    if (call == std::string_view::npos || down) continue;
    const std::string_view whole_line = line.of(text);
    const std::size_t opening = whole_line.find("<<", call);
    if (opening != std::string_view::npos) {
      const std::string_view end_word = heredoc(whole_line, opening + 2);
      if (end_word.empty()) continue;
      const std::size_t begin = line.next;
      std::size_t end = begin;
      bool closed = false;
      while (next_line(text, at, line)) {
        if (trimmed(line.of(text)) == end_word) {
          closed = true;
          break;
        }
        end = line.next;
      }
      if (closed) add_script(migration, begin, end, Sent::simple_query);
      continue;
    }
    // execute "…" or execute('…') on one line, without escapes.
    std::size_t quote = call + 7;
    while (quote < whole_line.size() && (whole_line[quote] == ' ' || whole_line[quote] == '(')) ++quote;
    if (quote >= whole_line.size() || (whole_line[quote] != '"' && whole_line[quote] != '\'')) continue;
    const std::size_t close = whole_line.find(whole_line[quote], quote + 1);
    if (close == std::string_view::npos ||
        whole_line.substr(quote, close - quote).find('\\') != std::string_view::npos) {
      ++unread;
      continue;
    }
    add_script(migration, line.begin + quote + 1, line.begin + close, Sent::simple_query);
  }
  if (unread != 0 && migration.reported)
    notes.notices.push_back(migration.path + ": " + std::to_string(unread) + " call(s) of execute are not read");
}

}  // namespace

constinit const Runner rails_runner = {
    .name = "rails",
    .title = "Rails",
    .looks_for = "db/structure.sql or db/schema.rb beside db/migrate",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .templates = Template::hash,
    .outside =
        "Rails runs each migration in a transaction: give the statement one of its own with "
        "disable_ddl_transaction!.",
    .later = "Rails runs each migration in a transaction: the second half belongs in a later one.",
};

}  // namespace pglint::source
