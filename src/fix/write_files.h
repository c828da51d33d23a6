// Writes changes of files, so that a run that is killed anywhere leaves nothing half-written, and the same run again
// finishes.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "base/result.h"
#include "source/write.h"

namespace pglint::fix {

struct WriteOptions {
  // No change may be outside of this folder, also not through a link.
  std::string root = ".";
  // Ends, as if killed, when so many files have got their names. For tests.
  std::size_t most_renames = std::numeric_limits<std::size_t>::max();
};

// All texts go under temporary names beside their files first, then they get their names in the order of FileOrder.
// An Error is one line that names the file; unless it says otherwise, no file has changed.
[[nodiscard]] Result<void> write_files(const std::vector<source::FileChange>& changes, const WriteOptions& options);

}  // namespace pglint::fix
