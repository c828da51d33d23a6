// A table is renamed while the running release still asks for it by its old name.
#include <fmt/format.h>

#include <array>

#include "lint/rule.h"
#include "lint/words.h"

namespace pglint::rules {
namespace {

using namespace lint;

void check(const RenameStmt& statement, const Context& context) {
  if (statement.renameType != OBJECT_TABLE && statement.renameType != OBJECT_VIEW &&
      statement.renameType != OBJECT_MATVIEW && statement.renameType != OBJECT_FOREIGN_TABLE)
    return;
  const effect::RelationEffect* table = context.table();
  // ALTER TABLE also renames indexes and sequences, which no query names.
  if (table == nullptr || table->is_new || table->kind == catalog::RelationKind::sequence) return;

  const std::string name = context.display(*table);
  const std::string to = quoted(pg::text(statement.newname));
  context.report({
      .at = context.keywords("RENAME", "TO"),
      .message = fmt::format("Renaming {} to {} breaks the release that is running", name, to),
      .why =
          fmt::format("The rename is instant, and from then on every query of {} fails (42P01), until the last process "
                      "of the old release is gone.",
                      name),
      .help =
          fmt::format("In the same transaction CREATE VIEW {0} AS SELECT * FROM {1}: the old release goes on reading "
                      "and writing through it. Drop the view when that release is gone.",
                      name, to),
      .relation = table,
  });
}

constexpr std::array tags = {T_RenameStmt};
constexpr std::array aliases = {Alias{"squawk", "renaming-table"}, Alias{"pgfence", "rename-table"},
                                Alias{"strong_migrations", "rename_table"}};

}  // namespace

extern const Rule rename_table;
constexpr Rule rename_table = complete({
    .id = "rename-table",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "A table is renamed under the release that is running",
    .aliases = aliases,
    .tags = tags,
    .check = on<RenameStmt, check>,
});

}  // namespace pglint::rules
