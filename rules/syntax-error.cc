// A statement that PostgreSQL's own parser refuses, or that the target version does not know yet. The engine raises it
// while it reads, so there is nothing to check here.
#include "lint/rule.h"

namespace pglint::rules {

extern const lint::Rule syntax_error;
constexpr lint::Rule syntax_error = lint::complete({
    .id = "syntax-error",
    .category = lint::Category::fails,
    .severity = Severity::error,
    .summary = "A statement that PostgreSQL cannot parse",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules
