// The Supabase CLI: supabase/migrations/<number>_<name>.sql, each file one batch of the extended protocol.
#include <string_view>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner supabase_runner;

namespace {

using namespace common;

bool is_migration(const Entry& entry) {
  const std::string_view digits = leading_digits(entry.name);
  return is_sql(entry) && !digits.empty() && entry.name[digits.size()] == '_';
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  // From the folder with the configuration, and from the migrations themselves.
  if (folder.find("config.toml") != nullptr && file_name(folder.path) == "supabase") {
    const Entry* const inner = folder.find("migrations");
    if (inner == nullptr || !inner->folder) return {};
    const std::string root = join(folder.path, "migrations");
    // Drizzle may write here too; then its journal decides.
    if (files.exists(join(root, "meta/_journal.json"))) return {};
    return {{join(folder.path, "config.toml"), root, {}, Evidence::own, {}}};
  }
  if (file_name(folder.path) != "migrations" && folder.path != ".") return {};
  const std::string around = parent(folder.path);
  const std::string config = join(around, "config.toml");
  const bool here =
      file_name(around) == "supabase" || (folder.path == "." && files.exists(config) && files.exists("../migrations"));
  if (!here || folder.find("meta") != nullptr) return {};
  for (const Entry& entry : folder.entries) {
    if (!is_migration(entry)) continue;
    const bool configured = files.exists(config);
    if (folder.path == ".") {
      const auto text = files.read(config);
      if (!text || text->find("project_id") == std::string::npos) return {};
    }
    return {{configured ? config : join(folder.path, entry.name),
             folder.path,
             {},
             configured ? Evidence::own : Evidence::names,
             {}}};
  }
  return {};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(supabase_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    if (!is_migration(entry)) continue;
    list.push_back(
        {std::string(leading_digits(entry.name)), std::string(stem(entry.name)), join(layout.root, entry.name)});
  }
  add_versions(project, std::move(list), By::text,
               "The version is the key of Supabase's history table: the second of the two fails.", notes);
  check_atlas_sum(layout.root, files, notes);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) { whole(migration, Sent::pipeline); }

// A file is one batch: what cannot share a transaction is alone in it.
versioned::Spelled spell(const versioned::Asked& asked) {
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", versioned::body(asked.migration)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "The Supabase CLI", .as_text = true, .spell = spell}, project, files, request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::statement};

}  // namespace

constinit const Runner supabase_runner = {
    .name = "supabase",
    .title = "The Supabase CLI",
    .looks_for = "supabase/config.toml",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::pipeline,
    .late = Late::refused,
    .outside =
        "The Supabase CLI sends a file as one batch, and its statements share a transaction: give the statement a "
        "migration of its own, with nothing else in the file.",
    .later = "The Supabase CLI sends a file as one batch: the second half belongs in a later migration.",
    .alone = true,
    .writer = &writer,
};

}  // namespace pglint::source
