#include <algorithm>
#include <array>

#include "catalog/expression.h"
#include "catalog/replay/state.h"
#include "catalog/replay/text.h"

namespace pglint::catalog {
namespace {

// INTERVAL's modifiers are a mask of fields, all of them where none was written, and a precision.
constexpr std::int32_t all_fields = 0x7FFF;

constexpr std::string_view serial_bases[] = {"int2", "int2", "int4", "int4", "int8", "int8"};

// Types of extensions that migrations use by name. Where an extension goes is known, so its types are too.
struct ExtensionType {
  std::string_view extension;
  std::string_view type;
};
constexpr ExtensionType extension_types[] = {
    {"citext", "citext"},
    {"hstore", "hstore"},
    {"ltree", "ltree"},
    {"ltree", "lquery"},
    {"ltree", "ltxtquery"},
    {"cube", "cube"},
    {"isn", "isbn"},
    {"isn", "ean13"},
    {"seg", "seg"},
    {"vector", "vector"},
    {"vector", "halfvec"},
    {"vector", "sparsevec"},
    {"postgis", "geometry"},
    {"postgis", "geography"},
    {"postgis", "box2d"},
    {"postgis", "box3d"},
    {"postgis_raster", "raster"},
    {"intarray", "query_int"},
    {"pg_trgm", "gtrgm"},
};

// Extensions that bring no tables, views or sequences; of any other it is not known what it brings.
constexpr std::array plain_extensions = std::to_array<std::string_view>({
    "amcheck",
    "autoinc",
    "bloom",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dblink",
    "dict_int",
    "dict_xsyn",
    "earthdistance",
    "file_fdw",
    "fuzzystrmatch",
    "hstore",
    "insert_username",
    "intagg",
    "intarray",
    "isn",
    "lo",
    "ltree",
    "moddatetime",
    "pageinspect",
    "pg_trgm",
    "pgcrypto",
    "pgrowlocks",
    "pgstattuple",
    "plperl",
    "plpgsql",
    "plpython3u",
    "plv8",
    "postgres_fdw",
    "refint",
    "seg",
    "sslinfo",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
    "vector",
    "xml2",
});

}  // namespace

// --- names of types --------------------------------------------------------------------------------------------------

TypeName Replay::type_name(const ::TypeName* written) const {
  TypeName type;
  if (written == nullptr) return type;
  const auto names = pg::nodes(written->names);
  if (names.empty()) return type;
  if (written->pct_type) {
    // table.column%TYPE
    if (names.size() < 2) return type;
    const Relation* relation =
        seen(names.size() > 2 ? symbol_of(names[names.size() - 3]) : Symbol{}, symbol_of(names[names.size() - 2]));
    const Column* of = relation != nullptr ? column(*relation, symbol_of(names[names.size() - 1])) : nullptr;
    if (of != nullptr) type = of->type;
    type.serial = false;
    return type;
  }
  std::string_view name = pg::string(names[names.size() - 1]);
  type.array_dimensions = static_cast<std::uint8_t>(std::min<std::size_t>(pg::nodes(written->arrayBounds).size(), 255));
  type.name = symbol(name);
  if (names.size() >= 2) {
    // As the parser spells int, varchar and the like.
    const std::string_view schema = pg::string(names[names.size() - 2]);
    if (schema != "pg_catalog") type.schema = symbol(schema);
  } else if (type.name.id >= c.first_serial_ && type.name.id < c.first_serial_ + std::size(serial_bases)) {
    type.name = symbol(serial_bases[type.name.id - c.first_serial_]);
    type.serial = true;
  }
  if (!type.schema && !c.is_builtin_type(type.name)) {
    if (names.size() == 1) {
      if (const Type* found = c.find_type({}, type.name)) type.schema = found->schema;
    }
    // _int4 is the array type's own name.
    if (!type.schema && name.size() > 1 && name[0] == '_') {
      if (const Symbol element = c.symbols.find(name.substr(1)); element && c.is_builtin_type(element)) {
        type.name = element;
        type.array_dimensions = 1;
      }
    }
  }
  if (written->typmods == nullptr) return type;
  std::int32_t mods[2] = {-1, -1};
  std::size_t count = 0;
  for (const ::Node* modifier : pg::nodes(written->typmods)) {
    if (count == 2) break;
    const auto value = pg::constant_integer(modifier);
    mods[count++] = value && *value >= INT32_MIN && *value <= INT32_MAX ? static_cast<std::int32_t>(*value) : -1;
  }
  if (!type.schema && c.text(type.name) == "interval") {
    type.typmods[0] = mods[1];
    type.typmods[1] = mods[0] == all_fields ? -1 : mods[0];
  } else {
    type.typmods[0] = mods[0];
    type.typmods[1] = mods[1];
    // numeric(10) is numeric(10,0).
    if (count == 1 && !type.schema && c.text(type.name) == "numeric") type.typmods[1] = 0;
  }
  return type;
}

void Replay::use_type(Relation& relation, const TypeName& name) const {
  if (!name.name || (!name.schema && c.is_builtin_type(name.name))) return;
  Type* type = c.type_of(name.schema, name.name);
  if (type == nullptr || (!type->users.empty() && type->users.back() == &relation)) return;
  append_live(type->users, &relation);
}

Type* Replay::type_named(const ::List* names) const {
  const auto written = pg::qualified_name(names);
  return c.type_of(symbol(written.schema), symbol(written.name));
}

Type* Replay::begin_type(const ::List* names, TypeKind kind) {
  const auto written = pg::qualified_name(names);
  const Symbol schema = written.schema.empty() ? c.creation_schema() : symbol(written.schema);
  const Symbol name = symbol(written.name);
  if (c.type_at(schema, name) != nullptr) return nullptr;
  auto* type = c.arena.make<Type>();
  type->kind = kind;
  type->schema = schema;
  type->name = name;
  type->created = c.now;
  return type;
}

// --- enumerations ----------------------------------------------------------------------------------------------------

EnumValue* Replay::value_of(const Type& type, Symbol name) const {
  if (type.names != nullptr && type.names->has(Names::Kind::value)) {
    const std::uintptr_t* found = type.names->at.find(Names::key(Names::Kind::value, name));
    if (found == nullptr) return nullptr;
    EnumValue& value = type.values[static_cast<std::uint32_t>(*found)];
    return value.name == name ? &value : nullptr;
  }
  for (EnumValue& value : type.values)
    if (value.name == name) return &value;
  return nullptr;
}

void Replay::add_value(Type& type, Symbol name) const {
  append(type.values, EnumValue{name, c.now});
  const std::uint32_t count = type.values.size();
  if (count <= Names::few) return;
  if (type.names == nullptr) set(type.names, c.arena.make<Names>());
  Names& names = *type.names;
  if (!names.has(Names::Kind::value)) {
    for (std::uint32_t i = 0; i < count; ++i)
      names.at.set(Names::key(Names::Kind::value, type.values[i].name), i, c.arena, c.journal);
    set(names.built, names.built | Names::bit(Names::Kind::value));
  }
  names.at.set(Names::key(Names::Kind::value, name), count - 1, c.arena, c.journal);
}

void Replay::create_enum(const ::CreateEnumStmt& statement) {
  Type* type = begin_type(statement.typeName, TypeKind::enumeration);
  if (type == nullptr) return;
  for (const ::Node* label : pg::nodes(statement.vals)) add_value(*type, symbol_of(label));
  c.put_type(type);
}

void Replay::alter_enum(const ::AlterEnumStmt& statement) {
  Type* type = type_named(statement.typeName);
  if (type == nullptr || type->kind != TypeKind::enumeration) return;
  const Symbol value = symbol(statement.newVal);
  if (value_of(*type, value) != nullptr) return;
  if (statement.oldVal == nullptr) {
    add_value(*type, value);
    set(type->values.back().later, true);
    return;
  }
  EnumValue* old = value_of(*type, symbol(statement.oldVal));
  if (old == nullptr) return;
  set(old->name, value);
  if (type->names != nullptr)
    type->names->at.set(Names::key(Names::Kind::value, value), static_cast<std::uintptr_t>(old - type->values.begin()),
                        c.arena, c.journal);
}

// --- domains ---------------------------------------------------------------------------------------------------------

void Replay::add_domain_check(Type& type, const ::Constraint& written) {
  auto* check = c.arena.make<Constraint>();
  check->kind = ConstraintKind::check;
  check->name = written.conname != nullptr ? symbol(written.conname)
                                           : choose_constraint_name(c.text(type.name), {}, "check", type.schema);
  check->valid = !written.skip_validation;
  check->sql = c.arena.copy(in_parentheses(sql, written.location));
  check->created = c.now;
  append_live(type.checks, check);
  take_constraint_name(type.schema, check->name);
  if (type.checks.size() > Names::few) remember_check(type, *check);
}

void Replay::remember_check(Type& type, Constraint& check) const {
  if (type.names == nullptr) set(type.names, c.arena.make<Names>());
  Names& names = *type.names;
  const auto keep = [&](Constraint& one) {
    names.at.set(Names::key(Names::Kind::constraint, one.name), reinterpret_cast<std::uintptr_t>(&one), c.arena,
                 c.journal);
  };
  if (!names.has(Names::Kind::constraint)) {
    for (Constraint* one : type.checks)
      if (!one->dropped) keep(*one);
    set(names.built, names.built | Names::bit(Names::Kind::constraint));
  }
  keep(check);
}

Constraint* Replay::domain_check(const Type& type, Symbol name) const {
  if (type.names != nullptr && type.names->has(Names::Kind::constraint)) {
    const std::uintptr_t* found = type.names->at.find(Names::key(Names::Kind::constraint, name));
    if (found == nullptr) return nullptr;
    auto* check = reinterpret_cast<Constraint*>(*found);
    return check->dropped || check->name != name ? nullptr : check;
  }
  for (Constraint* check : type.checks)
    if (check->name == name && !check->dropped) return check;
  return nullptr;
}

void Replay::create_domain(const ::CreateDomainStmt& statement) {
  Type* type = begin_type(statement.domainname, TypeKind::domain);
  if (type == nullptr) return;
  type->base = type_name(statement.typeName);
  for (const ::Constraint& written : pg::only<::Constraint>(statement.constraints)) {
    if (written.contype == CONSTR_NOTNULL) type->domain_not_null = true;
    if (written.contype == CONSTR_DEFAULT) type->domain_default = !pg::is_null_constant(written.raw_expr);
    if (written.contype == CONSTR_CHECK) add_domain_check(*type, written);
  }
  // CREATE DOMAIN has no NOT VALID.
  for (Constraint* check : type->checks) check->valid = true;
  c.put_type(type);
}

void Replay::alter_domain(const ::AlterDomainStmt& statement) {
  Type* type = type_named(statement.typeName);
  if (type == nullptr || type->kind != TypeKind::domain) return;
  const Symbol name = symbol(statement.name);
  const auto* written = pg::as<::Constraint>(statement.def);
  Constraint* check = name ? domain_check(*type, name) : nullptr;
  switch (statement.subtype) {
    case 'T':  // SET DEFAULT, DROP DEFAULT
      set(type->domain_default, statement.def != nullptr && !pg::is_null_constant(statement.def));
      break;
    case 'N':
    case 'O':
      set(type->domain_not_null, statement.subtype == 'O');
      break;
    case 'C':
      if (written == nullptr) break;
      if (written->contype == CONSTR_NOTNULL) set(type->domain_not_null, true);
      if (written->contype == CONSTR_CHECK) add_domain_check(*type, *written);
      break;
    case 'X':
      if (check == nullptr) break;
      set(check->dropped, true);
      release_constraint_name(type->schema, name);
      break;
    case 'V':
      if (check == nullptr || check->valid) break;
      set(check->valid, true);
      set(check->validated, c.now);
      break;
    default:
      break;
  }
}

// --- the others ------------------------------------------------------------------------------------------------------

void Replay::create_composite(const ::CompositeTypeStmt& statement) {
  if (statement.typevar == nullptr) return;
  Relation* relation = begin_relation(*statement.typevar, RelationKind::composite, false);
  if (relation == nullptr) return;
  reserve(relation->columns, static_cast<std::uint32_t>(pg::nodes(statement.coldeflist).size()), c.arena);
  for (const ::ColumnDef& definition : pg::only<::ColumnDef>(statement.coldeflist))
    define_column(*relation, definition);
  end_relation(*relation);
  auto* type = c.arena.make<Type>();
  type->kind = TypeKind::composite;
  type->schema = relation->schema;
  type->name = relation->name;
  type->created = c.now;
  type->relation = relation;
  c.put_type(type);
}

void Replay::create_range(const ::CreateRangeStmt& statement) {
  Type* type = begin_type(statement.typeName, TypeKind::range);
  if (type != nullptr) c.put_type(type);
}

void Replay::define(const ::DefineStmt& statement) {
  if (statement.kind == OBJECT_AGGREGATE) return create_aggregate(statement);
  if (statement.kind != OBJECT_TYPE) return;
  Type* type = begin_type(statement.defnames, TypeKind::base);
  if (type != nullptr) c.put_type(type);
}

void Replay::create_extension(const ::CreateExtensionStmt& statement) {
  const Symbol name = symbol(statement.extname);
  if (!name || c.has_extension(name)) return;
  append(c.extensions_, name);
  if (std::find(plain_extensions.begin(), plain_extensions.end(), c.text(name)) == plain_extensions.end())
    set(c.opaque_extensions_, c.opaque_extensions_ + 1);
  Symbol schema = c.creation_schema();
  if (const ::DefElem* option = pg::option(statement.options, "schema"); option != nullptr)
    schema = symbol(pg::value(*option));
  for (const auto& [extension, made] : extension_types) {
    if (extension != c.text(name)) continue;
    const Symbol type_symbol = symbol(made);
    if (!schema || c.type_at(schema, type_symbol) != nullptr) continue;
    auto* type = c.arena.make<Type>();
    type->kind = TypeKind::base;
    type->schema = schema;
    type->name = type_symbol;
    type->created = c.now;
    c.put_type(type);
  }
}

void Replay::drop_extension_types(Symbol name, bool cascade) {
  for (const auto& [extension, made] : extension_types) {
    if (extension != c.text(name)) continue;
    const Symbol type_symbol = symbol(made);
    for (const Schema* schema : c.schemas_)
      if (const Type* type = c.type_at(schema->name, type_symbol); type != nullptr && type->kind == TypeKind::base)
        drop_type(*c.type_of(schema->name, type_symbol), cascade);
  }
}

void Replay::drop_type(Type& type, bool cascade) {
  set(type.dropped, true);
  for (Constraint* check : type.checks) {
    if (check->dropped) continue;
    set(check->dropped, true);
    release_constraint_name(type.schema, check->name);
  }
  if (type.relation != nullptr && !type.relation->dropped) drop_relation(*type.relation, cascade);
  if (!cascade) return;
  // Columns of it go with it.
  for (Relation* user : type.users) {
    if (user->dropped) continue;
    if (user->extra().of_type == &type) {
      drop_relation(*user, true);
      continue;
    }
    for (std::uint32_t i = 0; i < user->columns.size(); ++i) {
      const Column& column = user->columns[i];
      if (!column.dropped && column.type.schema == type.schema && column.type.name == type.name)
        drop_column(*user, column.name, true);
    }
  }
}

void Replay::rename_type(Type& type, Symbol schema, Symbol name) {
  const Symbol old_schema = type.schema;
  const Symbol old_name = type.name;
  if (old_schema == schema && old_name == name) return;
  for (Relation* user : type.users) {
    if (user->dropped) continue;
    for (Column& column : user->columns) {
      if (column.type.schema != old_schema || column.type.name != old_name) continue;
      set(column.type.schema, schema);
      set(column.type.name, name);
    }
  }
  for (const Constraint* check : type.checks) {
    if (check->dropped || schema == old_schema) continue;
    release_constraint_name(old_schema, check->name);
    take_constraint_name(schema, check->name);
  }
  set(type.schema, schema);
  set(type.name, name);
  c.put_type(&type);
  if (type.relation != nullptr) rename_relation(*type.relation, schema, name);
}

}  // namespace pglint::catalog
