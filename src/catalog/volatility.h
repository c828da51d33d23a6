// What is known of functions by name: PostgreSQL's own, those of common extensions, and those of the history.
#pragma once

#include <cstddef>
#include <string_view>

#include "catalog/catalog.h"

namespace pglint::catalog {

// Of a function of pg_catalog; unknown if there is none of that name.
[[nodiscard]] Volatility builtin_volatility(std::string_view name);
// Of a call. An empty schema: by search_path.
[[nodiscard]] Volatility function_volatility(const Catalog& catalog, std::string_view schema, std::string_view name,
                                             std::size_t arguments);
// Of the body of a function in SQL, if the planner would put it in the place of the call: a SELECT of one expression,
// and nothing else. Volatile if it is more than that.
[[nodiscard]] Volatility body_volatility(const Catalog& catalog, std::string_view body);

}  // namespace pglint::catalog
