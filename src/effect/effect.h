// What a statement does on the target server, given the schema as it stands:
// every relation it locks, how, while doing what; or the error that the server
// would raise. Rules ask this model and carry no folklore of their own.
//
// Source of the facts: measurements on PostgreSQL 13, 15, 17 and 18
// (testdata/facts/), checked again on a live server by tests/live.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/transaction.h"
#include "pglint/lock.h"

struct Node;

namespace pglint::effect {

// Why a relation is locked that the statement may not name.
enum class Because : std::uint8_t {
  target,
  references,
  partition,
  parent,
  domain,
  index,
  default_partition,
  dependent,
  reads,
  sequence,
  inherits,
};
[[nodiscard]] std::string_view name(Because because);

enum class HeldUntil : std::uint8_t { statement, transaction };

struct RelationEffect {
  const catalog::Relation* relation = nullptr;  // null: never seen; then schema and name say which
  Symbol schema = {};
  Symbol name = {};
  catalog::RelationKind kind = catalog::RelationKind::table;
  bool known = false;
  bool is_new = false;  // made by this transaction or migration: nobody waits for it
  LockMode lock = LockMode::none;
  Work work = Work::none;
  Because because = Because::target;
  HeldUntil held_until = HeldUntil::transaction;
  // Readers wait although the relation's own lock lets them pass: of a table, for a lock on one of its indexes, which
  // every plan opens, or on one of its partitions. On the index itself it says so of the index's table.
  bool blocks_table_reads = false;
  bool blocks_table_writes = false;  // the same for writers
};

// One subcommand of ALTER TABLE, or the statement itself: what rules speak about. Relation effects are merged over
// all of them, since PostgreSQL takes the strongest lock first and makes one pass; this says which part needs what.
struct Part {
  std::uint16_t command = 0;                   // index in AlterTableStmt.cmds
  LockMode lock = LockMode::none;              // that this part alone would take on the target
  Work work = Work::none;                      // on the target, for this part
  const catalog::Constraint* proof = nullptr;  // the check that let it skip its scan
};

struct Build {
  Symbol schema = {};
  Symbol name = {};                          // of the index, PostgreSQL's choice where none was written
  const catalog::Relation* table = nullptr;  // null: never seen, or made by this statement
  Symbol table_schema = {};                  // where the table's entry in `relations` is to be found
  Symbol table_name = {};
};

struct ServerError {
  char sqlstate[6] = {};
  std::string message = {};   // as PostgreSQL words it
  bool unless_empty = false;  // it takes a row to fail; the history does not have rows
};

// An error that does not follow from the schema: rows decide, or what is outside of the database.
struct PossibleError {
  const char* sqlstate = "";
  const char* when = "";  // "a row violates the check"
};

struct Effects {
  std::vector<RelationEffect> relations;  // one per relation, with its strongest mode; the target first
  std::vector<Part> parts;                // of ALTER TABLE
  std::vector<Build> builds;
  bool transactional = true;  // false: refused inside a transaction block
  bool has_error = false;
  ServerError error;
  std::vector<PossibleError> may_fail;  // each SQLSTATE once

  // The model's own: finds one of many relations. Empty until there are many.
  std::vector<std::uint32_t> slots;
  std::size_t indexed = 0;  // so many of them

  void clear() {
    relations.clear();
    parts.clear();
    builds.clear();
    may_fail.clear();
    slots.clear();
    indexed = 0;
    transactional = true;
    has_error = false;
    error.unless_empty = false;
  }
  [[nodiscard]] const RelationEffect* target() const { return relations.empty() ? nullptr : &relations.front(); }
  [[nodiscard]] LockMode strongest() const;
};

struct Target {
  int pg_version = 15;     // oldest server the migrations must run on, 12 to 18
  bool variables = false;  // names in expressions may be variables: the statement stands in a body
  bool stand_ins = false;  // names may stand for others: the file has placeholders
};

// `sql`: the text that the tree's locations count from. `out` is cleared first and reused, so that
// a run over many statements does not allocate for each.
void effects(const ::Node* statement, std::string_view sql, const catalog::Catalog& catalog,
             const catalog::TransactionState& transaction, const Target& target, Effects& out);

// Only whether the target version knows the statement's syntax; nothing else is filled.
void syntax(const ::Node* statement, std::string_view sql, const catalog::Catalog& catalog,
            const catalog::TransactionState& transaction, const Target& target, Effects& out);

}  // namespace pglint::effect
