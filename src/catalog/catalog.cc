#include "catalog/catalog.h"

#include <algorithm>
#include <array>

#include "catalog/names.h"
#include "catalog/quote.h"
#include "pg/node.h"

namespace pglint::catalog {
namespace {

// The types of pg_catalog that a column may have, by PostgreSQL 18's internal names.
constexpr std::array builtin_types = std::to_array<std::string_view>({
    "aclitem",
    "anyarray",
    "bit",
    "bool",
    "box",
    "bpchar",
    "bytea",
    "char",
    "cid",
    "cidr",
    "circle",
    "cstring",
    "date",
    "datemultirange",
    "daterange",
    "event_trigger",
    "float4",
    "float8",
    "gtsvector",
    "inet",
    "int2",
    "int2vector",
    "int4",
    "int4multirange",
    "int4range",
    "int8",
    "int8multirange",
    "int8range",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "numeric",
    "nummultirange",
    "numrange",
    "oid",
    "oidvector",
    "path",
    "pg_lsn",
    "pg_node_tree",
    "pg_snapshot",
    "point",
    "polygon",
    "record",
    "refcursor",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "text",
    "tid",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "trigger",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "txid_snapshot",
    "uuid",
    "varbit",
    "varchar",
    "void",
    "xid",
    "xid8",
    "xml",
});

// In the order of serial_kind().
constexpr std::array<std::string_view, 6> serial_types = {"smallserial", "serial2",   "serial",
                                                          "serial4",     "bigserial", "serial8"};

Symbol symbol_of(SymbolTable& symbols, const char* name) {
  return name == nullptr ? Symbol{} : symbols.intern(std::string_view(name));
}

}  // namespace

bool Type::constrained() const {
  return kind == TypeKind::domain &&
         (domain_not_null ||
          std::any_of(checks.begin(), checks.end(), [](const Constraint* check) { return !check->dropped; }));
}

Catalog::Catalog() {
  public_ = symbols.intern("public");
  pg_catalog_ = symbols.intern("pg_catalog");
  pg_temp_ = symbols.intern("pg_temp");
  first_type_ = static_cast<std::uint32_t>(symbols.size());
  for (const std::string_view type : builtin_types) (void)symbols.intern(type);
  end_of_types_ = static_cast<std::uint32_t>(symbols.size());
  first_serial_ = end_of_types_;
  for (const std::string_view type : serial_types) (void)symbols.intern(type);
  gone_.known = false;
  gone_.dropped = true;
}

// --- looking up ------------------------------------------------------------------------------------------------------

Lookup Catalog::at(Symbol schema, Symbol name) const {
  Lookup lookup{nullptr, Presence::unknown, schema, name};
  Relation* const* found = relations_.find(key(schema, name));
  if (found == nullptr) return lookup;
  Relation* relation = *found;
  if (relation == &gone_) {
    lookup.presence = Presence::gone;
    return lookup;
  }
  lookup.relation = relation;
  if (relation->dropped || relation->schema != schema || relation->name != name)
    lookup.presence = Presence::gone;
  else
    lookup.presence = relation->known ? Presence::known : Presence::unknown;
  return lookup;
}

Symbol Catalog::creation_schema() const {
  for (const Symbol name : session.search_path) {
    if (name == pg_catalog_ || name == pg_temp_) continue;
    // One that the history dropped, or renamed, is passed over; one that it never made is taken to exist.
    Schema* const* schema = schema_names_.find(key({}, name));
    if (schema == nullptr || ((*schema)->name == name && !(*schema)->dropped)) return name;
  }
  return public_;
}

bool Catalog::is_absent(Symbol schema) const {
  if (!knows_all_relations()) return false;
  if (schema == public_) return true;
  const Schema* known = find_schema(schema);
  return known != nullptr && known->known;
}

Lookup Catalog::find(Symbol schema, Symbol name) const {
  if (schema) {
    Lookup lookup = at(schema, name);
    if (lookup.relation == nullptr && lookup.presence == Presence::unknown && is_absent(schema))
      lookup.presence = Presence::gone;
    return lookup;
  }
  if (!temporary_.empty())
    if (const Lookup lookup = at(pg_temp_, name); lookup.relation != nullptr && lookup.presence != Presence::gone)
      return lookup;
  Lookup first;
  const auto better = [&first](const Lookup& lookup) {
    const bool seen = lookup.relation != nullptr && lookup.presence != Presence::gone;
    if (seen || !first.name || (first.presence == Presence::unknown && lookup.presence == Presence::gone))
      first = lookup;
    return seen;
  };
  for (const Symbol in : session.search_path)
    if (in != pg_catalog_ && better(at(in, name))) return first;
  if (!first.name) first = at(public_, name);
  if (first.relation == nullptr && first.presence == Presence::unknown && text(name).starts_with("pg_"))
    first = at(pg_catalog_, name);
  else if (first.relation == nullptr && first.presence == Presence::unknown && is_absent(first.schema))
    first.presence = Presence::gone;
  return first;
}

Symbol Catalog::relation_name(const ::RangeVar& name) const {
  const std::string_view relation = name.relname == nullptr ? std::string_view() : name.relname;
  if (text(last_name_) != relation) last_name_ = symbols.intern(relation);
  return last_name_;
}

Lookup Catalog::find(const ::RangeVar& name) const {
  return find(symbol_of(symbols, name.schemaname), relation_name(name));
}

const Type* Catalog::type_at(Symbol schema, Symbol name) const {
  Type* const* found = types_.find(key(schema, name));
  if (found == nullptr || (*found)->dropped || (*found)->name != name || (*found)->schema != schema) return nullptr;
  return *found;
}

const Type* Catalog::find_type(Symbol schema, Symbol name) const {
  if (!name || types_.empty()) return nullptr;
  if (schema) return type_at(schema, name);
  if (is_builtin_type(name)) return nullptr;
  for (const Symbol in : session.search_path)
    if (const Type* type = type_at(in, name)) return type;
  return session.search_path.empty() || creation_schema() == public_ ? type_at(public_, name) : nullptr;
}

Type* Catalog::type_of(Symbol schema, Symbol name) const {
  // The map holds what is ours to change; find_type() is const for everybody else.
  return const_cast<Type*>(find_type(schema, name));
}

const Function* Catalog::function_at(Symbol schema, Symbol name) const {
  return latest_function(schema, name, [](const Function&) { return true; });
}

const Function* Catalog::find_function(Symbol schema, Symbol name) const {
  if (!name || functions_.empty()) return nullptr;
  if (schema) return function_at(schema, name);
  for (const Symbol in : session.search_path)
    if (const Function* function = function_at(in, name)) return function;
  return session.search_path.empty() || creation_schema() == public_ ? function_at(public_, name) : nullptr;
}

const Schema* Catalog::find_schema(Symbol name) const {
  Schema* const* found = schema_names_.find(key({}, name));
  return found == nullptr || (*found)->name != name ? nullptr : *found;
}

bool Catalog::has_extension(Symbol name) const {
  return std::find(extensions_.begin(), extensions_.end(), name) != extensions_.end();
}

const Statistics* Catalog::find_statistics(Symbol schema, Symbol name) const {
  if (!name || statistics_.empty()) return nullptr;
  const auto in = [&](Symbol where) -> const Statistics* {
    Statistics* const* found = statistics_.find(key(where, name));
    const bool there = found != nullptr && !(*found)->dropped && (*found)->name == name && (*found)->schema == where &&
                       !(*found)->table->dropped;
    return there ? *found : nullptr;
  };
  if (schema) return in(schema);
  for (const Symbol where : session.search_path)
    if (const Statistics* found = in(where)) return found;
  return session.search_path.empty() || creation_schema() == public_ ? in(public_) : nullptr;
}

const Publication* Catalog::find_publication(Symbol name) const {
  Publication* const* found = publications_.find(key({}, name));
  return found == nullptr || (*found)->dropped || (*found)->name != name ? nullptr : *found;
}

const Publication* Catalog::publication_of(const Relation& table) const {
  const Publication* found = nullptr;
  if (publications_.empty() || table.persistence != Persistence::permanent || !table.is_table()) return found;
  publications_.each([&](std::uint64_t at, const Publication* publication) {
    if (publication->dropped || !publication->updates || at != key({}, publication->name)) return;
    bool has = publication->all_tables;
    const Relation* one = &table;
    for (int depth = 0; depth < 64 && one != nullptr && !has; ++depth) {  // deeper than partitions are nested
      has = std::find(publication->tables.begin(), publication->tables.end(), one) != publication->tables.end() ||
            std::find(publication->schemas.begin(), publication->schemas.end(), one->schema) !=
                publication->schemas.end();
      one = one->is_partition && !one->extra().parents.empty() ? one->extra().parents[0] : nullptr;
    }
    // The same one whatever the order of the map.
    if (has && (found == nullptr || text(publication->name) < text(found->name))) found = publication;
  });
  return found;
}

std::string Catalog::qualified(Symbol schema, Symbol name) const {
  std::string out;
  if (schema) {
    append_quoted(out, text(schema));
    out += '.';
  }
  append_quoted(out, text(name));
  return out;
}

// --- changing --------------------------------------------------------------------------------------------------------

Schema* Catalog::schema_of(Symbol name) {
  if (last_schema_ != nullptr && last_schema_->name == name) return last_schema_;
  if (Schema* const* found = schema_names_.find(key({}, name)); found != nullptr && (*found)->name == name) {
    journal.set(last_schema_, *found);
    return *found;
  }
  auto* schema = arena.make<Schema>();
  schema->name = name;
  schema_names_.set(key({}, name), schema, arena, journal);
  push(schemas_, schema, arena, journal);
  journal.set(last_schema_, schema);
  return schema;
}

void Catalog::put(Symbol schema, Symbol name, Relation* relation) {
  relations_.set(key(schema, name), relation, arena, journal);
  push(schema_of(schema)->relations, relation, arena, journal);
  if (schema == pg_temp_) push(temporary_, relation, arena, journal);
}

Relation* Catalog::assume(Symbol schema, Symbol name, RelationKind kind) {
  auto* relation = arena.make<Relation>();
  relation->kind = kind;
  relation->schema = schema;
  relation->name = name;
  relation->known = false;
  relation->columns_known = false;
  if (kind == RelationKind::index || kind == RelationKind::partitioned_index) relation->index = arena.make<Index>();
  put(schema, name, relation);
  return relation;
}

void Catalog::put_type(Type* type) {
  types_.set(key(type->schema, type->name), type, arena, journal);
  push(schema_of(type->schema)->types, type, arena, journal);
}

void Catalog::put_function(Function* function) {
  const std::uint64_t at_key = key(function->schema, function->name);
  Function* const* found = functions_.find(at_key);
  function->overload = found != nullptr ? *found : nullptr;
  functions_.set(at_key, function, arena, journal);
  push(schema_of(function->schema)->functions, function, arena, journal);
}

// --- free functions --------------------------------------------------------------------------------------------------

namespace {

Column* find_column(const Relation& relation, Symbol name) {
  if (relation.names != nullptr && relation.names->has(Names::Kind::column)) {
    const std::uintptr_t* found = relation.names->at.find(Names::key(Names::Kind::column, name));
    if (found == nullptr) return nullptr;
    Column& column = relation.columns[static_cast<std::uint32_t>(*found)];
    return column.dropped || column.name != name ? nullptr : &column;
  }
  for (Column& column : relation.columns)
    if (column.name == name && !column.dropped) return &column;
  return nullptr;
}

}  // namespace

Column* column(Relation& relation, Symbol name) { return find_column(relation, name); }

const Column* column(const Relation& relation, Symbol name) { return find_column(relation, name); }

const Constraint* constraint(const Relation& relation, Symbol name) {
  if (relation.names != nullptr && relation.names->has(Names::Kind::constraint)) {
    const std::uintptr_t* found = relation.names->at.find(Names::key(Names::Kind::constraint, name));
    if (found == nullptr) return nullptr;
    const auto* constraint = reinterpret_cast<const Constraint*>(*found);
    return constraint->dropped || constraint->name != name ? nullptr : constraint;
  }
  for (const Constraint* constraint : relation.constraints)
    if (constraint->name == name && !constraint->dropped) return constraint;
  return nullptr;
}

const Constraint* proof_of_not_null(const Relation& relation, Symbol column) {
  for (const Constraint* constraint : relation.constraints) {
    if (constraint->dropped || !constraint->valid || !constraint->enforced) continue;
    const Vec<Symbol>& proved =
        constraint->kind == ConstraintKind::not_null ? constraint->columns : constraint->implies_not_null;
    if (std::find(proved.begin(), proved.end(), column) != proved.end()) return constraint;
  }
  return nullptr;
}

const Relation* identity_index(const Relation& table) {
  if (table.kind != RelationKind::table) return nullptr;
  if (table.replica_identity == 'd') {
    for (const Constraint* constraint : table.constraints)
      if (!constraint->dropped && constraint->kind == ConstraintKind::primary_key) return constraint->index;
  } else if (table.replica_identity == 'i') {
    for (const Relation* index : table.indexes)
      if (!index->dropped && index->index != nullptr && index->index->identity) return index;
  }
  return nullptr;
}

bool lacks_identity(const Relation& table) {
  if (!table.known || table.kind != RelationKind::table || identity_index(table) != nullptr) return false;
  if (table.replica_identity != 'i') return table.replica_identity != 'f';
  // It is known to be gone only where it was known to be chosen.
  return std::any_of(table.indexes.begin(), table.indexes.end(),
                     [](const Relation* index) { return index->index != nullptr && index->index->identity; });
}

const Relation* default_partition(const Relation& partitioned) { return partitioned.extra().default_child; }

}  // namespace pglint::catalog
