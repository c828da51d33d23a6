// A file that looks like a migration, and that its runner never runs. The profile of the runner finds it.
#include "lint/rule.h"

namespace pglint::rules::file_without_journal_entry {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "file-without-journal-entry",
    .category = lint::Category::history,
    .severity = Severity::warning,
    .summary = "A migration file is not in the list of migrations",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::file_without_journal_entry
