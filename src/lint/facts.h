// What the replay remembers of the transaction so far, for rules about more
// than one statement. Facts, never trees: an earlier statement's tree is gone.
#pragma once

#include <cstdint>
#include <vector>

#include "catalog/catalog.h"
#include "pglint/lock.h"
#include "pglint/span.h"

namespace pglint::lint {

// A lock that an earlier statement of this transaction took and that is held to its end.
struct Held {
  const catalog::Relation* relation = nullptr;  // null where the name was never seen
  Symbol schema = {};
  Symbol name = {};
  LockMode lock = LockMode::none;
  bool is_new = false;
  bool blocks_table_reads = false;
  std::uint32_t file = 0;
  Span at = {};  // the statement that took it
};

struct TransactionFacts {
  std::uint32_t transaction = 0;
  std::vector<Held> held;  // strongest mode per relation, in order of first lock
  bool wrote_constraint_not_valid = false;
};

}  // namespace pglint::lint
