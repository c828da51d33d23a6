// tern: <number>_<name>.sql, numbered without gaps from 1; what stands before the mark runs in a transaction, unless a
// line there says otherwise.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner tern_runner;

namespace {

using namespace common;

constexpr std::string_view mark = "---- create above / drop below ----";
constexpr std::string_view no_transaction = "---- tern: disable-tx ----";

bool is_migration(const Entry& entry) {
  const std::string_view digits = leading_digits(entry.name);
  return is_sql(entry) && !digits.empty() && entry.name[digits.size()] == '_';
}

bool knows(std::string_view text) { return text.find(mark) != std::string_view::npos; }

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  if (std::none_of(folder.entries.begin(), folder.entries.end(), is_migration)) return {};
  if (folder.find("tern.conf") != nullptr)
    return {{join(folder.path, "tern.conf"), folder.path, {}, Evidence::own, {}}};
  for (const auto& [path, text] : samples(folder, files)) {
    if (knows(text)) return {{path + ", create above / drop below", folder.path, {}, Evidence::markers, {}}};
  }
  const std::string config = find_above(folder.path, "tern.conf", files, 2);
  if (config.empty()) return {};
  return {{config, folder.path, {}, Evidence::markers, {}}};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(tern_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    if (!is_migration(entry)) continue;
    list.push_back(
        {std::string(leading_digits(entry.name)), std::string(stem(entry.name)), join(layout.root, entry.name), true});
  }
  add_versions(project, std::move(list), By::number, "tern refuses to run while two migrations have one number.",
               notes);
  for (std::size_t i = 0; i < project.migrations.size(); ++i) {
    const Migration& migration = project.migrations[i];
    const std::string before = i == 0 ? "0" : project.migrations[i - 1].version;
    if (compare_numbers(before, migration.version) == 0) continue;
    // One more than the one before it.
    std::string next = before;
    std::size_t digit = next.size();
    while (digit > 0 && next[digit - 1] == '9') next[--digit] = '0';
    if (digit == 0)
      next.insert(next.begin(), '1');
    else
      ++next[digit - 1];
    if (compare_numbers(next, migration.version) == 0) continue;
    notes.problems.push_back({.rule = "version-out-of-order",
                              .path = migration.path,
                              .at = {},
                              .message = fmt::format("Number {} follows {}: there is a gap", migration.version, before),
                              .why = "tern wants numbers without gaps from 1 on, and refuses to run anything.",
                              .help = "Give it the next number, or restore what is missing.",
                              .always = true});
    break;
  }
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& notes) {
  const std::string_view text = migration.text;
  migration.scripts.clear();
  const std::size_t at = text.find(mark);
  const std::size_t end = std::min(at, text.size());
  migration.wrapped = text.substr(0, end).find(no_transaction) == std::string_view::npos;
  render(migration, Template::braces);
  add_script(migration, 0, end, migration.wrapped ? Sent::simple_query : Sent::statement);
  if (at != std::string_view::npos)
    check_markers(migration, mark, "tern",
                  {{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + mark.size())}}, notes);
}

versioned::Spelled spell(const versioned::Asked& asked) {
  const NewMigration& migration = asked.migration;
  if (versioned::mentions(migration, "{{")) return versioned::taken_for_its_own(asked.place, "{{", "tern");
  if (versioned::mentions(migration, "----")) return versioned::taken_for_its_own(asked.place, "----", "tern");
  std::string text = asked.outside() ? fmt::format("{}\n", no_transaction) : std::string();
  text += versioned::body(migration);
  if (migration.texts.empty()) text += "SELECT;\n";  // tern refuses a part without a statement
  const std::size_t at = asked.old.find(mark);
  if (migration.keeps_down && at != std::string::npos)
    text += '\n' + asked.old.substr(at);
  else
    text += fmt::format("\n{}\n{}{}", mark, asked.down_outside() ? fmt::format("{}\n", no_transaction) : std::string(),
                        versioned::down_body(migration));
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", std::move(text)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "tern", .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::file};

}  // namespace

constinit const Runner tern_runner = {
    .name = "tern",
    .title = "tern",
    .looks_for = "tern.conf, ---- create above / drop below ----",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .templates = Template::braces,
    .late = Late::refused,
    .knows = knows,
    .outside =
        "tern runs each migration in a transaction: give the statement a migration of its own with the line ---- "
        "tern: disable-tx ---- in it.",
    .later = "tern runs each migration in a transaction: the second half belongs in a later one.",
    .writer = &writer,
};

}  // namespace pglint::source
