// What a finding is recognised by when the file around it changes: other tools
// track findings from one run to the next.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pglint/diagnostic.h"

namespace pglint::report {

// One for each diagnostic, in order; no two are equal. Made of the rule, the path, the text of the statement without
// regard to blanks, and a number that tells equals apart; so it survives that the statement moves.
[[nodiscard]] std::vector<std::string> fingerprints(const Report& report);
[[nodiscard]] std::string fingerprint(const Failure& failure);

// A path as the reference of a URI: relative to where pglint was started, or file: for an absolute one.
[[nodiscard]] std::string path_uri(std::string_view path);

}  // namespace pglint::report
