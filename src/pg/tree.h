// What rules and the catalogue ask of a raw parse tree again and again, by construct; and a walk over it that no
// nesting can overflow. PostgreSQL's own walkers are not used: their errors end the process.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "pg/node.h"

namespace pglint::pg {

// --- walking -------------------------------------------------------------------------------------------------------

// Appends the nodes directly below `node`, in the order in which they are written as far as the tree keeps it. The
// elements of a list are given one by one; a list within a list (rows of VALUES) is a node of its own. Names that are
// spelt as lists of strings (ColumnRef.fields, FuncCall.funcname, TypeName.names, key columns …) are not nodes below.
void children(const ::Node* node, std::vector<const ::Node*>& out);

// Replaces `out` with the terms of a condition that all have to hold: those of its ANDs, however they are nested.
void conjuncts(const ::Node* where, std::vector<const ::Node*>& out);

// Calls `visit(const ::Node&)` for `root` and everything below it, a parent before its children. If it returns bool,
// false leaves out what is below the node. Keeps its place on the heap: 300,000 terms of a sum are no deeper than one.
template <class F>
void walk(const void* root, F&& visit) {
  if (root == nullptr) return;
  const auto goes_below = [&visit](const ::Node& node) {
    if constexpr (std::is_same_v<std::invoke_result_t<F&, const ::Node&>, bool>) {
      return visit(node);
    } else {
      visit(node);
      return true;
    }
  };
  // Most have nothing below them, and then nothing is allocated.
  std::vector<const ::Node*> stack;
  for (const auto* node = static_cast<const ::Node*>(root);; stack.pop_back()) {
    if (goes_below(*node)) {
      const auto first = static_cast<std::ptrdiff_t>(stack.size());
      children(node, stack);
      std::reverse(stack.begin() + first, stack.end());
    }
    if (stack.empty()) return;
    node = stack.back();
  }
}

// The same for the elements of a list.
template <class F>
void walk(const ::List* roots, F&& visit) {
  for (const ::Node* root : nodes(roots)) walk(static_cast<const void*>(root), visit);
}

// Calls `visit(const T&)` for each T at or below `root`.
template <NodeType T, class F>
void each(const void* root, F&& visit) {
  walk(root, [&](const ::Node& node) {
    if (const T* typed = as<T>(&node)) visit(*typed);
  });
}

// --- names ---------------------------------------------------------------------------------------------------------

// A name as written, its parts empty where absent.
struct QualifiedName {
  std::string_view catalog = {};
  std::string_view schema = {};
  std::string_view name = {};

  friend bool operator==(const QualifiedName&, const QualifiedName&) = default;
};

// The text of a String node; empty for any other.
[[nodiscard]] inline std::string_view string(const void* node) noexcept {
  const auto* s = as<::String>(node);
  return s != nullptr ? text(s->sval) : std::string_view();
}
// The last of a list of String: the name itself, without its schema.
[[nodiscard]] std::string_view last_name(const ::List* names) noexcept;
[[nodiscard]] QualifiedName qualified_name(const ::List* names) noexcept;
[[nodiscard]] QualifiedName qualified_name(const ::RangeVar& relation) noexcept;
// Of an element of DropStmt.objects and the like: a list of String, a String, a TypeName, an ObjectWithArgs or a
// RangeVar.
[[nodiscard]] QualifiedName object_name(const void* object) noexcept;
// Of an object that hangs on a relation (a trigger, policy, rule, constraint or column in DROP, COMMENT or RENAME),
// whose list of String ends with its own name: the relation.
[[nodiscard]] QualifiedName owner_of(const ::List* names) noexcept;
// The column that a reference names, without its table; empty for `*`.
[[nodiscard]] std::string_view column_name(const ::ColumnRef& column) noexcept;

// --- constants and options -----------------------------------------------------------------------------------------

// Of a literal: 'x', also behind a cast ('x'::text, text 'x').
[[nodiscard]] std::optional<std::string_view> constant_string(const void* node) noexcept;
// Of a literal integer that fits, also with a sign.
[[nodiscard]] std::optional<std::int64_t> constant_integer(const void* node) noexcept;
// NULL, also behind casts.
[[nodiscard]] bool is_null_constant(const void* node) noexcept;
// The expression below any number of casts and COLLATE clauses.
[[nodiscard]] const ::Node* without_casts(const void* node) noexcept;

// The option of that name; where it is given twice the last one, as the server takes it.
[[nodiscard]] const ::DefElem* option(const ::List* options, std::string_view name) noexcept;
// Its value read as PostgreSQL reads a boolean option: none means true. Nothing where the server would refuse it.
[[nodiscard]] std::optional<bool> boolean(const ::DefElem& option) noexcept;
// Its value as written text (a string, a name, on/off); empty if it is a number or absent.
[[nodiscard]] std::string_view value(const ::DefElem& option) noexcept;
// Whether a boolean option is given and on.
[[nodiscard]] bool is_on(const ::List* options, std::string_view name) noexcept;
// CREATE INDEX, DROP INDEX, REINDEX, REFRESH MATERIALIZED VIEW or DETACH PARTITION, with CONCURRENTLY.
[[nodiscard]] bool is_concurrent(const ::Node* statement) noexcept;

// --- statements ----------------------------------------------------------------------------------------------------

// The relation that a statement is about, if it has one: of several (TRUNCATE a, b) the first. DROP has names, not
// relations.
[[nodiscard]] const ::RangeVar* relation_of(const ::Node* statement) noexcept;
// The WITH clause of a query or a statement that writes rows; null if it has none.
[[nodiscard]] const ::WithClause* with_clause(const ::Node* statement) noexcept;
// The command as PostgreSQL's command tags spell it: "ALTER TABLE", "CREATE INDEX", "INSERT". Lives for ever.
[[nodiscard]] std::string_view statement_name(const ::Node* statement) noexcept;
// "TABLE", "MATERIALIZED VIEW", …; lives for ever.
[[nodiscard]] std::string_view object_type_name(::ObjectType type) noexcept;

}  // namespace pglint::pg
