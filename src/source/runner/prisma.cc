// Prisma Migrate: <number>_<name>/migration.sql beside migration_lock.toml, in the order of the names. Before 7.4 a
// file was one simple query; since then each of its statements goes out by itself.
#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner prisma_runner;

namespace {

using namespace common;

constexpr std::string_view file = "migration.sql";
constexpr int statement_by_statement = 1;  // Project::variant

using Version = std::pair<int, int>;

// "7.4.1", "^7.4.0", "~7", ">=7.4".
std::optional<Version> version_in(std::string_view text) {
  while (!text.empty() && !is_digit(text.front())) text.remove_prefix(1);
  Version version{0, 0};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), version.first);
  if (code != std::errc()) return std::nullopt;
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (rest.starts_with('.')) std::from_chars(rest.data() + 1, rest.data() + rest.size(), version.second);
  return version;
}

// What follows `after`, up to the next quote, line or bracket.
std::optional<Version> version_after(std::string_view text, std::string_view after, std::string_view then = {}) {
  std::size_t at = text.find(after);
  if (at == std::string_view::npos) return std::nullopt;
  at += after.size();
  if (!then.empty()) {
    const std::size_t next = text.substr(at, 4096).find(then);
    if (next == std::string_view::npos) return std::nullopt;
    at += next + then.size();
  }
  const std::string_view rest = text.substr(at, 64);
  const std::size_t digit = rest.find_first_of("0123456789\n");
  if (digit == std::string_view::npos || rest[digit] == '\n') return std::nullopt;
  return version_in(rest);
}

struct Lock {
  std::string_view name;
  std::string_view after;
  std::string_view then;
};
constexpr std::array<Lock, 8> locks = {{
    {"package-lock.json", "\"node_modules/prisma\": {", "\"version\":"},
    {"package-lock.json", "\"node_modules/@prisma/client\": {", "\"version\":"},
    {"pnpm-lock.yaml", "\n  prisma@", ""},
    {"pnpm-lock.yaml", "\n  /prisma@", ""},
    {"yarn.lock", "\n\"prisma@npm:", "version:"},
    {"yarn.lock", "\nprisma@", "version "},
    {"bun.lock", "\"prisma\": [\"prisma@", ""},
    {"package.json", "\"prisma\":", ""},
}};

// The version that runs the migrations, and the file that says so.
std::pair<std::optional<Version>, std::string> version_around(const std::string& folder, const Files& files) {
  for (const Lock& lock : locks) {
    const std::string path = find_above(folder, lock.name, files, 8);
    if (path.empty()) continue;
    const auto text = files.read(path);
    if (!text) continue;
    if (const auto version = version_after(*text, lock.after, lock.then)) return {version, path};
  }
  return {};
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  const std::string lock = join(folder.path, "migration_lock.toml");
  if (folder.find("migration_lock.toml") != nullptr) {
    const auto text = files.read(lock);
    const std::string provider = text ? value_of(*text, "", "provider").value_or("") : "";
    const bool ours =
        provider.empty() || provider == "postgresql" || provider == "postgres" || provider == "cockroachdb";
    return {{lock + (provider.empty() ? "" : ", provider " + provider),
             folder.path,
             ours ? "" : "provider " + provider,
             Evidence::own,
             {}}};
  }
  // Below schema.prisma, before the first `migrate dev` has written the lock file, or where it was not committed.
  const std::string around = parent(folder.path);
  if (file_name(folder.path) != "migrations" || around.empty() || !files.exists(join(around, "schema.prisma")))
    return {};
  for (const Entry& entry : folder.entries) {
    if (entry.folder && files.exists(join(join(folder.path, entry.name), file))) {
      return {{join(around, "schema.prisma"), folder.path, {}, Evidence::markers, {}}};
    }
  }
  return {};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(prisma_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  const auto [version, from] = version_around(layout.root, files);
  if (version && *version >= Version{7, 4}) project.variant = statement_by_statement;
  notes.notices.push_back(
      version ? fmt::format("{}: Prisma {}.{} ({}) sends {}", layout.root, version->first, version->second, from,
                            project.variant != 0 ? "each statement by itself" : "a migration as one query")
              : fmt::format("{}: no lock file tells Prisma's version: taken as older than 7.4, which sends a migration "
                            "as one query",
                            layout.root));
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    if (!entry.folder) continue;
    std::string path = join(join(layout.root, entry.name), file);
    if (!files.exists(path)) {
      if (!leading_digits(entry.name).empty())
        notes.notices.push_back(join(layout.root, entry.name) + " has no migration.sql");
      continue;
    }
    list.push_back({entry.name, entry.name, std::move(path)});
  }
  add_versions(project, std::move(list), By::text, "", notes);
  return project;
}

void cut(const Project& project, Migration& migration, Notes& /*notes*/) {
  whole(migration, project.variant == statement_by_statement ? Sent::statement : Sent::simple_query);
}

// A file that has to be outside of a transaction holds one statement, which is right before 7.4 and since; what belongs
// together has a transaction of its own, since 7.4 and later open none.
versioned::Spelled spell(const versioned::Asked& asked) {
  return std::vector<versioned::SpelledFile>{{join(asked.place, file), versioned::body(asked.migration, {}, true)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "Prisma", .in_folder = file, .as_text = true, .spell = spell}, project, files,
                          request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::statement};

}  // namespace

constinit const Runner prisma_runner = {
    .name = "prisma",
    .title = "Prisma",
    .looks_for = "Prisma's migration_lock.toml",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::one_simple_query,
    .edited = Edited::warned,
    .outside =
        "Before 7.4, Prisma sends a migration as one query, and its statements share a transaction: give the "
        "statement a migration of its own, with nothing else in the file.",
    .later = "The second half belongs in a later migration.",
    .alone = true,
    .writer = &writer,
};

}  // namespace pglint::source
