// Changes of files over the files as they are, so that `fix` can lint what it is about to write.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "source/files.h"
#include "source/write.h"

namespace pglint::source {

// `below` must outlive it. Paths are compared as text, tidied.
class Overlay final : public Files {
 public:
  Overlay(const Files& below, const std::vector<FileChange>& changes);

  [[nodiscard]] Result<std::string> read(const std::string& path) const override;
  [[nodiscard]] Result<std::vector<Entry>> list(const std::string& folder) const override;
  [[nodiscard]] bool is_folder(const std::string& path) const override;
  [[nodiscard]] bool exists(const std::string& path) const override;
  [[nodiscard]] std::string identity(const std::string& path) const override { return below_.identity(path); }

 private:
  const Files& below_;
  FakeFiles above_;
};

}  // namespace pglint::source
