// Foreign keys and checks: NOT VALID first, which reads nothing, then VALIDATE, which lets reads and writes go on. And
// constraints that are dropped.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/names.h"
#include "pg/tree.h"
#include "recipe/probe.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

std::vector<std::string> strings(const List* names) {
  std::vector<std::string> out;
  for (const Node* name : pg::nodes(names)) out.emplace_back(pg::string(name));
  return out;
}

// The name that the server would choose for a constraint, numbered where another of the schema has it already.
std::string chosen_name(const catalog::Catalog& catalog, const effect::RelationEffect& table,
                        const std::vector<std::string>& columns, std::string_view label) {
  std::string middle;
  for (const std::string& column : columns) middle += (middle.empty() ? "" : "_") + column;
  return free_name(catalog.text(table.name), middle, label, [&](std::string_view name) {
    return catalog.has_constraint(table.schema, catalog.symbols.find(name));
  });
}

Step validate(std::string_view table, std::string_view name, const std::string& condition) {
  Step out = step(fmt::format("validate-{}", slug(name)), "Reads every row while reads and writes go on",
                  {fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", table, ident(name))}, condition);
  out.lock_class = LockClass::b;
  return out;
}

// --- another one of the same name ------------------------------------------------------------------------------------

// What an expression says that another does not, as the server prints it: a string, or a number of three digits and
// more, which is part of no other. Empty if there is nothing of the kind.
std::string said_only_here(std::string_view expression, std::string_view other) {
  const std::vector<pg::Token> there = pg::tokens(other, 0);
  for (const pg::Token& token : pg::tokens(expression, 0)) {
    const std::string_view said = expression.substr(token.span.begin, token.span.size());
    if (std::ranges::any_of(
            there, [&](const pg::Token& one) { return other.substr(one.span.begin, one.span.size()) == said; }))
      continue;
    if (token.kind == pg::TokenKind::string && said.front() == '\'' && other.find(said) == std::string_view::npos)
      return std::string(said);
    if (token.kind == pg::TokenKind::number && said.size() > 2 &&
        said.find_first_not_of("0123456789") == std::string_view::npos && other.find(said) == std::string_view::npos)
      return std::string(said);
  }
  return {};
}

// By what the new check is told from the old one.
std::string check_is_new(std::string_view expression, const Replaced& old) {
  constexpr std::string_view text = "pg_catalog.pg_get_constraintdef(oid)";
  if (const std::string said = said_only_here(expression, old.old_sql); !said.empty())
    return fmt::format("pg_catalog.strpos({}, {}) > 0", text, literal(said));
  if (const std::string said = said_only_here(old.old_sql, expression); !said.empty())
    return fmt::format("pg_catalog.strpos({}, {}) = 0", text, literal(said));
  return {};
}

char action_letter(const char action) { return action == '\0' ? 'a' : action; }

std::string key_is_new(const Constraint& key) {
  return fmt::format(
      "confdeltype = '{}' AND confupdtype = '{}' AND confmatchtype = '{}' AND condeferrable = {} AND condeferred = {}",
      action_letter(key.fk_del_action), action_letter(key.fk_upd_action),
      key.fk_matchtype == '\0' ? 's' : key.fk_matchtype, key.deferrable, key.initdeferred);
}

// A condition about a row of pg_constraint, narrowed.
std::string narrowed(std::string condition, std::string_view more) {
  condition.insert(condition.size() - 1, fmt::format(" AND {}", more));
  return condition;
}

// The check's expression, between its parentheses.
std::string_view check_expression(std::string_view clause) {
  const std::size_t behind = after_keyword(clause, "CHECK");
  return behind == std::string_view::npos ? std::string_view() : in_parentheses(clause, behind);
}

// ADD CONSTRAINT … with the name written out.
std::string named_clause(std::string_view clause, const Constraint& constraint, std::string_view name) {
  if (constraint.conname != nullptr) return std::string(clause);
  const std::size_t add = after_keyword(clause, "ADD");
  return fmt::format("{} CONSTRAINT {}{}", clause.substr(0, add), ident(name), clause.substr(add));
}

}  // namespace

std::string replaced_key(const Command& command, std::string_view constraint) {
  return fmt::format("{} {}", command.table_name(), constraint);
}

std::string kind_and_name(const catalog::Catalog& catalog, ::ObjectType kind, const pg::QualifiedName& name) {
  const bool function = kind == OBJECT_FUNCTION;
  const Symbol bare = catalog.symbols.intern(name.name);
  Symbol schema = name.schema.empty() ? catalog.creation_schema() : catalog.symbols.intern(name.schema);
  if (name.schema.empty()) {
    if (const catalog::Function* found = function ? catalog.find_function({}, bare) : nullptr) schema = found->schema;
    if (const catalog::Type* found = function ? nullptr : catalog.find_type({}, bare)) schema = found->schema;
  }
  return fmt::format("{} {}", function ? "function" : "type", catalog.qualified(schema, bare));
}

namespace {

// The name of the type that a command makes; null if it makes none.
const List* made_type(const Node* node) {
  if (const auto* enumeration = pg::as<CreateEnumStmt>(node)) return enumeration->typeName;
  if (const auto* domain = pg::as<CreateDomainStmt>(node)) return domain->domainname;
  if (const auto* range = pg::as<CreateRangeStmt>(node)) return range->typeName;
  return nullptr;
}

}  // namespace

void note_replaced(const Command& command, Context& context) {
  const catalog::Catalog& catalog = *command.catalog;
  const effect::RelationEffect* table = command.table();
  const auto comes = [&](const std::string& key) -> Replaced* {
    const auto found = context.replaced.find(key);
    if (found == context.replaced.end()) return nullptr;
    found->second.comes_again = true;
    return &found->second;
  };
  if (const auto* drop = pg::as<DropStmt>(command.node);
      drop != nullptr &&
      (drop->removeType == OBJECT_INDEX || drop->removeType == OBJECT_TABLE || drop->removeType == OBJECT_VIEW ||
       drop->removeType == OBJECT_MATVIEW || drop->removeType == OBJECT_SEQUENCE)) {
    for (const Node* object : pg::nodes(drop->objects)) {
      const pg::QualifiedName written = pg::object_name(object);
      const catalog::Lookup found =
          catalog.find(written.schema.empty() ? Symbol{} : catalog.symbols.intern(written.schema),
                       catalog.symbols.intern(written.name));
      Replaced old;
      old.is_view = drop->removeType == OBJECT_VIEW;
      if (old.is_view && found.relation != nullptr && found.relation->columns_known)
        for (const catalog::Column& column : found.relation->columns)
          if (!column.dropped) old.old_columns.emplace_back(catalog.text(column.name));
      context.replaced.try_emplace(catalog.qualified(found.schema, found.name), std::move(old));
    }
    return;
  }
  if (const auto* drop = pg::as<DropStmt>(command.node);
      drop != nullptr &&
      (drop->removeType == OBJECT_TYPE || drop->removeType == OBJECT_DOMAIN || drop->removeType == OBJECT_FUNCTION)) {
    for (const Node* object : pg::nodes(drop->objects))
      context.replaced.try_emplace(kind_and_name(catalog, drop->removeType, pg::object_name(object)));
    return;
  }
  if (const List* name = made_type(command.node); name != nullptr) {
    comes(kind_and_name(catalog, OBJECT_TYPE, pg::qualified_name(name)));
    return;
  }
  if (const auto* function = pg::as<CreateFunctionStmt>(command.node)) {
    comes(kind_and_name(catalog, OBJECT_FUNCTION, pg::qualified_name(function->funcname)));
    return;
  }
  if (const auto* index = pg::as<IndexStmt>(command.node); index != nullptr) {
    if (table != nullptr && index->idxname != nullptr)
      comes(catalog.qualified(table->schema, catalog.symbols.intern(index->idxname)));
    return;
  }
  const RangeVar* made = nullptr;
  if (const auto* create = pg::as<CreateStmt>(command.node)) made = create->relation;
  if (const auto* view = pg::as<ViewStmt>(command.node)) made = view->view;
  if (const auto* sequence = pg::as<CreateSeqStmt>(command.node)) made = sequence->sequence;
  if (const auto* as = pg::as<CreateTableAsStmt>(command.node); as != nullptr && as->into != nullptr)
    made = as->into->rel;
  if (made != nullptr) {
    const Symbol schema =
        made->schemaname != nullptr ? catalog.symbols.intern(made->schemaname) : catalog.creation_schema();
    comes(catalog.qualified(schema, catalog.symbols.intern(pg::text(made->relname))));
    return;
  }
  if (const auto* rename = pg::as<RenameStmt>(command.node); rename != nullptr && table != nullptr) {
    comes(catalog.qualified(table->schema, catalog.symbols.intern(pg::text(rename->newname))));
    return;
  }
  if (command.alter == nullptr || table == nullptr || table->relation == nullptr) return;
  if (command.alter->subtype == AT_DropConstraint) {
    const std::string_view name = pg::text(command.alter->name);
    const catalog::Constraint* constraint = catalog::constraint(*table->relation, catalog.symbols.find(name));
    if (constraint == nullptr) return;
    Replaced old;
    old.old_sql = constraint->sql;
    for (const Symbol column : constraint->columns) old.old_columns.emplace_back(catalog.text(column));
    context.replaced.try_emplace(replaced_key(command, name), std::move(old));
    return;
  }
  const auto* constraint =
      command.alter->subtype == AT_AddConstraint ? pg::as<Constraint>(command.alter->def) : nullptr;
  if (constraint == nullptr) return;
  std::string name(pg::text(constraint->conname));
  if (name.empty() && !command.effects->builds.empty()) name = catalog.text(command.effects->builds.front().name);
  if (name.empty() && constraint->contype == CONSTR_FOREIGN)
    name = chosen_name(catalog, *table, strings(constraint->fk_attrs), "fkey");
  Replaced* one = comes(replaced_key(command, name));
  if (one == nullptr) return;
  if (constraint->contype == CONSTR_CHECK) one->is_new = check_is_new(check_expression(command.clause), *one);
  if (constraint->contype == CONSTR_FOREIGN) one->is_new = key_is_new(*constraint);
}

void add_foreign_key(const Command& command, const ::Constraint& key, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  if (table == nullptr || table->is_new || command.part == nullptr || !has(command.part->work, Work::scan) ||
      key.skip_validation)
    return as_written(command, context, pieces);
  if (table->kind == catalog::RelationKind::partitioned_table && command.options->pg_version < 18)
    return refuse(pieces,
                  fmt::format("a foreign key of the partitioned table {} cannot be NOT VALID before PostgreSQL 18",
                              command.table_name()),
                  "add the key to each partition NOT VALID, validate each, then add it to the parent");

  const catalog::Catalog& catalog = *command.catalog;
  const std::vector<std::string> columns = strings(key.fk_attrs);
  const std::string name =
      key.conname != nullptr ? std::string(key.conname) : chosen_name(catalog, *table, columns, "fkey");
  const catalog::Lookup parent = catalog.find(*key.pktable);
  const std::string references = catalog.qualified(parent.schema, parent.name);
  const std::string child = command.table_name();
  if (parent.relation != nullptr && parent.relation->kind == catalog::RelationKind::partitioned_table &&
      command.options->pg_version < 18)
    return refuse(
        pieces,
        fmt::format("{} is partitioned, and VALIDATE CONSTRAINT leaves what the server makes of the key for each "
                    "of its partitions NOT VALID before PostgreSQL 18",
                    references),
        "add the key as it is written where few rows point there, in a migration of its own");
  pieces.by = Operation::add_foreign_key;
  assume(catalog, *table, {}, pieces);

  // A fill that makes the values right comes first.
  const bool written =
      std::ranges::any_of(columns, [&](const std::string& column) { return context.writes(child, column); });
  const Slot slot = written ? Slot::build : Slot::expand;

  // The referenced table by its full name, whatever search_path says.
  std::string clause = named_clause(command.clause, key, name);
  const std::size_t behind = after_keyword(clause, "REFERENCES");
  if (behind != std::string::npos) {
    const Span at = name_at(clause, behind);
    clause = edited(clause, {{at.begin, at.end, references}});
  }
  std::string present = probe::constraint(child, name, 'f', probe::Valid::any, columns, references);
  std::string valid = probe::constraint(child, name, 'f', probe::Valid::valid, columns, references);
  Step add = step(fmt::format("add-{}", slug(name)), "Checked for new rows from now on; old ones are not read",
                  {command.alone(clause) + " NOT VALID"}, {});
  add.undo = {fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", child, ident(name))};
  if (const Replaced* old = context.again(replaced_key(command, name)); old != nullptr) {
    // In one transaction: no row gets in between that neither of the two has looked at.
    present = narrowed(std::move(present), old->is_new);
    valid = narrowed(std::move(valid), old->is_new);
    add.sql.insert(add.sql.begin(), fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", child, ident(name)));
    add.comment = "In place of the one that is there. " + add.comment;
    add.undo.clear();
    add.irreversible = true;
  }
  add.done_when = probe::query(present);
  const std::string id = add.id;
  place(pieces, slot, std::move(add));
  place(pieces, Slot::build, validate(child, name, valid));

  // What only the plan makes, rows or a table, cannot be asked about before it.
  if (written || (parent.relation != nullptr && parent.relation->created.migration != 0 &&
                  parent.relation->created.migration >= context.first_migration))
    return;
  std::vector<std::string> other = strings(key.pk_attrs);
  if (other.empty() && parent.relation != nullptr) {
    for (const catalog::Constraint* constraint : parent.relation->constraints)
      if (!constraint->dropped && constraint->kind == catalog::ConstraintKind::primary_key)
        for (const Symbol column : constraint->columns) other.emplace_back(catalog.text(column));
  }
  if (other.size() != columns.size()) return;
  std::string equal;
  std::string there;
  std::string list;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Renamed* renamed = context.renamed_to(table->relation, catalog.symbols.find(columns[i]));
    const std::string column = ident(renamed != nullptr ? catalog.text(renamed->from) : std::string_view(columns[i]));
    const Renamed* pointed_to = context.renamed_to(parent.relation, catalog.symbols.find(other[i]));
    equal +=
        fmt::format("{}parent.{} = child.{}", i == 0 ? "" : " AND ",
                    ident(pointed_to != nullptr ? catalog.text(pointed_to->from) : std::string_view(other[i])), column);
    there += fmt::format("child.{} IS NOT NULL AND ", column);
    list += fmt::format("{}child.{}", i == 0 ? "" : ", ", column);
  }
  pieces.checks.push_back(
      {fmt::format("orphans-{}", slug(name)), id,
       fmt::format("SELECT {} FROM {} AS child WHERE {}NOT EXISTS (SELECT FROM {} AS parent WHERE {}) LIMIT 10", list,
                   child, there, references, equal),
       fmt::format("{} has rows that point to nothing in {}: the foreign key {} would fail", child, references, name)});
}

void add_check(const Command& command, const ::Constraint& check, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  if (table == nullptr || table->is_new || command.part == nullptr || !has(command.part->work, Work::scan) ||
      check.skip_validation)
    return as_written(command, context, pieces);
  const catalog::Catalog& catalog = *command.catalog;
  std::set<std::string> named;
  pg::each<ColumnRef>(check.raw_expr, [&](const ColumnRef& column) { named.emplace(pg::column_name(column)); });
  named.erase("");  // a whole row
  const std::string name =
      check.conname != nullptr
          ? std::string(check.conname)
          : chosen_name(catalog, *table, named.size() == 1 ? std::vector{*named.begin()} : std::vector<std::string>(),
                        "check");
  const std::string on = command.table_name();
  pieces.by = Operation::add_check;
  assume(catalog, *table, {}, pieces);

  std::string there = probe::constraint(on, name, 'c', probe::Valid::any);
  std::string valid = probe::constraint(on, name, 'c', probe::Valid::valid);
  if (const Replaced* old = context.again(replaced_key(command, name)); old != nullptr) {
    if (old->is_new.empty())
      return refuse(pieces, fmt::format("nothing tells the new check {} from the one that it replaces", name),
                    "give the new one another name");
    there = narrowed(std::move(there), old->is_new);
    valid = narrowed(std::move(valid), old->is_new);
  }
  Step add = step(fmt::format("add-{}", slug(name)), "Holds for new rows from now on; old ones are not read",
                  {command.alone(named_clause(command.clause, check, name)) + " NOT VALID"}, there);
  add.undo = {fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", on, ident(name))};
  const std::string id = add.id;
  place(pieces, Slot::tighten, std::move(add));
  place(pieces, Slot::tighten, validate(on, name, valid));
  pieces.release.push_back(fmt::format("writes no row that {} forbids", name));
  pieces.why.push_back(
      fmt::format("until then the release that runs now may write rows that {} forbids, which would fail", name));

  // What only the plan makes cannot be asked about before it; what it renames has its old name then.
  bool askable = true;
  NewNames names;
  pg::each<ColumnRef>(check.raw_expr, [&](const ColumnRef& column) {
    const Symbol symbol = catalog.symbols.find(pg::column_name(column));
    const catalog::Column* known = table->relation != nullptr ? catalog::column(*table->relation, symbol) : nullptr;
    askable = askable && !context.writes(on, pg::column_name(column)) && known != nullptr &&
              known->created.migration < catalog.now.migration;
    if (const Renamed* renamed = context.renamed_to(table->relation, symbol))
      names.emplace_back(std::string(pg::column_name(column)), std::string(catalog.text(renamed->from)));
  });
  const std::string_view expression = check_expression(command.clause);
  if (askable && !expression.empty())
    pieces.checks.push_back(
        {fmt::format("violations-{}", slug(name)), id,
         fmt::format("SELECT 1 FROM {} WHERE NOT ({}) LIMIT 10", on,
                     with_names(expression, {0, static_cast<std::uint32_t>(expression.size())}, names)),
         fmt::format("{} has rows that {} forbids: adding it would fail", on, name)});
}

namespace {

bool adds_primary_key(const Command& command) {
  const auto* statement = pg::as<AlterTableStmt>(command.node);
  if (statement == nullptr) return false;
  return std::ranges::any_of(pg::list<AlterTableCmd>(statement->cmds), [](const AlterTableCmd& one) {
    const auto* constraint = one.subtype == AT_AddConstraint ? pg::as<::Constraint>(one.def) : nullptr;
    return constraint != nullptr && constraint->contype == CONSTR_PRIMARY;
  });
}

}  // namespace

void drop_constraint(const Command& command, Context& context, Pieces& pieces) {
  const effect::RelationEffect* table = command.table();
  const std::string_view name = pg::text(command.alter->name);
  const catalog::Catalog& catalog = *command.catalog;
  if (table == nullptr || table->relation == nullptr || table->is_new) return as_written(command, context, pieces);
  const catalog::Constraint* constraint = catalog::constraint(*table->relation, catalog.symbols.find(name));
  if (constraint == nullptr) return as_written(command, context, pieces);

  // One on a column that is being renamed stands on the old column, and goes with it.
  for (const Symbol column : constraint->columns)
    if (const Renamed* renamed = context.renamed_to(table->relation, column); renamed != nullptr && !renamed->follows) {
      context.kept_names.push_back(catalog.qualified(table->schema, constraint->name));
      pieces.by = Operation::drop_constraint;
      return;
    }

  const std::string on = command.table_name();
  const bool index = constraint->index != nullptr;
  char kind = 'c';
  switch (constraint->kind) {
    case catalog::ConstraintKind::primary_key:
      kind = 'p';
      break;
    case catalog::ConstraintKind::unique:
      kind = 'u';
      break;
    case catalog::ConstraintKind::foreign_key:
      kind = 'f';
      break;
    case catalog::ConstraintKind::exclusion:
      kind = 'x';
      break;
    case catalog::ConstraintKind::not_null:
      kind = 'n';
      break;
    case catalog::ConstraintKind::check:
      break;
  }
  const Replaced* again = context.again(replaced_key(command, name));
  if (again == nullptr && index && !adds_primary_key(command) &&
      refuse_loss_of_identity(catalog, *table->relation, constraint->index, name, pieces))
    return;
  std::string there = probe::constraint(on, name, kind, probe::Valid::any);
  // The step that adds the new key drops the old one.
  if (again != nullptr && kind == 'f' && !again->is_new.empty()) {
    pieces.by = Operation::drop_constraint;
    return;
  }
  if (again != nullptr && kind == 'c' && !again->is_new.empty())
    there = narrowed(std::move(there), fmt::format("NOT ({})", again->is_new));
  if (again != nullptr && index) {
    // The same for one that is an index.
    pieces.by = Operation::drop_constraint;
    context.kept_names.push_back(catalog.qualified(table->schema, constraint->name));
    context.old_index[replaced_key(command, name)] = there;
    pieces.release.push_back(fmt::format("has no ON CONFLICT that needs {} as it was", name));
    pieces.why.push_back(fmt::format("an ON CONFLICT of the release that runs now may need {} as it was", name));
    return;
  }
  Step drop = step(fmt::format("drop-{}", slug(name)), fmt::format("Drops the constraint {}", name), {command.alone()},
                   probe::no(there));
  drop.irreversible = true;
  if (!index) return place(pieces, Slot::expand, std::move(drop));
  // ON CONFLICT of the release that runs now may need it.
  pieces.by = Operation::drop_constraint;
  pieces.release.push_back(fmt::format("has no ON CONFLICT that needs {}", name));
  pieces.why.push_back(fmt::format("an ON CONFLICT of the release that runs now may need {}", name));
  place(pieces, Slot::contract, std::move(drop));
}

}  // namespace pglint::recipe
