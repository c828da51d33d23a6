#include "lint/words.h"

#include "catalog/quote.h"
#include "source/runner.h"

namespace pglint::lint {

std::string_view who_waits(LockMode mode) {
  if (blocks_reads(mode)) return "reads and writes";
  if (blocks_writes(mode)) return "writes";
  return "";
}

std::string_view doing(Work work) {
  if (has(work, Work::rewrite)) return "writes every row into a new file and rebuilds every index";
  if (has(work, Work::scan | Work::index_build) && has(work, Work::index_build)) return "builds an index";
  if (has(work, Work::scan)) return "reads every row";
  if (has(work, Work::wait)) return "waits for older transactions";
  return "changes the catalogue";
}

std::string quoted(std::string_view identifier) {
  std::string name;
  catalog::append_quoted(name, identifier);
  return name;
}

std::string outside_transaction(std::string_view runner) {
  const source::Runner* const known = source::find_runner(runner);
  if (known != nullptr && !known->outside.empty()) return std::string(known->outside);
  return "Run it by itself, outside BEGIN and COMMIT.";
}

std::string later_transaction(std::string_view runner) {
  const source::Runner* const known = source::find_runner(runner);
  if (known != nullptr && !known->later.empty()) return std::string(known->later);
  return "The second half belongs in a later transaction.";
}

}  // namespace pglint::lint
