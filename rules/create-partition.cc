// CREATE TABLE … PARTITION OF locks the parent against reads and writes; ATTACH PARTITION would not.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::create_partition {
namespace {

using namespace lint;

void check(const CreateStmt& statement, const Context& context) {
  if (statement.partbound == nullptr || context.effects->has_error) return;
  for (const effect::RelationEffect& effect : context.effects->relations) {
    if (effect.because != effect::Because::parent || effect.is_new || !blocks_reads(effect.lock)) continue;
    const std::string name = context.display(effect);
    context.report({
        .at = context.keywords("PARTITION", "OF"),
        .message = fmt::format("PARTITION OF locks {} against reads and writes", name),
        .why = fmt::format(
            "PostgreSQL takes ACCESS EXCLUSIVE on {}: it waits for every running query of the table, and every new one "
            "waits behind it, until the transaction ends.",
            name),
        .help = fmt::format(
            "CREATE TABLE … (LIKE {0} INCLUDING ALL), then ALTER TABLE {0} ATTACH PARTITION …: that takes SHARE UPDATE "
            "EXCLUSIVE, which lets reads and writes go on.",
            name),
        .relation = &effect,
    });
    return;
  }
}

constexpr std::array<int, 1> tags = {T_CreateStmt};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "create-partition",
    .category = Category::lock,
    .severity = Severity::warning,
    .summary = "A partition is made under a lock that nobody can read or write the table beside",
    .tags = tags,
    .check = on<CreateStmt, check>,
});

}  // namespace pglint::rules::create_partition
