// What the readers of the files of one kind share: the files so far, and what a call of a script comes to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/command.h"
#include "delivery/pipeline.h"
#include "source/files.h"

namespace pglint::delivery {

// A script before it is known what its commands come to.
struct RawScript {
  ScriptKind kind = ScriptKind::package;
  std::string name;
  std::string package;
  std::string folder;
  Place at;
  std::vector<Command> commands;
};

class Reader {
 public:
  Reader(const source::Files& files, Pipeline& out) : files_(files), out_(out) {}

  // The file, read and kept as the last of Pipeline::files; null if it is not there, cannot be read, or is larger than
  // anybody writes one. That is said in the notices.
  File* add(const std::string& path);
  // Takes it out again: nothing in it matters.
  void drop_last();
  void drop_if_last(std::uint32_t number);
  void notice(std::string text) { out_.notices.push_back(std::move(text)); }

  void read_package(const std::string& path);
  void read_makefile(const std::string& path);
  void read_procfile(const std::string& path);
  void read_platform(const std::string& path);
  void read_dockerfile(const std::string& path);
  void read_compose(const std::string& path);
  void read_github(const std::string& path);
  void read_gitlab(const std::string& path);
  void read_drizzle_config(const std::string& path);
  // Which tool works on another database here: its pushes are nobody's matter. Before the scripts are read.
  void note_database(std::string_view tool, const std::string& config);
  // Where a command names a file of commands, that file; looked for beside what names it, and where such files stand.
  void read_shell(const std::string& name, const std::string& folder);

  // Whether a text says anything that this floor looks for: a tool, or one of the scripts that use one.
  [[nodiscard]] bool matters(std::string_view text) const;

  // What commands come to, scripts followed. `folder`: where they run.
  [[nodiscard]] std::vector<Effect> effects(const std::vector<Command>& commands, std::uint32_t file,
                                            const std::string& folder);
  // A job that is another workflow does what that one does. After all of them are read.
  void link_workflows();
  // After the files of scripts are read, and before those that use them.
  void settle_scripts();

  [[nodiscard]] Pipeline& out() { return out_; }
  [[nodiscard]] const source::Files& files() const { return files_; }
  std::string root = ".";  // of the project

 private:
  void follow(const std::vector<Command>& commands, std::uint32_t file, const std::string& folder, int depth,
              std::vector<Effect>& out);
  [[nodiscard]] std::vector<Effect> effects_of(std::size_t script, int depth);
  [[nodiscard]] std::vector<std::size_t> find_scripts(const Call& call, const std::string& name,
                                                      const std::string& folder) const;
  void add_script(RawScript script);
  [[nodiscard]] bool is_foreign(const Act& act) const;

  const source::Files& files_;
  Pipeline& out_;
  std::vector<RawScript> scripts_;
  std::map<std::pair<ScriptKind, std::string>, std::vector<std::size_t>> by_name_;
  std::map<std::size_t, std::vector<Effect>> known_;  // what a script comes to
  std::vector<std::size_t> open_;                     // scripts that are being followed
  // Of a tool's configurations: how many are for PostgreSQL, and how many are not.
  std::map<std::string, std::pair<int, int>, std::less<>> databases_;
  std::vector<std::string> names_;       // of scripts that do something that matters
  std::vector<std::string> shell_seen_;  // names of files that were looked for
  std::size_t bytes_ = 0;
};

}  // namespace pglint::delivery
