// A folder of migrations as its runner sees it: which files, in which order,
// cut into which scripts, inside which transactions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pglint/diagnostic.h"
#include "pglint/span.h"
#include "pglint/transaction.h"
#include "source/files.h"

namespace pglint::source {

// What the runner sends in one message, or hands to its statement splitter.
struct Script {
  Span range = {};  // of the migration's text
  Sent sent = Sent::statement;
  bool wrapped = false;  // the runner puts a transaction of its own around this script alone
};

struct Migration {
  std::string id;    // its name as the runner knows it: Drizzle's tag, Prisma's folder
  std::string path;  // as shown to the user, relative to where pglint was started
  std::string text;  // the file, byte for byte
  std::vector<Script> scripts;
  bool wrapped = false;  // one transaction of the runner around the file
  bool reported = true;  // false: history, replayed and not reported
  bool schema = false;   // a --schema file: released, reports nothing, its tables count as large and busy
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
  std::vector<Migration> migrations;  // in the runner's order
  std::vector<Rollback> rollbacks;
};

struct Sources {
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
[[nodiscard]] Result<Sources> read_sources(const SourceOptions& options, const Files& files);

}  // namespace pglint::source
