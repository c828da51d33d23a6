// Questions to the system catalogs, as boolean SQL expressions: what a step's `done_when` is made of. They ask for what
// an object is, not only for its name, and answer false where an object is not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "recipe/sql.h"

namespace pglint::recipe::probe {

// `table` and `index` are schema-qualified and quoted; columns and constraints are bare names.
[[nodiscard]] std::string relation(std::string_view table);
[[nodiscard]] std::string column(std::string_view table, std::string_view column);
[[nodiscard]] std::string column(const catalog::Catalog& catalog, std::string_view table, std::string_view column,
                                 const catalog::TypeName& type);
[[nodiscard]] std::string not_null(std::string_view table, std::string_view column);
// Of PostgreSQL 18: and its constraint is valid.
[[nodiscard]] std::string not_null_valid(std::string_view table, std::string_view column);
[[nodiscard]] std::string has_default(std::string_view table, std::string_view column);

enum class Valid : std::uint8_t { any, valid };
// `kind`: pg_constraint's contype; `columns`: empty: not compared.
[[nodiscard]] std::string constraint(std::string_view table, std::string_view name, char kind, Valid valid,
                                     const std::vector<std::string>& columns = {}, std::string_view references = {});
// A check that says COLUMN IS NOT NULL.
[[nodiscard]] std::string not_null_check(std::string_view table, std::string_view name, std::string_view column,
                                         Valid valid);

struct IndexShape {
  bool unique = false;
  std::vector<std::string> columns;  // empty for an expression
  bool predicate = false;
};
// A valid index.
[[nodiscard]] std::string index(std::string_view table, std::string_view index, const IndexShape& shape);

// An enabled trigger that calls a function with this body.
[[nodiscard]] std::string trigger(std::string_view table, std::string_view name, std::string_view body);

// The same condition of columns that have other names.
[[nodiscard]] std::string with_columns(std::string condition, const NewNames& names);

[[nodiscard]] std::string both(std::string_view a, std::string_view b);
[[nodiscard]] std::string either(std::string_view a, std::string_view b);
[[nodiscard]] std::string no(std::string_view a);
[[nodiscard]] std::string query(std::string_view condition);  // SELECT …

}  // namespace pglint::recipe::probe
