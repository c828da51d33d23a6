// Identifiers as PostgreSQL prints them: in double quotes where they would not be read back as they are.
#pragma once

#include <string>
#include <string_view>

namespace pglint::catalog {

[[nodiscard]] bool needs_quotes(std::string_view name);
void append_quoted(std::string& to, std::string_view name);

// A type of pg_catalog as format_type() spells it: integer for int4. Its own name where that is the same.
[[nodiscard]] std::string_view type_spelling(std::string_view internal);

}  // namespace pglint::catalog
