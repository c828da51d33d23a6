#include "source/overlay.h"

#include <algorithm>

#include "source/path.h"

namespace pglint::source {

Overlay::Overlay(const Files& below, const std::vector<FileChange>& changes) : below_(below) {
  for (const FileChange& change : changes) above_.files[tidy(change.path)] = change.text;
}

Result<std::string> Overlay::read(const std::string& path) const {
  const std::string tidied = tidy(path);
  return above_.files.contains(tidied) ? above_.read(tidied) : below_.read(path);
}

Result<std::vector<Entry>> Overlay::list(const std::string& folder) const {
  auto entries = below_.list(folder);
  const std::string tidied = tidy(folder);
  if (!above_.is_folder(tidied)) return entries;
  auto added = above_.list(tidied);
  if (!added) return entries;
  if (!entries) return added;
  entries->insert(entries->end(), added->begin(), added->end());
  // What is there below and above is one; a link to a folder stays a folder.
  std::stable_sort(entries->begin(), entries->end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  entries->erase(
      std::unique(entries->begin(), entries->end(), [](const Entry& a, const Entry& b) { return a.name == b.name; }),
      entries->end());
  return entries;
}

bool Overlay::is_folder(const std::string& path) const {
  return below_.is_folder(path) || (!below_.exists(path) && above_.is_folder(tidy(path)));
}

bool Overlay::exists(const std::string& path) const { return above_.exists(tidy(path)) || below_.exists(path); }

}  // namespace pglint::source
