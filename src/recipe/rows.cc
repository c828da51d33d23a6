// UPDATE and DELETE of many rows, in batches along a key: only where each row's new value comes from constants and from
// columns of the row that the UPDATE does not set, so that a batch may be repeated.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/replay.h"
#include "pg/lexer.h"
#include "pg/tree.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

// What is between SET and WHERE, cut at its commas; and what is behind WHERE.
struct Clauses {
  std::vector<std::string_view> values;  // behind each `column =`
  std::string_view where;
};

Clauses clauses(std::string_view text) {
  Clauses out;
  const std::vector<pg::Token> tokens = pg::tokens(text, 0);
  std::size_t begin = std::string_view::npos;  // of a value
  bool in_set = false;
  for (const pg::Token& token : tokens) {
    if (!in_set && out.where.empty() && is_word(text, token, "SET")) {
      in_set = true;
      continue;
    }
    if (is_word(text, token, "WHERE")) {
      if (in_set && begin != std::string_view::npos)
        out.values.push_back(trimmed(text.substr(begin, token.span.begin - begin)));
      out.where = trimmed(text.substr(token.span.end));
      return out;
    }
    if (!in_set || token.depth != 0 || token.kind != pg::TokenKind::symbol) continue;
    const std::string_view symbol = text.substr(token.span.begin, token.span.size());
    if (symbol == "=" && begin == std::string_view::npos) {
      begin = token.span.end;
    } else if (symbol == "," && begin != std::string_view::npos) {
      out.values.push_back(trimmed(text.substr(begin, token.span.begin - begin)));
      begin = std::string_view::npos;
    }
  }
  if (in_set && begin != std::string_view::npos) out.values.push_back(trimmed(text.substr(begin)));
  return out;
}

// The row itself, which is read as a whole: t, t.*.
bool reads_row(const Command& command, const Node* node) {
  const effect::RelationEffect* on = command.table();
  const std::string_view table = command.catalog->text(on->name);
  // A column of the table's name comes first.
  const bool column_of_that_name = on->relation != nullptr && catalog::column(*on->relation, on->name) != nullptr;
  bool found = false;
  pg::each<ColumnRef>(node, [&](const ColumnRef& column) {
    const auto fields = pg::nodes(column.fields);
    found = found || pg::as<A_Star>(fields[fields.size() - 1]) != nullptr ||
            (fields.size() == 1 && !column_of_that_name && pg::column_name(column) == table);
  });
  return found;
}

// The time of the transaction, which is another one in each batch.
bool asks_the_time(const Node* node) {
  bool found = false;
  pg::each<SQLValueFunction>(
      node, [&](const SQLValueFunction& value) { found = found || value.op <= SVFOP_LOCALTIMESTAMP_N; });
  pg::each<FuncCall>(node, [&](const FuncCall& call) {
    const std::string_view name = pg::last_name(call.funcname);
    found = found || name == "now" || name == "transaction_timestamp" || name == "statement_timestamp";
  });
  return found;
}

bool is_unsteady(catalog::Volatility volatility) {
  return volatility == catalog::Volatility::volatile_ || volatility == catalog::Volatility::unknown;
}

bool has_sub_select(const Node* node) {
  bool found = false;
  pg::each<SubLink>(node, [&](const SubLink&) { found = true; });
  return found;
}

// WHERE column IS NULL, perhaps with more.
bool asks_for_null(const Node* where, std::string_view column) {
  if (const auto* both = pg::as<BoolExpr>(where); both != nullptr && both->boolop == AND_EXPR)
    return std::ranges::any_of(pg::nodes(both->args), [&](const Node* term) { return asks_for_null(term, column); });
  const auto* test = pg::as<NullTest>(where);
  if (test == nullptr || test->nulltesttype != IS_NULL) return false;
  const auto* reference = pg::as<ColumnRef>(reinterpret_cast<const Node*>(test->arg));
  return reference != nullptr && pg::column_name(*reference) == column;
}

bool small(const Command& command, const Node* where) {
  const effect::RelationEffect* table = command.table();
  if (table == nullptr || table->is_new) return true;
  // One row, by its key.
  if (table->relation == nullptr || where == nullptr) return false;
  const auto* comparison = pg::as<A_Expr>(where);
  if (comparison == nullptr || (comparison->kind != AEXPR_OP && comparison->kind != AEXPR_IN) ||
      pg::last_name(comparison->name) != "=")
    return false;
  const auto* column = pg::as<ColumnRef>(comparison->lexpr);
  const auto key = key_of(*command.catalog, *table->relation);
  return column != nullptr && key && key->columns.size() == 1 && pg::column_name(*column) == key->columns[0].name;
}

std::optional<Backfill> walk(const Command& command, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  const std::string on = command.table_name();
  const auto key = table->relation != nullptr ? key_of(*command.catalog, *table->relation) : std::nullopt;
  if (!key) {
    refuse(pieces, fmt::format("{} has no known unique index over NOT NULL columns to walk along", on),
           table->known ? "add a primary key first" : "--schema FILE, a pg_dump --schema-only of the database");
    return std::nullopt;
  }
  if (table->kind == catalog::RelationKind::partitioned_table || !table->relation->children.empty()) {
    refuse(pieces, fmt::format("{} has partitions or children, which would have to be walked one by one", on),
           "write one UPDATE per partition");
    return std::nullopt;
  }
  Backfill work;
  work.table = on;
  work.index = key->index;
  work.key = key->columns;
  return work;
}

}  // namespace

void note(const Command& command, Context& context) {
  ++context.noted;
  note_replaced(command, context);
  const effect::RelationEffect* table = command.table();
  if (const auto* rename = pg::as<RenameStmt>(command.node);
      rename != nullptr && rename->renameType == OBJECT_COLUMN && table != nullptr && !table->is_new)
    context.renames.push_back({command.table_name(), std::string(pg::text(rename->subname)),
                               std::string(pg::text(rename->newname)), context.noted});
  if (pg::as<DeleteStmt>(command.node) != nullptr && table != nullptr && !table->is_new)
    context.deletes.push_back(command.table_name());
  const auto* update = pg::as<UpdateStmt>(command.node);
  if (update == nullptr || table == nullptr) return;
  for (const ResTarget& target : pg::only<ResTarget>(update->targetList)) {
    const std::string_view column = pg::text(target.name);
    const bool all = update->whereClause == nullptr ||
                     (pg::as<NullTest>(update->whereClause) != nullptr && asks_for_null(update->whereClause, column));
    context.written.push_back({command.table_name(), std::string(column), all && !pg::is_null_constant(target.val)});
  }
}

void update_rows(const Command& command, const ::UpdateStmt& statement, Context& context, Pieces& pieces) {
  if (small(command, statement.whereClause)) return as_written(command, context, pieces);
  const effect::RelationEffect* table = command.table();
  const catalog::Catalog& catalog = *command.catalog;
  const std::string on = command.table_name();
  const auto no = [&](std::string reason,
                      std::string supply = "write it as batches by hand, or run it in the application") {
    refuse(pieces, std::move(reason), std::move(supply));
  };
  if (statement.withClause != nullptr) return no(fmt::format("the UPDATE of {} has a WITH clause", on));
  if (statement.fromClause != nullptr)
    return no(fmt::format("the UPDATE of {} reads other tables, which may change between two batches", on));
  if (statement.returningClause != nullptr) return no(fmt::format("the UPDATE of {} returns rows", on));
  if (statement.relation->alias != nullptr)
    return no(fmt::format("the UPDATE of {} has an alias", on), "name the columns without it");
  if (has_sub_select(reinterpret_cast<const Node*>(statement.targetList)) || has_sub_select(statement.whereClause))
    return no(fmt::format("the UPDATE of {} has a sub-select, whose answer may change between two batches", on));

  if (is_unsteady(catalog::volatility(catalog, statement.whereClause)))
    return no(fmt::format("the WHERE of the UPDATE of {} asks a function that may answer otherwise each time", on));
  if (reads_row(command, statement.whereClause))
    return no(fmt::format("the UPDATE of {} asks for the row as a whole, of which it sets a part", on));

  const Clauses text = clauses(command.text);
  const auto targets = pg::nodes(statement.targetList);
  if (text.values.size() != targets.size())
    return no(fmt::format("the UPDATE of {} sets several columns at once", on), "write column = value for each");
  auto work = walk(command, pieces);
  if (!work) return;

  std::vector<std::string_view> set;
  for (const ResTarget& target : pg::only<ResTarget>(statement.targetList)) set.push_back(pg::text(target.name));
  bool fills_only = true;
  bool new_column = false;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto& target = pg::cast<ResTarget>(targets[i]);
    const std::string_view name = pg::text(target.name);
    const Symbol symbol = catalog.symbols.find(name);
    // Where the first of two is repeated, what the second wrote is gone until that is repeated, too.
    const bool again = std::ranges::count_if(context.written, [&](const Written& one) {
                         return one.table == on && one.column == name;
                       }) > 1;
    if (again && !asks_for_null(statement.whereClause, name) && !pg::constant_string(target.val) &&
        !pg::constant_integer(target.val))
      return no(
          fmt::format("{}.{} is set by two UPDATEs of the plan, and the first cannot be repeated behind the second", on,
                      name),
          "make one UPDATE of them, with coalesce() or CASE");
    if (target.indirection != nullptr) return no(fmt::format("the UPDATE of {} sets a part of {}", on, name));
    bool reads_what_it_sets = false;
    pg::each<ColumnRef>(target.val, [&](const ColumnRef& column) {
      reads_what_it_sets = reads_what_it_sets || std::ranges::find(set, pg::column_name(column)) != set.end();
    });
    reads_what_it_sets = reads_what_it_sets || reads_row(command, target.val);
    if (reads_what_it_sets)
      return no(fmt::format(
          "{}.{} is set from a column that the UPDATE sets: a batch that is repeated would change it twice", on, name));
    const catalog::Column* column = catalog::column(*table->relation, symbol);
    const bool by_default = pg::as<SetToDefault>(target.val) != nullptr;
    if (is_unsteady(by_default ? (column != nullptr ? column->default_volatility : catalog::Volatility::unknown)
                               : catalog::volatility(catalog, target.val)))
      return no(fmt::format("{}.{} is set from a function that may return something else each time", on, name));
    if ((by_default || asks_the_time(target.val)) && !asks_for_null(statement.whereClause, name) &&
        (asks_the_time(target.val) || (column != nullptr && column->default_volatility == catalog::Volatility::stable)))
      return no(fmt::format("{}.{} is set to the time, which is another one when a batch is repeated", on, name),
                "set it where it is NULL only, or to a time that is written out");
    for (const catalog::Relation* index : table->relation->indexes)
      if (!index->dropped && index->index != nullptr && index->index->unique)
        for (const catalog::IndexKey& key : index->index->keys)
          if (key.column == symbol)
            return no(fmt::format("{}.{} is part of the unique index {}", on, name, catalog.text(index->name)));
    fills_only = fills_only && asks_for_null(statement.whereClause, name);
    new_column =
        new_column || context.renamed_to(table->relation, symbol) != nullptr ||
        (column != nullptr && catalog.now.migration != 0 && column->created.migration >= context.first_migration);
    work->set.emplace_back(std::string(name), std::string(text.values[i]));
  }
  if (refuse_triggers(command, *table->relation, 2, pieces)) return;

  pieces.by = Operation::update_rows;
  assume(catalog, *table, {}, pieces);
  work->where = text.where;
  // Where NULL alone is replaced, the release that runs now may go on writing NULL where it is nullable.
  Step fill;
  fill.id = fmt::format("fill-{}", slug(fmt::format("{} {}", catalog.text(table->name), set.front())));
  fill.comment =
      fmt::format("Sets {} in batches{}", fmt::join(set, ", "), firing(row_triggers(catalog, *table->relation, 2)));
  fill.kind = StepKind::backfill;
  fill.lock_class = LockClass::c;
  fill.irreversible = !new_column;
  fill.backfill = std::move(*work);
  // What the release that runs now does not write, it would leave out in new rows: behind the gate.
  if (new_column) {
    if (fills_only) fill.backfill->proof = fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1", on, fill.backfill->where);
    pieces.release.push_back(fmt::format("writes {}.{}", catalog.text(table->name), set.front()));
    pieces.why.push_back(
        fmt::format("the release that runs now does not write {}.{}", catalog.text(table->name), set.front()));
    return place(pieces, Slot::refill, std::move(fill));
  }
  if (fills_only) {
    Step again = fill;
    again.id += "-again";
    again.comment = fmt::format("Sets {} where the release before left it empty meanwhile", fmt::join(set, ", "));
    pieces.again.push_back(std::move(again));
  }
  place(pieces, Slot::backfill, std::move(fill));
}

void delete_rows(const Command& command, const ::DeleteStmt& statement, Context& context, Pieces& pieces) {
  if (small(command, statement.whereClause)) return as_written(command, context, pieces);
  const effect::RelationEffect* table = command.table();
  const catalog::Catalog& catalog = *command.catalog;
  const std::string on = command.table_name();
  const auto no = [&](std::string reason) {
    refuse(pieces, std::move(reason), "write it as batches by hand, or run it in the application");
  };
  if (statement.withClause != nullptr || statement.usingClause != nullptr || statement.returningClause != nullptr ||
      statement.relation->alias != nullptr)
    return no(fmt::format("the DELETE from {} has WITH, USING, RETURNING or an alias", on));
  if (has_sub_select(statement.whereClause))
    return no(fmt::format("the DELETE from {} has a sub-select, whose answer may change between two batches", on));
  if (is_unsteady(catalog::volatility(catalog, statement.whereClause)))
    return no(fmt::format("the DELETE from {} asks a function that may return something else each time", on));
  auto work = walk(command, pieces);
  if (!work) return;
  for (const catalog::Constraint* key : table->relation->referenced_by)
    if (!key->dropped && key->on_delete == catalog::Action::cascade)
      return no(
          fmt::format("a row that is deleted from {} takes rows of {} along", on, catalog.qualified(*key->table)));
  if (refuse_triggers(command, *table->relation, 4, pieces)) return;
  pieces.by = Operation::delete_rows;
  assume(catalog, *table, {}, pieces);
  work->where = clauses(command.text).where;
  Step remove;
  remove.id = fmt::format("delete-{}-{}", slug(catalog.text(table->name)), digest(command.text).substr(0, 4));
  remove.comment = "Deletes in batches" + firing(row_triggers(catalog, *table->relation, 4));
  remove.kind = StepKind::backfill;
  remove.lock_class = LockClass::c;
  remove.irreversible = true;
  remove.backfill = std::move(*work);
  place(pieces, Slot::backfill, std::move(remove));
}

}  // namespace pglint::recipe
