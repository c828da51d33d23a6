// How a migration tool sends SQL, and the transactions that come of it.
#pragma once

#include <cstdint>
#include <string_view>

namespace pglint {

// How the runner sends the text of a script.
enum class Sent : std::uint8_t {
  statement,     // split, each statement a message of its own: autocommit where nothing else begins a transaction
  simple_query,  // the whole text as one simple query: more than one statement share an implicit transaction
  pipeline,      // one extended-protocol batch with one Sync
};

enum class TransactionKind : std::uint8_t { autocommit, implicit, explicit_, runner };

// As in the JSON of `locks`.
[[nodiscard]] constexpr std::string_view name(TransactionKind kind) {
  switch (kind) {
    case TransactionKind::autocommit:
      return "autocommit";
    case TransactionKind::implicit:
      return "implicit";
    case TransactionKind::explicit_:
      return "explicit";
    case TransactionKind::runner:
      break;
  }
  return "runner";
}

}  // namespace pglint
