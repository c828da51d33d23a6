// The UPDATEs and DELETEs of a statement, and how many rows each may touch, from its WHERE clause and the keys of its
// table.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lint/context.h"
#include "pg/tree.h"

namespace pglint::lint {

enum class Reach : std::uint8_t {
  one,   // a unique key is compared with constants: one row, or as many as are listed
  some,  // a column is compared with a constant: nobody knows how many rows share it
  all,   // no WHERE, or one that any number of rows may meet (x IS NULL, x <> 'a')
};

// `write`: the UPDATE or DELETE.
[[nodiscard]] Reach reach(const ::Node* write, const ::Node* where, const effect::RelationEffect& table,
                          const Context& context);

// What the statement does to that relation; null if it is not there.
[[nodiscard]] const effect::RelationEffect* effect_on(const ::RangeVar* relation, const Context& context);

// Calls `visit(const T&, nth)` for the statement, if it is one, and for each in its WITH clause; `nth` counts them as
// they are written.
template <class T, class F>
void each_write(const Context& context, F&& visit) {
  std::size_t nth = 0;
  if (const ::WithClause* with = pg::with_clause(context.node))
    for (const ::CommonTableExpr& one : pg::only<::CommonTableExpr>(with->ctes))
      if (const T* write = pg::as<T>(one.ctequery)) visit(*write, nth++);
  if (const T* write = context.as<T>()) visit(*write, nth);
}

}  // namespace pglint::lint
