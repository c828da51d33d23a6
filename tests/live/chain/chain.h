// The whole way, once: the original migrations on one database, the plan on its twin while clients of both releases
// work there, and the two compared.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "live/chain/clients.h"
#include "live/chain/drizzle.h"

namespace pglint::test::chain {

struct Chain {
  std::string name;
  const Project* project = nullptr;  // with the tags up to `contract`
  int rows = 0;
  Way before_gate = Way::runner;
  Way behind_gate = Way::runner;
  std::chrono::milliseconds beside{3000};  // both releases at the gate
};

struct Outcome {
  std::vector<std::string> troubles;  // empty: the plan does what the original does, and nobody noticed
  Work old_work;
  Work next_work;
  int lock_timeouts = 0;     // of the runner
  std::size_t compared = 0;  // accounts that no client touched
};

[[nodiscard]] Outcome run_chain(const Chain& chain);

// A database as the release before has it: its migrations, `rows` accounts, and what was set by hand on the column that
// is renamed. To be copied.
[[nodiscard]] const std::string& released_database(int rows, Layout layout = Layout::journal);
// The same with the original migrations on top.
[[nodiscard]] const std::string& original_database(int rows, Layout layout = Layout::journal);

}  // namespace pglint::test::chain
