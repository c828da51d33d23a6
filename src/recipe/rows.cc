// UPDATE and DELETE of many rows, in batches along a key: only where each row's new value comes from constants and from
// columns of the row that the UPDATE does not set, so that a batch may be repeated.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/replay.h"
#include "pg/lexer.h"
#include "pg/tree.h"
#include "recipe/joined.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

// What is between SET and WHERE, cut at its commas; and what is behind WHERE. A FROM between them is known.
struct Clauses {
  std::vector<std::string_view> values;  // behind each `column =`
  std::string_view where;
};

Clauses clauses(std::string_view text, const Joined& all) {
  Clauses out;
  const std::vector<pg::Token> tokens = pg::tokens(text, 0);
  std::size_t begin = std::string_view::npos;  // of a value
  bool in_set = false;
  for (const pg::Token& token : tokens) {
    if (!in_set && out.values.empty() && is_word(text, token, "SET")) {
      in_set = true;
      continue;
    }
    if (token.span.begin >= all.from_begins && token.span.begin < all.from_ends) {
      if (in_set && begin != std::string_view::npos)
        out.values.push_back(trimmed(text.substr(begin, token.span.begin - begin)));
      begin = std::string_view::npos;
      in_set = false;
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

// A row of the table itself, which is read as a whole: t, t.*.
bool reads_row(const Command& command, const Joined& all, const Node* node) {
  // A column of that name comes first.
  const Symbol label = command.catalog->symbols.find(all.target.label);
  bool column_of_that_name = all.target.relation != nullptr && catalog::column(*all.target.relation, label) != nullptr;
  for (const JoinedTable& other : all.others)
    column_of_that_name = column_of_that_name || catalog::column(*other.relation, label) != nullptr;
  const auto is_target = [&](std::string_view name) {
    return name == all.target.label || std::ranges::any_of(all.others, [&](const JoinedTable& other) {
             return other.label == name && other.relation == all.target.relation;
           });
  };
  bool found = false;
  pg::each<ColumnRef>(node, [&](const ColumnRef& column) {
    const auto fields = pg::nodes(column.fields);
    if (pg::as<A_Star>(fields[fields.size() - 1]) != nullptr)
      found = found || fields.size() < 2 || is_target(pg::string(fields[fields.size() - 2]));
    else
      found = found || (fields.size() == 1 && !column_of_that_name && is_target(pg::column_name(column)));
  });
  return found;
}

// A column by its table's name with the schema: public.t.a, which says nothing where the table has an alias.
bool names_schema(const Node* node) {
  bool found = false;
  pg::each<ColumnRef>(node, [&](const ColumnRef& column) { found = found || pg::nodes(column.fields).size() > 2; });
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

bool is_null_test(const Node* term, const catalog::Catalog& catalog, const Joined& all, std::string_view column) {
  const auto* test = pg::as<NullTest>(term);
  if (test == nullptr || test->nulltesttype != IS_NULL) return false;
  const auto* reference = pg::as<ColumnRef>(reinterpret_cast<const Node*>(test->arg));
  return reference != nullptr && pg::column_name(*reference) == column && all.of_row(catalog, *reference);
}

// WHERE column IS NULL, perhaps with more.
bool asks_for_null(const catalog::Catalog& catalog, const Joined& all, std::string_view column) {
  return std::ranges::any_of(all.terms, [&](const Node* term) { return is_null_test(term, catalog, all, column); });
}

// The names that an UPDATE or DELETE without other tables has.
Joined alone(const Command& command, const RangeVar& target, const Node* where) {
  Pieces nothing;
  return joined(command, target, nullptr, {}, where, nothing).value_or(Joined{});
}

bool is_constant(const Node* value) {
  bool yes = value != nullptr;
  pg::each<ColumnRef>(value, [&](const ColumnRef&) { yes = false; });
  pg::each<SubLink>(value, [&](const SubLink&) { yes = false; });
  return yes;
}

// A few rows: those of a table that is new, or one, by its key.
bool small(const Command& command, const RangeVar& target, const Node* where) {
  const effect::RelationEffect* table = command.table();
  if (table == nullptr || table->is_new) return true;
  if (table->relation == nullptr || where == nullptr) return false;
  const auto* comparison = pg::as<A_Expr>(where);
  if (comparison == nullptr || (comparison->kind != AEXPR_OP && comparison->kind != AEXPR_IN) ||
      pg::last_name(comparison->name) != "=")
    return false;
  const auto* column = pg::as<ColumnRef>(comparison->lexpr);
  const auto key = key_of(*command.catalog, *table->relation);
  return column != nullptr && key && key->columns.size() == 1 && pg::column_name(*column) == key->columns[0].name &&
         alone(command, target, where).of_row(*command.catalog, *column) && is_constant(comparison->rexpr);
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
  if (table->kind == catalog::RelationKind::partitioned_table || !table->relation->extra().children.empty()) {
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

// The columns that batches read: table and column; of a row as a whole without the column.
std::vector<std::pair<std::string, std::string>> columns_read(const Command& command, const Joined& all,
                                                              const List* targets) {
  const catalog::Catalog& catalog = *command.catalog;
  std::vector<std::pair<std::string, std::string>> out;
  const auto look = [&](const Node* node) {
    pg::each<ColumnRef>(node, [&](const ColumnRef& column) {
      const std::size_t of = all.other(catalog, column);
      out.emplace_back(of == std::string::npos ? command.table_name() : catalog.qualified(*all.others[of].relation),
                       std::string(pg::column_name(column)));
    });
  };
  for (const ResTarget& target : pg::only<ResTarget>(targets)) look(target.val);
  for (const Node* term : all.terms) look(term);
  return out;
}

// What a command further down does that batches must not find done: those that make rows come before all batches, and a
// run that is repeated from the start finds everything done. Empty if there is nothing of the kind. `event`: 2 for an
// UPDATE, 4 for a DELETE.
std::string done_further_down(const Command& command, const Joined& all, const List* targets, std::uint8_t event,
                              const Context& context) {
  const std::string on = command.table_name();
  const auto is_set = [&](std::string_view column) {
    return std::ranges::any_of(
        pg::nodes(targets), [&](const Node* target) { return pg::text(pg::cast<ResTarget>(target).name) == column; });
  };
  const auto read = columns_read(command, all, targets);
  for (const Written& one : context.written) {
    if (one.command <= context.cooked || (one.table == on && is_set(one.column))) continue;
    if (std::ranges::any_of(read, [&](const auto& column) {
          return column.first == one.table && (column.second == one.column || column.second.empty());
        }))
      return fmt::format("{}.{}, which it reads, is written", one.table, one.column);
  }
  for (const Context::Change& one : context.changes) {
    if (one.command <= context.cooked) continue;
    if (one.inserts && one.table == on) return fmt::format("rows are inserted into {}", on);
    if ((one.fires & event) != 0 && one.table == on) return fmt::format("a trigger of {} is made", on);
    if ((one.inserts || one.deletes) && std::ranges::any_of(all.others, [&](const JoinedTable& other) {
          return command.catalog->qualified(*other.relation) == one.table;
        }))
      return fmt::format("rows of {}, which it reads, are {}", one.table, one.inserts ? "inserted" : "deleted");
  }
  return {};
}

bool refuse_order(const Command& command, const Joined& all, const List* targets, std::uint8_t event,
                  const Context& context, Pieces& pieces) {
  const std::string what = done_further_down(command, all, targets, event, context);
  if (what.empty()) return false;
  refuse(
      pieces,
      fmt::format("the {} {} {} is done in batches, and further down {}: done before a batch, that would change what "
                  "it does",
                  event == 2 ? "UPDATE" : "DELETE", event == 2 ? "of" : "from", command.table_name(), what),
      "put what stands further down into a migration that comes behind the plan");
  return true;
}

// A column that the plan makes, and that is filled behind the gate: what reads it comes behind that.
bool reads_what_comes_late(const Command& command, const Joined& all, const List* targets, const Context& context) {
  const catalog::Catalog& catalog = *command.catalog;
  const auto read = columns_read(command, all, targets);
  return std::ranges::any_of(context.written, [&](const Written& one) {
    if (one.command >= context.cooked) return false;
    const auto same = [&](const auto& column) {
      return column.first == one.table && (column.second == one.column || column.second.empty());
    };
    if (std::ranges::none_of(read, same)) return false;
    const Symbol symbol = catalog.symbols.find(one.column);
    const auto is_new = [&](const catalog::Relation* relation) {
      if (relation == nullptr || catalog.qualified(*relation) != one.table) return false;
      const catalog::Column* column = catalog::column(*relation, symbol);
      return context.renamed_to(relation, symbol) != nullptr ||
             (column != nullptr && catalog.now.migration != 0 && column->created.migration >= context.first_migration);
    };
    return is_new(all.target.relation) ||
           std::ranges::any_of(all.others, [&](const JoinedTable& other) { return is_new(other.relation); });
  });
}

void add_names(const Joined& all, Backfill& work) {
  if (all.aliased || !all.from.empty()) work.alias = all.target.label;
  work.from = all.from;
}

// `t AS a, other AS o`: what a query of the same rows reads.
std::string rows_of(const Backfill& work) {
  std::string out = work.table;
  if (!work.alias.empty()) out += fmt::format(" AS {}", ident(work.alias));
  if (!work.from.empty()) out += fmt::format(", {}", work.from);
  return out;
}

}  // namespace

void note(const Command& command, Context& context) {
  ++context.noted;
  note_replaced(command, context);
  const effect::RelationEffect* table = command.table();
  if (table == nullptr) return;
  const std::string on = command.table_name();
  if (const auto* rename = pg::as<RenameStmt>(command.node);
      rename != nullptr && rename->renameType == OBJECT_COLUMN && !table->is_new)
    context.renames.push_back(
        {on, std::string(pg::text(rename->subname)), std::string(pg::text(rename->newname)), context.noted});
  if (pg::as<InsertStmt>(command.node) != nullptr) context.changes.push_back({on, context.noted, true, false, 0});
  if (const auto* trigger = pg::as<CreateTrigStmt>(command.node); trigger != nullptr && trigger->row) {
    constexpr int on_delete = 1 << 3;
    constexpr int on_update = 1 << 4;
    const auto fires = static_cast<std::uint8_t>(((trigger->events & on_update) != 0 ? 2 : 0) |
                                                 ((trigger->events & on_delete) != 0 ? 4 : 0));
    context.changes.push_back({on, context.noted, false, false, fires});
  }
  if (pg::as<DeleteStmt>(command.node) != nullptr && !table->is_new) {
    context.deletes.push_back(on);
    context.changes.push_back({on, context.noted, false, true, 0});
  }
  const auto* update = pg::as<UpdateStmt>(command.node);
  if (update == nullptr) return;
  const Joined names = alone(command, *update->relation, update->whereClause);
  for (const ResTarget& target : pg::only<ResTarget>(update->targetList)) {
    const std::string_view column = pg::text(target.name);
    const bool all = update->fromClause == nullptr &&
                     (update->whereClause == nullptr ||
                      (names.terms.size() == 1 && is_null_test(names.terms[0], *command.catalog, names, column)));
    context.written.push_back({on, std::string(column), all && !pg::is_null_constant(target.val), context.noted});
  }
}

void update_rows(const Command& command, const ::UpdateStmt& statement, Context& context, Pieces& pieces) {
  if (small(command, *statement.relation, statement.whereClause)) return as_written(command, context, pieces);
  const effect::RelationEffect* table = command.table();
  const catalog::Catalog& catalog = *command.catalog;
  const std::string on = command.table_name();
  const auto no = [&](std::string reason,
                      std::string supply = "write it as batches by hand, or run it in the application") {
    refuse(pieces, std::move(reason), std::move(supply));
  };
  if (statement.withClause != nullptr)
    return no(fmt::format("the UPDATE of {} has a WITH clause, which each batch would work out anew", on),
              "join the tables by their keys in FROM, or write it as batches by hand");
  if (statement.returningClause != nullptr) return no(fmt::format("the UPDATE of {} returns rows", on));
  const auto* const targets_node = reinterpret_cast<const Node*>(statement.targetList);
  if (has_sub_select(targets_node) || has_sub_select(statement.whereClause) ||
      has_sub_select(reinterpret_cast<const Node*>(statement.fromClause)))
    return no(fmt::format("the UPDATE of {} has a sub-select, whose answer may change between two batches", on),
              "join the table by a unique key in FROM, or write it as batches by hand");
  auto work = walk(command, pieces);
  if (!work) return;
  const auto all = joined(command, *statement.relation, statement.fromClause, "FROM", statement.whereClause, pieces);
  if (!all) return;

  for (const Node* term : all->terms) {
    if (is_unsteady(catalog::volatility(catalog, term)))
      return no(fmt::format("the WHERE of the UPDATE of {} asks a function that may answer otherwise each time", on));
    if (reads_row(command, *all, term))
      return no(fmt::format("the UPDATE of {} asks for the row as a whole, of which it sets a part", on));
    if (!all->from.empty() && names_schema(term))
      return no(fmt::format("the UPDATE of {} names columns with a schema", on), "name them with their table alone");
  }
  if (!all->from.empty() && names_schema(targets_node))
    return no(fmt::format("the UPDATE of {} names columns with a schema", on), "name them with their table alone");

  const Clauses text = clauses(command.text, *all);
  const auto targets = pg::nodes(statement.targetList);
  if (text.values.size() != targets.size())
    return no(fmt::format("the UPDATE of {} sets several columns at once", on), "write column = value for each");

  std::vector<std::string_view> set;
  for (const ResTarget& target : pg::only<ResTarget>(statement.targetList)) set.push_back(pg::text(target.name));
  // Of the table itself: of the row, or of another that it is joined with.
  const auto reads_set = [&](const Node* node, bool own_row_too) {
    bool found = false;
    pg::each<ColumnRef>(node, [&](const ColumnRef& column) {
      found = found || (std::ranges::find(set, pg::column_name(column)) != set.end() &&
                        all->of_target(catalog, column) && (own_row_too || !all->of_row(catalog, column)));
    });
    return found;
  };
  for (const Node* term : all->terms)
    if (reads_set(term, false))
      return no(fmt::format("the UPDATE of {} is joined by a column that it sets in other rows", on));
  bool fills_only = true;
  bool new_column = false;
  bool never_null = false;  // what is written; else rows that got NULL again are not what the proof looks for
  std::string not_null;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto& target = pg::cast<ResTarget>(targets[i]);
    const std::string_view name = pg::text(target.name);
    const Symbol symbol = catalog.symbols.find(name);
    const bool where_null = asks_for_null(catalog, *all, name);
    // Where the first of two is repeated, what the second wrote is gone until that is repeated, too.
    const bool again = std::ranges::count_if(context.written, [&](const Written& one) {
                         return one.table == on && one.column == name;
                       }) > 1;
    if (again && !where_null && !pg::constant_string(target.val) && !pg::constant_integer(target.val))
      return no(
          fmt::format("{}.{} is set by two UPDATEs of the plan, and the first cannot be repeated behind the second", on,
                      name),
          "make one UPDATE of them, with coalesce() or CASE");
    if (target.indirection != nullptr) return no(fmt::format("the UPDATE of {} sets a part of {}", on, name));
    if (reads_set(target.val, true) || reads_row(command, *all, target.val))
      return no(fmt::format(
          "{}.{} is set from a column that the UPDATE sets: a batch that is repeated would change it twice", on, name));
    const catalog::Column* column = catalog::column(*table->relation, symbol);
    const bool by_default = pg::as<SetToDefault>(target.val) != nullptr;
    if (is_unsteady(by_default ? (column != nullptr ? column->default_volatility : catalog::Volatility::unknown)
                               : catalog::volatility(catalog, target.val)))
      return no(fmt::format("{}.{} is set from a function that may return something else each time", on, name));
    if ((by_default || asks_the_time(target.val)) && !where_null &&
        (asks_the_time(target.val) || (column != nullptr && column->default_volatility == catalog::Volatility::stable)))
      return no(fmt::format("{}.{} is set to the time, which is another one when a batch is repeated", on, name),
                "set it where it is NULL only, or to a time that is written out");
    for (const catalog::Relation* index : table->relation->indexes)
      if (!index->dropped && index->index != nullptr && index->index->unique)
        for (const catalog::IndexKey& key : index->index->keys)
          if (key.column == symbol)
            return no(fmt::format("{}.{} is part of the unique index {}", on, name, catalog.text(index->name)));
    fills_only = fills_only && where_null;
    new_column =
        new_column || context.renamed_to(table->relation, symbol) != nullptr ||
        (column != nullptr && catalog.now.migration != 0 && column->created.migration >= context.first_migration);
    never_null = never_null || by_default || pg::constant_string(target.val) || pg::constant_integer(target.val);
    not_null += fmt::format("{}({}) IS NOT NULL", not_null.empty() ? "" : " OR ", text.values[i]);
    work->set.emplace_back(std::string(name), std::string(text.values[i]));
  }
  if (refuse_triggers(command, *table->relation, 2, pieces)) return;
  if (refuse_order(command, *all, statement.targetList, 2, context, pieces)) return;

  pieces.by = Operation::update_rows;
  assume(catalog, *table, {}, pieces);
  work->where = text.where;
  add_names(*all, *work);
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
    if (fills_only)
      fill.backfill->proof =
          fmt::format("SELECT 1 FROM {} WHERE {} LIMIT 1", rows_of(*fill.backfill),
                      never_null ? fill.backfill->where : fmt::format("({}) AND ({})", fill.backfill->where, not_null));
    pieces.release.push_back(fmt::format("writes {}.{}", catalog.text(table->name), set.front()));
    pieces.why.push_back(
        fmt::format("the release that runs now does not write {}.{}", catalog.text(table->name), set.front()));
    return place(pieces, Slot::refill, std::move(fill));
  }
  if (reads_what_comes_late(command, *all, statement.targetList, context))
    return place(pieces, Slot::refill, std::move(fill));
  if (fills_only) {
    Step again = fill;
    again.id += "-again";
    again.comment = fmt::format("Sets {} where the release before left it empty meanwhile", fmt::join(set, ", "));
    pieces.again.push_back(std::move(again));
  }
  place(pieces, Slot::backfill, std::move(fill));
}

void delete_rows(const Command& command, const ::DeleteStmt& statement, Context& context, Pieces& pieces) {
  if (small(command, *statement.relation, statement.whereClause)) return as_written(command, context, pieces);
  const effect::RelationEffect* table = command.table();
  const catalog::Catalog& catalog = *command.catalog;
  const std::string on = command.table_name();
  const auto no = [&](std::string reason,
                      std::string supply = "write it as batches by hand, or run it in the application") {
    refuse(pieces, std::move(reason), std::move(supply));
  };
  if (statement.withClause != nullptr)
    return no(fmt::format("the DELETE from {} has a WITH clause, which each batch would work out anew", on),
              "join the tables by their keys in USING, or write it as batches by hand");
  if (statement.returningClause != nullptr) return no(fmt::format("the DELETE from {} returns rows", on));
  if (has_sub_select(statement.whereClause) || has_sub_select(reinterpret_cast<const Node*>(statement.usingClause)))
    return no(fmt::format("the DELETE from {} has a sub-select, whose answer may change between two batches", on),
              "join the table by a unique key in USING, or write it as batches by hand");
  auto work = walk(command, pieces);
  if (!work) return;
  const auto all = joined(command, *statement.relation, statement.usingClause, "USING", statement.whereClause, pieces);
  if (!all) return;
  for (const Node* term : all->terms) {
    if (is_unsteady(catalog::volatility(catalog, term)))
      return no(fmt::format("the DELETE from {} asks a function that may return something else each time", on));
    if (!all->from.empty() && names_schema(term))
      return no(fmt::format("the DELETE from {} names columns with a schema", on), "name them with their table alone");
  }
  for (const JoinedTable& other : all->others)
    if (other.relation == table->relation)
      return no(fmt::format("the DELETE from {} asks for other rows of it, which a batch before may have deleted", on));
  for (const catalog::Constraint* key : table->relation->referenced_by)
    if (!key->dropped && key->on_delete == catalog::Action::cascade)
      return no(
          fmt::format("a row that is deleted from {} takes rows of {} along", on, catalog.qualified(*key->table)));
  if (refuse_triggers(command, *table->relation, 4, pieces)) return;
  if (refuse_order(command, *all, nullptr, 4, context, pieces)) return;
  pieces.by = Operation::delete_rows;
  assume(catalog, *table, {}, pieces);
  work->where = statement.whereClause == nullptr ? "true" : clauses(command.text, *all).where;
  add_names(*all, *work);
  Step remove;
  remove.id = fmt::format("delete-{}-{}", slug(catalog.text(table->name)), digest(command.text).substr(0, 4));
  remove.comment = "Deletes in batches" + firing(row_triggers(catalog, *table->relation, 4));
  remove.kind = StepKind::backfill;
  remove.lock_class = LockClass::c;
  remove.irreversible = true;
  remove.backfill = std::move(*work);
  // What is filled behind the gate is not there to be asked for before.
  const bool late = reads_what_comes_late(command, *all, nullptr, context);
  place(pieces, late ? Slot::refill : Slot::backfill, std::move(remove));
}

}  // namespace pglint::recipe
