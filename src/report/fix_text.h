// What `fix` did, for people: the files, each plan as a list of steps with what they lock, what is left and why.
#pragma once

#include <string>

#include "pglint/fix_report.h"
#include "report/report.h"

namespace pglint::report {

[[nodiscard]] std::string fix_text(const FixReport& report, const RenderOptions& options);

}  // namespace pglint::report
