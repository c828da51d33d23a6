// ALTER TABLE, and its relatives for views, indexes, sequences and foreign tables.
//
// The server takes the strongest lock that any subcommand needs, on the relation and on all below it that the
// subcommand reaches, then runs the subcommands in passes of its own order (drops, type changes, additions, …), and at
// the end reads or rewrites each table at most once for all of them.

#include <algorithm>
#include <array>

#include "catalog/replay.h"
#include "effect/model.h"

namespace pglint::effect {
namespace {

using catalog::Column;
using catalog::Constraint;
using catalog::ConstraintKind;
using catalog::Generated;
using catalog::Identity;
using catalog::Volatility;

// Storage parameters that the server lets be changed beside writers; all others stop everybody.
constexpr std::array gentle_options = std::to_array<std::string_view>({
    "autovacuum_analyze_max_threshold",
    "autovacuum_analyze_scale_factor",
    "autovacuum_analyze_threshold",
    "autovacuum_enabled",
    "autovacuum_freeze_max_age",
    "autovacuum_freeze_min_age",
    "autovacuum_freeze_table_age",
    "autovacuum_multixact_freeze_max_age",
    "autovacuum_multixact_freeze_min_age",
    "autovacuum_multixact_freeze_table_age",
    "autovacuum_vacuum_cost_delay",
    "autovacuum_vacuum_cost_limit",
    "autovacuum_vacuum_insert_scale_factor",
    "autovacuum_vacuum_insert_threshold",
    "autovacuum_vacuum_max_threshold",
    "autovacuum_vacuum_scale_factor",
    "autovacuum_vacuum_threshold",
    "deduplicate_items",
    "fillfactor",
    "log_analyze_min_duration",
    "log_autovacuum_min_duration",
    "log_vacuum_min_duration",
    "n_distinct",
    "n_distinct_inherited",
    "parallel_workers",
    "toast_tuple_target",
    "vacuum_cleanup_index_scale_factor",
    "vacuum_index_cleanup",
    "vacuum_max_eager_freeze_failure_rate",
    "vacuum_truncate",
});

bool is_gentle(const ::DefElem& option) {
  return std::find(gentle_options.begin(), gentle_options.end(), pg::text(option.defname)) != gentle_options.end();
}

LockMode options_lock(const ::List* options) {
  for (const ::DefElem& option : pg::only<::DefElem>(options))
    if (!is_gentle(option)) return LockMode::access_exclusive;
  return LockMode::share_update_exclusive;
}

LockMode lock_of(const ::AlterTableCmd& command) {
  switch (command.subtype) {
    case AT_SetStatistics:
    case AT_SetOptions:
    case AT_ResetOptions:
    case AT_ClusterOn:
    case AT_DropCluster:
    case AT_ValidateConstraint:
    case AT_AttachPartition:
    case AT_DetachPartitionFinalize:
      return LockMode::share_update_exclusive;
    case AT_DetachPartition: {
      const auto* partition = pg::as<::PartitionCmd>(command.def);
      return partition != nullptr && partition->concurrent ? LockMode::share_update_exclusive
                                                           : LockMode::access_exclusive;
    }
    case AT_SetRelOptions:
    case AT_ResetRelOptions:
      return options_lock(reinterpret_cast<const ::List*>(command.def));
    case AT_EnableTrig:
    case AT_EnableAlwaysTrig:
    case AT_EnableReplicaTrig:
    case AT_EnableTrigAll:
    case AT_EnableTrigUser:
    case AT_DisableTrig:
    case AT_DisableTrigAll:
    case AT_DisableTrigUser:
      return LockMode::share_row_exclusive;
    case AT_AddConstraint: {
      const auto* constraint = pg::as<::Constraint>(command.def);
      return constraint != nullptr && constraint->contype == CONSTR_FOREIGN ? LockMode::share_row_exclusive
                                                                            : LockMode::access_exclusive;
    }
    default:
      return LockMode::access_exclusive;
  }
}

// Whether the subcommand changes what is below the table too (without ONLY).
bool recurses(const Model& model, const ::AlterTableCmd& command, const Relation* table) {
  const bool partitioned = table != nullptr && table->kind == RelationKind::partitioned_table;
  switch (command.subtype) {
    case AT_AddColumn:
    case AT_DropColumn:
    case AT_ColumnDefault:
    case AT_DropNotNull:
    case AT_SetNotNull:
    case AT_SetExpression:
    case AT_DropExpression:
    case AT_SetStatistics:
    case AT_SetStorage:
    case AT_DropConstraint:
    case AT_AlterConstraint:
    case AT_AlterColumnType:
      return true;
    case AT_EnableTrig:
    case AT_EnableAlwaysTrig:
    case AT_EnableReplicaTrig:
    case AT_EnableTrigAll:
    case AT_EnableTrigUser:
    case AT_DisableTrig:
    case AT_DisableTrigAll:
    case AT_DisableTrigUser: {
      // A trigger for each row has copies on the partitions; so have the triggers of foreign keys.
      if (!partitioned) return false;
      const bool all = command.subtype == AT_EnableTrigAll || command.subtype == AT_DisableTrigAll;
      const Symbol name = model.symbol(command.name);
      const bool has_copies = std::any_of(
          table->extra().triggers.begin(), table->extra().triggers.end(), [&](const catalog::Trigger& trigger) {
            return !trigger.dropped && trigger.row && (command.name == nullptr || trigger.name == name);
          });
      bool has_keys = !table->referenced_by.empty();
      each_foreign_key(*table, [&](const Constraint&) { has_keys = true; });
      return has_copies || (all && has_keys);
    }
    case AT_AddConstraint: {
      const auto& constraint = pg::cast<::Constraint>(command.def);
      if (constraint.contype == CONSTR_FOREIGN) return partitioned;
      // A key goes to the partitions as an index does, under a lock of its own.
      return (constraint.contype == CONSTR_CHECK || constraint.contype == CONSTR_NOTNULL) && !constraint.is_no_inherit;
    }
    case AT_AddIdentity:
    case AT_SetIdentity:
    case AT_DropIdentity:
      return model.version >= 17;
    case AT_ValidateConstraint: {
      const Constraint* constraint =
          table != nullptr ? catalog::constraint(*table, model.symbol(command.name)) : nullptr;
      return constraint == nullptr || !constraint->valid;
    }
    default:
      return false;
  }
}

RelationKind assumed_kind(::ObjectType type) {
  switch (type) {
    case OBJECT_INDEX:
      return RelationKind::index;
    case OBJECT_VIEW:
      return RelationKind::view;
    case OBJECT_MATVIEW:
      return RelationKind::materialized_view;
    case OBJECT_SEQUENCE:
      return RelationKind::sequence;
    case OBJECT_FOREIGN_TABLE:
      return RelationKind::foreign_table;
    default:
      return RelationKind::table;
  }
}

class Alter {
 public:
  Alter(Model& model, const ::AlterTableStmt& statement)
      : m_(model), statement_(statement), recurse_(statement.relation->inh) {}

  void run();

 private:
  void command(const ::AlterTableCmd& command, Part& part);
  void check_kind(const ::AlterTableCmd& command);
  void check_only(const ::AlterTableCmd& command);
  void change_default(const ::AlterTableCmd& command);
  void drop_not_null(const ::AlterTableCmd& command);
  void set_storage(const ::AlterTableCmd& command);
  void set_statistics(const ::AlterTableCmd& command);
  void replica_identity(const ::ReplicaIdentityStmt& identity);
  void enable_trigger(const ::AlterTableCmd& command);
  void attach_index(const ::PartitionCmd& partition);
  [[nodiscard]] bool sets_not_null(Symbol name) const;
  void add_column(const ::ColumnDef& definition, bool if_not_exists, Part& part);
  void drop_column(const ::AlterTableCmd& command);
  void set_not_null(Symbol name, Part& part);
  void change_type(const ::AlterTableCmd& command, Part& part);
  void change_type(const Relation& table, const Column* before, const catalog::TypeName& type,
                   const ::ColumnDef& definition, std::string_view name, Part& part);
  void add_constraint(const ::Constraint& constraint, Part& part);
  void add_foreign_key(const ::Constraint& constraint, Part& part);
  void add_key(const ::Constraint& constraint, Part& part);
  void lock_heirs_of_key(Symbol column);
  void use_index(const ::Constraint& constraint, Part& part);
  void drop_constraint(const ::AlterTableCmd& command);
  void validate(const ::AlterTableCmd& command, Part& part);
  void alter_constraint(const ::AlterTableCmd& command, Part& part);
  void identity(const ::AlterTableCmd& command, Part& part);
  void set_persistence(bool logged, Part& part);
  void set_expression(const ::AlterTableCmd& command, Part& part);
  void drop_expression(const ::AlterTableCmd& command);
  void change_owner(const ::AlterTableCmd& command);
  void set_tablespace(const ::AlterTableCmd& command, Part& part);
  void rebuild_indexes();
  void lock_index(const char* name, LockMode mode);

  // Work on the table itself, or on what is below it, with what it means for the part.
  void add_work(const Relation& table, Work work, Part& part);
  void add_work_below(Work work, Part& part, bool recurse);
  // A column that must be there: false if it is known not to be.
  bool has_column(Symbol name, std::string_view written);
  [[nodiscard]] bool drops_column(Symbol name) const;
  [[nodiscard]] bool drops_default(Symbol name) const;
  [[nodiscard]] bool drops_constraint(Symbol name) const;
  [[nodiscard]] bool adds_column(Symbol name) const;
  [[nodiscard]] bool adds_constraint(Symbol name) const;
  [[nodiscard]] bool complete() const { return table_ != nullptr && table_->known && table_->columns_known; }
  // The check, still there when the statement comes to it, that proves the column to have no NULL.
  [[nodiscard]] const Constraint* proof(const Relation& table, Symbol column) const;
  [[nodiscard]] std::string_view table_name() const { return m_.text(found_.name); }

  Model& m_;
  const ::AlterTableStmt& statement_;
  const bool recurse_;
  Lookup found_;
  const Relation* table_ = nullptr;  // null if it was never seen
};

void Alter::add_work(const Relation& table, Work work, Part& part) {
  m_.work(table, work);
  part.work |= work;
}

// The rows of a partitioned table are in its partitions. Where none are known, they may still be there.
void Alter::add_work_below(Work work, Part& part, bool recurse) {
  part.work |= work;
  if (table_ == nullptr) {
    if (RelationEffect* effect = m_.entry(found_.schema, found_.name)) effect->work |= work;
    return;
  }
  each_in_tree(*table_, recurse && recurse_, [&](const Relation& table) {
    if (table.kind == RelationKind::partitioned_table && !table.extra().children.empty()) return;
    m_.work(table, work);
  });
}

bool Alter::drops_column(Symbol name) const {
  if (list_length(statement_.cmds) == 1) return false;
  for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds))
    if (other.subtype == AT_DropColumn && m_.symbol(other.name) == name) return true;
  return false;
}

bool Alter::drops_default(Symbol name) const {
  if (list_length(statement_.cmds) == 1) return false;
  for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds))
    if (other.subtype == AT_ColumnDefault && other.def == nullptr && m_.symbol(other.name) == name) return true;
  return false;
}

bool Alter::drops_constraint(Symbol name) const {
  if (list_length(statement_.cmds) == 1) return false;
  for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds))
    if (other.subtype == AT_DropConstraint && m_.symbol(other.name) == name) return true;
  return false;
}

bool Alter::adds_column(Symbol name) const {
  if (list_length(statement_.cmds) == 1) return false;
  for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds))
    if (other.subtype == AT_AddColumn)
      if (const auto* column = pg::as<::ColumnDef>(other.def); m_.symbol(column->colname) == name) return true;
  return false;
}

bool Alter::adds_constraint(Symbol name) const {
  if (list_length(statement_.cmds) == 1) return false;
  for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds))
    if (other.subtype == AT_AddConstraint)
      if (const auto* constraint = pg::as<::Constraint>(other.def);
          constraint->conname == nullptr || m_.symbol(constraint->conname) == name)
        return true;
  return false;
}

bool Alter::has_column(Symbol name, std::string_view written) {
  if (!complete() || catalog::column(*table_, name) != nullptr || adds_column(name)) return true;
  m_.fail("42703", "column \"{}\" of relation \"{}\" does not exist", written, table_name());
  return false;
}

const Constraint* Alter::proof(const Relation& table, Symbol column) const {
  const Constraint* found = catalog::proof_of_not_null(table, column);
  return found != nullptr && !drops_constraint(found->name) ? found : nullptr;
}

void Alter::run() {
  found_ = m_.find(statement_.relation);
  if (found_.presence == Presence::gone) {
    if (!statement_.missing_ok) m_.missing(found_);
    return;
  }
  table_ = found_.relation;

  LockMode strongest = LockMode::none;
  bool below = false;
  for (const ::AlterTableCmd& command : pg::list<::AlterTableCmd>(statement_.cmds)) {
    strongest = std::max(strongest, lock_of(command));
    below = below || recurses(m_, command, table_);
    // Alone in its statement, by the grammar.
    if (command.subtype == AT_DetachPartition && pg::cast<::PartitionCmd>(command.def).concurrent)
      (void)m_.outside_transaction("ALTER TABLE ... DETACH CONCURRENTLY");
  }
  m_.lock(found_, assumed_kind(statement_.objtype), strongest, Because::target);
  if (table_ != nullptr) check_not_pending(m_, *table_, "ALTER TABLE");
  if (table_ != nullptr && below && recurse_ && !table_->extra().children.empty())
    each_in_tree(*table_, true,
                 [&](const Relation& table) { m_.lock(table, strongest, as_child(table, *table_, Because::target)); });

  std::uint16_t index = 0;
  for (const ::AlterTableCmd& command : pg::list<::AlterTableCmd>(statement_.cmds)) {
    if (table_ != nullptr) check_kind(command);
    if (!recurse_ && table_ != nullptr && !table_->extra().children.empty()) check_only(command);
    Part part{.command = index, .lock = lock_of(command)};
    this->command(command, part);
    m_.out.parts.push_back(part);
    if (++index == 0) break;  // more than 65,535
  }
  rebuild_indexes();
}

void Alter::command(const ::AlterTableCmd& command, Part& part) {
  switch (command.subtype) {
    case AT_AddColumn:
      return add_column(pg::cast<::ColumnDef>(command.def), command.missing_ok, part);
    case AT_DropColumn:
      return drop_column(command);
    case AT_SetNotNull: {
      const Symbol name = m_.symbol(command.name);
      if (has_column(name, pg::text(command.name))) set_not_null(name, part);
      return;
    }
    case AT_DropNotNull:
      return drop_not_null(command);
    case AT_ColumnDefault:
      return change_default(command);
    case AT_SetStorage:
      return set_storage(command);
    case AT_SetCompression:
    case AT_SetOptions:
    case AT_ResetOptions:
      (void)has_column(m_.symbol(command.name), pg::text(command.name));
      return;
    case AT_SetStatistics:
      return set_statistics(command);
    case AT_EnableTrig:
    case AT_EnableAlwaysTrig:
    case AT_EnableReplicaTrig:
    case AT_DisableTrig:
      return enable_trigger(command);
    case AT_EnableRule:
    case AT_EnableAlwaysRule:
    case AT_EnableReplicaRule:
    case AT_DisableRule:
      if (complete() && !contains(table_->extra().rules, m_.symbol(command.name)))
        m_.fail("42704", "rule \"{}\" for relation \"{}\" does not exist", pg::text(command.name), table_name());
      return;
    case AT_AddOf: {
      const auto name = pg::qualified_name(pg::cast<::TypeName>(command.def).names);
      check_type(m_, name.schema, name.name);
      return;
    }
    case AT_DropOf:
      if (table_ != nullptr && table_->known && table_->extra().of_type == nullptr)
        m_.fail("42809", "\"{}\" is not a typed table", table_name());
      return;
    case AT_SetExpression:
      return set_expression(command, part);
    case AT_DropExpression:
      return drop_expression(command);
    case AT_AlterColumnType:
      return change_type(command, part);
    case AT_AddConstraint:
      return add_constraint(pg::cast<::Constraint>(command.def), part);
    case AT_DropConstraint:
      return drop_constraint(command);
    case AT_ValidateConstraint:
      return validate(command, part);
    case AT_AlterConstraint:
      return alter_constraint(command, part);
    case AT_AddIdentity:
    case AT_SetIdentity:
    case AT_DropIdentity:
      return identity(command, part);
    case AT_SetLogged:
      return set_persistence(true, part);
    case AT_SetUnLogged:
      return set_persistence(false, part);
    case AT_ChangeOwner:
      return change_owner(command);
    case AT_SetTableSpace:
      return set_tablespace(command, part);
    case AT_SetAccessMethod: {
      // Without a name the default, which is heap unless somebody says otherwise.
      const Symbol method = m_.symbol(command.name == nullptr ? "heap" : command.name);
      const Symbol now = table_ != nullptr && table_->access_method ? table_->access_method : m_.symbol("heap");
      if (table_ != nullptr && table_->kind == RelationKind::partitioned_table) {
        if (m_.version < 17)
          m_.fail("42809", "\"{}\" is not a table, materialized view, or foreign table", table_name());
        return;
      }
      if (method != now || table_ == nullptr) add_work_below(Work::scan | Work::rewrite, part, false);
      return;
    }
    case AT_ClusterOn:
      lock_index(command.name, LockMode::share_update_exclusive);
      check_clusterable(m_, m_.catalog.find(found_.schema, m_.symbol(command.name)));
      return;
    case AT_ReplicaIdentity: {
      const auto& identity = pg::cast<::ReplicaIdentityStmt>(command.def);
      if (identity.name != nullptr) replica_identity(identity);
      return;
    }
    case AT_SetRelOptions:
      if (table_ != nullptr && table_->kind == RelationKind::partitioned_table) {
        if (m_.version >= 17)
          m_.fail("42809", "cannot specify storage parameters for a partitioned table");
        else if (const auto options = pg::only<::DefElem>(reinterpret_cast<const ::List*>(command.def));
                 !options.empty())
          m_.fail("22023", "unrecognized parameter \"{}\"", pg::text(options.begin()->defname));
      } else if (complete() && table_->kind == RelationKind::table && !table_->access_method) {
        for (const ::DefElem& option : pg::only<::DefElem>(reinterpret_cast<const ::List*>(command.def)))
          if (!is_gentle(option) && pg::text(option.defname) != "user_catalog_table")
            m_.fail("22023", "unrecognized parameter \"{}\"", pg::text(option.defname));
      }
      return;
    case AT_AddInherit:
      if (table_ != nullptr && table_->is_partition) m_.fail("42809", "cannot change inheritance of a partition");
      if (const Relation* parent = m_.find(pg::as<::RangeVar>(command.def)).relation;
          parent != nullptr && table_ != nullptr) {
        if (parent == table_)
          m_.fail("42P07", "circular inheritance not allowed");
        else if (std::find(table_->extra().parents.begin(), table_->extra().parents.end(), parent) !=
                 table_->extra().parents.end())
          m_.fail("42P07", "relation \"{}\" would be inherited from more than once", m_.text(parent->name));
        else if (parent->kind == RelationKind::partitioned_table)
          m_.fail("42809", "cannot inherit from partitioned table \"{}\"", m_.text(parent->name));
      }
      m_.lock(m_.find(pg::as<::RangeVar>(command.def)), RelationKind::table, LockMode::share_update_exclusive,
              Because::inherits);
      return;
    case AT_DropInherit:
      if (table_ != nullptr && table_->is_partition) m_.fail("42809", "cannot change inheritance of a partition");
      if (const Relation* parent = m_.find(pg::as<::RangeVar>(command.def)).relation;
          parent != nullptr && table_ != nullptr && table_->known && parent->known &&
          std::find(table_->extra().parents.begin(), table_->extra().parents.end(), parent) ==
              table_->extra().parents.end())
        m_.fail("42P01", "relation \"{}\" is not a parent of relation \"{}\"", m_.text(parent->name), table_name());
      m_.lock(m_.find(pg::as<::RangeVar>(command.def)), RelationKind::table, LockMode::access_share, Because::inherits);
      return;
    case AT_AttachPartition:
      if (is_index(assumed_kind(statement_.objtype)) || (table_ != nullptr && is_index(table_->kind))) {
        attach_index(pg::cast<::PartitionCmd>(command.def));
      } else if (table_ != nullptr) {
        part.work |= attach_partition(m_, *table_, pg::cast<::PartitionCmd>(command.def));
      } else if (m_.open(m_.find(pg::cast<::PartitionCmd>(command.def).name), RelationKind::table,
                         LockMode::access_exclusive, Because::partition, Work::scan)) {
        part.work |= Work::scan;
      }
      return;
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize: {
      // A pending detach is what an interrupted session left; the history has none.
      if (command.subtype == AT_DetachPartitionFinalize && table_ != nullptr && table_->known)
        m_.may_fail("55000", "no detach of the partition is pending");
      const auto& partition = pg::cast<::PartitionCmd>(command.def);
      if (partition.concurrent && m_.out.has_error) return;
      if (table_ != nullptr) return detach_partition(m_, *table_, partition);
      m_.lock(m_.find(partition.name), RelationKind::table, LockMode::access_exclusive, Because::partition,
              partition.concurrent ? Work::wait : Work::none);
      return;
    }
    default:
      return;
  }
}

bool Alter::sets_not_null(Symbol name) const {
  for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds))
    if (other.subtype == AT_SetNotNull && m_.symbol(other.name) == name) return true;
  return false;
}

// What a kind of relation does not have, or gets from elsewhere.
void Alter::check_kind(const ::AlterTableCmd& command) {
  if (!table_->known) return;
  const bool partitioned = table_->kind == RelationKind::partitioned_table;
  switch (command.subtype) {
    case AT_AddColumn:
    case AT_DropColumn:
    case AT_AlterColumnType: {
      const std::string_view does = command.subtype == AT_AddColumn    ? "add column to"
                                    : command.subtype == AT_DropColumn ? "drop column from"
                                                                       : "alter column type of";
      if (table_->extra().of_type != nullptr) m_.fail("42809", "cannot {} typed table", does);
      if (table_->kind == RelationKind::view && command.subtype != AT_AlterColumnType)
        m_.fail("42809", "ALTER action {} COLUMN cannot be performed on relation \"{}\"",
                command.subtype == AT_AddColumn ? "ADD" : "DROP", table_name());
      return;
    }
    case AT_AddConstraint: {
      const auto& constraint = pg::cast<::Constraint>(command.def);
      if (table_->kind == RelationKind::foreign_table && constraint.contype != CONSTR_CHECK &&
          constraint.contype != CONSTR_NOTNULL)
        m_.fail("0A000", "{} constraints are not supported on foreign tables",
                constraint.contype == CONSTR_PRIMARY   ? "primary key"
                : constraint.contype == CONSTR_UNIQUE  ? "unique"
                : constraint.contype == CONSTR_FOREIGN ? "foreign key"
                                                       : "exclusion");
      if (partitioned && constraint.contype == CONSTR_CHECK && constraint.is_no_inherit)
        m_.fail("42P16", "cannot add NO INHERIT constraint to partitioned table \"{}\"", table_name());
      return;
    }
    case AT_AttachPartition:
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize:
      if (table_->kind == RelationKind::index)
        m_.fail("42809", "ALTER action ATTACH PARTITION cannot be performed on relation \"{}\"", table_name());
      else if (!partitioned && table_->kind != RelationKind::partitioned_index)
        m_.fail(m_.version >= 18 ? "42809" : "42P17", "table \"{}\" is not partitioned", table_name());
      return;
    case AT_SetRelOptions:
    case AT_ResetRelOptions:
      if (table_->kind == RelationKind::partitioned_index)
        m_.fail("42809", "ALTER action SET cannot be performed on relation \"{}\"", table_name());
      return;
    case AT_ChangeOwner:
      if (table_->kind == RelationKind::sequence && table_->owner_table != nullptr && !table_->owner_table->dropped)
        m_.fail("0A000", "cannot change owner of sequence \"{}\"", table_name());
      return;
    default:
      return;
  }
}

// ONLY, where there is something below: what has to be the same everywhere is refused.
void Alter::check_only(const ::AlterTableCmd& command) {
  const bool partitioned = table_->kind == RelationKind::partitioned_table;
  const auto lock_children = [&] {
    for (const Relation* child : table_->extra().children)
      if (!child->dropped) m_.lock(*child, LockMode::access_exclusive, as_child(*child, *table_, Because::target));
  };
  switch (command.subtype) {
    case AT_AddColumn:
      return m_.fail("42P16", "column must be added to child tables too");
    case AT_AlterColumnType:
      return m_.fail("42P16", "type of inherited column \"{}\" must be changed in child tables too",
                     pg::text(command.name));
    case AT_DropColumn:
      if (partitioned) m_.fail("42P16", "cannot drop column from only the partitioned table when partitions exist");
      return lock_children();
    case AT_DropConstraint: {
      const Constraint* constraint = catalog::constraint(*table_, m_.symbol(command.name));
      if (constraint == nullptr || constraint->no_inherit || constraint->kind != ConstraintKind::check) return;
      if (partitioned)
        m_.fail("42P16", "cannot remove constraint from only the partitioned table when partitions exist");
      return lock_children();
    }
    case AT_SetNotNull: {
      if (!partitioned && m_.version < 18) return;
      const Symbol name = m_.symbol(command.name);
      for (const Relation* child : table_->extra().children) {
        const Column* column = catalog::column(*child, name);
        if (child->dropped || column == nullptr || column->not_null) continue;
        return m_.fail("42P16", "constraint must be added to child tables too");
      }
      return;
    }
    case AT_AddConstraint: {
      const auto& constraint = pg::cast<::Constraint>(command.def);
      if (constraint.contype == CONSTR_CHECK && !constraint.is_no_inherit)
        m_.fail("42P16", "constraint must be added to child tables too");
      else if (constraint.contype == CONSTR_FOREIGN && partitioned)
        m_.fail("42809", "cannot use ONLY for foreign key on partitioned table \"{}\" referencing relation \"{}\"",
                table_name(), pg::text(constraint.pktable->relname));
      return;
    }
    case AT_ValidateConstraint: {
      const Constraint* constraint = catalog::constraint(*table_, m_.symbol(command.name));
      if (constraint != nullptr && constraint->kind == ConstraintKind::check && !constraint->valid &&
          !constraint->no_inherit)
        m_.fail("42P16", "constraint must be validated on child tables too");
      return;
    }
    default:
      return;
  }
}

void Alter::change_default(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name))) return;
  const Column* column = table_ != nullptr ? catalog::column(*table_, name) : nullptr;
  if (column == nullptr) return;
  if (column->identity != Identity::none)
    m_.fail("42601", "column \"{}\" of relation \"{}\" is an identity column", pg::text(command.name), table_name());
  else if (column->generated != Generated::none)
    m_.fail("42601", "column \"{}\" of relation \"{}\" is a generated column", pg::text(command.name), table_name());
  if (command.def == nullptr) return;
  // Types change first, wherever they stand in the statement.
  catalog::TypeName type = column->type;
  for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds))
    if (other.subtype == AT_AlterColumnType && m_.symbol(other.name) == name)
      type = type_of(m_, pg::cast<::ColumnDef>(other.def).typeName);
  check_enum_label(m_, type, command.def);
  check_default(m_, type, pg::text(command.name), command.def);
}

void Alter::drop_not_null(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name)) || !complete()) return;
  const Column* column = catalog::column(*table_, name);
  if (column != nullptr && column->identity != Identity::none)
    m_.fail("42601", "column \"{}\" of relation \"{}\" is an identity column", pg::text(command.name), table_name());
  const Relation* key = primary_key_index(*table_);
  if (key != nullptr && key->index != nullptr)
    for (const catalog::IndexKey& part_of_key : key->index->keys)
      if (part_of_key.column == name) m_.fail("42P16", "column \"{}\" is in a primary key", pg::text(command.name));
  if (column == nullptr || !column->not_null || !table_->is_partition) return;
  for (const Relation* parent : table_->extra().parents)
    if (const Column* above = catalog::column(*parent, name); above != nullptr && above->not_null)
      m_.fail("42P16", "column \"{}\" is marked NOT NULL in parent table", pg::text(command.name));
}

void Alter::set_storage(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name)) || table_ == nullptr) return;
  const Column* column = catalog::column(*table_, name);
  const auto* wanted = pg::as<::String>(command.def);
  if (column == nullptr || wanted == nullptr || column->type.array_dimensions > 0 || column->type.schema) return;
  const std::string_view type = m_.text(column->type.name);
  const std::string_view storage = pg::text(wanted->sval);
  const bool plain = storage == "plain" || storage == "PLAIN" || storage == "default" || storage == "DEFAULT";
  constexpr std::array<std::string_view, 19> fixed = {
      "int2", "int4",     "int8",        "float4", "float8", "bool",    "date",     "time", "timetz", "timestamp",
      "oid",  "interval", "timestamptz", "uuid",   "money",  "macaddr", "macaddr8", "name", "point"};
  if (!plain && std::find(fixed.begin(), fixed.end(), type) != fixed.end())
    m_.fail("0A000", "column data type {} can only have storage PLAIN", type_text(m_, column->type));
}

// Of an index only expressions have statistics of their own.
void Alter::set_statistics(const ::AlterTableCmd& command) {
  const auto* target = pg::as<::Integer>(command.def);
  if (command.name != nullptr) {
    if (has_column(m_.symbol(command.name), pg::text(command.name)) && target != nullptr && target->ival < -1)
      m_.fail("22023", "statistics target {} is too low", target->ival);
    return;
  }
  const catalog::Index* index = table_ != nullptr && table_->known ? table_->index : nullptr;
  if (index == nullptr || command.num <= 0) return;
  const auto number = static_cast<std::uint32_t>(command.num);
  if (number > index->keys.size() + index->include.size())
    m_.fail("42703", "column number {} of relation \"{}\" does not exist", command.num, table_name());
  else if (number > index->keys.size() || index->keys[number - 1].column)
    m_.fail("0A000", "cannot alter statistics on non-expression column of index \"{}\"", table_name());
}

void Alter::replica_identity(const ::ReplicaIdentityStmt& identity) {
  lock_index(identity.name, LockMode::share);
  const Lookup found = m_.catalog.find(found_.schema, m_.symbol(identity.name));
  const Relation* relation = found.relation;
  const catalog::Index* index = relation != nullptr && relation->known ? relation->index : nullptr;
  if (index == nullptr || found.presence != Presence::known) return;
  const std::string_view name = pg::text(identity.name);
  if (!index->unique) return m_.fail("42809", "cannot use non-unique index \"{}\" as replica identity", name);
  if (index->constraint != nullptr && index->constraint->deferrable)
    return m_.fail("0A000", "cannot use non-immediate index \"{}\" as replica identity", name);
  for (const catalog::IndexKey& key : index->keys)
    if (!key.column) return m_.fail("0A000", "cannot use expression index \"{}\" as replica identity", name);
  if (!index->predicate.empty()) return m_.fail("0A000", "cannot use partial index \"{}\" as replica identity", name);
  for (const catalog::IndexKey& key : index->keys) {
    const Column* column = table_ != nullptr ? catalog::column(*table_, key.column) : nullptr;
    if (column != nullptr && !column->not_null)
      return m_.fail("42809", "index \"{}\" cannot be used as replica identity because column \"{}\" is nullable", name,
                     m_.text(key.column));
  }
}

void Alter::enable_trigger(const ::AlterTableCmd& command) {
  if (!complete() || command.name == nullptr) return;
  const Symbol name = m_.symbol(command.name);
  const bool there = std::any_of(table_->extra().triggers.begin(), table_->extra().triggers.end(),
                                 [&](const catalog::Trigger& t) { return !t.dropped && t.name == name; });
  // Those of foreign keys have names that no history knows.
  if (!there && !pg::text(command.name).starts_with("RI_ConstraintTrigger"))
    m_.fail("42704", "trigger \"{}\" for table \"{}\" does not exist", pg::text(command.name), table_name());
}

// The planner opens the index of the partition, so that its readers wait.
void Alter::attach_index(const ::PartitionCmd& partition) {
  const Lookup child = m_.find(partition.name);
  if (!m_.open(child, RelationKind::index, LockMode::access_exclusive, Because::partition)) return;
  for (const Relation* index : {table_, static_cast<const Relation*>(child.relation)})
    if (index != nullptr && index->index != nullptr && index->index->table != nullptr)
      m_.lock(*index->index->table, LockMode::access_share, Because::index);
  const catalog::Index* above = table_ != nullptr && table_->known ? table_->index : nullptr;
  const catalog::Index* below = child.relation != nullptr && child.relation->known ? child.relation->index : nullptr;
  if (above == nullptr || below == nullptr || above->table == nullptr || below->table == nullptr) return;
  const Vec<Relation*>& of = below->table->extra().parents;
  if (std::find(of.begin(), of.end(), above->table) == of.end())
    m_.fail("55000", "cannot attach index \"{}\" as a partition of index \"{}\"", m_.text(child.name), table_name());
  else if (child.relation->extra().parents.empty() && !serves(*below, *above))
    m_.fail("42P17", "cannot attach index \"{}\" as a partition of index \"{}\"", m_.text(child.name), table_name());
}

// An index of the table, by its name.
void Alter::lock_index(const char* name, LockMode mode) {
  const Lookup index = m_.catalog.find(found_.schema, m_.symbol(name));
  const bool known_absent = index.presence == Presence::gone ||
                            (complete() && (index.relation == nullptr || index.relation->index == nullptr ||
                                            index.relation->index->table != table_));
  if (known_absent)
    m_.fail("42704", "index \"{}\" for table \"{}\" does not exist", pg::text(name), table_name());
  else
    m_.lock(index, RelationKind::index, mode, Because::index);
}

// --- columns ---------------------------------------------------------------------------------------------------------

bool no_default(const Model& model, const catalog::Type& domain) {
  const catalog::Type* at = &domain;
  for (int depth = 0; depth < 32 && at != nullptr && at->kind == catalog::TypeKind::domain; ++depth) {
    if (at->domain_default) return false;
    at = model.catalog.find_type(at->base);
  }
  return true;
}

void Alter::add_column(const ::ColumnDef& definition, bool if_not_exists, Part& part) {
  const Symbol name = m_.symbol(definition.colname);
  if (table_ != nullptr && catalog::column(*table_, name) != nullptr && !drops_column(name)) {
    if (!if_not_exists)
      m_.fail("42701", "column \"{}\" of relation \"{}\" already exists", pg::text(definition.colname), table_name());
    return;
  }
  if (table_ != nullptr && table_->is_partition) m_.fail("42809", "cannot add column to a partition");
  if (is_system_column(pg::text(definition.colname)))
    m_.fail("42701", "column name \"{}\" conflicts with a system column name", pg::text(definition.colname));
  const catalog::TypeName type = type_of(m_, definition.typeName);
  if (definition.typeName != nullptr) {
    const auto written = pg::qualified_name(definition.typeName->names);
    check_type(m_, written.schema, written.name);
  }
  bool not_null = definition.is_not_null;
  bool has_default = type.serial;
  bool identity = false;
  bool generated_stored = false;
  bool generated_virtual = false;
  bool checked = false;
  Volatility volatility = type.serial ? Volatility::volatile_ : Volatility::none;
  const ::Node* default_expression = nullptr;
  const ::Constraint* key = nullptr;
  for (const ::Constraint& constraint : pg::only<::Constraint>(definition.constraints)) {
    switch (constraint.contype) {
      case CONSTR_NOTNULL:
        not_null = true;
        break;
      case CONSTR_DEFAULT:
        default_expression = constraint.raw_expr;
        if (pg::is_null_constant(default_expression)) break;
        has_default = true;
        check_enum_label(m_, type, default_expression);
        check_default(m_, type, pg::text(definition.colname), default_expression);
        volatility = catalog::volatility(m_.catalog, default_expression);
        break;
      case CONSTR_IDENTITY:
        identity = not_null = true;
        check_identity_type(m_, type);
        break;
      case CONSTR_GENERATED:
        (constraint.generated_kind == ATTRIBUTE_GENERATED_VIRTUAL ? generated_virtual : generated_stored) = true;
        if (table_ != nullptr)
          pg::each<::ColumnRef>(constraint.raw_expr, [&](const ::ColumnRef& reference) {
            const Column* source = catalog::column(*table_, m_.symbol(pg::column_name(reference)));
            if (source != nullptr && source->generated != Generated::none)
              m_.fail("42P17", "cannot use generated column \"{}\" in column generation expression",
                      m_.text(source->name));
          });
        if (is_mutable(m_, constraint.raw_expr, {.table = table_}))
          m_.fail("42P17", "generation expression is not immutable");
        break;
      case CONSTR_CHECK:
        checked = checked || (constraint.is_enforced && !constraint.skip_validation);
        break;
      case CONSTR_PRIMARY:
        not_null = true;
        key = &constraint;
        break;
      case CONSTR_UNIQUE:
        key = &constraint;
        break;
      default:
        break;
    }
  }

  // A domain may have a default of its own, or of the domain that it is over; of a type that is not known nothing is.
  const catalog::Type* user_type = m_.catalog.find_type(type);
  const bool is_domain = user_type != nullptr && user_type->kind == catalog::TypeKind::domain;
  if (is_domain && default_expression == nullptr && !no_default(m_, *user_type)) has_default = true;
  const bool no_value = !has_default && (default_expression != nullptr || user_type != nullptr ||
                                         (!type.schema && m_.catalog.is_builtin_type(type.name)));

  const bool foreign = table_ != nullptr && table_->kind == RelationKind::foreign_table;
  const catalog::Type* domain = constrained_domain(m_, type);
  const bool is_volatile = volatility == Volatility::volatile_ || volatility == Volatility::unknown;
  const bool rewrites = !foreign && (identity || generated_stored || domain != nullptr || (has_default && is_volatile));
  if (rewrites) {
    add_work_below(Work::scan | Work::rewrite, part, true);
  } else if (!foreign && (checked || (not_null && !has_default) || (generated_virtual && not_null))) {
    add_work_below(Work::scan, part, true);
  }
  if ((type.serial || identity) && table_ != nullptr) {
    const Symbol sequence = m_.choose_name(found_.schema, table_name(), pg::text(definition.colname), "seq");
    m_.made(RelationKind::sequence, found_.schema, sequence, Because::sequence);
  }
  // The numbers of another sequence are taken while the table is rewritten.
  if (default_expression != nullptr && is_volatile) expression(m_, default_expression, Run::execute);

  if (key != nullptr && key->contype == CONSTR_PRIMARY && table_ != nullptr) {
    const Relation* primary = primary_key_index(*table_);
    const Constraint* held = primary != nullptr ? primary->index->constraint : nullptr;
    if (primary != nullptr && (held == nullptr || !drops_constraint(held->name)))
      m_.fail("42P16", "multiple primary keys for table \"{}\" are not allowed", table_name());
  }

  // Null in every row: refused if there is one. What is new has none that anybody knows of.
  const bool is_new = table_ != nullptr && m_.catalog.is_new(*table_);
  if (checked) m_.may_fail("23514", "a row violates the check");
  if (!is_new && !foreign && no_value && !identity && !generated_stored && !generated_virtual) {
    const bool failed = m_.out.has_error;
    if (domain != nullptr && domain->domain_not_null)
      m_.fail("23502", "domain {} does not allow null values", m_.text(domain->name));
    else if (not_null)
      m_.fail("23502", "column \"{}\" of relation \"{}\" contains null values", pg::text(definition.colname),
              table_name());
    if (!failed && m_.out.has_error) m_.out.error.unless_empty = true;
  }

  if (key != nullptr) {
    const bool primary = key->contype == CONSTR_PRIMARY;
    if (has_default || key->nulls_not_distinct) m_.may_fail("23505", "two rows get the same value");
    if (table_ != nullptr && table_->kind == RelationKind::partitioned_table && !table_->extra().partition_key.empty())
      m_.fail("0A000", "unique constraint on partitioned table must include all partitioning columns");
    part.work |= Work::scan | Work::index_build;
    const auto name_on = [&](const Relation& table) {
      if (&table == table_ && key->conname != nullptr) return m_.symbol(key->conname);
      return m_.choose_name(table.schema, m_.text(table.name),
                            primary ? std::string_view() : pg::text(definition.colname), primary ? "pkey" : "key");
    };
    if (table_ == nullptr) {
      add_work_below(Work::scan | Work::index_build, part, false);
    } else {
      each_in_tree(*table_, recurse_ && table_->kind == RelationKind::partitioned_table, [&](const Relation& table) {
        if (table.kind == RelationKind::partitioned_table && !table.extra().children.empty())
          m_.made(RelationKind::partitioned_index, table.schema, name_on(table), Because::index);
        else
          m_.build_new(table, name_on(table));
      });
    }
  }

  for (const ::Constraint& constraint : pg::only<::Constraint>(definition.constraints)) {
    if (constraint.contype != CONSTR_FOREIGN) continue;
    const Lookup referenced = m_.find(constraint.pktable);
    const bool self = referenced.schema == found_.schema && referenced.name == found_.name;
    // All values are null unless the column has a default, and the server only looks whether one is written.
    const bool all_null = !has_default && !generated_stored;
    const bool validates =
        (!all_null || default_expression != nullptr) && constraint.is_enforced && !constraint.skip_validation;
    if (!self) check_foreign_key(m_, found_.schema, found_.name, {type}, constraint, referenced);
    effect::add_foreign_key(m_, {.table = table_,
                                 .referenced = referenced,
                                 .referenced_columns = constraint.pk_attrs,
                                 .self = self,
                                 .validates = validates && !all_null});
    if (validates) {
      part.work |= Work::scan;
      if (all_null && table_ != nullptr) validate_foreign_key(m_, table_, nullptr);
    }
  }
}

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

// What hangs on a column beside the table: the first view that reads it, for the error; locks of what goes with it.
void Alter::drop_column(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (table_ == nullptr) return;
  const Column* column = catalog::column(*table_, name);
  if (column == nullptr) {
    if (complete() && !command.missing_ok)
      m_.fail("42703", "column \"{}\" of relation \"{}\" does not exist", pg::text(command.name), table_name());
    if (complete()) return;
  }
  if (contains(table_->extra().partition_key, name))
    m_.fail("42P16", "cannot drop column \"{}\" because it is part of the partition key of relation \"{}\"",
            pg::text(command.name), table_name());
  else if (column != nullptr && column->inherited > 0)
    m_.fail("42P16", "cannot drop inherited column \"{}\"", pg::text(command.name));

  const bool cascade = command.behavior == DROP_CASCADE;
  const auto refuse = [&] {
    m_.fail("2BP01", "cannot drop column {} of table {} because other objects depend on it", pg::text(command.name),
            table_name());
  };
  each_in_tree(*table_, recurse_, [&](const Relation& table) {
    for (const Relation* view : table.dependents) {
      if (view->dropped) continue;
      const bool reads =
          std::any_of(view->extra().reads.begin(), view->extra().reads.end(),
                      [&](const catalog::Dependency& read) { return read.on == &table && read.column == name; });
      if (!reads) continue;
      if (cascade)
        drop_relation(m_, *view, Because::dependent, true);
      else
        refuse();
    }
    each_index(table, [&](const Relation& index) {
      const catalog::Index& of = *index.index;
      const bool uses =
          contains(of.include, name) || contains(of.expression_columns, name) ||
          std::any_of(of.keys.begin(), of.keys.end(), [&](const catalog::IndexKey& key) { return key.column == name; });
      if (uses) m_.lock(index, LockMode::access_exclusive, Because::index);
    });
    each_foreign_key(table, [&](const Constraint& key) {
      if (contains(key.columns, name) && key.references != &table)
        m_.lock(*key.references, LockMode::access_exclusive, Because::references);
    });
    each_reference(table, [&](const Constraint& key) {
      if (!contains(key.referenced_columns, name) || (key.table == &table && contains(key.columns, name))) return;
      if (cascade)
        m_.lock(*key.table, LockMode::access_exclusive, Because::references);
      else
        refuse();
    });
    if (!cascade) each_column_use(table, name, [&](catalog::ColumnUse::By) { refuse(); });
    for (const Relation* sequence : table.owned) {
      if (sequence->dropped || sequence->owner_table != &table || sequence->owner_column != name) continue;
      m_.lock(*sequence, LockMode::access_exclusive, Because::sequence);
      for (const catalog::Dependency& use : sequence->extra().defaults)
        if (use.on != &table && use.on != nullptr && !use.on->dropped) {
          if (cascade)
            m_.lock(*use.on, LockMode::access_exclusive, Because::dependent);
          else
            refuse();
        }
    }
    if (m_.version >= 15)
      for (const catalog::GeneratedFrom& from : table.extra().generated_from) {
        if (from.source != name || from.column == name || catalog::column(table, from.column) == nullptr ||
            drops_column(from.column))
          continue;
        if (!cascade) {
          refuse();
          continue;
        }
        each_index(table, [&](const Relation& index) {
          const bool on_it = std::any_of(index.index->keys.begin(), index.index->keys.end(),
                                         [&](const catalog::IndexKey& key) { return key.column == from.column; });
          if (on_it) m_.lock(index, LockMode::access_exclusive, Because::index);
        });
      }
  });
}

void Alter::set_not_null(Symbol name, Part& part) {
  if (table_ == nullptr) {
    add_work_below(Work::scan, part, true);
    return;
  }
  each_in_tree(*table_, recurse_, [&](const Relation& table) {
    if (table.kind == RelationKind::partitioned_table && !table.extra().children.empty()) return;
    if (table.kind == RelationKind::foreign_table) return;
    const Column* column = catalog::column(table, name);
    // A constraint that is not valid yet makes the column NOT NULL for new rows only.
    const auto not_valid = [&] {
      return std::any_of(table.constraints.begin(), table.constraints.end(), [&](const Constraint* constraint) {
        return !constraint->dropped && constraint->kind == ConstraintKind::not_null && !constraint->valid &&
               contains(constraint->columns, name);
      });
    };
    if (column != nullptr && column->not_null && !not_valid()) return;
    if (column == nullptr && adds_column(name)) {
      add_work(table, Work::scan, part);
      return;
    }
    if (const Constraint* proved = proof(table, name)) {
      if (&table == table_) part.proof = proved;
      return;
    }
    add_work(table, Work::scan, part);
    m_.may_fail("23502", "a row has a null there");
  });
}

void Alter::set_expression(const ::AlterTableCmd& command, Part& part) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name))) return;
  const Column* column = table_ != nullptr ? catalog::column(*table_, name) : nullptr;
  if (column != nullptr && column->generated == Generated::virtual_) {
    // Values are computed when they are read; what the checks say of them has to be seen again.
    const bool checked = std::any_of(table_->constraints.begin(), table_->constraints.end(), [&](const Constraint* c) {
      return !c->dropped && c->valid && c->enforced && c->kind == ConstraintKind::check && contains(c->columns, name);
    });
    if (checked || column->not_null) add_work_below(Work::scan, part, true);
    return;
  }
  if (column != nullptr && complete() && column->generated == Generated::none) {
    m_.fail("55000", "column \"{}\" of relation \"{}\" is not a generated column", pg::text(command.name),
            table_name());
    return;
  }
  add_work_below(Work::scan | Work::rewrite, part, true);
}

void Alter::drop_expression(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name)) || !complete()) return;
  const Column* column = catalog::column(*table_, name);
  if (column == nullptr) return;
  if (column->generated == Generated::virtual_)
    m_.fail("0A000", "ALTER TABLE / DROP EXPRESSION is not supported for virtual generated columns");
  else if (column->generated == Generated::none && !command.missing_ok)
    m_.fail("55000", "column \"{}\" of relation \"{}\" is not a {}generated column", pg::text(command.name),
            table_name(), m_.version >= 18 ? "" : "stored ");
}

void Alter::identity(const ::AlterTableCmd& command, Part& part) {
  (void)part;
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name)) || table_ == nullptr) return;
  const Column* column = catalog::column(*table_, name);
  if (command.subtype == AT_AddIdentity) {
    if (column != nullptr && complete()) {
      if (!column->not_null && !sets_not_null(name))
        m_.fail("55000", "column \"{}\" of relation \"{}\" must be declared NOT NULL before identity can be added",
                pg::text(command.name), table_name());
      else if (column->identity != Identity::none)
        m_.fail("55000", "column \"{}\" of relation \"{}\" is already an identity column", pg::text(command.name),
                table_name());
      else if (!column->default_null && !drops_default(name))
        m_.fail("55000", "column \"{}\" of relation \"{}\" already has a default value", pg::text(command.name),
                table_name());
    }
    m_.made(RelationKind::sequence, found_.schema,
            m_.choose_name(found_.schema, table_name(), pg::text(command.name), "seq"), Because::sequence);
    return;
  }
  if (column != nullptr && complete() && column->identity == Identity::none) {
    if (!command.missing_ok)
      m_.fail("55000", "column \"{}\" of relation \"{}\" is not an identity column", pg::text(command.name),
              table_name());
    return;
  }
  const LockMode mode = command.subtype == AT_DropIdentity ? LockMode::access_exclusive : LockMode::share_row_exclusive;
  for (const Relation* sequence : table_->owned)
    if (!sequence->dropped && sequence->owner_table == table_ && sequence->owner_column == name)
      m_.lock(*sequence, mode, Because::sequence);
}

// --- types -----------------------------------------------------------------------------------------------------------

void Alter::change_type(const ::AlterTableCmd& command, Part& part) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name))) return;
  const auto& definition = pg::cast<::ColumnDef>(command.def);
  const catalog::TypeName type = type_of(m_, definition.typeName);
  if (table_ == nullptr) {
    add_work_below(Work::scan | Work::rewrite, part, true);
    return;
  }
  if (contains(table_->extra().partition_key, name))
    m_.fail("42P16", "cannot alter column \"{}\" because it is part of the partition key of relation \"{}\"",
            pg::text(command.name), table_name());
  const Column* column = catalog::column(*table_, name);
  if (column != nullptr && column->inherited > 0)
    m_.fail("42P16", "cannot alter inherited column \"{}\"", pg::text(command.name));
  each_in_tree(*table_, recurse_, [&](const Relation& table) {
    change_type(table, catalog::column(table, name), type, definition, pg::text(command.name), part);
  });
}

// The type of a default that is a literal, if that can be told from its text.
bool literal_default(const Model& model, const Column& column, catalog::TypeName& type) {
  const std::string_view sql = column.default_sql();
  if (sql.empty()) return false;
  if (sql.front() == '\'' && sql.find('\'', 1) == sql.size() - 1) {
    type = column.type;
    return true;
  }
  if (sql == "true" || sql == "false" || sql == "TRUE" || sql == "FALSE") {
    type.name = model.symbol("bool");
    return true;
  }
  if (sql.size() < 10 && std::all_of(sql.begin(), sql.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    type.name = model.symbol("int4");
    return true;
  }
  return false;
}

void Alter::change_type(const Relation& table, const Column* before, const catalog::TypeName& type,
                        const ::ColumnDef& definition, std::string_view name, Part& part) {
  const Symbol symbol = m_.symbol(name);
  Coercion change = before == nullptr ? Coercion{} : coercion(m_, before->type, type, definition.raw_default, name);
  if (before != nullptr && before->generated == Generated::virtual_) change.rewrites = false;
  if (table.kind == RelationKind::foreign_table || table.kind == RelationKind::view ||
      table.kind == RelationKind::composite)
    change.rewrites = false;

  if (before != nullptr && table.known) {
    catalog::TypeName literal;
    if (definition.raw_default == nullptr && !assignable(m_, before->type, type))
      m_.fail("42804", "column \"{}\" cannot be cast automatically to type {}", name, type_text(m_, type));
    else if (literal_default(m_, *before, literal) && !assignable(m_, literal, type) && !drops_default(symbol))
      m_.fail("42804", "default for column \"{}\" cannot be cast automatically to type {}", name, type_text(m_, type));
  }
  for (const Relation* view : table.dependents) {
    if (view->dropped) continue;
    if (std::any_of(view->extra().reads.begin(), view->extra().reads.end(),
                    [&](const catalog::Dependency& read) { return read.on == &table && read.column == symbol; }))
      m_.fail("0A000", "cannot alter type of a column used by a view or rule");
  }
  each_column_use(table, symbol, [&](catalog::ColumnUse::By by) {
    m_.fail("0A000", "{}",
            by == catalog::ColumnUse::By::rule     ? "cannot alter type of a column used by a view or rule"
            : by == catalog::ColumnUse::By::policy ? "cannot alter type of a column used in a policy definition"
                                                   : "cannot alter type of a column used in a trigger definition");
  });
  for (const catalog::GeneratedFrom& from : table.extra().generated_from)
    if (from.source == symbol && from.column != symbol && catalog::column(table, from.column) != nullptr)
      m_.fail(m_.version < 14 ? "42601" : "0A000", "cannot alter type of a column used by a generated column");

  if (change.rewrites) {
    if (table.kind != RelationKind::partitioned_table || table.extra().children.empty())
      add_work(table, Work::scan | Work::rewrite, part);
    part.work |= Work::scan | Work::rewrite;
  }

  // Indexes on the column are made again; one whose definition means the same keeps its file.
  const Symbol collation =
      definition.collClause != nullptr ? m_.symbol(pg::last_name(definition.collClause->collname)) : Symbol{};
  const auto same_collation = [&](Symbol one, Symbol other) {
    const auto plain = [&](Symbol s) { return !s || m_.text(s) == "default"; };
    return one == other || (plain(one) && plain(other));
  };
  each_index(table, [&](const Relation& index) {
    const catalog::Index& of = *index.index;
    bool in_key = false;
    bool kept = change.same_operators;
    for (const catalog::IndexKey& key : of.keys) {
      if (key.column != symbol) continue;
      in_key = true;
      const std::string_view opclass = m_.text(key.opclass);
      if (opclass.ends_with("pattern_ops") || opclass.ends_with("trgm_ops")) kept = true;
      if (!key.collation && before != nullptr && !same_collation(before->collation, collation)) kept = false;
    }
    const bool in_expression = contains(of.expression_columns, symbol);
    const bool included = contains(of.include, symbol);
    if (!in_key && !in_expression && !included) return;
    if (included && !in_key) kept = true;
    // A partition's is made again with its parent's, and for that no file is kept.
    if (!index.extra().parents.empty()) kept = false;
    const bool has_expression =
        !of.predicate.empty() ||
        std::any_of(of.keys.begin(), of.keys.end(), [](const catalog::IndexKey& key) { return !key.column; });
    m_.lock(index, LockMode::access_exclusive, Because::index);
    if (index.kind == RelationKind::partitioned_index) return;
    if (change.rewrites || (kept && !has_expression && of.valid)) return;  // with the rewrite, or not at all
    m_.rebuild(index);
    part.work |= Work::scan | Work::index_build;
  });

  for (const Constraint* constraint : table.constraints) {
    if (constraint->dropped || constraint->kind != ConstraintKind::check || !contains(constraint->columns, symbol))
      continue;
    if (constraint->valid && constraint->enforced && !drops_constraint(constraint->name) &&
        (table.kind != RelationKind::partitioned_table || table.extra().children.empty()))
      add_work(table, Work::scan, part);
  }

  // Foreign keys at either end are made again.
  const bool checked_again = change.rewrites || !change.same_operators;
  const auto again = [&](const Constraint& key, const Relation& other, Because because) {
    if (drops_constraint(key.name) && key.table == table_) return;
    each_in_tree(other, other.kind == RelationKind::partitioned_table, [&](const Relation& part_of) {
      m_.lock(part_of, LockMode::access_exclusive, as_child(part_of, other, because));
    });
    if (m_.version >= 14) {
      const Relation* index = primary_key_index(*key.references);
      each_index(*key.references, [&](const Relation& candidate) {
        if (candidate.index->unique && candidate.index->keys.size() == key.referenced_columns.size() &&
            std::all_of(candidate.index->keys.begin(), candidate.index->keys.end(),
                        [&](const catalog::IndexKey& k) { return contains(key.referenced_columns, k.column); }))
          index = &candidate;
      });
      if (index != nullptr) m_.lock(*index, LockMode::access_share, Because::index);
    }
    if (!checked_again || !key.valid || !key.enforced) return;
    validate_foreign_key(m_, key.table, key.references);
    part.work |= Work::scan;
  };
  each_foreign_key(table, [&](const Constraint& key) {
    if (contains(key.columns, symbol) && key.references != &table) again(key, *key.references, Because::references);
  });
  each_reference(table, [&](const Constraint& key) {
    if (contains(key.referenced_columns, symbol) && key.table != &table) again(key, *key.table, Because::references);
  });

  if (before == nullptr) return;
  for (const Relation* sequence : table.owned) {
    if (sequence->dropped || sequence->owner_table != &table || sequence->owner_column != symbol) continue;
    if (before->identity != Identity::none)
      m_.lock(*sequence, LockMode::share_row_exclusive, Because::sequence);
    else if (m_.version >= 14)
      m_.lock(*sequence, LockMode::access_share, Because::sequence);
  }
}

// --- constraints -----------------------------------------------------------------------------------------------------

void Alter::add_constraint(const ::Constraint& constraint, Part& part) {
  const Symbol name = m_.symbol(constraint.conname);
  if (name && table_ != nullptr && constraint.contype != CONSTR_NOTNULL && !drops_constraint(name) &&
      catalog::constraint(*table_, name) != nullptr) {
    if (constraint.contype == CONSTR_CHECK || constraint.contype == CONSTR_FOREIGN)
      m_.fail("42710", "constraint \"{}\" for relation \"{}\" already exists", pg::text(constraint.conname),
              table_name());
    else if (constraint.indexname == nullptr)
      m_.fail("42P07", "relation \"{}\" already exists", pg::text(constraint.conname));
  }
  if (name && constraint.indexname == nullptr &&
      (constraint.contype == CONSTR_PRIMARY || constraint.contype == CONSTR_UNIQUE ||
       constraint.contype == CONSTR_EXCLUSION)) {
    const Lookup taken = m_.catalog.find(found_.schema, name);
    if (taken.presence == Presence::known && taken.relation != nullptr && !drops_constraint(name))
      m_.fail("42P07", "relation \"{}\" already exists", pg::text(constraint.conname));
  }
  switch (constraint.contype) {
    case CONSTR_CHECK:
      if (has_subquery(constraint.raw_expr)) m_.fail("0A000", "cannot use subquery in check constraint");
      if (const auto* alone = pg::as<::ColumnRef>(constraint.raw_expr); alone != nullptr && table_ != nullptr) {
        const Column* column = catalog::column(*table_, m_.symbol(pg::column_name(*alone)));
        if (column != nullptr && !column->type.schema && column->type.name &&
            m_.catalog.is_builtin_type(column->type.name) && m_.text(column->type.name) != "bool")
          m_.fail("42804", "argument of CHECK must be type boolean, not type {}", type_text(m_, column->type));
      }
      expression(m_, constraint.raw_expr, Run::analyse);
      if (complete())
        pg::each<::ColumnRef>(constraint.raw_expr, [&](const ::ColumnRef& reference) {
          const std::string_view column = pg::column_name(reference);
          if (!column.empty() && list_length(reference.fields) == 1 && column != table_name() &&
              catalog::column(*table_, m_.symbol(column)) == nullptr && !adds_column(m_.symbol(column)))
            m_.fail("42703", "column \"{}\" does not exist", column);
        });
      if (constraint.is_enforced && !constraint.skip_validation &&
          (table_ == nullptr || table_->kind != RelationKind::foreign_table)) {
        add_work_below(Work::scan, part, !constraint.is_no_inherit);
        m_.may_fail("23514", "a row violates the check");
      }
      return;
    case CONSTR_NOTNULL: {
      const Symbol column = m_.symbol(pg::last_name(constraint.keys));
      if (!has_column(column, pg::last_name(constraint.keys))) return;
      if (!constraint.skip_validation) set_not_null(column, part);
      return;
    }
    case CONSTR_FOREIGN:
      return add_foreign_key(constraint, part);
    case CONSTR_PRIMARY:
    case CONSTR_UNIQUE:
    case CONSTR_EXCLUSION:
      return constraint.indexname != nullptr ? use_index(constraint, part) : add_key(constraint, part);
    default:
      return;
  }
}

void Alter::add_foreign_key(const ::Constraint& constraint, Part& part) {
  for (const ::Node* column : pg::nodes(constraint.fk_attrs)) {
    const Symbol name = m_.symbol_of(column);
    if (complete() && catalog::column(*table_, name) == nullptr && !adds_column(name)) {
      m_.fail("42703", "column \"{}\" referenced in foreign key constraint does not exist", pg::string(column));
      return;
    }
  }
  const Lookup referenced = m_.find(constraint.pktable);
  const bool self = referenced.schema == found_.schema && referenced.name == found_.name;
  // A table that refers to itself may get the key that it refers to by the same statement.
  if (!self || (complete() && list_length(statement_.cmds) == 1)) {
    std::vector<catalog::TypeName> types;
    for (const ::Node* name : pg::nodes(constraint.fk_attrs)) {
      const Column* column = table_ != nullptr ? catalog::column(*table_, m_.symbol_of(name)) : nullptr;
      types.push_back(column != nullptr ? column->type : catalog::TypeName{});
    }
    check_foreign_key(m_, found_.schema, found_.name, types, constraint, referenced);
  }
  if (constraint.skip_validation && m_.version < 18 && table_ != nullptr &&
      table_->kind == RelationKind::partitioned_table)
    m_.fail("42809", "cannot add NOT VALID foreign key on partitioned table \"{}\" referencing relation \"{}\"",
            table_name(), m_.text(referenced.name));
  if (!self && table_ != nullptr && table_->known) check_persistence(m_, table_->persistence, referenced);
  const bool validates = constraint.is_enforced && !constraint.skip_validation;
  if (validates) {
    m_.may_fail("23503", "a row has no counterpart in the referenced table");
    part.work |= Work::scan;
    if (table_ == nullptr) add_work_below(Work::scan, part, false);
  }
  effect::add_foreign_key(m_, {.table = table_,
                               .referenced = referenced,
                               .referenced_columns = constraint.pk_attrs,
                               .self = self,
                               .validates = validates});
}

void Alter::add_key(const ::Constraint& constraint, Part& part) {
  const bool primary = constraint.contype == CONSTR_PRIMARY;
  part.work |= Work::scan | Work::index_build;
  if (table_ == nullptr) {
    add_work_below(Work::scan | Work::index_build, part, false);
    return;
  }
  if (constraint.contype == CONSTR_EXCLUSION)
    m_.may_fail("23P01", "two rows exclude each other");
  else
    m_.may_fail("23505", "two rows have the same key");
  if (primary) m_.may_fail("23502", "a key column is null");
  if (constraint.contype != CONSTR_EXCLUSION) {
    const auto keys = pg::nodes(constraint.keys);
    for (std::size_t i = 0; i < keys.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (pg::string(keys[i]) == pg::string(keys[j]))
          m_.fail("42701", "column \"{}\" appears twice in {} constraint", pg::string(keys[i]),
                  primary ? "primary key" : "unique");
    for (const ::Node* column : pg::nodes(constraint.keys)) {
      const Column* key = catalog::column(*table_, m_.symbol_of(column));
      if (complete() && key == nullptr && !adds_column(m_.symbol_of(column))) {
        m_.fail("42703", "column \"{}\" named in key does not exist", pg::string(column));
        return;
      }
      if (key != nullptr && key->type.array_dimensions == 0 && !key->type.schema &&
          is_unordered(m_.text(key->type.name)))
        m_.fail("42704", "data type {} has no default operator class for access method \"btree\"",
                m_.text(key->type.name));
    }
  }
  if (primary) {
    for (const Constraint* other : table_->constraints)
      if (!other->dropped && other->kind == ConstraintKind::primary_key && !drops_constraint(other->name)) {
        m_.fail("42P16", "multiple primary keys for table \"{}\" are not allowed", table_name());
        return;
      }
    for (const Constraint* other : table_->constraints)
      if (!other->dropped && other->kind == ConstraintKind::not_null && !other->valid)
        for (const ::Node* column : pg::nodes(constraint.keys))
          if (contains(other->columns, m_.symbol_of(column)))
            m_.fail("55000", "cannot create primary key on column \"{}\"", pg::string(column));
  }
  const bool partitioned = table_->kind == RelationKind::partitioned_table;
  if (partitioned && constraint.contype == CONSTR_EXCLUSION && m_.version < 17)
    m_.fail("0A000", "exclusion constraints are not supported on partitioned tables");
  if (partitioned && constraint.contype != CONSTR_EXCLUSION && lacks_partition_key(m_, *table_, constraint.keys))
    m_.fail("0A000", "unique constraint on partitioned table must include all partitioning columns");

  // Partitions are locked as for the index alone, unless a column of theirs has to become NOT NULL.
  LockMode below = LockMode::share;
  if (primary) {
    if (m_.version >= 18) {
      below = LockMode::access_exclusive;
    } else {
      for (const ::Node* column : pg::nodes(constraint.keys))
        if (const Column* found = catalog::column(*table_, m_.symbol_of(column)); found == nullptr || !found->not_null)
          below = LockMode::access_exclusive;
    }
  }
  if (primary && !partitioned)
    for (const ::Node* column : pg::nodes(constraint.keys)) lock_heirs_of_key(m_.symbol_of(column));
  const auto name_on = [&](const Relation& table) {
    if (&table == table_ && constraint.conname != nullptr) return m_.symbol(constraint.conname);
    if (primary) {
      const Relation* old = primary_key_index(table);
      if (old != nullptr && drops_constraint(old->name)) return old->name;
      return m_.choose_name(table.schema, m_.text(table.name), {}, "pkey");
    }
    if (constraint.contype == CONSTR_EXCLUSION)
      return m_.choose_name(table.schema, m_.text(table.name), excluded_column(constraint), "excl");
    return m_.choose_key_name(table.schema, m_.text(table.name), constraint.keys, constraint.including, "key");
  };
  each_in_tree(*table_, partitioned && recurse_, [&](const Relation& table) {
    if (&table != table_) m_.lock(table, below, Because::partition);
    if (table.kind == RelationKind::partitioned_table && !table.extra().children.empty())
      m_.made(RelationKind::partitioned_index, table.schema, name_on(table), Because::index);
    else
      m_.build_new(table, name_on(table));
  });
}

// The column of a primary key becomes NOT NULL in those that inherit it, too; they are locked for that if it is so
// already.
void Alter::lock_heirs_of_key(Symbol column) {
  if (!recurse_ || table_->extra().children.empty()) return;
  each_in_tree(*table_, true, [&](const Relation& heir) {
    if (&heir == table_) return;
    const Column* found = catalog::column(heir, column);
    const bool proved = (found != nullptr && found->not_null) || proof(heir, column) != nullptr;
    m_.lock(heir, LockMode::access_exclusive, Because::inherits, proved ? Work::none : Work::scan);
  });
}

void Alter::use_index(const ::Constraint& constraint, Part& part) {
  const Lookup found = m_.find(pg::QualifiedName{{}, m_.text(found_.schema), pg::text(constraint.indexname)});
  const bool primary = constraint.contype == CONSTR_PRIMARY;
  if (table_ != nullptr && table_->kind == RelationKind::partitioned_table)
    m_.fail("0A000", "ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables");
  if (found.presence == Presence::gone) {
    m_.fail("42704", "index \"{}\" does not exist", pg::text(constraint.indexname));
    return;
  }
  // It is renamed to the constraint's name.
  const bool renamed = constraint.conname != nullptr && pg::text(constraint.conname) != pg::text(constraint.indexname);
  m_.lock(found, RelationKind::index, renamed ? LockMode::share_update_exclusive : LockMode::access_share,
          Because::index);
  const Relation* relation = found.relation;
  const catalog::Index* index = relation != nullptr && relation->known ? relation->index : nullptr;
  if (relation != nullptr && relation->known && index == nullptr) {
    m_.fail("42809", "\"{}\" is not an index", pg::text(constraint.indexname));
    return;
  }
  if (index != nullptr) {
    const std::string_view name = pg::text(constraint.indexname);
    if (index->constraint != nullptr && !index->constraint->dropped)
      m_.fail("55000", "index \"{}\" is already associated with a constraint", name);
    else if (index->table != nullptr && table_ != nullptr && index->table != table_)
      m_.fail("55000", "index \"{}\" does not belong to table \"{}\"", name, table_name());
    else if (!index->valid)
      m_.fail("55000", "index \"{}\" is not valid", name);
    else if (!index->unique)
      m_.fail("42809", "\"{}\" is not a unique index", name);
    else if (std::any_of(index->keys.begin(), index->keys.end(), [](const catalog::IndexKey& k) { return !k.column; }))
      m_.fail("42809", "index \"{}\" contains expressions", name);
    else if (!index->predicate.empty())
      m_.fail("42809", "\"{}\" is a partial index", name);
    else
      for (std::uint32_t i = 0; i < index->keys.size(); ++i)
        if (index->keys[i].descending || index->keys[i].nulls_first)
          m_.fail("42809", "index \"{}\" column number {} does not have default sorting behavior", name, i + 1);
  }
  if (!primary) return;
  if (table_ == nullptr || index == nullptr) {
    // Which columns it has is not known, nor whether one of them may be NULL.
    add_work_below(Work::scan, part, false);
    return;
  }
  for (const Constraint* other : table_->constraints) {
    if (other->dropped) continue;
    if (other->kind == ConstraintKind::primary_key && !drops_constraint(other->name))
      m_.fail("42P16", "multiple primary keys for table \"{}\" are not allowed", table_name());
    if (other->kind == ConstraintKind::not_null && !other->valid)
      for (const catalog::IndexKey& key : index->keys)
        if (contains(other->columns, key.column))
          m_.fail("55000", "incompatible NOT VALID constraint \"{}\" on relation \"{}\"", m_.text(other->name),
                  table_name());
  }
  for (const catalog::IndexKey& key : index->keys) {
    if (!key.column) continue;
    set_not_null(key.column, part);
    lock_heirs_of_key(key.column);
  }
}

void Alter::drop_constraint(const ::AlterTableCmd& command) {
  if (table_ == nullptr) return;
  const Symbol name = m_.symbol(command.name);
  const Constraint* constraint = catalog::constraint(*table_, name);
  if (constraint == nullptr) {
    if (complete() && !command.missing_ok && !adds_constraint(name))
      m_.fail("42704", "constraint \"{}\" of relation \"{}\" does not exist", pg::text(command.name), table_name());
    return;
  }
  if (constraint->parent != nullptr) {
    m_.fail("42P16", "cannot drop inherited constraint \"{}\" of relation \"{}\"", pg::text(command.name),
            table_name());
    return;
  }
  const bool cascade = command.behavior == DROP_CASCADE;
  const auto drop_one = [&](const Constraint& one) {
    if (one.kind == ConstraintKind::foreign_key && one.references != nullptr && one.references != one.table)
      each_in_tree(*one.references, one.references->kind == RelationKind::partitioned_table,
                   [&](const Relation& other) {
                     m_.lock(other, LockMode::access_exclusive, as_child(other, *one.references, Because::references));
                   });
    if (one.index == nullptr || one.index->dropped) return;
    m_.lock(*one.index, LockMode::access_exclusive, Because::index);
    const catalog::Index* index = one.index->index;
    each_reference(*one.table, [&](const Constraint& key) {
      // It may rest on another index of the same columns.
      if (index == nullptr || key.referenced_columns.size() != index->keys.size() ||
          !std::all_of(index->keys.begin(), index->keys.end(),
                       [&](const catalog::IndexKey& k) { return contains(key.referenced_columns, k.column); }))
        return;
      if (cascade)
        m_.lock(*key.table, LockMode::access_exclusive, Because::references);
      else
        m_.fail("2BP01", "cannot drop constraint {} on table {} because other objects depend on it",
                pg::text(command.name), table_name());
    });
  };
  drop_one(*constraint);
  if (!recurse_) return;
  each_in_tree(*table_, true, [&](const Relation& table) {
    if (&table == table_) return;
    for (const Constraint* below : table.constraints) {
      if (below->dropped) continue;
      for (const Constraint* parent = below->parent; parent != nullptr; parent = parent->parent)
        if (parent == constraint) {
          drop_one(*below);
          break;
        }
    }
  });
}

void Alter::validate(const ::AlterTableCmd& command, Part& part) {
  const Symbol name = m_.symbol(command.name);
  const Constraint* constraint = table_ != nullptr ? catalog::constraint(*table_, name) : nullptr;
  if (constraint == nullptr) {
    if (adds_constraint(name)) {
      // Of this very statement: what it adds NOT VALID is read after all.
      for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds)) {
        const auto* added = other.subtype == AT_AddConstraint ? pg::as<::Constraint>(other.def) : nullptr;
        if (added == nullptr || added->contype != CONSTR_FOREIGN || m_.symbol(added->conname) != name) continue;
        validate_foreign_key(m_, table_, m_.find(added->pktable).relation);
      }
    } else if (complete()) {
      m_.fail("42704", "constraint \"{}\" of relation \"{}\" does not exist", pg::text(command.name), table_name());
      return;
    }
    add_work_below(Work::scan, part, true);
    return;
  }
  if (constraint->kind != ConstraintKind::check && constraint->kind != ConstraintKind::foreign_key &&
      !(constraint->kind == ConstraintKind::not_null && m_.version >= 18)) {
    m_.fail("42809", "constraint \"{}\" of relation \"{}\" is not a foreign key or check constraint",
            pg::text(command.name), table_name());
    return;
  }
  if (!constraint->enforced) {
    m_.fail("55000", "cannot validate NOT ENFORCED constraint");
    return;
  }
  if (constraint->valid) return;
  if (constraint->kind == ConstraintKind::foreign_key)
    m_.may_fail("23503", "a row has no counterpart in the referenced table");
  else if (constraint->kind == ConstraintKind::check)
    m_.may_fail("23514", "a row violates the check");
  else
    m_.may_fail("23502", "a row has a null there");
  if (constraint->kind == ConstraintKind::foreign_key) {
    part.work |= Work::scan;
    if (constraint->references != nullptr && constraint->references != table_)
      m_.lock(*constraint->references, LockMode::row_share, Because::references);
    validate_foreign_key(m_, table_, constraint->references);
    return;
  }
  add_work_below(Work::scan, part, true);
}

void Alter::alter_constraint(const ::AlterTableCmd& command, Part& part) {
  const auto& change = pg::cast<::ATAlterConstraint>(command.def);
  if (table_ == nullptr) return;
  const Constraint* constraint = catalog::constraint(*table_, m_.symbol(change.conname));
  if (constraint == nullptr) {
    if (complete() && !adds_constraint(m_.symbol(change.conname)))
      m_.fail("42704", "constraint \"{}\" of relation \"{}\" does not exist", pg::text(change.conname), table_name());
    return;
  }
  if (change.alterDeferrability && constraint->kind != ConstraintKind::foreign_key) {
    m_.fail("42809", "constraint \"{}\" of relation \"{}\" is not a foreign key constraint", pg::text(change.conname),
            table_name());
    return;
  }
  if (change.alterEnforceability) {
    if (constraint->kind != ConstraintKind::foreign_key) {
      m_.fail("42809", "cannot alter enforceability of constraint \"{}\" of relation \"{}\"", pg::text(change.conname),
              table_name());
      return;
    }
    if (change.is_enforced == constraint->enforced || constraint->references == nullptr) return;
    const bool other = constraint->references != table_;
    if (!change.is_enforced) {
      if (other) m_.lock(*constraint->references, LockMode::access_exclusive, Because::references);
      return;
    }
    if (other) m_.lock(*constraint->references, LockMode::share_row_exclusive, Because::references);
    part.work |= Work::scan;
    validate_foreign_key(m_, table_, constraint->references);
  }
}

// --- storage ---------------------------------------------------------------------------------------------------------

void Alter::set_persistence(bool logged, Part& part) {
  if (table_ != nullptr && table_->kind == RelationKind::sequence) {
    if (m_.version < 15) m_.fail("42809", "\"{}\" is not a table", table_name());
    return;
  }
  if (table_ != nullptr && table_->kind == RelationKind::partitioned_table) {
    if (m_.version >= 18)
      m_.fail("42809", "ALTER action SET {} cannot be performed on relation \"{}\"", logged ? "LOGGED" : "UNLOGGED",
              table_name());
    return;
  }
  if (table_ != nullptr && table_->known) {
    if (table_->persistence == catalog::Persistence::temporary) {
      m_.fail("42P16", "cannot change logged status of table \"{}\" because it is temporary", table_name());
      return;
    }
    if (logged == (table_->persistence == catalog::Persistence::permanent)) return;
  }
  if (table_ != nullptr) {
    if (logged) {
      each_foreign_key(*table_, [&](const Constraint& key) {
        if (key.references != table_ && key.references->known &&
            key.references->persistence == catalog::Persistence::unlogged)
          m_.fail("42P16", "could not change table \"{}\" to logged because it references unlogged table \"{}\"",
                  table_name(), m_.text(key.references->name));
      });
    } else {
      each_reference(*table_, [&](const Constraint& key) {
        if (key.table != table_ && key.table->persistence == catalog::Persistence::permanent)
          m_.fail("42P16", "could not change table \"{}\" to unlogged because it references logged table \"{}\"",
                  table_name(), m_.text(key.table->name));
      });
    }
    if (m_.version >= 15)
      for (const Relation* sequence : table_->owned)
        if (!sequence->dropped && sequence->owner_table == table_)
          m_.lock(*sequence, LockMode::access_exclusive, Because::sequence);
  }
  add_work_below(Work::scan | Work::rewrite, part, false);
}

void Alter::change_owner(const ::AlterTableCmd& command) {
  if (table_ == nullptr || is_index(table_->kind)) return;
  // To the same owner nothing is done beyond the first lock.
  const ::RoleSpec* to = command.newowner;
  const Symbol role = to == nullptr                      ? Symbol{}
                      : to->roletype == ROLESPEC_CSTRING ? m_.symbol(to->rolename)
                                                         : m_.catalog.session.role;
  if (role && role == table_->owner) return;
  lock_owned(m_, *table_);
}

void Alter::set_tablespace(const ::AlterTableCmd& command, Part& part) {
  const auto plain = [&](Symbol name) { return !name || m_.text(name) == "pg_default"; };
  const Symbol to = m_.symbol(command.name);
  if (table_ != nullptr && table_->known) {
    if (to == table_->tablespace || (plain(to) && plain(table_->tablespace))) return;
    if (table_->kind == RelationKind::partitioned_table || table_->kind == RelationKind::partitioned_index) return;
  }
  if (table_ != nullptr && is_index(table_->kind)) {
    // Its file is copied. A plan of the table opens all of its indexes, so that readers wait.
    m_.rebuild(*table_);
    part.work |= Work::index_build;
    return;
  }
  // The file is copied block by block; indexes stay where they are.
  add_work_below(Work::scan | Work::rewrite, part, false);
}

// A table that is rewritten gets all of its indexes built again, but not one that only moves.
void Alter::rebuild_indexes() {
  const bool rewrites = std::any_of(m_.out.parts.begin(), m_.out.parts.end(), [&](const Part& part) {
    return has(part.work, Work::rewrite) &&
           pg::cast<::AlterTableCmd>(pg::nodes(statement_.cmds)[part.command]).subtype != AT_SetTableSpace;
  });
  if (!rewrites || table_ == nullptr) return;
  each_in_tree(*table_, recurse_, [&](const Relation& table) {
    const RelationEffect* effect = m_.entry(table);
    if (effect == nullptr || !has(effect->work, Work::rewrite)) return;
    each_index(table, [&](const Relation& index) { m_.rebuild(index); });
  });
}

}  // namespace

void alter_table(Model& model, const ::AlterTableStmt& statement) {
  if (statement.objtype == OBJECT_TYPE) return alter_composite(model, statement);
  Alter(model, statement).run();
}

void alter_table_move_all(Model& model, const ::AlterTableMoveAllStmt& statement) {
  const Symbol from = model.symbol(statement.orig_tablespacename);
  const Symbol to = model.symbol(statement.new_tablespacename);
  if (from == to) return;
  const bool is_default = model.text(from) == "pg_default";
  for (const catalog::Schema* schema : model.catalog.schemas()) {
    if (schema->dropped) continue;
    for (const Relation* relation : schema->relations) {
      if (relation->dropped || !relation->known || relation->schema != schema->name) continue;
      if (relation->tablespace != from && !(is_default && !relation->tablespace)) continue;
      const bool wanted = statement.objtype == OBJECT_TABLE     ? relation->is_table()
                          : statement.objtype == OBJECT_MATVIEW ? relation->kind == RelationKind::materialized_view
                                                                : is_index(relation->kind);
      if (!wanted) continue;
      model.lock(*relation, LockMode::access_exclusive, Because::target,
                 has_storage(*relation) ? Work::scan | Work::rewrite : Work::none);
      if (relation->kind == RelationKind::index) model.rebuild(*relation);
    }
  }
}

}  // namespace pglint::effect
