// A function is dropped while the running release, a default or a job may call it.
#include <fmt/format.h>

#include <array>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::drop_function {
namespace {

using namespace lint;

void check(const DropStmt& statement, const Context& context) {
  if (statement.removeType != OBJECT_FUNCTION && statement.removeType != OBJECT_PROCEDURE &&
      statement.removeType != OBJECT_ROUTINE && statement.removeType != OBJECT_AGGREGATE)
    return;
  if (context.effects->has_error) return;
  const catalog::Catalog& catalog = *context.catalog;
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const pg::QualifiedName name = pg::object_name(object);
    const catalog::Function* function = catalog.find_function(
        name.schema.empty() ? Symbol{} : catalog.symbols.intern(name.schema), catalog.symbols.intern(name.name));
    if (function != nullptr) {
      if (catalog.now.migration != 0 && function->created.migration == catalog.now.migration) continue;
      if (!function->triggers_on.empty()) continue;  // triggers call it, not the release
    } else if (statement.missing_ok) {
      continue;  // nobody knows if it is there
    }
    if (made_again(context, name.name) || behind_gate(context)) continue;
    context.report({
        .at = context.first_word(),
        .message = fmt::format("Dropping the function {} breaks what still calls it", quoted(name.name)),
        .why = "Queries of the running release that call it fail (42883); calls in the bodies of other functions are "
               "not known "
               "to the server, and fail when they run.",
        .help = "Release code that no longer calls it first. To change its arguments make the new function beside it, "
                "and drop "
                "the old one in a later migration.",
    });
    return;
  }
}

constexpr std::array<int, 1> tags = {T_DropStmt};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drop-function",
    .category = Category::compat,
    .severity = Severity::warning,
    .summary = "A function is dropped while it may still be called",
    .tags = tags,
    .check = on<DropStmt, check>,
});

}  // namespace pglint::rules::drop_function
