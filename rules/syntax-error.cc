// A statement that PostgreSQL's own parser refuses, or that the target version does not know yet. The engine raises it
// while it reads, so there is nothing to check here.
#include "lint/rule.h"

namespace pglint::rules::syntax_error {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "syntax-error",
    .category = lint::Category::fails,
    .severity = Severity::error,
    .summary = "A statement that PostgreSQL cannot parse",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::syntax_error
