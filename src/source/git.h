// What git says is new or changed, so that only that is reported and the rest is history.
//
// The git program is asked, without a shell and at most three times. Its environment is passed on as it is: inside a
// hook, GIT_INDEX_FILE and GIT_DIR say which index is about to be committed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "source/files.h"

namespace pglint::source {

class Git {
 public:
  // New or changed since the merge base of `revision` and HEAD, up to the working tree, untracked files included.
  // `folder` is where git is started; any folder of the work tree.
  [[nodiscard]] static Result<std::unique_ptr<Git>> since(const std::string& folder, const std::string& revision,
                                                          const Files& files);
  // New or changed in the index.
  [[nodiscard]] static Result<std::unique_ptr<Git>> staged(const std::string& folder, const Files& files);

  Git(const Git&) = delete;
  Git& operator=(const Git&) = delete;
  virtual ~Git() = default;

  // A file that was only renamed is not changed.
  [[nodiscard]] virtual bool changed(const std::string& path) const = 0;
  // Of a file that is changed: whether it is released, as far as git knows. A new one is not.
  [[nodiscard]] virtual bool released(const std::string& path) const = 0;
  // The text of a released file as it was released. An error where git has none by that name, as of one that was moved.
  [[nodiscard]] virtual Result<std::string> released_text(const std::string& path) const = 0;
  [[nodiscard]] virtual bool in_work_tree(const std::string& path) const = 0;
  // The files as git means them: those of the index, or of the working tree. Lives as long as this.
  [[nodiscard]] virtual const Files& files() const = 0;
  // The root of the work tree.
  [[nodiscard]] virtual const std::string& top() const = 0;

 protected:
  Git() = default;
};

// What is released, as far as git knows: the default branch of the work tree that `folder` is in (as the remote says,
// else main or master); on that branch itself, HEAD. Empty outside of git, and where there is no such branch.
[[nodiscard]] std::string released_revision(const std::string& folder);

// When git got each file that stands in `folder` itself, by name, in seconds since 1970: the time of the commit that
// added it last. Empty outside of git.
[[nodiscard]] std::map<std::string, std::int64_t> added_at(const std::string& folder);

}  // namespace pglint::source
