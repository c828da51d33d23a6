// What the replay remembers of the transaction so far, for rules about more
// than one statement. Facts, never trees: an earlier statement's tree is gone.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/transaction.h"
#include "effect/effect.h"
#include "pglint/lock.h"
#include "pglint/span.h"

namespace pglint::lint {

// A lock that an earlier statement of this transaction took and that is held to its end.
struct Held {
  effect::RelationEffect relation;  // with the strongest mode so far
  std::uint32_t file = 0;           // where it was taken in that mode
  Span at = {};
  mutable bool told = false;  // a finding has spoken of it: once is enough for all that follows under it
};

class TransactionFacts {
 public:
  // Locks in the order they were taken, one per relation. Only of transactions with more than one statement.
  [[nodiscard]] const std::vector<Held>& held() const { return held_; }
  // The lock that hurts most: the strongest on a relation that others use, the first of its strength; null if nothing
  // held blocks anybody.
  [[nodiscard]] const Held* worst() const { return worst_ == none ? nullptr : &held_[worst_]; }
  [[nodiscard]] const Held* on(Symbol schema, Symbol name) const;
  // Tables that statements were about and that others wait for, in the order they were locked.
  [[nodiscard]] const std::vector<std::size_t>& locked_tables() const { return tables_; }  // indexes of held()

  // The engine's: forgets what another transaction held, then, after a statement, remembers what it took.
  void enter(const catalog::TransactionState& transaction);
  void remember(const effect::Effects& effects, std::uint32_t file, Span statement);

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  [[nodiscard]] static std::uint64_t key(Symbol schema, Symbol name) {
    return (std::uint64_t{schema.id} << 32U) | name.id;
  }

  std::uint32_t transaction_ = 0;
  bool keeps_ = false;  // locks outlive the statement
  std::vector<Held> held_;
  std::unordered_map<std::uint64_t, std::size_t> by_name_;
  std::vector<std::size_t> tables_;
  std::size_t worst_ = none;
};

// A lock on a relation that other sessions use, strong enough that writers or readers wait.
[[nodiscard]] bool blocks_others(const effect::RelationEffect& effect);

}  // namespace pglint::lint
