// SARIF 2.1.0, for code scanning.
#pragma once

#include <span>

#include "report/report.h"
#include "report/sink.h"

namespace pglint::report {

void sarif(const Report& report, std::span<const RuleText> rules, const Sink& sink);

}  // namespace pglint::report
