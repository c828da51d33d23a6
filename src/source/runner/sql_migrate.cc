// sql-migrate: -- +migrate Up and -- +migrate Down in one file, a transaction around each unless `notransaction`
// follows.
#include <fmt/core.h>

#include <string_view>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner sql_migrate_runner;

namespace {

using namespace common;

bool knows(std::string_view text) {
  return text.starts_with("-- +migrate Up") || text.find("\n-- +migrate Up") != std::string_view::npos;
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  for (const auto& [path, text] : samples(folder, files)) {
    if (knows(text)) return {{path + ", +migrate Up", folder.path, {}, Evidence::markers, {}}};
  }
  return {};
}

// By the number in front, where both have one, and then by the whole name.
Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(sql_migrate_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> numbered;
  std::vector<Versioned> named;
  for (const Entry& entry : folder->entries) {
    if (!is_sql(entry)) continue;
    const std::string_view digits = leading_digits(entry.name);
    (digits.empty() ? named : numbered)
        .push_back({std::string(digits.empty() ? std::string_view(entry.name) : digits), entry.name,
                    join(layout.root, entry.name), true});
  }
  // The name is the id: two may share a number.
  add_versions(project, std::move(numbered), By::number, "", notes);
  add_versions(project, std::move(named), By::text, "", notes);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& notes) {
  migration.wrapped = true;
  cut_annotated({.mark = "+migrate", .title = "sql-migrate"}, migration, notes);
}

// As with goose; and a line that begins with "-- " is left out wherever it stands.
constexpr versioned::Marks marks = {"-- +migrate StatementBegin", "-- +migrate StatementEnd"};

versioned::Spelled spell(const versioned::Asked& asked) {
  const NewMigration& migration = asked.migration;
  if (versioned::mentions(migration, "+migrate"))
    return versioned::taken_for_its_own(asked.place, "+migrate", "sql-migrate");
  constexpr std::string_view outside = " notransaction";
  std::string text =
      fmt::format("-- +migrate Up{}\n{}", asked.outside() ? outside : "", versioned::body(migration, marks));
  const std::string_view down = down_part(asked.old, "+migrate", false);
  if (migration.keeps_down && !down.empty())
    text += fmt::format("\n{}", down);
  else
    text += fmt::format("\n-- +migrate Down{}\n{}", asked.down_outside() ? outside : "",
                        versioned::down_body(migration, marks));
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", std::move(text)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "sql-migrate", .between = {}, .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::file};

}  // namespace

constinit const Runner sql_migrate_runner = {
    .name = "sql-migrate",
    .title = "sql-migrate",
    .looks_for = "-- +migrate Up in .sql files",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .knows = knows,
    .outside =
        "sql-migrate runs each file in a transaction: give the statement a migration of its own that begins with "
        "-- +migrate Up notransaction.",
    .later = "sql-migrate runs each file in a transaction: the second half belongs in a later migration.",
    .without_down =
        "On the way back sql-migrate runs nothing for it and marks it as undone: the schema keeps what it did.",
    .writer = &writer,
};

}  // namespace pglint::source
