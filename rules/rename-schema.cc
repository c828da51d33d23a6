// A schema is renamed, or a table moves to another one, while the running release asks for it in the old place.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/ahead.h"
#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::rename_schema {
namespace {

using namespace lint;

void check(const Context& context) {
  if (context.effects->has_error) return;
  if (const auto* rename = context.as<RenameStmt>()) {
    if (rename->renameType != OBJECT_SCHEMA) return;
    const catalog::Catalog& catalog = *context.catalog;
    const catalog::Schema* schema = catalog.find_schema(catalog.symbols.intern(pg::text(rename->subname)));
    if (schema != nullptr && schema->known && catalog.now.migration != 0 &&
        schema->created.migration == catalog.now.migration)
      return;
    context.report({
        .at = context.keywords("RENAME", "TO"),
        .message =
            fmt::format("Renaming the schema {} breaks the release that is running", quoted(pg::text(rename->subname))),
        .why = "From then on every query that names the schema, or has it in its search_path, finds nothing there "
               "(42P01), until the last process of the old release is gone.",
        .help =
            fmt::format("Make the schema {} beside it with a view of each table that is in use, release code that asks "
                        "there, and move the tables behind the views when the old release is gone.",
                        quoted(pg::text(rename->newname))),
    });
    return;
  }
  const auto* move = context.as<AlterObjectSchemaStmt>();
  if (move == nullptr || (move->objectType != OBJECT_TABLE && move->objectType != OBJECT_VIEW &&
                          move->objectType != OBJECT_MATVIEW && move->objectType != OBJECT_FOREIGN_TABLE))
    return;
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || table->kind == catalog::RelationKind::sequence) return;
  if (made_again(context, context.catalog->text(table->name))) return;
  const std::string name = context.display(*table);
  const std::string to = quoted(pg::text(move->newschema));
  context.report({
      .at = context.keywords("SET", "SCHEMA"),
      .message = fmt::format("Moving {} to the schema {} breaks the release that is running", name, to),
      .why = fmt::format("The move is instant, and from then on queries that ask for {} in its old place fail (42P01).",
                         name),
      .help = fmt::format("In the same transaction CREATE VIEW {} AS SELECT * FROM the table in its new place: the old "
                          "release goes on reading and writing through it.",
                          name),
      .relation = table,
  });
}

constexpr std::array<int, 2> tags = {T_RenameStmt, T_AlterObjectSchemaStmt};
constexpr std::array aliases = {Alias{"pgfence", "rename-schema"}, Alias{"pg-migration-lint", "PGM505"},
                                Alias{"migrationpilot", "MP098"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "rename-schema",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "A schema is renamed, or a table moves to another, under the release that is running",
    .aliases = aliases,
    .tags = tags,
    .check = check,
});

}  // namespace pglint::rules::rename_schema
