// DROP. What hangs on an object goes with it, or stands in the way; and tables lose locks on other tables: dropping a
// foreign key takes its triggers off the referenced table, which stops everybody there.

#include <algorithm>
#include <string>

#include "catalog/relation_kind.h"
#include "catalog/replay.h"
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
    check_not_pending(m_, relation, "DROP TABLE");
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
    for (const Relation* child : relation.extra().children)
      if (child->is_partition) add(*child, Because::partition);
    if (relation.is_partition)
      for (const Relation* parent : relation.extra().parents) {
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
    each_reference_to_row(relation, [&](const Constraint& key) {
      if (chosen_.contains(key.table)) return;
      if (!cascade_) return refuse(relation);
      m_.lock(*key.table, LockMode::access_exclusive, Because::references);
      // A key that points to the partition's parent loses its triggers on all that it points to.
      if (key.references != &relation)
        each_in_tree(*key.references, true, [&](const Relation& other) {
          m_.lock(other, LockMode::access_exclusive, as_child(other, *key.references, Because::references));
        });
    });
    for (const Relation* other : relation.extra().ruled_by) {
      if (other->dropped || chosen_.contains(other)) continue;
      const bool ruled = std::any_of(
          other->extra().rule_uses.begin(), other->extra().rule_uses.end(),
          [&](const catalog::RuleUse& use) { return use.on == &relation && contains(other->extra().rules, use.rule); });
      if (!ruled) continue;
      if (!cascade_) return refuse(relation);
      m_.lock(*other, LockMode::access_exclusive, Because::dependent);
    }
    for (const Relation* child : relation.extra().children)
      if (!child->is_partition && !chosen_.contains(child)) take(relation, *child, Because::inherits);
    if (relation.kind != RelationKind::sequence) return;
    for (const catalog::Dependency& use : relation.extra().defaults) {
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
    if (column->identity == catalog::Identity::none && column->type.serial) {
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

void drop_relations(Model& model, const ::DropStmt& statement) {
  Dropping dropping(model, statement.behavior == DROP_CASCADE);
  const RelationKind kind = catalog::relation_kind(statement.removeType);
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
  // All partitions are locked, those too that have no index of it.
  if (index.kind == RelationKind::partitioned_index && index.index != nullptr && index.index->table != nullptr)
    each_in_tree(*index.index->table, true, [&](const Relation& part) {
      model.lock(part, table_mode, as_child(part, *index.index->table, Because::target));
    });
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
    else if (!relation->extra().parents.empty())
      model.fail("2BP01", "cannot drop index {} because index {} requires it", model.text(relation->name),
                 model.text(relation->extra().parents[0]->name));
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
  const bool cascade = statement.behavior == DROP_CASCADE;
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const auto name = pg::object_name(object);
    const Symbol schema = name.schema.empty() ? Symbol{} : model.symbol(name.schema);
    const catalog::Type* type = model.catalog.find_type(schema, model.symbol(name.name));
    if (type == nullptr) {
      const Lookup found = model.catalog.find(schema, model.symbol(name.name));
      if (found.presence == Presence::known)
        model.fail("2BP01", "cannot drop type {} because {} {} requires it", name.name, kind_word(found.relation->kind),
                   name.name);
      else if (!statement.missing_ok)
        check_type(model, name.schema, name.name);
      continue;
    }
    if (statement.removeType == OBJECT_DOMAIN && type->kind != catalog::TypeKind::domain)
      model.fail("42809", "\"{}\" is not a domain", name.name);
    if (cascade)
      for (const Relation* table : type->users)
        if (!table->dropped && table->extra().of_type == type) drop_relation(model, *table, Because::dependent, true);
    drop_columns_of(model, *type, "type", cascade);
  }
}

// Expressions of the relation that call a function: an error, or what goes with it.
void drop_calls(Model& model, const Relation& relation, std::string_view function, bool cascade) {
  const auto refuse = [&] {
    model.fail("2BP01", "cannot drop function {} because other objects depend on it", function);
  };
  if (relation.kind == RelationKind::view || relation.kind == RelationKind::materialized_view) {
    if (!cascade) return refuse();
    return drop_relation(model, relation, Because::dependent, true);
  }
  bool used = false;
  for (const Constraint* constraint : relation.constraints)
    used = used || (!constraint->dropped && constraint->kind == catalog::ConstraintKind::check &&
                    calls(constraint->sql, function));
  for (const catalog::Column& column : relation.columns)
    used = used || (!column.dropped && calls(column.expression, function));
  std::vector<const Relation*> indexes;
  each_index(relation, [&](const Relation& index) {
    bool calls_it = calls(index.index->predicate, function);
    for (const catalog::IndexKey& key : index.index->keys) calls_it = calls_it || calls(key.expression, function);
    if (calls_it) indexes.push_back(&index);
  });
  if (!used && indexes.empty()) return;
  if (!cascade) return refuse();
  model.lock(relation, LockMode::access_exclusive, Because::dependent);
  for (const Relation* index : indexes) model.lock(*index, LockMode::access_exclusive, Because::index);
}

// What depends on a function that is dropped: an error, or what goes with it.
void drop_function(Model& model, const catalog::Function& function, bool cascade) {
  const std::string_view name = model.text(function.name);
  for (const Relation* table : function.triggers_on) {
    if (table->dropped) continue;
    bool calls = false;
    bool row = false;
    for (const catalog::Trigger& trigger : table->extra().triggers) {
      if (trigger.dropped || trigger.function != function.name) continue;
      calls = true;
      row = row || trigger.row;
    }
    if (!calls) continue;
    if (!cascade) {
      model.fail("2BP01", "cannot drop function {}() because other objects depend on it", name);
      continue;
    }
    each_in_tree(*table, row && table->kind == RelationKind::partitioned_table, [&](const Relation& part) {
      model.lock(part, LockMode::access_exclusive, as_child(part, *table, Because::dependent));
    });
  }
  std::vector<const Relation*> seen;
  for (const Relation* relation : function.used_by) {
    if (relation->dropped || std::find(seen.begin(), seen.end(), relation) != seen.end()) continue;
    seen.push_back(relation);
    drop_calls(model, *relation, name, cascade);
  }
}

void drop_functions(Model& model, const ::DropStmt& statement) {
  const bool cascade = statement.behavior == DROP_CASCADE;
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const auto name = pg::object_name(object);
    const Symbol symbol = model.symbol(name.name);
    const catalog::Function* overload =
        model.catalog.find_function(name.schema.empty() ? Symbol{} : model.symbol(name.schema), symbol);
    if (overload == nullptr) {
      if (!statement.missing_ok && model.catalog.knows_all_relations())
        model.fail("42883", "function {}() does not exist", name.name);
      continue;
    }
    const auto* written = pg::as<::ObjectWithArgs>(object);
    const catalog::Function* function = written != nullptr ? catalog::function_named(model.catalog, *written) : nullptr;
    if (function == nullptr) {
      if (!statement.missing_ok && model.catalog.knows_all_relations())
        model.fail("42883", "function {} does not exist", name.name);
      continue;
    }
    const bool wanted_procedure = statement.removeType == OBJECT_PROCEDURE;
    if (function->aggregate && statement.removeType == OBJECT_FUNCTION)
      model.fail("42809", "\"{}\" is an aggregate function", name.name);
    if (statement.removeType != OBJECT_ROUTINE && function->procedure != wanted_procedure && !written->args_unspecified)
      model.fail("42809", "{} is not a {}", routine_text(model, *function),
                 wanted_procedure ? "procedure" : "function");
    drop_function(model, *function, cascade);
  }
}

void drop_statistics(Model& model, const ::DropStmt& statement) {
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const auto name = pg::object_name(object);
    const catalog::Statistics* found = model.catalog.find_statistics(
        name.schema.empty() ? Symbol{} : model.symbol(name.schema), model.symbol(name.name));
    if (found != nullptr)
      model.lock(*found->table, LockMode::share_update_exclusive, Because::target);
    else if (!statement.missing_ok && model.catalog.knows_all_relations())
      model.fail("42704", "statistics object \"{}\" does not exist", name.name);
  }
}

void drop_schemas(Model& model, const ::DropStmt& statement) {
  Dropping dropping(model, true);
  for (const ::Node* object : pg::nodes(statement.objects)) {
    const Symbol name = model.symbol_of(object);
    const catalog::Schema* schema = model.catalog.find_schema(name);
    if ((schema == nullptr || schema->dropped) && !statement.missing_ok && model.catalog.whole &&
        model.text(name) != "public")
      model.fail("3F000", "schema \"{}\" does not exist", model.text(name));
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
        for (const catalog::Trigger& trigger : table->extra().triggers)
          if (!trigger.dropped && trigger.name == name) {
            there = true;
            row_trigger = trigger.row;
            if (trigger.inherited && table->is_partition && !table->extra().parents.empty())
              model.fail("2BP01", "cannot drop trigger {} on table {} because trigger {} on table {} requires it",
                         written, model.text(table->name), written, model.text(table->extra().parents[0]->name));
          }
      } else if (statement.removeType == OBJECT_RULE) {
        word = "rule";
        of = "relation";
        there = contains(table->extra().rules, name);
      } else {
        there = contains(table->extra().policies, name);
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
    case OBJECT_STATISTIC_EXT:
      return drop_statistics(model, statement);
    default:
      return;
  }
}

namespace {

// Relations of the roles that a statement names, as far as the history says whose they are.
template <class F>
void each_owned(const Model& model, const ::List* roles, F&& visit) {
  for (const ::RoleSpec& role : pg::only<::RoleSpec>(roles)) {
    const Symbol owner = role.roletype == ROLESPEC_CSTRING ? model.symbol(role.rolename) : model.catalog.session.role;
    if (!owner) continue;
    for (const catalog::Schema* schema : model.catalog.schemas())
      for (const Relation* relation : schema->relations)
        if (!relation->dropped && relation->owner == owner && relation->schema == schema->name &&
            !is_index(relation->kind) && relation->kind != RelationKind::composite)
          visit(*relation);
  }
}

}  // namespace

void drop_owned(Model& model, const ::DropOwnedStmt& statement) {
  Dropping dropping(model, statement.behavior == DROP_CASCADE);
  each_owned(model, statement.roles, [&](const Relation& relation) { dropping.add(relation, Because::target); });
  dropping.run();
}

void reassign_owned(Model& model, const ::ReassignOwnedStmt& statement) {
  each_owned(model, statement.roles, [&](const Relation& relation) {
    model.lock(relation, LockMode::access_exclusive, Because::target);
    lock_owned(model, relation);
  });
}

}  // namespace pglint::effect
