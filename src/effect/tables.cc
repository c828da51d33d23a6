// CREATE TABLE in its forms, and TRUNCATE.

#include <algorithm>
#include <array>
#include <unordered_set>

#include "effect/model.h"

namespace pglint::effect {
namespace {

// Something of that name is there already: true if the statement goes no further.
bool exists(Model& model, Symbol schema, Symbol name, bool if_not_exists) {
  if (model.catalog.find(schema, name).presence != Presence::known) return false;
  if (!if_not_exists) model.fail("42P07", "relation \"{}\" already exists", model.text(name));
  return true;
}

void new_sequence(Model& model, Symbol schema, std::string_view table, std::string_view column) {
  model.made(RelationKind::sequence, schema, model.choose_name(schema, table, column, "seq"), Because::sequence);
}

void foreign_key(Model& model, const ::Constraint& constraint, const ::ColumnDef* column, const ::CreateStmt& statement,
                 Symbol schema, Symbol name) {
  const Lookup referenced = model.find(constraint.pktable);
  const bool self = referenced.schema == schema && referenced.name == name;
  if (!self) {
    const char persistence = statement.relation->relpersistence;
    check_persistence(model,
                      persistence == RELPERSISTENCE_TEMP       ? catalog::Persistence::temporary
                      : persistence == RELPERSISTENCE_UNLOGGED ? catalog::Persistence::unlogged
                                                               : catalog::Persistence::permanent,
                      referenced);
    std::vector<catalog::TypeName> types;
    if (column != nullptr) types.push_back(type_of(model, column->typeName));
    for (const ::Node* key : pg::nodes(constraint.fk_attrs)) {
      types.emplace_back();
      for (const ::ColumnDef& other : pg::only<::ColumnDef>(statement.tableElts))
        if (pg::text(other.colname) == pg::string(key)) types.back() = type_of(model, other.typeName);
    }
    check_foreign_key(model, schema, name, types, constraint, referenced);
  }
  add_foreign_key(model, {.table = nullptr,
                          .referenced = referenced,
                          .referenced_columns = constraint.pk_attrs,
                          .self = self,
                          .validates = false});
}

void key(Model& model, const ::Constraint& constraint, std::string_view column, Symbol schema, Symbol name,
         bool partitioned) {
  const std::string_view table = model.text(name);
  Symbol index = model.symbol(constraint.conname);
  if (!index && constraint.contype == CONSTR_PRIMARY)
    index = model.choose_name(schema, table, {}, "pkey");
  else if (!index && !column.empty())
    index = model.choose_name(schema, table, column, "key");
  else if (!index && constraint.contype == CONSTR_UNIQUE)
    index = model.choose_key_name(schema, table, constraint.keys, constraint.including, "key");
  else if (!index)
    index = model.choose_name(schema, table, excluded_column(constraint), "excl");
  if (partitioned)
    model.made(RelationKind::partitioned_index, schema, index, Because::index);
  else
    model.build_new(schema, name, index);
}

void like(Model& model, const ::TableLikeClause& clause, Symbol schema, Symbol name) {
  const Lookup found = model.find(clause.relation);
  if (!model.open(found, RelationKind::table, LockMode::access_share, Because::reads)) return;
  const Relation* from = found.relation;
  if (from == nullptr) return;
  const bool all = clause.options == CREATE_TABLE_LIKE_ALL;
  if (all || (clause.options & CREATE_TABLE_LIKE_IDENTITY) != 0)
    for (const catalog::Column& column : from->columns)
      if (!column.dropped && column.identity != catalog::Identity::none)
        new_sequence(model, schema, model.text(name), model.text(column.name));
  if (!all && (clause.options & CREATE_TABLE_LIKE_INDEXES) == 0) return;
  each_index(*from, [&](const Relation& index) {
    model.build_new(schema, name, model.choose_like(schema, model.text(name), *index.index));
  });
}

// What the statement itself says of its columns: those that constraints and the partition key name, of which type they
// are, and how many primary keys there are. Where all columns are written out.
class Columns {
 public:
  Columns(Model& model, const ::CreateStmt& statement) : m_(model), statement_(statement) {}

  void check() {
    if (statement_.inhRelations != nullptr || statement_.ofTypename != nullptr) return;
    for (const ::Node* element : pg::nodes(statement_.tableElts)) {
      if (pg::as<::TableLikeClause>(element) != nullptr) return;
      if (const auto* column = pg::as<::ColumnDef>(element)) columns_.insert(pg::text(column->colname));
    }
    if (columns_.size() > most_columns) return m_.fail("54011", "tables can have at most {} columns", most_columns);
    partition_key();
    for (const ::ColumnDef& column : pg::only<::ColumnDef>(statement_.tableElts))
      for (const ::Constraint& constraint : pg::only<::Constraint>(column.constraints))
        constraint_on(constraint, pg::text(column.colname));
    for (const ::Constraint& constraint : pg::only<::Constraint>(statement_.tableElts)) constraint_on(constraint, {});
    if (primary_ > 1) m_.fail("42P16", "multiple primary keys for table \"{}\" are not allowed", table());
  }

 private:
  [[nodiscard]] std::string_view table() const { return pg::text(statement_.relation->relname); }
  [[nodiscard]] ColumnTypes types() const { return {.written = statement_.tableElts}; }

  void each_missing(const ::List* names, std::string_view what) {
    for (const ::Node* name : pg::nodes(names))
      if (!columns_.contains(pg::string(name)))
        m_.fail("42703", "column \"{}\" {} does not exist", pg::string(name), what);
  }
  void sortable(std::string_view column) {
    const std::string_view type = types().of(m_, column);
    if (is_unordered(type))
      m_.fail("42704", "data type {} has no default operator class for access method \"btree\"", type);
  }
  void key(const ::Constraint& constraint, std::string_view column) {
    primary_ += constraint.contype == CONSTR_PRIMARY ? 1 : 0;
    each_missing(constraint.keys, "named in key");
    if (!column.empty()) sortable(column);
    for (const ::Node* one : pg::nodes(constraint.keys)) sortable(pg::string(one));
    // On a partitioned table it has to hold the partition key.
    if (statement_.partspec == nullptr) return;
    for (const ::PartitionElem& part : pg::only<::PartitionElem>(statement_.partspec->partParams)) {
      const auto keys = pg::nodes(constraint.keys);
      const bool held = part.name != nullptr &&
                        (pg::text(part.name) == column || std::any_of(keys.begin(), keys.end(), [&](const ::Node* one) {
                           return pg::string(one) == part.name;
                         }));
      if (!held) m_.fail("0A000", "unique constraint on partitioned table must include all partitioning columns");
    }
  }
  void constraint_on(const ::Constraint& constraint, std::string_view column) {
    switch (constraint.contype) {
      case CONSTR_PRIMARY:
      case CONSTR_UNIQUE:
        return key(constraint, column);
      case CONSTR_FOREIGN:
        return each_missing(constraint.fk_attrs, "referenced in foreign key constraint");
      case CONSTR_EXCLUSION:
        for (const ::Node* pair : pg::nodes(constraint.exclusions)) {
          const auto parts = pg::nodes(pg::as<::List>(pair));
          const auto* element = parts.empty() ? nullptr : pg::as<::IndexElem>(parts[0]);
          if (element != nullptr && element->name != nullptr && !columns_.contains(pg::text(element->name)))
            m_.fail("42703", "column \"{}\" named in key does not exist", pg::text(element->name));
        }
        return;
      case CONSTR_CHECK:
        pg::each<::ColumnRef>(constraint.raw_expr, [&](const ::ColumnRef& reference) {
          const std::string_view name = pg::column_name(reference);
          constexpr std::array<std::string_view, 2> others = {"tableoid", "ctid"};
          if (!name.empty() && list_length(reference.fields) == 1 && !columns_.contains(name) && name != table() &&
              std::find(others.begin(), others.end(), name) == others.end())
            m_.fail("42703", "column \"{}\" does not exist", name);
        });
        return;
      case CONSTR_GENERATED:
        pg::each<::ColumnRef>(constraint.raw_expr, [&](const ::ColumnRef& reference) {
          const std::string_view name = pg::column_name(reference);
          for (const ::ColumnDef& other : pg::only<::ColumnDef>(statement_.tableElts))
            for (const ::Constraint& of : pg::only<::Constraint>(other.constraints))
              if (of.contype == CONSTR_GENERATED && pg::text(other.colname) == name)
                m_.fail("42P17", "cannot use generated column \"{}\" in column generation expression", name);
        });
        return;
      default:
        return;
    }
  }
  void partition_key() {
    const ::PartitionSpec* spec = statement_.partspec;
    if (spec == nullptr) return;
    if (spec->strategy == PARTITION_STRATEGY_LIST && list_length(spec->partParams) > 1)
      return m_.fail("42P17", "cannot use \"list\" partition strategy with more than one column");
    for (const ::PartitionElem& part : pg::only<::PartitionElem>(spec->partParams)) {
      if (part.name == nullptr) {
        if (is_mutable(m_, part.expr, types()))
          m_.fail("42P17", "functions in partition key expression must be marked IMMUTABLE");
      } else if (!columns_.contains(pg::text(part.name))) {
        m_.fail("42703", "column \"{}\" named in partition key does not exist", pg::text(part.name));
      } else if (part.opclass == nullptr && spec->strategy != PARTITION_STRATEGY_HASH) {
        sortable(pg::text(part.name));
      }
    }
  }

  static constexpr std::size_t most_columns = 1600;  // MaxHeapAttributeNumber

  Model& m_;
  const ::CreateStmt& statement_;
  std::unordered_set<std::string_view> columns_;
  std::size_t primary_ = 0;
};

}  // namespace

void check_identity_type(Model& model, const catalog::TypeName& type) {
  if (!type.name || type.schema || !model.catalog.is_builtin_type(type.name)) return;
  const std::string_view name = model.text(type.name);
  if (type.array_dimensions > 0 || (name != "int2" && name != "int4" && name != "int8"))
    model.fail("22023", "identity column type must be smallint, integer, or bigint");
}

void create_table(Model& model, const ::CreateStmt& statement, RelationKind kind) {
  const Symbol schema = model.schema_for(*statement.relation);
  const Symbol name = model.symbol(statement.relation->relname);
  if (exists(model, schema, name, statement.if_not_exists)) return;
  model.made(kind, schema, name, Because::target);
  const bool partitioned = kind == RelationKind::partitioned_table;
  Columns(model, statement).check();

  for (const ::RangeVar& parent : pg::only<::RangeVar>(statement.inhRelations)) {
    const Lookup found = model.find(&parent);
    if (found.presence == Presence::gone) return model.missing(found);
    if (statement.partbound == nullptr && found.relation != nullptr &&
        found.relation->kind == RelationKind::partitioned_table)
      model.fail("42809", "cannot inherit from partitioned table \"{}\"", model.text(found.name));
    if (statement.partbound == nullptr)
      model.lock(found, RelationKind::table, LockMode::share_update_exclusive, Because::inherits);
    else if (found.relation != nullptr)
      new_partition(model, *found.relation, statement, schema, name);
    else
      model.lock(found, RelationKind::partitioned_table, LockMode::access_exclusive, Because::parent);
  }
  for (const ::Node* element : pg::nodes(statement.tableElts)) {
    if (const auto* column = pg::as<::ColumnDef>(element)) {
      if (column->typeName != nullptr) {
        const auto written = pg::qualified_name(column->typeName->names);
        check_type(model, written.schema, written.name);
      }
      if (type_of(model, column->typeName).serial)
        new_sequence(model, schema, model.text(name), pg::text(column->colname));
      for (const ::Constraint& constraint : pg::only<::Constraint>(column->constraints)) {
        if (constraint.contype == CONSTR_DEFAULT)
          check_default(model, type_of(model, column->typeName), pg::text(column->colname), constraint.raw_expr);
        if (constraint.contype == CONSTR_IDENTITY) check_identity_type(model, type_of(model, column->typeName));
        if (constraint.contype == CONSTR_GENERATED &&
            is_mutable(model, constraint.raw_expr, {.written = statement.tableElts}))
          model.fail("42P17", "generation expression is not immutable");
        if (constraint.contype == CONSTR_IDENTITY)
          new_sequence(model, schema, model.text(name), pg::text(column->colname));
        else if (constraint.contype == CONSTR_PRIMARY || constraint.contype == CONSTR_UNIQUE)
          key(model, constraint, pg::text(column->colname), schema, name, partitioned);
        else if (constraint.contype == CONSTR_FOREIGN)
          foreign_key(model, constraint, column, statement, schema, name);
      }
    } else if (const auto* constraint = pg::as<::Constraint>(element)) {
      if (constraint->contype == CONSTR_FOREIGN)
        foreign_key(model, *constraint, nullptr, statement, schema, name);
      else if (constraint->contype == CONSTR_PRIMARY || constraint->contype == CONSTR_UNIQUE ||
               constraint->contype == CONSTR_EXCLUSION)
        key(model, *constraint, {}, schema, name, partitioned);
    } else if (const auto* clause = pg::as<::TableLikeClause>(element)) {
      like(model, *clause, schema, name);
    }
  }
}

void create_table_as(Model& model, const ::CreateTableAsStmt& statement) {
  if (statement.into == nullptr || statement.into->rel == nullptr) return;
  const Symbol schema = model.schema_for(*statement.into->rel);
  const Symbol name = model.symbol(statement.into->rel->relname);
  if (exists(model, schema, name, statement.if_not_exists)) return;
  model.made(statement.objtype == OBJECT_MATVIEW ? RelationKind::materialized_view : RelationKind::table, schema, name,
             Because::target);
  query(model, statement.query, statement.into->skipData ? Run::analyse : Run::execute);
}

void truncate(Model& model, const ::TruncateStmt& statement) {
  std::vector<const Relation*> tables;
  std::unordered_set<const Relation*> chosen;
  const auto add = [&](const Relation& root, bool recurse, Because because) {
    each_in_tree(root, recurse, [&](const Relation& table) {
      if (!chosen.insert(&table).second) return;
      tables.push_back(&table);
      model.lock(table, LockMode::access_exclusive, as_child(table, root, because));
    });
  };
  for (const ::RangeVar& name : pg::only<::RangeVar>(statement.relations)) {
    const Lookup found = model.find(&name);
    if (!model.open(found, RelationKind::table, LockMode::access_exclusive, Because::target)) return;
    if (found.relation != nullptr && found.relation->known) {
      if (!found.relation->is_table() && found.relation->kind != RelationKind::foreign_table)
        return model.fail("42809", "\"{}\" is not a table", model.text(found.name));
      if (!name.inh && found.relation->kind == RelationKind::partitioned_table)
        return model.fail("42809", "cannot truncate only a partitioned table");
      check_not_pending(model, *found.relation, "TRUNCATE");
    }
    if (found.relation != nullptr) add(*found.relation, name.inh, Because::target);
  }
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const Relation& table = *tables[i];
    each_reference_to_row(table, [&](const catalog::Constraint& key) {
      if (chosen.contains(key.table)) return;
      if (statement.behavior == DROP_CASCADE)
        add(*key.table, true, Because::references);
      else
        model.fail("0A000", "cannot truncate a table referenced in a foreign key constraint");
    });
    // Their files are swapped for empty ones; nothing is read.
    each_index(table, [&](const Relation& index) {
      if (index.kind == RelationKind::index) model.lock(index, LockMode::access_exclusive, Because::index);
    });
    if (model.version < 14 && table.is_partition)
      for (const Relation* parent : table.extra().parents) model.lock(*parent, LockMode::access_share, Because::parent);
    if (!statement.restart_seqs) continue;
    for (const Relation* sequence : table.owned)
      if (!sequence->dropped && sequence->owner_table == &table)
        model.lock(*sequence, LockMode::access_exclusive, Because::sequence);
  }
}

}  // namespace pglint::effect
