// refinery: V<number>__<name>.sql, below one folder; a transaction around each, and no way out of it.
#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner refinery_runner;

namespace {

using namespace common;

// The number; empty if the name is another.
std::string_view version_of(const Entry& entry) {
  if (!is_sql(entry) || (entry.name.front() != 'V' && entry.name.front() != 'U')) return {};
  const std::string_view digits = leading_digits(std::string_view(entry.name).substr(1));
  return entry.name.compare(1 + digits.size(), 2, "__") == 0 ? digits : std::string_view{};
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  const auto migration = [](const Entry& entry) { return !version_of(entry).empty(); };
  if (std::none_of(folder.entries.begin(), folder.entries.end(), migration)) return {};
  std::string config = find_above(folder.path, "refinery.toml", files, 4);
  if (config.empty()) config = mentioned_above(folder.path, "Cargo.toml", "refinery", files);
  if (config.empty()) return {};
  return {{config, folder.path, {}, Evidence::own, {}}};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(refinery_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    const std::string_view version = version_of(entry);
    if (version.empty()) continue;
    list.push_back({std::string(version), std::string(stem(entry.name)), join(layout.root, entry.name), true});
  }
  add_versions(project, std::move(list), By::number, "refinery refuses two migrations of one version.", notes);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) {
  migration.wrapped = true;
  whole(migration, Sent::simple_query);
}

versioned::Spelled spell(const versioned::Asked& asked) {
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", versioned::body(asked.migration)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "refinery", .before = "V", .between = "__", .spell = spell}, project, files,
                          request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::none};

}  // namespace

constinit const Runner refinery_runner = {
    .name = "refinery",
    .title = "refinery",
    .looks_for = "V<number>__<name>.sql with refinery in Cargo.toml",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .edited = Edited::refused,
    .late = Late::refused,
    .outside =
        "refinery runs each migration in a transaction and has no way out of it: run the statement by another tool, "
        "and let the migration do it IF NOT EXISTS.",
    .later = "refinery runs each migration in a transaction: the second half belongs in a later one.",
    .writer = &writer,
};

}  // namespace pglint::source
