// ATTACH PARTITION, or a new partition beside a default one, that has to read rows under ACCESS EXCLUSIVE.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::attach_partition_scans {
namespace {

using namespace lint;

void check(const Context& context) {
  if (context.effects->has_error) return;
  Span at = {};
  bool found = false;
  if (const auto* statement = context.as<AlterTableStmt>()) {
    std::size_t index = 0;
    for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement->cmds)) {
      if (command.subtype == AT_AttachPartition) found = true;
      ++index;
    }
    if (found) at = context.keywords("ATTACH", "PARTITION");
  } else if (const auto* table = context.as<CreateStmt>(); table != nullptr && table->partbound != nullptr) {
    found = true;
    at = context.keywords("PARTITION", "OF");
  }
  if (!found) return;
  const effect::RelationEffect* parent = nullptr;
  for (const effect::RelationEffect& effect : context.effects->relations)
    if (effect.because == effect::Because::target || effect.because == effect::Because::parent) {
      parent = &effect;
      break;
    }
  for (const effect::RelationEffect& effect : context.effects->relations) {
    const bool fallback = effect.because == effect::Because::default_partition;
    if ((effect.because != effect::Because::partition && !fallback) || effect.is_new ||
        !has(effect.work, Work::scan | Work::index_build) || !blocks_reads(effect.lock))
      continue;
    const std::string name = context.display(effect);
    context.report({
        .at = at,
        .message = fmt::format("PostgreSQL reads all of {} while nobody else can use it", name),
        .why =
            fallback
                ? fmt::format(
                      "A row that belongs into the new partition must not be left in the default partition {}: it "
                      "holds "
                      "ACCESS EXCLUSIVE there while it looks at each; reads and writes of the whole table wait.",
                      name)
                : fmt::format(
                      "It holds ACCESS EXCLUSIVE on {} while it makes sure that every row belongs there; who reads or "
                      "writes it waits, and the parent's readers do once it is attached.",
                      name),
        .help =
            fallback
                ? fmt::format(
                      "Prove it first: ALTER TABLE {0} ADD CONSTRAINT … CHECK (NOT (the new bounds)) NOT VALID; then "
                      "ALTER "
                      "TABLE {0} VALIDATE CONSTRAINT …, which lets reads and writes go on; then nothing is read.",
                      name)
                : fmt::format(
                      "Prove it first: ALTER TABLE {0} ADD CONSTRAINT … CHECK (the bounds, and IS NOT NULL) NOT VALID; "
                      "then "
                      "ALTER TABLE {0} VALIDATE CONSTRAINT …; then ATTACH reads nothing, and the check may be dropped.",
                      name),
        .relation = &effect,
        .related = {},
    });
    return;
  }
  (void)parent;
}

constexpr std::array<int, 2> tags = {T_AlterTableStmt, T_CreateStmt};
constexpr std::array commands = {int{AT_AttachPartition}};
constexpr std::array aliases = {Alias{"pgfence", "attach-partition"}, Alias{"migrationpilot", "MP072"},
                                Alias{"pg-migration-lint", "PGM005"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "attach-partition-scans",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A partition, or the default partition, is read while nobody else can use it",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = check,
});

}  // namespace pglint::rules::attach_partition_scans
