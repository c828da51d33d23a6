// Finding one of many, and choosing names: what the catalogue needs so that a table of 10,000 constraints, or 10,000
// indexes that want the same name, costs no more than 10,000 tables.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/flat_map.h"
#include "catalog/catalog.h"

namespace pglint::catalog {

// What a relation or type has too many of to look through: lists longer than `few`.
struct Names {
  enum class Kind : std::uint32_t { constraint = 1, trigger = 2, policy = 3, rule = 4, value = 5, column = 6 };
  static constexpr std::uint32_t few = 24;

  // By kind and name: a Constraint*, or a position in the list. What was renamed or dropped since may still be found
  // under its old name; who asks compares.
  FlatMap<std::uintptr_t> at;
  std::uint32_t built = 0;  // bit per kind

  [[nodiscard]] static std::uint64_t key(Kind kind, Symbol name) {
    return (static_cast<std::uint64_t>(kind) << 32) | name.id;
  }
  [[nodiscard]] static std::uint32_t bit(Kind kind) { return 1U << static_cast<std::uint32_t>(kind); }
  [[nodiscard]] bool has(Kind kind) const { return (built & bit(kind)) != 0; }
};

// The names of one series ("t_a_idx", "t_a_idx1", …) that were found taken.
struct NameChoice {
  NameChoice* first = nullptr;  // of a numbered name: its series
  std::uint32_t number = 0;     // of the series: all below are taken. Of a numbered name: its own
};

// A name put together from others, cut to the 63 bytes that PostgreSQL keeps.
struct MadeName {
  char bytes[64] = {};
  std::uint32_t size = 0;

  [[nodiscard]] std::string_view text() const { return {bytes, size}; }
};

// table_column_label; the longer of the first two is cut first, at a character's start. `second` may be empty.
[[nodiscard]] MadeName make_name(std::string_view first, std::string_view second, std::string_view label);
// The longest beginning of at most `bytes` bytes that ends with a whole UTF-8 character.
[[nodiscard]] std::string_view clip(std::string_view name, std::size_t bytes);

}  // namespace pglint::catalog
