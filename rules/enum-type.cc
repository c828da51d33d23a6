// An enumeration: its values can be added, but not taken away, and one that is added cannot be used at once.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::enum_type {
namespace {

using namespace lint;

void check(const Context& context) {
  const auto* change = context.as<AlterEnumStmt>();
  const auto* create = context.as<CreateEnumStmt>();
  if (create == nullptr && (change == nullptr || change->oldVal != nullptr)) return;  // renamed
  const std::string_view name = pg::last_name(create != nullptr ? create->typeName : change->typeName);
  context.report({
      .at = context.first_word(),
      .message = change != nullptr
                     ? fmt::format("The value '{}' stays in {} for good", pg::text(change->newVal), quoted(name))
                     : fmt::format("{} is an enumeration", quoted(name)),
      .why = "A value can be added without a lock on any table, but never dropped; it cannot be used in the "
             "transaction that adds it, and "
             "the running release may read a value that it does not know.",
      .help = "A table with the values and a foreign key to it can be changed in both directions; so can text with a "
              "CHECK.",
  });
}

constexpr std::array<int, 2> tags = {T_CreateEnumStmt, T_AlterEnumStmt};
constexpr std::array aliases = {Alias{"eugene", "W13"}, Alias{"pgfence", "alter-enum-add-value"},
                                Alias{"postgres-language-server", "creatingEnum"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "enum-type",
    .category = Category::style,
    .severity = Severity::advice,
    .summary = "An enumeration is made or extended",
    .aliases = aliases,
    .tags = tags,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::enum_type
