// A pglint:ignore comment whose `until` has passed. Raised by the engine.
#include "lint/rule.h"

namespace pglint::rules::expired_suppression {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "expired-suppression",
    .category = lint::Category::policy,
    .severity = Severity::warning,
    .summary = "A pglint:ignore comment whose date has passed",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::expired_suppression
