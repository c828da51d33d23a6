// Atlas: <version>_<name>.sql beside atlas.sum, in the order of the names' bytes; a transaction around each file unless
// -- atlas:txmode none stands at its top. Atlas can also run the folders of other tools: then those profiles read them,
// and its sums are checked there too.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "base/sha256.h"
#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner atlas_runner;

namespace common {

void check_atlas_sum(const std::string& root, const Files& files, Notes& notes) {
  const std::string path = join(root, "atlas.sum");
  if (!files.exists(path)) return;
  auto sums = files.read(path);
  auto entries = files.list(root);
  if (!sums || !entries) {
    notes.failures.push_back({path, 0, one_line(sums ? entries.error() : sums.error())});
    return;
  }
  struct Told {
    std::string_view hash;
    Span at;
  };
  std::unordered_map<std::string_view, Told> told;
  std::size_t at = 0;
  Line line;
  for (bool first = true; next_line(*sums, at, line); first = false) {
    if (first) continue;
    const std::string_view words = line.of(*sums);
    const std::size_t mark = words.rfind(" h1:");
    if (mark == std::string_view::npos) continue;
    told.emplace(
        words.substr(0, mark),
        Told{words.substr(mark + 4), {static_cast<std::uint32_t>(line.begin), static_cast<std::uint32_t>(line.end)}});
  }
  const auto problem = [&](Span where, std::string message) {
    notes.problems.push_back({.rule = "atlas-sum-mismatch",
                              .path = path,
                              .at = where,
                              .message = std::move(message),
                              .why = "Atlas compares the sums before it runs anything, and stops here.",
                              .help =
                                  "If the change is meant, and no database has the file yet: atlas migrate hash. Else "
                                  "restore what was there, and write a new migration.",
                              .always = true});
    notes.documents.push_back({path, *sums});
  };
  // One hash runs through all files, so the first that differs is the one that was touched.
  Sha256 running;
  for (const Entry& entry : *entries) {
    if (!is_sql(entry)) continue;
    const auto known = told.find(entry.name);
    if (known == told.end() && entry.name.ends_with(".down.sql")) continue;  // Atlas has no use for them
    const auto text = files.read(join(root, entry.name));
    if (!text) return;  // said where it is loaded
    running.add(entry.name);
    if (known == told.end()) {
      if (text->find("atlas:sum ignore") != std::string::npos) continue;
      return problem({0, static_cast<std::uint32_t>(std::min(sums->find('\n'), sums->size()))},
                     fmt::format("{} is not in atlas.sum", entry.name));
    }
    running.add(*text);
    if (running.base64() != known->second.hash)
      return problem(known->second.at, fmt::format("{} is not what atlas.sum says", entry.name));
    told.erase(known);
  }
  if (told.empty()) return;
  const auto missing = std::min_element(
      told.begin(), told.end(), [](const auto& a, const auto& b) { return a.second.at.begin < b.second.at.begin; });
  problem(missing->second.at, fmt::format("{} is in atlas.sum and not in the folder", missing->first));
}

}  // namespace common

namespace {

using namespace common;

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  if (folder.find("atlas.sum") == nullptr) {
    // Without its sums only its directives tell.
    for (const auto& [path, text] : samples(folder, files)) {
      if (text.starts_with("-- atlas:txmode") || text.starts_with("-- atlas:checkpoint"))
        return {{path + ", atlas directives", folder.path, {}, Evidence::names, {}}};
    }
    return {};
  }
  // The names of another tool mean that Atlas runs its folder.
  for (const Entry& entry : folder.entries) {
    if (entry.name.ends_with(".up.sql")) return {};
  }
  return {{join(folder.path, "atlas.sum"), folder.path, {}, Evidence::names, {}}};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(atlas_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  for (const Entry& entry : folder->entries) {
    if (!is_sql(entry)) continue;
    Migration& migration = project.migrations.emplace_back();
    migration.id = stem(entry.name);
    migration.version = migration.id.substr(0, migration.id.find('_'));
    migration.path = join(layout.root, entry.name);
    migration.wrapped = true;
  }
  check_atlas_sum(layout.root, files, notes);
  return project;
}

// Comment lines at the very top with an empty line behind them are about the file; else they are the first statement's.
void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) {
  const std::string_view text = migration.text;
  migration.wrapped = true;
  bool none = false;
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    const std::string_view words = line.of(text);
    if (words.starts_with("-- atlas:txmode none")) none = true;
    if (words.starts_with("--")) continue;
    if (trimmed(words).empty()) migration.wrapped = !none;
    break;
  }
  render(migration, Template::braces);
  whole(migration, Sent::statement);
}

versioned::Spelled spell(const versioned::Asked& asked) {
  if (versioned::mentions(asked.migration, "atlas:"))
    return versioned::taken_for_its_own(asked.place, "atlas:", "Atlas");
  // The empty line makes it the file's, and not the first statement's.
  std::string text = asked.outside() ? "-- atlas:txmode none\n\n" : "";
  text += versioned::body(asked.migration);
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", std::move(text)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "Atlas", .as_text = true, .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::file};

}  // namespace

constinit const Runner atlas_runner = {
    .name = "atlas",
    .title = "Atlas",
    .looks_for = "atlas.sum",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .templates = Template::braces,
    .edited = Edited::refused,
    .late = Late::refused,
    .outside =
        "Atlas runs each file in a transaction: give the statement a migration of its own that begins with -- "
        "atlas:txmode none and an empty line.",
    .later = "Atlas runs each file in a transaction: the second half belongs in a later migration.",
    .writer = &writer,
};

}  // namespace pglint::source
