// sqlx: <number>_<name>.sql, or .up.sql and .down.sql, each sent as one query inside a transaction unless the file
// begins with -- no-transaction.
#include <string_view>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner sqlx_runner;

namespace {

using namespace common;

constexpr std::string_view no_transaction = "-- no-transaction";

bool is_migration(const Entry& entry) {
  const std::string_view digits = leading_digits(entry.name);
  return is_sql(entry) && !digits.empty() && entry.name[digits.size()] == '_';
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  if (std::none_of(folder.entries.begin(), folder.entries.end(), is_migration)) return {};
  std::string config = find_above(folder.path, "sqlx.toml", files, 4);
  if (config.empty()) config = mentioned_above(folder.path, "Cargo.toml", "sqlx", files);
  if (!config.empty()) return {{config, folder.path, {}, Evidence::markers, {}}};
  for (const auto& [path, text] : samples(folder, files)) {
    if (text.starts_with("-- Add up migration script here") || text.starts_with("-- Add migration script here"))
      return {{path + ", as sqlx writes it", folder.path, {}, Evidence::markers, {}}};
  }
  return {};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(sqlx_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  std::vector<std::pair<std::string, std::string>> downs;
  for (const Entry& entry : folder->entries) {
    if (!is_migration(entry)) continue;
    std::string path = join(layout.root, entry.name);
    std::string id(stem(entry.name));
    if (id.ends_with(".down")) {
      downs.emplace_back(id.substr(0, id.size() - 5), std::move(path));
      continue;
    }
    if (id.ends_with(".up")) id.resize(id.size() - 3);
    list.push_back({std::string(leading_digits(entry.name)), std::move(id), std::move(path), true});
  }
  add_versions(project, std::move(list), By::number,
               "The version is the key of sqlx's history table: the second of the two fails.", notes);
  add_rollbacks(project, downs);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) {
  migration.wrapped = !migration.text.starts_with(no_transaction);
  whole(migration, Sent::simple_query);
}

versioned::Spelled spell(const versioned::Asked& asked) { return versioned::up_and_down(asked, no_transaction); }

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "sqlx", .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::statement};

}  // namespace

constinit const Runner sqlx_runner = {
    .name = "sqlx",
    .title = "sqlx",
    .looks_for = "<number>_<name>.sql with sqlx in Cargo.toml",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .edited = Edited::refused,
    .outside =
        "sqlx runs each file in a transaction: give the statement a migration of its own that begins with -- "
        "no-transaction, with nothing else in the file.",
    .later = "sqlx runs each file in a transaction: the second half belongs in a later migration.",
    .without_down = "sqlx migrate revert passes over it, and undoes the migration before it instead.",
    .alone = true,
    .writer = &writer,
};

}  // namespace pglint::source
