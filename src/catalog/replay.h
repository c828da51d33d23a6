// Changes the catalogue as the server would change its own, one statement at a time.
#pragma once

#include "catalog/catalog.h"

struct Node;
struct CreateFunctionStmt;

namespace pglint::catalog {

// Applies a statement that is taken to succeed. Statements that change no schema do nothing.
// `sql` is the text that the tree's locations count from (for expressions as written): location 0 is sql[0].
void apply(Catalog& catalog, const ::Node* statement, std::string_view sql, int pg_version);

// How the server evaluates an expression in a DEFAULT, after folding: from what is known of built-in functions,
// and of the history's own.
// Whether a function of that name and those arguments is there.
[[nodiscard]] bool has_function(const Catalog& catalog, const ::CreateFunctionStmt& statement);
[[nodiscard]] Volatility volatility(const Catalog& catalog, const ::Node* expression);

}  // namespace pglint::catalog
