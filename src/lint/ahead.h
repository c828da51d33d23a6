// What the rest of the file goes on to do, as far as its words tell: for rules that let a statement pass since the next
// one takes back what it does. Asked only where there is something to report.
#pragma once

#include <string_view>

#include "lint/context.h"

namespace pglint::lint {

// Whether the same transaction goes on to make something of that name: CREATE [OR REPLACE] … name. Looked for a little
// way only.
[[nodiscard]] bool made_again(const Context& context, std::string_view name);

}  // namespace pglint::lint
