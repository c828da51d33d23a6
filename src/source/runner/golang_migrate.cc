// golang-migrate: <number>_<name>.up.sql, each sent whole as one simple query. It remembers one number, and goes on
// from there: a file below it never runs.
#include <string_view>
#include <unordered_map>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner golang_migrate_runner;

namespace {

using namespace common;

constexpr std::string_view up = ".up.sql";
constexpr std::string_view down = ".down.sql";

bool is_numbered(const Entry& entry, std::string_view suffix) {
  if (entry.folder || !entry.name.ends_with(suffix)) return false;
  const std::string_view digits = leading_digits(entry.name);
  return !digits.empty() && digits.size() < entry.name.size() && entry.name[digits.size()] == '_';
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  for (const Entry& entry : folder.entries) {
    if (!is_numbered(entry, up)) continue;
    Layout layout{join(folder.path, entry.name), folder.path};
    layout.strength = Evidence::names;
    for (const std::string_view name : {"go.mod", "Makefile"}) {
      const std::string config = mentioned_above(folder.path, name, "golang-migrate/migrate", files);
      if (config.empty()) continue;
      layout.evidence = config + " and " + layout.evidence;
      layout.strength = Evidence::markers;
      break;
    }
    return {layout};
  }
  return {};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(golang_migrate_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> ups;
  std::vector<std::pair<std::string, std::string>> downs;
  for (const Entry& entry : folder->entries) {
    const bool forward = is_numbered(entry, up);
    if (!forward && !is_numbered(entry, down)) continue;
    std::string id = entry.name.substr(0, entry.name.size() - (forward ? up : down).size());
    std::string path = join(layout.root, entry.name);
    if (forward)
      ups.push_back({std::string(leading_digits(entry.name)), std::move(id), std::move(path)});
    else
      downs.emplace_back(std::move(id), std::move(path));
  }
  add_versions(project, std::move(ups), By::number,
               "golang-migrate refuses to read a folder with two files of one version.", notes);
  add_rollbacks(project, downs);
  check_atlas_sum(layout.root, files, notes);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) { whole(migration, Sent::simple_query); }

versioned::Spelled spell(const versioned::Asked& asked) { return versioned::up_and_down(asked); }

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "golang-migrate", .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::statement};

}  // namespace

constinit const Runner golang_migrate_runner = {
    .name = "golang-migrate",
    .title = "golang-migrate",
    .looks_for = "<number>_<name>.up.sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::one_simple_query,
    .late = Late::skipped,
    .outside =
        "golang-migrate sends a file as one query, and its statements share a transaction: give the statement a "
        "migration of its own, with nothing else in the file.",
    .later = "golang-migrate sends a file as one query: the second half belongs in a later migration.",
    .without_down =
        "On the way back golang-migrate takes a missing .down.sql for an empty one: it marks the migration as undone, "
        "and the schema keeps what it did.",
    .alone = true,
    .writer = &writer,
};

}  // namespace pglint::source
