// A pglint:ignore comment that has nothing to hide. Raised by the engine.
#include "lint/rule.h"

namespace pglint::rules {

extern const lint::Rule unused_suppression;
constexpr lint::Rule unused_suppression = lint::complete({
    .id = "unused-suppression",
    .category = lint::Category::policy,
    .severity = Severity::warning,
    .summary = "A pglint:ignore comment for something that is not found there",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules
