// pop, of Buffalo, and popx, of Ory: <number>_<name>[.<dialect>][.autocommit].up.sql, filled in by Go's templates; each
// one query in a transaction, but for popx's .autocommit.
#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "source/runner/common.h"

namespace pglint::source {

extern const Runner pop_runner;

namespace {

using namespace common;

struct Name {
  std::string_view version;
  std::string_view id;       // without dialect, autocommit, direction
  std::string_view dialect;  // empty: for all
  bool autocommit = false;
  bool up = false;
};

bool is_dialect(std::string_view word) {
  constexpr std::array<std::string_view, 6> names = {"cockroach", "mariadb", "mysql", "postgres", "sqlite3", "sqlite"};
  return std::find(names.begin(), names.end(), word) != names.end();
}

bool read_name(const Entry& entry, Name& name) {
  if (!is_sql(entry)) return false;
  std::string_view rest = stem(entry.name);
  name = {};
  name.version = leading_digits(rest);
  if (name.version.empty() || name.version.size() >= rest.size() || rest[name.version.size()] != '_') return false;
  const auto take = [&rest](std::string_view suffix) {
    if (!rest.ends_with(suffix)) return false;
    rest.remove_suffix(suffix.size());
    return true;
  };
  name.up = take(".up");
  if (!name.up && !take(".down")) return false;
  name.autocommit = take(".autocommit");
  const std::size_t dot = rest.rfind('.');
  if (dot != std::string_view::npos && is_dialect(rest.substr(dot + 1))) {
    name.dialect = rest.substr(dot + 1);
    rest = rest.substr(0, dot);
  }
  name.id = rest;
  return true;
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  Name name;
  bool any = false;
  for (const Entry& entry : folder.entries) {
    if (!read_name(entry, name)) continue;
    if (!name.dialect.empty() || name.autocommit)
      return {{join(folder.path, entry.name), folder.path, {}, Evidence::markers, {}}};
    any = true;
  }
  if (!any) return {};
  for (const auto& [path, text] : samples(folder, files)) {
    if (text.find("{{") != std::string::npos)
      return {{path + ", a template of Go's", folder.path, {}, Evidence::markers, {}}};
  }
  return {};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(pop_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  // Of a version the file for postgres counts, where there is one.
  struct Chosen {
    std::string id;
    std::string path;
    bool own = false;
    bool autocommit = false;
  };
  std::map<std::pair<std::string, bool>, Chosen> chosen;  // version and direction
  Name name;
  for (const Entry& entry : folder->entries) {
    if (!read_name(entry, name) || (!name.dialect.empty() && name.dialect != "postgres")) continue;
    Chosen& one = chosen[{std::string(name.version), name.up}];
    if (one.own && name.dialect.empty()) continue;
    one = {std::string(name.id), join(layout.root, entry.name), !name.dialect.empty(), name.autocommit};
  }
  std::vector<Versioned> ups;
  std::vector<std::pair<std::string, std::string>> downs;
  for (auto& [key, one] : chosen) {
    if (key.second)
      ups.push_back({key.first, one.id, one.path, !one.autocommit});
    else
      downs.emplace_back(one.id, one.path);
  }
  add_versions(project, std::move(ups), By::text, "", notes);
  add_rollbacks(project, downs);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) {
  render(migration, Template::braces);
  whole(migration, Sent::simple_query);
}

}  // namespace

constinit const Runner pop_runner = {
    .name = "pop",
    .title = "pop",
    .looks_for = "<number>_<name>.postgres.up.sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .templates = Template::braces,
    .outside =
        "pop runs each migration in a transaction: with Ory's popx give the statement one of its own whose name ends "
        "with .autocommit.up.sql.",
    .later = "pop runs each migration in a transaction: the second half belongs in a later one.",
    .alone = true,
};

}  // namespace pglint::source
