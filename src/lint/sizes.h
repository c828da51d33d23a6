// How large tables are, where somebody said so: what reads, rewrites or builds is a matter of milliseconds on a table
// of a thousand rows, and an outage on one of a hundred million.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace pglint::lint {

enum class Size : std::uint8_t { unknown, small, medium, large };

struct TableSize {
  Size size = Size::unknown;
  bool hot = false;        // in constant use: its locks are felt however few rows it has
  std::int64_t rows = -1;  // about; -1: not known
};

struct TableSizes {
  std::int64_t small_rows = 100'000;    // below that a table is small
  std::int64_t large_rows = 1'000'000;  // from there on it is large
  std::vector<std::string> hot;         // patterns of names (base/glob.h)
  // By pattern, in order, the first that fits; then by name.
  std::vector<std::pair<std::string, std::int64_t>> rows;
  std::unordered_map<std::string, std::int64_t> measured;  // schema.table, as a snapshot has it

  [[nodiscard]] bool empty() const { return hot.empty() && rows.empty() && measured.empty(); }
  // Of a relation, schema-qualified. A pattern without a schema means one in public.
  [[nodiscard]] TableSize of(std::string_view relation) const;
};

// Whether a pattern of names (base/glob.h) fits a relation. One without a schema means public.
[[nodiscard]] bool fits_relation(std::string_view pattern, std::string_view schema, std::string_view name);

}  // namespace pglint::lint
