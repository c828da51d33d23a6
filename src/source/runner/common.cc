#include "source/runner/common.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "pg/lexer.h"

namespace pglint::source::common {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-'; }

std::uint32_t narrow(std::size_t offset) { return static_cast<std::uint32_t>(offset); }

}  // namespace

// --- text ------------------------------------------------------------------------------------------------------------

bool next_line(std::string_view text, std::size_t& at, Line& line) {
  if (at >= text.size()) return false;
  const std::size_t newline = text.find('\n', at);
  line.begin = at;
  line.end = newline == std::string_view::npos ? text.size() : newline;
  line.next = newline == std::string_view::npos ? text.size() : newline + 1;
  if (line.end > line.begin && text[line.end - 1] == '\r') --line.end;
  at = line.next;
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool starts_with_any_case(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (std::size_t i = 0; i < lower_case.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

bool contains_any_case(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  const std::string_view first = lower_case.substr(0, 1);
  const std::array<char, 2> starts = {first[0], static_cast<char>(first[0] - 'a' + 'A')};
  for (std::size_t at = text.find_first_of(std::string_view(starts.data(), 2)); at != std::string_view::npos;
       at = text.find_first_of(std::string_view(starts.data(), 2), at + 1)) {
    if (starts_with_any_case(text.substr(at), lower_case)) return true;
  }
  return false;
}

std::string_view take_word(std::string_view& text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && !space(text[end])) ++end;
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

std::string_view leading_digits(std::string_view name) {
  std::size_t end = 0;
  while (end < name.size() && is_digit(name[end])) ++end;
  return name.substr(0, end);
}

int compare_numbers(std::string_view a, std::string_view b) {
  const auto without_zeros = [](std::string_view& number) {
    while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  };
  without_zeros(a);
  without_zeros(b);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

std::optional<std::string> value_of(std::string_view text, std::string_view section, std::string_view key) {
  std::string_view in;  // the section of the line at hand
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    std::string_view rest = trimmed(line.of(text));
    if (rest.empty() || rest.front() == '#' || rest.front() == ';') continue;
    if (rest.front() == '[') {
      const std::size_t close = rest.find(']');
      in = trimmed(rest.substr(1, close == std::string_view::npos ? rest.size() - 1 : close - 1));
      continue;
    }
    std::size_t end = 0;
    while (end < rest.size() && is_word(rest[end])) ++end;
    if (in != section || rest.substr(0, end) != key) continue;
    rest = trimmed(rest.substr(end));
    if (rest.empty() || (rest.front() != '=' && rest.front() != ':')) continue;
    rest = trimmed(rest.substr(1));
    if (!rest.empty() && rest.front() == '[') rest = trimmed(rest.substr(1));  // the first of a list
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
      const std::size_t close = rest.find(rest.front(), 1);
      if (close == std::string_view::npos) return std::nullopt;
      return std::string(rest.substr(1, close - 1));
    }
    rest = trimmed(rest.substr(0, rest.find(" #")));
    return std::string(rest);
  }
  return std::nullopt;
}

// --- folders ---------------------------------------------------------------------------------------------------------

bool is_sql(const Entry& entry) { return !entry.folder && entry.name.size() > 4 && entry.name.ends_with(".sql"); }

std::string_view stem(std::string_view name) { return name.substr(0, name.size() - 4); }

std::string find_above(const std::string& folder, std::string_view name, const Files& files, int levels) {
  std::string at = folder;
  for (int i = 0; i <= levels && !at.empty(); ++i, at = parent(at)) {
    std::string path = join(at, name);
    if (files.exists(path)) return path;
  }
  return {};
}

std::string mentioned_above(const std::string& folder, std::string_view name, std::string_view word, const Files& files,
                            int levels) {
  std::string at = folder;
  for (int i = 0; i <= levels && !at.empty(); ++i, at = parent(at)) {
    std::string path = join(at, name);
    if (!files.exists(path)) continue;
    const auto text = files.read(path);
    if (text && text->find(word) != std::string::npos) return path;
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> samples(const Folder& folder, const Files& files) {
  constexpr std::size_t most_bytes = std::size_t{4} * 1024 * 1024;
  std::vector<std::pair<std::string, std::string>> list;
  const auto add = [&](const Entry& entry) {
    std::string path = join(folder.path, entry.name);
    auto text = files.read(path);
    if (!text || text->size() > most_bytes) return;
    list.emplace_back(std::move(path), std::move(*text));
  };
  const auto first = std::find_if(folder.entries.begin(), folder.entries.end(), is_sql);
  if (first == folder.entries.end()) return list;
  add(*first);
  const auto last = std::find_if(folder.entries.rbegin(), folder.entries.rend(), is_sql);
  if (last.base() - 1 != first) add(*last);
  return list;
}

// --- projects --------------------------------------------------------------------------------------------------------

Project start(const Runner& runner, const std::string& root) {
  Project project;
  project.root = root;
  project.runner = runner.name;
  project.wrapped_run = runner.scope == Scope::all_pending;
  project.psql = runner.psql;
  return project;
}

std::optional<Folder> listed(const std::string& root, const Files& files, Notes& notes) {
  auto entries = files.list(root);
  if (!entries) {
    notes.failures.push_back({root, 0, one_line(entries.error())});
    return std::nullopt;
  }
  return Folder{root, std::move(*entries)};
}

void add_versions(Project& project, std::vector<Versioned> list, By by, std::string_view why, Notes& notes) {
  const auto compare = [by](const Versioned& a, const Versioned& b) {
    return by == By::number ? compare_numbers(a.version, b.version) : a.version.compare(b.version);
  };
  std::stable_sort(list.begin(), list.end(),
                   [compare](const Versioned& a, const Versioned& b) { return compare(a, b) < 0; });
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0 && !why.empty() && compare(list[i - 1], list[i]) == 0) {
      notes.problems.push_back(
          {.rule = "duplicate-version",
           .path = list[i].path,
           .at = {},
           .message = fmt::format("The version {} is that of {} as well", list[i].version, file_name(list[i - 1].path)),
           .why = std::string(why),
           .help = "Give the one that is not released yet a version of its own, behind all "
                   "others."});
    }
    Migration& migration = project.migrations.emplace_back();
    migration.id = list[i].id;
    migration.version = list[i].version;
    migration.path = list[i].path;
    migration.wrapped = list[i].wrapped;
  }
}

Project files_by_name(const Runner& runner, const Layout& layout, const Files& files, Notes& notes) {
  Project project = start(runner, layout.root);
  const auto folder = listed(layout.root, files, notes);
  if (!folder) return project;
  std::vector<Versioned> list;
  for (const Entry& entry : folder->entries) {
    if (is_sql(entry)) list.push_back({entry.name, std::string(stem(entry.name)), join(layout.root, entry.name)});
  }
  add_versions(project, std::move(list), By::text, "", notes);
  return project;
}

void add_rollbacks(Project& project, const std::vector<std::pair<std::string, std::string>>& id_and_path) {
  for (Migration& migration : project.migrations) migration.has_down = false;
  std::unordered_map<std::string_view, std::size_t> after;
  for (std::size_t i = 0; i < project.migrations.size(); ++i) after.emplace(project.migrations[i].id, i + 1);
  for (const auto& [id, path] : id_and_path) {
    std::size_t behind = 0;
    if (const auto own = after.find(id); own != after.end()) {
      behind = own->second;
      project.migrations[behind - 1].has_down = true;
    } else {
      // What it undid is gone: it stands where its number does.
      const std::string_view number = leading_digits(id);
      while (behind < project.migrations.size() &&
             compare_numbers(leading_digits(project.migrations[behind].id), number) < 0)
        ++behind;
    }
    project.rollbacks.push_back({path, behind});
  }
}

// --- cutting ---------------------------------------------------------------------------------------------------------

void add_script(Migration& migration, std::size_t begin, std::size_t end, Sent sent, bool wrapped) {
  if (begin >= end) return;
  Script script;
  script.range = {narrow(begin), narrow(end)};
  script.sent = sent;
  script.wrapped = wrapped;
  migration.scripts.push_back(script);
}

void whole(Migration& migration, Sent sent) {
  migration.scripts.clear();
  add_script(migration, 0, migration.text.size(), sent);
}

std::size_t with_header(std::string_view text, std::size_t at) {
  std::size_t from = 0;
  Line line;
  while (from < at && next_line(text, from, line)) {
    const std::string_view words = trimmed(line.of(text));
    if (!words.empty() && !words.starts_with("--")) return at;
  }
  return 0;
}

namespace {

// As goose has it: the last word before a comment ends with a semicolon. No space stands at the end of `line`.
bool ends_statement(std::string_view line) {
  if (line.find("--") == std::string_view::npos) return line.ends_with(';');
  std::string_view last;
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
    if (word.starts_with("--")) break;
    last = word;
  }
  return last.ends_with(';');
}

}  // namespace

void cut_annotated(const Annotations& annotations, Migration& migration, Notes& notes) {
  const std::string_view text = migration.text;
  migration.scripts.clear();
  migration.has_down = false;
  enum class Part : std::uint8_t { none, up, down } part = Part::none;
  bool in_block = false;
  bool unfinished = false;
  bool replaced = false;  // between ENVSUB ON and OFF
  bool any_replaced = false;
  std::size_t from = 0;
  std::vector<Span> marks;

  const auto flush = [&](std::size_t end) {
    if (part == Part::up && !unfinished && !in_block && !migration.scripts.empty()) {
      migration.scripts.back().range.end = narrow(end);  // nothing but comments
    } else if (part == Part::up) {
      add_script(migration, from, end, Sent::simple_query);
    }
    from = end;
    unfinished = false;
  };
  std::size_t at = 0;
  Line line;
  while (next_line(text, at, line)) {
    std::string_view words = line.of(text);
    std::string_view rest = words.starts_with("--") ? words.substr(2) : std::string_view{};
    const std::string_view mark = take_word(rest);
    const bool marked = annotations.any_case
                            ? mark.size() == annotations.mark.size() && starts_with_any_case(mark, annotations.mark)
                            : mark == annotations.mark;
    if (!mark.empty() && marked) {
      marks.push_back({narrow(line.begin), narrow(line.end)});
      const std::string_view command = take_word(rest);
      const std::string_view option = take_word(rest);
      const auto is = [&](std::string_view word, std::string_view name) {
        return word.size() == name.size() && starts_with_any_case(word, name);
      };
      if (is(command, "up")) {
        if (part == Part::none) from = with_header(text, line.begin);
        part = Part::up;
        if (is(option, "notransaction")) migration.wrapped = false;
      } else if (is(command, "down")) {
        if (part == Part::up) flush(line.begin);
        part = Part::down;
        migration.has_down = true;
      } else if (is(command, "statementbegin")) {
        if (part == Part::up && unfinished) flush(line.begin);
        in_block = true;
      } else if (is(command, "statementend")) {
        flush(line.next);
        in_block = false;
      } else if (is(command, "no") && is(option, "transaction")) {
        migration.wrapped = false;
      } else if (is(command, "envsub")) {
        replaced = is(option, "on");
        any_replaced = any_replaced || replaced;
      }
      continue;
    }
    if (part != Part::up || in_block) continue;
    words = trimmed(words);
    if (!unfinished && (words.empty() || words.starts_with("--"))) continue;
    unfinished = true;
    if (ends_statement(words)) flush(line.next);
  }
  if (part == Part::up) flush(text.size());
  if (any_replaced) render(migration, Template::dollar);
  check_markers(migration, annotations.mark, annotations.title, marks, notes);
}

std::string_view down_part(std::string_view text, std::string_view mark, bool any_case) {
  std::size_t at = 0;
  std::size_t begin = std::string_view::npos;
  Line line;
  while (next_line(text, at, line)) {
    std::string_view words = line.of(text);
    if (begin != std::string_view::npos) {
      words = trimmed(words);
      if (!words.empty() && !words.starts_with("--")) return text.substr(begin);
      continue;
    }
    if (!words.starts_with("--")) continue;
    words.remove_prefix(2);
    const std::string_view first = take_word(words);
    const std::string_view second = take_word(words);
    const bool marked = any_case ? first.size() == mark.size() && starts_with_any_case(first, mark) : first == mark;
    if (marked && second.size() == 4 && starts_with_any_case(second, "down")) begin = line.begin;
  }
  return {};
}

namespace {

// Words of Go's templates that stand for no text.
bool is_control(std::string_view action) {
  if (action.starts_with('-')) action.remove_prefix(1);
  const std::string_view word = take_word(action);
  constexpr std::array<std::string_view, 11> words = {"if",    "else",     "end",   "range",    "with", "define",
                                                      "block", "template", "break", "continue", "/*"};
  return word.starts_with("/*") || word.find(":=") != std::string_view::npos || word.starts_with('$') ||
         std::find(words.begin(), words.end(), word) != words.end();
}

struct Opening {
  std::string_view open;
  std::string_view close;
  std::uint8_t kind;
};
constexpr std::array<Opening, 3> openings = {
    {{"${", "}", Template::dollar}, {"{{", "}}", Template::braces}, {"#{", "}", Template::hash}}};

}  // namespace

void render(Migration& migration, std::uint8_t templates) {
  constexpr std::size_t longest = 512;
  migration.rendered.clear();
  migration.placeholders.clear();
  const std::string_view text = migration.text;
  for (const Opening& opening : openings) {
    if ((templates & opening.kind) == 0) continue;
    for (std::size_t at = text.find(opening.open); at != std::string_view::npos; at = text.find(opening.open, at)) {
      const std::size_t inner = at + opening.open.size();
      const std::size_t close = text.substr(inner, longest).find(opening.close);
      const std::size_t end = close == std::string_view::npos ? close : inner + close + opening.close.size();
      // A value stands on one line, and an array is none; what has no end is none either.
      if (end == std::string_view::npos ||
          (opening.kind != Template::braces &&
           text.substr(inner, close).find_first_of("\n'") != std::string_view::npos) ||
          (opening.kind == Template::braces &&
           text.substr(inner, close).find_first_of("{,") != std::string_view::npos) ||
          close == 0) {
        at = inner;
        continue;
      }
      if (migration.rendered.empty()) migration.rendered = migration.text;
      const std::string_view action = text.substr(inner, close);
      const bool blank = opening.kind == Template::braces && is_control(action);
      for (std::size_t i = at; i < end; ++i) {
        char& c = migration.rendered[i];
        if (c == '\n' || c == '\r') continue;
        if (blank)
          c = ' ';
        else
          c = is_letter(c) || is_digit(c) ? lower(c) : '_';
      }
      if (!blank) {
        migration.rendered[at] = 'z';  // no keyword begins so
        migration.placeholders.push_back({narrow(at), narrow(end)});
      }
      at = end;
    }
  }
  std::sort(migration.placeholders.begin(), migration.placeholders.end(),
            [](Span a, Span b) { return a.begin < b.begin; });
}

void check_markers(const Migration& migration, std::string_view marker, std::string_view title,
                   const std::vector<Span>& places, Notes& notes) {
  if (!migration.reported || places.empty()) return;
  const pg::Lexed lexed = pg::lex(migration.sql(), {.psql = false});
  for (const Span& place : places) {
    const auto comment = std::lower_bound(lexed.comments.begin(), lexed.comments.end(), place.begin,
                                          [](const pg::Comment& one, std::uint32_t at) { return one.span.begin < at; });
    if (comment != lexed.comments.end() && comment->span.begin == place.begin) continue;
    // Behind an opening that nothing closes, the lexer guesses.
    if (!lexed.errors.empty() && lexed.errors.front().offset < place.begin) continue;
    notes.problems.push_back(
        {.rule = "marker-in-string",
         .path = migration.path,
         .at = place,
         .message = fmt::format("{} divides the file here, in the middle of a string or a comment", marker),
         .why = fmt::format("{} looks for the mark in the text, not in the SQL: what stands before it and what "
                            "follows are sent apart, and neither is what was meant.",
                            title),
         .help = "Write it so that the mark does not stand there in one piece."});
  }
}

}  // namespace pglint::source::common
