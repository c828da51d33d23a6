// Views and materialized views.

#include <algorithm>
#include <array>

#include "catalog/expression.h"
#include "catalog/quote.h"
#include "catalog/replay.h"
#include "effect/model.h"
#include "pg/lexer.h"
#include "pg/parse.h"

namespace pglint::effect {
namespace {

// What CREATE OR REPLACE VIEW refuses: the columns that are there must keep their place, name and type. Says nothing of
// columns that the query does not spell out.
void check_columns(Model& model, const Relation& view, const ::ViewStmt& statement) {
  const auto* select = pg::as<::SelectStmt>(statement.query);
  if (select == nullptr || select->op != SETOP_NONE || !view.columns_known) return;
  const auto targets = pg::nodes(select->targetList);
  const auto aliases = pg::nodes(statement.aliases);
  const auto items = pg::nodes(select->fromClause);
  const auto* only = items.size() == 1 ? pg::as<::RangeVar>(items[0]) : nullptr;
  for (const ::Node* node : targets) {
    const auto* target = pg::as<::ResTarget>(node);
    const auto* reference = target != nullptr ? pg::as<::ColumnRef>(target->val) : nullptr;
    if (target == nullptr || (reference != nullptr && pg::column_name(*reference).empty())) return;  // a star
  }
  std::size_t before = 0;
  for (const catalog::Column& column : view.columns) before += column.dropped ? 0 : 1;
  if (targets.size() < before) return model.fail("42P16", "cannot drop columns from view");

  std::size_t place = 0;
  for (const catalog::Column& column : view.columns) {
    if (column.dropped) continue;
    const auto& target = *pg::as<::ResTarget>(targets[place]);
    std::string_view name = place < aliases.size()   ? pg::string(aliases[place])
                            : target.name != nullptr ? pg::text(target.name)
                                                     : catalog::output_name(target.val);
    ++place;
    if (name.empty()) continue;
    if (model.symbol(name) != column.name)
      return model.fail("42P16", "cannot change name of view column \"{}\" to \"{}\"", model.text(column.name), name);
    catalog::TypeName type;
    if (const auto* cast = pg::as<::TypeCast>(target.val)) {
      type = type_of(model, cast->typeName);
    } else if (const auto* reference = pg::as<::ColumnRef>(target.val); reference != nullptr && only != nullptr) {
      const Lookup found = model.find(only);
      const catalog::Column* from = found.relation != nullptr
                                        ? catalog::column(*found.relation, model.symbol(pg::column_name(*reference)))
                                        : nullptr;
      if (from != nullptr) type = from->type;
    }
    if (!type.name || !column.type.name) continue;
    if (type.name != column.type.name || type.array_dimensions != column.type.array_dimensions)
      return model.fail("42P16", "cannot change data type of view column \"{}\" from {} to {}", model.text(column.name),
                        type_text(model, column.type), type_text(model, type));
  }
}

// A materialized view can be refreshed beside readers if its rows can be told apart.
bool has_fit_index(const Relation& view) {
  return std::any_of(view.indexes.begin(), view.indexes.end(), [](const Relation* index) {
    return !index->dropped && index->index != nullptr && index->index->unique && index->index->valid &&
           index->index->predicate.empty() &&
           std::all_of(index->index->keys.begin(), index->index->keys.end(),
                       [](const catalog::IndexKey& key) { return static_cast<bool>(key.column); });
  });
}

}  // namespace

namespace {

// Whether a query may name a relation: without one of these words it cannot.
bool may_name_relations(std::string_view sql) {
  constexpr std::array words = std::to_array<std::string_view>({"from", "into", "update", "table"});
  return std::ranges::any_of(words, [&](std::string_view word) {
    const auto same = [](char written, char letter) { return (written | 0x20) == letter; };
    return std::search(sql.begin(), sql.end(), word.begin(), word.end(), same) != sql.end();
  });
}

}  // namespace

namespace {

// False only where both types are known, and are not the same one. What was renamed since is known by its new name.
bool may_be_same(const Model& model, const catalog::TypeName& a, const catalog::TypeName& b) {
  if (!a.name || !b.name) return true;
  if (a.name == b.name) return (a.array_dimensions > 0) == (b.array_dimensions > 0);
  const auto stands = [&](const catalog::TypeName& type) {
    return model.catalog.is_builtin_type(type.name) || model.catalog.find_type(type) != nullptr ||
           model.catalog.find(type.schema, type.name).presence == Presence::known;
  };
  return !stands(a) || !stands(b);
}

// Whether two lists have the same columns of output, in name and type.
template <class A, class B>
bool same_output(const Model& model, const A& before, const B& after) {
  auto at = after.begin();
  const auto next = [&] { at = std::find_if(at, after.end(), [](const auto& one) { return one.is_output(); }); };
  for (const catalog::Parameter& parameter : before) {
    if (!parameter.is_output()) continue;
    next();
    if (at == after.end() || at->name != parameter.name || !may_be_same(model, parameter.type, at->type)) return false;
    ++at;
  }
  next();
  return at == after.end();
}

// What CREATE OR REPLACE refuses: calls that are prepared, and views that use the function, rely on what it returns, on
// the names of its parameters, and on their defaults.
void check_replaced(Model& model, const catalog::Function& before, const catalog::FunctionShape& after,
                    bool procedure) {
  if (before.procedure != procedure || before.aggregate) return model.fail("42809", "cannot change routine kind");
  if (before.returns_set != after.returns_set || !may_be_same(model, before.returns, after.returns)) {
    if (procedure) return model.fail("42P13", "cannot change whether a procedure has output parameters");
    return model.fail("42P13", "cannot change return type of existing function");
  }
  if (model.text(after.returns.name) == "record" && !same_output(model, before.parameters, after.parameters))
    return model.fail("42P13", "cannot change return type of existing function");
  auto at = after.parameters.begin();
  const auto has_default = [](const catalog::Parameter& parameter) { return parameter.has_default; };
  for (const catalog::Parameter& parameter : before.parameters) {
    if (!parameter.is_input()) continue;
    at = std::find_if(at, after.parameters.end(), [](const catalog::Parameter& one) { return one.is_input(); });
    if (at == after.parameters.end()) break;
    if (parameter.name && at->name != parameter.name)
      return model.fail("42P13", "cannot change name of input parameter \"{}\"", model.text(parameter.name));
    ++at;
  }
  if (std::ranges::count_if(after.parameters, has_default) < std::ranges::count_if(before.parameters, has_default))
    model.fail("42P13", "cannot remove parameter defaults from existing function");
}

// What no server takes, whatever is there.
void check_shape(Model& model, const ::CreateFunctionStmt& statement, const catalog::FunctionShape& shape) {
  if (pg::option(statement.options, "language") == nullptr && statement.sql_body == nullptr)
    return model.fail("42P13", "no language specified");
  for (const ::FunctionParameter& parameter : pg::only<::FunctionParameter>(statement.parameters)) {
    const auto* type = parameter.argType;
    if (type == nullptr || type->pct_type) continue;
    const auto name = pg::qualified_name(type->names);
    check_type(model, name.schema, name.name);
  }
  bool defaults = false;
  for (auto one = shape.parameters.begin(); one != shape.parameters.end(); ++one) {
    if (one->is_input() && defaults && !one->has_default)
      return model.fail("42P13", "input parameters after one with a default value must also have defaults");
    defaults = defaults || (one->is_input() && one->has_default);
    if (!one->name) continue;
    const bool again = std::any_of(shape.parameters.begin(), one, [&](const catalog::Parameter& other) {
      // What only goes in and what only comes out may share a name.
      const bool beside = one->is_output() != other.is_output() && one->is_input() != other.is_input();
      return other.name == one->name && !beside;
    });
    if (again) return model.fail("42P13", "parameter name \"{}\" used more than once", model.text(one->name));
  }
  if (!shape.returns.name && statement.returnType == nullptr &&
      std::none_of(shape.parameters.begin(), shape.parameters.end(),
                   [](const catalog::Parameter& one) { return one.is_output(); }))
    return model.fail("42P13", "function result type must be specified");
  if (pg::option(statement.options, "as") == nullptr && statement.sql_body == nullptr)
    model.fail("42P13", "no function body specified");
}

}  // namespace

// A function in SQL is analysed when it is made.
void create_function(Model& model, const ::CreateFunctionStmt& statement) {
  const catalog::FunctionShape shape = catalog::shape_of(model.catalog, statement);
  check_shape(model, statement, shape);
  if (const catalog::Function* before = catalog::function_like(model.catalog, statement, shape.signature)) {
    if (!statement.replace)
      model.fail("42723", "function \"{}\" already exists with same argument types", pg::last_name(statement.funcname));
    else
      check_replaced(model, *before, shape, statement.is_procedure);
  }
  if (statement.sql_body != nullptr) return query(model, statement.sql_body, Run::analyse);
  const ::DefElem* language = pg::option(statement.options, "language");
  const ::DefElem* body = pg::option(statement.options, "as");
  if (language == nullptr || body == nullptr || pg::value(*language) != "sql") return;
  const auto parts = pg::nodes(pg::as<::List>(body->arg));
  if (parts.size() != 1) return;
  const std::string_view text = pg::string(parts[0]);
  if (!may_name_relations(text)) return;
  const pg::Lexed lexed = pg::lex(text, {.psql = false});
  pg::parse(text, 0, lexed, [&](const pg::Parsed& parsed) {
    switch (parsed.node != nullptr ? parsed.node->type : T_Invalid) {
      case T_SelectStmt:
      case T_InsertStmt:
      case T_UpdateStmt:
      case T_DeleteStmt:
      case T_MergeStmt:
        query(model, parsed.node, Run::analyse);
        break;
      default:
        break;
    }
    return true;
  });
}

void create_view(Model& model, const ::ViewStmt& statement) {
  const Symbol schema = model.schema_for(*statement.view);
  const Symbol name = model.symbol(statement.view->relname);
  const Lookup found = model.catalog.find(schema, name);
  if (found.presence == Presence::known) {
    if (!statement.replace) return model.fail("42P07", "relation \"{}\" already exists", model.text(name));
    if (found.relation->kind != RelationKind::view)
      return model.fail("42809", "\"{}\" is not a view", model.text(name));
    model.lock(*found.relation, LockMode::access_exclusive, Because::target);
    check_columns(model, *found.relation, statement);
  } else if (statement.replace && found.presence == Presence::unknown && found.relation != nullptr) {
    model.lock(found, RelationKind::view, LockMode::access_exclusive, Because::target);
  } else {
    model.made(RelationKind::view, schema, name, Because::target);
  }
  query(model, statement.query, Run::analyse);
}

void refresh(Model& model, const ::RefreshMatViewStmt& statement) {
  const Lookup found = model.find(statement.relation);
  const Relation* view = found.relation;
  const bool concurrent = statement.concurrent;
  const bool reads = !statement.skipData;
  if (!model.open(found, RelationKind::materialized_view, concurrent ? LockMode::exclusive : LockMode::access_exclusive,
                  Because::target,
                  !reads       ? Work::none
                  : concurrent ? Work::scan
                               : Work::rewrite))
    return;
  if (view != nullptr && view->known && view->kind != RelationKind::materialized_view && !view->is_table())
    return model.fail("42809", "\"{}\" is not a table or materialized view", model.text(found.name));
  if (view != nullptr && view->known && view->kind != RelationKind::materialized_view)
    return model.fail("0A000", "\"{}\" is not a materialized view", model.text(found.name));
  if (concurrent && statement.skipData)
    return model.fail("42601", "REFRESH options CONCURRENTLY and WITH NO DATA cannot be used together");
  if (view == nullptr) return;
  if (concurrent && view->known && !has_fit_index(*view))
    return model.fail("55000", "cannot refresh materialized view \"{}\" concurrently", model.catalog.qualified(*view));
  each_index(*view, [&](const Relation& index) {
    if (concurrent)
      model.lock(index, LockMode::row_exclusive, Because::index);
    else if (reads)
      model.rebuild(index);
    else
      model.lock(index, LockMode::access_exclusive, Because::index);
  });
  if (reads) lock_base(model, *view, LockMode::access_share, Work::scan, true);
}

}  // namespace pglint::effect
