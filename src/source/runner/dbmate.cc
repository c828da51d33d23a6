// dbmate: -- migrate:up and -- migrate:down in one file. A section goes out as one query, in a transaction unless
// `transaction:false` follows.
#include <fmt/core.h>

#include <string_view>

#include "source/runner/common.h"
#include "source/runner/versioned_write.h"

namespace pglint::source {

extern const Runner dbmate_runner;

namespace {

using namespace common;

// What stands behind "-- migrate:up" or the like; nothing if the line is another.
bool is_mark(std::string_view line, std::string_view mark, std::string_view& options) {
  if (!line.starts_with("--")) return false;
  line = trimmed(line.substr(2));
  if (!line.starts_with(mark)) return false;
  options = line.substr(mark.size());
  return options.empty() || options.front() == ' ' || options.front() == '\t';
}

bool knows(std::string_view text) {
  std::size_t at = 0;
  Line line;
  std::string_view options;
  while (next_line(text, at, line)) {
    if (is_mark(line.of(text), "migrate:up", options)) return true;
  }
  return false;
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  for (const auto& [path, text] : samples(folder, files)) {
    if (knows(text)) return {{path + ", migrate:up", folder.path, {}, Evidence::markers, {}}};
  }
  return {};
}

// By the names as text, whatever their numbers are.
Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  Project project = start(dbmate_runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    const std::string_view digits = leading_digits(entry.name);
    if (!is_sql(entry) || digits.empty()) continue;
    list.push_back({std::string(digits), std::string(stem(entry.name)), join(layout.root, entry.name), true});
  }
  std::stable_sort(list.begin(), list.end(), [](const Versioned& a, const Versioned& b) { return a.id < b.id; });
  add_versions(project, std::move(list), By::text,
               "dbmate runs both, and the second fails when it writes down a version that is there already.", notes);
  // Not by version: 10_b stands before 9_a.
  std::stable_sort(project.migrations.begin(), project.migrations.end(),
                   [](const Migration& a, const Migration& b) { return a.id < b.id; });
  check_atlas_sum(layout.root, files, notes);
  return project;
}

void cut(const Project& /*project*/, Migration& migration, Notes& notes) {
  const std::string_view text = migration.text;
  migration.scripts.clear();
  migration.wrapped = true;
  std::vector<Span> marks;
  std::size_t begin = std::string_view::npos;
  bool has_down = false;
  std::size_t at = 0;
  Line line;
  std::string_view options;
  const auto mark = [&] {
    marks.push_back({static_cast<std::uint32_t>(line.begin), static_cast<std::uint32_t>(line.end)});
  };
  while (next_line(text, at, line)) {
    if (is_mark(line.of(text), "migrate:up", options)) {
      mark();
      if (begin == std::string_view::npos && migration.scripts.empty()) {
        begin = with_header(text, line.begin);
        for (std::string_view word = take_word(options); !word.empty(); word = take_word(options)) {
          if (word == "transaction:false") migration.wrapped = false;
        }
      }
    } else if (is_mark(line.of(text), "migrate:down", options)) {
      mark();
      has_down = true;
      if (begin != std::string_view::npos) add_script(migration, begin, line.begin, Sent::simple_query);
      begin = std::string_view::npos;
    }
  }
  if (begin != std::string_view::npos) add_script(migration, begin, text.size(), Sent::simple_query);
  check_markers(migration, "migrate:", "dbmate", marks, notes);
  if (!has_down && migration.reported) {
    notes.problems.push_back({.rule = "missing-down",
                              .path = migration.path,
                              .at = {},
                              .message = "There is no -- migrate:down",
                              .why = "dbmate requires each migration to have one, and refuses to run any migration "
                                     "while it is missing.",
                              .help = "Add a line -- migrate:down at the end, with what undoes the migration behind "
                                      "it; it may be empty."});
  }
}

// What stands before -- migrate:up, and -- migrate:down with what follows.
struct Halves {
  std::string_view head;
  std::string_view down;
};
Halves halves(std::string_view text) {
  Halves out;
  std::size_t at = 0;
  Line line;
  std::string_view options;
  bool up = false;
  while (next_line(text, at, line)) {
    if (!up && is_mark(line.of(text), "migrate:up", options)) {
      up = true;
      out.head = text.substr(0, line.begin);
    } else if (is_mark(line.of(text), "migrate:down", options)) {
      out.down = text.substr(line.begin);
      break;
    }
  }
  return out;
}

bool has_statement(std::string_view down) {
  std::size_t at = 0;
  Line line;
  while (next_line(down, at, line)) {
    const std::string_view words = trimmed(line.of(down));
    if (!words.empty() && !words.starts_with("--")) return true;
  }
  return false;
}

// Each part is one query: what has to be outside of a transaction is alone in it.
versioned::Spelled spell(const versioned::Asked& asked) {
  const NewMigration& migration = asked.migration;
  if (versioned::mentions(migration, "migrate:"))
    return versioned::taken_for_its_own(asked.place, "migrate:", "dbmate");
  constexpr std::string_view outside = " transaction:false";
  const Halves old = halves(asked.old);
  std::string text(old.head);
  text += fmt::format("-- migrate:up{}\n{}\n", asked.outside() ? outside : "", versioned::body(migration));
  if (migration.keeps_down && has_statement(old.down))
    text += old.down;
  else
    text += fmt::format("-- migrate:down{}\n{}", asked.down_outside() ? outside : "", versioned::down_body(migration));
  return std::vector<versioned::SpelledFile>{{asked.place + ".sql", std::move(text)}};
}

Result<Written> write(const Project& project, const Files& files, const WriteRequest& request) {
  return versioned::write({.title = "dbmate", .between = "_", .as_text = true, .spell = spell}, project, files,
                          request);
}

constexpr Writer writer = {.write = write, .way_out = WayOut::statement};

}  // namespace

constinit const Runner dbmate_runner = {
    .name = "dbmate",
    .title = "dbmate",
    .looks_for = "-- migrate:up in <number>_<name>.sql",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_file,
    .knows = knows,
    .outside =
        "dbmate runs each file in a transaction: give the statement a migration of its own that begins with -- "
        "migrate:up transaction:false, with nothing else between that line and -- migrate:down.",
    .later = "dbmate runs each file in a transaction: the second half belongs in a later migration.",
    .alone = true,
    .writer = &writer,
};

}  // namespace pglint::source
