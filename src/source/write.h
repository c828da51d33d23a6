// The writing half of the runners: SQL texts in, changes of files out. It knows no plan.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "source/files.h"
#include "source/project.h"

namespace pglint::source {

// Where a statement runs.
enum class Place : std::uint8_t {
  runner_transaction,  // in the transaction that the runner opens
  own_transaction,     // in a transaction after a commit: with its neighbours of the same `group`
  outside,             // outside any transaction, alone
};

struct Text {
  Place place = Place::runner_transaction;
  std::string sql;          // one statement, without the semicolon
  std::string comment;      // one line or more above it; without "-- "; empty: none
  std::uint32_t group = 0;  // of own_transaction
};

// How a statement gets out of the transaction that the runner opens.
enum class WayOut : std::uint8_t {
  commit,     // the file commits it and opens another at its end, since it is that of all pending files
  file,       // a file can be without one: its statements run one by one, in one session
  statement,  // a file can be without one, and then holds a single statement
  none,
};

// A migration as it shall be: an unreleased one that is written anew, or one that is added behind all others. With
// WayOut::file all of its texts are outside or none is; with WayOut::statement one that is outside is the only one;
// with WayOut::none none is. The same goes for `down`.
struct NewMigration {
  std::optional<std::size_t> replaces;  // index into Project::migrations; nothing: a new one
  // Without number and extension: "primary_contact_tighten". Of one that replaces, where it cannot stay in its place.
  std::string name;
  std::string comment;      // at the top, lines without "-- "
  std::vector<Text> texts;  // empty: the comment alone
  // What takes it back, for runners that have a place for that, and what to know about it.
  std::vector<Text> down = {};
  std::string down_comment = {};
  // It does all that the one which it replaces did: what takes that back, if it has it, stays.
  bool keeps_down = false;
};

// Which schema the ORM's newest snapshot shall describe when the files are written.
enum class OrmState : std::uint8_t { previous, end_state };

struct WriteRequest {
  std::vector<NewMigration> migrations;  // those that replace come first, in the project's order
  // `previous`: from the first replaced migration on, the snapshots say what the one before it said.
  OrmState orm = OrmState::previous;
  std::string
      end_state_snapshot;   // of `end_state`, its text as the plan keeps it; empty: the newest one on disk is right
  std::int64_t now_ms = 0;  // since 1970: for names and journals
};

enum class FileOrder : std::uint8_t { plan, new_sql, snapshot, edited_sql, journal };  // the order of the renames

struct FileChange {
  std::string path;
  bool create = true;  // else it is there and gets another text
  std::string text;
  FileOrder order = FileOrder::new_sql;
};

struct Written {
  std::vector<FileChange> changes;
  std::vector<std::string> paths;    // of each requested migration, in their order
  std::vector<std::string> notices;  // what the user should know, and no reason to stop
};

// Adds a change, unless the file has that text already. An error where the text is not UTF-8, or the file that is there
// cannot be read.
[[nodiscard]] Result<void> add_change(Written& written, const Files& files, const std::string& path, std::string text,
                                      FileOrder order);

// A runner's writing half. Files that have the wanted text already are no change, and the same request again gives the
// same bytes, whether the first time was interrupted or not. An error says what the runner cannot hold, or which side
// file is broken.
struct Writer {
  Result<Written> (*write)(const Project& project, const Files& files, const WriteRequest& request) = nullptr;
  // The ORM's newest snapshot: path and text; nothing where the runner has none. Null: it never has.
  std::optional<std::pair<std::string, std::string>> (*snapshot)(const Project& project, const Files& files) = nullptr;
  WayOut way_out = WayOut::commit;
  // Where it depends on the project.
  WayOut (*way_out_of)(const Project& project) = nullptr;
};

[[nodiscard]] inline WayOut way_out(const Writer& writer, const Project& project) {
  return writer.way_out_of == nullptr ? writer.way_out : writer.way_out_of(project);
}

// Null: the runner's files are only read.
[[nodiscard]] const Writer* find_writer(std::string_view runner);
// Why the files of such a runner are not written, and what to do instead.
[[nodiscard]] Error not_written(std::string_view runner);

// Files are written under another name first, in the same folder: ".0001_a.sql.pglint-tmp" of "0001_a.sql".
[[nodiscard]] std::string temporary_name(std::string_view name);
[[nodiscard]] bool is_temporary(std::string_view name);

}  // namespace pglint::source
