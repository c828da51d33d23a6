// What `pglint snapshot` wrote of a live database: how large its tables are, and their schema.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "source/files.h"

namespace pglint::source {

struct SnapshotTable {
  std::string name;        // schema-qualified, quoted as PostgreSQL would
  std::int64_t rows = -1;  // as the planner estimates them; -1: never analyzed
  std::int64_t bytes = 0;  // with indexes and TOAST
};

struct Snapshot {
  int server_version = 0;  // as server_version_num: 150004
  std::vector<SnapshotTable> tables;
  std::string schema;  // what pg_dump --schema-only wrote; empty if it was left out
};

// An Error names the file and what is wrong with it.
[[nodiscard]] Result<Snapshot> read_snapshot(const std::string& path, const Files& files);

}  // namespace pglint::source
