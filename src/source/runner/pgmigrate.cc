// pgmigrate: migrations.yml beside migrations/V<number>__<name>.sql; all pending ones in one transaction, but for those
// with NONTRANSACTIONAL in their names.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner pgmigrate_runner;

namespace {

using namespace common;

constexpr std::size_t deepest = 8;

std::string_view version_of(std::string_view name) {
  if (!name.starts_with('V') || !name.ends_with(".sql")) return {};
  const std::string_view digits = leading_digits(name.substr(1));
  return name.substr(1 + digits.size()).starts_with("__") ? digits : std::string_view{};
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  if (folder.find("migrations.yml") != nullptr) {
    const Entry* const inner = folder.find("migrations");
    if (inner == nullptr || !inner->folder) return {};
    return {{join(folder.path, "migrations.yml"), join(folder.path, "migrations"), {}, Evidence::own, {}}};
  }
  const std::string config = join(parent(folder.path), "migrations.yml");
  const auto migration = [](const Entry& entry) { return !entry.folder && !version_of(entry.name).empty(); };
  if (std::none_of(folder.entries.begin(), folder.entries.end(), migration) || !files.exists(config)) return {};
  return {{config, folder.path, {}, Evidence::own, {}}};
}

void read_folder(const std::string& path, const Files& files, std::size_t depth, std::vector<Versioned>& list,
                 std::unordered_set<std::string>& seen, Notes& notes) {
  if (!seen.insert(files.identity(path)).second) return;
  const auto folder = depth > deepest ? std::nullopt : listed(path, files, notes);
  if (!folder) return;
  for (const Entry& entry : folder->entries) {
    std::string inside = join(path, entry.name);
    if (entry.folder) {
      read_folder(inside, files, depth + 1, list, seen, notes);
      continue;
    }
    const std::string_view version = version_of(entry.name);
    if (!version.empty()) list.push_back({std::string(version), std::string(stem(entry.name)), std::move(inside)});
  }
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(pgmigrate_runner, layout.root);
  std::vector<Versioned> list;
  std::unordered_set<std::string> seen;
  read_folder(layout.root, files, 0, list, seen, notes);
  add_versions(project, std::move(list), By::number, "pgmigrate refuses two migrations of one version.", notes);
  return project;
}

void cut(const Project& project, Migration& migration, Notes& notes) {
  const bool outside = migration.id.find("NONTRANSACTIONAL") != std::string::npos;
  migration.alone = outside;
  whole(migration, Sent::statement);
  if (!outside || !migration.reported) return;
  const bool mixed = std::any_of(project.migrations.begin(), project.migrations.end(), [](const Migration& other) {
    return other.reported && !other.id.empty() && other.id.find("NONTRANSACTIONAL") == std::string::npos;
  });
  if (mixed)
    notes.notices.push_back(migration.path + ": pgmigrate refuses to run it together with transactional migrations");
}

constexpr std::string_view outside_name = "NONTRANSACTIONAL";

bool is_outside(const Migration& migration) { return migration.id.find(outside_name) != std::string::npos; }

versioned::Spelled spell(const versioned::Asked& asked) {
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", versioned::body(asked.migration)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  versioned::Moved moved = versioned::move_outside(project, request, is_outside);
  bool any = false;
  for (NewMigration& migration : moved.request.migrations) {
    if (migration.replaces || migration.texts.empty() || migration.texts.front().place == Place::runner_transaction)
      continue;
    migration.name = fmt::format("{}_{}", outside_name, migration.name);
    any = true;
  }
  auto written = versioned::write({.title = "pgmigrate", .before = "V", .between = "__", .spell = spell}, project,
                                  files, moved.request);
  if (!written) return written;
  versioned::put_back(moved, *written);
  if (any)
    written->notices.emplace_back(
        "pgmigrate refuses to run NONTRANSACTIONAL migrations together with others: run `pgmigrate migrate -t VERSION` "
        "up "
        "to each change of kind, or allow it with force_mixed");
  return written;
}

constexpr Writer writer = {.write = write, .way_out = WayOut::file};

}  // namespace

constinit const Runner pgmigrate_runner = {
    .name = "pgmigrate",
    .title = "pgmigrate",
    .looks_for = "migrations.yml and V<number>__<name>.sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::all_pending,
    .outside =
        "pgmigrate runs all pending migrations in one transaction: give the statement a migration of its own with "
        "NONTRANSACTIONAL in its name, and deploy it by itself.",
    .later =
        "pgmigrate runs all pending migrations in one transaction: the second half belongs in a migration that is "
        "deployed later.",
    .writer = &writer,
};

}  // namespace pglint::source
