#include "effect/partition_bound.h"

#include <algorithm>
#include <optional>
#include <string>

#include "pg/lexer.h"
#include "pg/parse.h"

namespace pglint::effect {
namespace {

using Constant = catalog::BoundValue;

// 2024-01-31, or a longer one of the same form: their order is the order of the letters.
bool is_iso_date(std::string_view text) {
  return text.size() >= 10 && text[4] == '-' && text[7] == '-' && text[0] >= '0' && text[0] <= '9';
}

// Less than 0, 0 or more; nothing where the order cannot be told.
std::optional<int> compare(const Constant& a, const Constant& b) {
  if (a.is_number != b.is_number) return std::nullopt;
  if (a.is_number) return a.number < b.number ? -1 : a.number > b.number ? 1 : 0;
  if (a.text == b.text) return 0;
  if (a.text.size() == b.text.size() && is_iso_date(a.text) && is_iso_date(b.text)) return a.text < b.text ? -1 : 1;
  return std::nullopt;
}

bool at_least(const Constant& a, const Constant& b) {
  const auto order = compare(a, b);
  return order && *order >= 0;
}
bool greater(const Constant& a, const Constant& b) {
  const auto order = compare(a, b);
  return order && *order > 0;
}

struct Goal {
  std::string_view column;
  bool list = false;
  std::vector<Constant> values;       // of a list
  std::optional<Constant> low, high;  // of a range: from, and below; nothing: no bound
  bool has_null = false;              // a list with NULL
};

bool is_named(const ::Node* node, std::string_view name) {
  const auto* reference = pg::as<::ColumnRef>(node);
  return reference != nullptr && pg::column_name(*reference) == name;
}

std::optional<Goal> goal_of(const Model& model, const Relation& parent, const ::PartitionBoundSpec& bound) {
  if (bound.is_default || parent.extra().partition_key.size() != 1 || !parent.extra().partition_key[0])
    return std::nullopt;
  Goal goal;
  goal.column = model.text(parent.extra().partition_key[0]);
  if (bound.strategy == PARTITION_STRATEGY_LIST) {
    goal.list = true;
    for (const ::Node* value : pg::nodes(bound.listdatums)) {
      if (pg::is_null_constant(value)) {
        goal.has_null = true;
        continue;
      }
      const auto known = bound_value(value);
      if (!known) return std::nullopt;
      goal.values.push_back(*known);
    }
    return goal;
  }
  if (bound.strategy != PARTITION_STRATEGY_RANGE) return std::nullopt;
  const auto end = [&](const ::List* datums, std::optional<Constant>& to, std::string_view open) {
    const auto nodes = pg::nodes(datums);
    if (nodes.size() != 1) return false;
    if (is_named(nodes[0], open)) return true;
    to = bound_value(nodes[0]);
    return to.has_value();
  };
  if (!end(bound.lowerdatums, goal.low, "minvalue") || !end(bound.upperdatums, goal.high, "maxvalue"))
    return std::nullopt;
  return goal;
}

// column OP constant, whichever side the column is on.
struct Comparison {
  std::string_view op;
  Constant value;
};

std::optional<Comparison> comparison(const ::A_Expr& expression, std::string_view column) {
  std::string_view op = pg::last_name(expression.name);
  if (is_named(expression.lexpr, column)) {
    if (const auto value = bound_value(expression.rexpr)) return Comparison{op, *value};
    return std::nullopt;
  }
  if (!is_named(expression.rexpr, column)) return std::nullopt;
  const auto value = bound_value(expression.lexpr);
  if (!value) return std::nullopt;
  if (op == "<")
    op = ">";
  else if (op == ">")
    op = "<";
  else if (op == "<=")
    op = ">=";
  else if (op == ">=")
    op = "<=";
  return Comparison{op, *value};
}

// The constants of column IN (…); nothing if it is something else.
std::optional<std::vector<Constant>> in_list(const ::A_Expr& expression, std::string_view column) {
  if (expression.kind != AEXPR_IN || pg::last_name(expression.name) != "=" || !is_named(expression.lexpr, column) ||
      expression.rexpr == nullptr || expression.rexpr->type != T_List)
    return std::nullopt;
  std::vector<Constant> values;
  for (const ::Node* node : pg::nodes(reinterpret_cast<const ::List*>(expression.rexpr))) {
    const auto value = bound_value(node);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

bool in_goal(const Goal& goal, const Constant& value) {
  if (goal.list)
    return std::any_of(goal.values.begin(), goal.values.end(),
                       [&](const Constant& v) { return compare(v, value) == 0; });
  return (!goal.low || at_least(value, *goal.low)) && (!goal.high || greater(*goal.high, value));
}

bool out_of_goal(const Goal& goal, const Constant& value) {
  if (goal.list)
    return std::all_of(goal.values.begin(), goal.values.end(), [&](const Constant& v) {
      const auto order = compare(v, value);
      return order ? *order != 0 : v.is_number == value.is_number;
    });
  return (goal.low && greater(*goal.low, value)) || (goal.high && at_least(value, *goal.high));
}

constexpr int deepest = 64;

// What a check that holds for every row says of both ends of the goal.
struct Ends {
  bool low = false;
  bool high = false;
};

void inside(const ::Node* check, const Goal& goal, Ends& ends, int depth) {
  if (check == nullptr || depth > deepest) return;
  if (const auto* terms = pg::as<::BoolExpr>(check)) {
    if (terms->boolop != AND_EXPR) return;
    for (const ::Node* term : pg::nodes(terms->args)) inside(term, goal, ends, depth + 1);
    return;
  }
  const auto* expression = pg::as<::A_Expr>(check);
  if (expression == nullptr) return;
  if (const auto values = in_list(*expression, goal.column)) {
    if (std::all_of(values->begin(), values->end(), [&](const Constant& value) { return in_goal(goal, value); }))
      ends.low = ends.high = true;
    return;
  }
  if (expression->kind == AEXPR_BETWEEN && is_named(expression->lexpr, goal.column) && !goal.list &&
      expression->rexpr != nullptr && expression->rexpr->type == T_List) {
    const auto limits = pg::nodes(reinterpret_cast<const ::List*>(expression->rexpr));
    if (limits.size() != 2) return;
    const auto from = bound_value(limits[0]);
    const auto to = bound_value(limits[1]);
    ends.low = ends.low || !goal.low || (from && at_least(*from, *goal.low));
    ends.high = ends.high || !goal.high || (to && greater(*goal.high, *to));
    return;
  }
  if (expression->kind != AEXPR_OP) return;
  const auto term = comparison(*expression, goal.column);
  if (!term) return;
  if (term->op == "=") {
    if (in_goal(goal, term->value)) ends.low = ends.high = true;
    return;
  }
  if (goal.list) return;
  if (goal.low && (term->op == ">" || term->op == ">=")) ends.low = ends.low || at_least(term->value, *goal.low);
  if (goal.high && term->op == "<") ends.high = ends.high || at_least(*goal.high, term->value);
  if (goal.high && term->op == "<=") ends.high = ends.high || greater(*goal.high, term->value);
}

// Whether every value of the goal fulfils the expression.
bool implied(const ::Node* check, const Goal& goal, int depth) {
  if (check == nullptr || depth > deepest) return false;
  if (const auto* terms = pg::as<::BoolExpr>(check)) {
    const auto args = pg::nodes(terms->args);
    const auto holds = [&](const ::Node* term) { return implied(term, goal, depth + 1); };
    if (terms->boolop == AND_EXPR) return std::all_of(args.begin(), args.end(), holds);
    if (terms->boolop == OR_EXPR) return std::any_of(args.begin(), args.end(), holds);
    return false;
  }
  if (const auto* test = pg::as<::NullTest>(check))
    return test->nulltesttype == IS_NOT_NULL && !goal.has_null &&
           is_named(reinterpret_cast<const ::Node*>(test->arg), goal.column);
  const auto* expression = pg::as<::A_Expr>(check);
  if (expression == nullptr || goal.has_null) return false;
  if (const auto values = in_list(*expression, goal.column))
    return goal.list && std::all_of(goal.values.begin(), goal.values.end(), [&](const Constant& wanted) {
             return std::any_of(values->begin(), values->end(),
                                [&](const Constant& value) { return compare(value, wanted) == 0; });
           });
  if (expression->kind != AEXPR_OP) return false;
  const auto term = comparison(*expression, goal.column);
  if (!term) return false;
  if (goal.list) return term->op == "=" && goal.values.size() == 1 && compare(goal.values.front(), term->value) == 0;
  if (term->op == ">=") return goal.low && at_least(*goal.low, term->value);
  if (term->op == ">") return goal.low && greater(*goal.low, term->value);
  if (term->op == "<" || term->op == "<=") return goal.high && at_least(term->value, *goal.high);
  return false;
}

bool outside(const ::Node* check, const Goal& goal, int depth) {
  if (check == nullptr || depth > deepest) return false;
  if (const auto* terms = pg::as<::BoolExpr>(check)) {
    const auto args = pg::nodes(terms->args);
    const auto holds = [&](const ::Node* term) { return outside(term, goal, depth + 1); };
    if (terms->boolop == AND_EXPR) return std::any_of(args.begin(), args.end(), holds);
    if (terms->boolop == OR_EXPR) return std::all_of(args.begin(), args.end(), holds);
    return args.size() == 1 && implied(args[0], goal, depth + 1);
  }
  const auto* expression = pg::as<::A_Expr>(check);
  if (expression == nullptr) return false;
  if (const auto values = in_list(*expression, goal.column))
    return std::all_of(values->begin(), values->end(), [&](const Constant& value) { return out_of_goal(goal, value); });
  if (expression->kind != AEXPR_OP) return false;
  const auto term = comparison(*expression, goal.column);
  if (!term) return false;
  if (term->op == "=") return out_of_goal(goal, term->value);
  if (term->op == "<>") return goal.list && goal.values.size() == 1 && compare(goal.values.front(), term->value) == 0;
  if (goal.list) return false;
  if (term->op == "<") return goal.low && at_least(*goal.low, term->value);
  if (term->op == "<=") return goal.low && greater(*goal.low, term->value);
  if (term->op == ">=" || term->op == ">") return goal.high && at_least(term->value, *goal.high);
  return false;
}

// Calls `use` with the expression of each check that holds for all rows.
template <class F>
void each_check(const Relation& table, F&& use) {
  for (const catalog::Constraint* constraint : table.constraints) {
    if (constraint->dropped || constraint->kind != catalog::ConstraintKind::check || !constraint->valid ||
        !constraint->enforced || constraint->sql.empty())
      continue;
    std::string sql = "SELECT ";
    sql += constraint->sql;
    const pg::Lexed lexed = pg::lex(sql, {.psql = false});
    pg::parse(sql, 0, lexed, [&](const pg::Parsed& parsed) {
      if (const auto* select = pg::as<::SelectStmt>(parsed.node))
        for (const ::ResTarget& target : pg::only<::ResTarget>(select->targetList)) use(target.val);
      return true;
    });
  }
}

// Whether the range lies in the partition, in whole or in part; nothing where that cannot be told.
enum class Overlap : std::uint8_t { none, some, all, unknown };

Overlap overlap(const Relation& partition, const KeyRange& range) {
  const catalog::PartitionBound* bound = partition.extra().bounds;
  if (bound == nullptr) return Overlap::unknown;
  const bool one = range.from && range.to && !range.below && compare(*range.from, *range.to) == 0;
  if (partition.bound == catalog::Bound::list) {
    if (!one) return Overlap::unknown;
    bool comparable = true;
    for (const Constant& value : bound->values) {
      const auto order = compare(value, *range.from);
      if (order && *order == 0) return Overlap::all;
      comparable = comparable && (order || value.is_number == range.from->is_number);
    }
    return comparable ? Overlap::none : Overlap::unknown;
  }
  if (partition.bound != catalog::Bound::range) return Overlap::unknown;
  if (!bound->from_start && range.to &&
      (greater(bound->from, *range.to) || (range.below && at_least(bound->from, *range.to))))
    return Overlap::none;
  if (!bound->to_end && range.from && at_least(*range.from, bound->to)) return Overlap::none;
  const bool low = bound->from_start || (range.from && at_least(*range.from, bound->from));
  const bool high =
      bound->to_end || (range.to && (greater(bound->to, *range.to) || (range.below && at_least(bound->to, *range.to))));
  return low && high ? Overlap::all : Overlap::some;
}

}  // namespace

bool proves_inside(const Model& model, const Relation& table, const Relation& parent,
                   const ::PartitionBoundSpec& bound) {
  const auto goal = goal_of(model, parent, bound);
  if (!goal) return false;
  const Symbol key = parent.extra().partition_key[0];
  const catalog::Column* column = catalog::column(table, key);
  // A NULL passes a check, but belongs into no range.
  if (!goal->has_null && (column == nullptr || !column->not_null) && catalog::proof_of_not_null(table, key) == nullptr)
    return false;
  Ends ends{.low = !goal->list && !goal->low, .high = !goal->list && !goal->high};
  each_check(table, [&](const ::Node* check) { inside(check, *goal, ends, 0); });
  return ends.low && ends.high;
}

bool proves_outside(const Model& model, const Relation& table, const Relation& parent,
                    const ::PartitionBoundSpec& bound) {
  const auto goal = goal_of(model, parent, bound);
  if (!goal) return false;
  bool proved = false;
  each_check(table, [&](const ::Node* check) { proved = proved || outside(check, *goal, 0); });
  return proved;
}

std::optional<catalog::BoundValue> bound_value(const ::Node* node) {
  node = pg::without_casts(node);
  if (const auto number = pg::constant_integer(node)) return Constant{true, *number, {}};
  if (const auto text = pg::constant_string(node)) return Constant{false, 0, *text};
  return std::nullopt;
}

bool may_hold(const Relation& parent, const Relation& partition, const KeyRange& range) {
  if (!range.from && !range.to) return true;
  if (partition.bound == catalog::Bound::default_)
    return std::none_of(parent.extra().children.begin(), parent.extra().children.end(), [&](const Relation* other) {
      return other->bound != catalog::Bound::default_ && overlap(*other, range) == Overlap::all;
    });
  return overlap(partition, range) != Overlap::none;
}

}  // namespace pglint::effect
