// What reading and writing Drizzle's folders share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/files.h"
#include "source/runner.h"

namespace pglint::source::drizzle {

// Between two queries, wherever it stands.
inline constexpr std::string_view breakpoint = "--> statement-breakpoint";
// Of 0.x, below the migrations folder; v1 has none.
inline constexpr std::string_view journal_name = "meta/_journal.json";

// 20261122191414_init
[[nodiscard]] bool is_v1_name(std::string_view name);

// The names of v1's migrations in the order in which drizzle runs them: every folder with a migration.sql.
[[nodiscard]] std::vector<std::string> v1_folders(const Folder& folder, const Files& files);

[[nodiscard]] bool has_conflict_markers(std::string_view text);

// Whether a tag names no file below the migrations folder.
[[nodiscard]] bool leads_out(std::string_view tag);

}  // namespace pglint::source::drizzle
