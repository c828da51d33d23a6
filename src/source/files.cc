#include "source/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file_descriptor.h"
#include "source/path.h"

namespace pglint::source {
namespace {

tl::unexpected<Error> refused(int code) {
  switch (code) {
    case ENOENT:
    case ENOTDIR:
      return failed("there is no such file or folder", "check the spelling");
    case EACCES:
    case EPERM:
      return failed("cannot be read: permission denied", "give yourself the right to read it");
    case ELOOP:
      return failed("cannot be read: its links lead in a circle", "remove the link");
    default:
      return failed(std::string("cannot be read: ") + std::strerror(code), "try again when it can");
  }
}

tl::unexpected<Error> too_large() {
  return failed("is larger than " + std::to_string(Files::max_file_bytes / 1024 / 1024) + " MiB",
                "a migration is not; if it is a dump of data, keep it out of the folder");
}

class Disk final : public Files {
 public:
  Result<std::string> read(const std::string& path) const override {
    if (path.find('\0') != std::string::npos) return refused(ENOENT);
    // Opening a named pipe would wait for its writer without O_NONBLOCK.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return errno == ENXIO ? special() : refused(errno);
    struct stat status = {};
    if (::fstat(file.get(), &status) != 0) return refused(errno);
    if (S_ISDIR(status.st_mode)) return failed("is a folder, not a file", "name a file in it");
    if (!S_ISREG(status.st_mode)) return special();
    if (static_cast<std::uint64_t>(status.st_size) > max_file_bytes) return too_large();

    // One byte more than it should have, so that the end is seen; it may grow meanwhile, or not know its size (/proc).
    std::string text;
    std::size_t used = 0;
    text.resize(static_cast<std::size_t>(status.st_size) + 1);
    while (true) {
      const ::ssize_t got = ::read(file.get(), text.data() + used, text.size() - used);
      if (got < 0) {
        if (errno == EINTR) continue;
        return refused(errno);
      }
      if (got == 0) break;
      used += static_cast<std::size_t>(got);
      if (used > max_file_bytes) return too_large();
      if (used == text.size()) text.resize(text.size() + std::max<std::size_t>(text.size(), 4096));
    }
    text.resize(used);
    return text;
  }

  Result<std::vector<Entry>> list(const std::string& folder) const override {
    if (folder.find('\0') != std::string::npos) return refused(ENOENT);
    FileDescriptor file(::open(folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK));
    if (!file) return refused(errno);
    DIR* const stream = ::fdopendir(file.get());
    if (stream == nullptr) return refused(errno);
    const int descriptor = file.release();  // the stream closes it

    std::vector<Entry> entries;
    while (true) {
      errno = 0;
      const dirent* const entry = ::readdir(stream);
      if (entry == nullptr) break;
      const std::string_view name = &entry->d_name[0];
      if (name == "." || name == "..") continue;
      bool is_folder = entry->d_type == DT_DIR;
      if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) {
        struct stat status = {};
        is_folder = ::fstatat(descriptor, &entry->d_name[0], &status, 0) == 0 && S_ISDIR(status.st_mode);
      }
      entries.push_back({std::string(name), is_folder});
    }
    const int code = errno;
    ::closedir(stream);
    if (code != 0) return refused(code);
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  bool is_folder(const std::string& path) const override {
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  }

  bool exists(const std::string& path) const override {
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0;
  }

  std::string identity(const std::string& path) const override {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) return path;
    return std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
  }

 private:
  static tl::unexpected<Error> special() {
    return failed("is not a regular file", "to read from a pipe, send it to `pglint check -`");
  }
};

}  // namespace

const Files& disk() {
  static const Disk the_disk;
  return the_disk;
}

Result<std::string> FakeFiles::read(const std::string& path) const {
  const auto found = files.find(path);
  if (found == files.end()) {
    if (is_folder(path)) return failed("is a folder, not a file", "name a file in it");
    return refused(ENOENT);
  }
  if (found->second.size() > max_file_bytes) return too_large();
  return found->second;
}

Result<std::vector<Entry>> FakeFiles::list(const std::string& folder) const {
  if (!is_folder(folder)) return refused(ENOENT);
  // All that lies in one sub-folder stands together in the map.
  std::vector<Entry> entries;
  const std::string prefix = folder == "." || folder.ends_with('/') ? join(folder, "") : folder + '/';
  for (auto it = files.lower_bound(prefix); it != files.end() && it->first.starts_with(prefix); ++it) {
    const std::string_view rest = below(it->first, folder);
    if (rest.empty()) continue;
    const std::size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    if (entries.empty() || entries.back().name != name) {
      entries.push_back({std::string(name), slash != std::string_view::npos});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

bool FakeFiles::is_folder(const std::string& path) const {
  if (path == ".") return true;
  const auto next = files.lower_bound(path.ends_with('/') ? path : path + '/');
  return next != files.end() && !below(next->first, path).empty();
}

bool FakeFiles::exists(const std::string& path) const { return files.contains(path) || is_folder(path); }

}  // namespace pglint::source
