// Findings for people: each with the lines it is about.
#pragma once

#include <string>

#include "report/report.h"

namespace pglint::report {

[[nodiscard]] std::string text(const Report& report, const RenderOptions& options);

}  // namespace pglint::report
