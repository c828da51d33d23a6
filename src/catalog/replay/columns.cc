#include <algorithm>

#include "catalog/expression.h"
#include "catalog/replay.h"
#include "catalog/replay/state.h"
#include "catalog/replay/text.h"

namespace pglint::catalog {
namespace {

// Where a column's DEFAULT ends: at its next constraint or COLLATE, if one follows.
int limit_of(const ::ColumnDef& definition, int from) {
  int limit = -1;
  const auto consider = [&](int location) {
    if (location > from && (limit < 0 || location < limit)) limit = location;
  };
  for (const ::Constraint& other : pg::only<::Constraint>(definition.constraints)) consider(other.location);
  if (definition.collClause != nullptr) consider(definition.collClause->location);
  return limit;
}

std::string_view default_text(std::string_view sql, const ::ColumnDef& definition, const ::Constraint& written) {
  if (written.location < 0 || static_cast<std::size_t>(written.location) >= sql.size()) return {};
  // Behind the word DEFAULT; CONSTRAINT and a name may stand before it.
  const int at = after_word(sql, written.location, "default");
  return expression_at(sql, at, limit_of(definition, at));
}

// The sequence that a default of nextval('s') takes its numbers from.
std::string_view sequence_name(const ::Node* expression) {
  const auto* call = pg::as<::FuncCall>(expression);
  if (call == nullptr || pg::last_name(call->funcname) != "nextval") return {};
  const auto arguments = pg::nodes(call->args);
  if (arguments.size() != 1) return {};
  return pg::constant_string(arguments[0]).value_or(std::string_view{});
}

}  // namespace

void Replay::set_default(Relation& relation, Column& column, const ::Node* expression, std::string_view text) const {
  Column changed = column;
  changed.default_null = pg::is_null_constant(expression);
  // The server keeps no default for DEFAULT NULL; what was written is kept here all the same.
  changed.default_volatility = volatility(c, expression);
  changed.expression = c.arena.copy(text);
  changed.type.serial = false;
  unlink_default(relation, column.name);
  use_functions(relation, expression);
  if (&relation == making)
    column = changed;
  else
    set(column, changed);
  if (const std::string_view name = sequence_name(expression); !name.empty()) {
    // As regclass reads it: folded to lower case unless quoted.
    Symbol schema;
    Symbol sequence;
    if (read_name(c.symbols, name, schema, sequence))
      if (Relation* found = seen(schema, sequence); found != nullptr && found->kind == RelationKind::sequence)
        link_default(relation, column.name, *found);
  }
}

void Replay::link_default(Relation& relation, Symbol column, Relation& sequence) const {
  append(extra(relation).defaults, Dependency{&sequence, column});
  Vec<Dependency>& users = extra(sequence).defaults;
  if (users.empty() || users.back().on != &relation || users.back().column != column)
    append(users, Dependency{&relation, column});
}

void Replay::unlink_default(Relation& relation, Symbol column) const {
  for (std::uint32_t i = 0; i < relation.extra().defaults.size(); ++i)
    if (relation.extra().defaults[i].column == column) take_out(relation.extra().defaults, i--, c.journal);
}

void Replay::copy_link(Relation& from, Relation& to, Symbol column) const {
  for (std::uint32_t i = 0; i < from.extra().defaults.size(); ++i)
    if (from.extra().defaults[i].column == column) link_default(to, column, *from.extra().defaults[i].on);
  for (std::uint32_t i = 0; i < from.owned.size(); ++i)
    if (Relation& sequence = *from.owned[i];
        !sequence.dropped && sequence.owner_table == &from && sequence.owner_column == column)
      if (const Column* of = catalog::column(from, column); of != nullptr && of->type.serial)
        link_default(to, column, sequence);
}

void Replay::drop_default(Relation& relation, Column& column) const {
  unlink_default(relation, column.name);
  Column changed = column;
  changed.default_null = true;
  changed.default_volatility = Volatility::none;
  changed.expression = {};
  changed.type.serial = false;
  set(column, changed);
}

void Replay::add_sequence(Relation& relation, Symbol column, const ::List* options) const {
  Symbol schema = relation.schema;
  Symbol name;
  if (const ::DefElem* option = pg::option(options, "sequence_name"); option != nullptr) {
    const auto written = pg::object_name(option->arg);
    name = symbol(written.name);
    if (!written.schema.empty()) schema = symbol(written.schema);
    if (relation_name_taken(schema, name)) return;
  } else {
    name = choose_relation_name(c.text(relation.name), c.text(column), "seq", schema, false);
  }
  Relation* sequence = make_relation(schema, name, RelationKind::sequence, relation.persistence);
  sequence->owner_table = &relation;
  sequence->owner_column = column;
  c.put(schema, name, sequence);
  append_live(relation.owned, sequence, log(relation));
}

void Replay::drop_owned_sequences(Relation& relation, Symbol column) {
  for (Relation* sequence : relation.owned)
    if (!sequence->dropped && sequence->owner_table == &relation && sequence->owner_column == column)
      drop_relation(*sequence, true);
}

void Replay::define_column(Relation& relation, const ::ColumnDef& definition) {
  const Symbol name = symbol(definition.colname);
  define_column(relation, definition, name, relation.columns.empty() ? nullptr : column(relation, name));
}

void Replay::define_column(Relation& relation, const ::ColumnDef& definition, Symbol name, Column* existing) {
  // PARTITION OF and OF name columns again to add to them; so does a child its parent's.
  if (existing == nullptr) {
    Column fresh;
    fresh.name = name;
    fresh.type = type_name(definition.typeName);
    fresh.default_null = true;
    fresh.created = c.now;
    if (definition.collClause != nullptr) fresh.collation = symbol(pg::last_name(definition.collClause->collname));
    add_column(relation, fresh);
    existing = relation.columns.empty() ? nullptr : &relation.columns.back();
    if (existing == nullptr || existing->name != name) return;
    if (fresh.type.name && !c.is_builtin_type(fresh.type.name)) use_type(relation, fresh.type);
    if (fresh.type.serial) {
      existing->not_null = true;
      existing->default_null = false;
      existing->default_volatility = Volatility::volatile_;
      add_sequence(relation, name, nullptr);
    }
  } else if (&relation == making) {
    existing->local = true;
  }
  Column& column = *existing;
  for (const ::Constraint& written : pg::only<::Constraint>(definition.constraints)) {
    switch (written.contype) {
      case CONSTR_NOTNULL:
        column.not_null = true;
        break;
      case CONSTR_DEFAULT:
        set_default(relation, column, written.raw_expr, default_text(sql, definition, written));
        break;
      case CONSTR_IDENTITY:
        column.identity = written.generated_when == ATTRIBUTE_IDENTITY_ALWAYS ? Identity::always : Identity::by_default;
        column.not_null = true;
        column.default_null = false;
        add_sequence(relation, name, written.options);
        break;
      case CONSTR_GENERATED: {
        column.generated =
            written.generated_kind == ATTRIBUTE_GENERATED_STORED ? Generated::stored : Generated::virtual_;
        column.default_null = false;
        column.expression = c.arena.copy(in_parentheses(sql, written.location));
        use_functions(relation, written.raw_expr);
        for (const Symbol source : columns_named(c, written.raw_expr))
          push(extra(relation).generated_from, GeneratedFrom{name, source}, c.arena, c.journal);
        break;
      }
      case CONSTR_PRIMARY:
        column.not_null = true;
        break;
      default:
        break;
    }
  }
}

namespace {

// As a key, included, or in an expression or predicate.
bool uses_column(const Index& index, Symbol name) {
  const auto names = [name](const Vec<Symbol>& columns) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  };
  return names(index.include) || names(index.expression_columns) ||
         std::any_of(index.keys.begin(), index.keys.end(), [name](const IndexKey& key) { return key.column == name; });
}

// What a column inherits is changed where it comes from: the server refuses to do it below.
bool is_inherited(const Relation& relation, Symbol name) {
  const Column* of = column(relation, name);
  return of != nullptr && of->inherited != 0;
}

// In the order in which the server makes them, which decides what gets which name.
enum : unsigned { checks = 1, not_nulls = 2, primary = 4, keys = 8, references = 16 };

unsigned kind_of(const ::Constraint& written, int version) {
  switch (written.contype) {
    case CONSTR_CHECK:
      return checks;
    case CONSTR_PRIMARY:
      return primary;
    case CONSTR_UNIQUE:
    case CONSTR_EXCLUSION:
      return keys;
    case CONSTR_FOREIGN:
      return references;
    case CONSTR_NOTNULL:
      // Before 18 a column knows that it is NOT NULL, and there is no constraint. As a table constraint it is new.
      return version >= 18 || written.keys != nullptr ? unsigned{not_nulls} : 0U;
    default:
      return 0;
  }
}

}  // namespace

void Replay::define_constraint(Relation& relation, const ::Constraint& written, Symbol of_column,
                               const Attributes& attributes, bool new_table) {
  switch (kind_of(written, version)) {
    case checks:
      if (Constraint* check = add_check(relation, written, attributes, new_table);
          check != nullptr && !new_table && !check->no_inherit)
        propagate_check(relation, *check);
      break;
    case references:
      add_foreign_key(relation, written, of_column, attributes, true);
      break;
    case not_nulls: {
      const Symbol name = written.keys != nullptr ? symbol_of(pg::nodes(written.keys)[0]) : of_column;
      Column* column = column_of(relation, name);
      if (column == nullptr) break;
      if (!column->not_null) set(column->not_null, true);
      add_not_null(relation, name, symbol(written.conname), true, written.is_no_inherit);
      break;
    }
    case primary:
    case keys:
      add_index_constraint(relation, written, of_column, attributes, true);
      break;
    default:
      break;
  }
}

void Replay::define_constraints_of(Relation& relation, const ::ColumnDef& definition, unsigned kind, bool new_table) {
  const auto all = pg::nodes(definition.constraints);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto* written = pg::as<::Constraint>(all[i]);
    if (written == nullptr || kind_of(*written, version) != kind) continue;
    Attributes attributes;
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      const auto* next = pg::as<::Constraint>(all[j]);
      if (next == nullptr || next->contype < CONSTR_ATTR_DEFERRABLE) break;
      if (next->contype == CONSTR_ATTR_DEFERRABLE) attributes.deferrable = true;
      if (next->contype == CONSTR_ATTR_DEFERRED) attributes.deferrable = attributes.initially_deferred = true;
      if (next->contype == CONSTR_ATTR_NOT_ENFORCED) attributes.enforced = false;
    }
    define_constraint(relation, *written, symbol(definition.colname), attributes, new_table);
  }
}

void Replay::define_constraints(Relation& relation, const ::List* elements, bool new_table) {
  unsigned present = 0;
  for (const ::Node* element : pg::nodes(elements)) {
    if (const auto* written = pg::as<::Constraint>(element))
      present |= kind_of(*written, version);
    else if (const auto* definition = pg::as<::ColumnDef>(element))
      for (const ::Constraint& of_column : pg::only<::Constraint>(definition->constraints))
        present |= kind_of(of_column, version);
  }
  last_before = relation.constraints.empty() ? nullptr : relation.constraints.back();
  for (unsigned kind = checks; kind <= references; kind <<= 1) {
    if ((present & kind) == 0) continue;
    for (const ::Node* element : pg::nodes(elements)) {
      if (const auto* definition = pg::as<::ColumnDef>(element)) {
        define_constraints_of(relation, *definition, kind, new_table);
      } else if (const auto* written = pg::as<::Constraint>(element);
                 written != nullptr && kind_of(*written, version) == kind) {
        define_constraint(relation, *written, {}, {written->deferrable, written->initdeferred, written->is_enforced},
                          new_table);
      }
    }
  }
}

// --- ALTER TABLE -----------------------------------------------------------------------------------------------------

void Replay::new_column(Relation& relation, const ::ColumnDef& definition, bool if_not_exists, bool recurse) {
  // Most names are new to the whole history, and then to the table.
  bool fresh = false;
  const Symbol name = c.symbols.intern(pg::text(definition.colname), fresh);
  if (const Column* existing = fresh ? nullptr : column(relation, name)) {
    // Only assumed until now: then it was another, dropped since by what the history does not show, unless this says
    // that it may be there.
    if (relation.known || relation.columns_known || if_not_exists || existing->type.name) return;
    set(column(relation, name)->dropped, true);
  }
  const std::uint32_t before = relation.columns.size();
  define_column(relation, definition, name, nullptr);
  if (relation.columns.size() == before) return;
  const Column added = relation.columns.back();
  if (recurse) {
    const std::vector<Relation*> below = heirs(relation);
    const std::uint32_t mark = c.walk_;
    for (Relation* heir : below) {
      // One that inherits it over two ways has it twice.
      const auto parents =
          static_cast<std::uint16_t>(std::count_if(heir->extra().parents.begin(), heir->extra().parents.end(),
                                                   [mark](const Relation* parent) { return parent->mark == mark; }));
      if (Column* same = column(*heir, name)) {
        set(same->inherited, static_cast<std::uint16_t>(same->inherited + parents));
        continue;
      }
      Column copy = added;
      copy.local = false;
      copy.inherited = parents;
      copy.type.serial = false;
      copy_link(relation, *heir, name);
      copy_column(*heir, copy);
      for (std::uint32_t i = 0; i < relation.extra().generated_from.size(); ++i)
        if (relation.extra().generated_from[i].column == name)
          append(extra(*heir).generated_from, relation.extra().generated_from[i]);
    }
  }
  for (unsigned kind = checks; kind <= references; kind <<= 1) define_constraints_of(relation, definition, kind, false);
}

void Replay::change_type(Relation& relation, Symbol name, const ::ColumnDef& definition, bool recurse) {
  if (is_inherited(relation, name)) return;
  TypeName type = type_name(definition.typeName);
  type.serial = false;
  const Symbol collation =
      definition.collClause != nullptr ? symbol(pg::last_name(definition.collClause->collname)) : Symbol{};
  const auto change = [&](Relation& one) {
    Column* column = column_of(one, name);
    if (column == nullptr) return;
    Column changed = *column;
    changed.type = type;
    changed.collation = collation;
    set(*column, changed);
    use_type(one, type);
  };
  change(relation);
  if (relation.kind == RelationKind::partitioned_table && relation.extra().children.empty()) {
    // Made anew, an index that waited for partitions has none to wait for.
    for (Relation* index : relation.indexes)
      if (!index->dropped && !index->index->valid && uses_column(*index->index, name)) set(index->index->valid, true);
  }
  if (!recurse || relation.extra().children.empty()) return;
  for (Relation* heir : heirs(relation)) change(*heir);
  // Checks over the column are made anew, from the parent's definition.
  for (std::uint32_t i = 0; i < relation.constraints.size(); ++i) {
    const Constraint& check = *relation.constraints[i];
    if (check.dropped || check.kind != ConstraintKind::check || check.valid ||
        std::find(check.columns.begin(), check.columns.end(), name) == check.columns.end())
      continue;
    for (Relation* heir : heirs(relation))
      if (Constraint* below = constraint_of(*heir, check.name);
          below != nullptr && below->parent != nullptr && below->valid)
        set(below->valid, false);
  }
}

void Replay::change_default(Relation& relation, Symbol name, const ::Node* expression, bool recurse) {
  std::string_view text;
  if (expression != nullptr) {
    // Parentheses around the whole are not in the tree: DEFAULT stands before them.
    int start = start_of(expression);
    while (start > 0 && static_cast<std::size_t>(start) < sql.size()) {
      int before = start - 1;
      while (before > 0 &&
             (sql[static_cast<std::size_t>(before)] == ' ' || sql[static_cast<std::size_t>(before)] == '\n'))
        --before;
      if (sql[static_cast<std::size_t>(before)] != '(') break;
      start = before;
    }
    text = expression_at(sql, start);
  }
  const auto change = [&](Relation& one) {
    Column* column = column_of(one, name);
    if (column == nullptr || column->generated != Generated::none) return;  // refused
    if (expression == nullptr)
      drop_default(one, *column);
    else
      set_default(one, *column, expression, text);
  };
  change(relation);
  if (!recurse) return;
  for (Relation* heir : heirs(relation)) change(*heir);
}

void Replay::drop_not_null(Relation& relation, Symbol name, bool recurse) {
  const auto change = [&](Relation& one) {
    Column* column = column_of(one, name);
    if (column == nullptr) return;
    if (column->not_null) set(column->not_null, false);
    for (Constraint* other : one.constraints)
      if (other->kind == ConstraintKind::not_null && !other->dropped && other->columns[0] == name)
        drop_constraint(*other);
  };
  change(relation);
  if (!recurse) return;
  for (Relation* heir : heirs(relation)) change(*heir);
}

void Replay::change_expression(Relation& relation, Symbol name, const ::Node* expression, bool recurse) {
  const auto change = [&](Relation& one) {
    Column* column = column_of(one, name);
    if (column == nullptr || column->generated == Generated::none) return;
    Column changed = *column;
    if (expression == nullptr) {
      changed.generated = Generated::none;
      changed.expression = {};
      changed.default_null = true;
    } else {
      const int start = start_of(expression);
      changed.expression = c.arena.copy(expression_at(sql, start));
    }
    set(*column, changed);
    Vec<GeneratedFrom> kept;
    for (const GeneratedFrom& pair : one.extra().generated_from)
      if (pair.column != name) push(kept, pair, c.arena);
    if (expression != nullptr)
      for (const Symbol source : columns_named(c, expression)) push(kept, GeneratedFrom{name, source}, c.arena);
    if (!one.extra().generated_from.empty() || !kept.empty()) set(extra(one).generated_from, kept);
  };
  change(relation);
  if (!recurse) return;
  for (Relation* heir : heirs(relation)) change(*heir);
}

void Replay::change_identity(Relation& relation, const ::AlterTableCmd& command) {
  const Symbol name = symbol(command.name);
  Column* column = column_of(relation, name);
  if (column == nullptr) return;
  if (command.subtype == AT_DropIdentity) {
    if (column->identity == Identity::none) return;
    set(column->identity, Identity::none);
    set(column->default_null, true);
    drop_owned_sequences(relation, name);
    return;
  }
  if (command.subtype == AT_AddIdentity) {
    const auto* written = pg::as<::Constraint>(command.def);
    if (written == nullptr || column->identity != Identity::none) return;
    set(column->identity,
        written->generated_when == ATTRIBUTE_IDENTITY_ALWAYS ? Identity::always : Identity::by_default);
    set(column->default_null, false);
    add_sequence(relation, name, written->options);
    return;
  }
  for (const ::DefElem& option : pg::only<::DefElem>(pg::as<::List>(command.def))) {
    if (pg::text(option.defname) != "generated" || column->identity == Identity::none) continue;
    const auto when = pg::constant_integer(option.arg);
    const auto* plain = pg::as<::Integer>(option.arg);
    const std::int64_t value = when ? *when : plain != nullptr ? plain->ival : 0;
    set(column->identity, value == ATTRIBUTE_IDENTITY_ALWAYS ? Identity::always : Identity::by_default);
  }
}

// What DROP COLUMN takes along: every index that uses the column in any way, checks and keys over it, foreign keys on
// both sides, columns generated from it, sequences that it owns, views that read it.
bool Replay::remove_column(Relation& relation, Symbol name) {
  Column* dropped = column(relation, name);
  if (dropped == nullptr) return false;
  const auto uses = [name](const Vec<Symbol>& columns) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  };
  if (uses(relation.extra().partition_key)) return false;
  set(dropped->dropped, true);
  set(dropped->left, c.now);
  for (std::uint32_t i = 0; i < relation.indexes.size(); ++i) {
    Relation& index = *relation.indexes[i];
    if (index.dropped) continue;
    if (uses_column(*index.index, name)) drop_index(index);
  }
  for (std::uint32_t i = 0; i < relation.constraints.size(); ++i) {
    Constraint& constraint = *relation.constraints[i];
    if (!constraint.dropped && uses(constraint.columns)) drop_constraint(constraint);
  }
  for (std::uint32_t i = 0; i < relation.extra().generated_from.size(); ++i)
    if (relation.extra().generated_from[i].source == name)
      remove_column(relation, relation.extra().generated_from[i].column);
  if (!relation.owned.empty()) drop_owned_sequences(relation, name);
  for (std::uint32_t i = 0; i < relation.dependents.size(); ++i) {
    Relation& view = *relation.dependents[i];
    if (!view.dropped && std::any_of(view.extra().reads.begin(), view.extra().reads.end(), [&](const Dependency& read) {
          return read.on == &relation && read.column == name;
        }))
      drop_relation(view, true);
  }
  return true;
}

void Replay::drop_column(Relation& relation, Symbol name, bool recurse) {
  if (is_inherited(relation, name) || !remove_column(relation, name) || relation.extra().children.empty()) return;
  if (!recurse) {
    for (Relation* child : relation.extra().children)
      if (Column* below = column(*child, name); below != nullptr && below->inherited != 0) {
        set(below->inherited, static_cast<std::uint16_t>(below->inherited - 1));
        set(below->local, true);
      }
    for (Relation* child : relation.extra().children) keep_orphans(*child);
    return;
  }
  // Parents before children: what no parent has any longer, and the child did not declare itself, goes.
  for (Relation* heir : heirs(relation)) {
    if (Column* below = column(*heir, name)) {
      const auto parents = static_cast<std::uint16_t>(
          std::count_if(heir->extra().parents.begin(), heir->extra().parents.end(),
                        [name](const Relation* parent) { return column(*parent, name) != nullptr; }));
      if (below->inherited != parents) set(below->inherited, parents);
      if (parents == 0 && !below->local) remove_column(*heir, name);
    }
    keep_orphans(*heir);
  }
}

// Where the column stays, so do the checks over it that followed the parent's, as its own.
void Replay::keep_orphans(Relation& relation) {
  for (Constraint* one : relation.constraints) {
    if (one->dropped || one->parent == nullptr || !one->parent->dropped) continue;
    set(one->parent, nullptr);
    set(one->local, true);
  }
}

void Replay::rename_column(Relation& relation, Symbol from, Symbol to, bool recurse) {
  if (from == to || column(relation, to) != nullptr || is_inherited(relation, from)) return;
  const auto in = [&](const Vec<Symbol>& columns) {
    for (Symbol& column : columns)
      if (column == from) set(column, to);
  };
  const auto rename_one = [&](Relation& one) {
    Column* column = column_of(one, from);
    if (column == nullptr) return;
    set(column->name, to);
    if (one.names != nullptr && one.names->has(Names::Kind::column))
      one.names->at.set(Names::key(Names::Kind::column, to), static_cast<std::uintptr_t>(column - one.columns.begin()),
                        c.arena, c.journal);
    in(one.extra().partition_key);
    for (Constraint* constraint : one.constraints) {
      if (constraint->dropped) continue;
      in(constraint->columns);
      in(constraint->implies_not_null);
    }
    for (Constraint* key : one.referenced_by)
      if (!key->dropped) in(key->referenced_columns);
    for (Relation* index : one.indexes) {
      if (index->dropped) continue;
      for (IndexKey& key : index->index->keys)
        if (key.column == from) set(key.column, to);
      Index& details = *index->index;
      if (details.include_labels.empty() &&
          std::find(details.include.begin(), details.include.end(), from) != details.include.end())
        set(details.include_labels, copied(details.include));
      in(details.include);
      in(index->index->expression_columns);
    }
    for (Relation* sequence : one.owned)
      if (!sequence->dropped && sequence->owner_column == from) set(sequence->owner_column, to);
    for (Dependency& uses : one.extra().defaults) {
      if (uses.column != from) continue;
      for (Dependency& user : uses.on->extra().defaults)
        if (user.on == &one && user.column == from) set(user.column, to);
      set(uses.column, to);
    }
    for (GeneratedFrom& pair : one.extra().generated_from) {
      if (pair.column == from) set(pair.column, to);
      if (pair.source == from) set(pair.source, to);
    }
    for (ColumnUse& use : one.extra().column_uses)
      if (use.column == from) set(use.column, to);
    for (Relation* view : one.dependents) {
      if (view->dropped) continue;
      for (Dependency& read : view->extra().reads)
        if (read.on == &one && read.column == from) set(read.column, to);
    }
  };
  rename_one(relation);
  if (!recurse) return;
  for (Relation* heir : heirs(relation)) rename_one(*heir);
}

void Replay::set_not_null(Relation& relation, Column& column, bool recurse) {
  const Symbol name = column.name;
  if (!column.not_null) log(relation).set(column.not_null, true);
  if (version >= 18) add_not_null(relation, name, {}, true, false);
  if (!recurse) return;
  for (Relation* heir : heirs(relation)) {
    if (Column* below = column_of(*heir, name)) {
      if (!below->not_null) set(below->not_null, true);
      if (version >= 18) add_not_null(*heir, name, {}, true, false);
    }
  }
}

}  // namespace pglint::catalog
