// The columns that a statement makes, or gives another type: what rules about types look at.
#pragma once

#include <string>
#include <string_view>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::lint {

// Calls `visit(column, type)` for each, with the last part of the type's name.
template <class F>
void each_typed_column(const Context& context, F&& visit) {
  const auto offer = [&](const ::ColumnDef& column) {
    if (column.typeName != nullptr) visit(column, pg::last_name(column.typeName->names));
  };
  if (const auto* create = context.as<::CreateStmt>()) {
    for (const ::ColumnDef& column : pg::only<::ColumnDef>(create->tableElts)) offer(column);
  } else if (const auto* alter = context.as<::AlterTableStmt>()) {
    for (const ::AlterTableCmd& command : pg::list<::AlterTableCmd>(alter->cmds)) {
      if (command.subtype != AT_AddColumn && command.subtype != AT_AlterColumnType) continue;
      if (const auto* column = pg::as<::ColumnDef>(command.def)) offer(*column);
    }
  }
}

// As the subject of a sentence. ALTER COLUMN … TYPE names the column elsewhere.
[[nodiscard]] inline std::string subject(const ::ColumnDef& column) {
  return column.colname != nullptr ? quoted(column.colname) : std::string("The column");
}

}  // namespace pglint::lint
