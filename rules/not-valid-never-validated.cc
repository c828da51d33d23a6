// A constraint that was added NOT VALID, and that no later migration validates.
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::not_valid_never_validated {
namespace {

using namespace lint;

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* table = context.effects->target();
  if (table == nullptr || context.effects->has_error) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    const auto* constraint = command.subtype == AT_AddConstraint ? pg::as<Constraint>(command.def) : nullptr;
    if (constraint == nullptr || !constraint->skip_validation || constraint->conname == nullptr) continue;
    context.note({.at = context.command(at),
                  .schema = table->schema,
                  .name = table->name,
                  .what = context.catalog->symbols.intern(pg::text(constraint->conname))});
  }
}

void at_end(const Context& context, const Note& note) {
  const catalog::Catalog& catalog = *context.catalog;
  const std::uint32_t later = catalog.now.migration > note.migration ? catalog.now.migration - note.migration : 0;
  if (later == 0) return;  // its turn may come
  const catalog::Lookup found = catalog.find(note.schema, note.name);
  if (found.relation == nullptr || found.presence == catalog::Presence::gone) return;
  const catalog::Constraint* constraint = catalog::constraint(*found.relation, note.what);
  if (constraint == nullptr || constraint->valid || !constraint->enforced ||
      constraint->created.migration != note.migration)
    return;
  const std::string table = context.display(note.schema, note.name);
  const std::string name = quoted(catalog.text(note.what));
  constexpr std::uint32_t a_while = 5;
  context.report({
      .at = note.at,
      .message = fmt::format("{} of {} was never validated, in {} migration{} since", name, table, later,
                             later == 1 ? "" : "s"),
      .why = "New rows are held to it, those from before are not: rows that break it may be there, and neither the "
             "planner nor SET "
             "NOT NULL may rely on it. A dump with such rows cannot be restored with the constraint valid.",
      .help = fmt::format(
          "ALTER TABLE {} VALIDATE CONSTRAINT {} in a migration of its own: reads and writes go on meanwhile.", table,
          name),
      .at_most = later < a_while ? std::optional(Severity::advice) : std::nullopt,
  });
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddConstraint}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "not-valid-never-validated",
    .category = Category::history,
    .severity = Severity::warning,
    .summary = "A constraint is NOT VALID, and no later migration validates it",
    .subject = Subject::history,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
    .at_end = at_end,
});

}  // namespace pglint::rules::not_valid_never_validated
