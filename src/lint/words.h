// What several rules say in the same words.
#pragma once

#include <string>
#include <string_view>

#include "pglint/lock.h"

namespace pglint::lint {

// Who waits behind the lock: "reads and writes", "writes", "" if nobody.
[[nodiscard]] std::string_view who_waits(LockMode mode);

// The work, as a sentence goes on after "PostgreSQL ": "reads every row", "writes every row into a new file".
[[nodiscard]] std::string_view doing(Work work);

// An identifier as SQL needs it: quoted only where PostgreSQL would.
[[nodiscard]] std::string quoted(std::string_view identifier);

// How to run a statement outside a transaction with this runner; a sentence.
[[nodiscard]] std::string outside_transaction(std::string_view runner);

// Where the second half of a pair (NOT VALID, VALIDATE) may stand with this runner; a sentence.
[[nodiscard]] std::string later_transaction(std::string_view runner);

}  // namespace pglint::lint
