// What pglint knows of one migration tool: how to recognise its folder, in
// which order it runs which files, and how it sends them. One file per runner, src/source/runner/<name>.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "source/files.h"
#include "source/project.h"

namespace pglint::source {

struct Layout {
  std::string evidence;  // for --verbose: "drizzle/meta/_journal.json, dialect postgresql"
  std::string root;      // the migrations folder
};

struct Runner {
  std::string_view name;
  // The project that a folder holds, or is part of; nothing without evidence.
  std::optional<Layout> (*detect)(const std::string& folder, const Files& files);
  // Reads it: migrations in order, cut into scripts. What cannot be read is added to `failures`.
  Project (*read)(const Layout& layout, const Files& files, std::vector<Failure>& failures);
};

[[nodiscard]] std::span<const Runner> runners();  // plain last: it needs no evidence
[[nodiscard]] const Runner* find_runner(std::string_view name);

}  // namespace pglint::source
