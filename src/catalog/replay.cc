#include "catalog/replay.h"

#include "catalog/replay/state.h"

namespace pglint::catalog {

void Replay::fill(const ::RangeVar* name) {
  if (name == nullptr) return;
  const Lookup found = c.find(*name);
  Relation* table = found.relation;
  if (table != nullptr && found.presence == Presence::known && !table->filled && c.is_new(*table))
    set(table->filled, true);
}

void Replay::statement(const ::Node* node) {
  if (node == nullptr) return;
  switch (node->type) {
    case T_SelectStmt:
      select(pg::cast<::SelectStmt>(node));
      break;
    case T_CreateStmt:
      create_table(pg::cast<::CreateStmt>(node), RelationKind::table);
      break;
    case T_CreateForeignTableStmt:
      create_table(pg::cast<::CreateForeignTableStmt>(node).base, RelationKind::foreign_table);
      break;
    case T_CreateTableAsStmt:
      create_as(pg::cast<::CreateTableAsStmt>(node));
      break;
    case T_AlterTableStmt:
      alter_table(pg::cast<::AlterTableStmt>(node));
      break;
    case T_IndexStmt:
      create_index(pg::cast<::IndexStmt>(node));
      break;
    case T_DropStmt:
      drop(pg::cast<::DropStmt>(node));
      break;
    case T_RenameStmt:
      rename(pg::cast<::RenameStmt>(node));
      break;
    case T_AlterObjectSchemaStmt:
      set_schema(pg::cast<::AlterObjectSchemaStmt>(node));
      break;
    case T_ViewStmt:
      create_view(pg::cast<::ViewStmt>(node));
      break;
    case T_CreateEnumStmt:
      create_enum(pg::cast<::CreateEnumStmt>(node));
      break;
    case T_AlterEnumStmt:
      alter_enum(pg::cast<::AlterEnumStmt>(node));
      break;
    case T_CreateDomainStmt:
      create_domain(pg::cast<::CreateDomainStmt>(node));
      break;
    case T_AlterDomainStmt:
      alter_domain(pg::cast<::AlterDomainStmt>(node));
      break;
    case T_CompositeTypeStmt:
      create_composite(pg::cast<::CompositeTypeStmt>(node));
      break;
    case T_CreateRangeStmt:
      create_range(pg::cast<::CreateRangeStmt>(node));
      break;
    case T_DefineStmt:
      define(pg::cast<::DefineStmt>(node));
      break;
    case T_CreateExtensionStmt:
      create_extension(pg::cast<::CreateExtensionStmt>(node));
      break;
    case T_CreateFunctionStmt:
      create_function(pg::cast<::CreateFunctionStmt>(node));
      break;
    case T_AlterFunctionStmt:
      alter_function(pg::cast<::AlterFunctionStmt>(node));
      break;
    case T_CreateTrigStmt:
      create_trigger(pg::cast<::CreateTrigStmt>(node));
      break;
    case T_CreatePolicyStmt:
      create_policy(pg::cast<::CreatePolicyStmt>(node));
      break;
    case T_AlterPolicyStmt:
      alter_policy(pg::cast<::AlterPolicyStmt>(node));
      break;
    case T_RuleStmt:
      create_rule(pg::cast<::RuleStmt>(node));
      break;
    case T_CreateSeqStmt:
      create_sequence(pg::cast<::CreateSeqStmt>(node));
      break;
    case T_AlterSeqStmt:
      alter_sequence(pg::cast<::AlterSeqStmt>(node));
      break;
    case T_CreateSchemaStmt:
      create_schema(pg::cast<::CreateSchemaStmt>(node));
      break;
    case T_VariableSetStmt:
      set_variable(pg::cast<::VariableSetStmt>(node));
      break;
    case T_ReassignOwnedStmt:
      reassign_owned(pg::cast<::ReassignOwnedStmt>(node));
      break;
    case T_DropOwnedStmt:
      drop_owned(pg::cast<::DropOwnedStmt>(node));
      break;
    case T_ClusterStmt: {
      const auto& cluster = pg::cast<::ClusterStmt>(node);
      if (Relation* table = cluster.indexname != nullptr ? seen(cluster.relation) : nullptr; table != nullptr)
        set(table->clustered, true);
      break;
    }
    case T_CreateStatsStmt:
      create_statistics(pg::cast<::CreateStatsStmt>(node));
      break;
    case T_CreatePublicationStmt:
      create_publication(pg::cast<::CreatePublicationStmt>(node));
      break;
    case T_AlterPublicationStmt:
      alter_publication(pg::cast<::AlterPublicationStmt>(node));
      break;
    case T_InsertStmt:
      fill(pg::cast<::InsertStmt>(node).relation);
      if (c.deferred_ != 0) change_rows(pg::cast<::InsertStmt>(node).relation, RowChange::inserted, nullptr);
      break;
    case T_UpdateStmt:
      if (c.deferred_ != 0) {
        const auto& update = pg::cast<::UpdateStmt>(node);
        change_rows(update.relation, RowChange::updated, update.targetList);
      }
      break;
    case T_DeleteStmt:
      if (c.deferred_ != 0) change_rows(pg::cast<::DeleteStmt>(node).relation, RowChange::deleted, nullptr);
      break;
    case T_ConstraintsSetStmt:
      set_constraints(pg::cast<::ConstraintsSetStmt>(node));
      break;
    case T_CopyStmt:
      if (pg::cast<::CopyStmt>(node).is_from) fill(pg::cast<::CopyStmt>(node).relation);
      break;
    case T_DiscardStmt:
      discard(pg::cast<::DiscardStmt>(node));
      break;
    default:
      break;
  }
}

void apply(Catalog& catalog, const ::Node* statement, std::string_view sql, int pg_version) {
  Replay{.c = catalog, .sql = sql, .version = pg_version}.statement(statement);
}

}  // namespace pglint::catalog
