// What an UPDATE … FROM or a DELETE … USING calls its tables, whose columns its expressions name, and whether a row of
// the table that it writes finds at most one row of each other: only then a batch of rows finds what all of them would.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/node.h"
#include "recipe/recipe.h"

namespace pglint::recipe {

struct JoinedTable {
  const catalog::Relation* relation = nullptr;
  std::string label = {};  // what its columns are qualified by: an alias, or the bare name
};

struct Joined {
  JoinedTable target;
  bool aliased = false;
  std::vector<JoinedTable> others;
  // Behind FROM or USING, tables by their full names, each with its label; empty: there are none.
  std::string from;
  std::size_t from_begins = std::string_view::npos;  // in the command's text: the keyword
  std::size_t from_ends = std::string_view::npos;
  std::vector<const ::Node*> terms;  // of WHERE and ON, by AND

  // Of the table that is written: the column is one of its rows', be it of another row than the one that is written.
  [[nodiscard]] bool of_target(const catalog::Catalog& catalog, const ::ColumnRef& column) const;
  // Of the row that is written.
  [[nodiscard]] bool of_row(const catalog::Catalog& catalog, const ::ColumnRef& column) const;
  // The index in `others`; npos: the target, or not known.
  [[nodiscard]] std::size_t other(const catalog::Catalog& catalog, const ::ColumnRef& column) const;
};

// `from`: of the statement; `keyword`: FROM or USING. Refuses what cannot be told row by row.
[[nodiscard]] std::optional<Joined> joined(const Command& command, const ::RangeVar& target, const ::List* from,
                                           std::string_view keyword, const ::Node* where, Pieces& pieces);

}  // namespace pglint::recipe
