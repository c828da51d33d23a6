// DROP DATABASE in a migration.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::drop_database {
namespace {

using namespace lint;

void check(const DropdbStmt& statement, const Context& context) {
  context.report({
      .at = context.first_word(),
      .message = fmt::format("This drops the database {} with all its data", quoted(pg::text(statement.dbname))),
      .why =
          "Nothing brings it back but a backup, and a migration runs wherever somebody deploys: on a server where the "
          "name means another database, too.",
      .help = "Drop databases by hand, or by what sets up the environment, never in a migration.",
  });
}

constexpr std::array<int, 1> tags = {T_DropdbStmt};
constexpr std::array aliases = {Alias{"squawk", "ban-drop-database"}, Alias{"pgfence", "drop-database"},
                                Alias{"pg-migration-lint", "PGM205"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drop-database",
    .category = Category::data,
    .severity = Severity::error,
    .summary = "A database is dropped",
    .aliases = aliases,
    .tags = tags,
    .check = on<DropdbStmt, check>,
    .effects = false,
});

}  // namespace pglint::rules::drop_database
