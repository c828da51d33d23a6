// A pglint:ignore comment that has nothing to hide. Raised by the engine.
#include "lint/rule.h"

namespace pglint::rules::unused_suppression {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "unused-suppression",
    .category = lint::Category::policy,
    .severity = Severity::warning,
    .summary = "A pglint:ignore comment for something that is not found there",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::unused_suppression
