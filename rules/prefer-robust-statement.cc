// A statement that fails when the migration is tried again, since half of it is there.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::prefer_robust_statement {
namespace {

using namespace lint;

void check(const Context& context) {
  // In a transaction all of it is rolled back together.
  if (context.transaction->kind != TransactionKind::autocommit || context.in_body) return;
  std::string_view word;
  if (const auto* create = context.as<CreateStmt>()) {
    if (!create->if_not_exists) word = "IF NOT EXISTS";
  } else if (const auto* index = context.as<IndexStmt>()) {
    // Of CONCURRENTLY a failed try leaves an invalid index, which IF NOT EXISTS would take for a good one.
    if (!index->if_not_exists && !index->concurrent) word = "IF NOT EXISTS";
  } else if (const auto* drop = context.as<DropStmt>()) {
    if (!drop->missing_ok) word = "IF EXISTS";
  } else if (const auto* alter = context.as<AlterTableStmt>()) {
    for (const AlterTableCmd& command : pg::list<AlterTableCmd>(alter->cmds)) {
      if (command.subtype == AT_AddColumn && !command.missing_ok) word = "IF NOT EXISTS";
      if ((command.subtype == AT_DropColumn || command.subtype == AT_DropConstraint) && !command.missing_ok)
        word = "IF EXISTS";
    }
  }
  if (word.empty()) return;
  context.report({
      .at = context.first_word(),
      .message = fmt::format("Without {} a second try fails here", word),
      .why = "The statement commits by itself: if a later one of the migration fails, the next try begins again and "
             "finds this one "
             "done.",
      .help = fmt::format("Write {}, or put the migration in one transaction.", word),
  });
}

constexpr std::array<int, 4> tags = {T_CreateStmt, T_IndexStmt, T_DropStmt, T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddColumn}, int{AT_DropColumn}, int{AT_DropConstraint}};
constexpr std::array aliases = {Alias{"squawk", "prefer-robust-stmts"}, Alias{"pgfence", "prefer-robust-drop-table"},
                                Alias{"pgsafe", "require-if-exists"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "prefer-robust-statement",
    .category = Category::style,
    .severity = Severity::advice,
    .summary = "A statement cannot be run again after a failure",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::prefer_robust_statement
