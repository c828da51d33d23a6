// A type change that rewrites, reads or re-indexes the table under ACCESS EXCLUSIVE. Those that only touch the
// catalogue (varchar growing, to text) are let pass: the effect model knows which.
#include <fmt/format.h>

#include <array>

#include "lint/rule.h"
#include "lint/words.h"

namespace pglint::rules {
namespace {

using namespace lint;

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  for (const effect::Part& part : context.effects->parts) {
    if (!grows_with_table(part.work)) continue;
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement.cmds)[part.command]);
    if (command.subtype != AT_AlterColumnType) continue;

    const std::string name = context.display(*table);
    const std::string column = quoted(pg::text(command.name));
    const bool rewrite = has(part.work, Work::rewrite);
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("Changing the type of {}.{} {} while nobody else can use it", name, column,
                               rewrite                             ? "rewrites the whole table"
                               : has(part.work, Work::index_build) ? "rebuilds its indexes"
                                                                   : "reads the whole table"),
        .why = fmt::format("PostgreSQL holds ACCESS EXCLUSIVE on {} while it {}; reads and writes wait.{}", name,
                           doing(part.work), rewrite ? " The rewrite needs as much disk again." : ""),
        .help =
            fmt::format("Add a column of the new type, keep it equal with a trigger, fill it in batches, and swap the "
                        "two in a later release."),
        .relation = table,
        .work = part.work,
    });
  }
}

constexpr std::array tags = {T_AlterTableStmt};
constexpr std::array aliases = {Alias{"squawk", "changing-column-type"}, Alias{"eugene", "E5"},
                                Alias{"pgfence", "alter-column-type"}, Alias{"strong_migrations", "change_column"}};

}  // namespace

extern const Rule type_change_rewrites;
constexpr Rule type_change_rewrites = complete({
    .id = "type-change-rewrites",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A type change rewrites or reads the table while nobody else can use it",
    .aliases = aliases,
    .tags = tags,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules
