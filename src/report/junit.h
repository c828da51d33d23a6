// JUnit's XML: a test suite for each file, a failed test for each error or warning.
#pragma once

#include <string>

#include "report/report.h"

namespace pglint::report {

[[nodiscard]] std::string junit(const Report& report);

}  // namespace pglint::report
