// What the server refuses of an expression by where it stands: a default that reads a column, an index over what is not
// the same at all times.

#include <algorithm>
#include <array>

#include "catalog/volatility.h"
#include "effect/model.h"

namespace pglint::effect {
namespace {

using catalog::TypeName;
using catalog::Volatility;

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_string(std::string_view type) { return one_of(type, {"text", "varchar", "bpchar", "name"}); }
// Types whose text depends on the session, or whose reading of a text does.
bool is_time_of_session(std::string_view type) { return one_of(type, {"date", "timestamp", "timestamptz"}); }

// Functions of pg_catalog with overloads that are immutable and others that are not.
bool is_mixed(std::string_view name) {
  constexpr std::array<std::string_view, 28> mixed = {
      "age",          "date_part",        "date_trunc",          "extract",       "generate_series",
      "in_range",     "json_to_tsvector", "jsonb_to_tsvector",   "length",        "numeric",
      "overlaps",     "phraseto_tsquery", "plainto_tsquery",     "quote_literal", "quote_nullable",
      "time",         "timestamp",        "timestamptz",         "timetz",        "timezone",
      "to_timestamp", "to_tsquery",       "to_tsvector",         "ts_headline",   "ts_parse",
      "ts_rewrite",   "ts_token_type",    "websearch_to_tsquery"};
  return std::find(mixed.begin(), mixed.end(), name) != mixed.end();
}

class Mutability {
 public:
  Mutability(Model& model, const ColumnTypes& columns) : m_(model), columns_(columns) {}

  bool of(const ::Node* expression) {
    bool found = false;
    pg::walk(static_cast<const void*>(expression), [&](const ::Node& node) {
      found = found || changes(node);
      return !found;
    });
    return found;
  }

 private:
  // The type of an expression's value; empty if it is not known.
  std::string_view type(const ::Node* node, int depth = 0) const {
    if (node == nullptr || depth > 8) return {};
    if (const auto* column = pg::as<::ColumnRef>(node)) return columns_.of(m_, pg::column_name(*column));
    if (const auto* cast = pg::as<::TypeCast>(node)) {
      const TypeName to = type_of(m_, cast->typeName);
      return to.schema || to.array_dimensions > 0 ? std::string_view() : m_.text(to.name);
    }
    if (const auto* collate = pg::as<::CollateClause>(node)) return type(collate->arg, depth + 1);
    if (const auto* operation = pg::as<::A_Expr>(node)) {
      const std::string_view name = pg::last_name(operation->name);
      return one_of(name, {"->>", "#>>"}) ? std::string_view("text") : std::string_view();
    }
    const auto* call = pg::as<::FuncCall>(node);
    if (call == nullptr) return {};
    const auto arguments = pg::nodes(call->args);
    const std::string_view name = pg::last_name(call->funcname);
    if (one_of(name, {"lower", "upper", "trim", "btrim", "replace", "left", "right", "jsonb_extract_path_text"}))
      return "text";
    if (name == "date_trunc" && arguments.size() >= 2) return type(arguments[1], depth + 1);
    if (name == "timezone" && arguments.size() == 2) {
      const std::string_view from = type(arguments[1], depth + 1);
      if (from == "timestamptz") return "timestamp";
      if (from == "timestamp") return "timestamptz";
    }
    return {};
  }

  bool changes(const ::Node& node) const {
    if (node.type == T_SQLValueFunction) return true;
    if (const auto* call = pg::as<::FuncCall>(&node)) return changes(*call);
    if (const auto* cast = pg::as<::TypeCast>(&node)) return changes(*cast);
    const auto* operation = pg::as<::A_Expr>(&node);
    if (operation == nullptr || operation->kind != AEXPR_OP || operation->lexpr == nullptr) return false;
    // How long a day is, the zone says.
    return one_of(pg::last_name(operation->name), {"+", "-"}) && type(operation->lexpr) == "timestamptz" &&
           type(operation->rexpr) == "interval";
  }

  bool changes(const ::FuncCall& call) const {
    const auto name = pg::qualified_name(call.funcname);
    const auto arguments = pg::nodes(call.args);
    const catalog::Function* function =
        m_.catalog.find_function(name.schema.empty() ? Symbol{} : m_.symbol(name.schema), m_.symbol(name.name));
    if (function != nullptr) return function->overload == nullptr && changes(*function);
    if (!name.schema.empty() && name.schema != "pg_catalog") return false;
    if (!is_mixed(name.name)) {
      const Volatility volatility = catalog::function_volatility(m_.catalog, name.schema, name.name, arguments.size());
      return volatility == Volatility::stable || volatility == Volatility::volatile_;
    }
    const std::string_view last = arguments.empty() ? std::string_view() : type(arguments[arguments.size() - 1]);
    // A date is taken for the time at which it begins in the session's zone.
    if (name.name == "date_trunc") return arguments.size() == 3 || last == "timestamptz" || last == "date";
    if (one_of(name.name, {"date_part", "extract"})) return last == "timestamptz";
    // The configuration is the session's where none is named.
    if (one_of(name.name,
               {"to_tsvector", "to_tsquery", "plainto_tsquery", "phraseto_tsquery", "websearch_to_tsquery", "age"}))
      return arguments.size() == 1;
    return name.name == "to_timestamp" && arguments.size() == 2;
  }

  bool changes(const catalog::Function& function) const {
    if (function.volatility == Volatility::constant) return false;
    // One in SQL that is only declared STABLE is put in the place of the call, and what it does is what counts.
    if (function.declared != Volatility::stable || m_.text(function.language) != "sql") return true;
    return !function.body.empty() && catalog::body_volatility(m_.catalog, function.body) != Volatility::constant;
  }

  bool changes(const ::TypeCast& cast) const {
    const ::Node* from_node = cast.arg;
    if (pg::as<::A_Const>(pg::without_casts(from_node)) != nullptr) return false;  // folded once
    const TypeName written = type_of(m_, cast.typeName);
    if (written.array_dimensions > 0) return false;
    const std::string_view from = type(from_node);
    if (from.empty()) return false;
    const catalog::Type* target = m_.catalog.find_type(written);
    if (target != nullptr) return target->kind == catalog::TypeKind::enumeration && is_string(from);
    const std::string_view to = m_.text(written.name);
    if ((is_time_of_session(from) || from == "interval") && is_string(to)) return true;
    if (is_string(from)) return is_time_of_session(to) || one_of(to, {"time", "timetz", "interval", "regclass"});
    if (from == "timestamptz") return one_of(to, {"date", "timestamp", "time", "timetz"});
    return to == "timestamptz" && one_of(from, {"date", "timestamp"});
  }

  Model& m_;
  const ColumnTypes& columns_;
};

// A label of an enumeration as a text depends on what ALTER TYPE made of it.
bool casts_label(Model& model, const ::Node* expression, const ColumnTypes& columns) {
  bool found = false;
  pg::each<::TypeCast>(expression, [&](const ::TypeCast& cast) {
    const auto* column = pg::as<::ColumnRef>(cast.arg);
    const catalog::Type* type =
        column != nullptr ? model.catalog.find_type(columns.full(model, pg::column_name(*column))) : nullptr;
    found = found || (type != nullptr && type->kind == catalog::TypeKind::enumeration &&
                      is_string(model.text(type_of(model, cast.typeName).name)));
  });
  return found;
}

// Whether a text is a value of the type, where its form alone tells.
bool fits(std::string_view type, std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  const auto digits = std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (one_of(type, {"int2", "int4", "int8"})) return digits != 0;
  if (type == "uuid") {
    const auto hexadecimal = std::count_if(text.begin(), text.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
    return hexadecimal == 32;
  }
  if (type == "bool") {
    std::string lower;
    for (const char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    constexpr std::array<std::string_view, 8> words = {"true", "false", "yes", "no", "on", "off", "1", "0"};
    return lower != "o" && !lower.empty() &&
           std::any_of(words.begin(), words.end(), [&](std::string_view word) { return word.starts_with(lower); });
  }
  return true;
}

// The type of a constant that is not a text.
std::string_view type_of_constant(const ::A_Const& constant) {
  if (constant.isnull) return {};
  switch (constant.val.node.type) {
    case T_Integer:
      return "int4";
    case T_Float:
      return pg::text(constant.val.fval.fval).find_first_of(".eE") == std::string_view::npos ? "int8" : "numeric";
    case T_Boolean:
      return "bool";
    default:
      return {};
  }
}

// count(*): with a star nothing else can be meant.
bool has_aggregate(const ::Node* expression) {
  bool found = false;
  pg::each<::FuncCall>(expression, [&](const ::FuncCall& call) { found = found || call.agg_star; });
  return found;
}

}  // namespace

TypeName ColumnTypes::full(const Model& model, std::string_view name) const {
  if (name.empty()) return {};
  if (table != nullptr)
    if (const catalog::Column* column = catalog::column(*table, model.symbol(name))) return column->type;
  for (const ::ColumnDef& column : pg::only<::ColumnDef>(written))
    if (pg::text(column.colname) == name) return type_of(model, column.typeName);
  return {};
}

std::string_view ColumnTypes::of(const Model& model, std::string_view name) const {
  const TypeName type = full(model, name);
  return type.schema || type.array_dimensions > 0 || !type.name ? std::string_view() : model.text(type.name);
}

bool is_mutable(Model& model, const ::Node* expression, const ColumnTypes& columns) {
  return expression != nullptr &&
         (Mutability(model, columns).of(expression) || casts_label(model, expression, columns));
}

void check_default(Model& model, const TypeName& type, std::string_view column, const ::Node* expression) {
  if (expression == nullptr) return;
  if (const auto* constant = pg::as<::A_Const>(expression)) {
    const bool builtin = type.name && !type.schema && model.catalog.is_builtin_type(type.name);
    const auto text = builtin ? pg::constant_string(constant) : std::nullopt;
    if (text && type.array_dimensions == 0 && one_of(model.text(type.name), {"json", "jsonb"}) && text->empty())
      return model.fail("22P02", "invalid input syntax for type json");
    if (text && type.array_dimensions == 0 && !fits(model.text(type.name), *text))
      return model.fail("22P02", "invalid input syntax for type {}: \"{}\"", type_text(model, type), *text);
    TypeName is;
    is.name = model.symbol(type_of_constant(*constant));
    if (is.name && !assignable(model, is, type))
      model.fail("42804", "column \"{}\" is of type {} but default expression is of type {}", column,
                 type_text(model, type), type_text(model, is));
    return;
  }
  if (has_aggregate(expression))
    return model.fail("42803", "aggregate functions are not allowed in DEFAULT expressions");
  bool reads = false;
  bool asks = false;
  pg::walk(static_cast<const void*>(expression), [&](const ::Node& node) {
    reads = reads || node.type == T_ColumnRef;
    asks = asks || node.type == T_SubLink;
    return !reads && !asks;
  });
  if (reads) model.fail("0A000", "cannot use column reference in DEFAULT expression");
  if (asks) model.fail("0A000", "cannot use subquery in DEFAULT expression");
}

}  // namespace pglint::effect
