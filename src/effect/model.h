// What the parts of this floor share while one statement is looked at. Not for other floors.
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "effect/effect.h"
#include "pg/node.h"
#include "pg/tree.h"

namespace pglint::effect {

using catalog::Lookup;
using catalog::Presence;
using catalog::Relation;
using catalog::RelationKind;

class Model {
 public:
  Model(const catalog::Catalog& schema, const catalog::TransactionState& state, int server, std::string_view text,
        Effects& effects)
      : catalog(schema), transaction(state), version(server), sql(text), out(effects) {}

  const catalog::Catalog& catalog;
  const catalog::TransactionState& transaction;
  const int version;  // of the server, the major one
  const std::string_view sql;
  Effects& out;
  HeldUntil held = HeldUntil::transaction;

  // --- names
  [[nodiscard]] Symbol symbol(std::string_view name) const { return catalog.symbols.intern(name); }
  [[nodiscard]] Symbol symbol(const char* name) const { return symbol(pg::text(name)); }
  [[nodiscard]] Symbol symbol_of(const void* string_node) const { return symbol(pg::string(string_node)); }
  [[nodiscard]] std::string_view text(Symbol name) const { return catalog.symbols.text(name); }
  [[nodiscard]] Lookup find(const ::RangeVar* name) const;
  [[nodiscard]] Lookup find(const pg::QualifiedName& name) const;
  [[nodiscard]] Lookup find(const ::List* names) const { return find(pg::qualified_name(names)); }
  [[nodiscard]] Symbol schema_for(const ::RangeVar& name) const;  // where CREATE puts it
  // The name that the server would choose: table_middle_label, numbered where it is taken.
  [[nodiscard]] Symbol choose_name(Symbol schema, std::string_view first, std::string_view second,
                                   std::string_view label) const;
  // That of an index made by LIKE or for a partition, after the one that it is like.
  [[nodiscard]] Symbol choose_like(Symbol schema, std::string_view table, const catalog::Index& index) const;
  // Columns of a key as the middle of such a name.
  [[nodiscard]] Symbol choose_key_name(Symbol schema, std::string_view table, const ::List* columns,
                                       const ::List* including, std::string_view label) const;

  // --- locks. One entry per relation: the strongest mode, all the work, the first reason.
  void lock(const Relation& relation, LockMode mode, Because because, Work work = Work::none);
  // The relation, or a name that was never seen. Nothing for what is gone.
  void lock(const Lookup& found, RelationKind assumed, LockMode mode, Because because, Work work = Work::none);
  void made(RelationKind kind, Symbol schema, Symbol name, Because because, Work work = Work::none);
  void work(const Relation& relation, Work work);
  void lock_indexes(const Relation& table, LockMode mode);
  // An index that is built, or built again, with the work and the lock that it means.
  void build_new(const Relation& table, Symbol name);
  void build_new(Symbol table_schema, Symbol table_name, Symbol name);  // of a table that is new, or never seen
  void rebuild(const Relation& index, LockMode mode = LockMode::access_exclusive);
  [[nodiscard]] RelationEffect* entry(Symbol schema, Symbol name);
  [[nodiscard]] RelationEffect* entry(const Relation& relation) { return entry(relation.schema, relation.name); }

  // Opens the relation that a statement names: true if it may be there. What is gone is an error, unless IF EXISTS.
  bool open(const Lookup& found, RelationKind assumed, LockMode mode, Because because, Work work = Work::none,
            bool if_exists = false);

  // --- errors: the first one counts, as on the server. Cold: what leads to them stands apart from the usual way.
  template <class... Args>
  [[gnu::cold]] void fail(const char* sqlstate, fmt::format_string<Args...> format, Args&&... args) {
    if (!out.has_error) set_error(sqlstate, fmt::format(format, std::forward<Args>(args)...));
  }
  // Syntax that came with a later version.
  [[gnu::cold]] void newer_syntax(std::string_view word);
  [[gnu::cold]] void missing(const Lookup& found);  // relation "x" does not exist
  // An error that the rows decide, or something else that no history has.
  void may_fail(const char* sqlstate, const char* when);
  // Notes that the statement runs outside transaction blocks only; an error inside one. False if there is one.
  bool outside_transaction(std::string_view what);

 private:
  [[gnu::cold]] void set_error(const char* sqlstate, std::string message);
  [[nodiscard]] RelationEffect effect_on(const Relation& relation, LockMode mode, Because because, Work work) const;
  void add(const RelationEffect& effect);  // of a relation that has no entry yet
  void merge(const RelationEffect& effect);

  bool has_index_ = false;  // among the relations
};

// "a_lower_a1": columns of an index, joined for its name; one that is there already gets a number, as the server gives
// the columns of an index names of their own.
class IndexColumns {
 public:
  void add(std::string_view name);
  [[nodiscard]] std::string_view text() const { return {text_, size_}; }

 private:
  [[nodiscard]] bool taken(std::string_view name) const;

  char text_[64] = {};
  std::size_t size_ = 0;
  std::uint8_t starts_[32] = {};
  std::uint8_t ends_[32] = {};
  std::size_t count_ = 0;
};

// --- walking over relations

// Partitions, or inheritors, of the relation: all below it, each once, parents first; then `visit` has seen the
// relation itself, too.
template <class F>
void each_in_tree(const Relation& root, bool recurse, F&& visit) {
  visit(root);
  if (!recurse || root.extra().children.empty()) return;
  std::vector<const Relation*> waiting(root.extra().children.begin(), root.extra().children.end());
  std::unordered_set<const Relation*> seen;  // of those that several ways lead to
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const Relation& child = *waiting[i];
    if (child.dropped || (child.extra().parents.size() > 1 && !seen.insert(&child).second)) continue;
    visit(child);
    waiting.insert(waiting.end(), child.extra().children.begin(), child.extra().children.end());
  }
}

[[nodiscard]] inline Because as_child(const Relation& child, const Relation& root, Because of_root) {
  if (&child == &root) return of_root;
  return child.is_partition ? Because::partition : Because::inherits;
}

template <class F>
void each_index(const Relation& table, F&& visit) {
  for (const Relation* index : table.indexes)
    if (!index->dropped) visit(*index);
}

template <class F>
void each_foreign_key(const Relation& table, F&& visit) {
  if (table.foreign_keys == 0) return;
  for (const catalog::Constraint* constraint : table.constraints)
    if (!constraint->dropped && constraint->kind == catalog::ConstraintKind::foreign_key &&
        constraint->references != nullptr)
      visit(*constraint);
}

// Foreign keys of other tables, or its own, that point to the table.
template <class F>
void each_reference(const Relation& table, F&& visit) {
  for (const catalog::Constraint* constraint : table.referenced_by)
    if (!constraint->dropped && constraint->table != nullptr && !constraint->table->dropped) visit(*constraint);
}

// Those that rows of the table are bound by: of a partition, its parents' as well.
template <class F>
void each_reference_to_row(const Relation& table, F&& visit) {
  const Relation* at = &table;
  for (int depth = 0; depth < 64 && at != nullptr; ++depth) {  // deeper than partitions are nested
    each_reference(*at, visit);
    at = at->is_partition && !at->extra().parents.empty() ? at->extra().parents[0] : nullptr;
  }
}

[[nodiscard]] bool contains(const Vec<Symbol>& list, Symbol name);
[[nodiscard]] bool is_index(RelationKind kind);
[[nodiscard]] bool is_system_column(std::string_view name);  // that every table has
[[nodiscard]] bool has_storage(const Relation& relation);    // rows of its own
[[nodiscard]] const Relation* primary_key_index(const Relation& table);

// --- types (coercion.cc)

[[nodiscard]] catalog::TypeName type_of(const Model& model, const ::TypeName* written);
// As the server's messages spell a type: int4 is integer.
[[nodiscard]] std::string type_text(const Model& model, const catalog::TypeName& type);
// f(integer, text)
[[nodiscard]] std::string routine_text(const Model& model, const catalog::Function& function);
// What a change from one type to another means for the stored bytes.
struct Coercion {
  bool rewrites = true;
  bool same_operators = false;  // an index on the column need not be built again
};
// `using_` may be null; `column` is the column's name, which casts in it may be about.
[[nodiscard]] Coercion coercion(const Model& model, const catalog::TypeName& from, const catalog::TypeName& to,
                                const ::Node* using_, std::string_view column);
// False only where the server is known to have no such cast on assignment.
[[nodiscard]] bool assignable(const Model& model, const catalog::TypeName& from, const catalog::TypeName& to);
// False only where the server is known to find no equality operator for a foreign key.
[[nodiscard]] bool comparable(const Model& model, const catalog::TypeName& key, const catalog::TypeName& referenced);
[[nodiscard]] const catalog::Type* constrained_domain(const Model& model, const catalog::TypeName& type);
[[nodiscard]] bool session_is_utc(const catalog::Catalog& catalog);

// --- what several statements ask for (checks.cc)

// ALTER, DROP and others refuse a table whose deferred triggers have not fired yet.
void check_not_pending(Model& model, const Relation& table, std::string_view what);
// An error if the name is known to be no type.
void check_type(Model& model, std::string_view schema, std::string_view name);
// A literal for a column of an enumeration: one of its labels, and none that this transaction added.
void check_enum_label(Model& model, const catalog::TypeName& type, const ::Node* value);
// Types of the columns that an expression may name: those of a table that is there, and those that a statement writes.
struct ColumnTypes {
  const Relation* table = nullptr;
  const ::List* written = nullptr;  // ColumnDef among others

  [[nodiscard]] catalog::TypeName full(const Model& model, std::string_view name) const;
  // Of a built-in type that is no array its name; else nothing.
  [[nodiscard]] std::string_view of(const Model& model, std::string_view name) const;
};
[[nodiscard]] bool is_unordered(std::string_view type);
// True only where the server is known not to take the expression for immutable: an index or a generated column may not
// be made of it.
[[nodiscard]] bool is_mutable(Model& model, const ::Node* expression, const ColumnTypes& columns);
// An error where a column of the type cannot have this DEFAULT.
void check_default(Model& model, const catalog::TypeName& type, std::string_view column, const ::Node* expression);
void check_identity_type(Model& model, const catalog::TypeName& type);
// A table that goes with the session, or with a crash, is nothing that a table which stays may refer to.
void check_persistence(Model& model, catalog::Persistence from, const Lookup& referenced);
// An index that a table can be clustered on.
void check_clusterable(Model& model, const Lookup& index);
[[nodiscard]] bool has_subquery(const ::Node* expression);
// Whether an index of a partition can follow that of its parent.
[[nodiscard]] bool serves(const catalog::Index& index, const catalog::Index& wanted);
// Indexes and sequences that change their owner with a table.
void lock_owned(Model& model, const Relation& table);
// Whether the text of an expression calls a function of that name.
[[nodiscard]] bool calls(std::string_view sql, std::string_view function);

// --- foreign keys (foreign_keys.cc)

// What ADD CONSTRAINT, ADD COLUMN and CREATE TABLE do to the other table. `table` is null while it is being made.
// `columns` are the referring columns.
struct NewForeignKey {
  const Relation* table = nullptr;
  Lookup referenced = {};
  const ::List* referenced_columns = nullptr;
  bool self = false;
  bool validates = false;
};
void add_foreign_key(Model& model, const NewForeignKey& key);
// The errors of a key that the referenced table cannot carry, as far as its columns are known. `types` are those of the
// referring columns, as many as are known.
void check_foreign_key(Model& model, Symbol schema, Symbol table, const std::vector<catalog::TypeName>& types,
                       const ::Constraint& constraint, const Lookup& referenced);
// Reads both sides to check every row.
void validate_foreign_key(Model& model, const Relation* table, const Relation* referenced);

// --- syntax of later versions (syntax.cc): false if there is an error.
[[nodiscard]] bool check_syntax(Model& model, const ::Node* statement);
[[nodiscard]] bool check_column_syntax(Model& model, const ::ColumnDef& column);
[[nodiscard]] bool check_constraint_syntax(Model& model, const ::Constraint& constraint, bool of_column);

// Errors of columns that are named twice (duplicates.cc).
void check_named_once(Model& model, const ::Node* statement);
// Errors of columns that are named and not there (columns_named.cc). `variables`: see Target.
void check_columns_named(Model& model, const ::Node* statement, bool variables);

// --- statements, by theme
void alter_table(Model& model, const ::AlterTableStmt& statement);
void alter_table_move_all(Model& model, const ::AlterTableMoveAllStmt& statement);
void rename(Model& model, const ::RenameStmt& statement);
void set_schema(Model& model, const ::AlterObjectSchemaStmt& statement);
void depends_on_extension(Model& model, const ::AlterObjectDependsStmt& statement);
// Says what work the statement does on the partition.
Work attach_partition(Model& model, const Relation& parent, const ::PartitionCmd& command);
void detach_partition(Model& model, const Relation& parent, const ::PartitionCmd& command);
void new_partition(Model& model, const Relation& parent, const ::CreateStmt& statement, Symbol schema, Symbol name);
void create_index(Model& model, const ::IndexStmt& statement);
// Builds the index on the table and its partitions, under locks that are taken already.
void build_index(Model& model, const Relation& table, const ::IndexStmt& statement, Symbol name);
[[nodiscard]] bool lacks_partition_key(const Model& model, const Relation& table, const ::List* keys);
void create_table(Model& model, const ::CreateStmt& statement, RelationKind kind);
void create_table_as(Model& model, const ::CreateTableAsStmt& statement);
void truncate(Model& model, const ::TruncateStmt& statement);
void drop(Model& model, const ::DropStmt& statement);
void drop_owned(Model& model, const ::DropOwnedStmt& statement);
void reassign_owned(Model& model, const ::ReassignOwnedStmt& statement);
// The locks of dropping relations with all that hangs on them.
void drop_relation(Model& model, const Relation& relation, Because because, bool cascade);
void create_view(Model& model, const ::ViewStmt& statement);
void refresh(Model& model, const ::RefreshMatViewStmt& statement);
void create_sequence(Model& model, const ::CreateSeqStmt& statement);
void alter_sequence(Model& model, const ::AlterSeqStmt& statement);
void alter_domain(Model& model, const ::AlterDomainStmt& statement);
void alter_composite(Model& model, const ::AlterTableStmt& statement);
void lock_typed_tables(Model& model, const catalog::Type& type, bool cascade, Work work);
void rename_attribute(Model& model, const ::RenameStmt& statement);
void create_trigger(Model& model, const ::CreateTrigStmt& statement);
void create_rule(Model& model, const ::RuleStmt& statement);
void create_policy(Model& model, const ::CreatePolicyStmt& statement);
void alter_policy(Model& model, const ::AlterPolicyStmt& statement);
void create_statistics(Model& model, const ::CreateStatsStmt& statement);
void create_publication(Model& model, const ::CreatePublicationStmt& statement);
void alter_publication(Model& model, const ::AlterPublicationStmt& statement);
void comment(Model& model, ::ObjectType type, const ::Node* object);
void grant(Model& model, const ::GrantStmt& statement);
void lock_table(Model& model, const ::LockStmt& statement);
void vacuum(Model& model, const ::VacuumStmt& statement);
void cluster(Model& model, const ::ClusterStmt& statement);
void reindex(Model& model, const ::ReindexStmt& statement);
void copy(Model& model, const ::CopyStmt& statement);
void create_function(Model& model, const ::CreateFunctionStmt& statement);
// The first column of an exclusion constraint, for its name.
[[nodiscard]] std::string_view excluded_column(const ::Constraint& constraint);

// --- queries (dml.cc)

enum class Run : std::uint8_t {
  execute,
  plan,     // EXPLAIN, DECLARE CURSOR: all locks, nothing read
  analyse,  // a view's definition: the relations that are named, and no more
};
void query(Model& model, const ::Node* statement, Run run);
// Relations that an expression's subqueries name.
void expression(Model& model, const ::Node* expression, Run run);
// A row that is written into a partition itself is held against its bounds, which the parents keep.
void lock_parents(Model& model, const Relation& partition);
// Deferred constraints are checked: by COMMIT, or SET CONSTRAINTS … IMMEDIATE.
void check_deferred(Model& model);
// What a view reads, down to its tables, as a query of it locks it.
void lock_base(Model& model, const Relation& view, LockMode mode, Work work, bool indexes, bool inheritors = true);

}  // namespace pglint::effect
