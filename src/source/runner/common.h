// What the profiles of runners share: lines and names, looking around a folder, and the usual ways to cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/files.h"
#include "source/path.h"
#include "source/runner.h"

namespace pglint::source::common {

// --- text ------------------------------------------------------------------------------------------------------------

struct Line {
  std::size_t begin = 0;
  std::size_t end = 0;   // without its newline, and without the \r before it
  std::size_t next = 0;  // where the next one begins

  [[nodiscard]] std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};
// The line that begins at `at`, which then is where the next one does; false at the end.
[[nodiscard]] bool next_line(std::string_view text, std::size_t& at, Line& line);

[[nodiscard]] inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
[[nodiscard]] std::string_view trimmed(std::string_view text);  // spaces and tabs
[[nodiscard]] bool starts_with_any_case(std::string_view text, std::string_view lower_case);
[[nodiscard]] bool contains_any_case(std::string_view text, std::string_view lower_case);
// The next word, and `text` without it; empty at the end.
[[nodiscard]] std::string_view take_word(std::string_view& text);
[[nodiscard]] std::string_view leading_digits(std::string_view name);
// Numbers of any length.
[[nodiscard]] int compare_numbers(std::string_view a, std::string_view b);

// The value of a key in a TOML, INI, YAML or properties file, below `section` ("" for none): what follows = or :,
// without quotes. Enough for the few keys that are asked for; the first one counts.
[[nodiscard]] std::optional<std::string> value_of(std::string_view text, std::string_view section,
                                                  std::string_view key);

// --- folders ---------------------------------------------------------------------------------------------------------

[[nodiscard]] bool is_sql(const Entry& entry);
[[nodiscard]] std::string_view stem(std::string_view name);  // without ".sql"

// The nearest file of that name in the folder or above it; empty if there is none within `levels`.
[[nodiscard]] std::string find_above(const std::string& folder, std::string_view name, const Files& files,
                                     int levels = 6);
// The nearest file of that name, in the folder or above, with one of the words in it.
[[nodiscard]] std::string mentioned_above(const std::string& folder, std::string_view name, std::string_view word,
                                          const Files& files, int levels = 6);
// A few of the SQL files of a folder, the first and the last, for a look at how they are written: path and text.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> samples(const Folder& folder, const Files& files);

// --- projects --------------------------------------------------------------------------------------------------------

[[nodiscard]] Project start(const Runner& runner, const std::string& root);
// The folder's entries; nothing, and a failure, if it cannot be read.
[[nodiscard]] std::optional<Folder> listed(const std::string& root, const Files& files, Notes& notes);

// One migration with the version that its name has.
struct Versioned {
  std::string version;  // by which they are ordered, as digits or as the runner compares it
  std::string id;
  std::string path;
  bool wrapped = false;
};
enum class By : std::uint8_t { number, text };
// Adds them in order. Two of one version are a problem; `why` says what the runner does then.
void add_versions(Project& project, std::vector<Versioned> list, By by, std::string_view why, Notes& notes);
// All .sql files, by their names, as they are printed by a tool that keeps none itself.
[[nodiscard]] Project files_by_name(const Runner& runner, const Layout& layout, const Files& files, Notes& notes);
// A rollback runs after the migration of the same id; a migration without one has nothing that undoes it.
void add_rollbacks(Project& project, const std::vector<std::pair<std::string, std::string>>& id_and_path);

// --- cutting ---------------------------------------------------------------------------------------------------------

void add_script(Migration& migration, std::size_t begin, std::size_t end, Sent sent, bool wrapped = false);
// The whole text.
void whole(Migration& migration, Sent sent);
// Where the comments and blank lines before `at` begin, if there is nothing else before it: they may hold
// suppressions. Else `at`.
[[nodiscard]] std::size_t with_header(std::string_view text, std::size_t at);

// The lines between which a migration's forward part stands: goose's and sql-migrate's way. A statement ends with the
// line that ends with a semicolon, whatever it stands in, or with the mark that closes what StatementBegin opened.
struct Annotations {
  std::string_view mark;   // "+goose"
  std::string_view title;  // of the tool
  bool any_case = false;
};
void cut_annotated(const Annotations& annotations, Migration& migration, Notes& notes);
// From the line of its Down on; empty if there is none, or nothing but comments behind it.
[[nodiscard]] std::string_view down_part(std::string_view text, std::string_view mark, bool any_case);

// Fills Migration::rendered.
void render(Migration& migration, std::uint8_t templates);

// A line or a word that divides a file works wherever it stands, also where it is part of a string or of a comment:
// says so for those of `places` at which no comment of SQL begins. Looks only at what is reported.
void check_markers(const Migration& migration, std::string_view marker, std::string_view title,
                   const std::vector<Span>& places, Notes& notes);

// atlas.sum in `root`, where there is one: whether it still says what is there.
void check_atlas_sum(const std::string& root, const Files& files, Notes& notes);

}  // namespace pglint::source::common
