// The measurements in testdata/facts: what statements locked, rewrote, read and built on real servers.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pglint/lock.h"

namespace pglint::test {

// A statement and what was there before it; the same on all servers.
struct Form {
  std::string id;
  std::string setup;
  std::string session;
  std::string before;  // what the same transaction did just before
  std::string statement;
  std::string target;
};

using Locks = std::map<std::string, LockMode>;

// What one server did.
struct Fact {
  const Form* form = nullptr;
  int version = 0;
  bool in_block = true;  // measured inside BEGIN
  std::optional<bool> transactional;
  Locks locks;                        // of relations that were there, the target's included; not of TOAST tables
  Locks new_locks;                    // of relations that the statement made and that have a name
  LockMode awaited = LockMode::none;  // on the target, while others were tried; none: it was held by then
  std::optional<bool> blocks_reads;   // of the target
  std::optional<bool> blocks_writes;
  std::set<std::string> rewritten;
  std::set<std::string> scanned;
  bool scans_known = true;  // false: only part of the table, or a sample
  std::set<std::string> builds;
  std::string sqlstate;  // empty: it ran
  bool setup_failed = false;
};

struct Facts {
  std::vector<Form> forms;
  std::vector<Fact> facts;
};

// Throws if the files are not there.
[[nodiscard]] const Facts& facts();

}  // namespace pglint::test
