// Findings for people: each with the lines it is about.
#pragma once

#include "report/report.h"
#include "report/sink.h"

namespace pglint::report {

void text(const Report& report, const RenderOptions& options, const Sink& sink);

}  // namespace pglint::report
