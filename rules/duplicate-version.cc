// Two migrations with one version: most tools refuse to run, or run only one of them. The profile of the runner finds
// it.
#include "lint/rule.h"

namespace pglint::rules::duplicate_version {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "duplicate-version",
    .category = lint::Category::history,
    .severity = Severity::error,
    .summary = "Two migrations have one version",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::duplicate_version
