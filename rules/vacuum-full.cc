// VACUUM FULL and CLUSTER: the table is written anew under ACCESS EXCLUSIVE.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::vacuum_full {
namespace {

using namespace lint;

void check(const Context& context) {
  std::string_view what;
  if (const auto* statement = context.as<VacuumStmt>()) {
    if (!statement->is_vacuumcmd || !pg::is_on(statement->options, "full")) return;
    what = "VACUUM FULL";
  } else {
    what = "CLUSTER";
  }
  if (context.effects->has_error) return;
  const effect::RelationEffect* table = context.table();
  if (table != nullptr && table->is_new) return;
  const std::string name = table != nullptr ? context.display(*table) : std::string("every table");
  context.report({
      .at = context.keyword(what == "CLUSTER" ? "CLUSTER" : "FULL"),
      .message = fmt::format("{} rewrites {} while nobody else can use it", what, name),
      .why = fmt::format(
          "PostgreSQL holds ACCESS EXCLUSIVE on {} while it writes every row into a new file and builds every index "
          "anew, which needs as much disk again; reads and writes wait.",
          name),
      .help = "Use pg_repack or pg_squeeze, which copy beside the traffic and lock for a moment at the end. Against "
              "dead rows alone a "
              "plain VACUUM helps, and REINDEX CONCURRENTLY against swollen indexes.",
      .relation = table,
      .lock = LockMode::access_exclusive,
      .work = Work::rewrite,
  });
}

constexpr std::array<int, 2> tags = {T_VacuumStmt, T_ClusterStmt};
constexpr std::array aliases = {Alias{"pgfence", "vacuum-full"}, Alias{"migrationpilot", "MP006"},
                                Alias{"pg-migration-lint", "PGM018"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "vacuum-full",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "VACUUM FULL or CLUSTER rewrites a table while nobody else can use it",
    .aliases = aliases,
    .tags = tags,
    .check = check,
});

}  // namespace pglint::rules::vacuum_full
