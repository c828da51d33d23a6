// dbmate refuses a file without a part that undoes it; others do something else than one would think on the way back.
// The engine of the projects finds it.
#include "lint/rule.h"

namespace pglint::rules::missing_down {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "missing-down",
    .category = lint::Category::history,
    .severity = Severity::error,
    .summary = "A migration has no part that undoes it, and its tool needs one",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::missing_down
