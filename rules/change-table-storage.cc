// SET LOGGED, UNLOGGED, ACCESS METHOD, TABLESPACE, or a new expression of a generated column: all of it is written anew
// under ACCESS EXCLUSIVE.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::change_table_storage {
namespace {

using namespace lint;

std::string_view change(AlterTableType type) {
  switch (type) {
    case AT_SetLogged:
      return "SET LOGGED";
    case AT_SetUnLogged:
      return "SET UNLOGGED";
    case AT_SetAccessMethod:
      return "SET ACCESS METHOD";
    case AT_SetTableSpace:
      return "SET TABLESPACE";
    case AT_SetExpression:
      return "SET EXPRESSION";
    default:
      return "";
  }
}

void report(const Context& context, Span at, std::string_view what, const effect::RelationEffect* table, Work work) {
  const std::string name = table != nullptr ? context.display(*table) : std::string("each table");
  context.report({
      .at = at,
      .message = fmt::format("{} writes all of {} anew while nobody else can use it", what, name),
      .why = fmt::format(
          "PostgreSQL holds ACCESS EXCLUSIVE on {} while every row and every index goes into a new file; reads and "
          "writes wait.",
          name),
      .help = "There is no form of it that lets others go on. Do it in a window in which nobody needs the table; or "
              "make a new "
              "table beside it, copy in batches with a trigger that keeps it equal, and swap the names.",
      .relation = table,
      .work = work,
  });
}

void check(const Context& context) {
  if (context.effects->has_error) return;
  if (context.as<AlterTableMoveAllStmt>() != nullptr)
    return report(context, context.first_word(), "ALL IN TABLESPACE", nullptr, Work::rewrite);
  const auto* statement = context.as<AlterTableStmt>();
  const effect::RelationEffect* table = context.effects->target();
  if (statement == nullptr || table == nullptr || table->is_new) return;
  for (const effect::Part& part : context.effects->parts) {
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement->cmds)[part.command]);
    const std::string_view what = change(command.subtype);
    if (what.empty() || !grows_with_table(part.work)) continue;
    report(context, context.command(part.command), what, table, part.work);
  }
}

constexpr std::array<int, 2> tags = {T_AlterTableStmt, T_AlterTableMoveAllStmt};
constexpr std::array commands = {int{AT_SetAccessMethod}, int{AT_SetExpression}, int{AT_SetLogged},
                                 int{AT_SetTableSpace}, int{AT_SetUnLogged}};
constexpr std::array aliases = {Alias{"pgfence", "set-logged-unlogged"},
                                Alias{"django-pg-zero-downtime-migrations", "alter-table-set-tablespace"},
                                Alias{"migrationpilot", "MP047"}, Alias{"migrationpilot", "MP095"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "change-table-storage",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A table is written into new files while nobody else can use it",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = check,
});

}  // namespace pglint::rules::change_table_storage
