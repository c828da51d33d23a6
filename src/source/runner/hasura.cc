// Hasura: <number>_<name>/up.sql and down.sql, below a folder for each database; the server runs a file in a
// transaction.
#include <algorithm>
#include <string_view>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner hasura_runner;

namespace {

using namespace common;

bool is_migration(const Entry& entry) {
  const std::string_view digits = leading_digits(entry.name);
  return entry.folder && digits.size() >= 10 && digits.size() < entry.name.size() && entry.name[digits.size()] == '_';
}

// Hasura's config.yaml says where the server is.
std::string configuration(const std::string& folder, const Files& files) {
  const std::string path = find_above(folder, "config.yaml", files, 3);
  if (path.empty()) return {};
  const auto text = files.read(path);
  if (!text) return {};
  return text->find("metadata_directory") != std::string::npos || text->find("endpoint:") != std::string::npos ? path
                                                                                                               : "";
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  const auto newest = std::find_if(folder.entries.rbegin(), folder.entries.rend(), is_migration);
  if (newest == folder.entries.rend()) return {};
  const std::string up = join(join(folder.path, newest->name), "up.sql");
  if (!files.exists(up)) return {};
  const std::string config = configuration(folder.path, files);
  return {{config.empty() ? up : config, folder.path, {}, config.empty() ? Evidence::names : Evidence::own, {}}};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(hasura_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  std::vector<std::pair<std::string, std::string>> downs;
  for (const Entry& entry : folder->entries) {
    if (!is_migration(entry)) continue;
    const std::string inside = join(layout.root, entry.name);
    std::string up = join(inside, "up.sql");
    if (!files.exists(up)) {
      notes.notices.push_back(inside + " has no up.sql");
      continue;
    }
    list.push_back({std::string(leading_digits(entry.name)), entry.name, std::move(up), true});
    std::string down = join(inside, "down.sql");
    if (files.exists(down)) downs.emplace_back(entry.name, std::move(down));
  }
  add_versions(project, std::move(list), By::number, "Hasura refuses two migrations of one version.", notes);
  add_rollbacks(project, downs);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) {
  migration.wrapped = true;
  whole(migration, Sent::simple_query);
}

versioned::Spelled spell(const versioned::Asked& asked) { return versioned::up_and_down_in(asked); }

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "Hasura", .in_folder = "up.sql", .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::none};

}  // namespace

constinit const Runner hasura_runner = {
    .name = "hasura",
    .title = "Hasura",
    .looks_for = "config.yaml and <number>_<name>/up.sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .outside =
        "Hasura runs each migration in a transaction, and a file cannot leave it: run the statement with psql, and "
        "let the migration do it IF NOT EXISTS.",
    .later = "Hasura runs each migration in a transaction: the second half belongs in a later one.",
    .writer = &writer,
};

}  // namespace pglint::source
