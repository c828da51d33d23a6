// A type, or a value of an enumeration, is renamed while the running release still writes the old name.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::rename_type {
namespace {

using namespace lint;

bool is_new(const catalog::Type* type, const catalog::Catalog& catalog) {
  return type != nullptr && !type->dropped && catalog.now.migration != 0 &&
         type->created.migration == catalog.now.migration;
}

const catalog::Type* find(const Context& context, const ::List* names) {
  const pg::QualifiedName name = pg::qualified_name(names);
  const catalog::Catalog& catalog = *context.catalog;
  return catalog.find_type(name.schema.empty() ? Symbol{} : catalog.symbols.intern(name.schema),
                           catalog.symbols.intern(name.name));
}

void check(const Context& context) {
  if (context.effects->has_error) return;
  if (const auto* change = context.as<AlterEnumStmt>()) {
    if (change->oldVal == nullptr || is_new(find(context, change->typeName), *context.catalog)) return;
    context.report({
        .at = context.keywords("RENAME", "TO"),
        .message = fmt::format("Renaming the value '{}' of {} breaks the release that is running",
                               pg::text(change->oldVal), quoted(pg::last_name(change->typeName))),
        .why =
            "Every row shows the new name at once: the running release reads a value that it does not know, and fails "
            "(22P02) when it writes the old one.",
        .help =
            "ADD VALUE with the new name, release code that knows both, and update the rows in batches then. The old "
            "value stays, and nobody writes it.",
    });
    return;
  }
  const auto* rename = context.as<RenameStmt>();
  if (rename == nullptr || (rename->renameType != OBJECT_TYPE && rename->renameType != OBJECT_DOMAIN)) return;
  const auto* names = reinterpret_cast<const ::List*>(rename->object);
  if (rename->object == nullptr || rename->object->type != T_List || is_new(find(context, names), *context.catalog))
    return;
  context.report({
      .at = context.keywords("RENAME", "TO"),
      .message = fmt::format("Renaming the type {} breaks the release that is running", quoted(pg::last_name(names))),
      .why = "Queries that cast to it, as drivers do for enumerations and arrays of them, fail (42704) until the last "
             "process of the old release is gone.",
      .help =
          "Leave the name as it is; or CREATE DOMAIN with the old name over the new one in the same transaction, and "
          "drop it when the old release is gone.",
      .at_most = Severity::warning,
  });
}

constexpr std::array<int, 2> tags = {T_RenameStmt, T_AlterEnumStmt};
constexpr std::array aliases = {Alias{"migrationpilot", "MP071"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "rename-type",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "A type or an enumeration's value is renamed under the release that is running",
    .aliases = aliases,
    .tags = tags,
    .check = check,
});

}  // namespace pglint::rules::rename_type
