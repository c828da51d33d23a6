// What the bounds of partitions say: whether checks put all rows of a table inside or outside of them, which lets the
// server skip the scan of a table that is attached, and of the default partition beside it; and which partitions a
// statement can be about.
#pragma once

#include <optional>

#include "effect/model.h"

namespace pglint::effect {

[[nodiscard]] bool proves_inside(const Model& model, const Relation& table, const Relation& parent,
                                 const ::PartitionBoundSpec& bound);
[[nodiscard]] bool proves_outside(const Model& model, const Relation& table, const Relation& parent,
                                  const ::PartitionBoundSpec& bound);

// The values of a partition key that a statement is about.
struct KeyRange {
  std::optional<catalog::BoundValue> from;  // with it
  std::optional<catalog::BoundValue> to;    // with it, unless `below`
  bool below = false;
};
[[nodiscard]] std::optional<catalog::BoundValue> bound_value(const ::Node* node);
// Whether the partition can hold such rows; of a default partition, whether no other surely holds them.
[[nodiscard]] bool may_hold(const Relation& parent, const Relation& partition, const KeyRange& range);

}  // namespace pglint::effect
