#include "fix/write_files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/file_descriptor.h"
#include "source/path.h"

namespace pglint::fix {
namespace {

using source::FileChange;

tl::unexpected<Error> refused(const std::string& path, int code) {
  switch (code) {
    case EACCES:
    case EPERM:
      return failed(path + " cannot be written: permission denied", "give yourself the right to write there");
    case EROFS:
      return failed(path + " cannot be written: the file system is read-only", "make it writable");
    case ENOSPC:
    case EDQUOT:
      return failed(path + " cannot be written: the disk is full", "make room and run the command again");
    case ENAMETOOLONG:
      return failed(path + " cannot be written: its name is too long", "shorten it");
    case ELOOP:
      return failed(path + " cannot be written: it is a link", "replace the link by the file");
    case ENOENT:
    case ENOTDIR:
      return failed(path + " cannot be written: its folder is not there", "run the command again");
    default:
      return failed(fmt::format("{} cannot be written: {}", path, std::strerror(code)), "try again when it can");
  }
}

// The folder as the disk knows it; empty if it is not there.
std::string real(const std::string& folder) {
  const std::unique_ptr<char, decltype(&std::free)> found(::realpath(folder.c_str(), nullptr), &std::free);
  return found ? std::string(found.get()) : std::string();
}

// One folder with what shall be written in it, held open: what happens to its path meanwhile does not matter.
struct Folder {
  std::string path;
  FileDescriptor descriptor = {};
  bool is_new = false;
};

struct Change {
  const FileChange* change = nullptr;
  Folder* folder = nullptr;
  std::string name;
  std::string temporary;
  bool written = false;
};

class Run {
 public:
  explicit Run(const WriteOptions& options) : options_(options) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // What was made and got no name is taken away again.
  ~Run() {
    if (keep_) return;
    for (const Change& change : changes_) {
      if (change.written) ::unlinkat(change.folder->descriptor.get(), change.temporary.c_str(), 0);
    }
    for (auto made = made_.rbegin(); made != made_.rend(); ++made) ::rmdir(made->c_str());  // if it is empty
  }

  Result<void> all(const std::vector<FileChange>& changes) {
    root_ = real(options_.root);
    if (root_.empty()) return refused(options_.root, errno);
    for (const FileChange& change : changes) {
      if (auto good = look_at(change); !good) return good;
    }
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const Change& a, const Change& b) { return a.change->order < b.change->order; });
    for (Change& change : changes_) {
      if (auto good = write_aside(change); !good) return good;
    }
    return give_names();
  }

 private:
  Result<void> look_at(const FileChange& change) {
    const std::string path = source::tidy(change.path);
    if (path.find('\0') != std::string::npos || path == "." || path.ends_with("/..") || path == "..") {
      return failed(change.path + " is no name of a file", "this is a fault of pglint");
    }
    if (!paths_.insert(path).second) {
      return failed(path + " would be written twice", "this is a fault of pglint");
    }
    auto folder = open_folder(source::parent(path));
    if (!folder) return tl::unexpected(folder.error());
    Change one;
    one.change = &change;
    one.folder = *folder;
    one.name = source::file_name(path);
    one.temporary = source::temporary_name(one.name);
    struct stat status = {};
    if (::fstatat(one.folder->descriptor.get(), one.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
      if (S_ISLNK(status.st_mode)) return refused(path, ELOOP);
      if (!S_ISREG(status.st_mode)) return failed(path + " is not a regular file", "move it away");
      if (::faccessat(one.folder->descriptor.get(), one.name.c_str(), W_OK, AT_EACCESS) != 0) {
        return refused(path, errno);  // a rename would not ask
      }
    } else if (errno != ENOENT) {
      return refused(path, errno);
    }
    changes_.push_back(std::move(one));
    return {};
  }

  // Makes the folder where it is not there yet, once it is known that it is inside the root.
  Result<Folder*> open_folder(const std::string& path) {
    if (const auto known = folders_.find(path); known != folders_.end()) return known->second.get();
    std::vector<std::string> missing;
    std::string there = path;
    std::string place = real(there);
    while (place.empty() && errno == ENOENT) {
      missing.push_back(there);
      if (source::file_name(there) == "..") return refused(path, ENOENT);
      there = source::parent(there);
      if (there.empty()) return refused(path, ENOENT);
      place = real(there);
    }
    if (place.empty()) return refused(path, errno);
    if (place != root_ && source::below(place, root_).empty()) {
      return failed(fmt::format("{} is outside of {}", path, options_.root == "." ? "the project" : options_.root),
                    "name migrations inside, or replace the link that leads out");
    }
    for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
      constexpr ::mode_t everyone = 0777;  // less what the umask takes
      if (::mkdir(folder->c_str(), everyone) != 0) return refused(*folder, errno);
      made_.push_back(*folder);
    }
    auto folder = std::make_unique<Folder>();
    folder->path = path;
    folder->is_new = !missing.empty();
    folder->descriptor = FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder->descriptor) return refused(path, errno);
    remove_left(*folder);
    return folders_.emplace(path, std::move(folder)).first->second.get();
  }

  // What a killed run has left.
  static void remove_left(const Folder& folder) {
    const auto entries = source::disk().list(folder.path);
    if (!entries) return;  // then writing fails, too, and says why
    for (const source::Entry& entry : *entries) {
      if (!entry.folder && source::is_temporary(entry.name)) {
        ::unlinkat(folder.descriptor.get(), entry.name.c_str(), 0);
      }
    }
  }

  static Result<void> write_aside(Change& change) {
    const int folder = change.folder->descriptor.get();
    const std::string path = source::join(change.folder->path, change.name);
    struct stat status = {};
    const bool there = ::fstatat(folder, change.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    constexpr ::mode_t usual = 0666;  // less what the umask takes
    FileDescriptor file(
        ::openat(folder, change.temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, usual));
    if (!file) return refused(path, errno);
    change.written = true;
    constexpr ::mode_t rights = 07777;
    if (there && ::fchmod(file.get(), status.st_mode & rights) != 0) return refused(path, errno);
    // The owner stays where we may give files away.
    if (there && (status.st_uid != ::geteuid() || status.st_gid != ::getegid())) {
      static_cast<void>(::fchown(file.get(), status.st_uid, status.st_gid) == 0);
    }
    const std::string& text = change.change->text;
    for (std::size_t at = 0; at < text.size();) {
      const ::ssize_t wrote = ::write(file.get(), text.data() + at, text.size() - at);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return refused(path, errno);
      at += static_cast<std::size_t>(wrote);
    }
    if (::fsync(file.get()) != 0) return refused(path, errno);
    // Some file systems say only now that there is no room.
    if (::close(file.release()) != 0 && errno != EINTR) return refused(path, errno);
    return {};
  }

  Result<void> give_names() {
    // Names are lost with the power unless their folder is written, too; in order, so that the journal is never first.
    const auto settle = [](const Folder& folder) { static_cast<void>(::fsync(folder.descriptor.get()) == 0); };
    for (const auto& [path, folder] : folders_) {
      settle(*folder);
      if (!folder->is_new) continue;
      const FileDescriptor around(::open(source::parent(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (around) static_cast<void>(::fsync(around.get()) == 0);
    }
    std::size_t renamed = 0;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      Change& change = changes_[i];
      if (renamed == options_.most_renames) {
        keep_ = true;
        return failed("stopped");
      }
      const int folder = change.folder->descriptor.get();
      if (::renameat(folder, change.temporary.c_str(), folder, change.name.c_str()) != 0) {
        auto error = refused(source::join(change.folder->path, change.name), errno);
        if (renamed > 0) {
          error.value().message += fmt::format(" ({} of {} files are written)", renamed, changes_.size());
          error.value().hint += ", then run the command again: it finishes";
        }
        return error;
      }
      change.written = false;
      ++renamed;
      if (i + 1 == changes_.size() || changes_[i + 1].change->order != change.change->order) {
        for (const auto& [path, one] : folders_) settle(*one);
      }
    }
    return {};
  }

  const WriteOptions& options_;
  std::string root_;
  std::map<std::string, std::unique_ptr<Folder>> folders_;
  std::vector<std::string> made_;  // folders, outer ones first
  std::set<std::string> paths_;
  std::vector<Change> changes_;
  bool keep_ = false;
};

}  // namespace

Result<void> write_files(const std::vector<FileChange>& changes, const WriteOptions& options) {
  return Run(options).all(changes);
}

}  // namespace pglint::fix
