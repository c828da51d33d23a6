// Flyway: V<version>__<name>.sql in the order of the versions, then R__<name>.sql, below one folder however deep. A
// transaction around each file, unless all its statements are of the kinds that Flyway knows not to run in one.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "pg/lexer.h"
#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner flyway_runner;

namespace {

using namespace common;

constexpr std::size_t most_folders = 2000;
constexpr std::size_t deepest = 8;

// Where a folder for each kind of server stands beside the others.
bool is_other_server(std::string_view folder) {
  constexpr std::array<std::string_view, 14> names = {"clickhouse", "db2",     "derby",     "h2",    "hana",
                                                      "hsqldb",     "mariadb", "mssql",     "mysql", "oracle",
                                                      "snowflake",  "sqlite",  "sqlserver", "tidb"};
  return std::find(names.begin(), names.end(), folder) != names.end();
}

struct Name {
  char kind = 0;  // V, R, B or U; 0: it is no migration
  std::string_view version;
  std::string_view description;
};

// "V1_2__add_orders.sql". Without a letter only where the prefix is set to nothing.
Name read_name(std::string_view name, bool bare) {
  Name found;
  if (name.size() < 5 || !name.ends_with(".sql")) return found;
  name = stem(name);
  const std::size_t separator = name.find("__");
  if (separator == std::string_view::npos) return found;
  const char letter = name.front();
  const bool lettered = letter == 'V' || letter == 'R' || letter == 'B' || letter == 'U';
  if (!lettered && !(bare && is_digit(letter))) return found;
  found.version = name.substr(lettered ? 1 : 0, separator - (lettered ? 1 : 0));
  found.description = name.substr(separator + 2);
  const bool repeatable = letter == 'R';
  if (repeatable != found.version.empty()) return found;
  for (const char c : found.version) {
    if (!is_digit(c) && c != '.' && c != '_') return found;
  }
  found.kind = lettered ? letter : 'V';
  return found;
}

bool below_default(std::string_view folder) {
  return folder.ends_with("db/migration") || folder.find("db/migration/") != std::string_view::npos;
}

bool holds_migrations(const Folder& folder, bool bare, std::string& example) {
  for (const Entry& entry : folder.entries) {
    if (entry.folder || read_name(entry.name, bare).kind == 0) continue;
    example = join(folder.path, entry.name);
    return true;
  }
  return false;
}

std::string configuration(const std::string& folder, const Files& files) {
  for (const std::string_view name : {"flyway.toml", "flyway.conf", "flyway.user.toml"}) {
    std::string path = find_above(folder, name, files);
    if (!path.empty()) return path;
  }
  for (const std::string_view name : {"pom.xml", "build.gradle", "build.gradle.kts"}) {
    std::string path = mentioned_above(folder, name, "flyway", files);
    if (!path.empty()) return path;
  }
  return {};
}

// Whether there is a folder for each kind of server.
bool has_servers(const std::string& folder, const Files& files) {
  const auto entries = files.list(folder);
  return entries && std::any_of(entries->begin(), entries->end(), [](const Entry& entry) {
           return entry.folder && (is_other_server(entry.name) || entry.name.starts_with("postgres"));
         });
}

// Below db/migration the outermost folder is the root, unless it has folders for several kinds of servers.
std::string root_of(const std::string& folder, const Files& files) {
  std::string at = folder;
  for (int i = 0; i < 3 && !at.ends_with("db/migration"); ++i) {
    at = parent(at);
    if (at.empty()) return folder;
  }
  return at.ends_with("db/migration") && !has_servers(at, files) ? at : folder;
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  std::string example;
  const bool bare = below_default(folder.path);
  if (!holds_migrations(folder, bare, example)) {
    if (!folder.path.ends_with("db/migration") || has_servers(folder.path, files)) return {};
    for (const Entry& entry : folder.entries) {
      if (!entry.folder) continue;
      auto inner = files.list(join(folder.path, entry.name));
      if (inner && holds_migrations({join(folder.path, entry.name), std::move(*inner)}, true, example)) break;
    }
    if (example.empty()) return {};
  }
  Layout layout{example, root_of(folder.path, files)};
  const std::string_view last = file_name(folder.path);
  if (is_other_server(last)) layout.foreign = "folder " + std::string(last);
  layout.strength = Evidence::names;
  const std::string config = configuration(layout.root, files);
  if (!config.empty()) {
    layout.evidence = config + " and " + example;
    layout.strength = Evidence::markers;
  } else if (bare) {
    layout.strength = Evidence::markers;
  }
  return {std::move(layout)};
}

// Part by part as numbers; zeros at the end do not count.
int compare_versions(std::string_view a, std::string_view b) {
  const auto part = [](std::string_view& version) {
    const std::size_t end = version.find_first_of("._");
    const std::string_view first = version.substr(0, end);
    version = end == std::string_view::npos ? std::string_view{} : version.substr(end + 1);
    return first.empty() ? std::string_view("0") : first;
  };
  while (!a.empty() || !b.empty()) {
    const int order = compare_numbers(part(a), part(b));
    if (order != 0) return order;
  }
  return 0;
}

struct File {
  Name name;
  std::string path;
  std::string file;
  bool wrapped = true;
};

struct Walk {
  const Files& files;
  Notes& notes;
  bool bare = false;
  std::vector<std::pair<std::string, std::string>> found = {};  // name, path
  std::unordered_set<std::string> untransacted = {};            // paths
  std::unordered_set<std::string> seen = {};
};

void read_folder(Walk& walk, const std::string& path, std::size_t depth) {
  if (depth > deepest || walk.seen.size() > most_folders || !walk.seen.insert(walk.files.identity(path)).second) return;
  const auto folder = listed(path, walk.files, walk.notes);
  if (!folder) return;
  for (const Entry& entry : folder->entries) {
    std::string inside = join(path, entry.name);
    if (entry.folder) {
      if (!is_other_server(entry.name) && !is_skipped(entry.name)) read_folder(walk, inside, depth + 1);
    } else if (entry.name.ends_with(".sql.conf")) {
      const auto text = walk.files.read(inside);
      if (text && value_of(*text, "", "executeInTransaction") == "false")
        walk.untransacted.insert(inside.substr(0, inside.size() - 5));
    } else if (read_name(entry.name, walk.bare).kind != 0) {
      walk.found.emplace_back(entry.name, std::move(inside));
    }
  }
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(flyway_runner, layout.root);
  Walk walk{files, notes, below_default(layout.root)};
  read_folder(walk, layout.root, 0);
  std::vector<File> list;
  std::vector<std::pair<std::string, std::string>> undo;
  for (const auto& [name, path] : walk.found) {
    const Name read = read_name(name, walk.bare);
    if (read.kind == 'U')
      undo.emplace_back("V" + std::string(stem(name).substr(1)), path);
    else
      list.push_back({read, path, name, !walk.untransacted.contains(path)});
  }
  // A baseline stands for all that came before it in a new database; the others have run what it replaces.
  std::stable_sort(list.begin(), list.end(), [](const File& a, const File& b) {
    const bool repeated_a = a.name.kind == 'R';
    const bool repeated_b = b.name.kind == 'R';
    if (repeated_a != repeated_b) return repeated_b;
    if (repeated_a) return a.name.description < b.name.description;
    return compare_versions(a.name.version, b.name.version) < 0;
  });
  std::size_t last = list.size();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const File& one = list[i];
    if (one.name.kind == 'B') {
      notes.notices.push_back(one.path + " is a baseline, for new databases only: not read");
      continue;
    }
    if (last != list.size() && one.name.kind == 'V' &&
        compare_versions(list[last].name.version, one.name.version) == 0) {
      notes.problems.push_back(
          {.rule = "duplicate-version",
           .path = one.path,
           .at = {},
           .message = fmt::format("The version {} is that of {} as well", one.name.version, file_name(list[last].path)),
           .why = "Flyway refuses to run while two migrations have one version.",
           .help = "Give the one that is not released yet a version of its own, behind all "
                   "others."});
    }
    if (one.name.kind == 'V') last = i;
    Migration& migration = project.migrations.emplace_back();
    migration.id = stem(one.file);
    if (one.name.kind == 'V') migration.version = one.name.version;
    migration.path = one.path;
    migration.wrapped = one.wrapped;
  }
  add_rollbacks(project, undo);
  if (files.exists(join(layout.root, "atlas.sum"))) check_atlas_sum(layout.root, files, notes);
  return project;
}

// The kinds of statements that Flyway's parser runs outside of transactions: what it knows, not what PostgreSQL
// demands. REINDEX INDEX CONCURRENTLY is not among them.
bool is_not_transactional(std::string_view statement) {
  std::array<std::string_view, 4> words = {};
  for (std::string_view& word : words) word = take_word(statement);
  const auto is = [&](std::size_t i, std::initializer_list<std::string_view> list) {
    return std::any_of(list.begin(), list.end(), [&](std::string_view one) {
      return words[i].size() == one.size() && starts_with_any_case(words[i], one);
    });
  };
  if (is(0, {"vacuum"}) || (is(0, {"discard"}) && is(1, {"all"})) || (is(0, {"alter"}) && is(1, {"system"})))
    return true;
  if (is(0, {"create", "drop"})) {
    if (is(1, {"database", "tablespace", "subscription"})) return true;
    const std::size_t index = is(1, {"unique"}) ? 2 : 1;
    return is(index, {"index"}) && is(index + 1, {"concurrently"});
  }
  if (is(0, {"reindex"})) return is(is(1, {"verbose"}) ? 2 : 1, {"schema", "database", "system"});
  return false;
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) {
  render(migration, Template::dollar);
  whole(migration, Sent::statement);
  if (!migration.wrapped) return;
  constexpr std::array<std::string_view, 8> hints = {"concurrently", "vacuum",       "database", "tablespace",
                                                     "subscription", "alter system", "reindex",  "discard"};
  if (std::none_of(hints.begin(), hints.end(), [&](auto hint) { return contains_any_case(migration.text, hint); }))
    return;
  const std::string_view text = migration.sql();
  const pg::Lexed lexed = pg::lex(text, {.psql = false});
  migration.wrapped = lexed.statements.empty() ||
                      !std::all_of(lexed.statements.begin(), lexed.statements.end(), [text](const pg::Cut& cut) {
                        return is_not_transactional(text.substr(cut.span.begin, cut.span.size()));
                      });
}

// Flyway knows only some statements that cannot run in a transaction, and none that should not: its settings say it.
versioned::Spelled spell(const versioned::Asked& asked) {
  const std::string path = asked.place + ".sql";
  std::string settings;
  if (asked.outside()) settings += "executeInTransaction=false\n";
  if (versioned::mentions(asked.migration, "${")) settings += "placeholderReplacement=false\n";
  const bool there = asked.files.exists(path + ".conf");
  if (settings.empty() && there) settings = "executeInTransaction=true\n";
  std::vector<versioned::SpelledFile> out = {{path, versioned::body(asked.migration)}};
  if (!settings.empty()) out.push_back({path + ".conf", std::move(settings)});
  return out;
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  const bool bare = std::ranges::any_of(project.migrations,
                                        [](const Migration& one) { return is_digit(file_name(one.path).front()); });
  for (const NewMigration& migration : request.migrations) {
    if (!migration.replaces || *migration.replaces >= project.migrations.size()) continue;
    const Migration& old = project.migrations[*migration.replaces];
    if (old.version.empty())
      return failed(old.path + " is a repeatable migration, which runs again whenever it changes",
                    "write what is unsafe in it as a versioned migration");
  }
  // Repeatable ones run behind all others: the newest one that has a version stands before them.
  Project versions = project;
  while (!versions.migrations.empty() && versions.migrations.back().version.empty()) versions.migrations.pop_back();
  auto written = versioned::write({.title = "Flyway", .before = bare ? "" : "V", .between = "__", .spell = spell},
                                  versions, files, request);
  const bool outside = std::ranges::any_of(request.migrations, [](const NewMigration& one) {
    return !one.texts.empty() && one.texts.front().place != Place::runner_transaction;
  });
  if (written && outside)
    written->notices.emplace_back(
        "Flyway holds a lock in a transaction while it migrates, for which a build CONCURRENTLY waits for ever, unless "
        "flyway.postgresql.transactional.lock=false is set");
  return written;
}

constexpr Writer writer = {.write = write, .way_out = WayOut::file};

}  // namespace

constinit const Runner flyway_runner = {
    .name = "flyway",
    .title = "Flyway",
    .looks_for = "V<version>__<name>.sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .templates = Template::dollar,
    .edited = Edited::refused,
    .late = Late::refused,
    .outside =
        "Flyway runs each file in a transaction unless it holds nothing but such statements: give the statement a "
        "migration of its own, and set flyway.postgresql.transactional.lock=false, or a build CONCURRENTLY waits "
        "for Flyway's own lock for ever.",
    .later = "Flyway runs each file in a transaction: the second half belongs in a later migration.",
    .writer = &writer,
};

}  // namespace pglint::source
