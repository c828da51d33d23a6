// Lock modes and the work done under them, in PostgreSQL's own words
// (PostgreSQL docs, 13.3 "Explicit Locking", table 13.2).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pglint {

// Table-level lock modes, weakest first, so that `<` compares strength.
enum class LockMode : std::uint8_t {
  none,
  access_share,
  row_share,
  row_exclusive,
  share_update_exclusive,
  share,
  share_row_exclusive,
  exclusive,
  access_exclusive,
};

// "ACCESS EXCLUSIVE"; "" for none.
[[nodiscard]] constexpr std::string_view name(LockMode mode) {
  constexpr std::array<std::string_view, 9> names = {
      "",      "ACCESS SHARE",        "ROW SHARE", "ROW EXCLUSIVE",    "SHARE UPDATE EXCLUSIVE",
      "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE",
  };
  return names[static_cast<std::size_t>(mode)];
}

// A reader (SELECT) takes ACCESS SHARE, which only ACCESS EXCLUSIVE refuses.
[[nodiscard]] constexpr bool blocks_reads(LockMode mode) { return mode == LockMode::access_exclusive; }
// A writer (INSERT, UPDATE, DELETE) takes ROW EXCLUSIVE, which SHARE and everything above refuses.
[[nodiscard]] constexpr bool blocks_writes(LockMode mode) { return mode >= LockMode::share; }

// What the server does while it holds the lock. A set of bits; empty means
// nothing that grows with the table.
enum class Work : std::uint8_t {
  none = 0,
  catalog = 1,      // more catalogue work than a plain DDL statement (many partitions, dependent objects)
  scan = 2,         // reads every row
  rewrite = 4,      // writes every row into a new file
  index_build = 8,  // builds an index
  wait = 16,        // waits for transactions that are older than the statement
};
[[nodiscard]] constexpr Work operator|(Work a, Work b) {
  return static_cast<Work>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr Work& operator|=(Work& a, Work b) { return a = a | b; }
[[nodiscard]] constexpr bool has(Work set, Work bit) {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(bit)) != 0;
}
// Work whose time grows with the rows of the table.
[[nodiscard]] constexpr bool grows_with_table(Work w) { return has(w, Work::scan | Work::rewrite | Work::index_build); }

inline constexpr std::array<Work, 5> all_work = {Work::catalog, Work::scan, Work::rewrite, Work::index_build,
                                                 Work::wait};
// The word of one bit, as in JSON.
[[nodiscard]] constexpr std::string_view name(Work bit) {
  switch (bit) {
    case Work::catalog:
      return "catalog";
    case Work::scan:
      return "scan";
    case Work::rewrite:
      return "rewrite";
    case Work::index_build:
      return "index_build";
    case Work::wait:
      return "wait";
    case Work::none:
      break;
  }
  return "";
}

}  // namespace pglint
