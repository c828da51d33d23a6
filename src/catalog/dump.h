// The whole catalogue as text, for tests and for looking at it.
#pragma once

#include <string>

#include "catalog/catalog.h"

namespace pglint::catalog {

// One line per object that is there, sorted; what is gone is left out.
[[nodiscard]] std::string dump(const Catalog& catalog);

}  // namespace pglint::catalog
