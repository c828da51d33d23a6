// What the parts of ALTER TABLE share: one statement of it, which is gone through subcommand by subcommand. ALTER VIEW,
// INDEX, SEQUENCE and FOREIGN TABLE are the same statement to the server.
//
// The server takes the strongest lock that any subcommand needs, on the relation and on all below it that the
// subcommand reaches, then runs the subcommands in passes of its own order (drops, type changes, additions, …), and at
// the end reads or rewrites each table at most once for all of them.
#pragma once

#include <algorithm>
#include <string_view>

#include "effect/model.h"

namespace pglint::effect {

using catalog::Column;
using catalog::Constraint;
using catalog::ConstraintKind;
using catalog::Generated;
using catalog::Identity;

// --- locks (locks.cc)

[[nodiscard]] LockMode lock_of(const ::AlterTableCmd& command);
// Whether the subcommand changes what is below the table too (without ONLY). `table` may be null.
[[nodiscard]] bool recurses(const Model& model, const ::AlterTableCmd& command, const Relation* table);
// Whether a storage parameter can be changed beside writers.
[[nodiscard]] bool is_gentle(const ::DefElem& option);

class Alter {
 public:
  Alter(Model& model, const ::AlterTableStmt& statement)
      : m_(model), statement_(statement), recurse_(statement.relation->inh) {}

  void run();

 private:
  void command(const ::AlterTableCmd& command, Part& part);

  // --- what is refused (refused.cc)
  void check_kind(const ::AlterTableCmd& command);
  void check_only(const ::AlterTableCmd& command);
  void check_typed(const ::AlterTableCmd& command);
  void check_trigger(const ::AlterTableCmd& command);
  void check_rule(const ::AlterTableCmd& command);

  // --- columns (columns.cc, column_type.cc)
  struct NewColumn;
  void add_column(const ::ColumnDef& definition, bool if_not_exists, Part& part);
  [[nodiscard]] NewColumn read_column(const ::ColumnDef& definition);
  void check_generated(const ::Node* expression);
  void add_column_key(const NewColumn& column, std::string_view name, Part& part);
  void add_column_reference(const NewColumn& column, const ::Constraint& constraint, Part& part);
  void drop_column(const ::AlterTableCmd& command);
  void set_not_null(Symbol name, Part& part);
  void drop_not_null(const ::AlterTableCmd& command);
  void change_default(const ::AlterTableCmd& command);
  void set_expression(const ::AlterTableCmd& command, Part& part);
  void drop_expression(const ::AlterTableCmd& command);
  void identity(const ::AlterTableCmd& command);
  void set_column_storage(const ::AlterTableCmd& command);
  void set_statistics(const ::AlterTableCmd& command);
  void change_type(const ::AlterTableCmd& command, Part& part);
  struct TypeChange;
  void change_type(TypeChange change, Part& part);
  void check_new_type(const TypeChange& change);
  void remake_indexes(const TypeChange& change, Part& part);
  void remake_foreign_keys(const TypeChange& change, Part& part);

  // --- constraints (constraints.cc, keys.cc)
  void add_constraint(const ::Constraint& constraint, Part& part);
  void add_check(const ::Constraint& constraint, Part& part);
  void add_foreign_key(const ::Constraint& constraint, Part& part);
  void drop_constraint(const ::AlterTableCmd& command);
  void validate(const ::AlterTableCmd& command, Part& part);
  void alter_constraint(const ::AlterTableCmd& command, Part& part);
  void add_key(const ::Constraint& constraint, Part& part);
  void use_index(const ::Constraint& constraint, Part& part);
  void lock_heirs_of_key(Symbol column);

  // --- parents and partitions (inheritance.cc)
  void inherit(const ::RangeVar* parent);
  void disinherit(const ::RangeVar* parent);
  void attach(const ::PartitionCmd& partition, Part& part);
  void attach_index(const ::PartitionCmd& partition);
  void detach(const ::AlterTableCmd& command);

  // --- storage (storage.cc)
  void set_options(const ::List* options);
  void set_persistence(bool logged, Part& part);
  void set_access_method(const ::AlterTableCmd& command, Part& part);
  void set_tablespace(const ::AlterTableCmd& command, Part& part);
  void change_owner(const ::AlterTableCmd& command);
  void replica_identity(const ::ReplicaIdentityStmt& identity);
  // An index of the table, by its name.
  void lock_index(const char* name, LockMode mode);
  // A table that is rewritten gets all of its indexes built again, but not one that only moves.
  void rebuild_indexes();

  // Work on the table itself, or on what is below it, with what it means for the part.
  void add_work(const Relation& table, Work work, Part& part);
  void add_work_below(Work work, Part& part, bool recurse);
  // A column that must be there: false if it is known not to be.
  bool has_column(Symbol name, std::string_view written);
  // What other subcommands of the statement do; one that stands alone has none.
  template <class F>
  [[nodiscard]] bool has_command(::AlterTableType kind, F&& matches) const {
    if (list_length(statement_.cmds) == 1) return false;
    for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds))
      if (other.subtype == kind && matches(other)) return true;
    return false;
  }
  [[nodiscard]] bool drops_column(Symbol name) const;
  [[nodiscard]] bool drops_default(Symbol name) const;
  [[nodiscard]] bool drops_constraint(Symbol name) const;
  [[nodiscard]] bool adds_column(Symbol name) const;
  [[nodiscard]] bool adds_constraint(Symbol name) const;
  [[nodiscard]] bool sets_not_null(Symbol name) const;
  // The check, still there when the statement comes to it, that proves the column to have no NULL.
  [[nodiscard]] const Constraint* proof(const Relation& table, Symbol column) const;
  [[nodiscard]] bool complete() const { return table_ != nullptr && table_->known && table_->columns_known; }
  [[nodiscard]] std::string_view table_name() const { return m_.text(found_.name); }

  Model& m_;
  const ::AlterTableStmt& statement_;
  const bool recurse_;
  Lookup found_;
  const Relation* table_ = nullptr;  // null if it was never seen
};

// Triggers, rules and policies that name the column.
template <class F>
void each_column_use(const Relation& table, Symbol column, F&& visit) {
  for (const catalog::ColumnUse& use : table.extra().column_uses) {
    if (use.column != column || use.by == catalog::ColumnUse::By::statistics) continue;
    const bool there = use.by == catalog::ColumnUse::By::policy ? contains(table.extra().policies, use.object)
                       : use.by == catalog::ColumnUse::By::rule
                           ? contains(table.extra().rules, use.object)
                           : std::any_of(table.extra().triggers.begin(), table.extra().triggers.end(),
                                         [&](const catalog::Trigger& trigger) {
                                           return !trigger.dropped && trigger.name == use.object;
                                         });
    if (there) visit(use.by);
  }
}

}  // namespace pglint::effect
