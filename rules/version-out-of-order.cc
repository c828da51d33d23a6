// A new migration that the runner meets too late, or never. The profile of the runner and git find it.
#include "lint/rule.h"

namespace pglint::rules::version_out_of_order {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "version-out-of-order",
    .category = lint::Category::history,
    .severity = Severity::error,
    .summary = "A new migration stands before one that is released, or its number leaves a gap",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::version_out_of_order
