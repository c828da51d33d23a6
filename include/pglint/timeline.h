// The lock timeline of `pglint locks`: per file and transaction, what each
// statement locks, how, while doing what, until when. Plain data for the reporters.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pglint/diagnostic.h"
#include "pglint/lock.h"
#include "pglint/span.h"
#include "pglint/transaction.h"

namespace pglint {

struct LockEffect {
  std::string relation = {};       // schema-qualified, quoted as PostgreSQL would
  std::string_view relation_kind;  // table, index, partitioned, view, matview, sequence, foreign
  bool known = false;              // false: the history never made it; the worst case is shown
  bool is_new = false;             // made by the same transaction or migration
  LockMode lock = LockMode::none;
  Work work = Work::none;
  std::vector<std::string> builds = {};  // indexes
  bool blocks_reads = false;
  bool blocks_writes = false;
  bool until_transaction = true;  // false: given back when the statement ends
  bool locks_rows = false;        // and rows of it, which other writers of them wait for
  std::string_view because;       // target, references, partition, domain, index, default_partition, …
};

struct TimelineError {
  std::string sqlstate;
  std::string message;
};

struct TimelineStatement {
  Span at = {};
  bool transactional = true;  // false: refused inside a transaction block
  std::vector<LockEffect> effects = {};
  std::optional<TimelineError> error = {};  // what the server will raise
  // What it raises if the rows of the tables, or something else outside of the schema, are so: 23505, "two rows …".
  std::vector<TimelineError> may_fail = {};
};

// Two locks that one transaction takes one behind the other: another one that takes them the other way round, or that
// both hold and want more of, ends in a deadlock (PostgreSQL docs, 13.3.4 "Deadlocks").
struct DeadlockPair {
  std::size_t first = 0;  // the statements, by their places in the transaction
  std::size_t second = 0;
  std::string held;  // the relations; the same where the second statement wants a stronger lock on it
  std::string wanted;
};

struct TimelineTransaction {
  TransactionKind kind = TransactionKind::autocommit;
  std::vector<TimelineStatement> statements = {};
  bool continued = false;  // the last transaction of the file before goes on: the runner's, over all pending files
  std::vector<DeadlockPair> deadlocks = {};  // each relation once, with the first one that is held then
};

struct TimelineFile {
  std::string path;
  std::string runner;
  std::string_view text = {};  // owned by the sources
  std::vector<TimelineTransaction> transactions = {};
};

struct Timeline {
  std::vector<TimelineFile> files = {};
  std::vector<Failure> failures = {};
  std::vector<std::string> notices = {};
};

}  // namespace pglint
