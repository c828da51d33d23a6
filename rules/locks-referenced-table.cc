// A foreign key comes or goes, and the table that it points to is locked, which the statement may not even name.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::locks_referenced_table {
namespace {

using namespace lint;

void check(const Context& context) {
  if (context.effects->has_error) return;
  bool adds = context.as<CreateStmt>() != nullptr;
  bool only_a_key = false;  // goes, and nothing else
  if (const auto* alter = context.as<AlterTableStmt>()) {
    bool about_keys = false;
    for (const AlterTableCmd& command : pg::list<AlterTableCmd>(alter->cmds)) {
      about_keys = about_keys || command.subtype == AT_DropConstraint || command.subtype == AT_DropColumn;
      if (command.subtype != AT_AddColumn) continue;
      about_keys = true;
      adds = true;
    }
    if (!about_keys) return;
    only_a_key = !adds && pg::nodes(alter->cmds).size() == 1 &&
                 pg::list<AlterTableCmd>(alter->cmds).begin()->subtype == AT_DropConstraint;
  } else if (const auto* drop = context.as<DropStmt>(); drop != nullptr && drop->removeType != OBJECT_TABLE) {
    return;
  }
  const effect::RelationEffect* target = context.effects->target();
  for (const effect::RelationEffect& effect : context.effects->relations) {
    if (effect.because != effect::Because::references || effect.is_new || !blocks_writes(effect.lock)) continue;
    if (grows_with_table(effect.work)) return;  // another rule speaks of it
    if (&effect == target) continue;
    if (only_a_key && waits_briefly(context)) return;  // the lock cannot be had for less
    const std::string name = context.display(effect);
    context.report({
        .at = context.first_word(),
        .message = fmt::format("This locks {} against {}", name, who_waits(effect.lock)),
        .why = fmt::format(
            "A foreign key points there, and its triggers {}: PostgreSQL takes {} on {} and holds it until the "
            "transaction ends. It waits for what runs there, and others wait behind it.",
            adds ? "are made" : "go", pglint::name(effect.lock), name),
        .help = adds ? "SET lock_timeout to a few seconds before it, and keep the transaction short."
                : only_a_key
                    ? "SET lock_timeout to a few seconds before it, and run it again until it succeeds."
                    : "Drop the foreign keys first, one in a transaction, each with a short lock_timeout before it.",
        .relation = &effect,
        .at_most = adds ? std::optional(Severity::advice) : std::nullopt,
    });
    return;
  }
}

constexpr std::array<int, 3> tags = {T_CreateStmt, T_AlterTableStmt, T_DropStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_DropColumn}, int{AT_DropConstraint}};
constexpr std::array aliases = {Alias{"pgfence", "add-column-inline-foreign-key"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "locks-referenced-table",
    .category = Category::lock,
    .severity = Severity::warning,
    .summary = "A statement locks the tables that its foreign keys point to",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = check,
});

}  // namespace pglint::rules::locks_referenced_table
