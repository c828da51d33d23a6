// The model against everything that was measured: 575 statements on four servers.

#include "support/facts.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

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

// form or form@version -> why
std::map<std::string, std::string> read_not_covered() {
  std::map<std::string, std::string> out;
  std::ifstream file(std::string(PGLINT_TESTDATA) + "/facts/not-covered.txt");
  REQUIRE(file);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t colon = line.find(": ");
    REQUIRE_MESSAGE(colon != std::string::npos, "no reason: " << line);
    out[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return out;
}

void compare(const Fact& fact, Tally& tally) {
  const Prediction predicted = predict(*fact.form, fact.version, fact.in_block);
  tally.compare(error, fact.sqlstate, predicted.sqlstate);
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
  if (fact.blocks_reads) tally.compare(reads, *fact.blocks_reads, predicted.blocks_reads);
  if (fact.blocks_writes) tally.compare(writes, *fact.blocks_writes, predicted.blocks_writes);
  tally.compare(rewritten, fact.rewritten, predicted.rewritten);
  if (fact.scans_known) tally.compare(scanned, fact.scanned, predicted.scanned);
  tally.compare(builds, fact.builds, predicted.builds);
}

TEST_CASE("the model agrees with what was measured on PostgreSQL 13, 15, 17 and 18") {
  const auto not_covered = read_not_covered();
  const bool verbose = std::getenv("PGLINT_FACTS_VERBOSE") != nullptr;
  std::set<std::string> used;
  Tally tally;
  int rows = 0;
  int agreed = 0;
  for (const Fact& fact : facts().facts) {
    tally.differences.clear();
    compare(fact, tally);
    ++rows;
    if (tally.differences.empty()) ++agreed;

    const std::string at_version = fmt::format("{}@{}", fact.form->id, fact.version);
    const bool by_form = not_covered.contains(fact.form->id);
    const bool by_version = not_covered.contains(at_version);
    if (by_version) used.insert(at_version);
    if (by_form && !tally.differences.empty()) used.insert(fact.form->id);
    if (verbose && !tally.differences.empty())
      fmt::print("{} on {}: {}\n{}", fact.form->id, fact.version, fact.form->statement, tally.differences);
    if (by_version) CHECK_MESSAGE(!tally.differences.empty(), at_version << " agrees: take it out of not-covered.txt");
    if (by_form || by_version) continue;
    CHECK_MESSAGE(tally.differences.empty(), fact.form->id << " on " << fact.version << ": " << fact.form->statement
                                                           << "\n"
                                                           << tally.differences);
  }
  for (const auto& line : not_covered)
    CHECK_MESSAGE(used.contains(line.first), line.first << " agrees, or is no form: take it out of not-covered.txt");

  fmt::print("facts: {} of {} rows agree in every column\n", agreed, rows);
  for (int column = 0; column < columns; ++column)
    fmt::print("  {:<22} {:>5} of {:>5}\n", column_names[column], tally.agreed[column], tally.compared[column]);
}

}  // namespace
}  // namespace pglint::test
