#include "source/runner.h"

#include <algorithm>
#include <array>

namespace pglint::source {

// A new profile is its own file below runner/, its name here, and nothing else.
extern const Runner drizzle_runner;
extern const Runner plain_runner;

namespace {

std::span<const Runner> table() {
  static const std::array<Runner, 2> all = {drizzle_runner, plain_runner};
  return all;
}

}  // namespace

const Entry* Folder::find(std::string_view name) const {
  const auto found = std::lower_bound(entries.begin(), entries.end(), name,
                                      [](const Entry& entry, std::string_view key) { return entry.name < key; });
  return found == entries.end() || found->name != name ? nullptr : &*found;
}

std::span<const Runner> runners() { return table(); }

const Runner* find_runner(std::string_view name) {
  const auto all = table();
  const auto found = std::find_if(all.begin(), all.end(), [name](const Runner& runner) { return runner.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string_view> runner_names() {
  std::vector<std::string_view> names;
  for (const Runner& runner : table()) names.push_back(runner.name);
  return names;
}

}  // namespace pglint::source
