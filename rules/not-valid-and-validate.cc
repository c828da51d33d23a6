// NOT VALID and VALIDATE in one transaction: the scan runs under the lock that NOT VALID was to keep short.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::not_valid_and_validate {
namespace {

using namespace lint;

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (context.transaction->kind == TransactionKind::autocommit || table == nullptr || table->is_new ||
      table->relation == nullptr || context.effects->has_error)
    return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    if (command.subtype != AT_ValidateConstraint) continue;
    const catalog::Catalog& catalog = *context.catalog;
    const catalog::Constraint* constraint =
        catalog::constraint(*table->relation, catalog.symbols.intern(pg::text(command.name)));
    if (constraint == nullptr || constraint->valid || constraint->created.transaction != catalog.now.transaction)
      continue;
    const bool key = constraint->kind == catalog::ConstraintKind::foreign_key;
    const LockMode held = key ? LockMode::share_row_exclusive : LockMode::access_exclusive;
    const std::string name = context.display(*table);
    context.report({
        .at = context.command(at),
        .message = fmt::format("{} is validated under the lock of the statement that added it",
                               quoted(pg::text(command.name))),
        .why = fmt::format(
            "ADD … NOT VALID took {} on {}, which is held until the transaction ends: {} wait while every row is "
            "checked, as if NOT VALID had not been written.",
            pglint::name(held), name, who_waits(held)),
        .help = fmt::format("Commit between the two. {}", later_transaction(context.runner)),
        .relation = table,
        .lock = held,
        .work = Work::scan,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_ValidateConstraint}};
constexpr std::array aliases = {Alias{"pgfence", "not-valid-validate-same-tx"},
                                Alias{"postgres-language-server", "requireSeparateConstraintValidation"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "not-valid-and-validate",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A constraint is validated in the transaction that adds it",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::any,
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::not_valid_and_validate
