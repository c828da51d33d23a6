// A statement in which a placeholder stands where neither a name nor a value may stand. The engine raises it while it
// reads.
#include "lint/rule.h"

namespace pglint::rules::template_not_checked {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "template-not-checked",
    .category = lint::Category::history,
    .severity = Severity::warning,
    .summary = "A statement with a placeholder that cannot be checked",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::template_not_checked
