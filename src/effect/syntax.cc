// The parser is the newest server's. What an older one refuses is found in the tree: every clause that came after
// PostgreSQL 12 leaves its mark there.

#include <algorithm>
#include <array>

#include "effect/model.h"

namespace pglint::effect {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// The first word after GENERATED ALWAYS AS (…); empty at the end of the statement.
std::string_view after_expression(std::string_view sql, int location) {
  if (location < 0 || static_cast<std::size_t>(location) >= sql.size()) return {};
  std::size_t at = sql.find('(', static_cast<std::size_t>(location));
  if (at == std::string_view::npos) return {};
  int depth = 0;
  char quote = '\0';
  for (; at < sql.size(); ++at) {
    const char c = sql[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      ++at;
      break;
    }
  }
  while (at < sql.size() && is_space(sql[at])) ++at;
  if (at >= sql.size() || sql[at] == ';') return {};
  std::size_t end = at + 1;
  if (is_word(sql[at]))
    while (end < sql.size() && is_word(sql[end])) ++end;
  return sql.substr(at, end - at);
}

// RETURNING WITH (OLD AS …)
void check_returning(Model& model, const ::ReturningClause* returning) {
  if (returning != nullptr && returning->options != nullptr) model.newer_syntax("WITH");
}

// Options in parentheses, which the grammar takes whatever their name. Those of VACUUM and its like came one by one.
struct NewOption {
  int statement;
  std::string_view name;
  int from;
};
constexpr std::array new_options = std::to_array<NewOption>({
    {T_VacuumStmt, "parallel", 13},
    {T_VacuumStmt, "process_toast", 14},
    {T_VacuumStmt, "process_main", 16},
    {T_VacuumStmt, "skip_database_stats", 16},
    {T_VacuumStmt, "only_database_stats", 16},
    {T_VacuumStmt, "buffer_usage_limit", 16},
    {T_ExplainStmt, "wal", 13},
    {T_ExplainStmt, "generic_plan", 16},
    {T_ExplainStmt, "serialize", 17},
    {T_ExplainStmt, "memory", 17},
    {T_CopyStmt, "default", 16},
    {T_CopyStmt, "on_error", 17},
    {T_CopyStmt, "log_verbosity", 17},
    {T_CopyStmt, "reject_limit", 18},
    {T_CreatePublicationStmt, "publish_via_partition_root", 13},
    {T_CreatePublicationStmt, "publish_generated_columns", 18},
    {T_CreateSubscriptionStmt, "binary", 14},
    {T_CreateSubscriptionStmt, "streaming", 14},
    {T_CreateSubscriptionStmt, "two_phase", 15},
    {T_CreateSubscriptionStmt, "disable_on_error", 15},
    {T_CreateSubscriptionStmt, "origin", 16},
    {T_CreateSubscriptionStmt, "password_required", 16},
    {T_CreateSubscriptionStmt, "run_as_owner", 16},
    {T_CreateSubscriptionStmt, "failover", 17},
    {T_CreatedbStmt, "strategy", 15},
    {T_CreatedbStmt, "locale_provider", 15},
    {T_ViewStmt, "security_invoker", 15},
});

void check_options(Model& model, int statement, const ::List* options) {
  for (const ::DefElem& option : pg::only<::DefElem>(options)) {
    const std::string_view name = pg::text(option.defname);
    const auto* found = std::find_if(new_options.begin(), new_options.end(), [&](const NewOption& one) {
      return one.statement == statement && one.name == name;
    });
    if (found == new_options.end() || model.version >= found->from) continue;
    switch (statement) {
      case T_VacuumStmt:
        return model.fail("42601", "unrecognized VACUUM option \"{}\"", name);
      case T_ExplainStmt:
        return model.fail("42601", "unrecognized EXPLAIN option \"{}\"", name);
      case T_CreatePublicationStmt:
        return model.fail("42601", "unrecognized publication parameter: \"{}\"", name);
      case T_CreateSubscriptionStmt:
        return model.fail("42601", "unrecognized subscription parameter: \"{}\"", name);
      case T_ViewStmt:
        return model.fail("22023", "unrecognized parameter \"{}\"", name);
      default:
        return model.fail("42601", "option \"{}\" not recognized", name);
    }
  }
}

bool check_create(Model& model, const ::CreateStmt& statement) {
  for (const ::Node* element : pg::nodes(statement.tableElts)) {
    if (const auto* column = pg::as<::ColumnDef>(element)) {
      if (!check_column_syntax(model, *column)) return false;
    } else if (const auto* constraint = pg::as<::Constraint>(element)) {
      if (!check_constraint_syntax(model, *constraint, false)) return false;
    } else if (const auto* like = pg::as<::TableLikeClause>(element)) {
      if (model.version < 14 && like->options != CREATE_TABLE_LIKE_ALL &&
          (like->options & CREATE_TABLE_LIKE_COMPRESSION) != 0)
        model.newer_syntax("COMPRESSION");
    }
    if (model.out.has_error) return false;
  }
  return true;
}

bool check_alter(Model& model, const ::AlterTableStmt& statement) {
  const int version = model.version;
  for (const ::AlterTableCmd& command : pg::only<::AlterTableCmd>(statement.cmds)) {
    switch (command.subtype) {
      case AT_AddColumn:
        if (!check_column_syntax(model, pg::cast<::ColumnDef>(command.def))) return false;
        break;
      case AT_AddConstraint:
        if (!check_constraint_syntax(model, pg::cast<::Constraint>(command.def), false)) return false;
        break;
      case AT_SetExpression:
        if (version < 17) model.newer_syntax("EXPRESSION");
        break;
      case AT_DropExpression:
        if (version < 13) model.newer_syntax("EXPRESSION");
        break;
      case AT_SetStorage:
        if (const auto* kind = pg::as<::String>(command.def);
            version < 16 && kind != nullptr && std::string_view(pg::text(kind->sval)) == "default")
          model.newer_syntax("DEFAULT");
        break;
      case AT_SetStatistics:
        if (version < 17 && command.def == nullptr) model.newer_syntax("DEFAULT");
        break;
      case AT_SetCompression:
        if (version < 14) model.newer_syntax("COMPRESSION");
        break;
      case AT_SetAccessMethod:
        if (version < 15)
          model.newer_syntax("ACCESS");
        else if (version < 17 && command.name == nullptr)
          model.newer_syntax("DEFAULT");
        break;
      case AT_DetachPartition:
        if (version < 14 && pg::cast<::PartitionCmd>(command.def).concurrent) model.newer_syntax("CONCURRENTLY");
        break;
      case AT_DetachPartitionFinalize:
        if (version < 14) model.newer_syntax("FINALIZE");
        break;
      case AT_AlterConstraint: {
        const auto& change = pg::cast<::ATAlterConstraint>(command.def);
        if (version < 18 && change.alterEnforceability) model.newer_syntax("ENFORCED");
        if (version < 18 && change.alterInheritability) model.newer_syntax(change.noinherit ? "NO" : "INHERIT");
        break;
      }
      default:
        break;
    }
    if (model.out.has_error) return false;
  }
  return true;
}

}  // namespace

bool check_constraint_syntax(Model& model, const ::Constraint& constraint, bool of_column) {
  const int version = model.version;
  switch (constraint.contype) {
    case CONSTR_NOTNULL:
      if (version < 18 && !of_column) model.newer_syntax("NOT");
      if (version < 18 && of_column && constraint.is_no_inherit) model.newer_syntax("NO");
      break;
    case CONSTR_GENERATED:
      if (version < 18 && constraint.generated_kind == ATTRIBUTE_GENERATED_VIRTUAL) {
        const std::string_view next = after_expression(model.sql, constraint.location);
        if (next.empty())
          model.fail("42601", "syntax error at end of input");
        else
          model.newer_syntax(next);
      }
      break;
    case CONSTR_CHECK:
      if (version < 18 && !constraint.is_enforced) model.newer_syntax("ENFORCED");
      break;
    case CONSTR_FOREIGN:
      if (version < 18 && !constraint.is_enforced) model.newer_syntax("ENFORCED");
      if (version < 18 && (constraint.fk_with_period || constraint.pk_with_period)) model.newer_syntax("PERIOD");
      if (version < 15 && constraint.fk_del_set_cols != nullptr) model.newer_syntax("(");
      break;
    case CONSTR_PRIMARY:
    case CONSTR_UNIQUE:
      if (version < 15 && constraint.nulls_not_distinct) model.newer_syntax("NULLS");
      if (version < 18 && constraint.without_overlaps) model.newer_syntax("WITHOUT");
      break;
    case CONSTR_ATTR_ENFORCED:
    case CONSTR_ATTR_NOT_ENFORCED:
      if (version < 18) model.newer_syntax("ENFORCED");
      break;
    default:
      break;
  }
  return !model.out.has_error;
}

bool check_column_syntax(Model& model, const ::ColumnDef& column) {
  if (model.version < 14 && column.compression != nullptr) model.newer_syntax("COMPRESSION");
  if (model.version < 16 && column.storage_name != nullptr) model.newer_syntax("STORAGE");
  for (const ::Constraint& constraint : pg::only<::Constraint>(column.constraints))
    if (!check_constraint_syntax(model, constraint, true)) return false;
  return !model.out.has_error;
}

bool check_syntax(Model& model, const ::Node* statement) {
  const int version = model.version;
  if (version >= 18) return true;
  switch (statement->type) {
    case T_CreateStmt:
      return check_create(model, *pg::as<::CreateStmt>(statement));
    case T_CreateForeignTableStmt:
      return check_create(model, pg::as<::CreateForeignTableStmt>(statement)->base);
    case T_AlterTableStmt:
      return check_alter(model, *pg::as<::AlterTableStmt>(statement));
    case T_IndexStmt:
      if (version < 15 && pg::as<::IndexStmt>(statement)->nulls_not_distinct) model.newer_syntax("NULLS");
      break;
    case T_CreateTrigStmt:
      if (version < 14 && pg::as<::CreateTrigStmt>(statement)->replace) model.newer_syntax("TRIGGER");
      break;
    case T_CreateFunctionStmt: {
      const ::Node* body = pg::as<::CreateFunctionStmt>(statement)->sql_body;
      if (version < 14 && body != nullptr) model.newer_syntax(body->type == T_ReturnStmt ? "RETURN" : "BEGIN");
      const auto& function = *pg::as<::CreateFunctionStmt>(statement);
      if (version < 14 && function.is_procedure)
        for (const ::FunctionParameter& parameter : pg::only<::FunctionParameter>(function.parameters))
          if (parameter.mode == FUNC_PARAM_OUT) model.fail("0A000", "procedures cannot have OUT arguments");
      break;
    }
    case T_CreateStatsStmt: {
      const auto& statistics = *pg::as<::CreateStatsStmt>(statement);
      if (version < 16 && statistics.defnames == nullptr) model.newer_syntax("ON");
      for (const ::StatsElem& element : pg::only<::StatsElem>(statistics.exprs))
        if (version < 14 && element.expr != nullptr) model.newer_syntax("(");
      break;
    }
    case T_VacuumStmt:
      check_options(model, T_VacuumStmt, pg::as<::VacuumStmt>(statement)->options);
      break;
    case T_ExplainStmt:
      check_options(model, T_ExplainStmt, pg::as<::ExplainStmt>(statement)->options);
      break;
    case T_CopyStmt:
      check_options(model, T_CopyStmt, pg::as<::CopyStmt>(statement)->options);
      break;
    case T_ViewStmt:
      check_options(model, T_ViewStmt, pg::as<::ViewStmt>(statement)->options);
      break;
    case T_CreatePublicationStmt:
      check_options(model, T_CreatePublicationStmt, pg::as<::CreatePublicationStmt>(statement)->options);
      break;
    case T_CreateSubscriptionStmt:
      check_options(model, T_CreateSubscriptionStmt, pg::as<::CreateSubscriptionStmt>(statement)->options);
      break;
    case T_CreatedbStmt:
      check_options(model, T_CreatedbStmt, pg::as<::CreatedbStmt>(statement)->options);
      break;
    case T_RenameStmt: {
      const auto& rename = *pg::as<::RenameStmt>(statement);
      if (version < 13 && rename.renameType == OBJECT_COLUMN && rename.relationType == OBJECT_VIEW)
        model.newer_syntax("COLUMN");
      break;
    }
    case T_GrantRoleStmt:
      if (version < 16)
        for (const ::DefElem& option : pg::only<::DefElem>(pg::as<::GrantRoleStmt>(statement)->opt))
          if (std::string_view name = pg::text(option.defname); name == "inherit" || name == "set")
            model.newer_syntax(name);
      break;
    case T_GrantStmt:
      if (version < 17)
        for (const ::AccessPriv& privilege : pg::only<::AccessPriv>(pg::as<::GrantStmt>(statement)->privileges))
          if (std::string_view(pg::text(privilege.priv_name)) == "maintain")
            model.fail("42601", "unrecognized privilege type \"maintain\"");
      if (version < 15 && pg::as<::GrantStmt>(statement)->objtype == OBJECT_PARAMETER_ACL)
        model.newer_syntax("PARAMETER");
      break;
    case T_AlterDatabaseRefreshCollStmt:
      if (version < 15) model.newer_syntax("REFRESH");
      break;
    case T_DropdbStmt:
      if (version < 13 && pg::as<::DropdbStmt>(statement)->options != nullptr) model.newer_syntax("(");
      break;
    case T_AlterObjectDependsStmt:
      if (version < 13 && pg::as<::AlterObjectDependsStmt>(statement)->remove) model.newer_syntax("NO");
      break;
    case T_AlterStatsStmt:
      if (version < 13) model.newer_syntax("STATISTICS");
      break;
    case T_InsertStmt:
      check_returning(model, pg::as<::InsertStmt>(statement)->returningClause);
      break;
    case T_UpdateStmt:
      check_returning(model, pg::as<::UpdateStmt>(statement)->returningClause);
      break;
    case T_DeleteStmt:
      check_returning(model, pg::as<::DeleteStmt>(statement)->returningClause);
      break;
    default:
      break;
  }
  return !model.out.has_error;
}

}  // namespace pglint::effect
