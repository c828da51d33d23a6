// Columns that a statement names twice where each may be named once.

#include <algorithm>
#include <string_view>
#include <vector>

#include "catalog/expression.h"
#include "effect/model.h"

namespace pglint::effect {
namespace {

// A name that stands there twice; empty if none does.
std::string_view twice(std::vector<std::string_view>& names) {
  constexpr std::size_t few = 16;  // compared one by one, which for most is a look at their lengths
  if (names.size() <= few) {
    for (std::size_t i = 1; i < names.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (names[i] == names[j]) return names[i];
    return {};
  }
  std::sort(names.begin(), names.end());
  const auto found = std::adjacent_find(names.begin(), names.end());
  return found != names.end() ? *found : std::string_view();
}

// Columns that are given a whole value; one may set several parts of a column (a.x, a[1]).
std::string_view assigned_twice(const ::List* targets) {
  if (list_length(targets) < 2) return {};
  std::vector<std::string_view> names;
  names.reserve(static_cast<std::size_t>(list_length(targets)));
  for (const ::ResTarget& target : pg::only<::ResTarget>(targets))
    if (target.indirection == nullptr && target.name != nullptr) names.push_back(pg::text(target.name));
  return twice(names);
}

void check_assigned(Model& model, const ::List* targets) {
  if (const std::string_view name = assigned_twice(targets); !name.empty())
    model.fail("42601", "multiple assignments to same column \"{}\"", name);
}

void check_inserted(Model& model, const ::List* columns) {
  if (const std::string_view name = assigned_twice(columns); !name.empty())
    model.fail("42701", "column \"{}\" specified more than once", name);
}

// What a query calls its columns, the first ones by other names where `given` has some.
void check_output(Model& model, const ::List* given, const ::Node* query) {
  std::vector<std::string_view> names;
  names.reserve(16);
  for (const ::Node* name : pg::nodes(given)) names.push_back(pg::string(name));
  const auto* select = pg::as<::SelectStmt>(query);
  for (int depth = 0; select != nullptr && select->op != SETOP_NONE && depth < 1000; ++depth) select = select->larg;
  if (select != nullptr) {
    std::size_t index = 0;
    for (const ::ResTarget& target : pg::only<::ResTarget>(select->targetList)) {
      const auto* column = pg::as<::ColumnRef>(target.val);
      // How many columns stand there, and under which names, is not known from here.
      if (column != nullptr && target.name == nullptr && pg::column_name(*column).empty()) break;
      if (index++ < static_cast<std::size_t>(list_length(given))) continue;
      const std::string_view name = target.name != nullptr ? pg::text(target.name) : catalog::output_name(target.val);
      if (!name.empty()) names.push_back(name);
    }
  }
  if (const std::string_view name = twice(names); !name.empty())
    model.fail("42701", "column \"{}\" specified more than once", name);
}

void check_declared(Model& model, const ::List* elements) {
  if (list_length(elements) < 2) return;
  std::vector<std::string_view> names;
  names.reserve(static_cast<std::size_t>(list_length(elements)));
  for (const ::ColumnDef& column : pg::only<::ColumnDef>(elements)) names.push_back(pg::text(column.colname));
  if (const std::string_view name = twice(names); !name.empty())
    model.fail("42701", "column \"{}\" specified more than once", name);
}

}  // namespace

void check_named_once(Model& model, const ::Node* statement) {
  switch (statement->type) {
    case T_UpdateStmt:
      return check_assigned(model, pg::cast<::UpdateStmt>(statement).targetList);
    case T_InsertStmt: {
      const auto& insert = pg::cast<::InsertStmt>(statement);
      check_inserted(model, insert.cols);
      if (insert.onConflictClause != nullptr) check_assigned(model, insert.onConflictClause->targetList);
      return;
    }
    case T_MergeStmt:
      for (const ::MergeWhenClause& when :
           pg::only<::MergeWhenClause>(pg::cast<::MergeStmt>(statement).mergeWhenClauses)) {
        if (when.commandType == CMD_INSERT)
          check_inserted(model, when.targetList);
        else
          check_assigned(model, when.targetList);
      }
      return;
    case T_CreateStmt:
      return check_declared(model, pg::cast<::CreateStmt>(statement).tableElts);
    case T_CreateForeignTableStmt:
      return check_declared(model, pg::cast<::CreateForeignTableStmt>(statement).base.tableElts);
    case T_ViewStmt: {
      const auto& view = pg::cast<::ViewStmt>(statement);
      return check_output(model, view.aliases, view.query);
    }
    case T_CreateTableAsStmt: {
      const auto& table = pg::cast<::CreateTableAsStmt>(statement);
      return check_output(model, table.into != nullptr ? table.into->colNames : nullptr, table.query);
    }
    case T_SelectStmt:
      if (const auto& select = pg::cast<::SelectStmt>(statement); select.intoClause != nullptr)
        check_output(model, nullptr, statement);
      return;
    default:
      return;
  }
}

}  // namespace pglint::effect
