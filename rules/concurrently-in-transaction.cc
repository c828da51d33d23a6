// What PostgreSQL refuses inside a transaction block: CONCURRENTLY, VACUUM and their kin. The migration fails.
#include <fmt/format.h>

#include <array>
#include <cstring>

#include "lint/context.h"
#include "lint/words.h"

namespace pglint::rules::concurrently_in_transaction {
namespace {

using namespace lint;

// Whose transaction it is, as the end of a sentence.
std::string_view whose(const Context& context) {
  if (context.in_body) return "a DO block runs inside a transaction";
  switch (context.transaction->kind) {
    case TransactionKind::explicit_:
      return "an earlier BEGIN opened a transaction";
    case TransactionKind::implicit:
      return "several statements sent as one query share a transaction";
    case TransactionKind::runner:
    case TransactionKind::autocommit:
      break;
  }
  if (context.runner == "drizzle") return "Drizzle runs all pending migrations in one transaction";
  if (context.runner == "node-pg-migrate") return "node-pg-migrate runs all pending migrations in one transaction";
  return "the migration tool runs the file in a transaction";
}

// How to get it out of there; a sentence.
std::string way_out(const Context& context) {
  if (context.in_body) return "Take it out of the DO block, and run it by itself, outside BEGIN and COMMIT.";
  if (context.transaction->kind == TransactionKind::runner && context.runner == "plain")
    return "Give it a migration of its own that the tool runs without a transaction.";
  return outside_transaction(context.runner);
}

void check(const Context& context) {
  if (!context.effects->has_error || std::strcmp(context.effects->error.sqlstate, "25001") != 0) return;
  Span at = context.keyword("CONCURRENTLY");
  if (at == context.statement) at = context.first_word();
  // The server has other words for it inside a function.
  std::string message = context.effects->error.message;
  if (const std::size_t words = message.find(" cannot run inside"); context.in_body && words != std::string::npos)
    message = message.substr(0, words) + " cannot be executed from a function";
  context.report({
      .at = at,
      .message = fmt::format("This fails: {}", message),
      .why = fmt::format("PostgreSQL refuses the statement inside a transaction (SQLSTATE 25001), and {}.",
                         whose(context)),
      .help = way_out(context),
      .relation = context.effects->target(),
  });
}

constexpr std::array aliases = {Alias{"squawk", "ban-concurrent-index-creation-in-transaction"},
                                Alias{"pgfence", "concurrent-in-transaction"},
                                Alias{"pgsafe", "concurrently-in-transaction"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "concurrently-in-transaction",
    .category = Category::fails,
    .severity = Severity::error,
    .summary = "A statement that PostgreSQL refuses inside a transaction stands in one",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::any,
    .aliases = aliases,
    .subject = Subject::transaction,
    .check = check,
});

}  // namespace pglint::rules::concurrently_in_transaction
