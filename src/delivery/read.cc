#include "delivery/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "delivery/reader.h"
#include "plan/form/file.h"
#include "source/path.h"

namespace pglint::delivery {
namespace {

constexpr int most_levels = 32;            // up to the repository's root
constexpr std::size_t most_folders = 128;  // packages of a monorepo
constexpr std::size_t most_of_kind = 64;   // files

// The folder of .git around it; the folder itself where there is none.
std::string repository_root(const std::string& start, const source::Files& files) {
  std::string at = start;
  std::string identity = files.identity(at);
  for (int i = 0; i < most_levels && !at.empty(); ++i) {
    if (files.exists(source::join(at, ".git"))) return at;
    at = source::parent(at);
    std::string outer = files.identity(at);
    if (outer == identity) break;  // ".." of the root is the root
    identity = std::move(outer);
  }
  return start;
}

bool is_yaml(std::string_view name) { return name.ends_with(".yml") || name.ends_with(".yaml"); }

bool is_dockerfile(std::string_view name) {
  return name == "Dockerfile" || name == "Containerfile" || name.starts_with("Dockerfile.") ||
         name.ends_with(".Dockerfile") || name.ends_with(".dockerfile");
}

bool is_compose(std::string_view name) {
  return is_yaml(name) && (name.starts_with("docker-compose") || name.starts_with("compose."));
}

bool is_drizzle_config(std::string_view name) {
  const bool code = name.ends_with(".ts") || name.ends_with(".js") || name.ends_with(".mjs") ||
                    name.ends_with(".cjs") || name.ends_with(".mts") || name.ends_with(".json");
  return code && name.starts_with("drizzle") && name.find(".config.") != std::string_view::npos;
}

// What says to a platform how it builds and starts the project.
bool is_platform(std::string_view name) {
  constexpr std::array names = std::to_array<std::string_view>(
      {"vercel.json", "netlify.toml", "render.yaml", "railway.json", "railway.toml", "fly.toml"});
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Folders of the root in which a part of the project stands with its container.
bool is_part(std::string_view name) {
  constexpr std::array names = std::to_array<std::string_view>(
      {"docker", ".docker", "deploy", "web", "api", "app", "server", "backend", "worker", "db", "database"});
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct Listed {
  std::string path;
  std::vector<source::Entry> entries;
};

// The folders that things of a project may stand in.
std::vector<Listed> folders_of(const std::string& start, const std::string& root, const source::Files& files,
                               Pipeline& out) {
  std::vector<Listed> list;
  const auto add = [&](const std::string& path) {
    auto entries = files.list(path);
    if (!entries) return;
    list.push_back({path, std::move(*entries)});
  };
  add(start);
  const bool same = files.identity(start) == files.identity(root);
  if (!same) add(root);
  const std::vector<source::Entry> top = list.empty() ? std::vector<source::Entry>() : list.front().entries;
  for (const source::Entry& entry : top) {
    if (!entry.folder || !same) continue;
    if (is_part(entry.name)) add(source::join(start, entry.name));
    if (entry.name != "apps" && entry.name != "packages" && entry.name != "services" && entry.name != "libs") continue;
    const std::string group = source::join(start, entry.name);
    const auto packages = files.list(group);
    if (!packages) continue;
    for (const source::Entry& package : *packages) {
      if (!package.folder || source::is_skipped(package.name)) continue;
      if (list.size() >= most_folders) {
        out.notices.push_back(
            fmt::format("{}: not all of its packages are looked at for how they are delivered", group));
        break;
      }
      add(source::join(group, package.name));
    }
  }
  return list;
}

// Files behind a gate, which findings may point at.
void read_files_behind(const std::string& folder, const Plan& plan, Reader& reader) {
  bool behind = false;
  for (const Stage& stage : plan.stages) {
    behind = behind || stage.gate.has_value();
    for (const FileHash& file : stage.files)
      if (behind && !file.path.starts_with('/') && file.path.find("..") == std::string::npos)
        reader.add(source::join(folder, file.path));
  }
}

void read_plans(const std::string& folder, const source::Files& files, Reader& reader) {
  Pipeline& out = reader.out();
  const std::string plans = source::join(folder, ".pglint/plans");
  if (!files.is_folder(plans)) return;
  const auto entries = files.list(plans);
  if (!entries) return;
  for (const source::Entry& entry : *entries) {
    if (entry.folder || !is_yaml(entry.name) || out.plans.size() >= most_of_kind) continue;
    const std::string path = source::join(plans, entry.name);
    const auto text = files.read(path);
    if (!text) continue;
    auto plan = plan::from_yaml(*text);
    if (!plan) continue;  // whoever lists the plans says so
    read_files_behind(folder, *plan, reader);
    out.plans.push_back({path, std::move(*plan)});
  }
}

}  // namespace

Pipeline read(const std::string& start, const source::Files& files) {
  Pipeline out;
  Reader reader(files, out);
  const std::string root = repository_root(start, files);
  reader.root = root;
  const std::vector<Listed> folders = folders_of(start, root, files, out);
  read_plans(start, files, reader);
  if (out.plans.empty() && root != start) read_plans(root, files, reader);

  const auto each = [&](const auto& is_meant, const auto& use) {
    std::size_t count = 0;
    for (const Listed& folder : folders)
      for (const source::Entry& entry : folder.entries) {
        if (entry.folder || !is_meant(entry.name)) continue;
        const std::string path = source::join(folder.path, entry.name);
        if (++count > most_of_kind) {
          if (count == most_of_kind + 1) reader.notice(path + ": not looked at, nor are more files of its kind");
          continue;
        }
        use(path);
      }
  };
  each(is_drizzle_config, [&](const std::string& path) { reader.note_database("drizzle-kit", path); });
  for (const Listed& folder : folders) {
    const auto has = [&](std::string_view name, bool is_folder) {
      return std::ranges::any_of(
          folder.entries, [&](const source::Entry& entry) { return entry.name == name && entry.folder == is_folder; });
    };
    if (has("schema.prisma", false)) reader.note_database("prisma", source::join(folder.path, "schema.prisma"));
    if (has("prisma", true)) reader.note_database("prisma", source::join(folder.path, "prisma/schema.prisma"));
  }
  // Scripts first: the others call them.
  each([](std::string_view name) { return name == "package.json"; },
       [&](const std::string& path) { reader.read_package(path); });
  each([](std::string_view name) { return name == "Makefile" || name == "makefile" || name == "GNUmakefile"; },
       [&](const std::string& path) { reader.read_makefile(path); });
  reader.settle_scripts();

  const std::string workflows = source::join(root, ".github/workflows");
  if (files.is_folder(workflows)) {
    const auto entries = files.list(workflows);
    std::size_t count = 0;
    for (const source::Entry& entry : entries ? *entries : std::vector<source::Entry>()) {
      if (entry.folder || !is_yaml(entry.name)) continue;
      const std::string path = source::join(workflows, entry.name);
      if (++count > most_of_kind) {
        reader.notice(path + ": not looked at, nor are more workflows");
        break;
      }
      reader.read_github(path);
    }
    reader.link_workflows();
  }
  const std::string gitlab = source::join(root, ".gitlab-ci.yml");
  if (files.exists(gitlab)) reader.read_gitlab(gitlab);
  each(is_dockerfile, [&](const std::string& path) { reader.read_dockerfile(path); });
  each(is_compose, [&](const std::string& path) { reader.read_compose(path); });
  each([](std::string_view name) { return name == "Procfile" || name.starts_with("Procfile."); },
       [&](const std::string& path) { reader.read_procfile(path); });
  each(is_platform, [&](const std::string& path) { reader.read_platform(path); });
  each(is_drizzle_config, [&](const std::string& path) { reader.read_drizzle_config(path); });
  return out;
}

}  // namespace pglint::delivery
