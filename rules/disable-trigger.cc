// Triggers are switched off: for everybody, and those of foreign keys too with ALL.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::disable_trigger {
namespace {

using namespace lint;

bool all_of_them(AlterTableType type) { return type == AT_DisableTrigAll || type == AT_EnableTrigAll; }

void check(const Context& context) {
  if (context.effects->has_error) return;
  if (const auto* set = context.as<VariableSetStmt>()) {
    if (set->kind != VAR_SET_VALUE || pg::text(set->name) != "session_replication_role") return;
    for (const ::Node* argument : pg::nodes(set->args)) {
      const auto value = pg::constant_string(argument);
      if (!value || *value != "replica") return;
      context.report({
          .at = context.keyword("session_replication_role"),
          .message = "Triggers and foreign keys are switched off for this session",
          .why = "Nothing checks what this session writes: rows that point nowhere stay, and what triggers keep up "
                 "(audit, search, "
                 "copies) misses the change.",
          .help =
              "Write what the triggers let pass, in batches. Where one must not fire, let it look at a setting of the "
              "session.",
      });
    }
    return;
  }
  const auto* statement = context.as<AlterTableStmt>();
  const effect::RelationEffect* table = context.table();
  if (statement == nullptr || table == nullptr || table->is_new) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement->cmds)) {
    const std::size_t at = index++;
    const AlterTableType type = command.subtype;
    const bool off = type == AT_DisableTrig || type == AT_DisableTrigAll || type == AT_DisableTrigUser;
    if (!off) continue;
    const std::string name = context.display(*table);
    context.report({
        .at = context.command(at),
        .message = all_of_them(type)
                       ? fmt::format("Triggers and foreign keys of {} are switched off for everybody", name)
                       : fmt::format("Triggers of {} are switched off for everybody", name),
        .why = fmt::format(
            "PostgreSQL holds {} on {} until the transaction ends, so that writes wait for all that is done "
            "meanwhile; if it commits before they are on again, nothing checks or records what others write.",
            pglint::name(table->lock), name),
        .help = "Leave them on and write what they let pass, in batches; or let the trigger look at a setting of the "
                "session, "
                "current_setting('…', true), which only this one makes.",
        .relation = table,
    });
  }
}

constexpr std::array<int, 2> tags = {T_AlterTableStmt, T_VariableSetStmt};
constexpr std::array commands = {int{AT_DisableTrig}, int{AT_DisableTrigAll}, int{AT_DisableTrigUser}};
constexpr std::array aliases = {Alias{"pgfence", "enable-disable-trigger"}, Alias{"migrationpilot", "MP090"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "disable-trigger",
    .category = Category::data,
    .severity = Severity::warning,
    .summary = "Triggers are switched off for every session",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = check,
});

}  // namespace pglint::rules::disable_trigger
