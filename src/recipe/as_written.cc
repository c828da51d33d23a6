// Commands that are safe as they are. Inside a plan each still needs to be known when it is done.
#include <fmt/format.h>

#include <algorithm>

#include "pg/tree.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

bool harms(const Command& command) {
  const effect::RelationEffect* table = command.table();
  // Of an ALTER TABLE the other commands are looked at apart.
  if (command.part != nullptr && table != nullptr)
    return !table->is_new && grows_with_table(command.part->work) && blocks_writes(command.part->lock);
  if (command.alter != nullptr) return false;
  return std::ranges::any_of(command.effects->relations, [](const effect::RelationEffect& relation) {
    return !relation.is_new && grows_with_table(relation.work) && relation.lock >= LockMode::share_update_exclusive &&
           (blocks_writes(relation.lock) || relation.blocks_table_writes);
  });
}

// When it is done; empty where that cannot be told.
std::string condition(const Command& command) {
  const catalog::Catalog& catalog = *command.catalog;
  const auto made = [&](const RangeVar* name) {
    if (name == nullptr) return std::string();
    const Symbol schema =
        name->schemaname != nullptr ? catalog.symbols.intern(name->schemaname) : catalog.creation_schema();
    return probe::relation(catalog.qualified(schema, catalog.symbols.intern(pg::text(name->relname))));
  };
  switch (command.node->type) {
    case T_CreateStmt:
      return made(pg::cast<CreateStmt>(command.node).relation);
    case T_CreateSeqStmt:
      return made(pg::cast<CreateSeqStmt>(command.node).sequence);
    case T_ViewStmt:
      return pg::cast<ViewStmt>(command.node).replace ? std::string() : made(pg::cast<ViewStmt>(command.node).view);
    case T_CreateSchemaStmt: {
      const auto& schema = pg::cast<CreateSchemaStmt>(command.node);
      return schema.schemaname == nullptr || schema.schemaElts != nullptr
                 ? std::string()
                 : fmt::format("pg_catalog.to_regnamespace({}) IS NOT NULL", literal(ident(schema.schemaname)));
    }
    case T_CreateEnumStmt: {
      const pg::QualifiedName name = pg::qualified_name(pg::cast<CreateEnumStmt>(command.node).typeName);
      const Symbol schema = name.schema.empty() ? catalog.creation_schema() : catalog.symbols.intern(name.schema);
      return fmt::format("pg_catalog.to_regtype({}) IS NOT NULL",
                         literal(catalog.qualified(schema, catalog.symbols.intern(name.name))));
    }
    case T_IndexStmt: {
      if (command.effects->builds.empty()) return {};
      const effect::Build& build = command.effects->builds.front();
      return probe::relation(catalog.qualified(build.schema, build.name));
    }
    default:
      break;
  }
  if (command.alter == nullptr) return {};
  const std::string on = command.table_name();
  const std::string_view name = pg::text(command.alter->name);
  switch (command.alter->subtype) {
    case AT_AddColumn:
      if (const auto* column = pg::as<ColumnDef>(command.alter->def))
        return probe::column(on, pg::text(column->colname));
      return {};
    case AT_SetNotNull:
      return probe::not_null(on, name);
    case AT_DropNotNull:
      return probe::no(probe::not_null(on, name));
    case AT_ColumnDefault:
      return command.alter->def == nullptr ? probe::no(probe::has_default(on, name)) : std::string();
    case AT_DropConstraint:
      return fmt::format(
          "NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass({}) AND conname = "
          "{})",
          literal(on), literal(name));
    case AT_AddConstraint:
    case AT_ValidateConstraint: {
      const auto* constraint = pg::as<Constraint>(command.alter->def);
      const std::string_view written = command.alter->subtype == AT_ValidateConstraint ? name
                                       : constraint != nullptr                         ? pg::text(constraint->conname)
                                                                                       : std::string_view();
      if (written.empty()) return {};
      return fmt::format(
          "EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass({}) AND conname = "
          "{}{})",
          literal(on), literal(written), command.alter->subtype == AT_ValidateConstraint ? " AND convalidated" : "");
    }
    case AT_EnableRowSecurity:
      return fmt::format(
          "EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass({}) AND relrowsecurity)",
          literal(on));
    default:
      return {};
  }
}

std::string undo(const Command& command) {
  const catalog::Catalog& catalog = *command.catalog;
  if (command.node->type == T_CreateStmt) {
    const RangeVar& name = *pg::cast<CreateStmt>(command.node).relation;
    const Symbol schema =
        name.schemaname != nullptr ? catalog.symbols.intern(name.schemaname) : catalog.creation_schema();
    return fmt::format("DROP TABLE IF EXISTS {}",
                       catalog.qualified(schema, catalog.symbols.intern(pg::text(name.relname))));
  }
  if (command.alter != nullptr && command.alter->subtype == AT_AddColumn)
    if (const auto* column = pg::as<ColumnDef>(command.alter->def))
      return fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS {}", command.table_name(),
                         ident(pg::text(column->colname)));
  if (command.alter != nullptr && command.alter->subtype == AT_AddConstraint)
    if (const auto* constraint = pg::as<Constraint>(command.alter->def);
        constraint != nullptr && constraint->conname != nullptr)
      return fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", command.table_name(),
                         ident(constraint->conname));
  return {};
}

}  // namespace

void as_written(const Command& command, Pieces& pieces) {
  // Timeouts and the like: a plan has its own.
  if (command.node->type == T_VariableSetStmt || command.node->type == T_TransactionStmt) return;
  if (harms(command)) {
    refuse(pieces, fmt::format("{} cannot be rewritten: it works on all rows while others wait",
                               pg::statement_name(command.node)));
    pieces.refused->no_recipe = true;
    return;
  }
  const bool outside = !command.effects->transactional;
  // What stands outside of a transaction is run again where a run was cut short.
  if (outside && command.node->type != T_VacuumStmt && command.node->type != T_ReindexStmt &&
      command.node->type != T_ClusterStmt)
    return refuse(
        pieces,
        fmt::format("{} cannot be repeated, as a run that was cut short has to be", pg::statement_name(command.node)),
        "run it by hand, and take it out of the migration");
  const bool validates = command.alter != nullptr && command.alter->subtype == AT_ValidateConstraint;
  Step out = step(slug(fmt::format("{} {}", pg::statement_name(command.node),
                                   digest(command.alter != nullptr ? command.alone() : std::string(command.text)))),
                  "As it was written", {command.alter != nullptr ? command.alone() : std::string(command.text)},
                  condition(command));
  if (validates) out.lock_class = LockClass::b;
  const std::string back = undo(command);
  if (!back.empty()) out.undo = {back};
  out.irreversible = out.undo.empty();
  if (outside) out.own_transaction = false;
  // Where something is wrong with the migration, these two leave the runner's transaction.
  if (validates || outside) pieces.by = Operation::leave_transaction;
  place(pieces, validates || outside ? Slot::build : Slot::expand, std::move(out));
}

}  // namespace pglint::recipe
