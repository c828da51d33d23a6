// Changes the catalogue as the server would change its own, one statement at a time.
#pragma once

#include <vector>

#include "catalog/catalog.h"

struct Node;
struct CreateFunctionStmt;
struct ObjectWithArgs;

namespace pglint::catalog {

// Applies a statement that is taken to succeed. Statements that change no schema do nothing.
// `sql` is the text that the tree's locations count from (for expressions as written): location 0 is sql[0].
void apply(Catalog& catalog, const ::Node* statement, std::string_view sql, int pg_version);

// What a function takes and returns, as a statement writes it.
struct FunctionShape {
  Symbol signature = {};
  std::vector<Parameter> parameters;
  TypeName returns = {};  // its name empty: not known, or not said
  bool returns_set = false;
};
[[nodiscard]] FunctionShape shape_of(const Catalog& catalog, const ::CreateFunctionStmt& statement);
// The function of that name and those arguments; null if there is none, or none that the history made.
[[nodiscard]] const Function* function_like(const Catalog& catalog, const ::CreateFunctionStmt& statement,
                                            Symbol signature);
[[nodiscard]] const Function* function_named(const Catalog& catalog, const ::ObjectWithArgs& object);
// How the server evaluates an expression in a DEFAULT, after folding: from what is known of built-in functions,
// and of the history's own.
[[nodiscard]] Volatility volatility(const Catalog& catalog, const ::Node* expression);

}  // namespace pglint::catalog
