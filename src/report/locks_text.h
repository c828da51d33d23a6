// The lock timeline for people: per transaction and statement what is locked, and for how long.
#pragma once

#include <string>

#include "report/report.h"

namespace pglint::report {

[[nodiscard]] std::string locks_text(const Timeline& timeline, const RenderOptions& options);

}  // namespace pglint::report
