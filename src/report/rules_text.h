// The list of rules for people.
#pragma once

#include <string>

#include "report/report.h"

namespace pglint::report {

[[nodiscard]] std::string rules_text(const RenderOptions& options);

}  // namespace pglint::report
