// Files that are asked for again and again: who finds out which tool a folder belongs to asks one tool after the other,
// and each looks at the folder and at its first and last file.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "source/files.h"

namespace pglint::source {

// What it has given once it gives again, whatever happens to the files meanwhile. Lives no longer than `files`.
class Remembered final : public Files {
 public:
  explicit Remembered(const Files& files) : files_(files) {}

  Result<std::string> read(const std::string& path) const override;
  Result<std::vector<Entry>> list(const std::string& folder) const override;
  bool is_folder(const std::string& path) const override { return files_.is_folder(path); }
  bool exists(const std::string& path) const override { return files_.exists(path); }
  std::string identity(const std::string& path) const override { return files_.identity(path); }

 private:
  const Files& files_;
  mutable std::unordered_map<std::string, std::string> texts_;
  mutable std::unordered_map<std::string, std::vector<Entry>> lists_;
};

}  // namespace pglint::source
