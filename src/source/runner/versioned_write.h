// What the writing halves of the folder tools share: a file, or a folder, for each migration, with a number in its
// name. What differs (the marks in a file, what stands beside it) each says in its own `spell`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "source/files.h"
#include "source/project.h"
#include "source/write.h"

namespace pglint::source::versioned {

// --- spelling a migration --------------------------------------------------------------------------------------------

struct Asked {
  const NewMigration& migration;
  const Project& project;
  const Files& files;
  std::string place;  // its path without the ending; of a folder its own
  std::string like;   // the path of the one whose form it takes: which it replaces, or the newest
  std::string old;    // the text of the one that it replaces

  [[nodiscard]] bool outside() const { return is_outside(migration.texts); }
  [[nodiscard]] bool down_outside() const { return is_outside(migration.down); }
  // The file beside it that has this ending, as it is; empty if it is not there.
  [[nodiscard]] std::string beside(std::string_view ending) const;

 private:
  static bool is_outside(const std::vector<Text>& texts);
};

struct SpelledFile {
  std::string path;
  std::string text;
};
// The migration first, then what stands beside it.
using Spelled = Result<std::vector<SpelledFile>>;

// Lines that begin with "-- ".
void add_comment(std::string& out, std::string_view comment, std::string_view mark = "--");

// Around each statement, for tools that would cut it at its semicolons.
struct Marks {
  std::string_view begin;
  std::string_view end;
};
// `transaction`: BEGIN and COMMIT around more than one, where the tool opens none.
void add_statements(std::string& out, const std::vector<Text>& texts, const Marks& marks = {},
                    bool transaction = false);
// The comment of a migration, and its statements.
[[nodiscard]] std::string body(const NewMigration& migration, const Marks& marks = {}, bool transaction = false);
// The same of what takes it back.
[[nodiscard]] std::string down_body(const NewMigration& migration, const Marks& marks = {}, bool transaction = false);

// Whether some text of the migration has this in it, which the tool would take for its own.
[[nodiscard]] bool mentions(const NewMigration& migration, std::string_view what);
[[nodiscard]] tl::unexpected<Error> taken_for_its_own(std::string_view path, std::string_view what,
                                                      std::string_view title);

// <place>.up.sql or <place>.sql, as `like` is called, and <place>.down.sql where the folder has such files. `head`
// stands at the very top of what is outside of the tool's transaction.
[[nodiscard]] Spelled up_and_down(const Asked& asked, std::string_view head = {}, bool transaction = false);
// The same in a folder.
[[nodiscard]] std::vector<SpelledFile> up_and_down_in(const Asked& asked);

// --- where it stands -------------------------------------------------------------------------------------------------

struct Form {
  std::string_view title;           // of the tool, in messages
  std::string_view before = {};     // the number: "V"
  std::string_view between = "_";   // the number and the name
  std::string_view in_folder = {};  // the migration's file in its folder: "migration.sql"; empty: files of their own
  bool as_text = false;             // names are compared as texts, not by their numbers
  Spelled (*spell)(const Asked& asked) = nullptr;
};

[[nodiscard]] Result<Written> write(const Form& form, const Project& project, const Files& files,
                                    const WriteRequest& request);

// For tools that tell by its name whether a migration is outside of their transaction: what would be written into one
// that is called otherwise stands in a new one, and so does all that follows it. `write` gets the request as it can be
// held, and each path of its result that of the migration that was asked for.
struct Moved {
  WriteRequest request;
  std::vector<std::size_t> at;  // of each requested migration, its index in `request`
};
[[nodiscard]] Moved move_outside(const Project& project, const WriteRequest& request,
                                 bool (*is_outside)(const Migration& migration));
void put_back(const Moved& moved, Written& written);

// --- for those that number nothing -----------------------------------------------------------------------------------

// What can be said of a request before the disk is looked at.
[[nodiscard]] Result<void> check(const Project& project, const WriteRequest& request);
[[nodiscard]] bool has_text(const Files& files, const std::string& path, std::string_view text);
// 1970-01-01T00:00:00Z
[[nodiscard]] std::string utc(std::int64_t ms);

}  // namespace pglint::source::versioned
