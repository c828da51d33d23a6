// GitHub's workflow commands: each line is an annotation of the pull request.
#pragma once

#include <string>

#include "report/report.h"

namespace pglint::report {

[[nodiscard]] std::string github(const Report& report);

}  // namespace pglint::report
