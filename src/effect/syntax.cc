// The parser is the newest server's. What an older one refuses is found in the tree: every clause that came after
// PostgreSQL 12 leaves its mark there.

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

bool check_create(Model& model, const ::CreateStmt& statement) {
  for (const ::Node* element : pg::nodes(statement.tableElts)) {
    if (const auto* column = pg::as<::ColumnDef>(element)) {
      if (!check_column_syntax(model, *column)) return false;
    } else if (const auto* constraint = pg::as<::Constraint>(element)) {
      if (!check_constraint_syntax(model, *constraint, false)) return false;
    }
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
      break;
    }
    case T_CreateStatsStmt: {
      const auto& statistics = *pg::as<::CreateStatsStmt>(statement);
      if (version < 16 && statistics.defnames == nullptr) model.newer_syntax("ON");
      for (const ::StatsElem& element : pg::only<::StatsElem>(statistics.exprs))
        if (version < 14 && element.expr != nullptr) model.newer_syntax("(");
      break;
    }
    case T_GrantStmt:
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
