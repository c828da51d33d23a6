// The engine of `locks`: the same replay as `check`, asked for effects only.
#pragma once

#include "lint/replay.h"
#include "pglint/timeline.h"
#include "source/project.h"

namespace pglint::lint {

[[nodiscard]] Timeline timeline(const source::Sources& sources, const ReplayOptions& options);

}  // namespace pglint::lint
