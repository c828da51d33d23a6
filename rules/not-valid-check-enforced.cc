// A NOT VALID check holds new rows from the first moment: the running release may still write what it forbids.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::not_valid_check_enforced {
namespace {

using namespace lint;

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || table->relation == nullptr || context.effects->has_error) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    const auto* constraint = command.subtype == AT_AddConstraint ? pg::as<Constraint>(command.def) : nullptr;
    if (constraint == nullptr || constraint->contype != CONSTR_CHECK || !constraint->skip_validation) continue;
    // IS NOT NULL over a column that an INSERT may leave out.
    const auto* test = pg::as<NullTest>(constraint->raw_expr);
    const auto* named = test != nullptr && test->nulltesttype == IS_NOT_NULL ? pg::as<ColumnRef>(test->arg) : nullptr;
    if (named == nullptr) continue;
    const catalog::Column* column =
        catalog::column(*table->relation, context.catalog->symbols.intern(pg::column_name(*named)));
    if (column == nullptr || !column->default_null || column->not_null || behind_gate(context)) continue;
    const std::string full = fmt::format("{}.{}", context.display(*table), quoted(pg::column_name(*named)));
    context.report({
        .at = context.command(at),
        .message = fmt::format("From now on every INSERT has to give {}", full),
        .why = "NOT VALID spares the rows that are there, not those that are written: an INSERT or UPDATE of the "
               "running release that "
               "leaves the column NULL fails at once (23514).",
        .help = "Release code that always writes it first, or SET DEFAULT before the check.",
        .relation = table,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddConstraint}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "not-valid-check-enforced",
    .category = Category::compat,
    .severity = Severity::advice,
    .summary = "A NOT VALID check refuses what the running release may write",
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::not_valid_check_enforced
