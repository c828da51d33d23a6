// A pglint:ignore comment that suppresses nothing: no reason, no such rule, a date that is none. Raised by the engine.
#include "lint/rule.h"

namespace pglint::rules::invalid_suppression {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "invalid-suppression",
    .category = lint::Category::policy,
    .severity = Severity::warning,
    .summary = "A pglint:ignore comment without a reason or with a rule that does not exist",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::invalid_suppression
