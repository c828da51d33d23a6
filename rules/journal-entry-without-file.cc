// The journal or plan of a runner names a migration whose file is missing. The profile of the runner finds it.
#include "lint/rule.h"

namespace pglint::rules::journal_entry_without_file {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "journal-entry-without-file",
    .category = lint::Category::history,
    .severity = Severity::error,
    .summary = "The list of migrations names one whose file is not there",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::journal_entry_without_file
