// postgres-migrations: <number>[-_]<name>.sql, numbered without gaps, each one query in a transaction unless a comment
// at its top says otherwise.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner postgres_migrations_runner;

namespace {

using namespace common;

constexpr std::string_view no_transaction = "postgres-migrations disable-transaction";

bool is_migration(const Entry& entry) { return is_sql(entry) && !leading_digits(entry.name).empty(); }

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  if (std::none_of(folder.entries.begin(), folder.entries.end(), is_migration)) return {};
  const std::string package = mentioned_above(folder.path, "package.json", "\"postgres-migrations\"", files);
  if (!package.empty()) return {{package, folder.path, {}, Evidence::markers, {}}};
  for (const auto& [path, text] : samples(folder, files)) {
    if (text.find("-- " + std::string(no_transaction)) != std::string::npos)
      return {{path + ", " + std::string(no_transaction), folder.path, {}, Evidence::markers, {}}};
  }
  return {};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(postgres_migrations_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    if (!is_migration(entry)) continue;
    list.push_back(
        {std::string(leading_digits(entry.name)), std::string(stem(entry.name)), join(layout.root, entry.name), true});
  }
  add_versions(project, std::move(list), By::number, "postgres-migrations refuses two migrations of one number.",
               notes);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) {
  migration.wrapped = migration.text.find("-- " + std::string(no_transaction)) == std::string::npos;
  whole(migration, Sent::simple_query);
}

versioned::Spelled spell(const versioned::Asked& asked) {
  std::string text = asked.outside() ? fmt::format("-- {}\n", no_transaction) : std::string();
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", text + versioned::body(asked.migration)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "postgres-migrations", .between = {}, .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::statement};

}  // namespace

constinit const Runner postgres_migrations_runner = {
    .name = "postgres-migrations",
    .title = "postgres-migrations",
    .looks_for = "postgres-migrations in package.json and <number>_<name>.sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .edited = Edited::refused,
    .late = Late::refused,
    .outside =
        "postgres-migrations runs each file in a transaction: give the statement a migration of its own that begins "
        "with -- postgres-migrations disable-transaction, with nothing else in it.",
    .later = "postgres-migrations runs each file in a transaction: the second half belongs in a later migration.",
    .alone = true,
    .writer = &writer,
};

}  // namespace pglint::source
