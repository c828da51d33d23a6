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
  // Without a name they go over every table there is.
  if (const auto* cluster = pg::as<ClusterStmt>(command.node); cluster != nullptr && cluster->relation == nullptr)
    return true;
  if (const auto* reindex = pg::as<ReindexStmt>(command.node); reindex != nullptr && reindex->relation == nullptr)
    return !pg::is_concurrent(command.node);
  if (const auto* vacuum = pg::as<VacuumStmt>(command.node); vacuum != nullptr && vacuum->rels == nullptr)
    return vacuum->is_vacuumcmd && pg::is_on(vacuum->options, "full");
  return std::ranges::any_of(command.effects->relations, [](const effect::RelationEffect& relation) {
    return !relation.is_new && grows_with_table(relation.work) && relation.lock >= LockMode::share_update_exclusive &&
           (blocks_writes(relation.lock) || relation.blocks_table_writes);
  });
}

// The comment of an object is this text.
std::string comment_condition(const catalog::Catalog& catalog, const CommentStmt& comment) {
  const auto relation = [&](const pg::QualifiedName& name) {
    const catalog::Lookup found = catalog.find(name.schema.empty() ? Symbol{} : catalog.symbols.intern(name.schema),
                                               catalog.symbols.intern(name.name));
    return fmt::format("pg_catalog.to_regclass({})", literal(catalog.qualified(found.schema, found.name)));
  };
  const auto* names = pg::as<List>(comment.object);
  std::string says;
  switch (comment.objtype) {
    case OBJECT_TABLE:
    case OBJECT_FOREIGN_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_INDEX:
    case OBJECT_SEQUENCE:
      says = fmt::format("pg_catalog.obj_description({}, 'pg_class')", relation(pg::object_name(comment.object)));
      break;
    case OBJECT_COLUMN:
      says = fmt::format(
          "(SELECT pg_catalog.col_description(attrelid, attnum) FROM pg_catalog.pg_attribute WHERE attrelid = {} AND "
          "attname = {} AND NOT attisdropped)",
          relation(pg::owner_of(names)), literal(pg::last_name(names)));
      break;
    case OBJECT_TABCONSTRAINT:
      says = fmt::format(
          "(SELECT pg_catalog.obj_description(oid, 'pg_constraint') FROM pg_catalog.pg_constraint WHERE conrelid = {} "
          "AND conname = {})",
          relation(pg::owner_of(names)), literal(pg::last_name(names)));
      break;
    case OBJECT_SCHEMA:
      says = fmt::format("pg_catalog.obj_description(pg_catalog.to_regnamespace({}), 'pg_namespace')",
                         literal(ident(pg::string(comment.object))));
      break;
    default:
      return {};
  }
  if (comment.comment == nullptr || *comment.comment == '\0') return says + " IS NULL";
  return fmt::format("{} IS NOT DISTINCT FROM {}", says, literal(comment.comment));
}

// Rows of constants, by a key that each of them names: how they can be found again.
std::vector<std::string> rows_by_key(const Command& command, const InsertStmt& insert) {
  const effect::RelationEffect* table = command.table();
  const auto* select = pg::as<SelectStmt>(insert.selectStmt);
  if (table == nullptr || table->relation == nullptr || select == nullptr || select->valuesLists == nullptr ||
      insert.withClause != nullptr || insert.returningClause != nullptr || insert.override != OVERRIDING_NOT_SET ||
      (insert.onConflictClause != nullptr && insert.onConflictClause->action != ONCONFLICT_NOTHING))
    return {};
  const catalog::Catalog& catalog = *command.catalog;
  std::vector<Symbol> columns;
  for (const ResTarget& target : pg::only<ResTarget>(insert.cols))
    columns.push_back(catalog.symbols.find(pg::text(target.name)));
  if (insert.cols == nullptr)
    for (const catalog::Column& column : table->relation->columns)
      if (!column.dropped) columns.push_back(column.name);
  const auto constant = [](const Node* value) -> std::string {
    if (const auto number = pg::constant_integer(value)) return std::to_string(*number);
    if (const auto text = pg::constant_string(value)) return literal(*text);
    return {};
  };
  const auto rows_of = [&](const catalog::Index& index) {
    std::vector<std::string> rows;
    for (const Node* row : pg::nodes(select->valuesLists)) {
      const auto values = pg::nodes(pg::as<List>(row));
      std::string found;
      for (const catalog::IndexKey& key : index.keys) {
        const auto at = static_cast<std::size_t>(std::ranges::find(columns, key.column) - columns.begin());
        const std::string value = key.column && at < values.size() ? constant(values[at]) : std::string();
        if (value.empty()) return std::vector<std::string>();
        found += fmt::format("{}{} = {}", found.empty() ? "" : " AND ", ident(catalog.text(key.column)), value);
      }
      rows.push_back(std::move(found));
    }
    return rows;
  };
  constexpr std::size_t most = 200;
  for (const catalog::Relation* index : table->relation->indexes) {
    if (index->dropped || index->index == nullptr || !index->index->unique || !index->index->predicate.empty())
      continue;
    std::vector<std::string> rows = rows_of(*index->index);
    if (!rows.empty() && rows.size() <= most) return rows;
  }
  return {};
}

std::string insert_condition(const Command& command, const InsertStmt& insert) {
  std::string out;
  for (const std::string& row : rows_by_key(command, insert))
    out += fmt::format("{}EXISTS (SELECT FROM {} WHERE {})", out.empty() ? "" : "\n  AND ", command.table_name(), row);
  // A table that the plan makes is not there to be asked before it does.
  if (!out.empty() && command.table()->is_new)
    return fmt::format(
        "CASE WHEN {} THEN pg_catalog.xpath_exists('//row', pg_catalog.query_to_xml({}, true, false, '')) ELSE false "
        "END",
        probe::relation(command.table_name()), literal("SELECT 1 WHERE " + out));
  return out;
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
    case T_CommentStmt:
      return comment_condition(catalog, pg::cast<CommentStmt>(command.node));
    case T_InsertStmt:
      return insert_condition(command, pg::cast<InsertStmt>(command.node));
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

std::vector<std::string> undo(const Command& command) {
  const catalog::Catalog& catalog = *command.catalog;
  if (const auto* insert = pg::as<InsertStmt>(command.node); insert != nullptr && insert->onConflictClause == nullptr) {
    std::vector<std::string> out;
    for (const std::string& row : rows_by_key(command, *insert))
      out.push_back(fmt::format("DELETE FROM {} WHERE {}", command.table_name(), row));
    return out;
  }
  if (command.node->type == T_CreateStmt) {
    const RangeVar& name = *pg::cast<CreateStmt>(command.node).relation;
    const Symbol schema =
        name.schemaname != nullptr ? catalog.symbols.intern(name.schemaname) : catalog.creation_schema();
    return {fmt::format("DROP TABLE IF EXISTS {}",
                        catalog.qualified(schema, catalog.symbols.intern(pg::text(name.relname))))};
  }
  if (command.alter != nullptr && command.alter->subtype == AT_AddColumn)
    if (const auto* column = pg::as<ColumnDef>(command.alter->def))
      return {fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS {}", command.table_name(),
                          ident(pg::text(column->colname)))};
  if (command.alter != nullptr && command.alter->subtype == AT_AddConstraint)
    if (const auto* constraint = pg::as<Constraint>(command.alter->def);
        constraint != nullptr && constraint->conname != nullptr)
      return {
          fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", command.table_name(), ident(constraint->conname))};
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
  out.undo = undo(command);
  out.irreversible = out.undo.empty();
  if (outside) out.own_transaction = false;
  // Where something is wrong with the migration, these two leave the runner's transaction.
  if (validates || outside) pieces.by = Operation::leave_transaction;
  place(pieces, validates || outside ? Slot::build : Slot::expand, std::move(out));
}

}  // namespace pglint::recipe
