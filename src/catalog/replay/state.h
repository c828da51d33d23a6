// What all parts of the replay share: one statement being applied to the catalogue.
//
// The rule for every write: what others can see already is changed through the journal (set, append); what is still
// being made is written as it is, then put on record.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/names.h"
#include "catalog/replay.h"
#include "pg/node.h"
#include "pg/tree.h"

namespace pglint::catalog {

// DEFERRABLE, INITIALLY DEFERRED and NOT ENFORCED stand beside a column's constraint, not in it.
struct Attributes {
  bool deferrable = false;
  bool initially_deferred = false;
  bool enforced = true;
};

// What an index or an index constraint is made of, before it has a name.
struct IndexPlan {
  Index index;  // method, keys, …: its lists become those of the index
  Symbol tablespace = {};
  ConstraintKind kind = ConstraintKind::unique;
  bool constraint = false;
};

enum class RowChange : std::uint8_t { inserted, updated, deleted };

struct Replay {
  Catalog& c;
  std::string_view sql = {};
  int version = 0;
  Relation* making = nullptr;  // not yet visible: no journal needed
  Relation* newborn =
      nullptr;  // made by this statement: a rollback forgets it whole, so its own changes need no record
  // The newest constraint that was there before the CREATE TABLE or ADD COLUMN whose constraints are being made.
  const Constraint* last_before = nullptr;
  mutable bool assumed_one = false;  // a relation that was never seen

  void statement(const ::Node* node);

  // --- common.cc: names, relations and columns ----------------------------------------------------------------------
  [[nodiscard]] Symbol symbol(const char* name) const { return name == nullptr ? Symbol{} : symbol(pg::text(name)); }
  [[nodiscard]] Symbol symbol(std::string_view name) const { return c.symbols.intern(name); }
  [[nodiscard]] Symbol symbol_of(const void* string_node) const { return symbol(pg::string(string_node)); }
  [[nodiscard]] Vec<Symbol> symbols_of(const ::List* strings) const;

  template <class T>
  void set(T& slot, std::type_identity_t<T> value) const {
    c.journal.set(slot, value);
  }
  // To be changed.
  [[nodiscard]] Extra& extra(Relation& relation) const {
    if (relation.own_extra == nullptr) relation.own_extra = c.arena.make<Extra>();
    return *relation.own_extra;
  }
  template <class T>
  [[nodiscard]] Vec<T> copied(const Vec<T>& list) const {
    Vec<T> out;
    reserve(out, list.size(), c.arena);
    for (const T& item : list) push(out, item, c.arena);
    return out;
  }
  template <class T>
  void append(Vec<T>& list, std::type_identity_t<T> value) const {
    push(list, value, c.arena, c.journal);
  }
  // A list that keeps what was dropped is cleared of it before it grows.
  [[nodiscard]] Journal& log(const Relation& relation) const { return &relation == newborn ? c.quiet_ : c.journal; }
  template <class T>
  void append_live(Vec<T*>& list, std::type_identity_t<T*> value) const {
    append_live(list, value, c.journal);
  }
  template <class T>
  void append_live(Vec<T*>& list, std::type_identity_t<T*> value, Journal& journal) const {
    if (list.size() == list.capacity() && list.size() >= 16) compact(list);
    push(list, value, c.arena, journal);
  }
  template <class T>
  void compact(Vec<T*>& list) const {
    std::uint32_t live = 0;
    for (const T* item : list) live += item->dropped ? 0 : 1;
    if (live * 2 > list.size()) return;
    Vec<T*> kept;
    reserve(kept, list.capacity(), c.arena);
    for (T* item : list)
      if (!item->dropped) push(kept, item, c.arena);
    c.journal.set(list, kept);
  }

  // The relation that a statement changes. One that was never seen is assumed to exist; null for what is gone.
  void fill(const ::RangeVar* name);  // a statement writes rows into it
  [[nodiscard]] Relation* target(const ::RangeVar* name, RelationKind assumed = RelationKind::table) const;
  [[nodiscard]] Relation* target(Symbol schema, Symbol name, RelationKind assumed) const;
  // Only what is on record and not gone.
  [[nodiscard]] Relation* seen(const ::RangeVar* name) const;
  [[nodiscard]] Relation* seen(Symbol schema, Symbol name) const;
  // Where CREATE puts it.
  [[nodiscard]] Symbol schema_for(const ::RangeVar& name) const;
  // Makes room for a new relation: null if it is there already, so that the statement does nothing. What was assumed
  // under that name becomes the relation, since others refer to it.
  [[nodiscard]] Relation* begin_relation(const ::RangeVar& name, RelationKind kind, bool if_not_exists);
  void end_relation(Relation& relation);
  [[nodiscard]] Relation* make_relation(Symbol schema, Symbol name, RelationKind kind, Persistence persistence) const;
  // A column of that name; one that an unknown relation must have is assumed.
  [[nodiscard]] Column* column_of(Relation& relation, Symbol name) const;
  void add_column(Relation& relation, const Column& column) const;
  // False if the server would say that one of them does not exist.
  [[nodiscard]] bool has_columns(const Relation& relation, const Vec<Symbol>& names) const;
  // All partitions and inheritors below, parents before children.
  [[nodiscard]] std::vector<Relation*> heirs(Relation& root) const;
  // False once histories have asked for too much that is larger than their text.
  [[nodiscard]] bool spend(std::uint64_t copies) const;
  void add_child(Relation& parent, Relation& child) const;
  void remove_child(Relation& parent, Relation& child) const;
  void remember(Relation& relation, Names::Kind kind, Symbol name, std::uintptr_t value, std::uint32_t count) const;
  [[nodiscard]] Constraint* constraint_of(const Relation& relation, Symbol name) const;
  [[nodiscard]] Trigger* trigger_of(const Relation& relation, Symbol name) const;

  // --- uses.cc: columns that triggers, rules and policies name
  void forget_uses(Relation& relation, ColumnUse::By by, Symbol object) const;
  // In a trigger's or a rule's expressions columns are those of OLD and NEW, in a policy's the table's own.
  void add_uses(Relation& relation, ColumnUse::By by, Symbol object, const ::Node* expression) const;
  void add_use(Relation& relation, ColumnUse::By by, Symbol object, Symbol column) const;
  void rename_uses(Relation& relation, ColumnUse::By by, Symbol from, Symbol to) const;

  // --- objects.cc: what is no relation, and who owns one
  [[nodiscard]] Symbol role_of(const ::RoleSpec* role) const;
  void set_owner(Relation& relation, Symbol owner) const;
  void reassign_owned(const ::ReassignOwnedStmt& statement);
  void drop_owned(const ::DropOwnedStmt& statement);
  [[nodiscard]] Statistics* statistics_named(const ::List* names) const;
  void create_statistics(const ::CreateStatsStmt& statement);
  void move_statistics(Statistics& statistics, Symbol schema, Symbol name) const;
  [[nodiscard]] Publication* publication_named(Symbol name) const;
  void create_publication(const ::CreatePublicationStmt& statement);
  void alter_publication(const ::AlterPublicationStmt& statement);
  void publish(Publication& publication, const ::List* objects) const;
  // Functions that an expression of the relation calls.
  void use_functions(Relation& relation, const ::Node* expression) const;
  // Rows that deferred constraints will be held against at COMMIT.
  void change_rows(const ::RangeVar* name, RowChange change, const ::List* assigned) const;

  // --- choose.cc: names that the server chooses ----------------------------------------------------------------------
  [[nodiscard]] Symbol choose_relation_name(std::string_view first, std::string_view second, std::string_view label,
                                            Symbol schema, bool constraint) const;
  [[nodiscard]] Symbol choose_constraint_name(std::string_view first, std::string_view second, std::string_view label,
                                              Symbol schema) const;
  [[nodiscard]] Symbol choose_name(std::uint32_t series, std::string_view first, std::string_view second,
                                   std::string_view label, Symbol schema) const;
  [[nodiscard]] bool relation_name_taken(Symbol schema, Symbol name) const;
  [[nodiscard]] bool constraint_name_taken(Symbol schema, Symbol name) const;
  void release_relation_name(Symbol schema, Symbol name) const;
  void release_constraint_name(Symbol schema, Symbol name) const;
  void take_constraint_name(Symbol schema, Symbol name) const;
  void release(std::uint32_t series, Symbol schema, Symbol name) const;
  // "a_b": the middle part for a list of columns.
  [[nodiscard]] MadeName joined(const Vec<Symbol>& columns) const;
  MadeName joined(Index& index) const;

  // --- types.cc ------------------------------------------------------------------------------------------------------
  [[nodiscard]] TypeName type_name(const ::TypeName* type) const;
  void use_type(Relation& relation, const TypeName& type) const;
  [[nodiscard]] Type* begin_type(const ::List* names, TypeKind kind);
  [[nodiscard]] Type* type_named(const ::List* names) const;
  void create_enum(const ::CreateEnumStmt& statement);
  void alter_enum(const ::AlterEnumStmt& statement);
  void add_value(Type& type, Symbol name) const;
  [[nodiscard]] EnumValue* value_of(const Type& type, Symbol name) const;
  void create_domain(const ::CreateDomainStmt& statement);
  void alter_domain(const ::AlterDomainStmt& statement);
  void add_domain_check(Type& type, const ::Constraint& written);
  void remember_check(Type& type, Constraint& check) const;
  [[nodiscard]] Constraint* domain_check(const Type& type, Symbol name) const;
  void create_composite(const ::CompositeTypeStmt& statement);
  void create_range(const ::CreateRangeStmt& statement);
  void define(const ::DefineStmt& statement);
  void create_extension(const ::CreateExtensionStmt& statement);
  void drop_extension_types(Symbol name, bool cascade);
  void drop_type(Type& type, bool cascade);
  void rename_type(Type& type, Symbol schema, Symbol name);

  // --- tables.cc -----------------------------------------------------------------------------------------------------
  void create_table(const ::CreateStmt& statement, RelationKind kind);
  void inherit(Relation& relation, Relation& parent);
  void like(Relation& relation, Relation* source, const ::TableLikeClause& clause);
  void like_rest(Relation& relation, Relation* source, const ::TableLikeClause& clause);
  void copy_column(Relation& relation, const Column& column) const;
  void create_as(const ::CreateTableAsStmt& statement);
  void select_into(const ::SelectStmt& statement);

  // --- columns.cc ----------------------------------------------------------------------------------------------------
  // The column itself, without its checks, keys and foreign keys.
  void define_column(Relation& relation, const ::ColumnDef& definition);
  // `existing`: the relation's column of that name, null if it has none.
  void define_column(Relation& relation, const ::ColumnDef& definition, Symbol name, Column* existing);
  void set_default(Relation& relation, Column& column, const ::Node* expression, std::string_view text) const;
  void drop_default(Relation& relation, Column& column) const;
  void link_default(Relation& relation, Symbol column, Relation& sequence) const;
  void unlink_default(Relation& relation, Symbol column) const;
  // The default of a column of one table that another table takes over still uses the same sequence.
  void copy_link(Relation& from, Relation& to, Symbol column) const;
  void add_sequence(Relation& relation, Symbol column, const ::List* options) const;
  void drop_owned_sequences(Relation& relation, Symbol column);
  // Its checks, keys and foreign keys, in the order in which the server makes them.
  void define_constraints(Relation& relation, const ::List* elements, bool new_table);
  void define_constraints_of(Relation& relation, const ::ColumnDef& definition, unsigned kind, bool new_table);
  void define_constraint(Relation& relation, const ::Constraint& written, Symbol column, const Attributes& attributes,
                         bool new_table);
  void new_column(Relation& relation, const ::ColumnDef& definition, bool if_not_exists, bool recurse);
  void change_type(Relation& relation, Symbol name, const ::ColumnDef& definition, bool recurse);
  void change_default(Relation& relation, Symbol name, const ::Node* expression, bool recurse);
  void drop_not_null(Relation& relation, Symbol name, bool recurse);
  void change_expression(Relation& relation, Symbol name, const ::Node* expression, bool recurse);
  void change_identity(Relation& relation, const ::AlterTableCmd& command);
  void drop_column(Relation& relation, Symbol name, bool recurse);
  void keep_orphans(Relation& relation);
  // From this relation alone; false if it stays.
  bool remove_column(Relation& relation, Symbol name);
  void rename_column(Relation& relation, Symbol from, Symbol to, bool recurse);
  void set_not_null(Relation& relation, Column& column, bool recurse);

  // --- constraints.cc ------------------------------------------------------------------------------------------------
  void add_constraint(Relation& relation, Constraint& constraint) const;
  // Null if the server would refuse it.
  Constraint* add_check(Relation& relation, const ::Constraint& written, const Attributes& attributes, bool new_table);
  void add_index_constraint(Relation& relation, const ::Constraint& written, Symbol column,
                            const Attributes& attributes, bool recurse);
  [[nodiscard]] bool same_as_earlier(const Relation& relation, const ::Constraint& written, const Constraint& key,
                                     const Vec<Symbol>& include);
  void propagate_check(Relation& relation, Constraint& check);
  void add_foreign_key(Relation& relation, const ::Constraint& written, Symbol column, const Attributes& attributes,
                       bool validated);
  void add_not_null(Relation& relation, Symbol column, Symbol name, bool valid, bool no_inherit);
  void add_written_constraint(Relation& relation, const ::Constraint& written, bool recurse);
  void use_index(Relation& relation, const ::Constraint& written);
  [[nodiscard]] Constraint* clone(Constraint& from, Relation& to) const;
  void clone_foreign_key(Constraint& from, Relation& to);
  void inherit_check(Constraint& from, Relation& to, bool new_table);
  // The constraint of a partition or inheritor that follows that of its parent.
  [[nodiscard]] Constraint* follower(const Constraint& of, const Relation& in) const;
  void drop_constraint(Constraint& constraint);
  void drop_constraint(Relation& relation, Symbol name, bool recurse);
  void validate_constraint(Relation& relation, Symbol name);
  void alter_constraint(Relation& relation, const ::ATAlterConstraint& change);
  void rename_constraint(Relation& relation, Symbol from, Symbol to);
  // The unique index of the referenced table that a new foreign key stands on.
  [[nodiscard]] Relation* index_for(const Constraint& key) const;
  // Foreign keys that stand on an index, which is dropped.
  void drop_references(Relation& index);

  // --- indexes.cc ----------------------------------------------------------------------------------------------------
  void create_index(const ::IndexStmt& statement);
  void describe_keys(const ::IndexStmt& statement, Index& index) const;
  [[nodiscard]] Index copied(const Index& index) const;
  Relation* add_index(Relation& table, const IndexPlan& plan, Symbol name, Constraint* constraint);
  // On every partition below, made or found there.
  void index_partitions(Relation& table, Relation& index);
  [[nodiscard]] Relation* ensure_index(Relation& partition, Relation& parent_index, bool& made);
  void attach_index(Relation& parent, Relation& child);
  void attach_index(Relation& parent, const ::PartitionCmd& command);
  void check_partitioned_index(Relation& index);
  // With its constraint, and the indexes that follow it.
  void drop_index(Relation& index);

  // --- partitions.cc -------------------------------------------------------------------------------------------------
  void set_partition_key(Relation& relation, const ::PartitionSpec& spec) const;
  void set_bound(Relation& relation, const ::PartitionBoundSpec& bound) const;
  // What a partition gets from its parent beside columns and checks: indexes, triggers, foreign keys.
  void follow_parent(Relation& partition, Relation& parent);
  void attach_partition(Relation& parent, const ::PartitionCmd& command);
  void detach_partition(Relation& parent, const ::PartitionCmd& command);
  void add_parent(Relation& relation, Relation& parent);
  [[nodiscard]] bool has_columns_of(const Relation& relation, const Relation& parent) const;
  void remove_parent(Relation& relation, Relation& parent);
  [[nodiscard]] bool descends_from(const Relation& relation, const Relation& ancestor) const;

  // --- alter.cc ------------------------------------------------------------------------------------------------------
  void alter_table(const ::AlterTableStmt& statement);
  void alter_table(Relation& relation, const ::AlterTableCmd& command, bool recurse);
  void set_logged(Relation& relation, bool logged);
  void alter_composite(const ::AlterTableStmt& statement);
  void rename_attribute(const Type& type, Symbol from, Symbol to);
  // Calls `change` for the attributes of a composite type, and for the tables that are of it.
  template <class F>
  void each_of(const Type& type, F&& change);

  // --- drop.cc -------------------------------------------------------------------------------------------------------
  void drop(const ::DropStmt& statement);
  void drop_relation(Relation& relation, bool cascade);
  void drop_one(Relation& relation, bool cascade);
  void drop_schema(Symbol name, bool cascade);
  void drop_function(Function& function, bool cascade);
  void drop_trigger(Relation& relation, Symbol name, bool recurse);
  void drop_extension(Symbol name, bool cascade);
  void gone(Symbol schema, Symbol name) const;

  // --- rename.cc -----------------------------------------------------------------------------------------------------
  void rename(const ::RenameStmt& statement);
  void rename_relation(Relation& relation, Symbol schema, Symbol name);
  void rename_schema(Symbol from, Symbol to);
  void set_schema(const ::AlterObjectSchemaStmt& statement);
  void move_table(Relation& relation, Symbol schema);
  void move_function(Function& function, Symbol schema, Symbol name);

  // --- views.cc ------------------------------------------------------------------------------------------------------
  void create_view(const ::ViewStmt& statement);
  // The columns that a query gives, and what it reads. False if not all columns can be told.
  bool query(const ::Node* select, std::vector<Column>& columns, std::vector<Dependency>& reads);
  void set_reads(Relation& view, const std::vector<Dependency>& reads);

  // --- functions.cc --------------------------------------------------------------------------------------------------
  void create_function(const ::CreateFunctionStmt& statement);
  void alter_function(const ::AlterFunctionStmt& statement);
  [[nodiscard]] Symbol signature(const ::List* arguments, std::uint16_t& count) const;
  void create_aggregate(const ::DefineStmt& statement);
  [[nodiscard]] FunctionShape shape(const ::CreateFunctionStmt& statement) const;
  [[nodiscard]] Function* function_named(const ::ObjectWithArgs& object) const;
  // Null as signature: any overload.
  [[nodiscard]] Function* function_named(const ::List* names, const Symbol* signature) const;
  void create_trigger(const ::CreateTrigStmt& statement);
  void add_trigger(Relation& relation, const Trigger& trigger);
  void enable_trigger(Relation& relation, Symbol name, bool enabled);
  void create_policy(const ::CreatePolicyStmt& statement);
  void alter_policy(const ::AlterPolicyStmt& statement);
  void create_rule(const ::RuleStmt& statement);
  void create_sequence(const ::CreateSeqStmt& statement);
  void alter_sequence(const ::AlterSeqStmt& statement);
  void own_sequence(Relation& sequence, const ::List* options);
  void add_name(Relation& relation, Names::Kind kind, Vec<Symbol>& list, Symbol name);
  void remove_name(Relation& relation, Names::Kind kind, const Vec<Symbol>& list, Symbol name);
  void rename_name(Relation& relation, Names::Kind kind, const Vec<Symbol>& list, Symbol from, Symbol to);
  [[nodiscard]] std::uint32_t position_of(const Relation& relation, Names::Kind kind, const Vec<Symbol>& list,
                                          Symbol name) const;  // list.size() if absent

  // --- settings.cc ---------------------------------------------------------------------------------------------------
  void create_schema(const ::CreateSchemaStmt& statement);
  void set_variable(const ::VariableSetStmt& statement);
  void set_constraints(const ::ConstraintsSetStmt& statement);
  void select(const ::SelectStmt& statement);
  // Changes the session, now and for after the transaction or, if local, until its end.
  template <class F>
  void configure(bool local, F&& change);
  void discard(const ::DiscardStmt& statement);
  void drop_temporary();
};

}  // namespace pglint::catalog
