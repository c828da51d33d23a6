// A folder of migrations as its runner sees it: which files, in which order,
// cut into which scripts, inside which transactions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pglint/diagnostic.h"
#include "pglint/span.h"
#include "pglint/transaction.h"
#include "source/files.h"

namespace pglint::source {

class Git;

// What the runner sends in one message, or hands to its statement splitter.
struct Script {
  Span range = {};  // of the migration's text
  Sent sent = Sent::statement;
  bool wrapped = false;  // the runner puts a transaction of its own around this script alone
};

// Placeholders that a runner fills in before it sends a text; bits.
namespace Template {
inline constexpr std::uint8_t none = 0;
inline constexpr std::uint8_t dollar = 1;  // ${name}
inline constexpr std::uint8_t braces = 2;  // {{ .name }}, with Go's control words
inline constexpr std::uint8_t hash = 4;    // #{name}, of Ruby
}  // namespace Template

struct Migration {
  std::string id;            // its name as the runner knows it: Drizzle's tag, Prisma's folder
  std::string version = {};  // by which the runner orders it, where its names have one
  std::string path;          // as shown to the user, relative to where pglint was started
  std::string text;          // the file, byte for byte
  // The text with a stand-in of the same length for each placeholder; empty where there is none.
  std::string rendered = {};
  std::vector<Span> placeholders = {};
  std::vector<Script> scripts;
  bool wrapped = false;               // one transaction of the runner around the file
  bool reported = true;               // false: history, replayed and not reported
  bool alone = false;                 // outside the transaction that the runner has around all pending ones
  std::optional<bool> has_down = {};  // whether something undoes it; nothing where the runner does not say
  bool schema = false;                // a --schema file: released, reports nothing, its tables count as large and busy

  [[nodiscard]] std::string_view sql() const { return rendered.empty() ? text : rendered; }
};

// What is wrong with the history itself, and which rule says so.
struct Problem {
  std::string_view rule;
  std::string path;  // of a migration, or of a Document
  Span at = {};
  std::string message;
  std::string why;
  std::string help;
  bool always = false;  // it stops the runner, whichever migration is new
  bool mild = false;    // a milder case than the rule's severity says
};

// A file that is no migration, like a journal.
struct Document {
  std::string path;
  std::string text;
};

// A file that undoes a migration. It is no part of the history.
struct Rollback {
  std::string path;
  std::size_t after = 0;  // it runs when so many migrations of its project have run
};

// The migrations that go out in one go. Known only where the command line or git says what is pending; else each
// migration is a run of its own.
struct Project {
  std::string root;                   // the folder of the migrations, as shown to the user
  std::string runner;                 // "drizzle", "plain", …
  bool wrapped_run = false;           // the runner's one transaction over all pending migrations
  bool psql = true;                   // files are psql's: its commands and variables may stand in them
  bool pending_known = false;         // the reported migrations are exactly the pending ones
  int variant = 0;                    // of a runner that has changed its ways: which of them, as its profile counts
  std::vector<Migration> migrations;  // in the runner's order
  std::vector<Rollback> rollbacks;
  std::vector<Problem> problems = {};
  std::vector<Document> documents = {};
};

struct Sources {
  std::shared_ptr<const Git> git = {};  // what was asked for --since and --staged, for those who look at other files
  std::vector<Project> projects;
  std::vector<Failure> failures;
  std::vector<std::string> notices;  // for --verbose: which runner, and on what evidence
};

struct SourceOptions {
  std::vector<std::string> paths;     // files, folders, "-"; empty: what the configuration or the layout says
  std::vector<std::string> commands;  // -c SQL, each one simple query, with the path "-c1", "-c2"
  std::string runner = "auto";
  std::string transaction;  // of plain: statement (default) | file | all
  std::string schema;       // --schema FILE
  std::string schema_text;  // its text, where it comes from a snapshot of that name
  std::string since;        // --since REV
  bool staged = false;
  std::string stdin_text;  // read by the caller if "-" is among the paths
};

// Finds and reads everything that `options` name. A file or folder that cannot be read is a failure in the result,
// and the rest is still there; an Error is what leaves nothing to do (a revision that git does not know).
// `known` is what git says, from a caller that knows it already; else git is asked where the options want it.
[[nodiscard]] Result<Sources> read_sources(const SourceOptions& options, const Files& files,
                                           const Git* known = nullptr);

}  // namespace pglint::source
