// diesel: <version>_<name>/up.sql and down.sql, each sent as one query inside a transaction unless metadata.toml says
// otherwise.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner diesel_runner;

namespace {

using namespace common;

bool is_migration(const Entry& entry) {
  return entry.folder && !leading_digits(entry.name).empty() && entry.name.find('_') != std::string::npos;
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  const auto newest = std::find_if(folder.entries.rbegin(), folder.entries.rend(), is_migration);
  if (newest == folder.entries.rend()) return {};
  const std::string up = join(join(folder.path, newest->name), "up.sql");
  if (!files.exists(up)) return {};
  std::string config = find_above(folder.path, "diesel.toml", files, 4);
  if (config.empty()) config = mentioned_above(folder.path, "Cargo.toml", "diesel", files);
  // Hasura has such folders too, with nothing but digits in front.
  const std::size_t digits = leading_digits(newest->name).size();
  const bool dashes = newest->name[digits] == '-';
  if (config.empty() && !dashes) return {};
  return {{config.empty() ? up : config, folder.path, {}, config.empty() ? Evidence::names : Evidence::markers, {}}};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(diesel_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  std::vector<std::pair<std::string, std::string>> downs;
  for (const Entry& entry : folder->entries) {
    if (!entry.folder || entry.name.starts_with('.')) continue;
    const std::string inside = join(layout.root, entry.name);
    std::string up = join(inside, "up.sql");
    if (!files.exists(up)) {
      notes.notices.push_back(inside + " has no up.sql");
      continue;
    }
    std::string version = entry.name.substr(0, entry.name.find('_'));
    std::erase(version, '-');
    // A file that is there and does not have the key means false.
    bool wrapped = true;
    const std::string metadata = join(inside, "metadata.toml");
    if (files.exists(metadata)) {
      const auto text = files.read(metadata);
      wrapped = text && value_of(*text, "", "run_in_transaction") == "true";
    }
    list.push_back({std::move(version), entry.name, std::move(up), wrapped});
    std::string down = join(inside, "down.sql");
    if (files.exists(down)) downs.emplace_back(entry.name, std::move(down));
  }
  add_versions(project, std::move(list), By::text,
               "diesel keeps migrations by their version: only one of the two is ever run.", notes);
  add_rollbacks(project, downs);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) { whole(migration, Sent::simple_query); }

versioned::Spelled spell(const versioned::Asked& asked) {
  std::vector<versioned::SpelledFile> out = versioned::up_and_down_in(asked);
  // Without the key, a file that is there means that there is no transaction.
  const std::string metadata = join(asked.place, "metadata.toml");
  if (asked.outside() || asked.files.exists(metadata))
    out.push_back({metadata, fmt::format("run_in_transaction = {}\n", !asked.outside())});
  return out;
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "diesel", .in_folder = "up.sql", .as_text = true, .spell = spell}, project, files,
                          request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::statement};

}  // namespace

constinit const Runner diesel_runner = {
    .name = "diesel",
    .title = "diesel",
    .looks_for = "<version>_<name>/up.sql with diesel.toml or diesel in Cargo.toml",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .outside =
        "diesel runs each migration in a transaction: give the statement a migration of its own, with nothing "
        "else in up.sql, and run_in_transaction = false in a metadata.toml beside it.",
    .later = "diesel runs each migration in a transaction: the second half belongs in a later one.",
    .without_down = "diesel before 2.0 stops at a folder without down.sql, and a later one cannot revert it.",
    .alone = true,
    .writer = &writer,
};

}  // namespace pglint::source
