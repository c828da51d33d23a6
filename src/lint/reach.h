// How many rows an UPDATE or DELETE may touch, from its WHERE clause and the
// keys of its table.
#pragma once

#include <cstdint>

#include "lint/context.h"

namespace pglint::lint {

enum class Reach : std::uint8_t {
  one,   // a unique key is compared with constants: one row, or as many as are listed
  some,  // a column is compared with a constant: nobody knows how many rows share it
  all,   // no WHERE, or one that any number of rows may meet (x IS NULL, x <> 'a')
};

[[nodiscard]] Reach reach(const ::Node* where, const effect::RelationEffect& table, const Context& context);

}  // namespace pglint::lint
