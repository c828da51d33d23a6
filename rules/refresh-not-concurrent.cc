// REFRESH MATERIALIZED VIEW without CONCURRENTLY: readers of the view wait for the whole query.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::refresh_not_concurrent {
namespace {

using namespace lint;

void check(const RefreshMatViewStmt& statement, const Context& context) {
  if (statement.concurrent || context.effects->has_error) return;
  const effect::RelationEffect* view = context.effects->target();
  if (view == nullptr || view->is_new) return;
  const std::string name = context.display(*view);
  context.report({
      .at = context.keywords("REFRESH", "VIEW"),
      .message = statement.skipData ? fmt::format("{} is emptied, and every query of it fails until it is filled", name)
                                    : fmt::format("Nobody can read {} while it is refreshed", name),
      .why =
          fmt::format("PostgreSQL holds ACCESS EXCLUSIVE on {} {}.", name,
                      statement.skipData ? "for a moment, and then refuses to read it (55000)"
                                         : "for as long as its query takes, and builds its indexes anew; reads wait"),
      .help = fmt::format(
          "REFRESH MATERIALIZED VIEW CONCURRENTLY {}. It needs a unique index on plain columns of the view that has "
          "no WHERE: CREATE UNIQUE INDEX CONCURRENTLY first, if there is none.",
          name),
      .relation = view,
  });
}

constexpr std::array<int, 1> tags = {T_RefreshMatViewStmt};
constexpr std::array aliases = {Alias{"pgfence", "refresh-matview-blocking"}, Alias{"migrationpilot", "MP033"},
                                Alias{"pgsafe", "refresh-matview-non-concurrent"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "refresh-not-concurrent",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A materialized view is refreshed while nobody can read it",
    .aliases = aliases,
    .tags = tags,
    .check = on<RefreshMatViewStmt, check>,
});

}  // namespace pglint::rules::refresh_not_concurrent
