// A type change that rewrites, reads or re-indexes the table under ACCESS EXCLUSIVE. Those that only touch the
// catalogue (varchar growing, to text) are let pass: the effect model knows which.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::type_change_rewrites {
namespace {

using namespace lint;

// Types that some other type is changed to without a rewrite.
bool may_be_free(std::string_view type) {
  constexpr std::array<std::string_view, 9> types = {"text", "varchar", "citext",    "numeric",    "inet",
                                                     "oid",  "varbit",  "timestamp", "timestamptz"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool is_timestamp(std::string_view type) { return type == "timestamp" || type == "timestamptz"; }

std::string advice(std::string_view from, std::string_view to, bool expression, Work work) {
  if (has(work, Work::rewrite)) {
    std::string help =
        "Add a column of the new type, keep it equal with a trigger, fill it in batches, and swap the two in a later "
        "release.";
    if (is_timestamp(from) && is_timestamp(to) && from != to)
      help += fmt::format(
          " If its values are UTC there is a shorter way: SET TimeZone = 'UTC' before it in the same session{}, and "
          "nothing is rewritten.",
          expression ? ", leave USING out" : "");
    return help;
  }
  if (has(work, Work::index_build))
    return "An index over the column is built anew: DROP INDEX CONCURRENTLY before it, and CREATE INDEX CONCURRENTLY "
           "after it.";
  return "A check on the column is tested anew: drop it in the same statement, then ADD it NOT VALID, and VALIDATE it "
         "in a later transaction.";
}

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  for (const effect::Part& part : context.effects->parts) {
    if (!grows_with_table(part.work)) continue;
    const auto& command = pg::cast<AlterTableCmd>(pg::nodes(statement.cmds)[part.command]);
    if (command.subtype != AT_AlterColumnType) continue;
    const auto& to = pg::cast<ColumnDef>(command.def);

    const catalog::Catalog& catalog = *context.catalog;
    const catalog::Column* column =
        table->relation != nullptr ? catalog::column(*table->relation, catalog.symbols.find(pg::text(command.name)))
                                   : nullptr;
    const std::string_view from_type = column != nullptr ? catalog.text(column->type.name) : "";
    const std::string_view to_type = pg::last_name(to.typeName->names);
    // What the column was is not known: the worst is assumed, and said to be a guess where it may well be wrong.
    const bool guess = from_type.empty() && to.raw_default == nullptr && may_be_free(to_type);

    const std::string name = context.display(*table);
    const std::string named = quoted(pg::text(command.name));
    const bool rewrite = has(part.work, Work::rewrite);
    context.report({
        .at = context.command(part.command),
        .message = fmt::format("Changing the type of {}.{} {} while nobody else can use it", name, named,
                               guess                               ? "may rewrite the whole table"
                               : rewrite                           ? "rewrites the whole table"
                               : has(part.work, Work::index_build) ? "rebuilds its indexes"
                                                                   : "reads the whole table"),
        .why = guess ? fmt::format("No migration here says what {} was. If the new type does not take its values as "
                                   "they are, PostgreSQL holds ACCESS EXCLUSIVE on {} while it {}; reads and writes "
                                   "wait.",
                                   named, name, doing(part.work))
                     : fmt::format("PostgreSQL holds ACCESS EXCLUSIVE on {} while it {}; reads and writes wait.{}",
                                   name, doing(part.work), rewrite ? " The rewrite needs as much disk again." : ""),
        .help = advice(from_type, to_type, to.raw_default != nullptr, part.work),
        .relation = table,
        .work = part.work,
        .at_most = guess ? std::optional(Severity::warning) : std::nullopt,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AlterColumnType}};
constexpr std::array aliases = {Alias{"squawk", "changing-column-type"}, Alias{"eugene", "E5"},
                                Alias{"pgfence", "alter-column-type"}, Alias{"strong_migrations", "change_column"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "type-change-rewrites",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A type change rewrites or reads the table while nobody else can use it",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::type_change_rewrites
