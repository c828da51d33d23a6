// Columns that are added and dropped.
#include <fmt/format.h>

#include <algorithm>

#include "pg/lexer.h"
#include "pg/tree.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

struct Wants {
  bool not_null = false;
  bool value = false;  // a default other than NULL, identity, generated
  bool key = false;
  bool reference = false;
};

Wants wants(const ColumnDef& column) {
  Wants out;
  for (const Constraint& constraint : pg::only<Constraint>(column.constraints)) {
    switch (constraint.contype) {
      case CONSTR_NOTNULL:
        out.not_null = true;
        break;
      case CONSTR_DEFAULT:
        out.value = out.value || !pg::is_null_constant(constraint.raw_expr);
        break;
      case CONSTR_IDENTITY:
      case CONSTR_GENERATED:
        out.value = true;
        break;
      case CONSTR_PRIMARY:
      case CONSTR_UNIQUE:
        out.key = true;
        break;
      case CONSTR_FOREIGN:
        out.reference = true;
        break;
      default:
        break;
    }
  }
  if (column.typeName != nullptr && pg::last_name(column.typeName->names).ends_with("serial")) out.value = true;
  return out;
}

// The clause without NOT NULL, and without the name that it may have.
std::string nullable(std::string_view clause) {
  const std::vector<pg::Token> tokens = pg::tokens(clause, 0);
  const auto is = [&](std::size_t i, std::string_view word) { return is_word(clause, tokens[i], word); };
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!is(i, "NOT") || !is(i + 1, "NULL")) continue;
    const std::size_t first = i >= 2 && is(i - 2, "CONSTRAINT") ? i - 2 : i;
    return std::string(trimmed(edited(clause, {{tokens[first].span.begin, tokens[i + 1].span.end, ""}})));
  }
  return std::string(clause);
}

std::string_view not_null_name(const ColumnDef& column) {
  for (const Constraint& constraint : pg::only<Constraint>(column.constraints))
    if (constraint.contype == CONSTR_NOTNULL) return pg::text(constraint.conname);
  return {};
}

// --value for this column, by any of its names.
const std::string* value_of(const Command& command, const effect::RelationEffect& table, std::string_view column) {
  const auto& values = command.options->values;
  const std::string_view name = command.catalog->text(table.name);
  const std::string_view schema = command.catalog->text(table.schema);
  for (const std::string& key : {fmt::format("{}.{}", name, column), fmt::format("{}.{}.{}", schema, name, column)})
    if (const auto found = values.find(key); found != values.end()) return &found->second;
  return nullptr;
}

}  // namespace

void add_column(const Command& command, const ::ColumnDef& column, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  const Wants wanted = wants(column);
  if (table == nullptr || table->is_new) return as_written(command, context, pieces);
  const std::string_view name = pg::text(column.colname);
  const catalog::Catalog& catalog = *command.catalog;
  const std::string on = command.table_name();
  const std::string label(catalog.text(table->name));
  if (command.part != nullptr && has(command.part->work, Work::rewrite))
    return refuse(pieces, fmt::format("the new column {}.{} makes PostgreSQL write the table anew", label, name),
                  "add it without its default, release code that writes it, then fill it in batches");
  if (wanted.key && command.part != nullptr && has(command.part->work, Work::index_build | Work::scan))
    return refuse(pieces,
                  fmt::format("the new column {}.{} is a key, whose index is built under the lock", label, name),
                  "add the column alone, and the key by ALTER TABLE … ADD CONSTRAINT");
  if (!wanted.not_null || wanted.value) return as_written(command, context, pieces);

  // Nullable first; the release behind the gate writes it; then the old rows are filled, and it becomes NOT NULL.
  const std::string* value = value_of(command, *table, name);
  const bool filled = context.fills(on, name);
  if (value == nullptr && !filled)
    return refuse(pieces, fmt::format("nothing says what the rows that are there get in {}.{}", label, name),
                  fmt::format("--value {}.{}=EXPR, or an UPDATE in the migration that fills it", label, name));
  const auto key = value != nullptr && table->relation != nullptr ? key_of(catalog, *table->relation) : std::nullopt;
  if (value != nullptr && !key)
    return refuse(pieces, fmt::format("{} has no known unique index over NOT NULL columns to walk along", on),
                  "--schema FILE, if the history does not make it");
  pieces.by = Operation::add_column;

  assume(catalog, *table, {}, pieces);
  std::string clause = nullable(command.clause);
  Step add = step(fmt::format("add-{}", slug(name)), "Nullable: the release that runs now does not write it",
                  {command.alone(clause)}, probe::column(on, name));
  add.undo = {fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS {}", on, ident(name))};
  place(pieces, Slot::expand, std::move(add));
  if (value != nullptr) {
    Step fill;
    fill.id = fmt::format("fill-{}", slug(name));
    fill.comment = fmt::format("Fills {} in the rows that are there", name);
    fill.kind = StepKind::backfill;
    fill.lock_class = LockClass::c;
    Backfill work;
    work.table = on;
    work.index = key->index;
    work.key = key->columns;
    work.set = {{std::string(name), *value}};
    work.where = fmt::format("{} IS NULL", ident(name));
    work.proof = fmt::format("SELECT 1 FROM {} WHERE {} IS NULL LIMIT 1", on, ident(name));
    fill.backfill = std::move(work);
    place(pieces, Slot::refill, std::move(fill));
  }
  tighten_not_null({on, label, std::string(name), std::string(not_null_name(column)), {}, command.options->pg_version},
                   pieces);
  pieces.release.push_back(fmt::format("writes {}.{} in every row it inserts", label, name));
  pieces.why.push_back(fmt::format("the release that runs now does not know {}.{}", label, name));
}

void drop_column(const Command& command, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  if (table == nullptr || table->is_new) return as_written(command, context, pieces);
  const catalog::Catalog& catalog = *command.catalog;
  const std::string_view name = pg::text(command.alter->name);
  const Symbol symbol = catalog.symbols.find(name);
  if (context.renamed_to(table->relation, symbol) != nullptr)
    return refuse(pieces, fmt::format("{} is renamed and dropped in one plan", name),
                  "drop the column under its old name");
  // IF EXISTS of one that is not there: nothing to do, and nothing to tell by that it was done.
  if (command.alter->missing_ok && table->relation != nullptr && table->relation->known &&
      catalog::column(*table->relation, symbol) == nullptr)
    return;
  if (command.alter->behavior == DROP_CASCADE)
    return refuse(pieces, fmt::format("DROP COLUMN {} CASCADE drops what depends on it, whatever that is", name),
                  "drop these first, by name");
  if (const catalog::Relation* key = table->relation != nullptr ? catalog::identity_index(*table->relation) : nullptr;
      key != nullptr && names_column(*key->index, symbol) &&
      refuse_loss_of_identity(catalog, *table->relation, key, name, pieces))
    return;
  const std::string on = command.table_name();
  const std::string label(catalog.text(table->name));
  pieces.by = Operation::drop_column;

  assume(catalog, *table, symbol, pieces, context.first_migration);
  const catalog::Column* column = table->relation != nullptr ? catalog::column(*table->relation, symbol) : nullptr;
  if (column != nullptr && column->not_null && column->default_volatility == catalog::Volatility::none &&
      column->identity == catalog::Identity::none) {
    const auto& constraints = table->relation->constraints;
    if (std::any_of(constraints.begin(), constraints.end(), [&](const catalog::Constraint* one) {
          return !one->dropped && one->kind == catalog::ConstraintKind::primary_key &&
                 std::find(one->columns.begin(), one->columns.end(), symbol) != one->columns.end();
        }))
      return refuse(pieces,
                    fmt::format("{}.{} is in the primary key: as long as it is there each new row needs a value, which "
                                "the release behind the gate does not write",
                                label, name),
                    "give it a default, or put another primary key in its place, in a migration before");
    Step loosen = step(fmt::format("allow-null-{}", slug(name)), "The next release inserts rows without it",
                       {fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", on, ident(name))},
                       probe::no(probe::not_null(on, name)));
    loosen.undo = {fmt::format("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", on, ident(name))};
    place(pieces, Slot::expand, std::move(loosen));
  }
  Step drop = step(fmt::format("drop-{}", slug(name)), "The data is gone for good",
                   {fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS {}", on, ident(name))},
                   probe::no(probe::column(on, name)));
  drop.irreversible = true;
  place(pieces, Slot::contract, std::move(drop));
  pieces.release.push_back(fmt::format("does not use {}.{}", label, name));
  pieces.why.push_back(
      fmt::format("every query of the release that runs now which names {}.{} would fail", label, name));
}

}  // namespace pglint::recipe
