#include "lint/facts.h"

namespace pglint::lint {

bool blocks_others(const effect::RelationEffect& effect) {
  return !effect.is_new && (blocks_writes(effect.lock) || effect.blocks_table_reads || effect.blocks_table_writes);
}

const Held* TransactionFacts::on(Symbol schema, Symbol name) const {
  const auto found = by_name_.find(key(schema, name));
  return found == by_name_.end() ? nullptr : &held_[found->second];
}

void TransactionFacts::enter(const catalog::TransactionState& transaction) {
  const bool keeps = transaction.kind != TransactionKind::autocommit;
  if (transaction.id == transaction_) {
    keeps_ = keeps_ || keeps;
    return;
  }
  transaction_ = transaction.id;
  keeps_ = keeps;
  if (held_.empty()) return;
  held_.clear();
  by_name_.clear();
  tables_.clear();
  worst_ = none;
}

void TransactionFacts::remember(const effect::Effects& effects, std::uint32_t file, Span statement) {
  if (!keeps_) return;
  for (const effect::RelationEffect& effect : effects.relations) {
    if (effect.held_until != effect::HeldUntil::transaction || effect.lock == LockMode::none) continue;
    const auto [found, first] = by_name_.try_emplace(key(effect.schema, effect.name), held_.size());
    const bool strong = effect.because == effect::Because::target && blocks_others(effect) &&
                        effect.kind != catalog::RelationKind::index &&
                        effect.kind != catalog::RelationKind::partitioned_index;
    if (strong && (first || !blocks_others(held_[found->second].relation))) tables_.push_back(found->second);
    if (first) {
      held_.push_back({effect, file, statement, false});
    } else {
      Held& held = held_[found->second];
      if (held.relation.lock >= effect.lock) continue;
      held = {effect, file, statement, false};
    }
    const std::size_t at = found->second;
    if (blocks_others(effect) && (worst_ == none || held_[worst_].relation.lock < effect.lock)) worst_ = at;
  }
}

}  // namespace pglint::lint
