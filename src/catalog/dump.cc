#include "catalog/dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "catalog/quote.h"

namespace pglint::catalog {
namespace {

constexpr std::string_view name_of(RelationKind kind) {
  switch (kind) {
    case RelationKind::table:
      return "table";
    case RelationKind::partitioned_table:
      return "partitioned table";
    case RelationKind::index:
      return "index";
    case RelationKind::partitioned_index:
      return "partitioned index";
    case RelationKind::view:
      return "view";
    case RelationKind::materialized_view:
      return "materialized view";
    case RelationKind::sequence:
      return "sequence";
    case RelationKind::foreign_table:
      return "foreign table";
    case RelationKind::composite:
      return "composite";
  }
  return {};
}

constexpr std::string_view name_of(Volatility volatility) {
  switch (volatility) {
    case Volatility::none:
      return "none";
    case Volatility::constant:
      return "constant";
    case Volatility::stable:
      return "stable";
    case Volatility::volatile_:
      return "volatile";
    case Volatility::unknown:
      return "unknown";
  }
  return {};
}

constexpr std::string_view name_of(ConstraintKind kind) {
  switch (kind) {
    case ConstraintKind::primary_key:
      return "primary key";
    case ConstraintKind::unique:
      return "unique";
    case ConstraintKind::check:
      return "check";
    case ConstraintKind::foreign_key:
      return "foreign key";
    case ConstraintKind::exclusion:
      return "exclusion";
    case ConstraintKind::not_null:
      return "not null";
  }
  return {};
}

constexpr std::string_view name_of(Bound bound) {
  switch (bound) {
    case Bound::none:
      return "none";
    case Bound::range:
      return "range";
    case Bound::list:
      return "list";
    case Bound::hash:
      return "hash";
    case Bound::default_:
      return "default";
  }
  return {};
}

constexpr std::string_view name_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::enumeration:
      return "enum";
    case TypeKind::domain:
      return "domain";
    case TypeKind::composite:
      return "composite type";
    case TypeKind::range:
      return "range type";
    case TypeKind::base:
      return "type";
  }
  return {};
}

constexpr std::string_view name_of(Action action) {
  switch (action) {
    case Action::no_action:
      return "no action";
    case Action::restrict:
      return "restrict";
    case Action::cascade:
      return "cascade";
    case Action::set_null:
      return "set null";
    case Action::set_default:
      return "set default";
  }
  return {};
}

class Dumper {
 public:
  explicit Dumper(const Catalog& catalog) : catalog_(catalog) {}

  std::string run() {
    for (const Schema* schema : catalog_.schemas()) {
      if (!schema->dropped && schema->known)
        line(fmt::format("schema {}{}", quoted(schema->name), when(schema->created)));
      for (const Relation* relation : schema->relations)
        if (!relation->dropped && relation->schema == schema->name) dump(*relation);
      for (const Type* type : schema->types)
        if (!type->dropped && type->schema == schema->name) dump(*type);
      for (const Function* function : schema->functions)
        if (!function->dropped && !function->aggregate && function->schema == schema->name) dump(*function);
    }
    for (const Symbol extension : catalog_.extensions()) line(fmt::format("extension {}", quoted(extension)));
    const Session& session = catalog_.session;
    line(fmt::format("session search_path={} timezone={} lock_timeout={} statement_timeout={} deferred={}",
                     names(session.search_path), session.time_zone, session.lock_timeout_ms,
                     session.statement_timeout_ms, session.check_constraints_deferred));
    // Renamed and back, an object is listed twice.
    std::sort(lines_.begin(), lines_.end());
    lines_.erase(std::unique(lines_.begin(), lines_.end()), lines_.end());
    std::string out;
    for (const std::string& one : lines_) (out += one) += '\n';
    return out;
  }

 private:
  void line(std::string text) { lines_.push_back(std::move(text)); }

  std::string quoted(Symbol symbol) const {
    std::string out;
    append_quoted(out, catalog_.text(symbol));
    return out;
  }
  static std::string when(When time) { return fmt::format(" @{}.{}", time.migration, time.transaction); }
  std::string names(const Vec<Symbol>& symbols) const {
    std::string out;
    for (const Symbol symbol : symbols) {
      if (!out.empty()) out += ',';
      out += quoted(symbol);
    }
    return out;
  }
  std::string qualified(const Relation* relation) const {
    return relation == nullptr ? std::string("-") : catalog_.qualified(*relation);
  }
  // In an order of its own: the lists keep none.
  std::string relations(const Vec<Relation*>& list) const {
    std::vector<std::string> texts;
    for (const Relation* relation : list)
      if (!relation->dropped) texts.push_back(qualified(relation));
    return sorted(texts);
  }
  static std::string sorted(std::vector<std::string>& texts) {
    std::sort(texts.begin(), texts.end());
    std::string out;
    for (const std::string& text : texts) {
      if (!out.empty()) out += ',';
      out += text;
    }
    return out;
  }

  std::string type(const TypeName& type) const {
    if (!type.name) return "?";
    std::string out = type.schema ? catalog_.qualified(type.schema, type.name) : std::string(catalog_.text(type.name));
    if (type.typmods[0] != -1 || type.typmods[1] != -1) out += fmt::format("({},{})", type.typmods[0], type.typmods[1]);
    for (unsigned i = 0; i < type.array_dimensions; ++i) out += "[]";
    if (type.serial) out += " serial";
    return out;
  }

  void dump(const Relation& relation) {
    const std::string name = catalog_.qualified(relation);
    std::string head = fmt::format("{} {}{}", name, name_of(relation.kind), when(relation.created));
    if (!relation.known) head += " assumed";
    if (!relation.columns_known) head += " columns-open";
    if (relation.persistence == Persistence::temporary) head += " temporary";
    if (relation.persistence == Persistence::unlogged) head += " unlogged";
    if (relation.tablespace) head += " tablespace=" + quoted(relation.tablespace);
    if (relation.access_method) head += " method=" + quoted(relation.access_method);
    if (relation.row_security) head += " row-security";
    if (relation.replica_identity != 'd') head += fmt::format(" identity={}", relation.replica_identity);
    if (relation.is_partition) head += fmt::format(" partition={}", name_of(relation.bound));
    if (relation.partition_strategy != Bound::none)
      head += fmt::format(" by={}({})", name_of(relation.partition_strategy), names(relation.extra().partition_key));
    const auto add = [&head](std::string_view label, const std::string& text) {
      if (!text.empty()) head += fmt::format(" {}={}", label, text);
    };
    add("parents", relations(relation.extra().parents));
    add("children", relations(relation.extra().children));
    add("indexes", relations(relation.indexes));
    add("dependents", relations(relation.dependents));
    add("owned", relations(relation.owned));
    if (relation.extra().of_type != nullptr)
      head += " of=" + catalog_.qualified(relation.extra().of_type->schema, relation.extra().of_type->name);
    if (relation.owner_table != nullptr)
      head += fmt::format(" owner={}.{}", qualified(relation.owner_table), quoted(relation.owner_column));
    std::vector<std::string> texts;
    for (const Dependency& use : relation.extra().defaults)
      if (!use.on->dropped) texts.push_back(qualified(use.on) + "." + quoted(use.column));
    add("defaults", sorted(texts));
    texts.clear();
    for (const Dependency& read : relation.extra().reads)
      texts.push_back(qualified(read.on) + "." + quoted(read.column));
    add("reads", sorted(texts));
    texts.clear();
    for (const Constraint* key : relation.referenced_by)
      if (!key->dropped) texts.push_back(qualified(key->table) + ":" + quoted(key->name));
    add("referenced-by", sorted(texts));
    texts.clear();
    for (const Symbol policy : relation.extra().policies) texts.push_back(quoted(policy));
    add("policies", sorted(texts));
    texts.clear();
    for (const Symbol rule : relation.extra().rules) texts.push_back(quoted(rule));
    add("rules", sorted(texts));
    texts.clear();
    for (const GeneratedFrom& pair : relation.extra().generated_from)
      texts.push_back(quoted(pair.column) + "<" + quoted(pair.source));
    add("generated", sorted(texts));
    if (relation.index != nullptr) head += describe(*relation.index);
    line(std::move(head));

    std::size_t number = 0;
    for (const Column& column : relation.columns) {
      ++number;
      if (!column.dropped) line(fmt::format("{} column {:04} {}", name, number, describe(column)));
    }
    for (const Constraint* constraint : relation.constraints)
      if (!constraint->dropped) line(fmt::format("{} {}", name, describe(*constraint)));
    for (const Trigger& trigger : relation.extra().triggers)
      if (!trigger.dropped)
        line(fmt::format("{} trigger {} {} events={}{}{}{}{}{}", name, quoted(trigger.name), quoted(trigger.function),
                         trigger.events, trigger.row ? " row" : "", trigger.before ? " before" : "",
                         trigger.enabled ? "" : " disabled", trigger.inherited ? " inherited" : "",
                         when(trigger.created)));
  }

  std::string describe(const Column& column) const {
    std::string out = fmt::format("{} {}", quoted(column.name), type(column.type));
    if (column.collation) out += " collate " + quoted(column.collation);
    if (column.not_null) out += " not-null";
    if (!column.local) out += " inherited-only";
    if (column.inherited != 0) out += fmt::format(" inherited={}", column.inherited);
    if (column.default_volatility != Volatility::none)
      out += fmt::format(" default={}[{}]", name_of(column.default_volatility), column.default_sql());
    if (column.default_null) out += " default-null";
    if (column.identity != Identity::none)
      out += column.identity == Identity::always ? " identity=always" : " identity=by-default";
    if (column.generated != Generated::none)
      out +=
          fmt::format(" {}[{}]", column.generated == Generated::stored ? "stored" : "virtual", column.generated_sql());
    return out + when(column.created);
  }

  std::string describe(const Constraint& constraint) const {
    std::string out =
        fmt::format("{} {} ({})", name_of(constraint.kind), quoted(constraint.name), names(constraint.columns));
    if (!constraint.valid) out += " not-valid";
    if (!constraint.enforced) out += " not-enforced";
    if (constraint.deferrable) out += constraint.initially_deferred ? " deferred" : " deferrable";
    if (constraint.no_inherit) out += " no-inherit";
    if (!constraint.local) out += " inherited-only";
    if (constraint.parent != nullptr) out += " follows=" + qualified(constraint.parent->table);
    if (constraint.index != nullptr) out += " index=" + qualified(constraint.index);
    if (constraint.kind == ConstraintKind::foreign_key)
      out += fmt::format(" references {}({}) delete={} update={}", qualified(constraint.references),
                         names(constraint.referenced_columns), name_of(constraint.on_delete),
                         name_of(constraint.on_update));
    if (!constraint.implies_not_null.empty()) out += fmt::format(" proves={}", names(constraint.implies_not_null));
    if (!constraint.sql.empty()) out += fmt::format(" [{}]", constraint.sql);
    if (constraint.validated.transaction != 0) out += " validated" + when(constraint.validated);
    return out + when(constraint.created);
  }

  std::string describe(const Index& index) const {
    std::string out = fmt::format(" on {} using {}", qualified(index.table), quoted(index.method));
    out += " (";
    bool first = true;
    for (const IndexKey& key : index.keys) {
      if (!first) out += ',';
      first = false;
      out += key.column ? quoted(key.column) : fmt::format("{}:[{}]", quoted(key.label), key.expression);
      if (key.opclass) out += " " + quoted(key.opclass);
      if (key.collation) out += " collate " + quoted(key.collation);
      if (key.descending) out += " desc";
      if (key.nulls_first) out += " nulls-first";
    }
    out += ')';
    if (!index.include.empty()) out += fmt::format(" include({})", names(index.include));
    if (!index.expression_columns.empty()) out += fmt::format(" names({})", names(index.expression_columns));
    if (!index.predicate.empty()) out += fmt::format(" where[{}]", index.predicate);
    if (index.unique) out += " unique";
    if (index.nulls_not_distinct) out += " nulls-not-distinct";
    if (!index.valid) out += " invalid";
    if (index.concurrently) out += " concurrently";
    if (index.constraint != nullptr) out += " constraint";
    return out;
  }

  void dump(const Type& one) {
    const std::string name = catalog_.qualified(one.schema, one.name);
    std::string head = fmt::format("{} {}{}", name, name_of(one.kind), when(one.created));
    if (one.kind == TypeKind::domain)
      head += fmt::format(" of {}{}", type(one.base), one.domain_not_null ? " not-null" : "");
    for (const EnumValue& value : one.values)
      head += fmt::format(" '{}'{}", catalog_.text(value.name), when(value.added));
    std::vector<std::string> users;
    for (const Relation* user : one.users)
      if (!user->dropped) users.push_back(qualified(user));
    std::sort(users.begin(), users.end());
    users.erase(std::unique(users.begin(), users.end()), users.end());
    if (const std::string text = sorted(users); !text.empty()) head += " users=" + text;
    line(std::move(head));
    for (const Constraint* check : one.checks)
      if (!check->dropped) line(fmt::format("{} {}", name, describe(*check)));
  }

  void dump(const Function& function) {
    line(fmt::format("{}({}) {} {} {} as {} arguments={} [{}]{}", catalog_.qualified(function.schema, function.name),
                     catalog_.text(function.signature), function.procedure ? "procedure" : "function",
                     quoted(function.language), name_of(function.declared), name_of(function.volatility),
                     function.arguments, function.body, when(function.created)));
  }

  const Catalog& catalog_;
  std::vector<std::string> lines_;
};

}  // namespace

std::string dump(const Catalog& catalog) { return Dumper(catalog).run(); }

}  // namespace pglint::catalog
