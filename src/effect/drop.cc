// DROP. What hangs on an object goes with it, or stands in the way; and tables lose locks on other tables: dropping a
// foreign key takes its triggers off the referenced table, which stops everybody there.

#include <algorithm>
#include <string>

#include "effect/model.h"

namespace pglint::effect {
namespace {

using catalog::Constraint;

std::string_view kind_word(RelationKind kind) {
  switch (kind) {
    case RelationKind::view:
      return "view";
    case RelationKind::materialized_view:
      return "materialized view";
    case RelationKind::sequence:
      return "sequence";
    case RelationKind::foreign_table:
      return "foreign table";
    case RelationKind::index:
    case RelationKind::partitioned_index:
      return "index";
    default:
      return "table";
  }
}

// Relations that one statement drops, with all that goes.
class Dropping {
 public:
  Dropping(Model& model, bool cascade) : m_(model), cascade_(cascade) {}

  void add(const Relation& relation, Because because) {
    if (!chosen_.insert(&relation).second) return;
    m_.lock(relation, LockMode::access_exclusive, because);
    waiting_.push_back(&relation);
  }
  void run() {
    for (std::size_t i = 0; i < waiting_.size(); ++i) inner(*waiting_[i]);
    for (std::size_t i = 0; i < waiting_.size(); ++i) dependents(*waiting_[i]);
  }

 private:
  // What goes in any case.
  void inner(const Relation& relation) {
    m_.lock_indexes(relation, LockMode::access_exclusive);
    for (const Relation* sequence : relation.owned)
      if (!sequence->dropped && sequence->owner_table == &relation) add(*sequence, Because::sequence);
    for (const Relation* child : relation.children)
      if (child->is_partition) add(*child, Because::partition);
    if (relation.is_partition)
      for (const Relation* parent : relation.parents) {
        if (chosen_.contains(parent)) continue;
        m_.lock(*parent, LockMode::access_exclusive, Because::parent);
        if (const Relation* fallback = catalog::default_partition(*parent);
            fallback != nullptr && fallback != &relation)
          m_.lock(*fallback, LockMode::access_exclusive, Because::default_partition);
      }
    each_foreign_key(relation, [&](const Constraint& key) {
      // What a partition has of its parent has no triggers there.
      if (key.parent != nullptr) return;
      each_in_tree(*key.references, key.references->kind == RelationKind::partitioned_table,
                   [&](const Relation& other) {
                     m_.lock(other, LockMode::access_exclusive, as_child(other, *key.references, Because::references));
                   });
    });
  }

  // What goes with CASCADE only.
  void dependents(const Relation& relation) {
    for (const Relation* view : relation.dependents)
      if (!view->dropped && !chosen_.contains(view)) take(relation, *view, Because::dependent);
    each_reference(relation, [&](const Constraint& key) {
      if (chosen_.contains(key.table)) return;
      if (cascade_)
        m_.lock(*key.table, LockMode::access_exclusive, Because::references);
      else
        refuse(relation);
    });
    for (const Relation* child : relation.children)
      if (!child->is_partition && !chosen_.contains(child)) take(relation, *child, Because::inherits);
    if (relation.kind != RelationKind::sequence) return;
    for (const catalog::Dependency& use : relation.defaults) {
      if (use.on == nullptr || use.on->dropped || chosen_.contains(use.on)) continue;
      if (cascade_)
        m_.lock(*use.on, LockMode::access_exclusive, Because::dependent);
      else
        refuse(relation);
    }
    if (relation.owner_table == nullptr || relation.owner_table->dropped || chosen_.contains(relation.owner_table))
      return;
    const catalog::Column* column = catalog::column(*relation.owner_table, relation.owner_column);
    if (column == nullptr) return;
    // The numbers of a serial column are its default.
    if (column->identity == catalog::Identity::none && column->default_volatility == catalog::Volatility::volatile_) {
      if (cascade_)
        m_.lock(*relation.owner_table, LockMode::access_exclusive, Because::dependent);
      else
        refuse(relation);
    }
    if (column->identity != catalog::Identity::none)
      m_.fail("2BP01", "cannot drop sequence {} because column {} of table {} requires it", m_.text(relation.name),
              m_.text(column->name), m_.text(relation.owner_table->name));
  }

  void take(const Relation& relation, const Relation& dependent, Because because) {
    if (!cascade_) return refuse(relation);
    const std::size_t from = waiting_.size();
    add(dependent, because);
    for (std::size_t i = from; i < waiting_.size(); ++i) inner(*waiting_[i]);
  }
  void refuse(const Relation& relation) {
    m_.fail("2BP01", "cannot drop {} {} because other objects depend on it", kind_word(relation.kind),
            m_.text(relation.name));
  }

  Model& m_;
  bool cascade_;
  std::vector<const Relation*> waiting_;
  std::unordered_set<const Relation*> chosen_;
};

RelationKind kind_of(::ObjectType type) {
  switch (type) {
    case OBJECT_VIEW:
      return RelationKind::view;
    case OBJECT_MATVIEW:
      return RelationKind::materialized_view;
    case OBJECT_SEQUENCE:
      return RelationKind::sequence;
    case OBJECT_FOREIGN_TABLE:
      return RelationKind::foreign_table;
    default:
      return RelationKind::table;
  }
}

void drop_relations(Model& model, const ::DropStmt& statement) {
  Dropping dropping(model, statement.behavior == DROP_CASCADE);
  const RelationKind kind = kind_of(statement.removeType);
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const Lookup found = model.find(pg::object_name(object));
    if (found.presence == Presence::gone) {
      if (!statement.missing_ok)
        model.fail("42P01", "{} \"{}\" does not exist", kind_word(kind), model.text(found.name));
      continue;
    }
    if (found.relation == nullptr) {
      model.lock(found, kind, LockMode::access_exclusive, Because::target);
      continue;
    }
    const RelationKind is = found.relation->kind;
    if (found.relation->known && is != kind &&
        !(kind == RelationKind::table && is == RelationKind::partitioned_table)) {
      model.fail("42809", "\"{}\" is not a {}", model.text(found.name), kind_word(kind));
      return;
    }
    dropping.add(*found.relation, Because::target);
  }
  dropping.run();
}

void drop_index(Model& model, const Relation& index, LockMode table_mode, bool concurrent) {
  each_in_tree(index, true, [&](const Relation& part) {
    if (part.index != nullptr && part.index->table != nullptr)
      model.lock(*part.index->table, table_mode, &part == &index ? Because::target : Because::partition);
    model.lock(part, LockMode::access_exclusive, Because::index);
  });
  if (concurrent && index.index != nullptr && index.index->table != nullptr)
    model.work(*index.index->table, Work::wait);
}

// The columns that a foreign key points to.
bool is_key_of(const catalog::Index& index, const Constraint& key) {
  return index.unique && index.predicate.empty() && index.keys.size() == key.referenced_columns.size() &&
         std::all_of(index.keys.begin(), index.keys.end(), [&](const catalog::IndexKey& part) {
           return part.column && contains(key.referenced_columns, part.column);
         });
}

// Whether foreign keys rest on this index: surely if no other index has their columns.
bool carries_references(const Relation& table, const Relation& index) {
  bool carries = false;
  each_reference(table, [&](const Constraint& key) {
    if (carries || !is_key_of(*index.index, key)) return;
    carries = std::none_of(table.indexes.begin(), table.indexes.end(), [&](const Relation* other) {
      return other != &index && !other->dropped && other->index != nullptr && is_key_of(*other->index, key);
    });
  });
  return carries;
}

void drop_indexes(Model& model, const ::DropStmt& statement) {
  if (statement.concurrent) {
    if (!model.outside_transaction("DROP INDEX CONCURRENTLY")) {
      const auto objects = pg::nodes(statement.objects);
      const Lookup found = model.find(pg::object_name(objects[0]));
      const catalog::Index* index = found.relation != nullptr ? found.relation->index : nullptr;
      if (index != nullptr && index->table != nullptr)
        model.lock(*index->table, LockMode::share_update_exclusive, Because::target);
      else
        model.lock(found, RelationKind::index, LockMode::share_update_exclusive, Because::target);
      return;
    }
    if (list_length(statement.objects) > 1)
      return model.fail("0A000", "DROP INDEX CONCURRENTLY does not support dropping multiple objects");
    if (statement.behavior == DROP_CASCADE)
      return model.fail("0A000", "DROP INDEX CONCURRENTLY does not support CASCADE");
  }
  const LockMode mode = statement.concurrent ? LockMode::share_update_exclusive : LockMode::access_exclusive;
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const Lookup found = model.find(pg::object_name(object));
    if (found.presence == Presence::gone) {
      if (!statement.missing_ok) model.fail("42704", "index \"{}\" does not exist", model.text(found.name));
      continue;
    }
    const Relation* relation = found.relation;
    const catalog::Index* index = relation != nullptr ? relation->index : nullptr;
    if (index == nullptr && relation != nullptr && relation->known)
      return model.fail("42809", "\"{}\" is not an index", model.text(found.name));
    if (index == nullptr) {
      model.lock(found, RelationKind::index, LockMode::access_exclusive, Because::target,
                 statement.concurrent ? Work::wait : Work::none);
      continue;
    }
    if (index->constraint != nullptr && !index->constraint->dropped && index->table != nullptr)
      model.fail("2BP01", "cannot drop index {} because constraint {} on table {} requires it",
                 model.text(relation->name), model.text(index->constraint->name), model.text(index->table->name));
    else if (relation->kind == RelationKind::partitioned_index && statement.concurrent)
      model.fail("0A000", "cannot drop partitioned index \"{}\" concurrently", model.text(relation->name));
    else if (!relation->parents.empty())
      model.fail("2BP01", "cannot drop index {} because index {} requires it", model.text(relation->name),
                 model.text(relation->parents[0]->name));
    drop_index(model, *relation, mode, statement.concurrent);
    if (index->table == nullptr || !carries_references(*index->table, *relation)) continue;
    each_reference(*index->table, [&](const Constraint& key) {
      if (!is_key_of(*index, key)) return;
      if (statement.behavior == DROP_CASCADE)
        model.lock(*key.table, LockMode::access_exclusive, Because::references);
      else
        model.fail("2BP01", "cannot drop index {} because other objects depend on it", model.text(relation->name));
    });
  }
}

void drop_columns_of(Model& model, const catalog::Type& type, std::string_view word, bool cascade) {
  for (const Relation* table : type.users) {
    if (table->dropped) continue;
    const bool uses = std::any_of(table->columns.begin(), table->columns.end(), [&](const catalog::Column& column) {
      return !column.dropped && model.catalog.find_type(column.type) == &type;
    });
    if (!uses) continue;
    if (!cascade)
      return model.fail("2BP01", "cannot drop {} {} because other objects depend on it", word, model.text(type.name));
    model.lock(*table, LockMode::access_exclusive, Because::dependent);
    each_index(*table, [&](const Relation& index) {
      const bool on_it =
          std::any_of(index.index->keys.begin(), index.index->keys.end(), [&](const catalog::IndexKey& key) {
            const catalog::Column* column = key.column ? catalog::column(*table, key.column) : nullptr;
            return column != nullptr && model.catalog.find_type(column->type) == &type;
          });
      if (on_it) model.lock(index, LockMode::access_exclusive, Because::index);
    });
  }
}

void drop_types(Model& model, const ::DropStmt& statement) {
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const auto name = pg::object_name(object);
    const catalog::Type* type =
        model.catalog.find_type(name.schema.empty() ? Symbol{} : model.symbol(name.schema), model.symbol(name.name));
    if (type != nullptr) drop_columns_of(model, *type, "type", statement.behavior == DROP_CASCADE);
  }
}

void drop_functions(Model& model, const ::DropStmt& statement) {
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const auto name = pg::object_name(object);
    const Symbol symbol = model.symbol(name.name);
    const catalog::Function* function =
        model.catalog.find_function(name.schema.empty() ? Symbol{} : model.symbol(name.schema), symbol);
    for (; function != nullptr; function = function->overload) {
      if (function->dropped || function->name != symbol) continue;
      for (const Relation* table : function->triggers_on) {
        if (table->dropped) continue;
        const bool calls = std::any_of(table->triggers.begin(), table->triggers.end(),
                                       [&](const catalog::Trigger& t) { return !t.dropped && t.function == symbol; });
        if (!calls) continue;
        if (statement.behavior == DROP_CASCADE)
          model.lock(*table, LockMode::access_exclusive, Because::dependent);
        else
          model.fail("2BP01", "cannot drop function {}() because other objects depend on it", name.name);
      }
    }
  }
}

void drop_schemas(Model& model, const ::DropStmt& statement) {
  Dropping dropping(model, true);
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const Symbol name = model.symbol_of(object);
    const catalog::Schema* schema = model.catalog.find_schema(name);
    if (schema == nullptr || schema->dropped) continue;
    const auto holds = [&](const auto* thing) { return !thing->dropped && thing->schema == name; };
    if (statement.behavior != DROP_CASCADE) {
      if (std::any_of(schema->relations.begin(), schema->relations.end(), holds) ||
          std::any_of(schema->types.begin(), schema->types.end(), holds) ||
          std::any_of(schema->functions.begin(), schema->functions.end(), holds))
        model.fail("2BP01", "cannot drop schema {} because other objects depend on it", model.text(name));
      continue;
    }
    for (const Relation* relation : schema->relations)
      if (holds(relation) && !is_index(relation->kind) && relation->kind != RelationKind::composite)
        dropping.add(*relation, Because::target);
  }
  dropping.run();
}

// A trigger, rule or policy: the table that it hangs on.
void drop_from_table(Model& model, const ::DropStmt& statement) {
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const auto* names = pg::as<::List>(object);
    const Lookup found = model.find(pg::owner_of(names));
    const Relation* table = found.presence == Presence::known ? found.relation : nullptr;
    const std::string_view written = pg::last_name(names);
    const Symbol name = model.symbol(written);
    bool row_trigger = false;
    if (table != nullptr) {
      bool there = false;
      std::string_view word = "policy";
      std::string_view of = "table";
      if (statement.removeType == OBJECT_TRIGGER) {
        word = "trigger";
        for (const catalog::Trigger& trigger : table->triggers)
          if (!trigger.dropped && trigger.name == name) {
            there = true;
            row_trigger = trigger.row;
          }
      } else if (statement.removeType == OBJECT_RULE) {
        word = "rule";
        of = "relation";
        there = contains(table->rules, name);
      } else {
        there = contains(table->policies, name);
      }
      if (!there) {
        if (statement.missing_ok) continue;  // without a lock
        model.fail("42704", "{} \"{}\" for {} \"{}\" does not exist", word, written, of, model.text(found.name));
      }
    }
    if (!model.open(found, RelationKind::table, LockMode::access_exclusive, Because::target, Work::none,
                    statement.missing_ok))
      continue;
    // Those of the partitions go with the parent's.
    if (row_trigger && table->kind == RelationKind::partitioned_table)
      each_in_tree(*table, true, [&](const Relation& part) {
        model.lock(part, LockMode::access_exclusive, as_child(part, *table, Because::target));
      });
  }
}

void drop_extensions(Model& model, const ::DropStmt& statement) {
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const std::string_view name = pg::string(object);
    const Symbol symbol = model.symbol(name);
    if (!model.catalog.has_extension(symbol)) continue;
    // The extensions whose types columns have are called as their types.
    const catalog::Type* type = model.catalog.find_type({}, symbol);
    if (type != nullptr) drop_columns_of(model, *type, "extension", statement.behavior == DROP_CASCADE);
  }
}

void drop_collations(Model& model, const ::DropStmt& statement) {
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const Symbol name = model.symbol(pg::object_name(object).name);
    for (const catalog::Schema* schema : model.catalog.schemas()) {
      for (const Relation* table : schema->relations) {
        if (table->dropped || table->schema != schema->name) continue;
        const bool uses = std::any_of(table->columns.begin(), table->columns.end(), [&](const catalog::Column& column) {
          return !column.dropped && column.collation == name;
        });
        if (!uses) continue;
        if (statement.behavior == DROP_CASCADE)
          model.lock(*table, LockMode::access_exclusive, Because::dependent);
        else
          model.fail("2BP01", "cannot drop collation {} because other objects depend on it", model.text(name));
      }
    }
  }
}

}  // namespace

void drop_relation(Model& model, const Relation& relation, Because because, bool cascade) {
  Dropping dropping(model, cascade);
  dropping.add(relation, because);
  dropping.run();
}

void drop(Model& model, const ::DropStmt& statement) {
  switch (statement.removeType) {
    case OBJECT_TABLE:
    case OBJECT_VIEW:
    case OBJECT_MATVIEW:
    case OBJECT_SEQUENCE:
    case OBJECT_FOREIGN_TABLE:
      return drop_relations(model, statement);
    case OBJECT_INDEX:
      return drop_indexes(model, statement);
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
      return drop_types(model, statement);
    case OBJECT_FUNCTION:
    case OBJECT_PROCEDURE:
    case OBJECT_ROUTINE:
      return drop_functions(model, statement);
    case OBJECT_SCHEMA:
      return drop_schemas(model, statement);
    case OBJECT_TRIGGER:
    case OBJECT_RULE:
    case OBJECT_POLICY:
      return drop_from_table(model, statement);
    case OBJECT_EXTENSION:
      return drop_extensions(model, statement);
    case OBJECT_COLLATION:
      return drop_collations(model, statement);
    default:
      return;
  }
}

}  // namespace pglint::effect
