// GitLab's code quality report.
#pragma once

#include "report/report.h"
#include "report/sink.h"

namespace pglint::report {

void gitlab(const Report& report, const Sink& sink);

}  // namespace pglint::report
