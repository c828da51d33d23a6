// The schema as it stands before each statement, replayed from the history.
//
// Three answers, never two: an object is known (the history made it), unknown
// (the history never made it: it is assumed to exist, to be large and busy, and
// its columns are not all known), or gone (the history dropped it).
//
// Objects live in one arena and keep their address; everything that changes
// after an object was made is written through the journal, so that ROLLBACK and
// ROLLBACK TO SAVEPOINT undo it without a copy. An object that is dropped stays
// in memory with `dropped` set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/arena.h"
#include "base/journal.h"
#include "base/symbol.h"
#include "base/vec.h"

struct RangeVar;  // PostgreSQL's; see pg/node.h

namespace pglint::catalog {

struct Relation;
struct Constraint;
struct Type;

// When an object was made, for "is it new?". Migration 0 is what was there
// before the history (a --schema file, or never created at all).
struct When {
  std::uint32_t migration = 0;    // ordinal of the migration in the history, from 1
  std::uint32_t transaction = 0;  // ordinal of the transaction, from 1
};

// A type as a column has it. `name` is PostgreSQL's internal name where the type is built in
// (int4, not integer), with an empty schema.
struct TypeName {
  Symbol schema = {};
  Symbol name = {};
  std::int32_t typmods[2] = {-1, -1};  // as written: varchar(20) {20,-1}, numeric(10,2) {10,2}; -1 absent
  std::uint8_t array_dimensions = 0;
  bool serial = false;  // smallserial, serial, bigserial: name is the integer type

  friend bool operator==(const TypeName&, const TypeName&) = default;
};

// How a default is evaluated. `volatile_`: anew for each row. `unknown`: a function that neither the built-in table
// nor the history knows.
enum class Volatility : std::uint8_t { none, constant, stable, volatile_, unknown };
enum class Identity : std::uint8_t { none, always, by_default };
enum class Generated : std::uint8_t { none, stored, virtual_ };

struct Column {
  Symbol name = {};
  TypeName type = {};
  Symbol collation = {};
  bool not_null = false;
  bool dropped = false;
  Volatility default_volatility = Volatility::none;  // none: no default; constant includes NULL
  bool default_null = false;                         // no default, or DEFAULT NULL
  Identity identity = Identity::none;
  Generated generated = Generated::none;
  std::string_view default_sql = {};  // as written; empty if none or generated
  std::string_view generated_sql = {};
  When created = {};
};

enum class ConstraintKind : std::uint8_t { primary_key, unique, check, foreign_key, exclusion, not_null };
enum class Action : std::uint8_t { no_action, restrict, cascade, set_null, set_default };

struct Constraint {
  ConstraintKind kind = ConstraintKind::check;
  Symbol name = {};  // PostgreSQL's chosen name where none was written
  Relation* table = nullptr;
  bool valid = true;
  bool enforced = true;  // PostgreSQL 18: NOT ENFORCED
  bool deferrable = false;
  bool initially_deferred = false;
  bool no_inherit = false;
  bool dropped = false;
  Vec<Symbol> columns = {};   // key columns; of a check the columns it names
  Relation* index = nullptr;  // behind a primary key, unique or exclusion constraint
  // foreign keys
  Relation* references = nullptr;  // never null for a foreign key: an unknown table is an assumed relation
  Vec<Symbol> referenced_columns = {};
  Action on_delete = Action::no_action;
  Action on_update = Action::no_action;
  // Columns which a check implies to be NOT NULL (by AND of IS NOT NULL terms, as the server proves it).
  Vec<Symbol> implies_not_null = {};
  std::string_view sql = {};  // a check's expression as written
  When created = {};
  When validated = {};  // when VALIDATE CONSTRAINT made it valid, if it did
};

enum class RelationKind : std::uint8_t {
  table,
  partitioned_table,
  index,
  partitioned_index,
  view,
  materialized_view,
  sequence,
  foreign_table,
  composite,
};
enum class Persistence : std::uint8_t { permanent, unlogged, temporary };

// What an index has beyond a relation.
struct IndexKey {
  Symbol column = {};                // empty for an expression
  std::string_view expression = {};  // as written
  Symbol opclass = {};
  Symbol collation = {};
  bool descending = false;
  bool nulls_first = false;
};
struct Index {
  Relation* table = nullptr;
  Symbol method = {};
  Vec<IndexKey> keys = {};
  Vec<Symbol> include = {};
  std::string_view predicate = {};      // WHERE, as written; empty if none
  Vec<Symbol> expression_columns = {};  // columns that expressions and predicate name
  bool unique = false;
  bool nulls_not_distinct = false;
  bool valid = true;                 // false: a partitioned index with partitions missing, or ON ONLY
  bool concurrently = false;         // built so
  Constraint* constraint = nullptr;  // that owns it
};

// A column of another relation that a view, a materialized view or a rule reads.
struct Dependency {
  Relation* on = nullptr;
  Symbol column = {};  // empty: the relation as a whole, or columns that could not be told
};

struct Trigger {
  Symbol name = {};
  Symbol function = {};
  bool row = false;
  bool before = false;
  bool enabled = true;
  bool dropped = false;
  std::uint8_t events = 0;  // bits: 1 insert, 2 update, 4 delete, 8 truncate
  When created = {};
};

enum class Bound : std::uint8_t { none, range, list, hash, default_ };

struct Relation {
  RelationKind kind = RelationKind::table;
  Symbol schema = {};
  Symbol name = {};
  bool known = true;          // false: assumed; its columns are the ones the history happened to name
  bool columns_known = true;  // false too for a relation whose column list could not be told (CTAS of an unknown)
  bool dropped = false;
  Persistence persistence = Persistence::permanent;
  Symbol tablespace = {};
  Symbol access_method = {};
  When created = {};
  Vec<Column> columns = {};
  Vec<Constraint*> constraints = {};    // dropped ones included
  Vec<Relation*> indexes = {};          // of a table or materialized view; dropped ones included
  Vec<Constraint*> referenced_by = {};  // foreign keys of any table that point here, its own included
  Vec<Relation*> dependents = {};       // views and materialized views that read it
  Vec<Dependency> reads = {};           // of a view or materialized view
  Vec<Trigger> triggers = {};
  Vec<Symbol> policies = {};
  Vec<Symbol> rules = {};
  bool row_security = false;
  // partitions and inheritance
  Vec<Relation*> parents = {};
  Vec<Relation*> children = {};  // partitions or inheritors
  bool is_partition = false;
  Bound bound = Bound::none;
  Bound partition_strategy = Bound::none;  // of a partitioned table
  Vec<Symbol> partition_key = {};          // columns; an expression key counts as an empty symbol
  Index* index = nullptr;                  // of an index
  Relation* owner_table = nullptr;         // sequence: table whose column owns it
  Symbol owner_column = {};

  [[nodiscard]] bool is_table() const { return kind == RelationKind::table || kind == RelationKind::partitioned_table; }
};

enum class TypeKind : std::uint8_t { enumeration, domain, composite, range, base };
struct EnumValue {
  Symbol name = {};
  When added = {};
};
struct Type {
  TypeKind kind = TypeKind::enumeration;
  Symbol schema = {};
  Symbol name = {};
  bool dropped = false;
  When created = {};
  Vec<EnumValue> values = {};  // enumeration
  TypeName base = {};          // domain
  bool domain_not_null = false;
  Vec<Constraint*> checks = {};            // domain; `table` is null
  [[nodiscard]] bool constrained() const;  // a domain with NOT NULL or a check
};

struct Function {
  Symbol schema = {};
  Symbol name = {};
  Volatility volatility = Volatility::volatile_;
  Symbol language = {};
  std::string_view body = {};  // of a language sql function with one literal body
  std::uint16_t arguments = 0;
  bool dropped = false;
  When created = {};
};

// Settings that change what DDL does or for how long it waits.
struct Session {
  Vec<Symbol> search_path = {};       // empty: the default, "$user", public
  std::string_view time_zone = {};    // empty: not known, and not assumed to be UTC
  std::int64_t lock_timeout_ms = -1;  // -1: not set by the script or the configuration; 0: waits for ever
  std::int64_t statement_timeout_ms = -1;
  bool check_constraints_deferred = false;  // SET CONSTRAINTS … DEFERRED
};

enum class Presence : std::uint8_t { known, unknown, gone };

// The answer to "what does this name mean here?".
struct Lookup {
  Relation* relation = nullptr;  // null if nothing of that name was ever seen
  Presence presence = Presence::unknown;
  Symbol schema = {};  // where it is, or where it would be looked for first
  Symbol name = {};
};

class Catalog {
 public:
  Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  SymbolTable symbols;
  Arena arena;
  Journal journal;
  Session session;
  When now;  // of the statement that is looked at

  [[nodiscard]] Lookup find(const ::RangeVar& name) const;
  [[nodiscard]] Lookup find(Symbol schema, Symbol name) const;  // an empty schema: by search_path
  [[nodiscard]] const Type* find_type(Symbol schema, Symbol name) const;
  [[nodiscard]] const Function* find_function(Symbol schema, Symbol name) const;  // null if unknown; any overload

  // Made by the transaction, or the migration, that the statement belongs to.
  [[nodiscard]] bool new_in_transaction(const Relation& relation) const {
    return relation.known && now.transaction != 0 && relation.created.transaction == now.transaction;
  }
  [[nodiscard]] bool new_in_migration(const Relation& relation) const {
    return relation.known && now.migration != 0 && relation.created.migration == now.migration;
  }
  [[nodiscard]] bool is_new(const Relation& relation) const {
    return new_in_transaction(relation) || new_in_migration(relation) || relation.persistence == Persistence::temporary;
  }

  // "public.orders", quoted as PostgreSQL would.
  [[nodiscard]] std::string qualified(Symbol schema, Symbol name) const;
  [[nodiscard]] std::string qualified(const Relation& relation) const {
    return qualified(relation.schema, relation.name);
  }
  [[nodiscard]] std::string_view text(Symbol symbol) const { return symbols.text(symbol); }

  // For the replay (replay.cc) only.
  void put(Symbol schema, Symbol name, Relation* relation);
  Relation* assume(Symbol schema, Symbol name, RelationKind kind);  // an unknown relation, from now on on record
  void put_type(Type* type);
  void put_function(Function* function);

 private:
  struct Slot {
    Relation* relation = nullptr;
  };
  [[nodiscard]] static std::uint64_t key(Symbol schema, Symbol name) {
    return (std::uint64_t{schema.id} << 32) | name.id;
  }
  // Slots live in the arena so that the journal can put them back.
  std::unordered_map<std::uint64_t, Relation**> relations_;
  std::unordered_map<std::uint64_t, Type**> types_;
  std::unordered_map<std::uint64_t, Function**> functions_;
  Symbol public_;
  Symbol pg_catalog_;
};

[[nodiscard]] const Column* column(const Relation& relation, Symbol name);  // null if absent or dropped
[[nodiscard]] Column* column(Relation& relation, Symbol name);
[[nodiscard]] const Constraint* constraint(const Relation& relation, Symbol name);
// A valid, enforced check, or NOT NULL, that proves the column has no NULL (what lets SET NOT NULL skip its scan).
[[nodiscard]] const Constraint* proof_of_not_null(const Relation& relation, Symbol column);
[[nodiscard]] const Relation* default_partition(const Relation& partitioned);

}  // namespace pglint::catalog
