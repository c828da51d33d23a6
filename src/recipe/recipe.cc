#include "recipe/recipe.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/names.h"
#include "pg/clauses.h"
#include "pg/lexer.h"
#include "pg/tree.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

void alter_table(const Command& command, Context& context, Pieces& pieces) {
  const AlterTableCmd& alter = *command.alter;
  switch (alter.subtype) {
    case AT_SetNotNull:
      return set_not_null(command, pg::text(alter.name), context, pieces);
    case AT_AddColumn:
      if (const auto* column = pg::as<ColumnDef>(alter.def)) return add_column(command, *column, context, pieces);
      break;
    case AT_DropColumn:
      return drop_column(command, context, pieces);
    case AT_DropConstraint:
      return drop_constraint(command, context, pieces);
    case AT_ColumnDefault:
      // The default of a column that is renamed comes with it, as it is in the end.
      if (const effect::RelationEffect* table = command.table();
          table != nullptr &&
          context.renamed_to(table->relation, command.catalog->symbols.find(pg::text(alter.name))) != nullptr) {
        pieces.by = Operation::rename_column;
        return;
      }
      break;
    case AT_AddConstraint:
      if (const auto* constraint = pg::as<Constraint>(alter.def)) {
        switch (constraint->contype) {
          case CONSTR_NOTNULL:
            return set_not_null(command, pg::last_name(constraint->keys), context, pieces);
          case CONSTR_FOREIGN:
            return add_foreign_key(command, *constraint, context, pieces);
          case CONSTR_CHECK:
            return add_check(command, *constraint, context, pieces);
          case CONSTR_UNIQUE:
          case CONSTR_PRIMARY:
            return add_unique(command, *constraint, context, pieces);
          default:
            break;
        }
      }
      break;
    default:
      break;
  }
  as_written(command, context, pieces);
}

// A column that the command names, and that has its new name only behind the gate.
const Renamed* followed_in(const Command& command, const Context& context) {
  const std::string_view text = command.alter != nullptr ? command.clause : command.text;
  for (const Renamed& one : context.renamed) {
    if (!one.follows) continue;
    const std::string on = command.catalog->qualified(*one.table);
    const bool touched = std::ranges::any_of(command.effects->relations, [&](const effect::RelationEffect& relation) {
      return relation.relation == one.table || command.catalog->qualified(relation.schema, relation.name) == on;
    });
    if (touched && says_name(text, command.catalog->text(one.to))) return &one;
  }
  return nullptr;
}

// Whether it can be done while the column still has its old name.
bool can_precede(const Command& command) {
  if (command.alter != nullptr)
    return command.alter->subtype == AT_SetNotNull || command.alter->subtype == AT_ColumnDefault ||
           command.alter->subtype == AT_DropConstraint ||
           (command.alter->subtype == AT_AddConstraint && pg::as<Constraint>(command.alter->def) != nullptr &&
            pg::as<Constraint>(command.alter->def)->contype == CONSTR_NOTNULL);
  switch (command.node->type) {
    case T_RenameStmt:
    case T_DropStmt:
    case T_CommentStmt:
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
      return true;
    default:
      return false;
  }
}

// A constraint that is added; null if it is none that can be made while a column has its old name.
const ::Constraint* added(const Command& command) {
  if (command.alter == nullptr || command.alter->subtype != AT_AddConstraint) return nullptr;
  const auto* constraint = pg::as<Constraint>(command.alter->def);
  if (constraint == nullptr || constraint->indexname != nullptr) return nullptr;
  return constraint->contype == CONSTR_CHECK || constraint->contype == CONSTR_FOREIGN ? constraint : nullptr;
}

// The columns of a table that have their new names only behind the gate: from these to those of today.
NewNames old_names(const catalog::Catalog& catalog, const catalog::Relation* table, const Context& context) {
  NewNames out;
  for (const Renamed& one : context.renamed)
    if (one.follows && one.table == table)
      out.emplace_back(std::string(catalog.text(one.to)), std::string(catalog.text(one.from)));
  return out;
}

// What was made for columns under their new names, for the same columns as they are called until they are followed.
void make_on_the_old(const Command& command, const Context& context, Pieces& pieces) {
  const catalog::Catalog& catalog = *command.catalog;
  const effect::RelationEffect* table = command.table();
  const NewNames own = old_names(catalog, table != nullptr ? table->relation : nullptr, context);
  const auto* constraint = added(command);
  NewNames parents;
  if (constraint != nullptr && constraint->contype == CONSTR_FOREIGN && constraint->pktable != nullptr)
    parents = old_names(catalog, catalog.find(*constraint->pktable).relation, context);
  const auto on_old = [&](std::string& sql) {
    const auto end = static_cast<std::uint32_t>(sql.size());
    if (const std::size_t references = after_keyword(sql, "REFERENCES"); references != std::string::npos) {
      const auto at = static_cast<std::uint32_t>(references);
      sql = with_names(sql, {at, end}, parents);
      sql = with_names(sql, {0, at}, own);
      return;
    }
    // What stands before the parenthesis are names of other things.
    const std::vector<pg::Token> tokens = pg::tokens(sql, 0);
    const auto first = std::ranges::find_if(tokens, [&](const pg::Token& token) {
      return token.kind == pg::TokenKind::symbol && sql[token.span.begin] == '(';
    });
    if (first != tokens.end()) sql = with_names(sql, {first->span.begin, end}, own);
  };
  for (Placed& placed : pieces.steps) {
    for (std::string& sql : placed.step.sql) on_old(sql);
    constexpr std::string_view head = "SELECT ";
    const std::string renamed = placed.step.done_when.substr(std::min(head.size(), placed.step.done_when.size()));
    const std::string today = probe::with_columns(renamed, own);
    if (today != renamed) placed.step.done_when = probe::query(probe::either(today, renamed));
  }
}

void dispatch(const Command& command, Context& context, Pieces& pieces);

// INSERT … SELECT: rows that are read where they are.
bool inserts_what_it_reads(const Node* node) {
  const auto* insert = pg::as<InsertStmt>(node);
  const auto* select = insert != nullptr ? pg::as<SelectStmt>(insert->selectStmt) : nullptr;
  return select != nullptr && select->valuesLists == nullptr;
}

// UPDATE … FROM and DELETE … USING: rows of other tables say what is done.
bool joins_what_it_reads(const Node* node) {
  const auto* update = pg::as<UpdateStmt>(node);
  const auto* erase = pg::as<DeleteStmt>(node);
  return (update != nullptr && update->fromClause != nullptr) || (erase != nullptr && erase->usingClause != nullptr);
}

// What an INSERT … SELECT reads and a rename of the plan changes: it runs before the gate, where a column has both
// names or the first one only. Empty if it reads nothing of the kind.
std::string reads_renamed(const Command& command, const Context& context) {
  bool all = false;
  pg::each<ColumnRef>(command.node, [&](const ColumnRef& column) { all = all || pg::column_name(column).empty(); });
  for (const Renamed& one : context.renamed) {
    const bool reads = std::ranges::any_of(command.effects->relations, [&](const effect::RelationEffect& relation) {
      return relation.relation == one.table;
    });
    const std::string to(command.catalog->text(one.to));
    if (reads && says_name(command.text, to)) return fmt::format("{}.{}", command.catalog->qualified(*one.table), to);
    if (reads && all) return fmt::format("all columns of {}", command.catalog->qualified(*one.table));
  }
  return {};
}

// A column that the command names, and that a command further down gives another name.
std::string renamed_later(const Command& command, const Context& context) {
  const std::string on = command.table_name();
  const std::string_view text = command.alter != nullptr ? command.clause : command.text;
  for (const Context::Rename& one : context.renames)
    if (one.command > context.cooked && one.table == on && says_name(text, one.from)) return one.from;
  return {};
}

bool stands_on_columns(Operation operation) {
  switch (operation) {
    case Operation::set_not_null:
    case Operation::add_foreign_key:
    case Operation::add_check:
    case Operation::add_unique:
    case Operation::create_index:
      return true;
    default:
      return false;
  }
}

void cook_one(const Command& command, Context& context, Pieces& pieces) {
  if (inserts_what_it_reads(command.node))
    if (const std::string what = reads_renamed(command, context); !what.empty())
      return refuse(pieces,
                    fmt::format("the INSERT reads {}, which is not there under this name before the gate", what),
                    "put it into a migration that comes behind the plan");
  const Renamed* one = followed_in(command, context);
  if (one == nullptr || can_precede(command)) return dispatch(command, context, pieces);
  // A database that has the original migration has no column of the old name, and no CREATE INDEX on it could run
  // there, be it for nothing: an index is built behind the gate, and until then one beside it serves who asks by the
  // new name.
  const auto* index = pg::as<IndexStmt>(command.node);
  if (index != nullptr && !index->unique) {
    dispatch(command, context, pieces);
    for (Placed& placed : pieces.steps) placed.slot = Slot::contract;
    return;
  }
  if (added(command) != nullptr) {
    dispatch(command, context, pieces);
    if (!pieces.refused) make_on_the_old(command, context, pieces);
    return;
  }
  refuse(pieces,
         fmt::format("{} is renamed in the same plan, keeps its old name until the gate is passed since {} "
                     "stands on it, and is named here by its new one",
                     command.catalog->text(one->from), context.followed.at(command.catalog->qualified(*one->table))),
         "put this into a migration that comes behind the plan");
}

void dispatch(const Command& command, Context& context, Pieces& pieces) {
  switch (command.node->type) {
    case T_AlterTableStmt:
      return alter_table(command, context, pieces);
    case T_IndexStmt:
      return create_index(command, pg::cast<IndexStmt>(command.node), context, pieces);
    case T_DropStmt:
      if (pg::cast<DropStmt>(command.node).removeType == OBJECT_INDEX)
        return drop_index(command, pg::cast<DropStmt>(command.node), context, pieces);
      break;
    case T_RenameStmt: {
      const auto& rename = pg::cast<RenameStmt>(command.node);
      if (rename.renameType == OBJECT_COLUMN && rename.relationType == OBJECT_TABLE)
        return rename_column(command, rename, context, pieces);
      if (const effect::RelationEffect* renamed = command.table(); renamed != nullptr && !renamed->is_new) {
        if (rename.renameType == OBJECT_COLUMN)
          return refuse(pieces,
                        fmt::format("{}.{} is renamed, and only columns of tables are kept under both names",
                                    command.table_name(), pg::text(rename.subname)),
                        "add the column under its new name beside the old one, and drop that in a later release");
        if (rename.renameType == OBJECT_TABLE || rename.renameType == OBJECT_VIEW)
          return refuse(pieces, fmt::format("{} is renamed, and nothing keeps both names", command.table_name()),
                        "make a view under the old name in the same transaction, and drop it in a later release");
      }
      break;
    }
    case T_CommentStmt: {
      as_written(command, context, pieces);
      const ObjectType on = pg::cast<CommentStmt>(command.node).objtype;
      for (Placed& placed : pieces.steps) {
        // Behind what is built: it may be on that.
        if (on == OBJECT_INDEX || on == OBJECT_TABCONSTRAINT) placed.slot = Slot::build;
        // The column beside it goes, and what is said of it too.
        if (followed_in(command, context) != nullptr) placed.slot = Slot::contract;
      }
      return;
    }
    case T_UpdateStmt:
      return update_rows(command, pg::cast<UpdateStmt>(command.node), context, pieces);
    case T_DeleteStmt:
      return delete_rows(command, pg::cast<DeleteStmt>(command.node), context, pieces);
    default:
      break;
  }
  as_written(command, context, pieces);
}

}  // namespace

void each_command(const Command& statement, const std::function<void(const Command&, Span)>& use) {
  const auto size = static_cast<std::uint32_t>(statement.text.size());
  const auto* alter = pg::as<AlterTableStmt>(statement.node);
  if (alter == nullptr) return use(statement, {0, size});
  const std::vector<Span> clauses = pg::alter_commands(statement.text, 0, pg::tokens(statement.text, 0));
  const auto commands = pg::nodes(alter->cmds);
  Command one = statement;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const Span clause = i < clauses.size() ? clauses[i] : Span{0, size};
    one.alter = pg::as<AlterTableCmd>(commands[i]);
    one.clause = statement.text.substr(clause.begin, clause.size());
    one.part = nullptr;
    for (const effect::Part& part : statement.effects->parts)
      if (part.command == i) one.part = &part;
    use(one, clause);
  }
}

const effect::RelationEffect* Command::table() const {
  for (const effect::RelationEffect& relation : effects->relations)
    if (relation.kind != catalog::RelationKind::index && relation.kind != catalog::RelationKind::partitioned_index)
      return &relation;
  return nullptr;
}

std::string Command::table_name() const {
  const effect::RelationEffect* relation = table();
  return relation == nullptr ? std::string() : catalog->qualified(relation->schema, relation->name);
}

std::string Command::alone(std::string_view other_clause) const {
  const auto& statement = pg::cast<AlterTableStmt>(node);
  return fmt::format("ALTER {} {}{} {}", pg::object_type_name(statement.objtype),
                     statement.relation != nullptr && !statement.relation->inh ? "ONLY " : "", table_name(),
                     other_clause.empty() ? clause : other_clause);
}

const Renamed* Context::renamed_to(const catalog::Relation* table, Symbol column) const {
  const auto found = std::ranges::find_if(
      renamed, [&](const Renamed& one) { return table != nullptr && one.table == table && one.to == column; });
  return found == renamed.end() ? nullptr : &*found;
}

const Replaced* Context::again(const std::string& key) const {
  const auto found = replaced.find(key);
  return found == replaced.end() || !found->second.comes_again ? nullptr : &found->second;
}

bool Context::writes(std::string_view table, std::string_view column) const {
  return std::ranges::find(deletes, table) != deletes.end() ||
         std::ranges::any_of(written, [&](const Written& one) { return one.table == table && one.column == column; });
}

bool Context::fills(std::string_view table, std::string_view column) const {
  return std::ranges::any_of(
      written, [&](const Written& one) { return one.table == table && one.column == column && one.fills; });
}

Pieces cook(const Command& command, Context& context) {
  Pieces pieces;
  for (const effect::RelationEffect& relation : command.effects->relations)
    if (relation.kind != catalog::RelationKind::index && relation.kind != catalog::RelationKind::partitioned_index &&
        (relation.lock > LockMode::row_share || inserts_what_it_reads(command.node) ||
         joins_what_it_reads(command.node)))
      pieces.touches.push_back(command.catalog->qualified(relation.schema, relation.name));
  ++context.cooked;
  cook_one(command, context, pieces);
  if (!pieces.refused && stands_on_columns(pieces.by))
    if (const std::string column = renamed_later(command, context); !column.empty()) {
      pieces.doubt =
          Refusal{fmt::format("{} is renamed further down in the same plan, and is named here by its old name", column),
                  "write this behind the RENAME, with the new name"};
      // It would be true of the old column only as long as that is there.
      if (pieces.by == Operation::set_not_null) pieces.refused = pieces.doubt;
    }
  return pieces;
}

bool accepts(Operation operation, const Command& command) {
  if (operation == Operation::none) return false;
  Context context;
  const Pieces pieces = cook(command, context);
  return !pieces.refused && pieces.by != Operation::none && (operation == Operation::any || operation == pieces.by);
}

Step step(std::string id, std::string comment, std::vector<std::string> sql, const std::string& condition) {
  Step out;
  out.id = std::move(id);
  out.comment = std::move(comment);
  out.sql = std::move(sql);
  if (!condition.empty()) out.done_when = probe::query(condition);
  return out;
}

void place(Pieces& pieces, Slot slot, Step step) { pieces.steps.push_back({slot, std::move(step)}); }

void refuse(Pieces& pieces, std::string reason, std::string supply) {
  if (!pieces.refused) pieces.refused = Refusal{std::move(reason), std::move(supply)};
}

namespace {

// What the catalogue says of a relation, and of one column of it.
void add_facts(const catalog::Catalog& catalog, const catalog::Relation& table, Symbol column, std::uint32_t first,
               Assumption& out) {
  const auto older = [first](const auto& one) { return one.created.migration < first; };
  const auto add = [](std::vector<std::string>& list, std::string one) {
    if (std::ranges::find(list, one) == list.end()) list.push_back(std::move(one));
  };
  out.row_security = table.row_security;
  out.replica_identity = table.replica_identity == 'n'   ? "nothing"
                         : table.replica_identity == 'f' ? "full"
                         : table.replica_identity == 'i' ? "index"
                                                         : "default";
  for (const catalog::Trigger& trigger : table.extra().triggers)
    if (!trigger.dropped) add(out.triggers, std::string(catalog.text(trigger.name)));
  const catalog::Column* found = catalog::column(table, column);
  const std::string type = found != nullptr ? type_text(catalog, found->type) : std::string();
  if (found != nullptr && older(*found) && !type.empty()) {
    out.columns.emplace_back(
        std::string(catalog.text(column)),
        fmt::format("{}, {}, {}", type, found->not_null ? "not null" : "nullable",
                    found->default_volatility == catalog::Volatility::none ? "no default" : "default"));
    const auto has = [&](const Vec<Symbol>& columns) {
      return std::find(columns.begin(), columns.end(), column) != columns.end();
    };
    for (const catalog::Constraint* constraint : table.constraints)
      if (!constraint->dropped && older(*constraint) && constraint->kind != catalog::ConstraintKind::not_null &&
          has(constraint->columns))
        add(out.dependents, fmt::format("constraint {}", catalog.text(constraint->name)));
    for (const catalog::Constraint* key : table.referenced_by)
      if (!key->dropped && older(*key) &&
          std::find(key->referenced_columns.begin(), key->referenced_columns.end(), column) !=
              key->referenced_columns.end())
        add(out.dependents, fmt::format("constraint {}", catalog.text(key->name)));
    for (const catalog::Relation* view : table.dependents)
      if (!view->dropped && older(*view) &&
          std::any_of(view->extra().reads.begin(), view->extra().reads.end(),
                      [&](const catalog::Dependency& read) { return read.on == &table && read.column == column; }))
        add(out.dependents,
            fmt::format("{}view {}", view->kind == catalog::RelationKind::materialized_view ? "materialized " : "",
                        catalog.qualified(*view)));
    for (const catalog::ColumnUse& use : table.extra().column_uses)
      if (use.column == column && use.by != catalog::ColumnUse::By::trigger)
        add(out.dependents, fmt::format("{} {}",
                                        use.by == catalog::ColumnUse::By::rule     ? "rule"
                                        : use.by == catalog::ColumnUse::By::policy ? "policy"
                                                                                   : "statistics",
                                        catalog.text(use.object)));
    for (const catalog::Relation* index : table.indexes) {
      if (index->dropped || !older(*index) || index->index == nullptr || index->index->constraint != nullptr) continue;
      const auto names = index_columns(catalog, *index->index);
      if (std::ranges::find(names, catalog.text(column)) != names.end() || has(index->index->include) ||
          has(index->index->expression_columns))
        add(out.dependents, fmt::format("index {}", catalog.text(index->name)));
    }
  }
}

}  // namespace

void assume(const catalog::Catalog& catalog, const effect::RelationEffect& table, Symbol column, Pieces& pieces,
            std::uint32_t first) {
  Assumption out;
  out.relation = catalog.qualified(table.schema, table.name);
  if (table.relation != nullptr && table.relation->known) add_facts(catalog, *table.relation, column, first, out);
  pieces.assumes.push_back(std::move(out));
}

void assume_at(const catalog::Catalog& start, Pieces& pieces) {
  std::vector<Assumption> all;
  for (const Assumption& one : pieces.assumes) {
    std::vector<std::string> names;
    for (const pg::Token& token : pg::tokens(one.relation, 0))
      if (token.kind != pg::TokenKind::symbol)
        names.push_back(unquoted(std::string_view(one.relation).substr(token.span.begin, token.span.size())));
    const catalog::Relation* relation =
        names.size() == 2 ? start.find(start.symbols.find(names[0]), start.symbols.find(names[1])).relation : nullptr;
    if (relation == nullptr || !relation->known) {
      // What nobody has made in the history is there all the same; what the plan makes is not, yet.
      if (one.columns.empty() && one.dependents.empty()) all.push_back(one);
      continue;
    }
    Assumption out;
    out.relation = one.relation;
    add_facts(start, *relation, {}, UINT32_MAX, out);
    for (const auto& [name, says] : one.columns) add_facts(start, *relation, start.symbols.find(name), UINT32_MAX, out);
    all.push_back(std::move(out));
  }
  pieces.assumes = std::move(all);
}

std::vector<std::string> index_columns(const catalog::Catalog& catalog, const catalog::Index& index) {
  std::vector<std::string> out;
  for (const catalog::IndexKey& key : index.keys) out.emplace_back(catalog.text(key.column));
  return out;
}

bool names_column(const catalog::Index& index, Symbol column) {
  return std::any_of(index.keys.begin(), index.keys.end(),
                     [&](const catalog::IndexKey& key) { return key.column == column; }) ||
         std::find(index.include.begin(), index.include.end(), column) != index.include.end() ||
         std::find(index.expression_columns.begin(), index.expression_columns.end(), column) !=
             index.expression_columns.end();
}

std::string index_definition(const catalog::Catalog& catalog, const catalog::Relation& index, std::string_view new_name,
                             bool concurrently, const std::vector<Renamed>& renames) {
  const catalog::Index* shape = index.index;
  if (shape == nullptr || shape->table == nullptr || (index.tablespace && renames.empty())) return {};
  const auto name = [&](Symbol column) { return ident(catalog.text(column)); };
  bool known = true;
  const auto text = [&](std::string_view expression) {
    const std::optional<std::string> said =
        renames.empty() ? std::string(expression) : renamed_in(catalog, *shape->table, expression, renames);
    known = known && said;
    return said.value_or("");
  };
  std::string out = fmt::format("CREATE {}INDEX {}IF NOT EXISTS {} ON {} USING {} (", shape->unique ? "UNIQUE " : "",
                                concurrently ? "CONCURRENTLY " : "", ident(new_name), catalog.qualified(*shape->table),
                                shape->method ? ident(catalog.text(shape->method)) : "btree");
  bool first = true;
  for (const catalog::IndexKey& key : shape->keys) {
    if (!first) out += ", ";
    first = false;
    out += key.column ? name(key.column) : fmt::format("({})", text(key.expression));
    if (key.collation) out += fmt::format(" COLLATE {}", ident(catalog.text(key.collation)));
    if (key.opclass) out += fmt::format(" {}", ident(catalog.text(key.opclass)));
    if (key.descending) out += " DESC";
    // What is first by itself is not said.
    if (key.nulls_first != key.descending) out += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
  out += ")";
  if (!shape->include.empty()) {
    out += " INCLUDE (";
    first = true;
    for (const Symbol column : shape->include) {
      if (!first) out += ", ";
      first = false;
      out += name(column);
    }
    out += ")";
  }
  if (shape->nulls_not_distinct) out += " NULLS NOT DISTINCT";
  if (!shape->predicate.empty()) out += fmt::format(" WHERE {}", text(shape->predicate));
  return known ? out : std::string();
}

std::string free_name(std::string_view first, std::string_view second, std::string_view label,
                      const std::function<bool(std::string_view)>& taken) {
  for (int number = 0;; ++number) {
    const std::string last = number == 0 ? std::string(label) : fmt::format("{}{}", label, number);
    const catalog::MadeName name = catalog::make_name(first, second, last);
    if (!taken(name.text())) return std::string(name.text());
  }
}

std::optional<Key> key_of(const catalog::Catalog& catalog, const catalog::Relation& table) {
  const catalog::Relation* best = nullptr;
  for (const catalog::Relation* index : table.indexes) {
    if (index->dropped || index->index == nullptr) continue;
    const catalog::Index& shape = *index->index;
    if (!shape.unique || !shape.valid || !shape.predicate.empty() || shape.keys.empty()) continue;
    const bool usable = std::all_of(shape.keys.begin(), shape.keys.end(), [&](const catalog::IndexKey& key) {
      const catalog::Column* column = key.column ? catalog::column(table, key.column) : nullptr;
      return column != nullptr && column->not_null;
    });
    if (!usable) continue;
    const bool primary = shape.constraint != nullptr && shape.constraint->kind == catalog::ConstraintKind::primary_key;
    if (primary || best == nullptr) best = index;
    if (primary) break;
  }
  if (best == nullptr) return std::nullopt;
  Key key;
  key.index = catalog.text(best->name);
  for (const catalog::IndexKey& part : best->index->keys) {
    const std::string type = type_text(catalog, catalog::column(table, part.column)->type);
    if (type.empty()) return std::nullopt;
    key.columns.push_back({std::string(catalog.text(part.column)), type});
  }
  return key;
}

std::vector<std::string> row_triggers(const catalog::Catalog& catalog, const catalog::Relation& table,
                                      std::uint8_t event) {
  std::vector<std::string> out;
  for (const catalog::Trigger& trigger : table.extra().triggers)
    if (!trigger.dropped && trigger.enabled && trigger.row && (trigger.events & event) != 0)
      out.emplace_back(catalog.text(trigger.name));
  return out;
}

bool refuse_triggers(const Command& command, const catalog::Relation& table, std::uint8_t event, Pieces& pieces) {
  const std::vector<std::string>& accepted = command.options->accept_triggers;
  std::vector<std::string> fired = row_triggers(*command.catalog, table, event);
  std::erase_if(fired, [&](const std::string& name) { return std::ranges::find(accepted, name) != accepted.end(); });
  if (fired.empty()) return false;
  refuse(pieces,
         fmt::format("row triggers of {} would fire for each row: {}", command.table_name(), fmt::join(fired, ", ")),
         "--accept-triggers NAME, once it is known what they do with each row");
  return true;
}

bool refuse_loss_of_identity(const catalog::Catalog& catalog, const catalog::Relation& table,
                             const catalog::Relation* index, std::string_view what, Pieces& pieces) {
  const catalog::Publication* publication = catalog.publication_of(table);
  if (publication == nullptr || index == nullptr || catalog::identity_index(table) != index) return false;
  refuse(
      pieces,
      fmt::format("without {} nothing tells the rows of {} that {} publishes, and each UPDATE and DELETE fails, behind "
                  "the gate as before it",
                  ident(what), catalog.qualified(table), ident(catalog.text(publication->name))),
      "put another key in its place before: a unique index over columns that are NOT NULL, and REPLICA IDENTITY USING "
      "INDEX; or set REPLICA IDENTITY FULL");
  return true;
}

std::string firing(const std::vector<std::string>& triggers) {
  return triggers.empty() ? std::string() : fmt::format("; fires {} for each row", fmt::join(triggers, ", "));
}

}  // namespace pglint::recipe
