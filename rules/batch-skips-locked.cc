// A loop that passes over rows which somebody else holds locked, and ends when it finds no others: those are left.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/reach.h"
#include "pg/tree.h"

namespace pglint::rules::batch_skips_locked {
namespace {

using namespace lint;

bool skips(const ::Node* statement) {
  bool found = false;
  pg::each<LockingClause>(statement,
                          [&](const LockingClause& clause) { found = found || clause.waitPolicy == LockWaitSkip; });
  return found;
}

void check(const Context& context) {
  if (!context.batched || !skips(context.node)) return;
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  context.report({
      .at = context.keywords("SKIP", "LOCKED"),
      .message = fmt::format("Rows of {} that are locked at that moment are left as they are", context.display(*table)),
      .why = "SKIP LOCKED passes over them, and the loop ends when it finds no others: what was in use then is not "
             "written, and nobody is told.",
      .help = "Leave SKIP LOCKED out and let the batch wait, with a lock_timeout and another try; or ask at the end "
              "whether a row is left.",
      .relation = table,
  });
}

constexpr std::array<int, 2> tags = {T_UpdateStmt, T_DeleteStmt};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "batch-skips-locked",
    .category = Category::data,
    .severity = Severity::advice,
    .summary = "A loop passes over rows that are locked, and ends without them",
    .tags = tags,
    .check = check,
});

}  // namespace pglint::rules::batch_skips_locked
