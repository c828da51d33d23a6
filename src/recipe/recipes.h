// The recipes, one function per operation, each in a file of its own.
#pragma once

#include "pg/node.h"
#include "pg/tree.h"
#include "recipe/recipe.h"

namespace pglint::recipe {

void set_not_null(const Command& command, std::string_view column, Context& context, Pieces& pieces);
void add_foreign_key(const Command& command, const ::Constraint& key, Context& context, Pieces& pieces);
void add_check(const Command& command, const ::Constraint& check, Context& context, Pieces& pieces);
void add_unique(const Command& command, const ::Constraint& unique, Context& context, Pieces& pieces);
void create_index(const Command& command, const ::IndexStmt& statement, Context& context, Pieces& pieces);
void drop_index(const Command& command, const ::DropStmt& statement, Context& context, Pieces& pieces);
void rename_column(const Command& command, const ::RenameStmt& statement, Context& context, Pieces& pieces);
void add_column(const Command& command, const ::ColumnDef& column, Context& context, Pieces& pieces);
void drop_column(const Command& command, Context& context, Pieces& pieces);
void drop_constraint(const Command& command, Context& context, Pieces& pieces);
void update_rows(const Command& command, const ::UpdateStmt& statement, Context& context, Pieces& pieces);
void delete_rows(const Command& command, const ::DeleteStmt& statement, Context& context, Pieces& pieces);
// For Context::replaced: what goes, and what comes under the same name.
void note_replaced(const Command& command, Context& context);
// What views that come again have lost, for Context::replaced.
void note_views(const catalog::Catalog& end, Context& context);
// The key of a type or a function (any of that name) there.
[[nodiscard]] std::string kind_and_name(const catalog::Catalog& catalog, ::ObjectType kind,
                                        const pg::QualifiedName& name);
// The key of a constraint there.
[[nodiscard]] std::string replaced_key(const Command& command, std::string_view constraint);
// What is safe as it is: done in the transaction that it was written for.
void as_written(const Command& command, const Context& context, Pieces& pieces);

// --- what they share -----------------------------------------------------------------------------------------------

[[nodiscard]] Step step(std::string id, std::string comment, std::vector<std::string> sql,
                        const std::string& condition);
void place(Pieces& pieces, Slot slot, Step step);
void refuse(Pieces& pieces, std::string reason, std::string supply = {});

// Writes down what the plan takes for granted of a table, and of a column of it if one is named.
// `first`: what stands on the column and is not older than this migration is the plan's own.
void assume(const catalog::Catalog& catalog, const effect::RelationEffect& table, Symbol column, Pieces& pieces,
            std::uint32_t first = UINT32_MAX);

// A definition that the server would print, made from what the catalogue knows; empty if it knows too little. Where
// columns were renamed since, expressions are read again with `renames`.
[[nodiscard]] std::string index_definition(const catalog::Catalog& catalog, const catalog::Relation& index,
                                           std::string_view new_name, bool concurrently,
                                           const std::vector<Renamed>& renames = {});
[[nodiscard]] std::vector<std::string> index_columns(const catalog::Catalog& catalog, const catalog::Index& index);
// An expression of the table's, as it was written, with what its columns are called now; nothing if it names a row as a
// whole, or a column that is not known: another name has been lost. `row`: "NEW." where they are not the table's own.
[[nodiscard]] std::optional<std::string> renamed_in(const catalog::Catalog& catalog, const catalog::Relation& table,
                                                    std::string_view expression, const std::vector<Renamed>& renames,
                                                    std::string_view row = {});
// Whether a column is a key of the index, included, or named by an expression or the predicate.
[[nodiscard]] bool names_column(const catalog::Index& index, Symbol column);

// The first name of a series ("t_a_idx", "t_a_idx1", …) that is free.
[[nodiscard]] std::string free_name(std::string_view first, std::string_view second, std::string_view label,
                                    const std::function<bool(std::string_view)>& taken);

// The key along which rows can be walked: a valid, full unique index over NOT NULL columns.
struct Key {
  std::string index;
  std::vector<KeyColumn> columns;
};
[[nodiscard]] std::optional<Key> key_of(const catalog::Catalog& catalog, const catalog::Relation& table);
// The row triggers of a table that an UPDATE (2) or DELETE (4) fires; their names.
[[nodiscard]] std::vector<std::string> row_triggers(const catalog::Catalog& catalog, const catalog::Relation& table,
                                                    std::uint8_t event);
// Refuses what fires one that --accept-triggers does not name; false if there is none.
[[nodiscard]] bool refuse_triggers(const Command& command, const catalog::Relation& table, std::uint8_t event,
                                   Pieces& pieces);
// Refuses what takes the index by which a publication tells the rows of a table; false if it is none of that kind.
[[nodiscard]] bool refuse_loss_of_identity(const catalog::Catalog& catalog, const catalog::Relation& table,
                                           const catalog::Relation* index, std::string_view what, Pieces& pieces);
// What a step says of those that it fires: "; fires audit for each row". Empty if there are none.
[[nodiscard]] std::string firing(const std::vector<std::string>& triggers);

}  // namespace pglint::recipe
