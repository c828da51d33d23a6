// ADD, DROP and ALTER COLUMN, but for its type.
#include <algorithm>
#include <array>

#include "catalog/replay.h"
#include "effect/alter/alter.h"

namespace pglint::effect {
namespace {

bool no_default(const Model& model, const catalog::Type& domain) {
  const catalog::Type* at = &domain;
  for (int depth = 0; depth < 32 && at != nullptr && at->kind == catalog::TypeKind::domain; ++depth) {
    if (at->domain_default) return false;
    at = model.catalog.find_type(at->base);
  }
  return true;
}

}  // namespace

// What the definition of a column that is added says, clause by clause.
struct Alter::NewColumn {
  catalog::TypeName type = {};
  const catalog::Type* domain = nullptr;  // of the type, one with constraints
  bool not_null = false;
  bool has_default = false;  // one that is not NULL, the type's own included
  bool no_value = false;     // every row gets NULL, as far as DEFAULT goes
  bool identity = false;
  bool generated_stored = false;
  bool generated_virtual = false;
  bool checked = false;  // has a CHECK that rows are held against
  catalog::Volatility volatility = catalog::Volatility::none;
  const ::Node* default_expression = nullptr;
  const ::Constraint* key = nullptr;  // PRIMARY KEY or UNIQUE

  [[nodiscard]] bool is_volatile() const {
    return volatility == catalog::Volatility::volatile_ || volatility == catalog::Volatility::unknown;
  }
};

Alter::NewColumn Alter::read_column(const ::ColumnDef& definition) {
  NewColumn column;
  column.type = type_of(m_, definition.typeName);
  column.not_null = definition.is_not_null;
  column.has_default = column.type.serial;
  if (column.type.serial) column.volatility = catalog::Volatility::volatile_;
  for (const ::Constraint& constraint : pg::only<::Constraint>(definition.constraints)) {
    switch (constraint.contype) {
      case CONSTR_NOTNULL:
        column.not_null = true;
        break;
      case CONSTR_DEFAULT:
        column.default_expression = constraint.raw_expr;
        if (pg::is_null_constant(constraint.raw_expr)) break;
        column.has_default = true;
        check_enum_label(m_, column.type, constraint.raw_expr);
        check_default(m_, column.type, pg::text(definition.colname), constraint.raw_expr);
        column.volatility = catalog::volatility(m_.catalog, constraint.raw_expr);
        break;
      case CONSTR_IDENTITY:
        column.identity = column.not_null = true;
        check_identity_type(m_, column.type);
        break;
      case CONSTR_GENERATED:
        (constraint.generated_kind == ATTRIBUTE_GENERATED_VIRTUAL ? column.generated_virtual
                                                                  : column.generated_stored) = true;
        check_generated(constraint.raw_expr);
        break;
      case CONSTR_CHECK:
        column.checked = column.checked || (constraint.is_enforced && !constraint.skip_validation);
        break;
      case CONSTR_PRIMARY:
        column.not_null = true;
        column.key = &constraint;
        break;
      case CONSTR_UNIQUE:
        column.key = &constraint;
        break;
      default:
        break;
    }
  }
  // A domain may have a default of its own, or of the domain that it is over; of a type that is not known nothing is.
  const catalog::Type* user_type = m_.catalog.find_type(column.type);
  const bool is_domain = user_type != nullptr && user_type->kind == catalog::TypeKind::domain;
  if (is_domain && column.default_expression == nullptr && !no_default(m_, *user_type)) column.has_default = true;
  column.no_value = !column.has_default && (column.default_expression != nullptr || user_type != nullptr ||
                                            (!column.type.schema && m_.catalog.is_builtin_type(column.type.name)));
  column.domain = constrained_domain(m_, column.type);
  return column;
}

void Alter::check_generated(const ::Node* expression) {
  if (table_ != nullptr)
    pg::each<::ColumnRef>(expression, [&](const ::ColumnRef& reference) {
      const Column* source = catalog::column(*table_, m_.symbol(pg::column_name(reference)));
      if (source != nullptr && source->generated != Generated::none)
        m_.fail("42P17", "cannot use generated column \"{}\" in column generation expression", m_.text(source->name));
    });
  if (is_mutable(m_, expression, {.table = table_})) m_.fail("42P17", "generation expression is not immutable");
}

void Alter::add_column(const ::ColumnDef& definition, bool if_not_exists, Part& part) {
  const Symbol name = m_.symbol(definition.colname);
  if (table_ != nullptr && catalog::column(*table_, name) != nullptr && !drops_column(name)) {
    if (!if_not_exists)
      m_.fail("42701", "column \"{}\" of relation \"{}\" already exists", pg::text(definition.colname), table_name());
    return;
  }
  if (table_ != nullptr && table_->is_partition) m_.fail("42809", "cannot add column to a partition");
  if (is_system_column(pg::text(definition.colname)))
    m_.fail("42701", "column name \"{}\" conflicts with a system column name", pg::text(definition.colname));
  if (definition.typeName != nullptr) {
    const auto written = pg::qualified_name(definition.typeName->names);
    check_type(m_, written.schema, written.name);
  }
  const NewColumn column = read_column(definition);

  const bool foreign = table_ != nullptr && table_->kind == RelationKind::foreign_table;
  const bool rewrites = column.identity || column.generated_stored || column.domain != nullptr ||
                        (column.has_default && column.is_volatile());
  const bool scans = column.checked || (column.not_null && (!column.has_default || column.generated_virtual));
  if (!foreign && rewrites)
    add_work_below(Work::scan | Work::rewrite, part, true);
  else if (!foreign && scans)
    add_work_below(Work::scan, part, true);
  if ((column.type.serial || column.identity) && table_ != nullptr) {
    const Symbol sequence = m_.choose_name(found_.schema, table_name(), pg::text(definition.colname), "seq");
    m_.made(RelationKind::sequence, found_.schema, sequence, Because::sequence);
  }
  // The numbers of another sequence are taken while the table is rewritten.
  if (column.default_expression != nullptr && column.is_volatile())
    expression(m_, column.default_expression, Run::execute);

  if (column.key != nullptr && column.key->contype == CONSTR_PRIMARY && table_ != nullptr) {
    const Relation* primary = primary_key_index(*table_);
    const Constraint* held = primary != nullptr ? primary->index->constraint : nullptr;
    if (primary != nullptr && (held == nullptr || !drops_constraint(held->name)))
      m_.fail("42P16", "multiple primary keys for table \"{}\" are not allowed", table_name());
  }

  // Null in every row: refused if there is one. What is new has none that anybody knows of.
  const bool is_new = table_ != nullptr && m_.catalog.is_new(*table_);
  if (column.checked) m_.may_fail("23514", "a row violates the check");
  if (!is_new && !foreign && column.no_value && !column.identity && !column.generated_stored &&
      !column.generated_virtual) {
    const bool failed = m_.out.has_error;
    if (column.domain != nullptr && column.domain->domain_not_null)
      m_.fail("23502", "domain {} does not allow null values", m_.text(column.domain->name));
    else if (column.not_null)
      m_.fail("23502", "column \"{}\" of relation \"{}\" contains null values", pg::text(definition.colname),
              table_name());
    if (!failed && m_.out.has_error) m_.out.error.unless_empty = true;
  }

  if (column.key != nullptr) add_column_key(column, pg::text(definition.colname), part);
  for (const ::Constraint& constraint : pg::only<::Constraint>(definition.constraints))
    if (constraint.contype == CONSTR_FOREIGN) add_column_reference(column, constraint, part);
}

void Alter::add_column_key(const NewColumn& column, std::string_view name, Part& part) {
  const ::Constraint& key = *column.key;
  const bool primary = key.contype == CONSTR_PRIMARY;
  if (column.has_default || key.nulls_not_distinct) m_.may_fail("23505", "two rows get the same value");
  if (table_ != nullptr && table_->kind == RelationKind::partitioned_table && !table_->extra().partition_key.empty())
    m_.fail("0A000", "unique constraint on partitioned table must include all partitioning columns");
  part.work |= Work::scan | Work::index_build;
  if (table_ == nullptr) return add_work_below(Work::scan | Work::index_build, part, false);
  const auto name_on = [&](const Relation& table) {
    if (&table == table_ && key.conname != nullptr) return m_.symbol(key.conname);
    return m_.choose_name(table.schema, m_.text(table.name), primary ? std::string_view() : name,
                          primary ? "pkey" : "key");
  };
  each_in_tree(*table_, recurse_ && table_->kind == RelationKind::partitioned_table, [&](const Relation& table) {
    if (table.kind == RelationKind::partitioned_table && !table.extra().children.empty())
      m_.made(RelationKind::partitioned_index, table.schema, name_on(table), Because::index);
    else
      m_.build_new(table, name_on(table));
  });
}

void Alter::add_column_reference(const NewColumn& column, const ::Constraint& constraint, Part& part) {
  const Lookup referenced = m_.find(constraint.pktable);
  const bool self = referenced.schema == found_.schema && referenced.name == found_.name;
  // All values are null unless the column has a default, and the server only looks whether one is written.
  const bool all_null = !column.has_default && !column.generated_stored;
  const bool validates =
      (!all_null || column.default_expression != nullptr) && constraint.is_enforced && !constraint.skip_validation;
  if (!self) check_foreign_key(m_, found_.schema, found_.name, {column.type}, constraint, referenced);
  effect::add_foreign_key(m_, {.table = table_,
                               .referenced = referenced,
                               .referenced_columns = constraint.pk_attrs,
                               .self = self,
                               .validates = validates && !all_null});
  if (!validates) return;
  part.work |= Work::scan;
  if (all_null && table_ != nullptr) validate_foreign_key(m_, table_, nullptr);
}

// What hangs on a column beside the table: the first view that reads it, for the error; locks of what goes with it.
void Alter::drop_column(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (table_ == nullptr) return;
  const Column* column = catalog::column(*table_, name);
  if (column == nullptr) {
    if (complete() && !command.missing_ok)
      m_.fail("42703", "column \"{}\" of relation \"{}\" does not exist", pg::text(command.name), table_name());
    if (complete()) return;
  }
  if (contains(table_->extra().partition_key, name))
    m_.fail("42P16", "cannot drop column \"{}\" because it is part of the partition key of relation \"{}\"",
            pg::text(command.name), table_name());
  else if (column != nullptr && column->inherited > 0)
    m_.fail("42P16", "cannot drop inherited column \"{}\"", pg::text(command.name));

  const bool cascade = command.behavior == DROP_CASCADE;
  const auto refuse = [&] {
    m_.fail("2BP01", "cannot drop column {} of table {} because other objects depend on it", pg::text(command.name),
            table_name());
  };
  each_in_tree(*table_, recurse_, [&](const Relation& table) {
    for (const Relation* view : table.dependents) {
      if (view->dropped) continue;
      const bool reads =
          std::any_of(view->extra().reads.begin(), view->extra().reads.end(),
                      [&](const catalog::Dependency& read) { return read.on == &table && read.column == name; });
      if (!reads) continue;
      if (cascade)
        drop_relation(m_, *view, Because::dependent, true);
      else
        refuse();
    }
    each_index(table, [&](const Relation& index) {
      const catalog::Index& of = *index.index;
      const bool uses =
          contains(of.include, name) || contains(of.expression_columns, name) ||
          std::any_of(of.keys.begin(), of.keys.end(), [&](const catalog::IndexKey& key) { return key.column == name; });
      if (uses) m_.lock(index, LockMode::access_exclusive, Because::index);
    });
    each_foreign_key(table, [&](const Constraint& key) {
      if (contains(key.columns, name) && key.references != &table)
        m_.lock(*key.references, LockMode::access_exclusive, Because::references);
    });
    each_reference(table, [&](const Constraint& key) {
      if (!contains(key.referenced_columns, name) || (key.table == &table && contains(key.columns, name))) return;
      if (cascade)
        m_.lock(*key.table, LockMode::access_exclusive, Because::references);
      else
        refuse();
    });
    if (!cascade) each_column_use(table, name, [&](catalog::ColumnUse::By) { refuse(); });
    for (const Relation* sequence : table.owned) {
      if (sequence->dropped || sequence->owner_table != &table || sequence->owner_column != name) continue;
      m_.lock(*sequence, LockMode::access_exclusive, Because::sequence);
      for (const catalog::Dependency& use : sequence->extra().defaults)
        if (use.on != &table && use.on != nullptr && !use.on->dropped) {
          if (cascade)
            m_.lock(*use.on, LockMode::access_exclusive, Because::dependent);
          else
            refuse();
        }
    }
    if (m_.version >= 15)
      for (const catalog::GeneratedFrom& from : table.extra().generated_from) {
        if (from.source != name || from.column == name || catalog::column(table, from.column) == nullptr ||
            drops_column(from.column))
          continue;
        if (!cascade) {
          refuse();
          continue;
        }
        each_index(table, [&](const Relation& index) {
          const bool on_it = std::any_of(index.index->keys.begin(), index.index->keys.end(),
                                         [&](const catalog::IndexKey& key) { return key.column == from.column; });
          if (on_it) m_.lock(index, LockMode::access_exclusive, Because::index);
        });
      }
  });
}

void Alter::set_not_null(Symbol name, Part& part) {
  if (table_ == nullptr) {
    add_work_below(Work::scan, part, true);
    return;
  }
  each_in_tree(*table_, recurse_, [&](const Relation& table) {
    if (table.kind == RelationKind::partitioned_table && !table.extra().children.empty()) return;
    if (table.kind == RelationKind::foreign_table) return;
    const Column* column = catalog::column(table, name);
    // A constraint that is not valid yet makes the column NOT NULL for new rows only.
    const auto not_valid = [&] {
      return std::any_of(table.constraints.begin(), table.constraints.end(), [&](const Constraint* constraint) {
        return !constraint->dropped && constraint->kind == ConstraintKind::not_null && !constraint->valid &&
               contains(constraint->columns, name);
      });
    };
    if (column != nullptr && column->not_null && !not_valid()) return;
    if (column == nullptr && adds_column(name)) {
      add_work(table, Work::scan, part);
      return;
    }
    if (const Constraint* proved = proof(table, name)) {
      if (&table == table_) part.proof = proved;
      return;
    }
    add_work(table, Work::scan, part);
    m_.may_fail("23502", "a row has a null there");
  });
}

void Alter::drop_not_null(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name)) || !complete()) return;
  const Column* column = catalog::column(*table_, name);
  if (column != nullptr && column->identity != Identity::none)
    m_.fail("42601", "column \"{}\" of relation \"{}\" is an identity column", pg::text(command.name), table_name());
  const Relation* key = primary_key_index(*table_);
  if (key != nullptr && key->index != nullptr)
    for (const catalog::IndexKey& part_of_key : key->index->keys)
      if (part_of_key.column == name) m_.fail("42P16", "column \"{}\" is in a primary key", pg::text(command.name));
  if (column == nullptr || !column->not_null || !table_->is_partition) return;
  for (const Relation* parent : table_->extra().parents)
    if (const Column* above = catalog::column(*parent, name); above != nullptr && above->not_null)
      m_.fail("42P16", "column \"{}\" is marked NOT NULL in parent table", pg::text(command.name));
}

void Alter::change_default(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name))) return;
  const Column* column = table_ != nullptr ? catalog::column(*table_, name) : nullptr;
  if (column == nullptr) return;
  if (column->identity != Identity::none)
    m_.fail("42601", "column \"{}\" of relation \"{}\" is an identity column", pg::text(command.name), table_name());
  else if (column->generated != Generated::none)
    m_.fail("42601", "column \"{}\" of relation \"{}\" is a generated column", pg::text(command.name), table_name());
  if (command.def == nullptr) return;
  // Types change first, wherever they stand in the statement.
  catalog::TypeName type = column->type;
  for (const ::AlterTableCmd& other : pg::only<::AlterTableCmd>(statement_.cmds))
    if (other.subtype == AT_AlterColumnType && m_.symbol(other.name) == name)
      type = type_of(m_, pg::cast<::ColumnDef>(other.def).typeName);
  check_enum_label(m_, type, command.def);
  check_default(m_, type, pg::text(command.name), command.def);
}

void Alter::set_expression(const ::AlterTableCmd& command, Part& part) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name))) return;
  const Column* column = table_ != nullptr ? catalog::column(*table_, name) : nullptr;
  if (column != nullptr && column->generated == Generated::virtual_) {
    // Values are computed when they are read; what the checks say of them has to be seen again.
    const bool checked = std::any_of(table_->constraints.begin(), table_->constraints.end(), [&](const Constraint* c) {
      return !c->dropped && c->valid && c->enforced && c->kind == ConstraintKind::check && contains(c->columns, name);
    });
    if (checked || column->not_null) add_work_below(Work::scan, part, true);
    return;
  }
  if (column != nullptr && complete() && column->generated == Generated::none) {
    m_.fail("55000", "column \"{}\" of relation \"{}\" is not a generated column", pg::text(command.name),
            table_name());
    return;
  }
  add_work_below(Work::scan | Work::rewrite, part, true);
}

void Alter::drop_expression(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name)) || !complete()) return;
  const Column* column = catalog::column(*table_, name);
  if (column == nullptr) return;
  if (column->generated == Generated::virtual_)
    m_.fail("0A000", "ALTER TABLE / DROP EXPRESSION is not supported for virtual generated columns");
  else if (column->generated == Generated::none && !command.missing_ok)
    m_.fail("55000", "column \"{}\" of relation \"{}\" is not a {}generated column", pg::text(command.name),
            table_name(), m_.version >= 18 ? "" : "stored ");
}

void Alter::identity(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name)) || table_ == nullptr) return;
  const Column* column = catalog::column(*table_, name);
  if (command.subtype == AT_AddIdentity) {
    if (column != nullptr && complete()) {
      if (!column->not_null && !sets_not_null(name))
        m_.fail("55000", "column \"{}\" of relation \"{}\" must be declared NOT NULL before identity can be added",
                pg::text(command.name), table_name());
      else if (column->identity != Identity::none)
        m_.fail("55000", "column \"{}\" of relation \"{}\" is already an identity column", pg::text(command.name),
                table_name());
      else if (!column->default_null && !drops_default(name))
        m_.fail("55000", "column \"{}\" of relation \"{}\" already has a default value", pg::text(command.name),
                table_name());
    }
    m_.made(RelationKind::sequence, found_.schema,
            m_.choose_name(found_.schema, table_name(), pg::text(command.name), "seq"), Because::sequence);
    return;
  }
  if (column != nullptr && complete() && column->identity == Identity::none) {
    if (!command.missing_ok)
      m_.fail("55000", "column \"{}\" of relation \"{}\" is not an identity column", pg::text(command.name),
              table_name());
    return;
  }
  const LockMode mode = command.subtype == AT_DropIdentity ? LockMode::access_exclusive : LockMode::share_row_exclusive;
  for (const Relation* sequence : table_->owned)
    if (!sequence->dropped && sequence->owner_table == table_ && sequence->owner_column == name)
      m_.lock(*sequence, mode, Because::sequence);
}

void Alter::set_column_storage(const ::AlterTableCmd& command) {
  const Symbol name = m_.symbol(command.name);
  if (!has_column(name, pg::text(command.name)) || table_ == nullptr) return;
  const Column* column = catalog::column(*table_, name);
  const auto* wanted = pg::as<::String>(command.def);
  if (column == nullptr || wanted == nullptr || column->type.array_dimensions > 0 || column->type.schema) return;
  const std::string_view type = m_.text(column->type.name);
  const std::string_view storage = pg::text(wanted->sval);
  const bool plain = storage == "plain" || storage == "PLAIN" || storage == "default" || storage == "DEFAULT";
  constexpr std::array<std::string_view, 19> fixed = {
      "int2", "int4",     "int8",        "float4", "float8", "bool",    "date",     "time", "timetz", "timestamp",
      "oid",  "interval", "timestamptz", "uuid",   "money",  "macaddr", "macaddr8", "name", "point"};
  if (!plain && std::find(fixed.begin(), fixed.end(), type) != fixed.end())
    m_.fail("0A000", "column data type {} can only have storage PLAIN", type_text(m_, column->type));
}

// Of an index only expressions have statistics of their own.
void Alter::set_statistics(const ::AlterTableCmd& command) {
  const auto* target = pg::as<::Integer>(command.def);
  if (command.name != nullptr) {
    if (has_column(m_.symbol(command.name), pg::text(command.name)) && target != nullptr && target->ival < -1)
      m_.fail("22023", "statistics target {} is too low", target->ival);
    return;
  }
  const catalog::Index* index = table_ != nullptr && table_->known ? table_->index : nullptr;
  if (index == nullptr || command.num <= 0) return;
  const auto number = static_cast<std::uint32_t>(command.num);
  if (number > index->keys.size() + index->include.size())
    m_.fail("42703", "column number {} of relation \"{}\" does not exist", command.num, table_name());
  else if (number > index->keys.size() || index->keys[number - 1].column)
    m_.fail("0A000", "cannot alter statistics on non-expression column of index \"{}\"", table_name());
}

}  // namespace pglint::effect
