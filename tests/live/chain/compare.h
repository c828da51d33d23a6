// Whether two databases are the same to those who use them: every object of the catalogue, the order of columns, object
// ids and pglint's own schema apart, and the rows that nobody has touched.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "support/scratch_server.h"

namespace pglint::test::chain {

// One line for each object, sorted.
[[nodiscard]] std::vector<std::string> catalogue(const ScratchServer& server, const std::string& database);

// The same behind each of the statements, one after the other in one session.
[[nodiscard]] std::vector<std::vector<std::string>> catalogues(const ScratchServer& server, const std::string& database,
                                                               const std::vector<std::string>& statements);

// The lines of one side only, "- " of the first and "+ " of the second, and sequences that are behind in the second;
// empty if the second is what the first is.
[[nodiscard]] std::string catalogue_differences(const ScratchServer& server, const std::string& first,
                                                const std::string& second);

struct DataDifferences {
  std::string text;          // the first few; empty if there are none
  std::size_t compared = 0;  // rows of the table that somebody touches
};

// All tables of the schema public. Of `table` the rows whose id is in `touched`, and those that only the second has,
// are left out.
[[nodiscard]] DataDifferences data_differences(const ScratchServer& server, const std::string& first,
                                               const std::string& second, const std::string& table,
                                               const std::unordered_set<std::string>& touched);

}  // namespace pglint::test::chain
