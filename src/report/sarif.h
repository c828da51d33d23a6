// SARIF 2.1.0, for code scanning.
#pragma once

#include <span>
#include <string>

#include "report/report.h"

namespace pglint::report {

[[nodiscard]] std::string sarif(const Report& report, std::span<const RuleText> rules);

}  // namespace pglint::report
