// Statements that change the schema, for rules that look at all of them.
#pragma once

#include <array>

#include "pg/node.h"

namespace pglint::lint {

inline constexpr std::array schema_changes = {
    int{T_AlterDomainStmt},    int{T_AlterEnumStmt},      int{T_AlterObjectSchemaStmt},
    int{T_AlterPolicyStmt},    int{T_AlterSeqStmt},       int{T_AlterTableStmt},
    int{T_ClusterStmt},        int{T_CreateDomainStmt},   int{T_CreateEnumStmt},
    int{T_CreateFunctionStmt}, int{T_CreatePolicyStmt},   int{T_CreateStmt},
    int{T_CreateTableAsStmt},  int{T_CreateTrigStmt},     int{T_DropStmt},
    int{T_IndexStmt},          int{T_RefreshMatViewStmt}, int{T_ReindexStmt},
    int{T_RenameStmt},         int{T_RuleStmt},           int{T_TruncateStmt},
    int{T_VacuumStmt},         int{T_ViewStmt},
};

}  // namespace pglint::lint
