// A lock that others wait for is asked for without a lock_timeout: behind one long query everybody waits.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::require_lock_timeout {
namespace {

using namespace lint;

void check(const Context& context) {
  if (context.effects->has_error || context.noted() != 0) return;
  for (const effect::RelationEffect& effect : context.effects->relations) {
    if (!blocks_others(effect) || context.catalog->text(effect.schema) == "pg_catalog") continue;
    if (waits_briefly(context)) return;
    context.note({.at = context.first_word(),
                  .schema = effect.schema,
                  .name = effect.name,
                  .what = context.catalog->symbols.intern(
                      name(effect.blocks_table_reads ? LockMode::access_exclusive : effect.lock))});
    return;
  }
}

void at_end(const Context& context, const Note& note) {
  const std::string table = context.display(note.schema, note.name);
  const std::string_view mode = context.catalog->text(note.what);
  context.report({
      .at = note.at,
      .message = fmt::format("{} on {} is waited for without lock_timeout", mode, table),
      .why = fmt::format(
          "As long as one query or transaction that uses {0} runs, the statement waits, and every query of {0} that "
          "comes later waits behind it: a moment's change becomes an outage.",
          table),
      .help = "SET lock_timeout = '2s' at the head of the file (SET LOCAL in a transaction), and run the migration "
              "again if it gives "
              "up. Where the role or the connection sets it, say so in the configuration.",
  });
}

constexpr std::array<int, 15> tags = {
    T_AlterTableStmt, T_DropStmt,           T_IndexStmt,       T_RenameStmt, T_CreateTrigStmt,        T_CreateStmt,
    T_TruncateStmt,   T_CreatePolicyStmt,   T_AlterPolicyStmt, T_RuleStmt,   T_AlterObjectSchemaStmt, T_LockStmt,
    T_ReindexStmt,    T_RefreshMatViewStmt, T_ClusterStmt};
constexpr std::array aliases = {Alias{"squawk", "require-lock-timeout"},
                                Alias{"squawk", "require-timeout-settings"},
                                Alias{"eugene", "E9"},
                                Alias{"pgfence", "missing-lock-timeout"},
                                Alias{"pgfence", "lock-timeout-after-dangerous-statement"},
                                Alias{"pgfence", "lock-timeout-zero"},
                                Alias{"migrationpilot", "MP004"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "require-lock-timeout",
    .category = Category::policy,
    .severity = Severity::advice,
    .summary = "A lock that others wait for is asked for without lock_timeout",
    .aliases = aliases,
    .subject = Subject::migration,
    .tags = tags,
    .check = check,
    .at_end = at_end,
});

}  // namespace pglint::rules::require_lock_timeout
