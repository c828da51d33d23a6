// REINDEX without CONCURRENTLY: writers wait, and so does every query that would use the index.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::reindex_not_concurrent {
namespace {

using namespace lint;

void check(const ReindexStmt& statement, const Context& context) {
  if (context.effects->has_error || pg::is_on(statement.params, "concurrently") ||
      statement.kind == REINDEX_OBJECT_SYSTEM)
    return;
  const effect::RelationEffect* table = context.table();
  const bool one = statement.relation != nullptr;
  if (one && table != nullptr && table->is_new) return;
  if (one && table != nullptr && table->relation != nullptr && table->known && table->relation->indexes.empty()) return;
  const std::string name = !one ? std::string("each table")
                           : table != nullptr
                               ? context.display(*table)
                               : fmt::format("the table of {}", quoted(pg::text(statement.relation->relname)));
  context.report({
      .at = context.first_word(),
      .message = fmt::format("REINDEX keeps writers of {} waiting", name),
      .why = fmt::format(
          "PostgreSQL holds SHARE on {} while it builds, so that writes wait, and ACCESS EXCLUSIVE on each index, so "
          "that most reads wait too: every query opens all indexes of its tables.",
          name),
      .help = fmt::format("Use REINDEX … CONCURRENTLY. {}", outside_transaction(context.runner)),
      .relation = one ? table : nullptr,
      .work = Work::index_build,
  });
}

constexpr std::array<int, 1> tags = {T_ReindexStmt};
constexpr std::array aliases = {Alias{"squawk", "require-concurrent-reindex"},
                                Alias{"pgfence", "reindex-non-concurrent"}, Alias{"pgsafe", "reindex-non-concurrent"},
                                Alias{"migrationpilot", "MP021"}, Alias{"pg-migration-lint", "PGM022"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "reindex-not-concurrent",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "Indexes are rebuilt while writers wait",
    .aliases = aliases,
    .tags = tags,
    .check = on<ReindexStmt, check>,
});

}  // namespace pglint::rules::reindex_not_concurrent
