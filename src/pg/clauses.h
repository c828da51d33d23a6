// Parts of a statement that the tree knows, but not where they end.
#pragma once

#include <string_view>
#include <vector>

#include "pg/lexer.h"
#include "pglint/span.h"

namespace pglint::pg {

// The commands of ALTER TABLE [IF EXISTS] [ONLY] name [*] …, and of ALTER INDEX, VIEW, … likewise: they begin behind
// the name and are separated by commas outside parentheses. `tokens` are those of `statement`, which begins at `base`.
[[nodiscard]] std::vector<Span> alter_commands(std::string_view statement, std::uint32_t base,
                                               const std::vector<Token>& tokens);

}  // namespace pglint::pg
