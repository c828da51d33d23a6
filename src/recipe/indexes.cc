// Indexes and what stands on one: built and dropped CONCURRENTLY, outside any transaction.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/expression.h"
#include "catalog/names.h"
#include "pg/tree.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

// Rows that a unique index would refuse; empty if the columns cannot be asked about before the plan begins.
std::string duplicates(const Command& command, const effect::RelationEffect& table,
                       const std::vector<std::string_view>& columns, std::string_view predicate, bool nulls_equal,
                       const Context& context) {
  const catalog::Catalog& catalog = *command.catalog;
  if (table.relation == nullptr || columns.empty()) return {};
  std::string list;
  std::string conditions;
  for (const std::string_view column : columns) {
    const Symbol symbol = catalog.symbols.find(column);
    const Renamed* renamed = context.renamed_to(table.relation, symbol);
    const catalog::Column* known = catalog::column(*table.relation, symbol);
    if (known == nullptr || context.writes(command.table_name(), column) ||
        (renamed == nullptr && known->created.migration >= catalog.now.migration && catalog.now.migration != 0))
      return {};
    if (renamed != nullptr && !predicate.empty()) return {};  // which may name it too
    const std::string name = ident(renamed != nullptr ? catalog.text(renamed->from) : column);
    list += (list.empty() ? "" : ", ") + name;
    if (!nulls_equal) conditions += fmt::format("{}{} IS NOT NULL", conditions.empty() ? "" : " AND ", name);
  }
  if (!predicate.empty()) conditions += fmt::format("{}({})", conditions.empty() ? "" : " AND ", predicate);
  return fmt::format("SELECT {0}, count(*) FROM {1}{2} GROUP BY {0} HAVING count(*) > 1 LIMIT 10", list,
                     command.table_name(), conditions.empty() ? "" : " WHERE " + conditions);
}

void check_duplicates(const Command& command, const effect::RelationEffect& table,
                      const std::vector<std::string_view>& columns, std::string_view predicate, bool nulls_equal,
                      const Context& context, const std::string& step_id, std::string_view name, Pieces& pieces) {
  std::string sql = duplicates(command, table, columns, predicate, nulls_equal, context);
  if (sql.empty()) return;
  pieces.checks.push_back({fmt::format("duplicates-{}", slug(name)), step_id, std::move(sql),
                           fmt::format("{} has rows that are equal where {} wants them to differ: it would fail",
                                       command.table_name(), name)});
}

Step build(std::string_view name, std::string sql, std::string_view qualified, const std::string& condition) {
  Step out =
      step(fmt::format("build-{}", slug(name)), "Built while reads and writes go on", {std::move(sql)}, condition);
  out.own_transaction = false;
  out.lock_class = LockClass::b;
  out.undo = {fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", qualified)};
  return out;
}

probe::IndexShape shape_of(const catalog::Catalog& catalog, const catalog::Index& index) {
  return {index.unique, index_columns(catalog, index), !index.predicate.empty()};
}

// The name that the server would choose: of the table and the columns, an expression by what it is called.
std::string chosen_name(const catalog::Catalog& catalog, const effect::RelationEffect& table,
                        const ::IndexStmt& statement) {
  std::vector<std::string> columns;
  for (const List* list : {statement.indexParams, statement.indexIncludingParams})
    for (const IndexElem& element : pg::only<IndexElem>(list)) {
      std::string_view said = element.name != nullptr ? element.name : catalog::output_name(element.expr);
      if (said.empty()) said = "expr";
      std::string unique(said);
      for (int number = 1; std::ranges::find(columns, unique) != columns.end(); ++number)
        unique = fmt::format("{}{}", catalog::clip(said, 63 - std::to_string(number).size()), number);
      columns.push_back(std::move(unique));
    }
  std::string middle;
  for (const std::string& column : columns) middle += (middle.empty() ? "" : "_") + column;
  return free_name(catalog.text(table.name), catalog::clip(middle, 63), "idx", [&](std::string_view name) {
    return catalog.find(table.schema, catalog.symbols.intern(name)).presence == catalog::Presence::known;
  });
}

// The two change names at once, and the old one goes.
void replace_index(const std::string& qualified, std::string_view name, const std::string& index,
                   const std::string& there, const catalog::Catalog& catalog, const effect::RelationEffect& table,
                   const Context& context, Pieces& pieces) {
  const bool unique = std::ranges::find(context.kept_names, qualified) != context.kept_names.end();
  const Slot slot = unique ? Slot::contract : Slot::build;
  const std::string old_name = name_beside(name, "pglint_old");
  const std::string old_qualified = catalog.qualified(table.schema, catalog.symbols.intern(old_name));
  // A database that has the original migration has the new one, and a copy that a file has built.
  Step swap = step(
      fmt::format("rename-{}", slug(name)), "The new one gets the name of the old one",
      // It may have gone with a column.
      {do_block(fmt::format("BEGIN\n  IF NOT {} THEN\n    ALTER INDEX IF EXISTS {} RENAME TO {};\n    ALTER INDEX {} "
                            "RENAME TO {};\n  END IF;\nEND",
                            there, qualified, ident(old_name), index, ident(name))),
       fmt::format("DROP INDEX IF EXISTS {}", index)},
      probe::both(there, probe::no(probe::relation(index))));
  swap.irreversible = true;
  place(pieces, slot, std::move(swap));
  Step drop = step(fmt::format("drop-{}", slug(old_name)), "Dropped while reads and writes go on",
                   {fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", old_qualified)},
                   probe::both(there, probe::no(probe::relation(old_qualified))));
  drop.own_transaction = false;
  drop.lock_class = LockClass::b;
  drop.irreversible = true;
  place(pieces, slot, std::move(drop));
}

}  // namespace

void create_index(const Command& command, const ::IndexStmt& statement, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  if (table == nullptr || (!statement.concurrent && (table->is_new || command.effects->builds.empty())))
    return as_written(command, context, pieces);
  const catalog::Catalog& catalog = *command.catalog;
  // Within a transaction CONCURRENTLY fails before the server chooses a name.
  const std::string name(statement.idxname != nullptr ? std::string(statement.idxname)
                         : command.effects->builds.empty()
                             ? chosen_name(catalog, *table, statement)
                             : std::string(catalog.text(command.effects->builds.front().name)));
  if (table->kind == catalog::RelationKind::partitioned_table)
    return refuse(
        pieces,
        fmt::format("{} is partitioned, and a partitioned index cannot be built CONCURRENTLY", command.table_name()),
        "CREATE INDEX ON ONLY the parent, CREATE INDEX CONCURRENTLY on each partition, then ALTER INDEX … ATTACH "
        "PARTITION");
  const std::string qualified = catalog.qualified(table->schema, catalog.symbols.intern(name));
  pieces.by = Operation::create_index;
  assume(catalog, *table, {}, pieces);

  // Name and table are written out; what stands before ON is known, what stands behind the table stays as it is.
  const auto old = context.old_index.find(qualified);
  const bool taken = old != context.old_index.end();
  const std::string index_name = taken ? name_beside(name, "pglint") : name;
  const std::string index = catalog.qualified(table->schema, catalog.symbols.intern(index_name));
  const Span relation = name_at(command.text, command.at(statement.relation->location));
  const std::string sql = fmt::format(
      "CREATE {}INDEX CONCURRENTLY IF NOT EXISTS {} ON {}{}{}", statement.unique ? "UNIQUE " : "", ident(index_name),
      statement.relation->inh ? "" : "ONLY ", command.table_name(), command.text.substr(relation.end));

  probe::IndexShape shape;
  shape.unique = statement.unique;
  shape.predicate = statement.whereClause != nullptr;
  std::vector<std::string_view> columns;
  for (const IndexElem& element : pg::only<IndexElem>(statement.indexParams)) {
    shape.columns.emplace_back(pg::text(element.name));
    columns.push_back(pg::text(element.name));
  }
  const std::string there = probe::index(command.table_name(), qualified, shape);
  if (taken && old->second == there)
    return refuse(pieces, fmt::format("nothing tells the new index {} from the one that it replaces", name),
                  "give the new one another name");
  Step build_it =
      build(name, sql, index, taken ? probe::either(probe::index(command.table_name(), index, shape), there) : there);
  const std::string id = build_it.id;
  place(pieces, Slot::build, std::move(build_it));
  if (taken) replace_index(qualified, name, index, there, catalog, *table, context, pieces);
  if (statement.unique && std::ranges::find(columns, std::string_view()) == columns.end()) {
    const std::size_t where =
        statement.whereClause == nullptr ? std::string_view::npos : after_keyword(command.text, "WHERE", relation.end);
    check_duplicates(command, *table, columns,
                     where == std::string_view::npos ? std::string_view() : trimmed(command.text.substr(where)),
                     statement.nulls_not_distinct, context, id, name, pieces);
  }
}

void drop_index(const Command& command, const ::DropStmt& statement, Context& context, Pieces& pieces) {
  const catalog::Catalog& catalog = *command.catalog;
  if (statement.behavior == DROP_CASCADE)
    return refuse(pieces, "DROP INDEX … CASCADE drops constraints of other tables along", "drop these first, by name");
  for (const Node* object : pg::nodes(statement.objects)) {
    const pg::QualifiedName written = pg::object_name(object);
    const catalog::Lookup found =
        catalog.find(written.schema.empty() ? Symbol{} : catalog.symbols.intern(written.schema),
                     catalog.symbols.intern(written.name));
    const catalog::Relation* index = found.relation;
    if (index != nullptr && index->index != nullptr && index->index->table != nullptr &&
        catalog.is_new(*index->index->table))
      return as_written(command, context, pieces);
    if (index != nullptr && index->kind == catalog::RelationKind::partitioned_index)
      return refuse(pieces, "the index of a partitioned table cannot be dropped CONCURRENTLY");
    if (index != nullptr && index->index != nullptr && index->index->table != nullptr &&
        context.again(catalog.qualified(found.schema, found.name)) == nullptr &&
        refuse_loss_of_identity(catalog, *index->index->table, index, written.name, pieces))
      return;
    pieces.by = Operation::drop_index;
    // One that names a column which is being renamed stands on the old column, and goes with it.
    if (index != nullptr && index->index != nullptr) {
      const bool on_old = std::ranges::any_of(context.renamed, [&](const Renamed& renamed) {
        return renamed.table == index->index->table && !renamed.follows && names_column(*index->index, renamed.to);
      });
      if (on_old) {
        context.kept_names.push_back(catalog.qualified(found.schema, found.name));
        continue;
      }
    }
    const std::string qualified = catalog.qualified(found.schema, found.name);
    // ON CONFLICT of the release that runs now may need a unique one.
    const bool unique = index == nullptr || index->index == nullptr || index->index->unique;
    if (unique) {
      pieces.release.push_back(fmt::format("has no ON CONFLICT that needs {}", written.name));
      pieces.why.push_back(fmt::format("an ON CONFLICT of the release that runs now may need {}", written.name));
    }
    // Where another one comes under its name, it is there until that one is built.
    if (context.again(qualified) != nullptr && index != nullptr && index->known && index->index != nullptr &&
        index->index->table != nullptr) {
      context.old_index[qualified] =
          probe::index(catalog.qualified(*index->index->table), qualified, shape_of(catalog, *index->index));
      if (unique) context.kept_names.push_back(qualified);
      continue;
    }
    Step drop =
        step(fmt::format("drop-{}", slug(written.name)), "Dropped while reads and writes go on",
             {fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", qualified)}, probe::no(probe::relation(qualified)));
    drop.own_transaction = false;
    drop.lock_class = LockClass::b;
    if (index != nullptr && index->known) {
      std::string again = index_definition(catalog, *index, catalog.text(index->name), true);
      if (!again.empty()) drop.undo = {std::move(again)};
    }
    drop.irreversible = drop.undo.empty();
    place(pieces, unique ? Slot::contract : Slot::build, std::move(drop));
  }
}

void add_unique(const Command& command, const ::Constraint& unique, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  if (table == nullptr || table->is_new || unique.indexname != nullptr || command.effects->builds.empty())
    return as_written(command, context, pieces);
  const catalog::Catalog& catalog = *command.catalog;
  const bool primary = unique.contype == CONSTR_PRIMARY;
  const std::string on = command.table_name();
  if (table->kind == catalog::RelationKind::partitioned_table)
    return refuse(pieces, fmt::format("{} is partitioned, and takes neither CONCURRENTLY nor USING INDEX", on),
                  "ADD CONSTRAINT on ONLY the parent, build it on each partition, then ALTER INDEX … ATTACH PARTITION");
  const std::string name(unique.conname != nullptr ? pg::text(unique.conname)
                                                   : catalog.text(command.effects->builds.front().name));
  const std::string qualified = catalog.qualified(table->schema, catalog.symbols.intern(name));

  std::vector<std::string_view> columns;
  std::string list;
  probe::IndexShape shape;
  shape.unique = true;
  for (const Node* key : pg::nodes(unique.keys)) {
    columns.push_back(pg::string(key));
    shape.columns.emplace_back(pg::string(key));
    list += (list.empty() ? "" : ", ") + ident(columns.back());
    const catalog::Column* column =
        table->relation != nullptr ? catalog::column(*table->relation, catalog.symbols.find(columns.back())) : nullptr;
    if (primary && (column == nullptr || !column->not_null))
      return refuse(pieces, fmt::format("{} is not known to be NOT NULL, which a primary key needs", columns.back()),
                    "make it NOT NULL in a migration before");
  }
  std::string include;
  for (const Node* column : pg::nodes(unique.including))
    include += (include.empty() ? "" : ", ") + ident(pg::string(column));
  pieces.by = Operation::add_unique;
  assume(catalog, *table, {}, pieces);

  // The name may be taken until the old column goes: then the index has another one, and gets its own with the
  // constraint.
  const bool taken = std::ranges::find(context.kept_names, qualified) != context.kept_names.end();
  const Replaced* old =
      context.old_index.contains(replaced_key(command, name)) ? context.again(replaced_key(command, name)) : nullptr;
  if (taken && old != nullptr && old->old_columns == shape.columns)
    return refuse(pieces, fmt::format("nothing tells the new constraint {} from the one that it replaces", name),
                  "give the new one another name");
  const std::string index_name = taken ? name_beside(name, "pglint") : name;
  const std::string index = catalog.qualified(table->schema, catalog.symbols.intern(index_name));
  std::string sql =
      fmt::format("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS {} ON {} ({})", ident(index_name), on, list);
  if (!include.empty()) sql += fmt::format(" INCLUDE ({})", include);
  if (unique.nulls_not_distinct) sql += " NULLS NOT DISTINCT";
  if (unique.options != nullptr)
    if (const std::size_t with = after_keyword(command.clause, "WITH"); with != std::string_view::npos)
      sql += fmt::format(" WITH ({})", in_parentheses(command.clause, with));
  if (unique.indexspace != nullptr) sql += fmt::format(" TABLESPACE {}", ident(unique.indexspace));
  const char kind = primary ? 'p' : 'u';
  const std::string there = probe::constraint(on, name, kind, probe::Valid::any, shape.columns);
  Step made = build(index_name, sql, index,
                    taken ? probe::either(probe::index(on, index, shape), there) : probe::index(on, index, shape));
  const std::string id = made.id;
  place(pieces, Slot::build, std::move(made));
  check_duplicates(command, *table, columns, {}, unique.nulls_not_distinct, context, id, name, pieces);

  const std::string take =
      fmt::format("ALTER TABLE {} {}ADD CONSTRAINT {} {} USING INDEX {}{}{}", on,
                  taken && old != nullptr ? fmt::format("DROP CONSTRAINT IF EXISTS {}, ", ident(name)) : "",
                  ident(name), primary ? "PRIMARY KEY" : "UNIQUE", ident(index_name),
                  unique.deferrable ? " DEFERRABLE" : "", unique.initdeferred ? " INITIALLY DEFERRED" : "");
  Step add = step(fmt::format("add-{}", slug(name)), "Takes the index that is there: builds nothing", {take}, there);
  if (taken) {
    // A database that has the original migration has the constraint, and a copy of its index that a file has built.
    add.sql = {do_block(fmt::format("BEGIN\n  IF NOT {} THEN\n    {};\n  END IF;\nEND", there, take)),
               fmt::format("DROP INDEX IF EXISTS {}", index)};
    add.done_when = probe::query(probe::both(there, probe::no(probe::relation(index))));
  }
  add.undo = {fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", on, ident(name))};
  if (taken && old != nullptr) {
    add.comment = "In place of the one that is there. " + add.comment;
    add.undo.clear();
    add.irreversible = true;
  }
  place(pieces, taken ? Slot::contract : Slot::build, std::move(add));
}

}  // namespace pglint::recipe
