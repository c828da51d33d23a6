// What pglint knows of one migration tool: how to recognise its folder, in
// which order it runs which files, and how it sends them. One file per runner, src/source/runner/<name>.cc.
#pragma once

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

struct Layout {
  std::string evidence;      // for --verbose: "drizzle/meta/_journal.json, dialect postgresql"
  std::string root;          // the migrations folder
  std::string foreign = {};  // why it is not for PostgreSQL: "dialect sqlite"; empty if it is
};

// What a runner has to say while it reads.
struct Notes {
  std::vector<Failure> failures;
  std::vector<std::string> notices;
};

struct ReadOptions {
  std::string_view transaction = {};  // of plain
  bool subfolders = true;             // of plain: false where a file was named and only its neighbours are its history
};

struct Runner {
  std::string_view name;
  // What detect() looks for, for the message about a folder that has nothing.
  std::string_view looks_for;
  // The projects whose migrations folder is `folder`, or that a configuration in it points to; none without evidence.
  // It is asked of many folders: where the names in it are no evidence, nothing is read.
  std::vector<Layout> (*detect)(const Folder& folder, const Files& files);
  // The migrations in the order in which the runner applies them, without their texts, and the transactions around
  // them.
  Project (*order)(const Layout& layout, const Files& files, const ReadOptions& options, Notes& notes);
  // Cuts the text of a migration into the scripts that the runner sends.
  void (*cut)(const Project& project, Migration& migration);
  bool wrapped_run = false;  // its one transaction over all pending migrations, where nothing says otherwise
  bool psql = false;         // as in Project
};

[[nodiscard]] std::span<const Runner> runners();  // plain last: it needs no evidence
[[nodiscard]] const Runner* find_runner(std::string_view name);
// For "did you mean".
[[nodiscard]] std::vector<std::string_view> runner_names();

}  // namespace pglint::source
