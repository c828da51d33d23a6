// The transaction that each statement is in, worked out in one place: from what
// the runner does around its scripts, and from the script's own BEGIN, COMMIT, ROLLBACK and SAVEPOINT.
#pragma once

#include <cstdint>
#include <vector>

#include "base/journal.h"
#include "catalog/catalog.h"
#include "pglint/transaction.h"

struct Node;

namespace pglint::catalog {

struct TransactionState {
  std::uint32_t id = 0;  // ordinal, from 1; each autocommitted statement has one of its own
  TransactionKind kind = TransactionKind::autocommit;
  bool block = false;            // PostgreSQL would say "cannot run inside a transaction block"
  std::uint32_t statements = 0;  // before this one, in this transaction
};

// Drives Catalog::now, and its journal: what is rolled back is undone there.
class Transactions {
 public:
  explicit Transactions(Catalog& catalog) : catalog_(catalog) {}

  // A run: the migrations that the runner would apply in one go.
  void begin_run(bool wrapped);
  void end_run();
  void begin_file(bool wrapped);
  void end_file();
  // `statements`: how many the script holds (a simple query of one is autocommit).
  void begin_script(Sent sent, bool wrapped, std::uint32_t statements);
  void end_script();

  // Call before a statement is judged: the transaction that it will run in.
  const TransactionState& before(const ::Node* statement);
  // Call after it was judged and applied. True if the transaction is over with it.
  bool after(const ::Node* statement);

  [[nodiscard]] const TransactionState& state() const { return state_; }

 private:
  struct Savepoint {
    Symbol name;
    Journal::Mark mark;
  };

  void open(TransactionKind kind);
  void close(bool commit);

  Catalog& catalog_;
  TransactionState state_;
  bool open_ = false;
  // Who commits at the end of what.
  bool run_wrapped_ = false;
  bool file_wrapped_ = false;
  bool script_wrapped_ = false;
  Sent sent_ = Sent::statement;
  bool several_ = false;  // the script is a message of more than one statement
  std::uint32_t next_ = 1;
  std::vector<Savepoint> savepoints_;
};

}  // namespace pglint::catalog
