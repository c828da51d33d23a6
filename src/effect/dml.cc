// Queries and changes of rows: which relations they name, directly, in subqueries, through views and by foreign keys,
// and which of them they are bound to read whole.

#include <algorithm>
#include <array>
#include <memory>

#include "catalog/expression.h"
#include "effect/model.h"
#include "effect/partition_bound.h"

namespace pglint::effect {
namespace {

using catalog::Column;
using catalog::Constraint;

// WITH: the names that a query sees as tables, and those around it.
struct Scope {
  int outer = -1;
  const ::WithClause* with = nullptr;
  int visible = 0;  // so many of its queries
};

struct Item {
  const ::Node* statement = nullptr;
  int scope = -1;
  bool exists = false;  // only whether there is a row
};

// Kept from statement to statement, so that most of them allocate nothing.
struct Buffers {
  std::vector<Item> items;
  std::vector<Scope> scopes;
  std::vector<const ::Node*> stack;
  std::vector<const ::Node*> terms;
  std::vector<const ::Node*> joined;
};
thread_local std::unique_ptr<Buffers> kept;

// What a WHERE clause says of one table's columns, by AND.
class Pinned {
 public:
  static constexpr std::size_t most = 16;
  struct Column {
    std::string_view name;
    bool equal = false;
    bool low = false;
    bool high = false;
    // What it is compared with, where that is one expression, or a list of them.
    const ::Node* value = nullptr;
    const ::List* values = nullptr;
    const ::Node* from = nullptr;
    const ::Node* to = nullptr;
    bool below = false;  // less than `to`
  };

  Column& of(std::string_view name) {
    for (Column& column : columns_)
      if (column.name == name) return column;
    if (columns_.size() == most) return last_;
    if (columns_.empty()) columns_.reserve(4);
    return columns_.emplace_back(Column{.name = name});
  }
  // So many rows as an index finds at once.
  [[nodiscard]] bool few_rows(std::string_view name) const {
    return std::any_of(columns_.begin(), columns_.end(),
                       [&](const Column& c) { return c.name == name && (c.equal || (c.low && c.high)); });
  }
  [[nodiscard]] const Column* find(std::string_view name) const {
    const auto found = std::find_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name == name; });
    return found != columns_.end() ? &*found : nullptr;
  }
  [[nodiscard]] bool empty() const { return columns_.empty(); }

 private:
  std::vector<Column> columns_;
  Column last_;
};

class Query {
 public:
  Query(Model& model, Run run)
      : m_(model), run_(run), own_(kept != nullptr ? std::move(kept) : std::make_unique<Buffers>()), b_(*own_) {
    b_.items.clear();
    b_.scopes.clear();
  }
  ~Query() { kept = std::move(own_); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  void statement(const ::Node* node) {
    b_.items.push_back({node});
    drain();
  }
  void expression(const ::Node* node) {
    walk(node, -1);
    drain();
  }

 private:
  void drain();
  [[nodiscard]] int enter(const ::WithClause* with, int outer);
  [[nodiscard]] bool is_cte(const ::RangeVar& name, int scope) const;
  void walk(const ::Node* root, int scope);
  void walk(const ::List* list, int scope) {
    for (const ::Node* node : pg::nodes(list)) walk(node, scope);
  }
  void function(const ::FuncCall& call);
  void enum_literal(const catalog::TypeName& type, const ::Node* value);

  void select(const ::SelectStmt& statement, int scope, bool exists);
  void from(const ::Node* item, const ::SelectStmt* select, const ::Node* where, int scope, bool reads_all);
  void insert(const ::InsertStmt& statement, int scope);
  void update(const ::UpdateStmt& statement, int scope);
  void erase(const ::DeleteStmt& statement, int scope);
  void merge(const ::MergeStmt& statement, int scope);

  // Opens a table that is read or written; null if nothing is known of it.
  const Relation* table(const ::RangeVar& name, LockMode mode, Because because, Work work, bool planned,
                        const Pinned* pinned = nullptr, const ::InsertStmt* inserted = nullptr);
  [[nodiscard]] bool scans(const ::RangeVar& name, const Pinned& pinned);
  [[nodiscard]] bool scans(const Relation& table, const Pinned& pinned);
  [[nodiscard]] bool is_about(const Relation& parent, const Relation& partition, const Pinned& pinned) const;
  [[nodiscard]] bool goes_to(const Relation& root, const Relation& parent, const Relation& partition,
                             const ::InsertStmt& statement) const;
  void pinned_by(const ::Node* where, const ::RangeVar& name, bool alone, Pinned& pinned);
  [[nodiscard]] bool refers(const ::Node* node, const ::RangeVar& name, bool alone, std::string_view& column) const;
  [[nodiscard]] bool is_constant(const ::Node* node);

  void check_references(const Relation& table, const ::InsertStmt& statement);
  void check_references(const Relation& table, const ::List* assigned);
  void new_labels(const Relation& table, const ::InsertStmt& statement);
  void rules(const Relation& table, catalog::RuleUse::On event);
  void published(const Relation& table, std::string_view what, std::string_view changes);
  void generated_values(const Relation& table, const ::InsertStmt& statement, const ::List* row);
  void referenced_changes(const Relation& root, const ::List* assigned, bool deletes);

  Model& m_;
  const Run run_;
  std::unique_ptr<Buffers> own_;
  Buffers& b_;
};

void Query::drain() {
  while (!b_.items.empty()) {
    const Item item = b_.items.back();
    b_.items.pop_back();
    if (item.statement == nullptr) continue;
    switch (item.statement->type) {
      case T_SelectStmt:
        select(*pg::as<::SelectStmt>(item.statement), item.scope, item.exists);
        break;
      case T_InsertStmt:
        insert(*pg::as<::InsertStmt>(item.statement), item.scope);
        break;
      case T_UpdateStmt:
        update(*pg::as<::UpdateStmt>(item.statement), item.scope);
        break;
      case T_DeleteStmt:
        erase(*pg::as<::DeleteStmt>(item.statement), item.scope);
        break;
      case T_MergeStmt:
        merge(*pg::as<::MergeStmt>(item.statement), item.scope);
        break;
      default:
        walk(item.statement, item.scope);
        break;
    }
  }
}

int Query::enter(const ::WithClause* with, int outer) {
  if (with == nullptr) return outer;
  const auto queries = pg::nodes(with->ctes);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto* query = pg::as<::CommonTableExpr>(queries[i]);
    if (query == nullptr) continue;
    int scope = outer;
    if (with->recursive || i > 0) {
      b_.scopes.push_back({outer, with, static_cast<int>(with->recursive ? queries.size() : i)});
      scope = static_cast<int>(b_.scopes.size()) - 1;
    }
    b_.items.push_back({query->ctequery, scope});
    if (m_.version < 14 && (query->search_clause != nullptr || query->cycle_clause != nullptr))
      m_.newer_syntax(query->search_clause != nullptr ? "SEARCH" : "CYCLE");
  }
  b_.scopes.push_back({outer, with, static_cast<int>(queries.size())});
  return static_cast<int>(b_.scopes.size()) - 1;
}

bool Query::is_cte(const ::RangeVar& name, int scope) const {
  if (name.schemaname != nullptr) return false;
  const std::string_view wanted = pg::text(name.relname);
  for (; scope >= 0; scope = b_.scopes[static_cast<std::size_t>(scope)].outer) {
    const Scope& in = b_.scopes[static_cast<std::size_t>(scope)];
    const auto queries = pg::nodes(in.with->ctes);
    for (std::size_t i = 0; i < static_cast<std::size_t>(in.visible); ++i)
      if (const auto* query = pg::as<::CommonTableExpr>(queries[i]); pg::text(query->ctename) == wanted) return true;
  }
  return false;
}

// --- expressions -----------------------------------------------------------------------------------------------------

void Query::walk(const ::Node* root, int scope) {
  if (root == nullptr) return;
  std::vector<const ::Node*>& stack = b_.stack;
  const std::size_t bottom = stack.size();
  stack.push_back(root);
  while (stack.size() > bottom) {
    const ::Node* node = stack.back();
    stack.pop_back();
    switch (node->type) {
      case T_A_Const:
      case T_ColumnRef:
      case T_ParamRef:
      case T_SetToDefault:
      case T_TypeName:
        continue;
      case T_SelectStmt:
      case T_InsertStmt:
      case T_UpdateStmt:
      case T_DeleteStmt:
      case T_MergeStmt:
        b_.items.push_back({node, scope});
        continue;
      case T_SubLink: {
        const auto& link = *pg::as<::SubLink>(node);
        b_.items.push_back({link.subselect, scope, link.subLinkType == EXISTS_SUBLINK});
        if (link.testexpr != nullptr) stack.push_back(link.testexpr);
        continue;
      }
      case T_FuncCall:
        function(*pg::as<::FuncCall>(node));
        break;
      case T_TypeCast: {
        const auto& cast = *pg::as<::TypeCast>(node);
        if (pg::as<::A_Const>(cast.arg) != nullptr && cast.typeName != nullptr &&
            pg::qualified_name(cast.typeName->names).schema != "pg_catalog")
          enum_literal(type_of(m_, cast.typeName), cast.arg);
        if (cast.arg != nullptr) stack.push_back(cast.arg);
        continue;
      }
      case T_JsonTable:
        if (m_.version < 17) m_.newer_syntax("COLUMNS");
        break;
      case T_JsonIsPredicate:
      case T_JsonObjectConstructor:
      case T_JsonArrayConstructor:
      case T_JsonArrayQueryConstructor:
      case T_JsonObjectAgg:
      case T_JsonArrayAgg:
        if (m_.version < 16) m_.newer_syntax("JSON");
        break;
      case T_JsonFuncExpr:
      case T_JsonParseExpr:
      case T_JsonScalarExpr:
      case T_JsonSerializeExpr:
        if (m_.version < 17) m_.newer_syntax("JSON");
        break;
      default:
        break;
    }
    pg::children(node, stack);
  }
}

// Sequences are named by a text.
void Query::function(const ::FuncCall& call) {
  if (run_ != Run::execute) return;
  const std::string_view name = pg::last_name(call.funcname);
  if (name != "nextval" && name != "setval" && name != "currval") return;
  const auto arguments = pg::nodes(call.args);
  if (arguments.empty()) return;
  const ::Node* which = pg::without_casts(arguments[0]);
  if (const auto text = pg::constant_string(which)) {
    Symbol schema;
    Symbol sequence;
    if (catalog::read_name(m_.catalog.symbols, *text, schema, sequence))
      m_.lock(m_.catalog.find(schema, sequence), RelationKind::sequence, LockMode::row_exclusive, Because::sequence);
    return;
  }
  const auto* inner = pg::as<::FuncCall>(which);
  if (inner == nullptr || pg::last_name(inner->funcname) != "pg_get_serial_sequence") return;
  const auto of = pg::nodes(inner->args);
  if (of.size() != 2) return;
  const auto table = pg::constant_string(of[0]);
  const auto column = pg::constant_string(of[1]);
  Symbol schema;
  Symbol relation;
  if (!table || !column || !catalog::read_name(m_.catalog.symbols, *table, schema, relation)) return;
  const Lookup found = m_.catalog.find(schema, relation);
  if (found.relation == nullptr) return;
  for (const Relation* sequence : found.relation->owned)
    if (!sequence->dropped && sequence->owner_table == found.relation && m_.text(sequence->owner_column) == *column)
      m_.lock(*sequence, LockMode::row_exclusive, Because::sequence);
}

// A value that ALTER TYPE added in this transaction may be named in it, but not used.
void Query::enum_literal(const catalog::TypeName& type, const ::Node* value) {
  const catalog::Type* found = m_.catalog.find_type(type);
  if (found == nullptr || found->kind != catalog::TypeKind::enumeration || type.array_dimensions > 0) return;
  const auto label = pg::constant_string(value);
  const std::uint32_t now = m_.catalog.now.transaction;
  if (!label || now == 0 || found->values.empty() || found->values.back().added.transaction != now) return;
  // Since 17 the values of a type of the same transaction are as safe as the type.
  if (m_.version >= 17 && found->created.transaction == now) return;
  const Symbol name = m_.symbol(*label);
  for (const catalog::EnumValue& known : found->values)
    if (known.name == name && known.later && known.added.transaction == now)
      m_.fail("55P04", "unsafe use of new value \"{}\" of enum type {}", *label, m_.text(found->name));
}

// What INSERT gives a column: nothing if it is left out. `row` is the only row of VALUES, if it has one.
struct Given {
  bool listed = false;
  const ::Node* value = nullptr;  // null where it cannot be told
};
Given given_by(const Model& model, const Relation& table, const ::InsertStmt& statement, const ::List* row,
               Symbol column) {
  std::size_t place = 0;
  Given given;
  if (statement.selectStmt == nullptr) return given;  // DEFAULT VALUES
  if (statement.cols == nullptr) {
    for (const Column& other : table.columns) {
      if (other.dropped) continue;
      if (other.name == column) break;
      ++place;
    }
    given.listed = row == nullptr || place < pg::nodes(row).size();
  } else {
    for (const ::ResTarget& target : pg::only<::ResTarget>(statement.cols)) {
      if (model.symbol(target.name) == column) {
        given.listed = true;
        break;
      }
      ++place;
    }
  }
  if (given.listed && row != nullptr && place < pg::nodes(row).size()) given.value = pg::nodes(row)[place];
  if (given.value != nullptr && given.value->type == T_SetToDefault) given = {};
  return given;
}

// --- tables ----------------------------------------------------------------------------------------------------------

// Whether the WHERE clause lets rows of the partition be meant.
bool Query::is_about(const Relation& parent, const Relation& partition, const Pinned& pinned) const {
  if (parent.extra().partition_key.size() != 1 || !parent.extra().partition_key[0]) return true;
  const Pinned::Column* key = pinned.find(m_.text(parent.extra().partition_key[0]));
  if (key == nullptr) return true;
  if (key->value != nullptr) {
    const auto value = bound_value(key->value);
    return !value || may_hold(parent, partition, {value, value});
  }
  if (key->values != nullptr) {
    const auto values = pg::nodes(key->values);
    return std::any_of(values.begin(), values.end(), [&](const ::Node* node) {
      const auto value = bound_value(node);
      return !value || may_hold(parent, partition, {value, value});
    });
  }
  KeyRange range;
  if (key->from != nullptr) range.from = bound_value(key->from);
  if (key->to != nullptr) range.to = bound_value(key->to);
  range.below = key->below;
  return may_hold(parent, partition, range);
}

// Whether one of the rows of VALUES belongs into the partition.
bool Query::goes_to(const Relation& root, const Relation& parent, const Relation& partition,
                    const ::InsertStmt& statement) const {
  const auto* values = pg::as<::SelectStmt>(statement.selectStmt);
  constexpr std::size_t most = 64;  // of that many rows nobody says where each goes
  if (parent.extra().partition_key.size() != 1 || !parent.extra().partition_key[0] || values == nullptr) return true;
  const auto rows = pg::nodes(values->valuesLists);
  if (rows.empty() || rows.size() > most) return true;
  return std::any_of(rows.begin(), rows.end(), [&](const ::Node* row) {
    const Given given = given_by(m_, root, statement, pg::as<::List>(row), parent.extra().partition_key[0]);
    const auto value = given.value != nullptr ? bound_value(given.value) : std::nullopt;
    return !value || may_hold(parent, partition, {value, value});
  });
}

const Relation* Query::table(const ::RangeVar& name, LockMode mode, Because because, Work work, bool planned,
                             const Pinned* pinned, const ::InsertStmt* inserted) {
  const Lookup found = m_.find(&name);
  if (found.presence == Presence::gone) {
    m_.missing(found);
    return nullptr;
  }
  if (run_ != Run::execute) work = Work::none;
  const Relation* relation = found.relation;
  if (because == Because::target && found.presence == Presence::known) {
    if (relation->kind == RelationKind::materialized_view)
      m_.fail("42809", "cannot change materialized view \"{}\"", m_.text(found.name));
    else if (relation->kind == RelationKind::sequence)
      m_.fail("42809", "cannot change sequence \"{}\"", m_.text(found.name));
  }
  if (relation == nullptr) {
    m_.lock(found, RelationKind::table, mode, because, work);
    return nullptr;
  }
  if (relation->kind == RelationKind::view) {
    m_.lock(*relation, mode, because);
    if (run_ != Run::analyse)
      lock_base(m_, *relation, mode,
                planned && run_ == Run::execute && (pinned == nullptr || pinned->empty() || scans(*relation, *pinned))
                    ? Work::scan
                    : Work::none,
                planned, inserted == nullptr);
    return relation;
  }
  if (run_ == Run::analyse) {
    m_.lock(*relation, mode, because);
    return relation;
  }
  const auto open = [&](const Relation& part) {
    const bool rows = (part.kind != RelationKind::partitioned_table || part.extra().children.empty()) &&
                      part.kind != RelationKind::sequence;
    // An inheritor has indexes of its own, or none.
    Work of_part = work;
    if (&part != relation && !part.is_partition && run_ == Run::execute && pinned != nullptr && !pinned->empty())
      of_part = scans(part, *pinned) ? Work::scan : Work::none;
    m_.lock(part, mode, as_child(part, *relation, because), rows ? of_part : Work::none);
    // The planner opens every index; those of a partitioned table itself since 16.
    if (planned && (part.kind != RelationKind::partitioned_table || m_.version >= 16)) m_.lock_indexes(part, mode);
  };
  if (relation->kind != RelationKind::partitioned_table) {
    // Rows are put into the table itself, whoever inherits from it.
    each_in_tree(*relation, name.inh && inserted == nullptr, open);
    return relation;
  }
  // Partitions that cannot hold a row that is meant are left alone.
  open(*relation);
  std::vector<const Relation*> waiting;
  if (name.inh) waiting.push_back(relation);
  for (std::size_t i = 0; i < waiting.size(); ++i)
    for (const Relation* part : waiting[i]->extra().children) {
      if (part->dropped || (pinned != nullptr && !is_about(*waiting[i], *part, *pinned)) ||
          (inserted != nullptr && !goes_to(*relation, *waiting[i], *part, *inserted)))
        continue;
      open(*part);
      if (!part->extra().children.empty()) waiting.push_back(part);
    }
  return relation;
}

bool Query::is_constant(const ::Node* node) {
  if (node == nullptr) return true;
  if (node->type == T_A_Const || node->type == T_ParamRef) return true;
  std::vector<const ::Node*>& stack = b_.stack;
  const std::size_t bottom = stack.size();
  stack.push_back(node);
  bool constant = true;
  while (stack.size() > bottom) {
    const ::Node* at = stack.back();
    stack.pop_back();
    if (!constant || at->type == T_TypeName) continue;
    if (at->type == T_ColumnRef || at->type == T_SubLink || at->type == T_SelectStmt) {
      constant = false;
      continue;
    }
    pg::children(at, stack);
  }
  return constant;
}

// A column of the table: t.id, or id where no other table can have it.
bool Query::refers(const ::Node* node, const ::RangeVar& name, bool alone, std::string_view& column) const {
  const auto* reference = pg::as<::ColumnRef>(pg::without_casts(node));
  if (reference == nullptr) return false;
  const auto fields = pg::nodes(reference->fields);
  column = pg::column_name(*reference);
  if (column.empty()) return false;
  if (fields.size() == 1) return alone;
  const std::string_view qualifier = pg::string(fields[fields.size() - 2]);
  return qualifier == (name.alias != nullptr ? pg::text(name.alias->aliasname) : pg::text(name.relname));
}

void Query::pinned_by(const ::Node* where, const ::RangeVar& name, bool alone, Pinned& pinned) {
  if (where == nullptr) return;
  pg::conjuncts(where, b_.terms);
  for (const ::Node* term : b_.terms) {
    if (const auto* any = pg::as<::BoolExpr>(term); any != nullptr && any->boolop == OR_EXPR) {
      // id = 1 OR id = 2
      std::string_view same;
      bool all = true;
      for (const ::Node* arg : pg::nodes(any->args)) {
        const auto* equal = pg::as<::A_Expr>(arg);
        std::string_view of;
        all = all && equal != nullptr && equal->kind == AEXPR_OP && pg::last_name(equal->name) == "=" &&
              refers(equal->lexpr, name, alone, of) && (same.empty() || same == of) && is_constant(equal->rexpr);
        if (!all) break;
        same = of;
      }
      if (all && !same.empty()) pinned.of(same).equal = true;
      continue;
    }
    const auto* comparison = pg::as<::A_Expr>(term);
    if (comparison == nullptr) continue;
    std::string_view column;
    const bool left = refers(comparison->lexpr, name, alone, column);
    switch (comparison->kind) {
      case AEXPR_IN:
      case AEXPR_BETWEEN:
      case AEXPR_OP_ANY: {
        const std::string_view op = pg::last_name(comparison->name);
        if (!left || op == "<>") continue;
        bool constant = true;
        if (comparison->rexpr != nullptr && comparison->rexpr->type == T_List) {
          for (const ::Node* value : pg::nodes(reinterpret_cast<const ::List*>(comparison->rexpr)))
            constant = constant && is_constant(value);
        } else {
          constant = is_constant(comparison->rexpr);
        }
        if (!constant) continue;
        Pinned::Column& found = pinned.of(column);
        found.equal = true;
        const auto* list = pg::as<::List>(comparison->rexpr);
        if (comparison->kind == AEXPR_IN) {
          found.values = list;
        } else if (comparison->kind == AEXPR_BETWEEN && list_length(list) == 2) {
          found.from = pg::nodes(list)[0];
          found.to = pg::nodes(list)[1];
        }
        break;
      }
      case AEXPR_OP: {
        std::string_view op = pg::last_name(comparison->name);
        const ::Node* other = comparison->rexpr;
        if (!left) {
          if (!refers(comparison->rexpr, name, alone, column)) continue;
          other = comparison->lexpr;
          op = op == "<" ? ">" : op == "<=" ? ">=" : op == ">" ? "<" : op == ">=" ? "<=" : op;
        }
        if (!is_constant(other)) continue;
        Pinned::Column& found = pinned.of(column);
        if (op == "=") {
          found.equal = true;
          found.value = other;
        } else if (op == "<" || op == "<=") {
          found.high = true;
          found.to = other;
          found.below = op == "<";
        } else if (op == ">" || op == ">=") {
          found.low = true;
          found.from = other;
        }
        break;
      }
      default:
        break;
    }
  }
}

// Whether the table is read whole to find the rows: not where an index leads to few of them.
bool Query::scans(const ::RangeVar& name, const Pinned& pinned) {
  if (pinned.empty()) return true;
  if (pinned.few_rows("ctid")) return false;
  const Lookup found = m_.find(&name);
  const Relation* table = found.relation;
  // Of a table that the history never made the indexes are not known; one on `id` is there nearly everywhere.
  if (table == nullptr || !table->known) return !pinned.few_rows("id");
  return scans(*table, pinned);
}

bool Query::scans(const Relation& table, const Pinned& pinned) {
  // A view over one table that shows its columns is looked through by that table's indexes.
  const Relation* at = &table;
  for (int depth = 0; depth < 32 && at->kind == RelationKind::view && !at->extra().reads.empty(); ++depth) {
    const Relation* base = at->extra().reads[0].on;
    for (const catalog::Dependency& read : at->extra().reads)
      if (read.on != base || base == nullptr) return true;
    at = base;
  }
  return std::none_of(at->indexes.begin(), at->indexes.end(), [&](const Relation* index) {
    return !index->dropped && index->index != nullptr && index->index->predicate.empty() &&
           !index->index->keys.empty() && index->index->keys[0].column &&
           pinned.few_rows(m_.text(index->index->keys[0].column));
  });
}

bool leads_an_index(const Model& model, const Relation& table, std::string_view column) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const Relation* index) {
    return !index->dropped && index->index != nullptr && index->index->predicate.empty() &&
           !index->index->keys.empty() && index->index->keys[0].column &&
           model.text(index->index->keys[0].column) == column;
  });
}

// --- SELECT ----------------------------------------------------------------------------------------------------------

bool is_aggregate(std::string_view name) {
  constexpr std::array<std::string_view, 14> names = {
      "count", "sum",       "avg",        "min",      "max",       "bool_and",        "bool_or",
      "every", "array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

void Query::select(const ::SelectStmt& statement, int scope, bool exists) {
  scope = enter(statement.withClause, scope);
  if (statement.op != SETOP_NONE) {
    b_.items.push_back({reinterpret_cast<const ::Node*>(statement.rarg), scope});
    b_.items.push_back({reinterpret_cast<const ::Node*>(statement.larg), scope});
  }
  if (statement.intoClause != nullptr && statement.intoClause->rel != nullptr)
    m_.made(RelationKind::table, m_.schema_for(*statement.intoClause->rel),
            m_.symbol(statement.intoClause->rel->relname), Because::target);
  if (m_.version < 14 && statement.groupDistinct) m_.newer_syntax("DISTINCT");
  if (m_.version < 13 && statement.limitOption == LIMIT_OPTION_WITH_TIES) m_.newer_syntax("WITH");

  const auto items = pg::nodes(statement.fromClause);
  // Whether it stops before the end of the table: LIMIT, or EXISTS, with nothing that has to see all rows first.
  bool aggregates = statement.groupClause != nullptr || statement.distinctClause != nullptr;
  bool by_index_end = false;  // min(id), max(id)
  for (const ::ResTarget& target : pg::only<::ResTarget>(statement.targetList)) {
    const auto* call = pg::as<::FuncCall>(target.val);
    if (call == nullptr || !is_aggregate(pg::last_name(call->funcname))) continue;
    aggregates = true;
    const std::string_view name = pg::last_name(call->funcname);
    const auto arguments = pg::nodes(call->args);
    const auto* column = arguments.size() == 1 ? pg::as<::ColumnRef>(arguments[0]) : nullptr;
    const auto* only = items.size() == 1 ? pg::as<::RangeVar>(items[0]) : nullptr;
    if ((name == "min" || name == "max") && column != nullptr && only != nullptr && statement.whereClause == nullptr &&
        pg::nodes(statement.targetList).size() == 1) {
      const Lookup found = m_.find(only);
      by_index_end = found.relation != nullptr && leads_an_index(m_, *found.relation, pg::column_name(*column));
    }
  }
  bool all = true;
  if (by_index_end) all = false;
  if ((statement.limitCount != nullptr || exists) && !aggregates && statement.whereClause == nullptr) {
    if (statement.sortClause == nullptr) {
      all = false;
    } else if (items.size() == 1) {
      // In the order of an index it stops early, too.
      const auto* only = pg::as<::RangeVar>(items[0]);
      const auto sorts = pg::nodes(statement.sortClause);
      const auto* first = pg::as<::SortBy>(sorts[0]);
      const auto* column = first != nullptr ? pg::as<::ColumnRef>(first->node) : nullptr;
      const Lookup found = m_.find(only);
      if (column != nullptr && found.relation != nullptr &&
          leads_an_index(m_, *found.relation, pg::column_name(*column)))
        all = false;
    }
  }
  for (const ::Node* item : items) from(item, &statement, statement.whereClause, scope, all);

  walk(statement.targetList, scope);
  walk(statement.valuesLists, scope);
  walk(statement.whereClause, scope);
  walk(statement.groupClause, scope);
  walk(statement.havingClause, scope);
  walk(statement.sortClause, scope);
  walk(statement.distinctClause, scope);
  walk(statement.limitCount, scope);
  walk(statement.limitOffset, scope);
  walk(statement.windowClause, scope);
}

// One item of FROM. Joins nest to the left; their tables are pushed instead of called.
void Query::from(const ::Node* item, const ::SelectStmt* select, const ::Node* where, int scope, bool reads_all) {
  std::vector<const ::Node*>& items = b_.joined;
  items.assign(1, item);
  const bool alone = item != nullptr && item->type == T_RangeVar &&
                     (select == nullptr ? false : pg::nodes(select->fromClause).size() == 1);
  while (!items.empty()) {
    const ::Node* next = items.back();
    items.pop_back();
    if (next == nullptr) continue;
    switch (next->type) {
      case T_RangeVar: {
        const auto& name = *pg::as<::RangeVar>(next);
        if (is_cte(name, scope)) break;
        LockMode mode = LockMode::access_share;
        for (const ::LockingClause& clause :
             pg::only<::LockingClause>(select != nullptr ? select->lockingClause : nullptr)) {
          const std::string_view called =
              name.alias != nullptr ? pg::text(name.alias->aliasname) : pg::text(name.relname);
          bool named = clause.lockedRels == nullptr;
          for (const ::RangeVar& locked : pg::only<::RangeVar>(clause.lockedRels))
            named = named || pg::text(locked.relname) == called;
          if (named) mode = LockMode::row_share;
        }
        Pinned pinned;
        pinned_by(where, name, alone, pinned);
        const Work work = reads_all && scans(name, pinned) ? Work::scan : Work::none;
        (void)table(name, mode, Because::reads, work, true, &pinned);
        break;
      }
      case T_JoinExpr: {
        const auto& join = *pg::as<::JoinExpr>(next);
        items.push_back(join.rarg);
        items.push_back(join.larg);
        walk(join.quals, scope);
        if (m_.version < 14 && join.join_using_alias != nullptr) m_.newer_syntax("AS");
        break;
      }
      case T_RangeSubselect: {
        const auto& sub = *pg::as<::RangeSubselect>(next);
        b_.items.push_back({sub.subquery, scope});
        if (m_.version < 16 && sub.alias == nullptr) m_.fail("42601", "subquery in FROM must have an alias");
        break;
      }
      case T_RangeTableSample:
        items.push_back(pg::as<::RangeTableSample>(next)->relation);
        break;
      default:
        walk(next, scope);
        break;
    }
  }
}

// --- changes ---------------------------------------------------------------------------------------------------------

const ::ResTarget* assigned_to(const Model& model, const ::List* assigned, Symbol column) {
  for (const ::ResTarget& target : pg::only<::ResTarget>(assigned))
    if (model.symbol(target.name) == column) return &target;
  return nullptr;
}

// `value`: of the key, where it is one column and a constant; then partitions that cannot hold it are left alone.
void lock_referenced(Model& model, const Relation& referenced, const Constraint& key, const ::Node* value) {
  const bool one = key.referenced_columns.size() == 1 && referenced.extra().partition_key.size() == 1 &&
                   key.referenced_columns[0] == referenced.extra().partition_key[0];
  const auto constant = one && value != nullptr ? bound_value(value) : std::nullopt;
  each_in_tree(referenced, referenced.kind == RelationKind::partitioned_table, [&](const Relation& part) {
    if (constant && &part != &referenced && !part.extra().parents.empty() && part.extra().parents[0] == &referenced &&
        !may_hold(referenced, part, {constant, constant}))
      return;
    model.lock(part, LockMode::row_share, as_child(part, referenced, Because::references));
    if (part.kind != RelationKind::partitioned_table || model.version >= 16)
      model.lock_indexes(part, LockMode::row_share);
  });
}

const ::List* only_row(const ::Node* source) {
  const auto* select = pg::as<::SelectStmt>(source);
  return select != nullptr && list_length(select->valuesLists) == 1
             ? reinterpret_cast<const ::List*>(pg::nodes(select->valuesLists)[0])
             : nullptr;
}

// The check is put off until COMMIT.
bool waits(const Model& model, const Constraint& key) {
  const catalog::Session& session = model.catalog.session;
  return key.deferrable &&
         (session.check_constraints_deferred || (key.initially_deferred && !session.check_constraints_immediate));
}

// The rows that foreign keys point to are locked where a key is given.
void Query::check_references(const Relation& table, const ::InsertStmt& statement) {
  const ::List* row = only_row(statement.selectStmt);
  each_foreign_key(table, [&](const Constraint& key) {
    if (!key.enforced || waits(m_, key)) return;
    const ::Node* only = nullptr;
    const bool given = std::any_of(key.columns.begin(), key.columns.end(), [&](Symbol column) {
      const Given value = given_by(m_, table, statement, row, column);
      only = value.value;
      if (value.listed) return value.value == nullptr || !pg::is_null_constant(value.value);
      const Column* found = catalog::column(table, column);
      return found != nullptr && !found->default_null;
    });
    if (given) lock_referenced(m_, *key.references, key, only);
  });
}

void Query::check_references(const Relation& table, const ::List* assigned) {
  each_foreign_key(table, [&](const Constraint& key) {
    if (!key.enforced || waits(m_, key)) return;
    const ::Node* only = nullptr;
    const bool given = std::any_of(key.columns.begin(), key.columns.end(), [&](Symbol column) {
      const ::ResTarget* target = assigned_to(m_, assigned, column);
      if (target != nullptr) only = target->val;
      return target != nullptr && !pg::is_null_constant(target->val);
    });
    if (given) lock_referenced(m_, *key.references, key, only);
  });
}

// Rows that go, or change their key: the tables that refer to them are looked through, or changed as well.
void Query::referenced_changes(const Relation& root, const ::List* assigned, bool deletes) {
  struct Change {
    const Relation* table;
    bool deletes;
    const Constraint* by;  // the key whose columns change
  };
  if (root.referenced_by.empty() && !root.is_partition) return;
  std::vector<Change> changes{{&root, deletes, nullptr}};
  std::unordered_set<const Constraint*> seen;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change change = changes[i];
    each_reference_to_row(*change.table, [&](const Constraint& key) {
      const catalog::Action action = change.deletes ? key.on_delete : key.on_update;
      if (!key.enforced || (action == catalog::Action::no_action && waits(m_, key))) return;
      if (!change.deletes) {
        const bool touches =
            std::any_of(key.referenced_columns.begin(), key.referenced_columns.end(), [&](Symbol column) {
              if (change.by != nullptr) return contains(change.by->columns, column);
              const ::ResTarget* target = assigned_to(m_, assigned, column);
              if (target == nullptr) return false;
              const auto* same = pg::as<::ColumnRef>(target->val);
              return same == nullptr || m_.symbol(pg::column_name(*same)) != column;
            });
        if (!touches) return;
      }
      if (!seen.insert(&key).second) return;
      const bool writes = action == catalog::Action::cascade || action == catalog::Action::set_null ||
                          action == catalog::Action::set_default;
      const LockMode mode = writes ? LockMode::row_exclusive : LockMode::row_share;
      const bool indexed = !key.columns.empty() && leads_an_index(m_, *key.table, m_.text(key.columns[0]));
      each_in_tree(*key.table, true, [&](const Relation& part) {
        const bool rows = part.kind != RelationKind::partitioned_table || part.extra().children.empty();
        m_.lock(part, mode, as_child(part, *key.table, Because::references),
                indexed || !rows || run_ != Run::execute ? Work::none : Work::scan);
        if (part.kind != RelationKind::partitioned_table || m_.version >= 16) m_.lock_indexes(part, mode);
      });
      if (action == catalog::Action::cascade && change.deletes)
        changes.push_back({key.table, true, nullptr});
      else if (writes)
        changes.push_back({key.table, false, &key});
    });
  }
}

// Generated columns take no values.
void Query::generated_values(const Relation& table, const ::InsertStmt& statement, const ::List* row) {
  if (row != nullptr && statement.override == OVERRIDING_NOT_SET)
    for (const Column& column : table.columns)
      if (!column.dropped && column.identity == catalog::Identity::always &&
          given_by(m_, table, statement, row, column.name).listed)
        m_.fail("428C9", "cannot insert a non-DEFAULT value into column \"{}\"", m_.text(column.name));
  if (table.extra().generated_from.empty()) return;
  for (const Column& column : table.columns) {
    if (column.dropped || column.generated == catalog::Generated::none) continue;
    if (given_by(m_, table, statement, row, column.name).listed)
      m_.fail("428C9", "cannot insert a non-DEFAULT value into column \"{}\"", m_.text(column.name));
  }
}

// A row that is published has to be told from others.
void Query::published(const Relation& table, std::string_view what, std::string_view changes) {
  if (catalog::lacks_identity(table) && m_.catalog.publication_of(table) != nullptr)
    m_.fail("55000", "cannot {} table \"{}\" because it does not have a replica identity and publishes {}", what,
            m_.text(table.name), changes);
}

// New labels of an enumeration among the values.
void Query::new_labels(const Relation& table, const ::InsertStmt& statement) {
  const auto* values = pg::as<::SelectStmt>(statement.selectStmt);
  if (values == nullptr || values->valuesLists == nullptr) return;
  std::size_t place = 0;
  const auto column = [&](const Column& into) {
    const catalog::Type* type = into.type.array_dimensions > 0 ? nullptr : m_.catalog.find_type(into.type);
    if (type != nullptr && type->kind == catalog::TypeKind::enumeration && !type->values.empty() &&
        type->values.back().added.transaction == m_.catalog.now.transaction)
      for (const ::Node* row : pg::nodes(values->valuesLists))
        if (const auto cells = pg::nodes(reinterpret_cast<const ::List*>(row)); place < cells.size())
          enum_literal(into.type, cells[place]);
    ++place;
  };
  if (statement.cols == nullptr) {
    for (const Column& into : table.columns)
      if (!into.dropped) column(into);
    return;
  }
  for (const ::ResTarget& target : pg::only<::ResTarget>(statement.cols)) {
    if (const Column* into = catalog::column(table, m_.symbol(target.name)))
      column(*into);
    else
      ++place;
  }
}

// What rules do as well.
void Query::rules(const Relation& table, catalog::RuleUse::On event) {
  if (run_ == Run::analyse) return;
  for (const catalog::RuleUse& use : table.extra().rule_uses) {
    if (use.event != event || use.on == nullptr || use.on->dropped || !contains(table.extra().rules, use.rule))
      continue;
    const LockMode mode = use.writes ? LockMode::row_exclusive : LockMode::access_share;
    each_in_tree(*use.on, true, [&](const Relation& part) {
      m_.lock(part, mode, as_child(part, *use.on, Because::dependent));
      if (use.looks && part.kind != RelationKind::partitioned_table) m_.lock_indexes(part, mode);
    });
  }
}

// The planner looks through the indexes, oldest first, for those that ON CONFLICT means: all of them, or until it has
// found that of the constraint.
void lock_arbiters(Model& model, const Relation& table, const char* constraint) {
  if (constraint == nullptr) return model.lock_indexes(table, LockMode::row_exclusive);
  const Symbol name = model.symbol(constraint);
  for (const Relation* index : table.indexes) {
    if (index->dropped) continue;
    model.lock(*index, LockMode::row_exclusive, Because::index);
    if (index->index != nullptr && index->index->constraint != nullptr && index->index->constraint->name == name)
      return;
  }
}

void Query::insert(const ::InsertStmt& statement, int scope) {
  scope = enter(statement.withClause, scope);
  const Relation* into =
      table(*statement.relation, LockMode::row_exclusive, Because::target, Work::none, false, nullptr, &statement);
  const ::OnConflictClause* conflict = statement.onConflictClause;
  if (into != nullptr && run_ != Run::analyse) {
    if (conflict != nullptr && conflict->infer != nullptr) lock_arbiters(m_, *into, conflict->infer->conname);
    lock_parents(m_, *into);
    if (run_ == Run::execute) {
      // Numbers for the columns that are left out.
      const ::List* row = only_row(statement.selectStmt);
      for (const Relation* sequence : into->owned) {
        if (sequence->dropped || sequence->owner_table != into) continue;
        const Column* column = catalog::column(*into, sequence->owner_column);
        const bool counts = column != nullptr && (column->identity != catalog::Identity::none || column->type.serial);
        if (counts && !given_by(m_, *into, statement, row, column->name).listed)
          m_.lock(*sequence, LockMode::row_exclusive, Because::sequence);
      }
      for (const catalog::Dependency& use : into->extra().defaults)
        if (use.on != nullptr && !use.on->dropped && !given_by(m_, *into, statement, row, use.column).listed)
          m_.lock(*use.on, LockMode::row_exclusive, Because::sequence);
      generated_values(*into, statement, row);
      if (!into->extra().rule_uses.empty()) rules(*into, catalog::RuleUse::On::insert);
      check_references(*into, statement);
      new_labels(*into, statement);
      if (conflict != nullptr && conflict->action == ONCONFLICT_UPDATE) {
        check_references(*into, conflict->targetList);
        referenced_changes(*into, conflict->targetList, false);
      }
    }
  }
  if (conflict != nullptr) {
    walk(conflict->targetList, scope);
    walk(conflict->whereClause, scope);
  }
  if (statement.returningClause != nullptr) walk(statement.returningClause->exprs, scope);
  if (statement.selectStmt != nullptr) b_.items.push_back({statement.selectStmt, scope});
}

void Query::update(const ::UpdateStmt& statement, int scope) {
  scope = enter(statement.withClause, scope);
  const bool alone = statement.fromClause == nullptr;
  Pinned pinned;
  pinned_by(statement.whereClause, *statement.relation, alone, pinned);
  const Work work = scans(*statement.relation, pinned) ? Work::scan : Work::none;
  const Relation* changed = table(*statement.relation, LockMode::row_exclusive, Because::target, work, true, &pinned);
  if (changed != nullptr && run_ != Run::analyse && changed->extra().partition_key.size() == 1)
    if (const ::ResTarget* key = assigned_to(m_, statement.targetList, changed->extra().partition_key[0])) {
      // A row whose key changes may move to another partition.
      const auto value = bound_value(key->val);
      each_in_tree(*changed, true, [&](const Relation& part) {
        if (&part != changed && (!value || part.extra().parents.empty() || part.extra().parents[0] != changed ||
                                 may_hold(*changed, part, {value, value})))
          m_.lock(part, LockMode::row_exclusive, Because::partition);
      });
    }
  for (const ::Node* item : pg::nodes(statement.fromClause)) from(item, nullptr, statement.whereClause, scope, true);
  if (changed != nullptr && run_ != Run::analyse) lock_parents(m_, *changed);
  if (changed != nullptr && !changed->extra().rule_uses.empty()) rules(*changed, catalog::RuleUse::On::update);
  if (changed != nullptr && run_ == Run::execute) {
    check_references(*changed, statement.targetList);
    referenced_changes(*changed, statement.targetList, false);
    published(*changed, "update", "updates");
    for (const ::ResTarget& target : pg::only<::ResTarget>(statement.targetList))
      if (const Column* column = catalog::column(*changed, m_.symbol(target.name))) {
        enum_literal(column->type, target.val);
        if (column->identity == catalog::Identity::always && target.val != nullptr &&
            target.val->type != T_SetToDefault)
          m_.fail("428C9", "column \"{}\" can only be updated to DEFAULT", m_.text(column->name));
        if (column->generated != catalog::Generated::none && target.val != nullptr &&
            target.val->type != T_SetToDefault)
          m_.fail("428C9", "column \"{}\" can only be updated to DEFAULT", m_.text(column->name));
      }
  }
  walk(statement.targetList, scope);
  walk(statement.whereClause, scope);
  if (statement.returningClause != nullptr) walk(statement.returningClause->exprs, scope);
}

void Query::erase(const ::DeleteStmt& statement, int scope) {
  scope = enter(statement.withClause, scope);
  const bool alone = statement.usingClause == nullptr;
  Pinned pinned;
  pinned_by(statement.whereClause, *statement.relation, alone, pinned);
  const Work work = scans(*statement.relation, pinned) ? Work::scan : Work::none;
  const Relation* changed = table(*statement.relation, LockMode::row_exclusive, Because::target, work, true, &pinned);
  for (const ::Node* item : pg::nodes(statement.usingClause)) from(item, nullptr, statement.whereClause, scope, true);
  if (changed != nullptr && !changed->extra().rule_uses.empty()) rules(*changed, catalog::RuleUse::On::erase);
  if (changed != nullptr && run_ == Run::execute) {
    published(*changed, "delete from", "deletes");
    referenced_changes(*changed, nullptr, true);
  }
  walk(statement.whereClause, scope);
  if (statement.returningClause != nullptr) walk(statement.returningClause->exprs, scope);
}

void Query::merge(const ::MergeStmt& statement, int scope) {
  if (m_.version < 15) return m_.newer_syntax("MERGE");
  if (m_.version < 17 && statement.returningClause != nullptr) return m_.newer_syntax("RETURNING");
  scope = enter(statement.withClause, scope);
  const Relation* into = table(*statement.relation, LockMode::row_exclusive, Because::target, Work::scan, true);
  from(statement.sourceRelation, nullptr, nullptr, scope, true);
  walk(statement.joinCondition, scope);
  for (const ::MergeWhenClause& when : pg::only<::MergeWhenClause>(statement.mergeWhenClauses)) {
    if (m_.version < 17 && when.matchKind == MERGE_WHEN_NOT_MATCHED_BY_SOURCE) return m_.newer_syntax("BY");
    walk(when.condition, scope);
    walk(when.targetList, scope);
    walk(when.values, scope);
    if (into == nullptr || run_ != Run::execute) continue;
    if (when.commandType == CMD_UPDATE) {
      check_references(*into, when.targetList);
      referenced_changes(*into, when.targetList, false);
    } else if (when.commandType == CMD_INSERT) {
      check_references(*into, when.targetList);
    } else if (when.commandType == CMD_DELETE) {
      referenced_changes(*into, nullptr, true);
    }
  }
  if (statement.returningClause != nullptr) walk(statement.returningClause->exprs, scope);
}

}  // namespace

void query(Model& model, const ::Node* statement, Run run) { Query(model, run).statement(statement); }

void expression(Model& model, const ::Node* expression, Run run) {
  if (expression == nullptr) return;
  Query(model, run).expression(expression);
}

void lock_parents(Model& model, const Relation& partition) {
  const Relation* at = &partition;
  for (int depth = 0; depth < 64 && at->is_partition && !at->extra().parents.empty(); ++depth) {
    at = at->extra().parents[0];
    model.lock(*at, LockMode::access_share, Because::parent);
  }
}

void check_deferred(Model& model) {
  const Constraint none;
  for (const Relation* table : model.catalog.pending()) {
    if (table->dropped || table->pending != model.catalog.now.transaction) continue;
    each_foreign_key(*table, [&](const Constraint& key) {
      if (key.enforced && key.deferrable) lock_referenced(model, *key.references, none, nullptr);
    });
    model.may_fail("23503", "a row has no counterpart in the referenced table");
  }
}

void lock_base(Model& model, const Relation& view, LockMode mode, Work work, bool indexes, bool inheritors) {
  std::vector<const Relation*> waiting{&view};
  std::unordered_set<const Relation*> seen{&view};
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    for (const catalog::Dependency& read : waiting[i]->extra().reads) {
      if (read.on == nullptr || read.on->dropped || !seen.insert(read.on).second) continue;
      if (read.on->kind == RelationKind::view) {
        model.lock(*read.on, mode, Because::reads);
        waiting.push_back(read.on);
        continue;
      }
      const bool recurse = inheritors || read.on->kind == RelationKind::partitioned_table;
      each_in_tree(*read.on, recurse, [&](const Relation& part) {
        const bool rows = part.kind != RelationKind::partitioned_table || part.extra().children.empty();
        model.lock(part, mode, as_child(part, *read.on, Because::reads), rows ? work : Work::none);
        if (indexes && (part.kind != RelationKind::partitioned_table || model.version >= 16))
          model.lock_indexes(part, mode);
      });
    }
  }
}

}  // namespace pglint::effect
