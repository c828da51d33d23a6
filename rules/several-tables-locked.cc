// One transaction locks several tables that others use: each is held until the last one is done, and who takes them in
// another order ends in a deadlock.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::several_tables_locked {
namespace {

using namespace lint;

void check(const Context& context) {
  const TransactionFacts& facts = *context.facts;
  // When the second one comes, and once more, louder, when it is the third.
  const std::size_t before = facts.locked_tables().size();
  if (before == 0 || before > 2 || context.effects->has_error || context.batched) return;
  const Held& held = facts.held()[facts.locked_tables().front()];
  for (const effect::RelationEffect& effect : context.effects->relations) {
    if (effect.because != effect::Because::target || !blocks_others(effect)) continue;
    if (effect.kind == catalog::RelationKind::index || effect.kind == catalog::RelationKind::partitioned_index)
      continue;
    if (std::ranges::any_of(facts.locked_tables(), [&](std::size_t i) {
          return facts.held()[i].relation.schema == effect.schema && facts.held()[i].relation.name == effect.name;
        }))
      continue;
    const std::string first = context.display(held.relation);
    const std::string second = context.display(effect);
    context.report({
        .at = context.first_word(),
        .message = fmt::format("{} is locked while {} still is", second, first),
        .why = fmt::format(
            "This transaction holds {} on {} and waits for {} on {}: others wait for the first one for as long as that "
            "takes, and a transaction that uses the two in the other order ends in a deadlock (40P01), which may hit "
            "either.",
            name(held.relation.lock), first, name(effect.lock), second),
        .help = fmt::format("Change one table in a transaction, with a short lock_timeout before it.{}",
                            context.runner == "drizzle" ? fmt::format(" {}", later_transaction(context.runner)) : ""),
        .relation = &effect,
        .at_most = before == 1 ? std::optional(Severity::advice) : std::nullopt,
        .related = {{held.file, held.at, fmt::format("{} on {} is taken here", name(held.relation.lock), first)}},
    });
    return;
  }
}

constexpr std::array aliases = {Alias{"pgfence", "wide-lock-window"}, Alias{"migrationpilot", "MP008"},
                                Alias{"online_migrations", "multiple tables"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "several-tables-locked",
    .category = Category::lock,
    .severity = Severity::warning,
    .summary = "One transaction holds locks on several tables that others wait for",
    .aliases = aliases,
    .subject = Subject::transaction,
    .check = check,
});

}  // namespace pglint::rules::several_tables_locked
