// A runner looks for its marks in the text, not in the SQL. The profile of the runner finds it.
#include "lint/rule.h"

namespace pglint::rules::marker_in_string {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "marker-in-string",
    .category = lint::Category::history,
    .severity = Severity::error,
    .summary = "A mark that divides the file stands inside a string or a comment",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::marker_in_string
