// A column gets a type that holds less: values that are there, or that the running release writes, no longer fit.
#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::type_narrowed {
namespace {

using namespace lint;

int width_of_integer(std::string_view type) {
  if (type == "int2") return 2;
  if (type == "int4") return 4;
  if (type == "int8") return 8;
  return 0;
}

bool is_text(std::string_view type) { return type == "text" || type == "varchar" || type == "bpchar"; }

std::int32_t length_of(const TypeName& type) {
  for (const ::Node* value : pg::nodes(type.typmods))
    return static_cast<std::int32_t>(pg::constant_integer(value).value_or(-1));
  return -1;
}

bool narrower(const catalog::Column& from, std::string_view from_type, const TypeName& to) {
  const std::string_view to_type = pg::last_name(to.names);
  if (from.type.array_dimensions != 0 || to.arrayBounds != nullptr) return false;
  if (const int before = width_of_integer(from_type), after = width_of_integer(to_type); before != 0 && after != 0)
    return after < before;
  if (is_text(from_type) && is_text(to_type)) {
    const std::int32_t before = from.type.typmods[0];
    const std::int32_t after = length_of(to);
    if (to_type == "text" || after < 0) return false;
    return before < 0 || after < before;
  }
  if (from_type == "timestamp" || from_type == "timestamptz") return to_type == "date";
  if (from_type == "float8") return to_type == "float4";
  return from_type == "numeric" && width_of_integer(to_type) != 0;
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new || table->relation == nullptr || context.effects->has_error) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    if (command.subtype != AT_AlterColumnType) continue;
    const auto* to = pg::as<ColumnDef>(command.def);
    const catalog::Column* column =
        catalog::column(*table->relation, context.catalog->symbols.intern(pg::text(command.name)));
    if (to == nullptr || to->typeName == nullptr || column == nullptr || !column->type.name) continue;
    if (!narrower(*column, context.catalog->text(column->type.name), *to->typeName)) continue;
    context.report({
        .at = context.command(at),
        .message = fmt::format("{}.{} holds less from now on", context.display(*table), quoted(pg::text(command.name))),
        .why = "The statement fails if a value does not fit (22001, 22003) or cuts it silently, and a value that the "
               "running "
               "release writes fails from then on.",
        .help =
            "Hold the values to the narrower form by a check first, ADD … NOT VALID, mend the rows and VALIDATE it; "
            "release code that keeps to it. The type may stay as it is: it costs nothing.",
        .relation = table,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AlterColumnType}};
constexpr std::array aliases = {Alias{"migrationpilot", "MP044"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "type-narrowed",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "A column gets a type that holds less",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::type_narrowed
