// What the catalogue asks of an expression.
#pragma once

#include <string_view>

#include "catalog/catalog.h"

struct Node;

namespace pglint::catalog {

// The columns that an expression names, each once, in order of appearance. A reference to a whole row names none.
[[nodiscard]] Vec<Symbol> columns_named(Catalog& catalog, const ::Node* expression);
// The same, added to what others name.
void add_columns_named(Catalog& catalog, const ::Node* expression, Vec<Symbol>& to);
// The columns that cannot be NULL where the expression is not false: what lets the server skip the scan of SET NOT
// NULL. As it reasons: AND, OR, NOT and IS [NOT] NULL count, no operator does, since an operator's NULL is not false.
[[nodiscard]] Vec<Symbol> implied_not_null(Catalog& catalog, const ::Node* expression);
// The place of an expression's first token, its own parentheses left out; -1 if the tree does not tell.
[[nodiscard]] int start_of(const ::Node* expression);
// Reads 'schema."Name"' as regclass does. False if it is no name.
[[nodiscard]] bool read_name(SymbolTable& symbols, std::string_view text, Symbol& schema, Symbol& name);
// The name that the server gives to a column of this expression without AS; empty if it finds none.
[[nodiscard]] std::string_view output_name(const ::Node* expression);

}  // namespace pglint::catalog
