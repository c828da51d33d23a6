// The kind of relation that a statement's word means: that of ALTER VIEW is a view. It is what a relation is taken for
// that was never seen.
#pragma once

#include "catalog/catalog.h"
#include "pg/node.h"

namespace pglint::catalog {

[[nodiscard]] constexpr RelationKind relation_kind(::ObjectType word) {
  switch (word) {
    case OBJECT_INDEX:
      return RelationKind::index;
    case OBJECT_VIEW:
      return RelationKind::view;
    case OBJECT_MATVIEW:
      return RelationKind::materialized_view;
    case OBJECT_SEQUENCE:
      return RelationKind::sequence;
    case OBJECT_FOREIGN_TABLE:
      return RelationKind::foreign_table;
    default:
      return RelationKind::table;
  }
}

}  // namespace pglint::catalog
