#include "effect/effect.h"

#include <algorithm>
#include <vector>

#include "effect/model.h"

namespace pglint::effect {
namespace {

// Labels of enumerations and names of types that are there already.
void alter_enum(Model& model, const ::AlterEnumStmt& statement) {
  const auto name = pg::qualified_name(statement.typeName);
  const catalog::Type* type =
      model.catalog.find_type(name.schema.empty() ? Symbol{} : model.symbol(name.schema), model.symbol(name.name));
  if (type == nullptr) return check_type(model, name.schema, name.name);
  if (type->kind != catalog::TypeKind::enumeration) return;
  const auto has = [&](const char* label) {
    const Symbol wanted = model.symbol(label);
    return std::any_of(type->values.begin(), type->values.end(),
                       [&](const catalog::EnumValue& value) { return value.name == wanted; });
  };
  if (statement.oldVal != nullptr) {
    if (!has(statement.oldVal))
      model.fail("22023", "\"{}\" is not an existing enum label", pg::text(statement.oldVal));
    else if (has(statement.newVal))
      model.fail("42710", "enum label \"{}\" already exists", pg::text(statement.newVal));
  } else if (!statement.skipIfNewValExists && has(statement.newVal)) {
    model.fail("42710", "enum label \"{}\" already exists", pg::text(statement.newVal));
  } else if (statement.newValNeighbor != nullptr && !has(statement.newValNeighbor)) {
    model.fail("22023", "\"{}\" is not an existing enum label", pg::text(statement.newValNeighbor));
  }
}

// A table is a type, too.
void create_type(Model& model, Symbol schema, std::string_view name) {
  const Symbol symbol = model.symbol(name);
  const Lookup relation = model.catalog.find(schema, symbol);
  const bool row_type = relation.presence == Presence::known && !is_index(relation.relation->kind) &&
                        relation.relation->kind != RelationKind::sequence;
  if (row_type || model.catalog.find_type(schema, symbol) != nullptr)
    model.fail("42710", "type \"{}\" already exists", name);
}

void create_type(Model& model, const ::List* names) {
  const auto name = pg::qualified_name(names);
  create_type(model, name.schema.empty() ? model.catalog.creation_schema() : model.symbol(name.schema), name.name);
}

void check_statistics(Model& model, const pg::QualifiedName& name) {
  if (model.catalog.knows_all_relations() &&
      model.catalog.find_statistics(name.schema.empty() ? Symbol{} : model.symbol(name.schema),
                                    model.symbol(name.name)) == nullptr)
    model.fail("42704", "statistics object \"{}\" does not exist", name.name);
}

// An object beside relations that ALTER names.
void check_object(Model& model, ::ObjectType type, const ::Node* object) {
  const auto name = pg::object_name(object);
  const Symbol schema = name.schema.empty() ? Symbol{} : model.symbol(name.schema);
  switch (type) {
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_ROUTINE:
      if (model.catalog.knows_all_relations() &&
          model.catalog.find_function(schema, model.symbol(name.name)) == nullptr)
        model.fail("42883", "function {}() does not exist", name.name);
      return;
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
      return check_type(model, name.schema, name.name);
    case OBJECT_SCHEMA: {
      const catalog::Schema* found = model.catalog.find_schema(model.symbol(name.name));
      if (model.catalog.whole && name.name != "public" && (found == nullptr || !found->known || found->dropped))
        model.fail("3F000", "schema \"{}\" does not exist", name.name);
      return;
    }
    default:
      return;
  }
}

// A procedure that commits cannot do so inside a transaction block.
void check_call(Model& model, const ::FuncCall& call) {
  const auto name = pg::qualified_name(call.funcname);
  const catalog::Function* procedure =
      model.catalog.find_function(name.schema.empty() ? Symbol{} : model.symbol(name.schema), model.symbol(name.name));
  if (procedure == nullptr || !procedure->ends_transaction) return;
  model.out.transactional = false;
  if (model.transaction.block) model.fail("2D000", "invalid transaction termination");
}

void dispatch(Model& model, const ::Node* node);

// Its elements go into the new schema.
void create_schema(Model& model, const ::CreateSchemaStmt& statement) {
  const std::string_view name = statement.schemaname != nullptr ? pg::text(statement.schemaname)
                                : statement.authrole != nullptr ? pg::text(statement.authrole->rolename)
                                                                : std::string_view();
  const catalog::Schema* found = model.catalog.find_schema(model.symbol(name));
  if (found != nullptr && found->known && !found->dropped) {
    if (!statement.if_not_exists) model.fail("42P06", "schema \"{}\" already exists", name);
    return;
  }
  for (const ::Node* element : pg::nodes(statement.schemaElts)) {
    ::RangeVar into;
    const auto qualify = [&](const ::RangeVar& relation) {
      into = relation;
      if (into.schemaname == nullptr) into.schemaname = statement.schemaname;
      return &into;
    };
    if (const auto* table = pg::as<::CreateStmt>(element)) {
      ::CreateStmt copy = *table;
      copy.relation = qualify(*table->relation);
      dispatch(model, reinterpret_cast<const ::Node*>(&copy));
    } else if (const auto* view = pg::as<::ViewStmt>(element)) {
      ::ViewStmt copy = *view;
      copy.view = qualify(*view->view);
      dispatch(model, reinterpret_cast<const ::Node*>(&copy));
    } else if (const auto* sequence = pg::as<::CreateSeqStmt>(element)) {
      ::CreateSeqStmt copy = *sequence;
      copy.sequence = qualify(*sequence->sequence);
      dispatch(model, reinterpret_cast<const ::Node*>(&copy));
    }
  }
}

void transaction(Model& model, const ::TransactionStmt& statement) {
  switch (statement.kind) {
    case TRANS_STMT_SAVEPOINT:
    case TRANS_STMT_RELEASE:
    case TRANS_STMT_ROLLBACK_TO:
      if (!model.transaction.block)
        model.fail("25P01", "{} can only be used in transaction blocks",
                   statement.kind == TRANS_STMT_SAVEPOINT ? "SAVEPOINT"
                   : statement.kind == TRANS_STMT_RELEASE ? "RELEASE SAVEPOINT"
                                                          : "ROLLBACK TO SAVEPOINT");
      return;
    case TRANS_STMT_COMMIT:
      if (!model.catalog.pending().empty()) check_deferred(model);
      return;
    case TRANS_STMT_COMMIT_PREPARED:
      (void)model.outside_transaction("COMMIT PREPARED");
      return;
    case TRANS_STMT_ROLLBACK_PREPARED:
      (void)model.outside_transaction("ROLLBACK PREPARED");
      return;
    default:
      return;
  }
}

void subscription(Model& model, const ::CreateSubscriptionStmt& statement) {
  const auto off = [&](std::string_view name) {
    const ::DefElem* option = pg::option(statement.options, name);
    return option != nullptr && pg::boolean(*option) == false;
  };
  if (off("connect")) return;
  model.may_fail(model.version < 14 ? "XX000" : "08006", "the publisher cannot be reached");
  if (!off("create_slot")) (void)model.outside_transaction("CREATE SUBSCRIPTION ... WITH (create_slot = true)");
}

// Readers and writers that wait although the relation's own lock would let them pass.
void spread(Model& model, bool concurrent) {
  Effects& out = model.out;
  // A plan opens every index of a table. What CONCURRENTLY takes of an index, no plan uses at that time.
  for (RelationEffect& effect : out.relations) {
    const Relation* relation = effect.relation;
    if (concurrent || effect.is_new || !blocks_reads(effect.lock) || !is_index(effect.kind)) continue;
    if (relation == nullptr || relation->index == nullptr || relation->index->table == nullptr) {
      effect.blocks_table_reads = effect.blocks_table_writes = true;  // of a table that is not known
      continue;
    }
    RelationEffect* table = model.entry(*relation->index->table);
    if (table != nullptr && blocks_reads(table->lock)) continue;
    effect.blocks_table_reads = effect.blocks_table_writes = true;
    if (table != nullptr) table->blocks_table_reads = table->blocks_table_writes = true;
  }
  // Reading a table reads its partitions, while a row that is written goes to one of them. They stand behind their
  // parents here.
  for (auto effect = out.relations.rbegin(); !concurrent && effect != out.relations.rend(); ++effect) {
    if (effect->is_new || (!blocks_reads(effect->lock) && !effect->blocks_table_reads)) continue;
    const Relation* relation = effect->relation;
    if (relation == nullptr || !relation->is_partition) continue;
    for (const Relation* parent : relation->extra().parents)
      if (RelationEffect* above = model.entry(*parent); above != nullptr && !blocks_reads(above->lock))
        above->blocks_table_reads = true;
  }
  // Writing a row with a foreign key locks the row that it points to.
  for (const RelationEffect& effect : out.relations) {
    if (effect.relation == nullptr || effect.is_new || effect.lock < LockMode::exclusive) continue;
    each_reference(*effect.relation, [&](const catalog::Constraint& key) {
      RelationEffect* child = model.entry(*key.table);
      if (child != nullptr && !blocks_writes(child->lock)) child->blocks_table_writes = true;
    });
  }
}

void dispatch(Model& model, const ::Node* node) {
  switch (node->type) {
    case T_AlterTableStmt:
      return alter_table(model, *pg::as<::AlterTableStmt>(node));
    case T_CreateStmt: {
      const auto& statement = *pg::as<::CreateStmt>(node);
      return create_table(model, statement,
                          statement.partspec != nullptr ? RelationKind::partitioned_table : RelationKind::table);
    }
    case T_CreateForeignTableStmt:
      return create_table(model, pg::as<::CreateForeignTableStmt>(node)->base, RelationKind::foreign_table);
    case T_CreateTableAsStmt:
      return create_table_as(model, *pg::as<::CreateTableAsStmt>(node));
    case T_IndexStmt:
      return create_index(model, *pg::as<::IndexStmt>(node));
    case T_DropStmt:
      return drop(model, *pg::as<::DropStmt>(node));
    case T_RenameStmt:
      return rename(model, *pg::as<::RenameStmt>(node));
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
      return query(model, node, Run::execute);
    case T_TruncateStmt:
      return truncate(model, *pg::as<::TruncateStmt>(node));
    case T_AlterObjectSchemaStmt:
      return set_schema(model, *pg::as<::AlterObjectSchemaStmt>(node));
    case T_AlterObjectDependsStmt:
      return depends_on_extension(model, *pg::as<::AlterObjectDependsStmt>(node));
    case T_AlterTableMoveAllStmt:
      return alter_table_move_all(model, *pg::as<::AlterTableMoveAllStmt>(node));
    case T_ViewStmt:
      return create_view(model, *pg::as<::ViewStmt>(node));
    case T_RefreshMatViewStmt:
      return refresh(model, *pg::as<::RefreshMatViewStmt>(node));
    case T_CreateSeqStmt:
      return create_sequence(model, *pg::as<::CreateSeqStmt>(node));
    case T_AlterSeqStmt:
      return alter_sequence(model, *pg::as<::AlterSeqStmt>(node));
    case T_AlterDomainStmt:
      return alter_domain(model, *pg::as<::AlterDomainStmt>(node));
    case T_CreateTrigStmt:
      return create_trigger(model, *pg::as<::CreateTrigStmt>(node));
    case T_RuleStmt:
      return create_rule(model, *pg::as<::RuleStmt>(node));
    case T_CreatePolicyStmt:
      return create_policy(model, *pg::as<::CreatePolicyStmt>(node));
    case T_AlterPolicyStmt:
      return alter_policy(model, *pg::as<::AlterPolicyStmt>(node));
    case T_CreateStatsStmt:
      return create_statistics(model, *pg::as<::CreateStatsStmt>(node));
    case T_CreatePublicationStmt:
      return create_publication(model, *pg::as<::CreatePublicationStmt>(node));
    case T_AlterPublicationStmt:
      return alter_publication(model, *pg::as<::AlterPublicationStmt>(node));
    case T_CommentStmt: {
      const auto& statement = *pg::as<::CommentStmt>(node);
      return comment(model, statement.objtype, statement.object);
    }
    case T_SecLabelStmt: {
      const auto& statement = *pg::as<::SecLabelStmt>(node);
      return comment(model, statement.objtype, statement.object);
    }
    case T_GrantStmt:
      return grant(model, *pg::as<::GrantStmt>(node));
    case T_DropOwnedStmt:
      return drop_owned(model, *pg::as<::DropOwnedStmt>(node));
    case T_ReassignOwnedStmt:
      return reassign_owned(model, *pg::as<::ReassignOwnedStmt>(node));
    case T_CreateSchemaStmt:
      return create_schema(model, *pg::as<::CreateSchemaStmt>(node));
    case T_CompositeTypeStmt: {
      const ::RangeVar& name = *pg::as<::CompositeTypeStmt>(node)->typevar;
      if (name.schemaname == nullptr || name.relname != nullptr)
        create_type(model, model.schema_for(name), pg::text(name.relname));
      return;
    }
    case T_AlterStatsStmt: {
      const auto& statement = *pg::as<::AlterStatsStmt>(node);
      const auto name = pg::qualified_name(statement.defnames);
      if (!statement.missing_ok) check_statistics(model, name);
      return;
    }
    case T_AlterOwnerStmt: {
      const auto& statement = *pg::as<::AlterOwnerStmt>(node);
      return check_object(model, statement.objectType, statement.object);
    }
    case T_LockStmt:
      return lock_table(model, *pg::as<::LockStmt>(node));
    case T_VacuumStmt:
      return vacuum(model, *pg::as<::VacuumStmt>(node));
    case T_ClusterStmt:
      return cluster(model, *pg::as<::ClusterStmt>(node));
    case T_ReindexStmt:
      return reindex(model, *pg::as<::ReindexStmt>(node));
    case T_CopyStmt:
      return copy(model, *pg::as<::CopyStmt>(node));
    case T_ExplainStmt: {
      const auto& statement = *pg::as<::ExplainStmt>(node);
      return query(model, statement.query, pg::is_on(statement.options, "analyze") ? Run::execute : Run::plan);
    }
    case T_PrepareStmt:
      return query(model, pg::as<::PrepareStmt>(node)->query, Run::analyse);
    case T_DeclareCursorStmt: {
      const auto& statement = *pg::as<::DeclareCursorStmt>(node);
      if (!model.transaction.block && (statement.options & CURSOR_OPT_HOLD) == 0)
        model.fail("25P01", "DECLARE CURSOR can only be used in transaction blocks");
      return query(model, statement.query, Run::plan);
    }
    case T_CallStmt:
      check_call(model, *pg::as<::CallStmt>(node)->funccall);
      return expression(model, reinterpret_cast<const ::Node*>(pg::as<::CallStmt>(node)->funccall), Run::execute);
    case T_CreateFunctionStmt:
      return create_function(model, *pg::as<::CreateFunctionStmt>(node));
    case T_AlterEnumStmt:
      return alter_enum(model, *pg::as<::AlterEnumStmt>(node));
    case T_CreateEnumStmt:
      return create_type(model, pg::as<::CreateEnumStmt>(node)->typeName);
    case T_CreateDomainStmt:
      return create_type(model, pg::as<::CreateDomainStmt>(node)->domainname);
    case T_CreateRangeStmt:
      return create_type(model, pg::as<::CreateRangeStmt>(node)->typeName);
    case T_TransactionStmt:
      return transaction(model, *pg::as<::TransactionStmt>(node));
    case T_ConstraintsSetStmt:
      if (!pg::as<::ConstraintsSetStmt>(node)->deferred) check_deferred(model);
      return;
    case T_CreatedbStmt:
      return (void)model.outside_transaction("CREATE DATABASE");
    case T_DropdbStmt:
      return (void)model.outside_transaction("DROP DATABASE");
    case T_AlterDatabaseStmt:
      if (pg::option(pg::as<::AlterDatabaseStmt>(node)->options, "tablespace") != nullptr)
        (void)model.outside_transaction("ALTER DATABASE SET TABLESPACE");
      return;
    case T_AlterSystemStmt:
      return (void)model.outside_transaction("ALTER SYSTEM");
    case T_CreateTableSpaceStmt:
      return (void)model.outside_transaction("CREATE TABLESPACE");
    case T_DropTableSpaceStmt:
      return (void)model.outside_transaction("DROP TABLESPACE");
    case T_CreateSubscriptionStmt:
      return subscription(model, *pg::as<::CreateSubscriptionStmt>(node));
    case T_DropSubscriptionStmt:
      return (void)model.outside_transaction("DROP SUBSCRIPTION");
    case T_DiscardStmt:
      if (pg::as<::DiscardStmt>(node)->target == DISCARD_ALL) (void)model.outside_transaction("DISCARD ALL");
      return;
    default:
      return;
  }
}

}  // namespace

std::string_view name(Because because) {
  switch (because) {
    case Because::target:
      return "target";
    case Because::references:
      return "references";
    case Because::partition:
      return "partition";
    case Because::parent:
      return "parent";
    case Because::domain:
      return "domain";
    case Because::index:
      return "index";
    case Because::default_partition:
      return "default_partition";
    case Because::dependent:
      return "dependent";
    case Because::reads:
      return "reads";
    case Because::sequence:
      return "sequence";
    case Because::inherits:
      break;
  }
  return "inherits";
}

LockMode Effects::strongest() const {
  LockMode mode = LockMode::none;
  for (const RelationEffect& effect : relations) mode = std::max(mode, effect.lock);
  return mode;
}

void effects(const ::Node* statement, std::string_view sql, const catalog::Catalog& catalog,
             const catalog::TransactionState& transaction, const Target& target, Effects& out) {
  out.clear();
  if (const auto* raw = pg::as<::RawStmt>(statement)) statement = raw->stmt;
  if (statement == nullptr) return;
  Model model(catalog, transaction, target.pg_version, sql, out);
  if (!check_syntax(model, statement)) return;
  dispatch(model, statement);
  if (!out.has_error) check_named_once(model, statement);
  if (!out.has_error && !target.stand_ins) check_columns_named(model, statement, target.variables);
  if (out.relations.size() > 1 || (out.relations.size() == 1 && is_index(out.relations.front().kind)))
    spread(model, pg::is_concurrent(statement));
}

void syntax(const ::Node* statement, std::string_view sql, const catalog::Catalog& catalog,
            const catalog::TransactionState& transaction, const Target& target, Effects& out) {
  out.clear();
  if (const auto* raw = pg::as<::RawStmt>(statement)) statement = raw->stmt;
  if (statement == nullptr) return;
  Model model(catalog, transaction, target.pg_version, sql, out);
  (void)check_syntax(model, statement);
}

}  // namespace pglint::effect
