#include "source/runner.h"

#include <algorithm>
#include <array>

namespace pglint::source {

// A new profile is its own file below runner/, its name in these two lists, and nothing else.
extern const Runner alembic_runner;
extern const Runner atlas_runner;
extern const Runner dbmate_runner;
extern const Runner diesel_runner;
extern const Runner django_runner;
extern const Runner drizzle_runner;
extern const Runner flyway_runner;
extern const Runner golang_migrate_runner;
extern const Runner goose_runner;
extern const Runner graphile_migrate_runner;
extern const Runner hasura_runner;
extern const Runner liquibase_runner;
extern const Runner node_pg_migrate_runner;
extern const Runner pgmigrate_runner;
extern const Runner plain_runner;
extern const Runner pop_runner;
extern const Runner postgres_migrations_runner;
extern const Runner prisma_runner;
extern const Runner rails_runner;
extern const Runner refinery_runner;
extern const Runner sql_migrate_runner;
extern const Runner sqitch_runner;
extern const Runner sqlx_runner;
extern const Runner supabase_runner;
extern const Runner tern_runner;

namespace {

// Those that most projects use first; nothing hangs on the order but the lists that users see.
constexpr std::array all = {
    &drizzle_runner,
    &prisma_runner,
    &flyway_runner,
    &supabase_runner,
    &golang_migrate_runner,
    &goose_runner,
    &liquibase_runner,
    &sqlx_runner,
    &diesel_runner,
    &dbmate_runner,
    &atlas_runner,
    &sqitch_runner,
    &sql_migrate_runner,
    &rails_runner,
    &node_pg_migrate_runner,
    &hasura_runner,
    &graphile_migrate_runner,
    &refinery_runner,
    &tern_runner,
    &pgmigrate_runner,
    &postgres_migrations_runner,
    &pop_runner,
    &django_runner,
    &alembic_runner,
    &plain_runner,
};

}  // namespace

const Entry* Folder::find(std::string_view name) const {
  const auto found = std::lower_bound(entries.begin(), entries.end(), name,
                                      [](const Entry& entry, std::string_view key) { return entry.name < key; });
  return found == entries.end() || found->name != name ? nullptr : &*found;
}

std::span<const Runner* const> runners() { return all; }

const Runner* find_runner(std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const Runner* runner) { return runner->name == name; });
  return found == all.end() ? nullptr : *found;
}

std::vector<std::string_view> runner_names() {
  std::vector<std::string_view> names;
  names.reserve(all.size());
  for (const Runner* const runner : all) names.push_back(runner->name);
  return names;
}

}  // namespace pglint::source
