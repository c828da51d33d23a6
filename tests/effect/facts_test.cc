// The model against everything that was measured: 575 statements on four servers.

#include "support/facts.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdio>

#include "effect/predict.h"

namespace pglint::test {
namespace {

std::string show(const Locks& locks) {
  std::string out;
  for (const auto& [name, mode] : locks)
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, pglint::name(mode));
  return out.empty() ? "none" : out;
}
std::string show(const std::set<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}
std::string show(bool value) { return value ? "yes" : "no"; }
std::string show(const std::string& sqlstate) { return sqlstate.empty() ? "none" : sqlstate; }

// What was only polled, and may have been missed: locks below ACCESS EXCLUSIVE on indexes, where the statement could
// not be held still inside a transaction.
Locks without_polled(const Locks& locks, const Fact& fact) {
  if (fact.in_block) return locks;
  Locks kept;
  for (const auto& [name, mode] : locks) {
    const bool index = name.ends_with("_pkey") || name.ends_with("_idx") || name == "ix";
    if (!index || mode == LockMode::access_exclusive) kept[name] = mode;
  }
  return kept;
}

// An index that is made again under its name has one entry.
Locks without_known(const Locks& locks, const Locks& known) {
  Locks kept;
  for (const auto& [name, mode] : locks)
    if (!known.contains(name)) kept[name] = mode;
  return kept;
}

enum Column { transactional, target, others, made, reads, writes, rewritten, scanned, builds, error, columns };
constexpr const char* column_names[columns] = {"transactional", "target lock",   "other locks", "locks on what is new",
                                               "blocks reads",  "blocks writes", "rewrites",    "scans",
                                               "index builds",  "error"};

struct Tally {
  int compared[columns] = {};
  int agreed[columns] = {};
  int by_rows = 0;
  std::string differences;  // of the row at hand

  template <class T>
  void compare(Column column, const T& measured, const T& predicted) {
    ++compared[column];
    if (measured == predicted) {
      ++agreed[column];
    } else {
      differences +=
          fmt::format("    {}: measured {}; predicted {}\n", column_names[column], show(measured), show(predicted));
    }
  }
};

void compare(const Fact& fact, Tally& tally) {
  const Prediction predicted = predict(*fact.form, fact.version, fact.in_block);
  const std::string expected = error_by_rows(*fact.form, predicted, fact.sqlstate);
  if (expected != predicted.sqlstate) ++tally.by_rows;
  tally.compare(error, fact.sqlstate, expected);
  if (fact.setup_failed) return;
  if (fact.transactional) tally.compare(transactional, *fact.transactional, predicted.transactional);
  if (!fact.sqlstate.empty()) return;

  const auto split = [&](const Locks& locks, Locks& rest) {
    Locks of_target;
    for (const auto& [name, mode] : locks) (name == fact.form->target ? of_target : rest)[name] = mode;
    return of_target;
  };
  Locks measured_others;
  Locks predicted_others;
  const Locks measured_target = split(fact.locks, measured_others);
  const Locks predicted_target = split(predicted.locks, predicted_others);
  tally.compare(target, measured_target, predicted_target);
  tally.compare(others, without_polled(measured_others, fact), without_polled(predicted_others, fact));
  const bool polled = fact.form->statement.find("CONCURRENTLY") != std::string::npos;
  if (!polled) tally.compare(made, without_known(fact.new_locks, fact.locks), predicted.new_locks);
  // Of a lock that had not been granted yet when others were tried, they met the request that stood in the queue.
  const bool waiting = fact.awaited != LockMode::none;
  const bool stops_reads = waiting ? blocks_reads(fact.awaited) : predicted.blocks_reads;
  const bool stops_writes = waiting ? blocks_writes(fact.awaited) : predicted.blocks_writes;
  if (waiting) CHECK_MESSAGE(fact.awaited <= predicted_target.at(fact.form->target), fact.form->id);
  if (fact.blocks_reads) tally.compare(reads, *fact.blocks_reads, stops_reads);
  if (fact.blocks_writes) tally.compare(writes, *fact.blocks_writes, stops_writes);
  tally.compare(rewritten, fact.rewritten, predicted.rewritten);
  // A scan was told by the rows read: of an empty table there are none.
  if (fact.scans_known && has_rows(*fact.form)) tally.compare(scanned, fact.scanned, predicted.scanned);
  tally.compare(builds, fact.builds, predicted.builds);
}

TEST_CASE("the model agrees with what was measured on PostgreSQL 13, 15, 17 and 18") {
  Tally tally;
  int rows = 0;
  int agreed = 0;
  for (const Fact& fact : facts().facts) {
    tally.differences.clear();
    compare(fact, tally);
    ++rows;
    if (tally.differences.empty()) ++agreed;
    CHECK_MESSAGE(tally.differences.empty(), fact.form->id << " on " << fact.version << ": " << fact.form->statement
                                                           << "\n"
                                                           << tally.differences);
  }

  fmt::print("facts: {} of {} rows agree in every column; in {} of them the rows of the tables decide\n", agreed, rows,
             tally.by_rows);
  for (int column = 0; column < columns; ++column)
    fmt::print("  {:<22} {:>5} of {:>5}\n", column_names[column], tally.agreed[column], tally.compared[column]);
}

}  // namespace
}  // namespace pglint::test
