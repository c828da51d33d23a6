// A migration that git says is released, and that was edited since. Reported with --since and --staged.
#include "lint/rule.h"

namespace pglint::rules::released_migration_changed {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "released-migration-changed",
    .category = lint::Category::history,
    .severity = Severity::error,
    .summary = "A migration that is released was changed",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::released_migration_changed
