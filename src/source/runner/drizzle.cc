// Drizzle: drizzle-kit 0.x keeps a journal, meta/_journal.json, that names the files in their order; from v1 each
// migration is a folder with a migration.sql.
//
// Both run every pending migration in one transaction, and send what stands between two `--> statement-breakpoint`
// as one simple query. The marker is found wherever it stands, in comments and strings too, and even where the journal
// says "breakpoints": false.
#include "source/runner/drizzle.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "source/path.h"
#include "source/runner.h"
#include "source/runner/common.h"

namespace pglint::source {

extern const Runner drizzle_runner;
extern const Writer drizzle_writer;

namespace {

using namespace drizzle;

constexpr std::size_t most_shown = 100;

struct JournalEntry {
  std::string tag;
  bool valid = false;
  std::int64_t when = 0;  // milliseconds since 1970; 0: it does not say
};

// Reads what we need of a journal, or the dialect alone of a snapshot: no tree is built, so nothing in the file can
// make it large or deep.
class JsonReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JsonReader(bool only_dialect) : only_dialect_(only_dialect) {}

  std::optional<std::string> dialect;
  bool has_entries = false;
  std::vector<JournalEntry> entries;
  std::optional<std::size_t> error;  // where it stops being JSON

  bool null() override { return scalar(); }
  bool boolean(bool /*value*/) override { return scalar(); }
  bool number_integer(number_integer_t value) override { return number(value); }
  bool number_unsigned(number_unsigned_t value) override { return number(static_cast<number_integer_t>(value)); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return scalar(); }
  bool binary(binary_t& /*value*/) override { return scalar(); }
  bool string(string_t& value) override {
    if (depth_ == 1 && object_ && key_ == "dialect") {
      dialect = std::move(value);
      return !only_dialect_;
    }
    if (in_entries_ && depth_ == 3 && key_ == "tag") {
      entries.back().tag = std::move(value);
      entries.back().valid = true;
      return true;
    }
    return scalar();
  }
  bool key(string_t& value) override {
    if (depth_ == 1 || depth_ == 3) key_ = std::move(value);
    return true;
  }
  bool start_object(std::size_t /*count*/) override {
    if (depth_ == 0) object_ = true;
    if (in_entries_ && depth_ == 2) {
      entries.emplace_back();
      key_.clear();
    }
    ++depth_;
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t /*count*/) override {
    if (in_entries_ && depth_ == 2) entries.emplace_back();
    if (depth_ == 1 && object_ && key_ == "entries") has_entries = in_entries_ = true;
    ++depth_;
    return true;
  }
  bool end_array() override {
    if (--depth_ == 1) in_entries_ = false;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    error = position == 0 ? 0 : position - 1;
    return false;
  }

 private:
  bool number(number_integer_t value) {
    if (in_entries_ && depth_ == 3 && key_ == "when") {
      entries.back().when = value;
      return true;
    }
    return scalar();
  }
  bool scalar() {
    if (in_entries_ && depth_ == 2) entries.emplace_back();
    return true;
  }

  bool only_dialect_;
  bool object_ = false;  // the outermost value
  bool in_entries_ = false;
  std::size_t depth_ = 0;
  std::string key_;
};

// "" for PostgreSQL, and for a dialect that nobody wrote down.
std::string foreign(const std::optional<std::string>& dialect) {
  if (!dialect || *dialect == "postgresql" || *dialect == "postgres" || *dialect == "pg") return {};
  return "dialect " + *dialect;
}

std::string named(const std::optional<std::string>& dialect) { return dialect ? "dialect " + *dialect : "no dialect"; }

std::optional<std::string> dialect_in(const std::string& path, const Files& files) {
  const auto text = files.read(path);
  if (!text) return std::nullopt;
  JsonReader reader(true);
  nlohmann::json::sax_parse(*text, &reader);
  return reader.dialect;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Like JavaScript's localeCompare, by which drizzle sorts the folders: punctuation, digits, letters without regard to
// case, and only then lower case before upper. Beyond ASCII, which drizzle-kit never writes, by the bytes.
unsigned weight(char c) {
  constexpr std::string_view order = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz";
  if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const std::size_t at = order.find(c);
  if (at != std::string_view::npos) return static_cast<unsigned>(at) + 32;
  return static_cast<unsigned char>(c) < 0x80U ? static_cast<unsigned char>(c) & 31U
                                               : 256U + static_cast<unsigned char>(c);
}

bool locale_before(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shorter; ++i) {
    if (weight(a[i]) != weight(b[i])) return weight(a[i]) < weight(b[i]);
  }
  if (a.size() != b.size()) return a.size() < b.size();
  return a > b;  // differ in case only: 'a' is above 'A' in ASCII
}

bool is_config(std::string_view name) {
  if (!name.starts_with("drizzle") || name.find("config") == std::string_view::npos) return false;
  constexpr std::array<std::string_view, 7> extensions = {".ts", ".js", ".mjs", ".cjs", ".mts", ".cts", ".json"};
  return std::any_of(extensions.begin(), extensions.end(),
                     [name](auto extension) { return name.ends_with(extension); });
}

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$'; }

// The value of `out: "…"` in JavaScript or JSON. Nothing if it is not written down as a string.
std::optional<std::string> out_folder(std::string_view text) {
  bool after_out = false;    // `out` was the last word
  bool after_colon = false;  // and a colon followed
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (text.substr(i).starts_with("//")) {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.substr(i).starts_with("/*")) {
      const std::size_t end = text.find("*/", i + 2);
      i = end == std::string_view::npos ? text.size() : end + 2;
    } else if (c == '"' || c == '\'' || c == '`') {
      std::size_t end = i + 1;
      while (end < text.size() && text[end] != c) end += text[end] == '\\' ? 2 : 1;
      if (end >= text.size()) return std::nullopt;  // nothing closes it
      const std::string_view value = text.substr(i + 1, end - i - 1);
      i = end + 1;
      if (after_colon && !value.empty() && value.find_first_of("\\$\n") == std::string_view::npos) {
        return std::string(value);
      }
      after_out = value == "out";
      after_colon = false;
    } else if (is_word(c)) {
      std::size_t end = i;
      while (end < text.size() && is_word(text[end])) ++end;
      after_out = text.substr(i, end - i) == "out" && (i == 0 || text[i - 1] != '.');
      after_colon = false;
      i = end;
    } else {
      if (c == ':' && after_out) {
        after_colon = true;
      } else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
        after_colon = false;
      }
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') after_out = false;
      ++i;
    }
  }
  return std::nullopt;
}

// Where the configurations in a folder say that the migrations are.
std::vector<std::pair<std::string, std::string>> configured(const Folder& folder, const Files& files) {
  std::vector<std::pair<std::string, std::string>> found;  // configuration, migrations folder
  for (const Entry& entry : folder.entries) {
    if (entry.folder || !is_config(entry.name)) continue;
    const std::string path = join(folder.path, entry.name);
    const auto text = files.read(path);
    const std::string out = text ? out_folder(*text).value_or("drizzle") : "drizzle";
    found.emplace_back(path, out.starts_with('/') ? tidy(out) : tidy(join(folder.path, tidy(out))));
  }
  return found;
}

bool points_here(const std::string& folder, const Files& files) {
  constexpr int levels = 3;
  const std::string here = files.identity(folder);
  std::string around = folder;
  for (int i = 0; i < levels; ++i) {
    around = parent(around);
    if (around.empty()) return false;
    auto entries = files.list(around);
    if (!entries) return false;
    for (const auto& [config, out] : configured({around, std::move(*entries)}, files)) {
      if (files.identity(out) == here) return true;
    }
  }
  return false;
}

// `config`: what pointed to the folder, if anything did.
std::optional<Layout> migrations_in(const Folder& folder, const Files& files, const std::string& config) {
  const std::string because = config.empty() ? "" : config + ", ";
  if (const Entry* const meta = folder.find("meta"); meta != nullptr && meta->folder) {
    const std::string journal = join(folder.path, journal_name);
    if (files.exists(journal)) {
      const auto dialect = dialect_in(journal, files);
      return Layout{because + journal + ", " + named(dialect), folder.path, foreign(dialect)};
    }
  }
  // Prisma's folders look the same from outside; its lock file tells them apart.
  if (folder.find("migration_lock.toml") != nullptr) return std::nullopt;
  constexpr int most_looked_at = 8;
  int looked_at = 0;
  std::string newest;
  for (auto it = folder.entries.rbegin(); it != folder.entries.rend() && looked_at < most_looked_at; ++it) {
    if (!it->folder || !is_v1_name(it->name)) continue;
    const std::string inside = join(folder.path, it->name);
    if (!files.exists(join(inside, "migration.sql"))) continue;
    ++looked_at;
    if (newest.empty()) newest = inside;
    const std::string snapshot = join(inside, "snapshot.json");
    if (!files.exists(snapshot)) continue;
    const auto dialect = dialect_in(snapshot, files);
    if (!dialect) continue;
    return Layout{because + snapshot + ", " + named(dialect), folder.path, foreign(dialect)};
  }
  if (!newest.empty() && (!config.empty() || points_here(folder.path, files))) {
    return Layout{because + newest + "/migration.sql", folder.path};
  }
  return std::nullopt;
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  std::vector<Layout> found;
  if (auto here = migrations_in(folder, files, "")) {
    found.push_back(std::move(*here));
    return found;
  }
  for (const auto& [config, out] : configured(folder, files)) {
    const auto known = [&out = out](const Layout& layout) { return layout.root == out; };
    if (std::any_of(found.begin(), found.end(), known)) continue;
    auto entries = files.list(out);
    if (!entries) continue;
    if (auto there = migrations_in({out, std::move(*entries)}, files, config)) found.push_back(std::move(*there));
  }
  return found;
}

Migration migration_of(std::string id, std::string path) {
  Migration migration;
  migration.id = std::move(id);
  migration.path = std::move(path);
  return migration;
}

bool is_sql(const Entry& entry) { return !entry.folder && entry.name.size() > 4 && entry.name.ends_with(".sql"); }

// Without a journal that can be read, the names are the best there is.
void order_by_name(const Folder& folder, Project& project) {
  for (const Entry& entry : folder.entries) {
    if (!is_sql(entry)) continue;
    project.migrations.push_back(
        migration_of(entry.name.substr(0, entry.name.size() - 4), join(folder.path, entry.name)));
  }
}

void order_by_journal(const Folder& folder, const Files& files, Project& project, Notes& notes) {
  const std::string path = join(folder.path, journal_name);
  const auto by_name = [&](std::uint32_t offset, const std::string& message) {
    order_by_name(folder, project);
    notes.failures.push_back({path, offset, message + "; its migrations were taken in the order of their names"});
  };
  const auto text = files.read(path);
  if (!text) return by_name(0, one_line(text.error()));
  JsonReader journal(false);
  nlohmann::json::sax_parse(*text, &journal);
  if (has_conflict_markers(*text)) return by_name(0, "has merge conflict markers: resolve them");
  if (journal.error) {
    return by_name(static_cast<std::uint32_t>(std::min(*journal.error, text->size())),
                   fmt::format("is not valid JSON at byte {}: restore it from version control", *journal.error));
  }
  if (!journal.has_entries) return by_name(0, "has no list of \"entries\": restore it from version control");
  if (!journal.dialect) notes.notices.push_back(path + " names no dialect: taken as PostgreSQL");

  // Where a tag stands in the journal, from the last such place on: problems come in its order.
  std::size_t looked_to = 0;
  std::size_t shown = 0;  // of a journal that is wrong throughout, a hundred places are enough
  const auto place = [&](const std::string& tag) {
    const std::size_t at = text->find('"' + tag + '"', looked_to);
    if (at == std::string::npos) return Span{};
    looked_to = at + tag.size() + 2;
    return Span{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(looked_to)};
  };
  bool has_document = false;
  const auto journal_problem = [&](Problem problem) {
    if (++shown > most_shown) return;
    problem.path = path;
    problem.always = true;
    notes.problems.push_back(std::move(problem));
    if (!has_document) notes.documents.push_back({path, *text});
    has_document = true;
  };
  std::int64_t newest = 0;
  std::string_view newest_tag;
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < journal.entries.size(); ++i) {
    const JournalEntry& entry = journal.entries[i];
    if (!entry.valid || leads_out(entry.tag)) {
      notes.failures.push_back(
          {path, 0,
           fmt::format("entry {} has no \"tag\" that names a file beside it: restore it from version control", i)});
      continue;
    }
    if (!seen.insert(entry.tag).second) {
      if (shown < most_shown) {
        const Span first = place(entry.tag);
        const Span again = place(entry.tag);
        journal_problem({.rule = "duplicate-version",
                         .path = {},
                         .at = again.empty() ? first : again,
                         .message = fmt::format("{} stands in the journal twice", entry.tag),
                         .why = "Drizzle runs the file once for each entry: the second time fails, or does everything "
                                "again.",
                         .help = "Remove the second entry."});
      }
      continue;
    }
    const std::string name = entry.tag + ".sql";
    std::string file = join(folder.path, name);
    const bool there = name.find('/') == std::string::npos ? folder.find(name) != nullptr : files.exists(file);
    if (!there) {
      if (shown < most_shown)
        journal_problem({.rule = "journal-entry-without-file",
                         .path = {},
                         .at = place(entry.tag),
                         .message = fmt::format("{} is in the journal, and {} is not there", entry.tag, file),
                         .why = "Drizzle reads all files before it runs any, and stops here.",
                         .help = "Restore the file. If no database has run it, remove its entry."});
      continue;
    }
    if (entry.when != 0 && !newest_tag.empty() && entry.when <= newest) {
      notes.problems.push_back(
          {.rule = "journal-when-not-newer",
           .path = file,
           .at = {},
           .message =
               fmt::format("The journal gives it the time {}, and {} before it has {}", entry.when, newest_tag, newest),
           .why = fmt::format("Drizzle runs an entry only if its time is later than that of the last one that it has "
                              "run: a database that has {} never runs this migration, and nobody is told.",
                              newest_tag),
           .help =
               "Give its entry in meta/_journal.json a \"when\" that is later than all before it. If some databases "
               "have run it, they will run it again."});
    } else if (entry.when > newest) {
      newest = entry.when;
      newest_tag = entry.tag;
    }
    project.migrations.push_back(migration_of(entry.tag, std::move(file)));
  }

  std::size_t strangers = 0;
  for (const Entry& entry : folder.entries) {
    if (!is_sql(entry) || seen.contains(std::string_view(entry.name).substr(0, entry.name.size() - 4))) continue;
    if (++strangers > most_shown) continue;
    const std::string stranger = join(folder.path, entry.name);
    auto content = files.read(stranger);
    std::string first = content ? std::move(*content) : std::string();
    const std::size_t line = first.find_first_of("\r\n");
    notes.problems.push_back({.rule = "file-without-journal-entry",
                              .path = stranger,
                              .at = {0, static_cast<std::uint32_t>(std::min(line, first.size()))},
                              .message = fmt::format("{} is not in meta/_journal.json", entry.name),
                              .why = "Drizzle runs what its journal names, and nothing else: this file never runs.",
                              .help =
                                  "Make it by drizzle-kit generate --custom and put its SQL there, or move it out of "
                                  "the folder."});
    notes.documents.push_back({stranger, std::move(first)});
  }
  if (strangers > most_shown || shown > most_shown)
    notes.notices.push_back(
        fmt::format("{}: only the first {} of what is wrong with it is reported", path, most_shown));
}

void order_by_folder(const Folder& folder, const Files& files, Project& project) {
  for (const std::string& name : v1_folders(folder, files)) {
    project.migrations.push_back(migration_of(name, join(join(folder.path, name), "migration.sql")));
  }
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project;
  project.root = layout.root;
  project.runner = "drizzle";
  project.wrapped_run = true;
  project.psql = drizzle_runner.psql;
  auto entries = files.list(layout.root);
  if (!entries) {
    notes.failures.push_back({layout.root, 0, one_line(entries.error())});
    return project;
  }
  const Folder folder{layout.root, std::move(*entries)};
  const bool journal = folder.find("meta") != nullptr && files.exists(join(layout.root, journal_name));
  if (!journal) {
    order_by_folder(folder, files, project);
    return project;
  }
  order_by_journal(folder, files, project, notes);
  const auto v1 = [](const Entry& entry) { return entry.folder && is_v1_name(entry.name); };
  if (std::any_of(folder.entries.begin(), folder.entries.end(), v1)) {
    notes.notices.push_back(layout.root + " has a journal beside folders of drizzle-kit v1: only the journal counts");
  }
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& notes) {
  const std::string_view text = migration.text;
  migration.scripts.clear();
  std::size_t begin = 0;
  std::vector<Span> marks;
  while (begin <= text.size()) {
    const std::size_t marker = text.find(breakpoint, begin);
    if (marker != std::string_view::npos)
      marks.push_back({static_cast<std::uint32_t>(marker), static_cast<std::uint32_t>(marker + breakpoint.size())});
    const std::size_t end = marker == std::string_view::npos ? text.size() : marker;
    // An empty query does nothing.
    if (text.substr(begin, end - begin).find_first_not_of(" \t\r\n") != std::string_view::npos) {
      Script script;
      script.range = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
      script.sent = Sent::simple_query;
      migration.scripts.push_back(script);
    }
    if (marker == std::string_view::npos) break;
    begin = marker + breakpoint.size();
  }
  common::check_markers(migration, breakpoint, "Drizzle", marks, notes);
}

}  // namespace

namespace drizzle {

bool is_v1_name(std::string_view name) {
  return name.size() > 14 && name[14] == '_' && std::all_of(name.begin(), name.begin() + 14, is_digit);
}

std::vector<std::string> v1_folders(const Folder& folder, const Files& files) {
  std::vector<std::string> names;
  for (const Entry& entry : folder.entries) {
    if (entry.folder && files.exists(join(join(folder.path, entry.name), "migration.sql"))) names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end(), locale_before);
  return names;
}

bool has_conflict_markers(std::string_view text) {
  return text.starts_with("<<<<<<< ") || text.find("\n<<<<<<< ") != std::string_view::npos;
}

bool leads_out(std::string_view tag) {
  if (tag.empty() || tag.starts_with('/') || tag.find('\0') != std::string_view::npos) return true;
  for (std::string_view rest = tag; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    if (rest.substr(0, slash) == "..") return true;
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  }
  return false;
}

}  // namespace drizzle

constinit const Runner drizzle_runner = {
    .name = "drizzle",
    .title = "Drizzle",
    .looks_for = "Drizzle's meta/_journal.json or its v1 folders (<14 digits>_name/migration.sql)",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::all_pending,
    .outside =
        "Drizzle runs all pending migrations in one transaction: give the statement a migration of its own that begins "
        "with COMMIT;--> statement-breakpoint and may be repeated.",
    .later =
        "Drizzle runs all pending migrations in one transaction: the second half belongs in a migration that is "
        "deployed later, or behind a COMMIT;--> statement-breakpoint.",
    .writer = &drizzle_writer,
};

}  // namespace pglint::source
