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
#include <vector>

#include "base/arena.h"
#include "base/flat_map.h"
#include "base/journal.h"
#include "base/symbol.h"
#include "base/vec.h"

struct RangeVar;  // PostgreSQL's; see pg/node.h

namespace pglint::catalog {

struct Relation;
struct Constraint;
struct Type;
struct Function;
struct Replay;      // replay.cc and its neighbours
struct Names;       // finds one of many constraints or triggers by name
struct NameChoice;  // which numbered names are taken

// When an object was made, for "is it new?". Migration 0 is what was there
// before the history (a --schema file, or never created at all).
struct When {
  std::uint32_t migration = 0;    // ordinal of the migration in the history, from 1
  std::uint32_t transaction = 0;  // ordinal of the transaction, from 1
};

// A type as a column has it. `name` is PostgreSQL's internal name where the type is built in
// (int4, not integer), with an empty schema. An empty name: not known (of a column of an unknown relation, of a query).
struct TypeName {
  Symbol schema = {};
  Symbol name = {};
  // As written: varchar(20) {20,-1}, numeric(10,2) {10,2}; -1 absent. Of an interval the precision and the fields.
  std::int32_t typmods[2] = {-1, -1};
  std::uint8_t array_dimensions = 0;
  bool serial = false;  // smallserial, serial, bigserial, as long as it has that default: name is the integer type

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
  bool local = true;                                 // declared here, not only inherited
  std::uint16_t inherited = 0;                       // from how many parents
  Volatility default_volatility = Volatility::none;  // none: no default; constant includes NULL
  bool default_null = false;                         // no default, or DEFAULT NULL
  Identity identity = Identity::none;
  Generated generated = Generated::none;
  std::string_view expression = {};  // of its default, or what it is generated from: as written; empty if none
  When created = {};
  When left = {};  // of a dropped one: when it was

  [[nodiscard]] std::string_view default_sql() const { return generated == Generated::none ? expression : ""; }
  [[nodiscard]] std::string_view generated_sql() const { return generated == Generated::none ? "" : expression; }
};

}  // namespace pglint::catalog

template <>
inline constexpr bool pglint::gives_back<pglint::catalog::Column> = true;

namespace pglint::catalog {

enum class ConstraintKind : std::uint8_t { primary_key, unique, check, foreign_key, exclusion, not_null };
enum class Action : std::uint8_t { no_action, restrict, cascade, set_null, set_default };

struct Constraint {
  ConstraintKind kind = ConstraintKind::check;
  Symbol name = {};    // PostgreSQL's chosen name where none was written
  bool named = false;  // by the statement that made it
  bool valid = true;
  bool enforced = true;  // PostgreSQL 18: NOT ENFORCED
  bool deferrable = false;
  bool initially_deferred = false;
  bool no_inherit = false;
  bool dropped = false;
  bool local = true;  // declared here, not only inherited
  Action on_delete = Action::no_action;
  Action on_update = Action::no_action;
  Relation* table = nullptr;
  Constraint* parent = nullptr;  // the constraint of the parent that it follows
  Vec<Symbol> columns = {};      // key columns; of a check the columns it names
  Relation* index = nullptr;     // behind a primary key, unique or exclusion constraint
  // foreign keys
  Relation* references = nullptr;  // never null for a foreign key: an unknown table is an assumed relation
  Vec<Symbol> referenced_columns = {};
  Relation* referenced_index = nullptr;  // the unique index that carries it; null if not known
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
  Symbol label = {};                 // what the server calls that column of the index, from when it was made
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
  Vec<Symbol> include_labels = {};      // their names when the index was made, if one was renamed since
  std::string_view predicate = {};      // WHERE, as written; empty if none
  Vec<Symbol> expression_columns = {};  // columns that expressions and predicate name
  bool unique = false;
  bool nulls_not_distinct = false;
  bool valid = true;                 // false: a partitioned index with partitions missing, or ON ONLY
  bool concurrently = false;         // built so
  bool identity = false;             // REPLICA IDENTITY USING INDEX was set to it last
  Constraint* constraint = nullptr;  // that owns it
};

// A column of another relation that a view or materialized view reads.
struct Dependency {
  Relation* on = nullptr;
  Symbol column = {};  // empty: the relation as a whole, or columns that could not be told
};

// A generated column and one that it is computed from.
struct GeneratedFrom {
  Symbol column = {};
  Symbol source = {};
};

// A column that a trigger, a rule or a policy of its table names: it cannot be dropped or change its type. Counts as
// long as the table has an object of that name. Extended statistics hinder nothing.
struct ColumnUse {
  enum class By : std::uint8_t { trigger, rule, policy, statistics };
  By by = By::trigger;
  Symbol object = {};
  Symbol column = {};
};

// A relation that a rule of another reads or writes.
struct RuleUse {
  enum class On : std::uint8_t { insert, update, erase };
  Symbol rule = {};
  Relation* on = nullptr;
  On event = On::insert;
  bool writes = false;
  bool looks = false;  // for rows: SELECT, UPDATE, DELETE
};

struct Trigger {
  Symbol name = {};
  Symbol function = {};
  Function* calls = nullptr;  // null if the history does not have it
  bool row = false;
  bool before = false;
  bool enabled = true;
  bool dropped = false;
  bool inherited = false;   // a partition's copy of its parent's
  bool deferred = false;    // a constraint trigger that is INITIALLY DEFERRED
  std::uint8_t events = 0;  // bits: 1 insert, 2 update, 4 delete, 8 truncate
  When created = {};
};

enum class Bound : std::uint8_t { none, range, list, hash, default_ };

// A constant in the bounds of a partition: an integer or a text.
struct BoundValue {
  bool is_number = false;
  std::int64_t number = 0;
  std::string_view text = {};
};
// Bounds over one column, all of them constants.
struct PartitionBound {
  bool from_start = false;  // MINVALUE
  bool to_end = false;      // MAXVALUE
  BoundValue from = {};     // of a range: with it
  BoundValue to = {};       // without it
  Vec<BoundValue> values = {};
  bool has_null = false;  // a list with NULL
};

// What few relations have: made when the first of it comes.
struct Extra {
  Vec<Trigger> triggers = {};
  Vec<Symbol> policies = {};
  Vec<Symbol> rules = {};
  Vec<ColumnUse> column_uses = {};
  Vec<RuleUse> rule_uses = {};   // what its rules are about beside it
  Vec<Relation*> ruled_by = {};  // relations whose rules are, or were, about it
  Vec<Dependency> reads = {};    // of a view or materialized view
  Type* of_type = nullptr;       // a typed table's
  // Table: the sequences that defaults take numbers from, and by which column; not those of serial columns.
  // Sequence: such columns, those included that did so once.
  Vec<Dependency> defaults = {};
  Vec<GeneratedFrom> generated_from = {};  // what its generated columns read
  // partitions and inheritance, of indexes too
  Vec<Relation*> parents = {};
  Vec<Relation*> children = {};            // partitions or inheritors, in no order; none of them dropped
  const PartitionBound* bounds = nullptr;  // null where they are not known, or of another kind
  Vec<Symbol> partition_key = {};          // columns; an expression key counts as an empty symbol

  // The catalogue's own.
  Relation* default_child = nullptr;   // the default partition
  std::uint32_t foreign_children = 0;  // partitions that have no indexes
  std::uint32_t position = 0;          // among the children of its first parent
};
inline constexpr Extra no_extra;

// A history has thousands of them, most of them plain tables and indexes: who walks over the indexes or the views of a
// table finds few in the processor's cache.
struct Relation {
  RelationKind kind = RelationKind::table;
  bool known = true;          // false: assumed; its columns are the ones the history happened to name
  bool columns_known = true;  // false too for a relation whose column list could not be told (CTAS of an unknown)
  bool dropped = false;
  Symbol schema = {};
  Symbol name = {};
  Persistence persistence = Persistence::permanent;
  bool row_security = false;
  bool filled = false;          // rows were written into it by the migration that made it
  bool clustered = false;       // on one of its indexes
  char replica_identity = 'd';  // as pg_class has it: default, nothing, full, index
  bool is_partition = false;
  Bound bound = Bound::none;
  Bound partition_strategy = Bound::none;  // of a partitioned table
  Symbol tablespace = {};
  Symbol access_method = {};
  Symbol owner = {};         // the role; empty if not known
  Symbol owner_column = {};  // of a sequence: with owner_table
  When created = {};
  Vec<Column> columns = {};
  Vec<Constraint*> constraints = {};    // dropped ones included
  Vec<Relation*> indexes = {};          // of a table or materialized view; dropped ones included
  Index* index = nullptr;               // of an index
  Vec<Constraint*> referenced_by = {};  // foreign keys of any table that point here, its own included
  Vec<Relation*> dependents = {};       // views and materialized views that read it
  Relation* owner_table = nullptr;      // sequence: table whose column owns it
  Vec<Relation*> owned = {};            // sequences that columns own; dropped ones included

  // The catalogue's own.
  Names* names = nullptr;
  Extra* own_extra = nullptr;
  std::uint32_t foreign_keys = 0;  // how many it ever had: most tables have none to look for
  std::uint32_t pending = 0;       // the transaction in which it has trigger events that wait for COMMIT
  std::uint32_t mark = 0;          // of the last walk that came by

  [[nodiscard]] bool is_table() const { return kind == RelationKind::table || kind == RelationKind::partitioned_table; }
  [[nodiscard]] const Extra& extra() const { return own_extra != nullptr ? *own_extra : no_extra; }
};

enum class TypeKind : std::uint8_t { enumeration, domain, composite, range, base };
struct EnumValue {
  Symbol name = {};
  When added = {};
  bool later = false;  // by ALTER TYPE, not with the type
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
  bool domain_default = false;             // other than NULL
  Vec<Constraint*> checks = {};            // domain; `table` is null
  Relation* relation = nullptr;            // composite: its attributes
  Vec<Relation*> users = {};               // tables that have, or had, a column of it
  Names* names = nullptr;                  // the catalogue's own
  [[nodiscard]] bool constrained() const;  // a domain with NOT NULL or a check
};

// A parameter of a function; the columns of RETURNS TABLE are parameters, too.
enum class ParameterMode : std::uint8_t { in, out, in_out, variadic, table };
struct Parameter {
  Symbol name = {};    // empty: it has none
  TypeName type = {};  // its name empty: not known
  ParameterMode mode = ParameterMode::in;
  bool has_default = false;

  [[nodiscard]] bool is_input() const { return mode != ParameterMode::out && mode != ParameterMode::table; }
  [[nodiscard]] bool is_output() const { return mode != ParameterMode::in && mode != ParameterMode::variadic; }
};

// NEW.to := NEW.from in a trigger's function.
struct Copied {
  Symbol to = {};
  Symbol from = {};
};

struct Function {
  Symbol schema = {};
  Symbol name = {};
  Symbol signature = {};  // types of the arguments that tell overloads apart: int4,text[]
  bool procedure = false;
  bool aggregate = false;
  Volatility declared = Volatility::volatile_;
  // As the planner sees a call: a simple function in SQL that is declared volatile, or nothing, is inlined, and what
  // its body does is what counts.
  Volatility volatility = Volatility::volatile_;
  Symbol language = {};
  std::string_view body = {};  // of a language sql function with one literal body
  std::uint16_t arguments = 0;
  bool returns_set = false;
  Vec<Parameter> parameters = {};
  TypeName returns = {};  // as the server works it out from output parameters; its name empty: not known
  bool dropped = false;
  When created = {};
  When left = {};                   // of a dropped one: when it was
  Function* overload = nullptr;     // the next of that name; dropped ones included
  Vec<Relation*> triggers_on = {};  // tables that have, or had, a trigger that calls it
  Vec<Relation*> used_by = {};      // tables and views whose expressions call it, or did
  bool ends_transaction = false;    // its body has COMMIT or ROLLBACK
  Vec<Copied> copies = {};          // of a trigger's: columns that it fills from others of the row, as they are
};

// Extended statistics.
struct Statistics {
  Symbol schema = {};
  Symbol name = {};
  Relation* table = nullptr;
  bool dropped = false;
};

struct Publication {
  Symbol name = {};
  bool all_tables = false;
  bool updates = true;  // UPDATE or DELETE is published
  bool dropped = false;
  Vec<Relation*> tables = {};
  Vec<Symbol> schemas = {};
};

struct Schema {
  Symbol name = {};
  bool known = false;  // made by the history
  bool dropped = false;
  When created = {};
  // What was ever put there, what has left included.
  Vec<Relation*> relations = {};
  Vec<Type*> types = {};
  Vec<Function*> functions = {};
};

// Settings that change what DDL does or for how long it waits.
struct Session {
  // Empty: the default, "$user", public. "$user" itself is left out. What is set to nothing, as pg_dump does, is
  // pg_catalog alone; names without a schema are then taken to mean public, where the server would find nothing.
  Vec<Symbol> search_path = {};
  Symbol role = {};                   // who makes what is made; empty: not known
  std::string_view time_zone = {};    // empty: not known, and not assumed to be UTC
  std::int64_t lock_timeout_ms = -1;  // -1: not set by the script or the configuration; 0: waits for ever
  std::int64_t statement_timeout_ms = -1;
  bool check_constraints_deferred = false;  // SET CONSTRAINTS … DEFERRED
  bool check_constraints_immediate = false;
};

enum class Presence : std::uint8_t { known, unknown, gone };

// The answer to "what does this name mean here?".
struct Lookup {
  // Null if nothing of that name was ever made or changed. Of a name that is gone, the relation that had it last, if it
  // was known: dropped, or renamed and alive under another name.
  Relation* relation = nullptr;
  Presence presence = Presence::unknown;
  Symbol schema = {};  // where it is, or where it would be looked for first
  Symbol name = {};
};

class Catalog {
 public:
  // How many functions of one name are looked at; who writes more of them wants to see us wait.
  static constexpr std::uint32_t most_overloads = 4096;

  Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  mutable SymbolTable symbols;  // looking a name up may intern it
  Arena arena;
  Journal journal;
  Session session;
  When now;  // of the statement that is looked at

  [[nodiscard]] Lookup find(const ::RangeVar& name) const;
  // Its name without the schema. Several ask for the table of one statement, one behind the other.
  [[nodiscard]] Symbol relation_name(const ::RangeVar& name) const;
  [[nodiscard]] Lookup find(Symbol schema, Symbol name) const;  // an empty schema: by search_path
  [[nodiscard]] const Type* find_type(Symbol schema, Symbol name) const;
  [[nodiscard]] const Type* find_type(const TypeName& type) const { return find_type(type.schema, type.name); }
  [[nodiscard]] const Function* find_function(Symbol schema, Symbol name) const;  // null if unknown; any overload
  // Of all that were ever made under that name, dropped ones included; each leads to the next by `overload`.
  [[nodiscard]] const Function* first_function(Symbol schema, Symbol name) const {
    Function* const* found = functions_.find(key(schema, name));
    return found != nullptr ? *found : nullptr;
  }
  // The latest function of that name that fits; null if none does. Of a name that has had very many, the older ones are
  // not looked at, and from then on nothing is known to be missing.
  template <class F>
  [[nodiscard]] const Function* latest_function(Symbol schema, Symbol name, F&& fits) const {
    std::uint32_t left = most_overloads;
    for (const Function* function = first_function(schema, name); function != nullptr; function = function->overload) {
      if (left-- == 0) {
        too_many_functions_ = true;
        return nullptr;
      }
      if (!function->dropped && function->name == name && function->schema == schema && fits(*function))
        return function;
    }
    return nullptr;
  }
  [[nodiscard]] const Schema* find_schema(Symbol name) const;  // null if nothing was ever made there
  [[nodiscard]] bool has_extension(Symbol name) const;
  [[nodiscard]] const Statistics* find_statistics(Symbol schema, Symbol name) const;  // null if unknown
  [[nodiscard]] const Publication* find_publication(Symbol name) const;               // null if unknown
  // One that publishes UPDATE or DELETE of the table; null if the history made none.
  [[nodiscard]] const Publication* publication_of(const Relation& table) const;
  // Where CREATE puts what is named without a schema.
  [[nodiscard]] Symbol creation_schema() const;

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

  // Whether a constraint of any relation of the schema has that name.
  [[nodiscard]] bool has_constraint(Symbol schema, Symbol name) const {
    const std::uint32_t* count = constraints_.find(key(schema, name));
    return count != nullptr && *count != 0;
  }

  // "public.orders", quoted as PostgreSQL would.
  [[nodiscard]] std::string qualified(Symbol schema, Symbol name) const;
  [[nodiscard]] std::string qualified(const Relation& relation) const {
    return qualified(relation.schema, relation.name);
  }
  [[nodiscard]] std::string_view text(Symbol symbol) const { return symbols.text(symbol); }

  // Every schema that something was put into, dropped ones included, in the order of their first mention.
  [[nodiscard]] const Vec<Schema*>& schemas() const { return schemas_; }
  [[nodiscard]] const Vec<Symbol>& extensions() const { return extensions_; }
  // Tables with trigger events that wait for COMMIT, or did so.
  [[nodiscard]] const Vec<Relation*>& pending() const { return pending_; }
  // A type of pg_catalog, by its internal name.
  [[nodiscard]] bool is_builtin_type(Symbol name) const { return name.id >= first_type_ && name.id < end_of_types_; }

  // The history began with a dump of the whole schema: what it never made is not there. Extensions may have brought
  // relations that no dump names.
  bool whole = false;
  [[nodiscard]] bool knows_all_relations() const { return whole && opaque_extensions_ == 0 && !too_many_functions_; }
  // What RESET and a new session go back to: what the configuration sets.
  Session defaults;
  // A session is over: its settings are the defaults again, its temporary tables are gone.
  void end_session();

  // For the replay only.
  void put(Symbol schema, Symbol name, Relation* relation);
  Relation* assume(Symbol schema, Symbol name, RelationKind kind);  // an unknown relation, from now on on record
  void put_type(Type* type);
  void put_function(Function* function);
  // For Transactions: what SET LOCAL and ON COMMIT DROP leave at the end, and what nothing can bring back any more. Not
  // called after a rollback.
  void committed();

 private:
  friend struct Replay;

  [[nodiscard]] static std::uint64_t key(Symbol schema, Symbol name) {
    return (std::uint64_t{schema.id} << 32) | name.id;
  }
  [[nodiscard]] Lookup at(Symbol schema, Symbol name) const;
  [[nodiscard]] bool is_absent(Symbol schema) const;  // a name that was never seen there
  [[nodiscard]] const Type* type_at(Symbol schema, Symbol name) const;
  [[nodiscard]] Type* type_of(Symbol schema, Symbol name) const;
  [[nodiscard]] const Function* function_at(Symbol schema, Symbol name) const;
  Schema* schema_of(Symbol name);

  // A value whose own name is another has left that key.
  FlatMap<Relation*> relations_;
  FlatMap<Type*> types_;
  FlatMap<Function*> functions_;   // the first overload
  FlatMap<Schema*> schema_names_;  // by name alone
  FlatMap<Statistics*> statistics_;
  FlatMap<Publication*> publications_;  // by name alone
  FlatMap<std::uint32_t> constraints_;  // how many of that name a schema has
  FlatMap<NameChoice*> choices_[3];     // what was tried when a name was chosen: the first, the numbered ones
  FlatMap<NameChoice*> taken_[3];
  Vec<Schema*> schemas_;
  Schema* last_schema_ = nullptr;  // that something was put into
  mutable Symbol last_name_;       // that relation_name() gave
  Vec<Symbol> extensions_;
  mutable bool too_many_functions_ = false;  // of one name, to look at all of them
  std::uint32_t opaque_extensions_ = 0;      // of those that may have relations
  std::uint32_t deferred_ = 0;               // how many constraints may leave trigger events until COMMIT, ever
  Vec<Relation*> temporary_;                 // every temporary relation, dropped ones included
  Vec<Relation*> drop_at_commit_;
  Vec<Relation*> pending_;  // tables with trigger events that wait for COMMIT
  Session after_local_;     // what SET LOCAL hides, while it does
  bool local_ = false;
  Journal quiet_;  // for what nobody can see yet: records nothing
  Relation gone_;  // stands at names of which only DROP was seen
  // Left of what one statement may cause that is larger than its text (columns copied to partitions, …).
  std::uint64_t copies_left_ = std::uint64_t{1024} * 1024;
  std::uint32_t walk_ = 0;
  std::vector<Relation*> doomed_;  // scratch

  Symbol public_;
  Symbol pg_catalog_;
  Symbol pg_temp_;
  std::uint32_t first_type_ = 0;
  std::uint32_t end_of_types_ = 0;
  std::uint32_t first_serial_ = 0;  // smallserial, serial2, serial, serial4, bigserial, serial8
};

[[nodiscard]] const Column* column(const Relation& relation, Symbol name);  // null if absent or dropped
[[nodiscard]] Column* column(Relation& relation, Symbol name);
[[nodiscard]] const Constraint* constraint(const Relation& relation, Symbol name);
// A valid, enforced check, or NOT NULL, that proves the column has no NULL (what lets SET NOT NULL skip its scan).
[[nodiscard]] const Constraint* proof_of_not_null(const Relation& relation, Symbol column);
// By which index a published row is told from others; null if there is none, or it is not known. What a partitioned
// table is said to have does not count: its partitions' rows are what is updated.
[[nodiscard]] const Relation* identity_index(const Relation& table);
// True only where it is known that nothing tells a published row: UPDATE and DELETE are refused then.
[[nodiscard]] bool lacks_identity(const Relation& table);
[[nodiscard]] const Relation* default_partition(const Relation& partitioned);

}  // namespace pglint::catalog
