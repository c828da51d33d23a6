// graphile-migrate: migrations/committed/<6 digits>[-<name>].sql, chained by the hashes in their first lines, then
// current.sql; each in a transaction unless --! no-transaction stands at the top.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner graphile_migrate_runner;

namespace {

using namespace common;

bool is_migration(const Entry& entry) { return is_sql(entry) && leading_digits(entry.name).size() >= 6; }

bool knows(std::string_view text) { return text.starts_with("--! Previous:"); }

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  const Entry* const inner = folder.find("committed");
  const bool outer = inner != nullptr && inner->folder;
  const std::string committed = outer ? join(folder.path, "committed") : folder.path;
  if (!outer && file_name(folder.path) != "committed") return {};
  auto entries = files.list(committed);
  if (!entries) return {};
  for (const auto& [path, text] : samples({committed, std::move(*entries)}, files)) {
    if (knows(text))
      return {{path + ", --! Previous", outer ? folder.path : parent(folder.path), {}, Evidence::own, {}}};
  }
  return {};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(graphile_migrate_runner, layout.root);
  const std::string committed = join(layout.root, "committed");
  const auto folder = listed(committed, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    if (!is_migration(entry)) continue;
    list.push_back(
        {std::string(leading_digits(entry.name)), std::string(stem(entry.name)), join(committed, entry.name), true});
  }
  add_versions(project, std::move(list), By::number, "graphile-migrate refuses two migrations of one number.", notes);
  for (const std::string_view name : {"current.sql", "current/1-current.sql"}) {
    const std::string path = join(layout.root, name);
    if (!files.exists(path)) continue;
    Migration& migration = project.migrations.emplace_back();
    migration.id = "current";
    migration.path = path;
    migration.wrapped = true;
    break;
  }
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) {
  const std::string_view text = migration.text;
  migration.wrapped = true;
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    const std::string_view words = trimmed(line.of(text));
    if (words.starts_with("--! no-transaction")) migration.wrapped = false;
    if (!words.empty() && !words.starts_with("--!")) break;
  }
  whole(migration, Sent::simple_query);
}

bool is_empty(std::string_view text) {
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    const std::string_view words = trimmed(line.of(text));
    if (!words.empty() && !words.starts_with("--")) return false;
  }
  return true;
}

// There is one migration that is not committed, and `graphile-migrate commit` alone makes the others.
Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  if (auto good = versioned::check(project, request); !good) return tl::unexpected(good.error());
  Written written;
  if (request.migrations.empty()) return written;
  if (request.migrations.size() > 1)
    return failed(fmt::format("{} has one current.sql, and this takes {} migrations, one behind the other",
                              project.root, request.migrations.size()),
                  "copy it to a folder of its own, let `pglint fix --runner plain FOLDER` write them there, and commit "
                  "them one by one");
  const NewMigration& migration = request.migrations.front();
  const auto current = std::find_if(project.migrations.begin(), project.migrations.end(),
                                    [](const Migration& one) { return one.id == "current"; });
  if (current == project.migrations.end())
    return failed(project.root + " has no current.sql", "run `graphile-migrate init`, or make it");
  const bool outside = !migration.texts.empty() && migration.texts.front().place != Place::runner_transaction;
  std::string text = outside ? "--! no-transaction\n" : "";
  text += versioned::body(migration);
  const bool replaces = migration.replaces && &project.migrations[*migration.replaces] == &*current;
  if (!replaces && current->text != text && !is_empty(current->text))
    return failed(current->path + " holds a migration that is not committed", "run `graphile-migrate commit` first");
  if (auto good = add_change(written, files, current->path, std::move(text), FileOrder::edited_sql); !good)
    return tl::unexpected(good.error());
  written.paths.push_back(current->path);
  return written;
}

constexpr Writer writer = {.write = write, .way_out = WayOut::statement};

}  // namespace

constinit const Runner graphile_migrate_runner = {
    .name = "graphile-migrate",
    .title = "graphile-migrate",
    .looks_for = "committed/<6 digits>.sql with --! Previous",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .psql = true,  // its placeholders are written as psql's variables are
    .edited = Edited::refused,
    .late = Late::refused,
    .knows = knows,
    .outside =
        "graphile-migrate runs each migration in a transaction: give the statement one of its own that begins with "
        "--! no-transaction, with nothing else in it.",
    .later = "graphile-migrate runs each migration in a transaction: the second half belongs in a later one.",
    .alone = true,
    .writer = &writer,
};

}  // namespace pglint::source
