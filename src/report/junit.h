// JUnit's XML: a test suite for each file, a failed test for each error or warning.
#pragma once

#include "report/report.h"
#include "report/sink.h"

namespace pglint::report {

void junit(const Report& report, const Sink& sink);

}  // namespace pglint::report
