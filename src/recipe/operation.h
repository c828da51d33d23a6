// What can be done in another way: one name for each recipe. A rule names the one that fixes what it finds.
#pragma once

#include <cstdint>

namespace pglint::recipe {

enum class Operation : std::uint8_t {
  none,  // stays as it is, or cannot be done in another way
  set_not_null,
  add_column,
  drop_column,
  drop_constraint,
  add_foreign_key,
  add_check,
  add_unique,
  create_index,
  drop_index,
  rename_column,
  update_rows,
  delete_rows,
  leave_transaction,  // the same, apart from the runner's transaction
  any,                // of a rule: whatever the statement's own is
};

struct Command;

// Whether the recipe would take the command, as far as can be told from this command alone: it is what `operation`
// says, and is not refused.
[[nodiscard]] bool accepts(Operation operation, const Command& command);

}  // namespace pglint::recipe
