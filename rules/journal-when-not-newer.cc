// Drizzle runs an entry of its journal only if its time is later than that of the last one that ran. The profile finds
// it.
#include "lint/rule.h"

namespace pglint::rules::journal_when_not_newer {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "journal-when-not-newer",
    .category = lint::Category::history,
    .severity = Severity::error,
    .summary = "A Drizzle migration is not newer than the one before it",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::journal_when_not_newer
