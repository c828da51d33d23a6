// The lock of each subcommand of ALTER TABLE, and whether it goes to the tables below.
#include <algorithm>
#include <array>

#include "effect/alter/alter.h"

namespace pglint::effect {
namespace {

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

LockMode options_lock(const ::List* options) {
  for (const ::DefElem& option : pg::only<::DefElem>(options))
    if (!is_gentle(option)) return LockMode::access_exclusive;
  return LockMode::share_update_exclusive;
}

}  // namespace

bool is_gentle(const ::DefElem& option) {
  return std::find(gentle_options.begin(), gentle_options.end(), pg::text(option.defname)) != gentle_options.end();
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

}  // namespace pglint::effect
