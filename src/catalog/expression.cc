#include "catalog/expression.h"

#include <algorithm>
#include <string>

#include "pg/node.h"
#include "pg/tree.h"

namespace pglint::catalog {
namespace {

// Expressions nest a few levels. What is deeper is walked on the heap, or not reasoned about.
constexpr int deepest = 100;

// No table has more.
constexpr std::uint32_t most_columns = 1600;

void add_once(Vec<Symbol>& to, Symbol symbol, Arena& arena) {
  if (symbol && to.size() < most_columns && std::find(to.begin(), to.end(), symbol) == to.end())
    push(to, symbol, arena);
}

class Collector {
 public:
  Collector(Catalog& catalog, Vec<Symbol>& columns) : catalog_(catalog), columns_(columns) {}

  void collect(const ::Node* node, int depth) {
    if (node == nullptr) return;
    if (depth > deepest) {
      pg::each<::ColumnRef>(node, [this](const ::ColumnRef& column) { add(column); });
      return;
    }
    // The usual ones by hand, the rest as the tree helper knows them.
    switch (node->type) {
      case T_A_Const:
      case T_SQLValueFunction:
        return;
      case T_ColumnRef:
        add(pg::cast<::ColumnRef>(node));
        return;
      case T_A_Expr: {
        const auto& expression = pg::cast<::A_Expr>(node);
        collect(expression.lexpr, depth + 1);
        if (const auto* list = pg::as<::List>(expression.rexpr)) {
          for (const ::Node* item : pg::nodes(list)) collect(item, depth + 1);
        } else {
          collect(expression.rexpr, depth + 1);
        }
        return;
      }
      case T_BoolExpr:
        for (const ::Node* item : pg::nodes(pg::cast<::BoolExpr>(node).args)) collect(item, depth + 1);
        return;
      case T_NullTest:
        collect(reinterpret_cast<const ::Node*>(pg::cast<::NullTest>(node).arg), depth + 1);
        return;
      case T_TypeCast:
        collect(pg::cast<::TypeCast>(node).arg, depth + 1);
        return;
      case T_FuncCall:
        if (const auto& call = pg::cast<::FuncCall>(node);
            call.agg_order == nullptr && call.agg_filter == nullptr && call.over == nullptr) {
          for (const ::Node* argument : pg::nodes(call.args)) collect(argument, depth + 1);
          return;
        }
        pg::each<::ColumnRef>(node, [this](const ::ColumnRef& column) { add(column); });
        return;
      default:
        pg::each<::ColumnRef>(node, [this](const ::ColumnRef& column) { add(column); });
    }
  }

 private:
  void add(const ::ColumnRef& column) {
    const std::string_view name = pg::column_name(column);
    if (!name.empty()) add_once(columns_, catalog_.symbols.intern(name), catalog_.arena);
  }

  Catalog& catalog_;
  Vec<Symbol>& columns_;
};

bool contains(const Vec<Symbol>& all, Symbol one) { return std::find(all.begin(), all.end(), one) != all.end(); }

const ::ColumnRef* plain_column(const void* node) { return pg::as<::ColumnRef>(node); }

// `negated`: what NOT (node) implies.
Vec<Symbol> implied(Catalog& catalog, const ::Node* node, bool negated, int depth) {
  Vec<Symbol> out;
  if (node == nullptr || depth > deepest) return out;
  if (const auto* test = pg::as<::NullTest>(node)) {
    if ((test->nulltesttype == IS_NOT_NULL) == negated) return out;
    if (const auto* column = plain_column(test->arg))
      add_once(out, catalog.symbols.intern(pg::column_name(*column)), catalog.arena);
    return out;
  }
  if (const auto* expression = pg::as<::A_Expr>(node)) {
    // x IS DISTINCT FROM NULL is a null test in other words.
    const bool distinct = expression->kind == AEXPR_DISTINCT;
    if (!distinct && expression->kind != AEXPR_NOT_DISTINCT) return out;
    if (distinct == negated) return out;
    const auto* left = plain_column(expression->lexpr);
    const auto* right = plain_column(expression->rexpr);
    const auto* constant = pg::as<::A_Const>(left != nullptr ? expression->rexpr : expression->lexpr);
    if (const auto* column = left != nullptr ? left : right;
        column != nullptr && constant != nullptr && constant->isnull)
      add_once(out, catalog.symbols.intern(pg::column_name(*column)), catalog.arena);
    return out;
  }
  const auto* boolean = pg::as<::BoolExpr>(node);
  if (boolean == nullptr) return out;
  const auto arguments = pg::nodes(boolean->args);
  if (boolean->boolop == NOT_EXPR) return arguments.empty() ? out : implied(catalog, arguments[0], !negated, depth + 1);
  const bool all_hold = (boolean->boolop == AND_EXPR) != negated;
  bool first = true;
  for (const ::Node* argument : arguments) {
    const Vec<Symbol> part = implied(catalog, argument, negated, depth + 1);
    if (all_hold) {
      for (const Symbol symbol : part) add_once(out, symbol, catalog.arena);
    } else if (first) {
      out = part;
    } else {
      Vec<Symbol> both;
      for (const Symbol symbol : out)
        if (contains(part, symbol)) push(both, symbol, catalog.arena);
      out = both;
    }
    first = false;
    if (!all_hold && out.empty()) break;
  }
  return out;
}

// What names a column, and how strongly: a cast gives way to what it casts.
struct Named {
  std::string_view name = {};
  int strength = 0;
};

Named named(const ::Node* node, int depth);

Named named_list(const ::List* names) { return {pg::last_name(names), 2}; }

Named named_sub_select(const ::SubLink& link, int depth) {
  switch (link.subLinkType) {
    case EXISTS_SUBLINK:
      return {"exists", 2};
    case ARRAY_SUBLINK:
      return {"array", 2};
    case EXPR_SUBLINK: {
      const auto* select = pg::as<::SelectStmt>(link.subselect);
      for (int levels = 0; select != nullptr && select->op != SETOP_NONE && levels < deepest; ++levels)
        select = select->larg;
      if (select == nullptr || pg::nodes(select->targetList).empty()) return {};
      const auto* target = pg::as<::ResTarget>(pg::nodes(select->targetList)[0]);
      if (target == nullptr) return {};
      if (target->name != nullptr) return {target->name, 2};
      return named(target->val, depth + 1);
    }
    default:
      return {};
  }
}

std::string_view value_function(::SQLValueFunctionOp op) {
  switch (op) {
    case SVFOP_CURRENT_DATE:
      return "current_date";
    case SVFOP_CURRENT_TIME:
    case SVFOP_CURRENT_TIME_N:
      return "current_time";
    case SVFOP_CURRENT_TIMESTAMP:
    case SVFOP_CURRENT_TIMESTAMP_N:
      return "current_timestamp";
    case SVFOP_LOCALTIME:
    case SVFOP_LOCALTIME_N:
      return "localtime";
    case SVFOP_LOCALTIMESTAMP:
    case SVFOP_LOCALTIMESTAMP_N:
      return "localtimestamp";
    case SVFOP_CURRENT_ROLE:
      return "current_role";
    case SVFOP_CURRENT_USER:
      return "current_user";
    case SVFOP_USER:
      return "user";
    case SVFOP_SESSION_USER:
      return "session_user";
    case SVFOP_CURRENT_CATALOG:
      return "current_catalog";
    case SVFOP_CURRENT_SCHEMA:
      return "current_schema";
  }
  return {};
}

Named named(const ::Node* node, int depth) {
  if (node == nullptr || depth > deepest) return {};
  switch (node->type) {
    case T_ColumnRef:
      return {pg::column_name(pg::cast<::ColumnRef>(node)), 2};
    case T_A_Indirection: {
      const auto& indirection = pg::cast<::A_Indirection>(node);
      std::string_view field;
      for (const ::Node* part : pg::nodes(indirection.indirection))
        if (const std::string_view name = pg::string(part); !name.empty()) field = name;
      return field.empty() ? named(indirection.arg, depth + 1) : Named{field, 2};
    }
    case T_FuncCall:
      return named_list(pg::cast<::FuncCall>(node).funcname);
    case T_A_Expr:
      return pg::cast<::A_Expr>(node).kind == AEXPR_NULLIF ? Named{"nullif", 2} : Named{};
    case T_TypeCast: {
      const auto& cast = pg::cast<::TypeCast>(node);
      const Named below = named(cast.arg, depth + 1);
      if (below.strength > 1 || cast.typeName == nullptr) return below;
      return {pg::last_name(cast.typeName->names), 1};
    }
    case T_CollateClause:
      return named(pg::cast<::CollateClause>(node).arg, depth + 1);
    case T_GroupingFunc:
      return {"grouping", 2};
    case T_MergeSupportFunc:
      return {"merge_action", 2};
    case T_SubLink:
      return named_sub_select(pg::cast<::SubLink>(node), depth);
    case T_CaseExpr: {
      const auto& choice = pg::cast<::CaseExpr>(node);
      const Named below = named(reinterpret_cast<const ::Node*>(choice.defresult), depth + 1);
      return below.strength > 1 ? below : Named{"case", 1};
    }
    case T_A_ArrayExpr:
      return {"array", 2};
    case T_RowExpr:
      return {"row", 2};
    case T_CoalesceExpr:
      return {"coalesce", 2};
    case T_MinMaxExpr:
      return {pg::cast<::MinMaxExpr>(node).op == IS_GREATEST ? "greatest" : "least", 2};
    case T_SQLValueFunction:
      return {value_function(pg::cast<::SQLValueFunction>(node).op), 2};
    case T_XmlExpr: {
      const auto& xml = pg::cast<::XmlExpr>(node);
      switch (xml.op) {
        case IS_XMLCONCAT:
          return {"xmlconcat", 2};
        case IS_XMLELEMENT:
          return {"xmlelement", 2};
        case IS_XMLFOREST:
          return {"xmlforest", 2};
        case IS_XMLPARSE:
          return {"xmlparse", 2};
        case IS_XMLPI:
          return {"xmlpi", 2};
        case IS_XMLROOT:
          return {"xmlroot", 2};
        default:
          return {};
      }
    }
    case T_XmlSerialize:
      return {"xmlserialize", 2};
    case T_JsonParseExpr:
      return {"json", 2};
    case T_JsonScalarExpr:
      return {"json_scalar", 2};
    case T_JsonSerializeExpr:
      return {"json_serialize", 2};
    case T_JsonObjectConstructor:
      return {"json_object", 2};
    case T_JsonArrayConstructor:
    case T_JsonArrayQueryConstructor:
      return {"json_array", 2};
    case T_JsonObjectAgg:
      return {"json_objectagg", 2};
    case T_JsonArrayAgg:
      return {"json_arrayagg", 2};
    case T_JsonFuncExpr:
      switch (pg::cast<::JsonFuncExpr>(node).op) {
        case JSON_EXISTS_OP:
          return {"json_exists", 2};
        case JSON_QUERY_OP:
          return {"json_query", 2};
        case JSON_VALUE_OP:
          return {"json_value", 2};
        default:
          return {};
      }
    default:
      return {};
  }
}

}  // namespace

Vec<Symbol> columns_named(Catalog& catalog, const ::Node* expression) {
  Vec<Symbol> columns;
  add_columns_named(catalog, expression, columns);
  return columns;
}

void add_columns_named(Catalog& catalog, const ::Node* expression, Vec<Symbol>& to) {
  Collector(catalog, to).collect(expression, 0);
}

Vec<Symbol> implied_not_null(Catalog& catalog, const ::Node* expression) {
  return implied(catalog, expression, false, 0);
}

int start_of(const ::Node* expression) {
  int first = -1;
  const auto consider = [&first](int location) {
    if (location >= 0 && (first < 0 || location < first)) first = location;
    return first;
  };
  while (expression != nullptr) {
    switch (expression->type) {
      case T_A_Const:
        return consider(pg::cast<::A_Const>(expression).location);
      case T_ColumnRef:
        return consider(pg::cast<::ColumnRef>(expression).location);
      case T_FuncCall:
        return consider(pg::cast<::FuncCall>(expression).location);
      case T_SQLValueFunction:
        return consider(pg::cast<::SQLValueFunction>(expression).location);
      case T_A_ArrayExpr:
        return consider(pg::cast<::A_ArrayExpr>(expression).location);
      case T_CoalesceExpr:
        return consider(pg::cast<::CoalesceExpr>(expression).location);
      case T_MinMaxExpr:
        return consider(pg::cast<::MinMaxExpr>(expression).location);
      case T_CaseExpr:
        return consider(pg::cast<::CaseExpr>(expression).location);
      case T_RowExpr:
        return consider(pg::cast<::RowExpr>(expression).location);
      case T_SubLink:
        return consider(pg::cast<::SubLink>(expression).location);
      case T_TypeCast: {
        // int '1' and CAST (…) begin with themselves, 1::int with what is cast.
        const auto& cast = pg::cast<::TypeCast>(expression);
        consider(cast.location);
        if (cast.typeName != nullptr) consider(cast.typeName->location);
        expression = cast.arg;
        break;
      }
      case T_A_Expr: {
        const auto& operation = pg::cast<::A_Expr>(expression);
        consider(operation.location);
        if (operation.lexpr == nullptr) return first;
        expression = operation.lexpr;
        break;
      }
      case T_BoolExpr: {
        const auto& boolean = pg::cast<::BoolExpr>(expression);
        consider(boolean.location);
        if (boolean.boolop == NOT_EXPR || pg::nodes(boolean.args).empty()) return first;
        expression = pg::nodes(boolean.args)[0];
        break;
      }
      case T_NullTest:
        expression = reinterpret_cast<const ::Node*>(pg::cast<::NullTest>(expression).arg);
        break;
      case T_BooleanTest:
        expression = reinterpret_cast<const ::Node*>(pg::cast<::BooleanTest>(expression).arg);
        break;
      case T_A_Indirection:
        expression = pg::cast<::A_Indirection>(expression).arg;
        break;
      case T_CollateClause:
        expression = pg::cast<::CollateClause>(expression).arg;
        break;
      default:
        return -1;
    }
  }
  return -1;
}

bool read_name(SymbolTable& symbols, std::string_view text, Symbol& schema, Symbol& name) {
  std::string part;
  Symbol parts[2];
  std::size_t count = 0;
  std::size_t i = 0;
  while (true) {
    part.clear();
    if (i < text.size() && text[i] == '"') {
      for (++i; i < text.size(); ++i) {
        if (text[i] == '"') {
          if (i + 1 == text.size() || text[i + 1] != '"') break;
          ++i;
        }
        part += text[i];
      }
      if (i == text.size()) return false;
      ++i;
    } else {
      for (; i < text.size() && text[i] != '.'; ++i) {
        if (text[i] == '"' || text[i] == ' ') return false;
        part += text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
      }
    }
    if (part.empty()) return false;
    if (count == 2) return false;
    parts[count++] = symbols.intern(part);
    if (i == text.size()) break;
    if (text[i++] != '.') return false;
  }
  schema = count == 2 ? parts[0] : Symbol{};
  name = parts[count - 1];
  return true;
}

std::string_view output_name(const ::Node* expression) { return named(expression, 0).name; }

}  // namespace pglint::catalog
