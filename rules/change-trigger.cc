// A trigger comes or goes: writers wait for the lock, and every write does more, or less, from then on.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::change_trigger {
namespace {

using namespace lint;

void check(const Context& context) {
  const auto* create = context.as<CreateTrigStmt>();
  const auto* drop = context.as<DropStmt>();
  if (context.effects->has_error || (drop != nullptr && drop->removeType != OBJECT_TRIGGER)) return;
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || !blocks_writes(table->lock)) return;
  // A block that sets its own lock_timeout just before knows what it does.
  const bool brief = waits_briefly(context);
  if (brief && context.in_body) return;
  const std::string name = context.display(*table);
  context.report({
      .at = context.first_word(),
      .message = fmt::format("{} locks {} against {}", create != nullptr ? "CREATE TRIGGER" : "DROP TRIGGER", name,
                             who_waits(table->lock)),
      .why = fmt::format(
          "PostgreSQL takes {} on {} until the transaction ends: it waits for what runs there, and others wait behind "
          "it.{}",
          pglint::name(table->lock), name,
          create != nullptr && create->row ? " From then on every row that is written runs it." : ""),
      .help = "SET lock_timeout to a few seconds before it, and do nothing slow in the same transaction.",
      .relation = table,
      .at_most = brief ? std::optional(Severity::advice) : std::nullopt,
  });
}

constexpr std::array<int, 2> tags = {T_CreateTrigStmt, T_DropStmt};
constexpr std::array aliases = {Alias{"pgfence", "create-trigger"}, Alias{"pgfence", "drop-trigger"},
                                Alias{"migrationpilot", "MP064"}, Alias{"pg-migration-lint", "PGM020"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "change-trigger",
    .category = Category::lock,
    .severity = Severity::warning,
    .summary = "A trigger is made or dropped, and its table is locked",
    .aliases = aliases,
    .tags = tags,
    .check = check,
});

}  // namespace pglint::rules::change_trigger
