// A pglint:ignore comment whose `until` has passed. Raised by the engine.
#include "lint/rule.h"

namespace pglint::rules {

extern const lint::Rule expired_suppression;
constexpr lint::Rule expired_suppression = lint::complete({
    .id = "expired-suppression",
    .category = lint::Category::policy,
    .severity = Severity::warning,
    .summary = "A pglint:ignore comment whose date has passed",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules
