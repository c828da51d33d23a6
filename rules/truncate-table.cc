// TRUNCATE: every row is gone, and the table is locked against reads and writes meanwhile.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::truncate_table {
namespace {

using namespace lint;

void check(const TruncateStmt& statement, const Context& context) {
  if (context.effects->has_error) return;
  const effect::RelationEffect* first = nullptr;
  std::string names;
  std::string others;
  for (const effect::RelationEffect& effect : context.effects->relations) {
    if (effect.is_new || effect.lock != LockMode::access_exclusive) continue;
    const bool table =
        effect.kind == catalog::RelationKind::table || effect.kind == catalog::RelationKind::partitioned_table;
    if (!table) continue;
    const bool target = effect.because == effect::Because::target;
    if (!target && effect.because != effect::Because::references && effect.because != effect::Because::dependent)
      continue;
    if (first == nullptr) first = &effect;
    std::string& list = target ? names : others;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", context.display(effect));
  }
  if (first == nullptr) return;
  context.report({
      .at = context.keyword("TRUNCATE"),
      .message = fmt::format("TRUNCATE deletes every row of {}", names.empty() ? others : names),
      .why = fmt::format(
          "PostgreSQL holds ACCESS EXCLUSIVE on it until the transaction ends: reads and writes wait, and then "
          "find nothing.{}",
          statement.behavior != DROP_CASCADE ? std::string()
          : others.empty()                   ? std::string(" CASCADE does the same to every table with a "
                                                                             "foreign key to it.")
                                             : fmt::format(" CASCADE does the same to {}.", others)),
      .help =
          statement.behavior == DROP_CASCADE
              ? "Name every table that is meant, without CASCADE; or delete what is no longer wanted in batches by key."
              : "Delete what is no longer wanted in batches by key. If really every row has to go, be sure that "
                "nothing "
                "uses the table, with a short lock_timeout.",
      .relation = first,
  });
}

constexpr std::array<int, 1> tags = {T_TruncateStmt};
constexpr std::array aliases = {Alias{"pgfence", "truncate"}, Alias{"pgfence", "truncate-cascade"},
                                Alias{"pg-migration-lint", "PGM203"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "truncate-table",
    .category = Category::data,
    .severity = Severity::error,
    .summary = "Every row of a table is deleted by TRUNCATE",
    .aliases = aliases,
    .tags = tags,
    .check = on<TruncateStmt, check>,
});

}  // namespace pglint::rules::truncate_table
