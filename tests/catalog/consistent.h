// What must hold in any catalogue, whatever was applied to it.
#pragma once

#include <string>

#include "catalog/catalog.h"

namespace pglint::catalog::test {

// One line per breach; empty if there is none.
[[nodiscard]] std::string inconsistencies(const Catalog& catalog);

}  // namespace pglint::catalog::test
