// A catalogue as lines of text, from the model and from a server's system catalogs: where the two differ, the replay is
// wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.h"
#include "support/scratch_server.h"

namespace pglint::test {

// Sorted. `served` is for what the model leaves open (types of computed columns): those lines are taken from there.
[[nodiscard]] std::vector<std::string> model_lines(const catalog::Catalog& catalog,
                                                   const std::vector<std::string>& served);

struct Replayed {
  std::vector<std::string> served;  // the server's lines, sorted
  std::vector<std::string> model;   // the replay's
  std::size_t statements = 0;
  std::size_t refused = 0;  // by the server: not replayed
  std::string trouble;      // psql's, if it did not get to the end
};

// Runs a history on the server, in a database of its own, and replays what the server took.
[[nodiscard]] Replayed replay_on(const ScratchServer& server, std::string_view history);

// The lines of one side only, "- " the server's and "+ " the model's; empty if the two agree.
[[nodiscard]] std::string differences(const Replayed& replayed);

}  // namespace pglint::test
