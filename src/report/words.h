// Locks and work in the words of a sentence.
#pragma once

#include <string>
#include <string_view>

#include "pglint/lock.h"

namespace pglint::report {

// "scan, index build".
[[nodiscard]] std::string words(Work work);
// "blocks reads and writes".
[[nodiscard]] std::string_view blocked(bool reads, bool writes);

}  // namespace pglint::report
