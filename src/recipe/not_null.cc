// SET NOT NULL: proved by a check that is validated while reads and writes go on; from PostgreSQL 18 by the constraint
// itself. Behind the gate, since the release that runs now may still write NULL.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/names.h"
#include "pg/tree.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {

void tighten_not_null(const NotNull& wanted, Pieces& pieces) {
  const std::string& table = wanted.table;
  const std::string& column = wanted.column;
  const std::string& last = wanted.becomes.empty() ? column : wanted.becomes;
  const std::string id = slug(last);
  // What was true of the column under its name stays true under its next one.
  const auto also = [&](std::string (*probe)(std::string_view, std::string_view)) {
    return wanted.becomes.empty() ? probe(table, column) : probe::either(probe(table, column), probe(table, last));
  };
  const std::string is_not_null = also(probe::not_null);
  if (wanted.pg_version >= 18) {
    const std::string name(wanted.name.empty() ? catalog::make_name(wanted.label, last, "not_null").text()
                                               : std::string_view(wanted.name));
    Step add = step(
        fmt::format("not-null-{}", id), fmt::format("No new row may have NULL in {}; old ones are not read", column),
        {fmt::format("ALTER TABLE {} ADD CONSTRAINT {} NOT NULL {} NOT VALID", table, ident(name), ident(column))},
        is_not_null);
    add.undo = {fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", table, ident(name))};
    place(pieces, Slot::tighten, std::move(add));
    Step validate =
        step(fmt::format("validate-{}-not-null", id), "Reads every row while reads and writes go on",
             {fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", table, ident(name))}, also(probe::not_null_valid));
    validate.lock_class = LockClass::b;
    place(pieces, Slot::tighten, std::move(validate));
    return;
  }
  const std::string plain = fmt::format("{}_{}_pglint_not_null", wanted.label, column);
  // Two names that begin alike must not end alike.
  const std::string name = plain.size() <= 63 ? plain : name_beside(plain, "pglint");
  Step add = step(fmt::format("check-{}-not-null", id),
                  fmt::format("No new row may have NULL in {}; old ones are not read", column),
                  {fmt::format("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", table, ident(name),
                               ident(column))},
                  probe::either(probe::not_null_check(table, name, column, probe::Valid::any), is_not_null));
  add.undo = {fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", table, ident(name))};
  place(pieces, Slot::tighten, std::move(add));

  Step validate = step(fmt::format("validate-{}-not-null", id), "Reads every row while reads and writes go on",
                       {fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", table, ident(name))},
                       probe::either(probe::not_null_check(table, name, column, probe::Valid::valid), is_not_null));
  validate.lock_class = LockClass::b;
  place(pieces, Slot::tighten, std::move(validate));

  // Two statements: dropped in the same ALTER TABLE, the check would no longer prove it, and all rows be read.
  Step set = step(fmt::format("set-{}-not-null", id), "Proved by the check, which is no longer needed: reads nothing",
                  {fmt::format("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", table, ident(column)),
                   fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", table, ident(name))},
                  probe::both(is_not_null, probe::no(probe::constraint(table, name, 'c', probe::Valid::any))));
  set.undo = {fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", table, ident(column))};
  place(pieces, Slot::tighten, std::move(set));
}

void set_not_null(const Command& command, std::string_view column, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  if (table == nullptr || table->is_new || command.part == nullptr || !has(command.part->work, Work::scan))
    return as_written(command, context, pieces);
  const std::string name = command.table_name();
  const std::string label(command.catalog->text(table->name));
  const Symbol symbol = command.catalog->symbols.find(column);
  const Renamed* renamed = context.renamed_to(table->relation, symbol);
  pieces.by = Operation::set_not_null;
  if (renamed == nullptr) assume(*command.catalog, *table, symbol, pieces, context.first_migration);

  const auto* constraint =
      command.alter->subtype == AT_AddConstraint ? pg::as<Constraint>(command.alter->def) : nullptr;
  NotNull wanted{name, label, std::string(column), {}, {}, command.options->pg_version};
  if (constraint != nullptr) wanted.name = pg::text(constraint->conname);
  if (renamed != nullptr && renamed->follows) {
    wanted.column = command.catalog->text(renamed->from);
    wanted.becomes = column;
  }
  tighten_not_null(wanted, pieces);
  pieces.release.push_back(fmt::format("never writes NULL to {}.{}", label, column));
  pieces.why.push_back(
      fmt::format("until then the release that runs now may write NULL to {}.{}, which would fail", label, column));

  // Where a fill of the plan replaces NULL, there is nothing that could be missing; rows may be what it deletes.
  if (context.fills(name, column) || std::ranges::find(context.deletes, name) != context.deletes.end()) return;
  const std::string asked = ident(renamed != nullptr ? command.catalog->text(renamed->from) : column);
  const auto key = table->relation != nullptr ? key_of(*command.catalog, *table->relation) : std::nullopt;
  pieces.checks.push_back(
      {fmt::format("nulls-in-{}", slug(column)), pieces.steps.front().step.id,
       fmt::format("SELECT {} FROM {} WHERE {} IS NULL LIMIT 10", key ? ident(key->columns[0].name) : "1", name, asked),
       fmt::format("{}.{} holds NULL: SET NOT NULL would fail. Fill it, in the application or by an "
                   "UPDATE in the migration",
                   label, asked)});
}

}  // namespace pglint::recipe
