// Which projects the named files and folders lead to: the evidence in the folders around and below them says which tool
// runs them, and in what order.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "source/project.h"
#include "source/runner.h"

namespace pglint::source {

struct Found {
  const Runner* runner = nullptr;
  Layout layout = {};
  Project project = {};
  bool ordered = false;
  bool whole = false;             // its folder was named, not single files of it
  bool guessed = false;           // neighbours of a named file: that they are its history is a guess
  bool text = false;              // not from files: standard input
  std::vector<bool> wanted = {};  // one per migration
  // Named files that are none of its migrations, and that it has something to say about.
  std::vector<std::string> asked = {};
};

// One project for each migrations folder that the paths lead to, however often.
class Finder {
 public:
  Finder(const SourceOptions& options, const Runner* forced, const Files& files, Sources& out)
      : options_(options), forced_(forced), files_(files), out_(out) {}

  // `told`: the user or the configuration named it.
  void add_folder(const std::string& path, bool told);
  void add_file(const std::string& path);
  // Standard input.
  void add_text(std::string path, std::string text);

  [[nodiscard]] std::deque<Found>& found() { return found_; }

 private:
  void fail(const std::string& path, std::string message) { out_.failures.push_back({path, 0, std::move(message)}); }

  static const Runner* known_by_text(std::string_view text);
  [[nodiscard]] bool holds_root(const std::vector<Found*>& list, const std::string& folder) const;

  // A folder in which nothing speaks for the runner that the user named. Null if it finds nothing either.
  Found* as_told(const std::string& folder);
  bool add_as_told(const std::string& path);
  bool add_file_as_told(const std::string& path);

  // A file that is none of a project's migrations, and that a finding on its history is about.
  bool ask(Found& found, const std::string& path);

  // A file that undoes a migration stands behind the history up to that one.
  bool add_rollback(const Found& found, const std::string& path);

  void add_alone(const Found& beside, const std::string& path, const Rollback* rollback);

  [[nodiscard]] bool forced_plain() const { return forced_ != nullptr && forced_->name == "plain"; }

  // What a folder itself holds or points to, by the evidence in it.
  const std::vector<Found*>& detect(const std::string& path);
  const std::vector<Found*>& detect(const std::string& path, std::vector<Entry> entries);

  struct Candidate {
    const Runner* runner = nullptr;
    Layout layout;
    std::string identity;  // of the root
  };

  // Null where another runner has the folder already.
  Found* project_of(Candidate candidate);

  // Lists its migrations; the texts come later, when it is known which are needed.
  void order(Found& found, bool subfolders = true);
  void want_all(Found& found);

  // The projects that a file or folder may be a part of: those whose migrations folder is around it.
  std::vector<Found*> around(const std::string& folder);

  // The migrations of a project that a path means, also where it is written in another way: "migration.sql" in the
  // current folder is "../20261122191414_init/migration.sql" of its project.
  std::vector<std::size_t> part(const Found& found, const std::string& path, bool is_folder);

  // A folder inside a project, like one migration of drizzle v1.
  bool add_part(const std::string& path);

  void add_plain_file(const std::string& path, const std::string& folder);

  // False if there is nothing in it.
  bool add_plain_folder(const std::string& path);

  struct Search {
    std::vector<Found*> found = {};
    std::vector<std::string> by_name = {};  // no evidence but a telling name
    std::unordered_set<std::string> seen = {};
    // A configuration at the top says where these have their migrations: what lies about elsewhere, and no other
    // configuration names, is left over.
    std::unordered_set<const Runner*> configured = {};
    bool gave_up = false;
  };

  void look_below(const std::string& folder, std::size_t depth, Search& search);

  const SourceOptions& options_;
  const Runner* forced_;
  const Files& files_;
  Sources& out_;
  std::deque<Found> found_;                                                // they stay where they are while it grows
  std::unordered_map<std::string, std::pair<Found*, std::size_t>> known_;  // by the path of a migration
  std::unordered_map<std::string, std::vector<Found*>> detected_;          // by the path of a folder
  std::unordered_map<std::string, Found*> by_root_;                        // these by the identity of a folder
  std::unordered_map<std::string, Found*> neighbours_;
  std::unordered_set<std::string> plain_folders_;
};

}  // namespace pglint::source
