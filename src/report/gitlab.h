// GitLab's code quality report.
#pragma once

#include <string>

#include "report/report.h"

namespace pglint::report {

[[nodiscard]] std::string gitlab(const Report& report);

}  // namespace pglint::report
