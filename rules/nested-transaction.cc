// BEGIN inside a transaction, or COMMIT without one of the file's own: the transaction ends where nobody meant it to.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/lexer.h"
#include "pg/tree.h"

namespace pglint::rules::nested_transaction {
namespace {

using namespace lint;

bool begins(const TransactionStmt& statement) {
  return statement.kind == TRANS_STMT_BEGIN || statement.kind == TRANS_STMT_START;
}

bool ends(const TransactionStmt& statement) {
  return statement.kind == TRANS_STMT_COMMIT || statement.kind == TRANS_STMT_ROLLBACK;
}

bool goes_on(const Context& context) {
  constexpr std::size_t far_enough = 64 * 1024;
  for (const pg::Token& token : pg::tokens(context.text.substr(context.statement.end, far_enough), 0))
    if (token.kind == pg::TokenKind::word) return true;
  return false;
}

void check(const TransactionStmt& statement, const Context& context) {
  if (context.in_body) return;
  const catalog::TransactionState& state = *context.transaction;
  const bool runner = state.kind == TransactionKind::runner;
  const std::string_view word = statement.kind == TRANS_STMT_ROLLBACK ? "ROLLBACK" : "COMMIT";
  if (begins(statement)) {
    if (!runner && (state.kind != TransactionKind::explicit_ || state.statements == 0)) {
      context.forget();  // a COMMIT before it made room for this transaction on purpose
      return;
    }
    // The COMMIT that belongs to it is spoken of here.
    context.note({.at = context.first_word(), .what = context.catalog->symbols.intern("begin")});
    context.report({
        .at = context.first_word(),
        .message = "BEGIN inside a transaction that is open already",
        .why = runner
                   ? "The migration tool has begun a transaction around the file: PostgreSQL only warns (25001), and "
                     "the COMMIT below ends the tool's transaction. What follows it commits by itself, and the "
                     "tool's note that the migration has run is no longer part of it."
                   : "PostgreSQL only warns (25001) and goes on in the same transaction: the first COMMIT ends it "
                     "all, and what follows commits statement by statement.",
        .help = runner ? "Leave BEGIN and COMMIT out: the tool writes them."
                       : "COMMIT before it, or use SAVEPOINT for a part that may be rolled back by itself.",
    });
    return;
  }
  if (!ends(statement)) return;
  // Where other statements follow, somebody means to leave the transaction that the tool may have begun.
  if (goes_on(context)) return;
  if (state.kind == TransactionKind::autocommit) {
    context.report({
        .at = context.first_word(),
        .message = fmt::format("{} where no transaction is open", word),
        .why =
            "PostgreSQL only warns (25P01): every statement before it has committed by itself already, and cannot be "
            "rolled back together.",
        .help = fmt::format("Write the BEGIN that it belongs to, or leave {} out.", word),
    });
    return;
  }
  // Drizzle's own way to leave its transaction.
  if (runner && context.runner != "drizzle" && context.noted() == 0) context.note({.at = context.first_word()});
}

void at_end(const Context& context, const Note& note) {
  if (note.what) return;
  context.report({
      .at = note.at,
      .message = "This ends the transaction of the migration tool",
      .why = "What follows commits by itself, and the tool's note that the migration has run is no longer part of the "
             "transaction: a failure in between leaves the two apart.",
      .help = "Leave it out: the tool commits. If a statement has to run outside a transaction, give it a migration "
              "that the tool runs without one.",
  });
}

constexpr std::array<int, 1> tags = {T_TransactionStmt};
constexpr std::array aliases = {Alias{"squawk", "transaction-nesting"}, Alias{"migrationpilot", "MP053"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "nested-transaction",
    .category = Category::fails,
    .severity = Severity::warning,
    .summary = "BEGIN or COMMIT does not match the transaction that is open",
    .aliases = aliases,
    .subject = Subject::migration,
    .tags = tags,
    .check = on<TransactionStmt, check>,
    .effects = false,
    .at_end = at_end,
});

}  // namespace pglint::rules::nested_transaction
