// Whether checks of a table say that all of its rows, or none, belong into a partition: what lets the server skip the
// scan of a table that is attached, and of the default partition beside it.
#pragma once

#include "effect/model.h"

namespace pglint::effect {

[[nodiscard]] bool proves_inside(const Model& model, const Relation& table, const Relation& parent,
                                 const ::PartitionBoundSpec& bound);
[[nodiscard]] bool proves_outside(const Model& model, const Relation& table, const Relation& parent,
                                  const ::PartitionBoundSpec& bound);

}  // namespace pglint::effect
