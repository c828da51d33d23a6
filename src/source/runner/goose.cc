// goose: -- +goose Up and -- +goose Down in one file, a transaction around each unless NO TRANSACTION says otherwise.
#include <fmt/core.h>

#include <string_view>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner goose_runner;

namespace {

using namespace common;

bool knows(std::string_view text) {
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    std::string_view words = line.of(text);
    if (!words.starts_with("--")) continue;
    words.remove_prefix(2);
    if (starts_with_any_case(trimmed(words), "+goose up")) return true;
  }
  return false;
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  for (const auto& [path, text] : samples(folder, files)) {
    if (knows(text)) return {{path + ", +goose Up", folder.path, {}, Evidence::markers, {}}};
  }
  return {};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(goose_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    const std::string_view digits = leading_digits(entry.name);
    if (!is_sql(entry) || digits.empty() || entry.name[digits.size()] != '_') continue;
    list.push_back({std::string(digits), std::string(stem(entry.name)), join(layout.root, entry.name), true});
  }
  add_versions(project, std::move(list), By::number, "goose panics when it finds two migrations of one version.",
               notes);
  check_atlas_sum(layout.root, files, notes);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& notes) {
  migration.wrapped = true;
  cut_annotated({.mark = "+goose", .title = "goose", .any_case = true}, migration, notes);
}

// Statements end with the line that ends with a semicolon, unless marks stand around them.
constexpr versioned::Marks marks = {"-- +goose StatementBegin", "-- +goose StatementEnd"};

versioned::Spelled spell(const versioned::Asked& asked) {
  const NewMigration& migration = asked.migration;
  if (versioned::mentions(migration, "+goose")) return versioned::taken_for_its_own(asked.place, "+goose", "goose");
  std::string text;
  if (asked.outside() || asked.down_outside()) text += "-- +goose NO TRANSACTION\n";
  text += "-- +goose Up\n" + versioned::body(migration, marks);
  const std::string_view down = down_part(asked.old, "+goose", true);
  if (migration.keeps_down && !down.empty() && !contains_any_case(asked.old, "envsub"))
    text += fmt::format("\n{}", down);
  else
    text += "\n-- +goose Down\n" + versioned::down_body(migration, marks);
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", std::move(text)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "goose", .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::file};

}  // namespace

constinit const Runner goose_runner = {
    .name = "goose",
    .title = "goose",
    .looks_for = "-- +goose Up in <number>_<name>.sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .templates = Template::dollar,
    .late = Late::refused,
    .knows = knows,
    .outside =
        "goose runs each file in a transaction: give the statement a migration of its own with the line -- +goose "
        "NO TRANSACTION at its top.",
    .later = "goose runs each file in a transaction: the second half belongs in a later migration.",
    .without_down = "On the way back goose runs nothing for it and marks it as undone: the schema keeps what it did.",
    .writer = &writer,
};

}  // namespace pglint::source
