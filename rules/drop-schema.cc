// A schema is dropped, with all that the running release asks for in it.
#include <fmt/format.h>

#include <array>
#include <optional>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::drop_schema {
namespace {

using namespace lint;

void check(const DropStmt& statement, const Context& context) {
  if (statement.removeType != OBJECT_SCHEMA || context.effects->has_error) return;
  const catalog::Catalog& catalog = *context.catalog;
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const std::string_view name = pg::string(object);
    const catalog::Schema* schema = catalog.find_schema(catalog.symbols.intern(name));
    if (schema != nullptr && schema->known && !schema->dropped && catalog.now.migration != 0 &&
        schema->created.migration == catalog.now.migration)
      continue;
    const bool cascade = statement.behavior == DROP_CASCADE;
    context.report({
        .at = context.first_word(),
        .message = fmt::format("Dropping the schema {} breaks the release that is running", quoted(name)),
        .why = cascade
                   ? "CASCADE drops every table, view and function in it with their data, and what other schemas have "
                     "that depends on them; queries of the running release fail."
                   : "Queries of the running release that name it fail.",
        .help =
            "Release code that no longer asks for it first; then drop what is in it, object by object, and the empty "
            "schema last, without CASCADE.",
        .lock = cascade ? LockMode::access_exclusive : LockMode::none,
        .at_most = cascade ? std::nullopt : std::optional(Severity::warning),
    });
  }
}

constexpr std::array<int, 1> tags = {T_DropStmt};
constexpr std::array aliases = {Alias{"pgfence", "drop-schema"}, Alias{"pgfence", "drop-schema-cascade"},
                                Alias{"pg-migration-lint", "PGM205"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "drop-schema",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "A schema is dropped under the release that is running",
    .aliases = aliases,
    .tags = tags,
    .check = on<DropStmt, check>,
});

}  // namespace pglint::rules::drop_schema
