// A transaction that the file begins and does not end: it is rolled back when the session is over, and nobody is told.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::uncommitted_transaction {
namespace {

using namespace lint;

void check(const TransactionStmt& statement, const Context& context) {
  if (context.in_body) return;
  switch (statement.kind) {
    case TRANS_STMT_BEGIN:
    case TRANS_STMT_START:
      if (context.noted() == 0) context.note({.at = context.first_word()});
      return;
    case TRANS_STMT_COMMIT:
    case TRANS_STMT_ROLLBACK:
    case TRANS_STMT_PREPARE:
      if (!statement.chain) context.forget();
      return;
    default:
      return;
  }
}

void at_end(const Context& context, const Note& note) {
  if (context.wrapped) return;  // the tool commits
  context.report({
      .at = note.at,
      .message = "The transaction that begins here is never committed",
      .why = "At the end of the file the session is over and PostgreSQL rolls everything back that came behind BEGIN, "
             "without an error. The migration is taken to have run.",
      .help = "Write COMMIT at the end.",
  });
}

constexpr std::array<int, 1> tags = {T_TransactionStmt};
constexpr std::array aliases = {Alias{"squawk", "ban-uncommitted-transaction"},
                                Alias{"pgfence", "unclosed-transaction"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "uncommitted-transaction",
    .category = Category::fails,
    .severity = Severity::error,
    .summary = "A transaction is begun and never committed",
    .aliases = aliases,
    .subject = Subject::migration,
    .tags = tags,
    .check = on<TransactionStmt, check>,
    .effects = false,
    .at_end = at_end,
});

}  // namespace pglint::rules::uncommitted_transaction
