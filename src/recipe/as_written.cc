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
  if (table->relation != nullptr &&
      std::any_of(table->relation->extra().triggers.begin(), table->relation->extra().triggers.end(),
                  [&](const catalog::Trigger& one) { return one.name == name; }))
    return {};
  return fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = pg_catalog.to_regclass({}) AND tgname = {})",
      literal(command.table_name()), literal(pg::text(create.trigname)));
}

// That the one function of that name is there; empty if it is not the only one, or not known. By the types of its
// arguments, which may be gone, too: to_regprocedure would raise.
std::string function_there(const catalog::Catalog& catalog, const ObjectWithArgs* asked,
                           const pg::QualifiedName& written, const Context& context) {
  if (asked == nullptr || context.again(kind_and_name(catalog, OBJECT_FUNCTION, written)) != nullptr) return {};
  const catalog::Function* found = catalog.find_function(
      written.schema.empty() ? Symbol{} : catalog.symbols.intern(written.schema), catalog.symbols.intern(written.name));
  if (found == nullptr) return {};
  const catalog::Function* only = nullptr;
  for (const catalog::Function* one = catalog.first_function(found->schema, found->name); one != nullptr;
       one = one->overload) {
    // Two of a name, of which one goes behind the gate: until then a call may be of either.
    if (one->created.migration >= context.first_migration) return {};
    if (one->dropped) continue;
    if (only != nullptr) return {};
    only = one;
  }
  if (only == nullptr || only->procedure || only->aggregate) return {};
  std::vector<std::string> types;
  for (const catalog::Parameter& parameter : only->parameters) {
    if (!parameter.is_input()) continue;
    std::string type = type_text(catalog, parameter.type);
    if (type.empty()) return {};
    types.push_back(std::move(type));
  }
  if (types.size() != only->arguments) return {};
  if (!asked->args_unspecified) {
    const auto said = pg::nodes(asked->objargs);
    if (said.size() != types.size()) return {};
    std::size_t i = 0;
    for (const catalog::Parameter& parameter : only->parameters) {
      if (!parameter.is_input()) continue;
      const auto* type = pg::as<::TypeName>(said[i++]);
      if (type == nullptr || pg::last_name(type->names) != catalog.text(parameter.type.name)) return {};
    }
  }
  std::string out = fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = {} AND pronamespace = pg_catalog.to_regnamespace({}) AND "
      "pronargs = {}",
      literal(catalog.text(only->name)), literal(ident(catalog.text(only->schema))), types.size());
  for (std::size_t i = 0; i < types.size(); ++i)
    out += fmt::format(" AND proargtypes[{}] = pg_catalog.to_regtype({})", i, literal(types[i]));
  return out + ")";
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
      case OBJECT_TYPE:
      case OBJECT_DOMAIN: {
        const catalog::Type* type =
            catalog.find_type(written.schema.empty() ? Symbol{} : catalog.symbols.intern(written.schema),
                              catalog.symbols.intern(written.name));
        if (type == nullptr || type->dropped || type->created.migration >= context.first_migration ||
            drop.behavior == DROP_CASCADE || context.again(kind_and_name(catalog, OBJECT_TYPE, written)) != nullptr)
          return {};
        there =
            fmt::format("pg_catalog.to_regtype({}) IS NOT NULL", literal(catalog.qualified(type->schema, type->name)));
        break;
      }
      case OBJECT_FUNCTION: {
        there = function_there(catalog, pg::as<ObjectWithArgs>(object), written, context);
        if (there.empty() || drop.behavior == DROP_CASCADE) return {};
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

// --- what is dropped -------------------------------------------------------------------------------------------------

constexpr std::string_view drop_view = "DROP VIEW IF EXISTS ";

catalog::Lookup relation_of(const catalog::Catalog& catalog, const Node* object) {
  const pg::QualifiedName written = pg::object_name(object);
  return catalog.find(written.schema.empty() ? Symbol{} : catalog.symbols.intern(written.schema),
                      catalog.symbols.intern(written.name));
}

std::string names_of(const Command& command, const DropStmt& drop) {
  const bool relations =
      drop.removeType != OBJECT_TYPE && drop.removeType != OBJECT_DOMAIN && drop.removeType != OBJECT_FUNCTION;
  std::string out;
  for (const Node* object : pg::nodes(drop.objects)) {
    std::string one;
    if (relations) {
      const catalog::Lookup found = relation_of(*command.catalog, object);
      one = command.catalog->qualified(found.schema, found.name);
    } else {
      one = kind_and_name(*command.catalog, drop.removeType, pg::object_name(object));
    }
    out += (out.empty() ? "" : ", ") + one;
  }
  return out;
}

// A view that is dropped and made again: the name under which it is known to be.
std::string view_again(const catalog::Catalog& catalog, const DropStmt& drop, const Context& context) {
  if (drop.removeType != OBJECT_VIEW || drop.behavior == DROP_CASCADE || pg::nodes(drop.objects).size() != 1) return {};
  const catalog::Lookup found = relation_of(catalog, pg::nodes(drop.objects)[0]);
  std::string name = catalog.qualified(found.schema, found.name);
  const Replaced* again = context.again(name);
  if (again == nullptr || !again->is_view || !again->lost.empty()) return {};
  // What it reads has two names until the gate.
  if (found.relation != nullptr &&
      std::any_of(found.relation->extra().reads.begin(), found.relation->extra().reads.end(),
                  [&](const catalog::Dependency& read) {
                    return read.on != nullptr && std::ranges::find(context.renames, catalog.qualified(*read.on),
                                                                   &Context::Rename::table) != context.renames.end();
                  }))
    return {};
  return name;
}

Refusal why_untold(const Command& command, const DropStmt& drop, const Context& context) {
  const catalog::Catalog& catalog = *command.catalog;
  const std::string what = fmt::format("DROP {}", pg::object_type_name(drop.removeType));
  constexpr std::string_view apart = "move it to a migration of its own, behind the release that no longer uses it";
  if (drop.behavior == DROP_CASCADE)
    return {fmt::format("{} … CASCADE takes along whatever depends on it, and cannot wait for the gate unseen", what),
            "drop what depends on it first, by name, without CASCADE"};
  for (const Node* object : pg::nodes(drop.objects)) {
    const pg::QualifiedName written = pg::object_name(object);
    if (drop.removeType == OBJECT_VIEW || drop.removeType == OBJECT_MATVIEW || drop.removeType == OBJECT_TABLE ||
        drop.removeType == OBJECT_SEQUENCE) {
      const catalog::Lookup found = relation_of(catalog, object);
      const std::string name = catalog.qualified(found.schema, found.name);
      const Replaced* again = context.again(name);
      if (again != nullptr && !again->lost.empty())
        return {fmt::format("the view {} comes again, {}: the release that runs now may read it", name, again->lost),
                "keep its columns, or make the new view under another name and drop this one in a later migration"};
      if (again != nullptr)
        return {fmt::format("{} is dropped and made again: from its name alone the database does not tell the new one "
                            "from the old",
                            name),
                drop.removeType == OBJECT_VIEW ? "one DROP VIEW for each, right before its CREATE VIEW, in a migration "
                                                 "that renames no column which it reads"
                                               : std::string(apart)};
      if (found.presence != catalog::Presence::known)
        return {fmt::format("{} is dropped, and nothing in the history makes it: whether it was there cannot be told",
                            name),
                "--schema FILE, a pg_dump --schema-only of the database; or " + std::string(apart)};
    } else if (drop.removeType == OBJECT_FUNCTION || drop.removeType == OBJECT_TYPE ||
               drop.removeType == OBJECT_DOMAIN) {
      const std::string name = kind_and_name(catalog, drop.removeType, written);
      const bool function = drop.removeType == OBJECT_FUNCTION;
      if (context.again(name) != nullptr)
        return {fmt::format("the {} is dropped and made again in the plan{}", name,
                            function ? ": as long as both are there a call may be of either, and without the old one "
                                       "the release that runs now fails"
                                     : ": from its name alone the database does not tell the new one from the old"),
                function ? "make the new one under another name, and drop this one behind the release that calls it"
                         : "make the new one under another name"};
      return {fmt::format("which {} goes is not known: {}", name,
                          function ? "the history has none, or several of that name, or one whose arguments are others"
                                   : "the history does not make it before the plan"),
              "--schema FILE, a pg_dump --schema-only of the database; or " + std::string(apart)};
    }
  }
  return {
      fmt::format("nothing tells from the database whether {} has run, and when a release no longer needs what goes "
                  "is not said",
                  what),
      std::string(apart)};
}

// Each locks the other table, for which others wait: one by one, and the table when none is left.
void drop_keys_first(const Command& command, const DropStmt& drop, Pieces& pieces) {
  const catalog::Catalog& catalog = *command.catalog;
  std::vector<const catalog::Relation*> tables;
  for (const Node* object : pg::nodes(drop.objects))
    if (const catalog::Relation* table = relation_of(catalog, object).relation; table != nullptr && table->known)
      tables.push_back(table);
  const auto goes = [&](const catalog::Relation* table) { return std::ranges::find(tables, table) != tables.end(); };
  const auto drop_key = [&](const catalog::Constraint& key) {
    if (key.dropped || key.parent != nullptr || catalog.is_new(*key.table)) return;
    const std::string on = catalog.qualified(*key.table);
    const std::string_view name = catalog.text(key.name);
    Step one = step(fmt::format("drop-{}", slug(name)),
                    fmt::format("By itself, since it locks {}, too", catalog.qualified(*key.references)),
                    {fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", on, ident(name))},
                    probe::no(probe::constraint(on, name, 'f', probe::Valid::any)));
    one.irreversible = true;
    place(pieces, Slot::contract, std::move(one));
  };
  for (const catalog::Relation* table : tables) {
    for (const catalog::Constraint* key : table->constraints)
      if (key->kind == catalog::ConstraintKind::foreign_key && key->references != table) drop_key(*key);
    if (drop.behavior == DROP_CASCADE)
      for (const catalog::Constraint* key : table->referenced_by)
        if (!goes(key->table)) drop_key(*key);
  }
}

}  // namespace

void note_views(const catalog::Catalog& end, Context& context) {
  for (auto& one : context.replaced) {
    Replaced& view = one.second;
    if (!view.is_view || !view.comes_again) continue;
    const catalog::Relation* found = nullptr;
    for (const catalog::Schema* schema : end.schemas())
      for (const catalog::Relation* relation : schema->relations)
        if (!relation->dropped && end.qualified(*relation) == one.first) found = relation;
    if (found == nullptr || found->kind != catalog::RelationKind::view || !found->columns_known ||
        view.old_columns.empty()) {
      view.lost = "and which columns it has is not known";
      continue;
    }
    for (const std::string& column : view.old_columns)
      if (catalog::column(*found, end.symbols.find(column)) == nullptr)
        view.lost = fmt::format("without its column {}", column);
  }
}

void as_written(const Command& command, const Context& context, Pieces& pieces) {
  // Timeouts and the like: a plan has its own.
  if (command.node->type == T_VariableSetStmt || command.node->type == T_TransactionStmt) return;
  // A view that is made again goes when the new one comes, in its transaction.
  if (const auto* drop = pg::as<DropStmt>(command.node);
      drop != nullptr && !view_again(*command.catalog, *drop, context).empty())
    return;
  if (harms(command)) {
    refuse(pieces, fmt::format("{} cannot be rewritten: it works on all rows while others wait",
                               pg::statement_name(command.node)));
    pieces.refused->no_recipe = true;
    return;
  }
  if (const auto* view = pg::as<ViewStmt>(command.node); view != nullptr && !view->replace && view->view != nullptr) {
    const catalog::Catalog& catalog = *command.catalog;
    const Symbol schema =
        view->view->schemaname != nullptr ? catalog.symbols.intern(view->view->schemaname) : catalog.creation_schema();
    const std::string name = catalog.qualified(schema, catalog.symbols.intern(pg::text(view->view->relname)));
    if (const Replaced* again = context.again(name); again != nullptr && again->is_view && again->lost.empty()) {
      Step both =
          step(slug(fmt::format("replace {} {}", pg::text(view->view->relname), digest(command.text))),
               "In place of the one that is there", {std::string(drop_view) + name, std::string(command.text)}, {});
      both.irreversible = true;
      return place(pieces, Slot::expand, std::move(both));
    }
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
  if (drop != nullptr && !goes) pieces.untold = why_untold(command, *drop, context);
  if (goes) {
    pieces.needs_gate = false;
    const std::string what = names_of(command, *drop);
    pieces.release.push_back(fmt::format("does not use {}", what));
    pieces.why.push_back(fmt::format("the release that runs now may use {}", what));
    if (drop->removeType == OBJECT_TABLE) drop_keys_first(command, *drop, pieces);
  }
  place(pieces, goes ? Slot::contract : validates || outside ? Slot::build : Slot::expand, std::move(out));
}

bool may_be_repeated(const std::vector<std::string>& statements) {
  if (statements.empty()) return false;
  if (statements.size() == 2 && statements[0].starts_with(drop_view)) return true;
  const std::string_view sql = statements.front();
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
