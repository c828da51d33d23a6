// DETACH PARTITION without CONCURRENTLY locks the parent against reads and writes.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::detach_partition_not_concurrent {
namespace {

using namespace lint;

void check(const AlterTableStmt& statement, const Context& context) {
  const effect::RelationEffect* parent = context.effects->target();
  if (parent == nullptr || parent->is_new || context.effects->has_error || !blocks_reads(parent->lock)) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement.cmds)) {
    const std::size_t at = index++;
    if (command.subtype != AT_DetachPartition || pg::cast<PartitionCmd>(command.def).concurrent) continue;
    const std::string name = context.display(*parent);
    const bool refused = context.target->pg_version < 14 ||
                         (parent->relation != nullptr && catalog::default_partition(*parent->relation) != nullptr);
    context.report({
        .at = context.command(at),
        .message = fmt::format("DETACH PARTITION locks {} against reads and writes", name),
        .why = fmt::format(
            "PostgreSQL takes ACCESS EXCLUSIVE on {} and on the partition: it waits for every running query of the "
            "table, and every new one waits behind it.",
            name),
        .help =
            refused
                ? std::string(
                      context.target->pg_version < 14
                          ? "CONCURRENTLY comes with PostgreSQL 14: SET lock_timeout to a few seconds before it, and "
                            "try again until it gets the lock."
                          : "CONCURRENTLY is refused where there is a default partition: SET lock_timeout to a few "
                            "seconds before it, and try again until it gets the lock.")
                : fmt::format("Use DETACH PARTITION … CONCURRENTLY. {}", outside_transaction(context.runner)),
        .relation = parent,
    });
  }
}

constexpr std::array<int, 1> tags = {T_AlterTableStmt};
constexpr std::array commands = {int{AT_DetachPartition}};
constexpr std::array aliases = {Alias{"squawk", "require-concurrent-partition-detach"},
                                Alias{"pgfence", "detach-partition"}, Alias{"migrationpilot", "MP046"},
                                Alias{"pg-migration-lint", "PGM004"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "detach-partition-not-concurrent",
    .category = Category::lock,
    .severity = Severity::warning,
    .summary = "A partition is detached under a lock that nobody can read or write beside",
    .aliases = aliases,
    .tags = tags,
    .commands = commands,
    .check = on<AlterTableStmt, check>,
});

}  // namespace pglint::rules::detach_partition_not_concurrent
