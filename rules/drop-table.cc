// A table or view is dropped while the running release still asks for it.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::drop_table {
namespace {

using namespace lint;

void check(const DropStmt& statement, const Context& context) {
  const ObjectType type = statement.removeType;
  if (type != OBJECT_TABLE && type != OBJECT_VIEW && type != OBJECT_MATVIEW && type != OBJECT_FOREIGN_TABLE) return;
  if (context.effects->has_error) return;
  const effect::RelationEffect* first = nullptr;
  std::string names;
  bool only_partitions = true;
  for (const effect::RelationEffect& effect : context.effects->relations) {
    if (effect.because != effect::Because::target || effect.is_new) continue;
    if (effect.kind == catalog::RelationKind::index || effect.kind == catalog::RelationKind::partitioned_index)
      continue;
    if (type != OBJECT_TABLE && made_again(context, context.catalog->text(effect.name))) continue;
    if (first == nullptr) first = &effect;
    only_partitions = only_partitions && effect.relation != nullptr && effect.relation->is_partition;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", context.display(effect));
  }
  if (first == nullptr || behind_gate(context)) return;
  const bool rows = type == OBJECT_TABLE;
  context.report({
      .at = context.first_word(),
      .message = only_partitions ? fmt::format("Dropping the partition {} deletes its rows", names)
                                 : fmt::format("Dropping {} breaks the release that is running", names),
      .why =
          only_partitions
              ? std::string("The rows are gone at once, and the parent is locked against reads and writes until the "
                            "transaction ends.")
              : fmt::format("Every query that names it fails (42P01) until the last process of that release is gone.{}",
                            rows ? " The rows are gone at once, and what other tables held against it, too." : ""),
      .help = only_partitions
                  ? "DETACH PARTITION … CONCURRENTLY first, and drop the table when nobody needs its rows."
                  : "Release code that no longer asks for it first; drop it in a migration that is deployed "
                    "after that.",
      .relation = first,
      .at_most = only_partitions ? std::optional(Severity::warning) : std::nullopt,
  });
}

constexpr std::array<int, 1> tags = {T_DropStmt};
constexpr std::array aliases = {Alias{"squawk", "ban-drop-table"}, Alias{"pgfence", "drop-table"},
                                Alias{"pg-migration-lint", "PGM201"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drop-table",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "A table or view is dropped under the release that is running",
    .aliases = aliases,
    .tags = tags,
    .check = on<DropStmt, check>,
});

}  // namespace pglint::rules::drop_table
