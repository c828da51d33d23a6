// What pglint knows of one migration tool: how to recognise its folder, in
// which order it runs which files, and how it sends them. One file per runner, src/source/runner/<name>.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "source/files.h"
#include "source/project.h"

namespace pglint::source {

// A folder that detect() is asked about, already listed.
struct Folder {
  std::string path;
  std::vector<Entry> entries;  // sorted by name

  [[nodiscard]] const Entry* find(std::string_view name) const;
};

// What speaks for a runner. Where several fit one folder the strongest is taken, and two of the same strength are a
// question to the user.
enum class Evidence : std::uint8_t {
  names,    // the files are called as it calls them, and as others may
  markers,  // and something in them or around them names the tool
  own,      // a file that no other tool has: its configuration, its journal
};

struct Layout {
  std::string evidence;      // for --verbose: "drizzle/meta/_journal.json, dialect postgresql"
  std::string root;          // the migrations folder
  std::string foreign = {};  // why it is not for PostgreSQL: "dialect sqlite"; empty if it is
  Evidence strength = Evidence::own;
  std::string config = {};  // the file that order() has to read; empty if there is none
};

// What a runner has to say while it reads.
struct Notes {
  std::vector<Failure> failures;
  std::vector<std::string> notices;
  std::vector<Problem> problems;
  std::vector<Document> documents;  // that problems are about and that are no migrations
};

struct ReadOptions {
  std::string_view transaction = {};  // of plain
  bool subfolders = true;             // of plain: false where a file was named and only its neighbours are its history
};

// Around what a runner puts a transaction, where no directive says otherwise.
enum class Scope : std::uint8_t {
  all_pending,
  per_file,
  per_changeset,
  one_simple_query,  // around nothing, but the file is one message
  pipeline,          // the same in the extended protocol
  per_statement,
};

// What a tool does about a migration that was edited after it was applied.
enum class Edited : std::uint8_t {
  unnoticed,  // the edit reaches new databases only
  warned,     // it says so and goes on
  refused,    // it compares checksums and stops
};

// What it does about a migration that stands before one that was applied.
enum class Late : std::uint8_t {
  runs,
  skipped,  // never runs it, and says nothing
  refused,
};

struct Writer;

struct Runner {
  std::string_view name;   // --runner
  std::string_view title;  // as a sentence has it: "Flyway", "golang-migrate"
  // What detect() looks for, for the message about a folder that has nothing.
  std::string_view looks_for;
  // The projects whose migrations folder is `folder`, or that a configuration in it points to; none without evidence.
  // It is asked of many folders: where the names in it are no evidence, nothing is read.
  std::vector<Layout> (*detect)(const Folder& folder, const Files& files);
  // The migrations in the order in which the runner applies them, without their texts, and the transactions around
  // them.
  Project (*order)(const Layout& layout, const Files& files, const ReadOptions& options, Notes& notes);
  // Cuts the text of a migration into the scripts that the runner sends.
  void (*cut)(const Project& project, Migration& migration, Notes& notes);
  Scope scope = Scope::per_statement;
  bool psql = false;  // as in Project
  std::uint8_t templates = Template::none;
  Edited edited = Edited::unnoticed;
  Late late = Late::runs;
  // Whether a text by itself, from standard input, is one of its files; null: it never says.
  bool (*knows)(std::string_view text) = nullptr;
  // How a statement gets out of its transaction, and a later half into another one: sentences. Empty: as anywhere.
  std::string_view outside = {};
  std::string_view later = {};
  // What it does on the way back where nothing undoes a migration, if that is not what one would think: a sentence.
  std::string_view without_down = {};
  // Of a tool whose files grow: what of a released file is another now, by its text as it was.
  void (*compare)(std::string_view before, const Migration& migration, Notes& notes) = nullptr;
  bool alone = false;              // what runs outside a transaction has to be the only statement of its file
  const Writer* writer = nullptr;  // null: its files are only read
};

[[nodiscard]] std::span<const Runner* const> runners();  // plain last: it needs no evidence
[[nodiscard]] const Runner* find_runner(std::string_view name);
// For "did you mean".
[[nodiscard]] std::vector<std::string_view> runner_names();

}  // namespace pglint::source
