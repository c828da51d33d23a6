// The default of a NOT NULL column is dropped: INSERTs of the running release that leave it out fail.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::drop_default {
namespace {

using namespace lint;

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || table->relation == nullptr || context.effects->has_error) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    if (command.subtype != AT_ColumnDefault || (command.def != nullptr && !pg::is_null_constant(command.def))) continue;
    const catalog::Column* column =
        catalog::column(*table->relation, context.catalog->symbols.intern(pg::text(command.name)));
    if (column == nullptr || !column->not_null || column->default_null || behind_gate(context)) continue;
    const std::string named = fmt::format("{}.{}", context.display(*table), quoted(pg::text(command.name)));
    const bool fresh =
        context.catalog->now.migration != 0 && column->created.migration == context.catalog->now.migration;
    context.report({
        .at = context.command(at),
        .message = fmt::format("INSERTs of the running release fail without the default of {}", named),
        .why =
            fmt::format("The column is NOT NULL. {} (23502).",
                        fresh ? "The running release does not know it, so that each of its INSERTs fails from then on"
                              : "Each INSERT that leaves it to the default fails from then on"),
        .help =
            "Keep the default until no process of that release is left, and drop it in a migration behind the next.",
        .relation = table,
        .at_most = fresh ? std::nullopt : std::optional(Severity::warning),
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_ColumnDefault}};
constexpr std::array aliases = {Alias{"django-pg-zero-downtime-migrations", "add-column-not-null"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drop-default",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "The default of a NOT NULL column is dropped under the release that is running",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::drop_default
