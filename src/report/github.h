// GitHub's workflow commands: each line is an annotation of the pull request.
#pragma once

#include "report/report.h"
#include "report/sink.h"

namespace pglint::report {

void github(const Report& report, const Sink& sink);

}  // namespace pglint::report
