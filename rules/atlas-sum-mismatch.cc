// Atlas keeps a sum of each file, and stops where it is not right. The profiles of what Atlas can run find it.
#include "lint/rule.h"

namespace pglint::rules::atlas_sum_mismatch {

extern const lint::Rule rule;
constexpr lint::Rule rule = lint::complete({
    .id = "atlas-sum-mismatch",
    .category = lint::Category::history,
    .severity = Severity::error,
    .summary = "The folder is not what atlas.sum says",
    .subject = lint::Subject::engine,
});

}  // namespace pglint::rules::atlas_sum_mismatch
