// What the rest of the file tells, by its words alone: for rules that let a statement pass since the next one takes
// back what it does, or one before it made sure that it may. Asked only where there is something to report.
#pragma once

#include <string_view>

#include "lint/context.h"

namespace pglint::lint {

// Whether the same transaction goes on to make something of that name: CREATE [OR REPLACE] … name. Looked for a little
// way only.
[[nodiscard]] bool made_again(const Context& context, std::string_view name);

// Whether the file asked for a gate of a plan before the statement, as those that `fix` writes do: then no release runs
// that still needs what the statement takes away.
[[nodiscard]] bool behind_gate(const Context& context);

// Whether the file has looked for indexes that a failed build left, a little before the statement.
[[nodiscard]] bool looked_for_invalid(const Context& context);

// Whether a lock is given up in time: lock_timeout is set, or the DO block sets it for itself a little before.
[[nodiscard]] bool waits_briefly(const Context& context);

}  // namespace pglint::lint
