#include "catalog/transaction.h"

#include <algorithm>

#include "pg/node.h"

namespace pglint::catalog {
namespace {

bool begins(const ::Node* statement) {
  const auto* transaction = pg::as<::TransactionStmt>(statement);
  return transaction != nullptr && (transaction->kind == TRANS_STMT_BEGIN || transaction->kind == TRANS_STMT_START);
}

}  // namespace

// --- what the runner does --------------------------------------------------------------------------------------------

void Transactions::begin_run(bool wrapped) {
  run_wrapped_ = wrapped;
  if (wrapped && !open_) open(TransactionKind::runner);
}

void Transactions::end_run() {
  // Its COMMIT ends whatever is open; without one the end of the session rolls it back.
  close(run_wrapped_);
  run_wrapped_ = false;
}

void Transactions::begin_file(bool wrapped) {
  file_wrapped_ = wrapped;
  if (wrapped && !open_) open(TransactionKind::runner);
}

void Transactions::end_file() {
  if (file_wrapped_ && !run_wrapped_)
    close(true);
  else if (!run_wrapped_)
    close(false);
  file_wrapped_ = false;
}

void Transactions::begin_script(Sent sent, bool wrapped, std::uint32_t statements) {
  sent_ = sent;
  several_ = sent != Sent::statement && statements > 1;
  script_wrapped_ = wrapped;
  if (wrapped && !open_) open(TransactionKind::runner);
}

void Transactions::end_script() {
  const bool outer = run_wrapped_ || file_wrapped_;
  if (script_wrapped_ && !outer)
    close(true);
  else if (open_ && state_.kind == TransactionKind::implicit)
    close(true);
  script_wrapped_ = false;
  several_ = false;
  sent_ = Sent::statement;
}

// --- statements ------------------------------------------------------------------------------------------------------

void Transactions::open(TransactionKind kind) {
  open_ = true;
  state_.id = next_++;
  state_.kind = kind;
  state_.block = true;
  state_.statements = 0;
  catalog_.now.transaction = state_.id;
  catalog_.journal.record(true);
}

void Transactions::close(bool commit) {
  if (!open_) return;
  if (commit)
    catalog_.committed();
  else
    catalog_.journal.roll_back_to(0);
  catalog_.journal.record(false);
  savepoints_.clear();
  open_ = false;
}

const TransactionState& Transactions::before(const ::Node* statement) {
  if (!open_) {
    if (begins(statement)) {
      open(TransactionKind::explicit_);
    } else if (several_) {
      open(TransactionKind::implicit);
    } else {
      state_.id = next_++;
      state_.kind = TransactionKind::autocommit;
      state_.block = false;
      state_.statements = 0;
      catalog_.now.transaction = state_.id;
    }
  }
  // In a pipeline the first statement does not know yet that others follow.
  if (state_.kind == TransactionKind::implicit && sent_ == Sent::pipeline) state_.block = state_.statements != 0;
  return state_;
}

bool Transactions::after(const ::Node* statement) {
  ++state_.statements;
  if (!open_) {
    catalog_.committed();
    return true;
  }
  const auto* transaction = pg::as<::TransactionStmt>(statement);
  if (transaction == nullptr) return false;
  const auto savepoint = [&] {
    const Symbol name = catalog_.symbols.intern(pg::text(transaction->savepoint_name));
    return std::find_if(savepoints_.rbegin(), savepoints_.rend(),
                        [name](const Savepoint& one) { return one.name == name; });
  };
  switch (transaction->kind) {
    case TRANS_STMT_BEGIN:
    case TRANS_STMT_START:
      // In a message of several statements it makes what is running already an ordinary block.
      if (state_.kind == TransactionKind::implicit) {
        state_.kind = TransactionKind::explicit_;
        state_.block = true;
      }
      return false;
    case TRANS_STMT_COMMIT:
    case TRANS_STMT_ROLLBACK:
    case TRANS_STMT_PREPARE: {
      // What is prepared is taken to be committed later.
      const bool chain = transaction->chain && state_.kind != TransactionKind::implicit;
      close(transaction->kind != TRANS_STMT_ROLLBACK);
      if (chain) open(TransactionKind::explicit_);
      return true;
    }
    case TRANS_STMT_SAVEPOINT:
      if (state_.kind != TransactionKind::implicit)
        savepoints_.push_back(
            {catalog_.symbols.intern(pg::text(transaction->savepoint_name)), catalog_.journal.mark()});
      return false;
    case TRANS_STMT_RELEASE:
      if (const auto found = savepoint(); found != savepoints_.rend())
        savepoints_.erase(std::prev(found.base()), savepoints_.end());
      return false;
    case TRANS_STMT_ROLLBACK_TO:
      if (const auto found = savepoint(); found != savepoints_.rend()) {
        catalog_.journal.roll_back_to(found->mark);
        savepoints_.erase(found.base(), savepoints_.end());
      }
      return false;
    default:
      return false;
  }
}

}  // namespace pglint::catalog
