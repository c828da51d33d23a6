#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "catalog/expression.h"
#include "catalog/replay/state.h"

// What a query reads, column by column, and what columns it gives: by the names in it, resolved as the server does.

namespace pglint::catalog {
namespace {

// Queries nest a few levels. Below this nothing is looked at, and the query's columns count as not told.
constexpr int deepest = 120;
// Nor is more compared than this for one query.
constexpr std::uint64_t most_steps = 4'000'000;
// What is looked through rather than hashed.
constexpr std::size_t few = 32;

// A column that a query, or an item of FROM, gives.
struct Output {
  Symbol name = {};
  TypeName type = {};
  Symbol collation = {};
  Relation* relation = nullptr;  // null: computed, or of a sub-select
  Symbol column = {};
};

struct Outputs {
  std::vector<Output> columns;
  bool known = true;  // all of them are there
};

struct Item {
  Symbol alias = {};
  Relation* relation = nullptr;
  Outputs outputs;
};

struct Scope {
  const Scope* outer = nullptr;
  std::vector<Item> items;
  std::vector<Item> with;  // by alias
};

class Reader {
 public:
  Reader(Replay& replay, std::vector<Dependency>& reads) : replay_(replay), c_(replay.c), reads_(reads) {}

  void select(const ::SelectStmt& statement, const Scope* outer, Outputs& out, int depth) {
    if (depth > deepest) {
      out.known = false;
      return;
    }
    Scope scope;
    scope.outer = outer;
    if (statement.withClause != nullptr) with(*statement.withClause, scope, depth);
    if (statement.op != SETOP_NONE)
      leaves(statement, scope, out, depth);
    else if (statement.valuesLists != nullptr)
      values(statement, scope, out, depth);
    else
      leaf(statement, scope, out, depth);
    if (statement.op == SETOP_NONE) {
      for (const ::Node* order : pg::nodes(statement.sortClause)) expression(order, scope, depth);
    }
    expression(statement.limitCount, scope, depth);
    expression(statement.limitOffset, scope, depth);
  }

  // What was only named in FROM, and no column of it, is read as a whole.
  void finish() {
    std::unordered_set<const Relation*> read_of;
    const bool many = whole_.size() > few;
    if (many)
      for (const Dependency& read : reads_) read_of.insert(read.on);
    const std::size_t columns = reads_.size();
    for (Relation* relation : whole_) {
      const bool has_column = many ? read_of.count(relation) != 0
                                   : std::any_of(reads_.begin(), reads_.begin() + static_cast<std::ptrdiff_t>(columns),
                                                 [relation](const Dependency& read) { return read.on == relation; });
      if (!has_column) reads_.push_back({relation, {}});
    }
  }

 private:
  void with(const ::WithClause& clause, Scope& scope, int depth) {
    for (const ::CommonTableExpr& table : pg::only<::CommonTableExpr>(clause.ctes)) {
      Item item;
      item.alias = replay_.symbol(table.ctename);
      item.outputs.known = false;
      // A recursive one reads itself.
      if (clause.recursive) scope.with.push_back(item);
      Outputs outputs;
      if (const auto* query = pg::as<::SelectStmt>(table.ctequery))
        select(*query, &scope, outputs, depth + 1);
      else
        outputs.known = false;
      item.outputs = computed(std::move(outputs));
      rename(item.outputs, table.aliascolnames);
      if (clause.recursive)
        scope.with.back() = std::move(item);
      else
        scope.with.push_back(std::move(item));
    }
  }

  // UNION and the like: the columns are named by the first query. A chain of them is as deep as it is long.
  void leaves(const ::SelectStmt& statement, const Scope& scope, Outputs& out, int depth) {
    std::vector<const ::SelectStmt*> work{statement.rarg, statement.larg};
    bool first = true;
    while (!work.empty()) {
      const ::SelectStmt* one = work.back();
      work.pop_back();
      if (one == nullptr) continue;
      if (one->op != SETOP_NONE && one->withClause == nullptr) {
        work.push_back(one->rarg);
        work.push_back(one->larg);
        continue;
      }
      Outputs outputs;
      select(*one, &scope, outputs, depth + 1);
      if (first) {
        out = computed(std::move(outputs));
      } else {
        // Where they differ the server finds a type that all can be cast to.
        for (std::size_t i = 0; i < out.columns.size() && i < outputs.columns.size(); ++i)
          if (!(out.columns[i].type == outputs.columns[i].type)) out.columns[i].type = {};
      }
      first = false;
    }
  }

  void values(const ::SelectStmt& statement, const Scope& scope, Outputs& out, int depth) {
    bool first = true;
    for (const ::List& row : pg::only<::List>(statement.valuesLists)) {
      std::size_t number = 0;
      for (const ::Node* value : pg::nodes(&row)) {
        ++number;
        if (first && number <= 1664)
          out.columns.push_back(
              {c_.symbols.intern("column" + std::to_string(number)), type_of(value, scope), {}, nullptr, {}});
        expression(value, scope, depth);
      }
      first = false;
    }
  }

  void leaf(const ::SelectStmt& statement, Scope& scope, Outputs& out, int depth) {
    // All columns of FROM are put together where somebody asks for them.
    const auto has_star = [](const ::ResTarget& target) {
      const auto* column = pg::as<::ColumnRef>(target.val);
      return column != nullptr && list_length(column->fields) == 1 &&
             pg::as<::A_Star>(pg::nodes(column->fields)[0]) != nullptr;
    };
    const auto targets = pg::only<::ResTarget>(statement.targetList);
    const bool all = std::any_of(targets.begin(), targets.end(), has_star);
    out.columns.reserve(std::min<std::size_t>(pg::nodes(statement.targetList).size(), 1664));
    Outputs from;
    for (const ::Node* node : pg::nodes(statement.fromClause)) {
      if (const auto* name = pg::as<::RangeVar>(node); name != nullptr && !all)
        (void)from_relation(*name, scope);
      else
        append(from, from_item(node, scope, depth));
    }
    for (const ::ResTarget& target : targets) {
      const auto* column = pg::as<::ColumnRef>(target.val);
      if (column != nullptr) {
        const auto fields = pg::nodes(column->fields);
        if (!fields.empty() && pg::as<::A_Star>(fields[fields.size() - 1]) != nullptr) {
          star(fields, from, scope, out);
          continue;
        }
      }
      Output output;
      std::string_view name = pg::text(target.name);
      if (name.empty()) name = output_name(target.val);
      output.name = replay_.symbol(name.empty() ? "?column?" : name);
      if (column != nullptr) {
        if (const Output* source = resolve(*column, scope, true)) {
          output.type = source->type;
          output.type.serial = false;
          output.collation = source->collation;
        }
      } else {
        expression(target.val, scope, depth);
        output.type = type_of(target.val, scope);
      }
      if (const auto* collate = pg::as<::CollateClause>(target.val))
        output.collation = replay_.symbol(pg::last_name(collate->collname));
      out.columns.push_back(output);
    }
    expression(statement.whereClause, scope, depth);
    expression(statement.havingClause, scope, depth);
    for (const ::Node* node : pg::nodes(statement.groupClause)) expression(node, scope, depth);
    for (const ::Node* node : pg::nodes(statement.distinctClause)) expression(node, scope, depth);
    for (const ::Node* node : pg::nodes(statement.windowClause)) expression(node, scope, depth);
  }

  void star(const pg::NodesView& fields, const Outputs& from, const Scope& scope, Outputs& out) {
    if (fields.size() == 1) {
      read_all(from);
      append(out, from);
      return;
    }
    const Symbol table = replay_.symbol_of(fields[fields.size() - 2]);
    const Symbol schema = fields.size() > 2 ? replay_.symbol_of(fields[fields.size() - 3]) : Symbol{};
    const Item* item = find_item(scope, schema, table);
    if (item == nullptr) {
      out.known = false;
      return;
    }
    read_all(item->outputs);
    if (!item->outputs.known && item->relation != nullptr) read(item->relation, {});
    append(out, item->outputs);
  }

  // --- FROM
  // ------------------------------------------------------------------------------------------------------------

  Outputs from_item(const ::Node* node, Scope& scope, int depth) {
    if (depth > deepest) return {{}, false};
    if (const auto* name = pg::as<::RangeVar>(node)) return from_relation(*name, scope);
    if (const auto* join = pg::as<::JoinExpr>(node)) return from_join(*join, scope, depth);
    Item item;
    if (const auto* select_item = pg::as<::RangeSubselect>(node)) {
      Outputs outputs;
      if (const auto* query = pg::as<::SelectStmt>(select_item->subquery)) select(*query, &scope, outputs, depth + 1);
      item.outputs = computed(std::move(outputs));
      name_item(item, select_item->alias);
    } else if (const auto* function = pg::as<::RangeFunction>(node)) {
      for (const ::List& one : pg::only<::List>(function->functions))
        for (const ::Node* part : pg::nodes(&one)) expression(part, scope, depth);
      item.outputs.known = false;
      for (const ::ColumnDef& column : pg::only<::ColumnDef>(function->coldeflist))
        item.outputs.columns.push_back(
            {replay_.symbol(column.colname), replay_.type_name(column.typeName), {}, nullptr, {}});
      if (!item.outputs.columns.empty()) item.outputs.known = true;
      name_item(item, function->alias);
      if (function->alias != nullptr && !pg::nodes(function->alias->colnames).empty() && !item.outputs.known) {
        for (const ::Node* column : pg::nodes(function->alias->colnames))
          item.outputs.columns.push_back({replay_.symbol_of(column), {}, {}, nullptr, {}});
        item.outputs.known = true;
      }
    } else if (const auto* sample = pg::as<::RangeTableSample>(node)) {
      for (const ::Node* argument : pg::nodes(sample->args)) expression(argument, scope, depth);
      return from_item(sample->relation, scope, depth + 1);
    } else {
      // XMLTABLE, JSON_TABLE.
      item.outputs.known = false;
      expression(node, scope, depth);
    }
    scope.items.push_back(std::move(item));
    return scope.items.back().outputs;
  }

  const Outputs& from_relation(const ::RangeVar& name, Scope& scope) {
    Item item;
    const Symbol relname = replay_.symbol(name.relname);
    item.alias = relname;
    if (name.schemaname == nullptr) {
      for (const Scope* at = &scope; at != nullptr; at = at->outer)
        for (const Item& with : at->with)
          if (with.alias == relname) {
            item.outputs = with.outputs;
            name_item(item, name.alias);
            scope.items.push_back(std::move(item));
            return scope.items.back().outputs;
          }
    }
    const Lookup lookup = c_.find(name);
    const std::string_view schema = c_.text(lookup.schema);
    if (schema == "pg_catalog" || schema == "information_schema" || lookup.presence == Presence::gone) {
      item.outputs.known = false;
    } else {
      item.relation = replay_.target(&name);
      add_whole(item.relation);
      item.outputs.known = item.relation->columns_known;
      if (!replay_.spend(item.relation->columns.size())) item.outputs.known = false;
      item.outputs.columns.reserve(item.relation->columns.size());
      if (item.outputs.known || item.relation->columns.size() < 1600)
        for (const Column& column : item.relation->columns)
          if (!column.dropped)
            item.outputs.columns.push_back({column.name, column.type, column.collation, item.relation, column.name});
    }
    name_item(item, name.alias);
    scope.items.push_back(std::move(item));
    return scope.items.back().outputs;
  }

  Outputs from_join(const ::JoinExpr& join, Scope& scope, int depth) {
    // A JOIN b JOIN c … is as deep as it is long, to the left.
    std::vector<const ::JoinExpr*> chain{&join};
    const ::Node* leftmost = join.larg;
    while (const auto* next = pg::as<::JoinExpr>(leftmost)) {
      chain.push_back(next);
      leftmost = next->larg;
    }
    Outputs left = from_item(leftmost, scope, depth + 1);
    for (std::size_t i = chain.size(); i > 0; --i) {
      const ::JoinExpr& one = *chain[i - 1];
      Outputs right = from_item(one.rarg, scope, depth + 1);
      left = joined(one, std::move(left), right);
      expression(one.quals, scope, depth);
    }
    return left;
  }

  Outputs joined(const ::JoinExpr& join, Outputs left, const Outputs& right) {
    std::vector<Symbol> common;
    if (join.isNatural) {
      for (const Output& column : left.columns)
        if (named(right, column.name) != nullptr) common.push_back(column.name);
    } else {
      for (const ::Node* column : pg::nodes(join.usingClause)) common.push_back(replay_.symbol_of(column));
    }
    if (common.empty()) {
      append(left, right);
      return left;
    }
    Outputs out;
    out.known = left.known && right.known;
    for (const Symbol name : common) {
      const Output* a = named(left, name);
      const Output* b = named(right, name);
      if (a != nullptr && a->relation != nullptr) read(a->relation, a->column);
      if (b != nullptr && b->relation != nullptr) read(b->relation, b->column);
      if (a != nullptr) out.columns.push_back(*a);
    }
    const auto rest = [&](const Outputs& side) {
      for (const Output& column : side.columns)
        if (std::find(common.begin(), common.end(), column.name) == common.end()) out.columns.push_back(column);
    };
    rest(left);
    rest(right);
    return out;
  }

  void name_item(Item& item, const ::Alias* alias) {
    if (alias == nullptr) return;
    if (alias->aliasname != nullptr) item.alias = replay_.symbol(alias->aliasname);
    rename(item.outputs, alias->colnames);
  }

  void rename(Outputs& outputs, const ::List* names) {
    std::size_t i = 0;
    for (const ::Node* name : pg::nodes(names)) {
      if (i == outputs.columns.size()) break;
      outputs.columns[i++].name = replay_.symbol_of(name);
    }
  }

  // What a sub-select gives: its reads are noted already.
  static Outputs computed(Outputs outputs) {
    for (Output& output : outputs.columns) {
      output.relation = nullptr;
      output.column = {};
    }
    return outputs;
  }

  static void append(Outputs& to, const Outputs& from) {
    // No query gives more than 1664 columns.
    if (to.columns.size() + from.columns.size() > 4000) {
      to.known = false;
      return;
    }
    to.columns.insert(to.columns.end(), from.columns.begin(), from.columns.end());
    to.known = to.known && from.known;
  }

  // --- names
  // -----------------------------------------------------------------------------------------------------------

  static const Output* named(const Outputs& outputs, Symbol name) {
    for (const Output& output : outputs.columns)
      if (output.name == name) return &output;
    return nullptr;
  }

  const Item* find_item(const Scope& scope, Symbol schema, Symbol table) {
    for (const Scope* at = &scope; at != nullptr; at = at->outer)
      for (const Item& item : at->items) {
        if (++steps_ > most_steps) return nullptr;
        if (!schema && item.alias == table) return &item;
        if (schema && item.relation != nullptr && item.relation->schema == schema && item.relation->name == table)
          return &item;
      }
    return nullptr;
  }

  void read(Relation* relation, Symbol column) {
    // Most queries read a few columns: those are looked through.
    if (reads_.size() < few) {
      for (const Dependency& read : reads_)
        if (read.on == relation && read.column == column) return;
      reads_.push_back({relation, column});
      return;
    }
    if (seen_.empty())
      for (const Dependency& read : reads_) seen_.insert(key(read.on, read.column));
    if (seen_.insert(key(relation, column)).second) reads_.push_back({relation, column});
  }

  void add_whole(Relation* relation) {
    if (whole_.size() < few) {
      if (std::find(whole_.begin(), whole_.end(), relation) == whole_.end()) whole_.push_back(relation);
      return;
    }
    if (whole_seen_.empty()) whole_seen_.insert(whole_.begin(), whole_.end());
    if (whole_seen_.insert(relation).second) whole_.push_back(relation);
  }

  std::uint64_t key(const Relation* relation, Symbol column) {
    return numbers_.try_emplace(relation, numbers_.size()).first->second << 32 | column.id;
  }

  void read_all(const Outputs& outputs) {
    for (const Output& output : outputs.columns)
      if (output.relation != nullptr) read(output.relation, output.column);
  }

  // The column that a reference means; null if it is none that is on record.
  const Output* resolve(const ::ColumnRef& reference, const Scope& scope, bool note) {
    const auto fields = pg::nodes(reference.fields);
    if (fields.empty()) return nullptr;
    if (fields.size() == 1) {
      const Symbol name = replay_.symbol_of(fields[0]);
      if (!name) return nullptr;
      for (const Scope* at = &scope; at != nullptr; at = at->outer) {
        const Item* open = nullptr;
        std::size_t opens = 0;
        for (const Item& item : at->items) {
          steps_ += item.outputs.columns.size() + 1;
          if (steps_ > most_steps) return nullptr;
          if (const Output* found = named(item.outputs, name)) {
            if (note && found->relation != nullptr) read(found->relation, found->column);
            return found;
          }
          if (!item.outputs.known) {
            open = &item;
            ++opens;
          }
        }
        for (const Item& item : at->items)
          // The row itself: that reads the relation, and no column of it.
          if (item.alias == name) return nullptr;
        if (opens != 0) {
          // It can only be of an item whose columns are not all known.
          if (note && opens == 1 && open->relation != nullptr) read(open->relation, name);
          return nullptr;
        }
      }
      return nullptr;
    }
    const Symbol column = replay_.symbol_of(fields[fields.size() - 1]);
    const Symbol table = replay_.symbol_of(fields[fields.size() - 2]);
    const Symbol schema = fields.size() > 2 ? replay_.symbol_of(fields[fields.size() - 3]) : Symbol{};
    const Item* item = find_item(scope, schema, table);
    if (item == nullptr) return nullptr;
    steps_ += item->outputs.columns.size();
    if (steps_ > most_steps) return nullptr;
    if (!column) {
      if (note) read_all(item->outputs);
      return nullptr;
    }
    const Output* found = named(item->outputs, column);
    if (note && found != nullptr && found->relation != nullptr) read(found->relation, found->column);
    if (note && found == nullptr && item->relation != nullptr && !item->outputs.known) read(item->relation, column);
    return found;
  }

  void expression(const ::Node* root, const Scope& scope, int depth) {
    if (root == nullptr) return;
    pg::walk(static_cast<const void*>(root), [&](const ::Node& node) {
      if (const auto* reference = pg::as<::ColumnRef>(&node)) {
        (void)resolve(*reference, scope, true);
        return false;
      }
      if (const auto* query = pg::as<::SelectStmt>(&node)) {
        Outputs ignored;
        select(*query, &scope, ignored, depth + 1);
        return false;
      }
      return true;
    });
  }

  TypeName type_of(const ::Node* node, const Scope& scope) {
    TypeName type;
    const auto builtin = [&](std::string_view name) { type.name = c_.symbols.intern(name); };
    if (node == nullptr) return type;
    switch (node->type) {
      case T_ColumnRef:
        if (const Output* output = resolve(pg::cast<::ColumnRef>(node), scope, false)) {
          type = output->type;
          type.serial = false;
        }
        break;
      case T_TypeCast:
        type = replay_.type_name(pg::cast<::TypeCast>(node).typeName);
        break;
      case T_A_Const: {
        const auto& constant = pg::cast<::A_Const>(node);
        if (constant.isnull)
          builtin("text");
        else if (pg::as<::Integer>(&constant.val) != nullptr)
          builtin("int4");
        else if (pg::as<::String>(&constant.val) != nullptr)
          builtin("text");
        else if (pg::as<::Boolean>(&constant.val) != nullptr)
          builtin("bool");
        break;
      }
      case T_FuncCall:
        if (pg::last_name(pg::cast<::FuncCall>(node).funcname) == "count") builtin("int8");
        break;
      case T_BoolExpr:
      case T_NullTest:
      case T_BooleanTest:
        builtin("bool");
        break;
      default:
        break;
    }
    return type;
  }

  Replay& replay_;
  Catalog& c_;
  std::vector<Dependency>& reads_;
  std::vector<Relation*> whole_;
  std::unordered_map<const Relation*, std::uint64_t> numbers_;
  std::unordered_set<const Relation*> whole_seen_;
  std::unordered_set<std::uint64_t> seen_;
  std::uint64_t steps_ = 0;
};

}  // namespace

bool Replay::query(const ::Node* select, std::vector<Column>& columns, std::vector<Dependency>& reads) {
  const auto* statement = pg::as<::SelectStmt>(select);
  if (statement == nullptr) return false;
  Outputs outputs;
  Reader reader(*this, reads);
  reader.select(*statement, nullptr, outputs, 0);
  reader.finish();
  columns.reserve(outputs.columns.size());
  for (const Output& output : outputs.columns) {
    Column column;
    column.name = output.name;
    column.type = output.type;
    column.type.serial = false;
    column.collation = output.collation;
    column.default_null = true;
    columns.push_back(column);
  }
  return outputs.known;
}

void Replay::set_reads(Relation& view, const std::vector<Dependency>& reads) {
  Vec<Dependency> list;
  reserve(list, static_cast<std::uint32_t>(reads.size()), c.arena);
  for (const Dependency& read : reads) {
    if (read.on == &view) continue;
    push(list, read, c.arena);
    Vec<Relation*>& dependents = read.on->dependents;
    if (!dependents.empty() && dependents.back() == &view) continue;
    const bool before = std::any_of(view.extra().reads.begin(), view.extra().reads.end(),
                                    [&](const Dependency& old) { return old.on == read.on; });
    if (!before) append_live(dependents, &view);
  }
  // A view that was replaced no longer stands behind what it does not read any more.
  for (const Dependency& old : view.extra().reads) {
    if (std::any_of(list.begin(), list.end(), [&](const Dependency& read) { return read.on == old.on; })) continue;
    Vec<Relation*>& dependents = old.on->dependents;
    const auto* at = std::find(dependents.begin(), dependents.end(), &view);
    if (at != dependents.end()) take_out(dependents, static_cast<std::uint32_t>(at - dependents.begin()), c.journal);
  }
  set(extra(view).reads, list);
}

void Replay::create_view(const ::ViewStmt& statement) {
  if (statement.view == nullptr) return;
  std::vector<Column> columns;
  std::vector<Dependency> reads;
  const bool told = query(statement.query, columns, reads);
  std::size_t i = 0;
  for (const ::Node* alias : pg::nodes(statement.aliases)) {
    if (i == columns.size()) break;
    columns[i++].name = symbol_of(alias);
  }
  Relation* view = nullptr;
  if (statement.replace) {
    const Lookup lookup = c.at(schema_for(*statement.view), symbol(statement.view->relname));
    if (lookup.presence == Presence::known) {
      if (lookup.relation->kind != RelationKind::view) return;
      view = lookup.relation;
    }
  }
  const bool fresh = view == nullptr;
  if (fresh) view = begin_relation(*statement.view, RelationKind::view, false);
  if (view == nullptr) return;
  Vec<Column> list;
  reserve(list, static_cast<std::uint32_t>(std::min<std::size_t>(columns.size(), 1664)), c.arena);
  for (Column& column : columns) {
    if (list.size() == list.capacity()) break;
    const Column* before = fresh ? nullptr : catalog::column(*view, column.name);
    column.created = before != nullptr ? before->created : c.now;
    push(list, column, c.arena);
    use_type(*view, column.type);
  }
  if (&*view == making) {
    view->columns = list;
    view->columns_known = told;
  } else {
    set(view->columns, list);
    set(view->columns_known, told);
  }
  if (fresh) end_relation(*view);
  set_reads(*view, reads);
  use_functions(*view, statement.query);
}

}  // namespace pglint::catalog
