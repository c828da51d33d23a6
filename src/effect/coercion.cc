// Types: what a change of a column's type means for the bytes that are stored, and which casts the server has.
//
// The server rewrites a table unless the conversion, after the planner has simplified it, is the column itself: casts
// between types of the same bytes vanish, and so does a change of length or precision that no value can notice.

#include <algorithm>
#include <array>

#include "catalog/quote.h"
#include "effect/model.h"

namespace pglint::effect {
namespace {

using catalog::Type;
using catalog::TypeKind;
using catalog::TypeName;

// The type without its domains, and its modifiers; what a value of it really is.
struct Base {
  TypeName type;
  const Type* user = nullptr;  // null: built in, or not known
  bool constrained = false;    // by a domain on the way
  bool builtin = false;
  std::string_view name;  // of a built-in type, or of an extension's
};

Base base_of(const Model& model, TypeName type) {
  Base base;
  // Domains over domains; no history needs more of them.
  for (int depth = 0; depth < 32; ++depth) {
    base.user = model.catalog.find_type(type);
    if (base.user == nullptr || base.user->kind != TypeKind::domain || type.array_dimensions > 0) break;
    base.constrained = base.constrained || base.user->constrained();
    type = base.user->base;
    base.user = nullptr;
  }
  base.type = type;
  base.name = model.text(type.name);
  base.builtin = base.user == nullptr && !type.schema && model.catalog.is_builtin_type(type.name);
  return base;
}

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_string(std::string_view name) { return one_of(name, {"text", "varchar", "bpchar", "name", "citext"}); }
bool is_number(std::string_view name) { return one_of(name, {"int2", "int4", "int8", "float4", "float8", "numeric"}); }
bool is_integer(std::string_view name) { return one_of(name, {"int2", "int4", "int8"}); }
bool is_object_id(std::string_view name) { return name == "oid" || (name.starts_with("reg") && name.size() > 3); }

struct Cast {
  std::string_view from;
  std::string_view to;
};

template <std::size_t N>
bool has_cast(const std::array<Cast, N>& casts, std::string_view from, std::string_view to) {
  return std::any_of(casts.begin(), casts.end(), [&](const Cast& cast) { return cast.from == from && cast.to == to; });
}

// pg_cast: the same bytes under another name.
constexpr std::array same_bytes = std::to_array<Cast>({
    {"text", "varchar"},
    {"varchar", "text"},
    {"text", "bpchar"},
    {"varchar", "bpchar"},
    {"cidr", "inet"},
    {"bit", "varbit"},
    {"varbit", "bit"},
    {"xml", "text"},
    {"xml", "varchar"},
    {"xml", "bpchar"},
    {"citext", "text"},
    {"citext", "varchar"},
    {"citext", "bpchar"},
    {"text", "citext"},
    {"varchar", "citext"},
    {"pg_node_tree", "text"},
});

// pg_cast: what an assignment may do beside numbers, strings and object identifiers.
constexpr std::array on_assignment = std::to_array<Cast>({
    {"date", "timestamp"},
    {"date", "timestamptz"},
    {"timestamp", "date"},
    {"timestamp", "time"},
    {"timestamp", "timestamptz"},
    {"timestamptz", "date"},
    {"timestamptz", "time"},
    {"timestamptz", "timetz"},
    {"timestamptz", "timestamp"},
    {"time", "interval"},
    {"time", "timetz"},
    {"timetz", "time"},
    {"interval", "time"},
    {"json", "jsonb"},
    {"jsonb", "json"},
    {"macaddr", "macaddr8"},
    {"macaddr8", "macaddr"},
    {"inet", "cidr"},
    {"cidr", "inet"},
    {"bit", "varbit"},
    {"varbit", "bit"},
    {"int4", "money"},
    {"int8", "money"},
    {"numeric", "money"},
    {"money", "numeric"},
    {"path", "polygon"},
    {"box", "polygon"},
    {"point", "box"},
    {"polygon", "path"},
    {"text", "char"},
    {"varchar", "char"},
    {"bpchar", "char"},
    {"text", "regclass"},
    {"varchar", "regclass"},
    {"pg_node_tree", "text"},
});

// pg_cast: without being asked for, beside numbers that grow and strings.
constexpr std::array implicit = std::to_array<Cast>({
    {"date", "timestamp"},
    {"date", "timestamptz"},
    {"timestamp", "timestamptz"},
    {"time", "interval"},
    {"time", "timetz"},
    {"macaddr", "macaddr8"},
    {"macaddr8", "macaddr"},
    {"cidr", "inet"},
    {"bit", "varbit"},
    {"varbit", "bit"},
});

bool is_implicit(std::string_view from, std::string_view to) {
  if (from == to || has_cast(implicit, from, to)) return true;
  if (is_string(from) && is_string(to)) return true;
  if (is_number(from) && is_number(to)) {
    constexpr std::array<std::string_view, 6> by_width = {"int2", "int4", "int8", "numeric", "float4", "float8"};
    const auto place = [&](std::string_view name) { return std::find(by_width.begin(), by_width.end(), name); };
    return place(from) < place(to);
  }
  return is_object_id(to) && (is_integer(from) || is_object_id(from));
}

// The operator class that an index takes where none is written, as far as types share one.
std::string_view operators_of(const Base& base) {
  if (base.name == "varchar") return "text";
  if (base.name == "cidr") return "inet";
  if (is_object_id(base.name)) return "oid";
  return base.name;
}

// Whether a value can be of another length or precision than before, so that the server must look at it.
bool keeps_modifier(std::string_view name, const TypeName& from, const TypeName& to) {
  if (to.array_dimensions > 0) return to.typmods[0] < 0;
  const std::int32_t before = from.typmods[0];
  const std::int32_t after = to.typmods[0];
  if (one_of(name, {"varchar", "varbit"})) return after < 0 || (before >= 0 && before <= after);
  if (name == "numeric") return after < 0 || (before >= 0 && from.typmods[1] == to.typmods[1] && before <= after);
  if (one_of(name, {"timestamp", "timestamptz", "time", "timetz", "interval"})) {
    if (name == "interval" && to.typmods[1] >= 0) return false;
    constexpr std::int32_t finest = 6;
    return after < 0 || after >= finest || (before >= 0 && before <= after);
  }
  return after < 0;
}

// One cast of a value of `from`: whether it vanishes.
bool vanishes(const Model& model, const TypeName& from, const TypeName& to) {
  if (!from.name || !to.name) return false;  // not known
  if (from.schema == to.schema && from.name == to.name && from.array_dimensions == to.array_dimensions &&
      from.typmods[0] == to.typmods[0] && from.typmods[1] == to.typmods[1])
    return true;
  const Base source = base_of(model, from);
  const Base target = base_of(model, to);
  if (target.constrained) return false;
  if (!source.type.name || !target.type.name) return false;
  const bool arrays = source.type.array_dimensions > 0;
  if (arrays != (target.type.array_dimensions > 0)) return false;
  const bool same = source.type.name == target.type.name && (source.type.schema == target.type.schema ||
                                                             (source.user != nullptr && source.user == target.user));
  // A cast from a domain or another type forgets the modifier.
  TypeName before = target.type;
  before.typmods[0] = before.typmods[1] = -1;
  if (same && source.type == from) before = source.type;
  if (same)
    return (before.typmods[0] == target.type.typmods[0] && before.typmods[1] == target.type.typmods[1]) ||
           keeps_modifier(target.name, before, target.type);
  if (arrays) return false;  // element by element
  const bool object_ids =
      (is_object_id(source.name) || source.name == "int4") && (is_object_id(target.name) || target.name == "int4");
  if (object_ids && source.builtin && target.builtin) return true;
  if ((source.name == "timestamp" && target.name == "timestamptz") ||
      (source.name == "timestamptz" && target.name == "timestamp")) {
    // The result of the conversion has no precision, so that any but the finest has to be applied to it.
    const std::int32_t precision = target.type.typmods[0];
    return session_is_utc(model.catalog) && (precision < 0 || precision >= 6);
  }
  if (!has_cast(same_bytes, source.name, target.name)) return false;
  return keeps_modifier(target.name, before, target.type);
}

bool in_utc(std::string_view zone) {
  constexpr std::array<std::string_view, 17> zones = {
      "utc",       "etc/utc",       "gmt",           "etc/gmt", "uct",      "etc/uct", "zulu",  "etc/zulu", "universal",
      "greenwich", "etc/universal", "etc/greenwich", "gmt0",    "etc/gmt0", "gmt+0",   "gmt-0", "0"};
  const auto same = [&](std::string_view other) {
    return other.size() == zone.size() && std::equal(zone.begin(), zone.end(), other.begin(), [](char a, char b) {
             return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
           });
  };
  return std::any_of(zones.begin(), zones.end(), same);
}

}  // namespace

catalog::TypeName type_of(const Model& model, const ::TypeName* written) {
  TypeName type;
  if (written == nullptr || written->pct_type) return type;
  const auto names = pg::nodes(written->names);
  if (names.empty()) return type;
  const std::string_view name = pg::string(names[names.size() - 1]);
  type.name = model.symbol(name);
  type.array_dimensions = static_cast<std::uint8_t>(std::min<std::size_t>(pg::nodes(written->arrayBounds).size(), 255));
  if (names.size() >= 2) {
    const std::string_view schema = pg::string(names[names.size() - 2]);
    if (schema != "pg_catalog") type.schema = model.symbol(schema);
  } else if (name.ends_with("serial") || name.starts_with("serial")) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> serials = {{{"smallserial", "int2"},
                                                                                       {"serial2", "int2"},
                                                                                       {"serial", "int4"},
                                                                                       {"serial4", "int4"},
                                                                                       {"bigserial", "int8"},
                                                                                       {"serial8", "int8"}}};
    for (const auto& [serial, integer] : serials)
      if (name == serial) {
        type.name = model.symbol(integer);
        type.serial = true;
      }
  }
  if (!type.schema && !type.serial && !model.catalog.is_builtin_type(type.name)) {
    if (names.size() == 1) {
      if (const Type* found = model.catalog.find_type({}, type.name)) type.schema = found->schema;
    }
    if (!type.schema && name.size() > 1 && name[0] == '_') {
      if (const Symbol element = model.catalog.symbols.find(name.substr(1));
          element && model.catalog.is_builtin_type(element)) {
        type.name = element;
        type.array_dimensions = 1;
      }
    }
  }
  if (written->typmods == nullptr) return type;
  std::int32_t modifiers[2] = {-1, -1};
  std::size_t count = 0;
  for (const ::Node* modifier : pg::nodes(written->typmods)) {
    if (count == 2) break;
    const auto value = pg::constant_integer(modifier);
    modifiers[count++] = value && *value >= 0 && *value <= 0x7FFFFFFF ? static_cast<std::int32_t>(*value) : -1;
  }
  if (!type.schema && model.text(type.name) == "interval") {
    constexpr std::int32_t all_fields = 0x7FFF;
    type.typmods[0] = modifiers[1];
    type.typmods[1] = modifiers[0] == all_fields ? -1 : modifiers[0];
  } else {
    type.typmods[0] = modifiers[0];
    type.typmods[1] = modifiers[1];
    if (count == 1 && !type.schema && model.text(type.name) == "numeric") type.typmods[1] = 0;
  }
  return type;
}

std::string type_text(const Model& model, const TypeName& type) {
  const std::string_view written = model.text(type.name);
  const std::string_view name = type.schema ? written : catalog::type_spelling(written);
  return fmt::format("{}{}", name, type.array_dimensions > 0 ? "[]" : "");
}

std::string routine_text(const Model& model, const catalog::Function& function) {
  std::string out = fmt::format("{}(", model.text(function.name));
  bool first = true;
  for (const catalog::Parameter& parameter : function.parameters) {
    if (!parameter.is_input()) continue;
    if (!first) out += ", ";
    out += parameter.type.name ? type_text(model, parameter.type) : std::string("unknown");
    first = false;
  }
  return out + ')';
}

Coercion coercion(const Model& model, const TypeName& from, const TypeName& to, const ::Node* using_,
                  std::string_view column) {
  Coercion result;
  const Base before = base_of(model, from);
  const Base after = base_of(model, to);
  result.same_operators =
      before.type.array_dimensions == after.type.array_dimensions &&
      (before.user != nullptr ? before.user == after.user : operators_of(before) == operators_of(after));
  // USING: casts of the column itself, from the inside out, and nothing else.
  std::vector<const ::TypeName*> casts;
  const ::Node* inner = using_;
  while (inner != nullptr) {
    if (const auto* cast = pg::as<::TypeCast>(inner)) {
      casts.push_back(cast->typeName);
      inner = cast->arg;
    } else if (const auto* collate = pg::as<::CollateClause>(inner)) {
      inner = collate->arg;
    } else {
      break;
    }
  }
  if (using_ != nullptr) {
    const auto* reference = pg::as<::ColumnRef>(inner);
    if (reference == nullptr || pg::column_name(*reference) != column) return result;
  }
  TypeName step = from;
  for (auto cast = casts.rbegin(); cast != casts.rend(); ++cast) {
    const TypeName next = type_of(model, *cast);
    if (!vanishes(model, step, next)) return result;
    step = next;
  }
  result.rewrites = !vanishes(model, step, to);
  return result;
}

bool assignable(const Model& model, const TypeName& from, const TypeName& to) {
  if (!from.name || !to.name) return true;
  const Base source = base_of(model, from);
  const Base target = base_of(model, to);
  const bool known = (source.builtin || source.user != nullptr) && (target.builtin || target.user != nullptr);
  const auto made_by_history = [](const Base& base) {
    return base.user == nullptr || base.user->kind == TypeKind::enumeration || base.user->kind == TypeKind::composite;
  };
  // Types of extensions, ranges and the like bring casts of their own.
  if (!known || !made_by_history(source) || !made_by_history(target)) return true;
  const bool array = target.type.array_dimensions > 0;
  if (array != (source.type.array_dimensions > 0)) return !array && is_string(target.name) && target.builtin;
  if (source.user != nullptr || target.user != nullptr)
    return source.user == target.user || (!array && target.builtin && is_string(target.name));
  if (source.name == target.name || (!array && is_string(target.name))) return true;
  if (one_of(source.name, {"bytea"}) || one_of(target.name, {"bytea"})) return model.version >= 18;
  return (is_number(source.name) && is_number(target.name)) || is_implicit(source.name, target.name) ||
         (is_object_id(source.name) && one_of(target.name, {"int4", "int8"})) ||
         has_cast(on_assignment, source.name, target.name);
}

bool comparable(const Model& model, const TypeName& key, const TypeName& referenced) {
  if (!key.name || !referenced.name) return true;
  const Base a = base_of(model, key);
  const Base b = base_of(model, referenced);
  if (!a.builtin || !b.builtin || a.type.array_dimensions != b.type.array_dimensions)
    return a.user == nullptr || b.user == nullptr || a.user == b.user;
  if (is_integer(a.name) && is_integer(b.name)) return true;
  constexpr std::array<std::string_view, 3> dates = {"date", "timestamp", "timestamptz"};
  const auto is_date = [&](std::string_view name) {
    return std::find(dates.begin(), dates.end(), name) != dates.end();
  };
  const auto is_float = [](std::string_view name) { return name == "float4" || name == "float8"; };
  return (is_date(a.name) && is_date(b.name)) || (is_float(a.name) && is_float(b.name)) || is_implicit(a.name, b.name);
}

const catalog::Type* constrained_domain(const Model& model, const TypeName& type) {
  if (type.array_dimensions > 0 || !type.name || (!type.schema && model.catalog.is_builtin_type(type.name)))
    return nullptr;
  const Type* found = model.catalog.find_type(type);
  if (found == nullptr || found->kind != TypeKind::domain) return nullptr;
  return base_of(model, type).constrained ? found : nullptr;
}

bool session_is_utc(const catalog::Catalog& catalog) { return in_utc(catalog.session.time_zone); }

}  // namespace pglint::effect
