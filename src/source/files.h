// The file system, behind an interface where the world begins: tests and the
// overlay of `fix` put a map in its place.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pglint::source {

struct Entry {
  std::string name;
  bool folder = false;
};

class Files {
 public:
  Files() = default;
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  virtual ~Files() = default;

  // The bytes of a regular file. Refuses what is larger than `max_file_bytes`. Errors do not repeat the path.
  [[nodiscard]] virtual Result<std::string> read(const std::string& path) const = 0;
  // Sorted by the bytes of the names. A link to a folder is a folder: who walks down them has to ask for the identity
  // of each, or may never end.
  [[nodiscard]] virtual Result<std::vector<Entry>> list(const std::string& folder) const = 0;
  [[nodiscard]] virtual bool is_folder(const std::string& path) const = 0;
  [[nodiscard]] virtual bool exists(const std::string& path) const = 0;
  // A name that two paths share exactly if they are the same folder (for loops through links).
  [[nodiscard]] virtual std::string identity(const std::string& path) const = 0;

  static constexpr std::size_t max_file_bytes = std::size_t{256} * 1024 * 1024;
};

[[nodiscard]] const Files& disk();

class FakeFiles final : public Files {
 public:
  FakeFiles() = default;
  explicit FakeFiles(std::map<std::string, std::string> texts) : files(std::move(texts)) {}

  std::map<std::string, std::string> files;  // path → text; folders are implied

  [[nodiscard]] Result<std::string> read(const std::string& path) const override;
  [[nodiscard]] Result<std::vector<Entry>> list(const std::string& folder) const override;
  [[nodiscard]] bool is_folder(const std::string& path) const override;
  [[nodiscard]] bool exists(const std::string& path) const override;
  [[nodiscard]] std::string identity(const std::string& path) const override { return path; }
};

}  // namespace pglint::source
