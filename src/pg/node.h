// Typed, read-only access to PostgreSQL's raw parse tree.
//
//   if (const auto* index = pg::as<IndexStmt>(node)) ...         one type
//   for (const auto& cmd : pg::list<AlterTableCmd>(stmt.cmds))   one type, all
//   for (const auto& col : pg::only<ColumnDef>(stmt.tableElts))  one of several
//   for (const ::Node* n : pg::nodes(stmt.fromClause))           any type
//   pg::match(node, [](const IndexStmt&) {}, [](const DropStmt&) {});
//
// Everything is a view into memory that belongs to the thread that parsed it, and lives no longer than the call
// that handed it out. Call nothing of PostgreSQL's from here but the inline functions of lists: what reports an error
// ends the process.
//
// This is the one header that shows PostgreSQL's structs. Their headers define about 900 macros; those that bite other
// headers (INFO, Min, printf, _, …) are undefined again below, so that the order of includes does not matter.
#pragma once

#include <algorithm>
#include <cassert>
#include <cctype>
#include <cerrno>
#include <cinttypes>
#include <climits>
#include <clocale>
#include <cmath>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>
#include <string_view>
#include <type_traits>

// Macros of other libraries by these names (doctest's INFO) are put aside, and back below.
#pragma push_macro("DEBUG")
#pragma push_macro("ERROR")
#pragma push_macro("FATAL")
#pragma push_macro("INFO")
#pragma push_macro("LOG")
#pragma push_macro("Max")
#pragma push_macro("Min")
#pragma push_macro("NOTICE")
#pragma push_macro("PANIC")
#pragma push_macro("WARNING")
#pragma push_macro("_")
#pragma push_macro("likely")
#pragma push_macro("unlikely")
#undef DEBUG
#undef ERROR
#undef FATAL
#undef INFO
#undef LOG
#undef Max
#undef Min
#undef NOTICE
#undef PANIC
#undef WARNING
#undef _
#undef likely
#undef unlikely

// A type of theirs has the name of many a parameter of ours.
#define text postgres_text

// clang-format off
extern "C" {
#include "postgres.h"
#include "catalog/pg_attribute_d.h"
#include "catalog/pg_class_d.h"
#include "catalog/pg_trigger_d.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "nodes/value.h"
}
// clang-format on
#undef text

// Words that other code uses as names.
#undef Assert
#undef AssertMacro
#undef AssertPointerAlignment
#undef AssertVariableIsOfType
#undef AssertVariableIsOfTypeMacro
#undef COMMERROR
#undef CppAsString
#undef CppAsString2
#undef CppConcat
#undef DEBUG1
#undef DEBUG2
#undef DEBUG3
#undef DEBUG4
#undef DEBUG5
#undef DEVNULL
#undef EXE
#undef HIGHBIT
#undef LOG_SERVER_ONLY
#undef MemSet
#undef MemSetAligned
#undef PGERROR
#undef PGWARNING
#undef STATUS_EOF
#undef STATUS_ERROR
#undef STATUS_OK
#undef StaticAssertDecl
#undef StaticAssertExpr
#undef StaticAssertStmt
#undef TEXTDOMAIN
#undef WARNING_CLIENT_ONLY
#undef closesocket
#undef copyObject
#undef dgettext
#undef dngettext
#undef elog
#undef ereport
#undef ereport_domain
#undef ereturn
#undef ereturn_domain
#undef errcontext
#undef errsave
#undef errsave_domain
#undef for_both_cell
#undef for_each_cell
#undef for_each_from
#undef forboth
#undef foreach
#undef foreach_current_index
#undef foreach_delete_current
#undef foreach_int
#undef foreach_internal
#undef foreach_node
#undef foreach_oid
#undef foreach_ptr
#undef foreach_xid
#undef forfive
#undef forfour
#undef forthree
#undef gettext
#undef gettext_noop
#undef i64abs
#undef is_absolute_path
#undef is_nonwindows_absolute_path
#undef is_windows_absolute_path
#undef lengthof
#undef makeNode
#undef ngettext
#undef pgoff_t
#undef pqsignal
#undef relpath
#undef relpathbackend
#undef relpathperm
#undef restrict
#undef strtoi64
#undef strtou64
#undef unconstify
#undef unvolatize
// The C library's, which PostgreSQL replaces by its own.
#undef fprintf
#undef printf
#undef qsort
#undef snprintf
#undef sprintf
#undef strerror
#undef strerror_r
#undef vfprintf
#undef vprintf
#undef vsnprintf
#undef vsprintf
// What a package's configure script says of itself, and not of us.
#undef PACKAGE_BUGREPORT
#undef PACKAGE_NAME
#undef PACKAGE_STRING
#undef PACKAGE_TARNAME
#undef PACKAGE_URL
#undef PACKAGE_VERSION

// What was put aside.
#pragma pop_macro("DEBUG")
#pragma pop_macro("ERROR")
#pragma pop_macro("FATAL")
#pragma pop_macro("INFO")
#pragma pop_macro("LOG")
#pragma pop_macro("Max")
#pragma pop_macro("Min")
#pragma pop_macro("NOTICE")
#pragma pop_macro("PANIC")
#pragma pop_macro("WARNING")
#pragma pop_macro("_")
#pragma pop_macro("likely")
#pragma pop_macro("unlikely")

namespace pglint::pg {

// The NodeTag of a node type: tag<IndexStmt> == T_IndexStmt. A type without a tag doesn't compile.
template <class T>
inline constexpr ::NodeTag tag = ::T_Invalid;
#define PGLINT_NODE(T) \
  template <>          \
  inline constexpr ::NodeTag tag<::T> = ::T_##T;
#include "pg/node_tags.inc"
#undef PGLINT_NODE

template <class T>
concept NodeType = (tag<T> != ::T_Invalid);

// `node` as a T, or null if it is null or another type.
template <NodeType T>
[[nodiscard]] const T* as(const void* node) noexcept {
  const auto* n = static_cast<const ::Node*>(node);
  return n != nullptr && n->type == tag<T> ? static_cast<const T*>(node) : nullptr;
}

// `node`, known to be a T by the grammar.
template <NodeType T>
[[nodiscard]] const T& cast(const void* node) noexcept {
  const T* typed = as<T>(node);
  assert(typed != nullptr && "the grammar does not produce this node here");
  return *typed;
}

// The T's in a List; the other elements, if any, are skipped.
template <NodeType T>
class ListView {
 public:
  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    iterator() = default;
    iterator(const ::ListCell* at, const ::ListCell* end) : at_(at), end_(end) { settle(); }

    reference operator*() const { return *static_cast<const T*>(at_->ptr_value); }
    pointer operator->() const { return &**this; }
    iterator& operator++() {
      ++at_;
      settle();
      return *this;
    }
    iterator operator++(int) {
      iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(iterator a, iterator b) { return a.at_ == b.at_; }

   private:
    void settle() {
      while (at_ != end_ && as<T>(at_->ptr_value) == nullptr) ++at_;
    }

    const ::ListCell* at_ = nullptr;
    const ::ListCell* end_ = nullptr;
  };

  explicit ListView(const ::List* list) noexcept : list_(list) {}

  [[nodiscard]] iterator begin() const { return {first(), last()}; }
  [[nodiscard]] iterator end() const { return {last(), last()}; }
  [[nodiscard]] bool empty() const { return begin() == end(); }

 private:
  // NIL, the null pointer, is PostgreSQL's only empty list. A list of numbers has no nodes.
  [[nodiscard]] const ::ListCell* first() const { return has_nodes() ? list_->elements : nullptr; }
  [[nodiscard]] const ::ListCell* last() const { return has_nodes() ? list_->elements + list_->length : nullptr; }
  [[nodiscard]] bool has_nodes() const { return list_ != nullptr && list_->type == ::T_List; }

  const ::List* list_;
};

template <NodeType T>
[[nodiscard]] ListView<T> only(const ::List* list) noexcept {
  return ListView<T>(list);
}

// Like only(), where the grammar admits nothing but T's.
template <NodeType T>
[[nodiscard]] ListView<T> list(const ::List* list) noexcept {
  const ListView<T> all(list);
  assert(std::distance(all.begin(), all.end()) == list_length(list));
  return all;
}

// The nodes in a List, of any type; an element may be null.
class NodesView {
 public:
  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = const ::Node*;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = value_type;

    iterator() = default;
    explicit iterator(const ::ListCell* at) : at_(at) {}
    reference operator*() const { return static_cast<const ::Node*>(at_->ptr_value); }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    iterator operator++(int) {
      iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(iterator a, iterator b) { return a.at_ == b.at_; }

   private:
    const ::ListCell* at_ = nullptr;
  };

  explicit NodesView(const ::List* list) noexcept : list_(list != nullptr && list->type == ::T_List ? list : nullptr) {}
  [[nodiscard]] iterator begin() const { return iterator(list_ != nullptr ? list_->elements : nullptr); }
  [[nodiscard]] iterator end() const { return iterator(list_ != nullptr ? list_->elements + list_->length : nullptr); }
  [[nodiscard]] std::size_t size() const { return list_ != nullptr ? static_cast<std::size_t>(list_->length) : 0; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] const ::Node* operator[](std::size_t i) const {
    assert(i < size());
    return static_cast<const ::Node*>(list_->elements[i].ptr_value);
  }

 private:
  const ::List* list_;
};

[[nodiscard]] inline NodesView nodes(const ::List* list) noexcept { return NodesView(list); }

// PostgreSQL's strings are null when absent.
[[nodiscard]] inline std::string_view text(const char* s) noexcept {
  return s != nullptr ? std::string_view(s) : std::string_view();
}

namespace detail {
template <class F>
struct Parameter : Parameter<decltype(&F::operator())> {};
template <class F, class R, class T>
struct Parameter<R (F::*)(const T&) const> {
  using type = T;
};
}  // namespace detail

// Calls the one function whose parameter is of the node's type; false if none.
template <class... Fs>
bool match(const void* node, const Fs&... fs) {
  const auto one = [node](const auto& f) {
    using T = typename detail::Parameter<std::remove_cvref_t<decltype(f)>>::type;
    const T* typed = as<T>(node);
    if (typed != nullptr) f(*typed);
    return typed != nullptr;
  };
  return (one(fs) || ...);
}

}  // namespace pglint::pg
