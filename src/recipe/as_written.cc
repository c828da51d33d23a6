// Commands that are safe as they are. Inside a plan each still needs to be known when it is done.
#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "pg/lexer.h"
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

// A column that is not there before the plan begins.
bool is_of_plan(const Command& command, std::string_view name, const Context& context) {
  const effect::RelationEffect* table = command.table();
  const catalog::Column* column = table != nullptr && table->relation != nullptr
                                      ? catalog::column(*table->relation, command.catalog->symbols.find(name))
                                      : nullptr;
  return column != nullptr && column->created.migration >= context.first_migration;
}

// A constant as the server prints it in a default, whatever type it was given.
std::string default_condition(const Command& command) {
  const std::string on = command.table_name();
  const std::string_view name = pg::text(command.alter->name);
  const effect::RelationEffect* table = command.table();
  const catalog::Column* column = table != nullptr && table->relation != nullptr
                                      ? catalog::column(*table->relation, command.catalog->symbols.find(name))
                                      : nullptr;
  std::string printed;
  if (const auto number = pg::constant_integer(command.alter->def))
    printed = fmt::format("^\\(?''?{}''?\\)?(::.*)?$", *number);
  else if (const auto text = pg::constant_string(command.alter->def);
           text && text->find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_- ") ==
                       std::string_view::npos)
    printed = fmt::format("^''{}''(::.*)?$", *text);
  if (!printed.empty())
    return fmt::format(
        "EXISTS (SELECT FROM pg_catalog.pg_attrdef JOIN pg_catalog.pg_attribute ON attrelid = adrelid AND attnum = "
        "adnum WHERE adrelid = pg_catalog.to_regclass({}) AND attname = {} AND NOT attisdropped AND "
        "pg_catalog.pg_get_expr(adbin, adrelid) OPERATOR(pg_catalog.~) '{}')",
        literal(on), literal(name), printed);
  // The first one that the column has.
  if (column != nullptr && column->default_volatility == catalog::Volatility::none &&
      column->identity == catalog::Identity::none)
    return probe::has_default(on, name);
  return {};
}

// Of the types that a column gets without being written anew, as format_type prints them; empty for others.
std::string printed_type(const ::TypeName* type) {
  if (type == nullptr || type->arrayBounds != nullptr || type->setof) return {};
  const std::string_view name = pg::last_name(type->names);
  std::string modifiers;
  for (const Node* modifier : pg::nodes(type->typmods)) {
    const auto number = pg::constant_integer(modifier);
    if (!number) return {};
    modifiers += fmt::format("{}{}", modifiers.empty() ? "" : ",", *number);
  }
  if (name == "text" && modifiers.empty()) return "text";
  if (name == "varchar")
    return modifiers.empty() ? "character varying" : fmt::format("character varying({})", modifiers);
  if (name == "numeric" && (modifiers.empty() || modifiers.find(',') != std::string::npos))
    return modifiers.empty() ? "numeric" : fmt::format("numeric({})", modifiers);
  return {};
}

// The function that is called this, with a body like that.
std::string function_condition(const catalog::Catalog& catalog, const CreateFunctionStmt& function) {
  const pg::QualifiedName name = pg::qualified_name(function.funcname);
  const Symbol schema = name.schema.empty() ? catalog.creation_schema() : catalog.symbols.intern(name.schema);
  std::string_view body;
  bool plain = true;
  for (const DefElem& option : pg::only<DefElem>(function.options)) {
    const std::string_view said = pg::text(option.defname);
    if (said == "as") {
      const auto* texts = pg::as<List>(option.arg);
      if (texts != nullptr && texts->length == 1) body = pg::last_name(texts);
    } else if (said != "language") {
      plain = false;  // what else the function is would not be compared
    }
  }
  if (body.empty() || !plain || function.parameters != nullptr) return {};
  return fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = {} AND pronamespace = pg_catalog.to_regnamespace({}) AND "
      "pronargs = 0 AND pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(prosrc, 'UTF8')), 'hex') = '{}')",
      literal(name.name), literal(ident(catalog.text(schema))), sha256(body));
}

// ALTER TYPE … ADD VALUE.
std::string value_condition(const catalog::Catalog& catalog, const AlterEnumStmt& change) {
  if (change.oldVal != nullptr || change.newVal == nullptr) return {};
  const pg::QualifiedName name = pg::qualified_name(change.typeName);
  const catalog::Type* found = catalog.find_type(name.schema.empty() ? Symbol{} : catalog.symbols.intern(name.schema),
                                                 catalog.symbols.intern(name.name));
  if (found == nullptr) return {};
  const std::string type = catalog.qualified(found->schema, found->name);
  return fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_enum WHERE enumtypid = pg_catalog.to_regtype({}) AND enumlabel = {})",
      literal(type), literal(change.newVal));
}

// What was renamed has its new name.
std::string rename_condition(const Command& command, const RenameStmt& rename) {
  const catalog::Catalog& catalog = *command.catalog;
  if (rename.renameType == OBJECT_TABCONSTRAINT) {
    if (command.table() == nullptr) return {};
    return fmt::format(
        "EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass({}) AND conname = {})",
        literal(command.table_name()), literal(pg::text(rename.newname)));
  }
  if (rename.renameType != OBJECT_INDEX || rename.relation == nullptr) return {};
  const catalog::Lookup found = catalog.find(*rename.relation);
  const Symbol name = catalog.symbols.intern(pg::text(rename.newname));
  // Not where the name was another's before.
  if (catalog.find(found.schema, name).presence == catalog::Presence::known) return {};
  return probe::relation(catalog.qualified(found.schema, name));
}

// A trigger that is new: none of that name was there before.
std::string trigger_condition(const Command& command, const CreateTrigStmt& create) {
  const effect::RelationEffect* table = command.table();
  if (table == nullptr || create.replace || create.isconstraint) return {};
  const Symbol name = command.catalog->symbols.find(pg::text(create.trigname));
  if (table->relation != nullptr && std::any_of(table->relation->triggers.begin(), table->relation->triggers.end(),
                                                [&](const catalog::Trigger& one) { return one.name == name; }))
    return {};
  return fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = pg_catalog.to_regclass({}) AND tgname = {})",
      literal(command.table_name()), literal(pg::text(create.trigname)));
}

// DROP of what nothing in the plan makes again.
std::string gone(const catalog::Catalog& catalog, const DropStmt& drop, const Context& context) {
  std::string out;
  for (const Node* object : pg::nodes(drop.objects)) {
    const pg::QualifiedName written = pg::object_name(object);
    std::string there;
    switch (drop.removeType) {
      case OBJECT_TABLE:
      case OBJECT_VIEW:
      case OBJECT_MATVIEW:
      case OBJECT_SEQUENCE: {
        const catalog::Lookup found =
            catalog.find(written.schema.empty() ? Symbol{} : catalog.symbols.intern(written.schema),
                         catalog.symbols.intern(written.name));
        const std::string name = catalog.qualified(found.schema, found.name);
        // IF EXISTS of what is not there would be done before it begins.
        if (found.presence != catalog::Presence::known || context.again(name) != nullptr) return {};
        there = probe::relation(name);
        break;
      }
      default:
        return {};
    }
    out += (out.empty() ? "" : " AND ") + probe::no(there);
  }
  return out;
}

// When it is done; empty where that cannot be told.
std::string condition(const Command& command, const Context& context) {
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
    case T_CreateFunctionStmt:
      return function_condition(catalog, pg::cast<CreateFunctionStmt>(command.node));
    case T_CreateTrigStmt:
      return trigger_condition(command, pg::cast<CreateTrigStmt>(command.node));
    case T_AlterEnumStmt:
      return value_condition(catalog, pg::cast<AlterEnumStmt>(command.node));
    case T_RenameStmt:
      return rename_condition(command, pg::cast<RenameStmt>(command.node));
    case T_DropStmt:
      return gone(catalog, pg::cast<DropStmt>(command.node), context);
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
      return is_of_plan(command, name, context)
                 ? probe::both(probe::column(on, name), probe::no(probe::not_null(on, name)))
                 : probe::no(probe::not_null(on, name));
    case AT_ColumnDefault:
      if (command.alter->def != nullptr) return default_condition(command);
      // Of a column that the plan adds there is no default before either.
      return is_of_plan(command, name, context)
                 ? probe::both(probe::column(on, name), probe::no(probe::has_default(on, name)))
                 : probe::no(probe::has_default(on, name));
    case AT_AlterColumnType: {
      const auto* definition = pg::as<ColumnDef>(command.alter->def);
      const std::string type = definition != nullptr ? printed_type(definition->typeName) : std::string();
      if (type.empty()) return {};
      return fmt::format(
          "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass({}) AND attname = {} "
          "AND "
          "NOT attisdropped AND pg_catalog.format_type(atttypid, atttypmod) = {})",
          literal(on), literal(name), literal(type));
    }
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
      if (written.empty() && !command.effects->builds.empty())
        return fmt::format(
            "EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass({}) AND conname = "
            "{})",
            literal(on), literal(catalog.text(command.effects->builds.front().name)));
      if (written.empty()) return {};
      return fmt::format(
          "EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = pg_catalog.to_regclass({}) AND conname = "
          "{}{})",
          literal(on), literal(written), command.alter->subtype == AT_ValidateConstraint ? " AND convalidated" : "");
    }
    case AT_AddIdentity:
      return fmt::format(
          "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass({}) AND attname = {} "
          "AND "
          "NOT attisdropped AND attidentity <> '')",
          literal(on), literal(name));
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

void as_written(const Command& command, const Context& context, Pieces& pieces) {
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
                  condition(command, context));
  if (validates) out.lock_class = LockClass::b;
  out.undo = undo(command);
  out.irreversible = out.undo.empty();
  if (outside) out.own_transaction = false;
  // Where something is wrong with the migration, these two leave the runner's transaction.
  if (validates || outside) pieces.by = Operation::leave_transaction;
  // What goes, goes when nobody uses it any more.
  const auto* drop = pg::as<DropStmt>(command.node);
  const bool goes = drop != nullptr && !out.done_when.empty();
  if (goes) {
    pieces.needs_gate = false;
    const effect::RelationEffect* table = command.table();
    const std::string what = table != nullptr ? command.table_name() : std::string("what is dropped");
    pieces.release.push_back(fmt::format("does not use {}", what));
    pieces.why.push_back(fmt::format("the release that runs now may use {}", what));
  }
  place(pieces, goes ? Slot::contract : validates || outside ? Slot::build : Slot::expand, std::move(out));
}

bool may_be_repeated(std::string_view sql) {
  std::vector<std::string_view> words;
  for (const pg::Token& token : pg::tokens(sql, 0)) {
    words.push_back(sql.substr(token.span.begin, token.span.size()));
    if (words.size() == 3) break;
  }
  const auto is = [&](std::size_t i, std::string_view word) {
    return i < words.size() && words[i].size() == word.size() &&
           std::ranges::equal(words[i], word, [](char a, char b) { return (a & ~0x20) == b; });
  };
  return is(0, "ANALYZE") || is(0, "GRANT") || is(0, "REVOKE") ||
         (is(0, "CREATE") && is(1, "OR") && is(2, "REPLACE")) || (is(0, "CREATE") && is(1, "EXTENSION") && is(2, "IF"));
}

}  // namespace pglint::recipe
