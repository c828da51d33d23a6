// A column may hold NULL from now on, which the running release does not expect.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::drop_not_null {
namespace {

using namespace lint;

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || context.effects->has_error) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    if (command.subtype != AT_DropNotNull) continue;
    const catalog::Column* column =
        table->relation != nullptr
            ? catalog::column(*table->relation, context.catalog->symbols.intern(pg::text(command.name)))
            : nullptr;
    if (column != nullptr && table->known && !column->not_null) continue;
    context.report({
        .at = context.command(at),
        .message =
            fmt::format("{}.{} may hold NULL from now on", context.display(*table), quoted(pg::text(command.name))),
        .why =
            "The running release was written for a column that always has a value; it fails on the first NULL that the "
            "new one writes. The way back, SET NOT NULL, has to read the table and to find no NULL.",
        .help = "Release code that reads NULL first, and code that writes it after that.",
        .relation = table,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_DropNotNull}};
constexpr std::array aliases = {Alias{"squawk", "ban-drop-not-null"}, Alias{"pgfence", "drop-not-null"},
                                Alias{"pg-migration-lint", "PGM507"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drop-not-null",
    .category = Category::compat,
    .severity = Severity::advice,
    .summary = "A column may hold NULL from now on",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::drop_not_null
