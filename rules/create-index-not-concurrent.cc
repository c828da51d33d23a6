// CREATE INDEX without CONCURRENTLY: writers wait for the whole build.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"

namespace pglint::rules::create_index_not_concurrent {
namespace {

using namespace lint;

// What an index is built on: the table, or the first of its partitions. Nothing, where the index is there already or is
// made on the parent alone.
const effect::RelationEffect* built_on(const effect::Effects& effects) {
  for (const effect::RelationEffect& relation : effects.relations)
    if (relation.kind != catalog::RelationKind::index && !relation.is_new && has(relation.work, Work::index_build))
      return &relation;
  return nullptr;
}

void check(const IndexStmt& statement, const Context& context) {
  if (statement.concurrent) return;
  const effect::RelationEffect* table = context.table();
  if (table == nullptr || table->is_new) return;
  const effect::RelationEffect* built = built_on(*context.effects);
  if (built == nullptr) return;

  const std::string name = context.display(*table);
  const bool partitioned = table->kind == catalog::RelationKind::partitioned_table;
  // Nothing but a refresh writes to a materialized view.
  const bool view = table->kind == catalog::RelationKind::materialized_view;
  const std::string help =
      partitioned ? fmt::format(
                        "CONCURRENTLY is refused on a partitioned table: CREATE INDEX … ON ONLY {}, then CREATE INDEX "
                        "CONCURRENTLY on each partition, then ALTER INDEX … ATTACH PARTITION for each.",
                        name)
                  : fmt::format("Build it with CREATE {}INDEX CONCURRENTLY, which lets {} go on. {}",
                                statement.unique ? "UNIQUE " : "", view ? "a refresh" : "writes",
                                outside_transaction(context.runner));
  context.report({
      .at = context.keywords("CREATE", "INDEX"),
      .message = fmt::format("CREATE INDEX makes every {} {} wait until the index is built",
                             view ? "refresh of" : "write to", name),
      .why = fmt::format("PostgreSQL holds {} on {}{} while it reads every row and builds the index; {} wait.",
                         pglint::name(table->lock), name, partitioned ? " and each partition" : "",
                         view ? "refreshes" : "INSERT, UPDATE and DELETE"),
      .help = help,
      .relation = table,
      .work = built->work,
      .at_most = view ? std::optional(Severity::warning) : std::nullopt,
  });
}

constexpr std::array<int, 1> tags = {T_IndexStmt};
constexpr std::array aliases = {Alias{"squawk", "require-concurrent-index-creation"}, Alias{"eugene", "E6"},
                                Alias{"pgfence", "create-index-not-concurrent"},
                                Alias{"strong_migrations", "add_index"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "create-index-not-concurrent",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "An index is built while writers wait",
    .fixable = Fixable::sometimes,
    .recipe = recipe::Operation::create_index,
    .aliases = aliases,
    .tags = tags,
    .check = on<IndexStmt, check>,
});

}  // namespace pglint::rules::create_index_not_concurrent
