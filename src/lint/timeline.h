// The engine of `locks`: the same replay as `check`, asked for effects only.
#pragma once

#include "lint/check.h"
#include "pglint/timeline.h"

namespace pglint::lint {

[[nodiscard]] Timeline timeline(const source::Sources& sources, const CheckOptions& options);

}  // namespace pglint::lint
