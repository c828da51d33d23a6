// What `alembic upgrade --sql` prints: the statements of a run, with the BEGIN and COMMIT that Alembic sends.
#include <string_view>

#include "source/runner/common.h"

namespace pglint::source {

extern const Runner alembic_runner;

namespace {

using namespace common;

bool knows(std::string_view text) {
  return text.starts_with("-- Running upgrade ") || text.find("\n-- Running upgrade ") != std::string_view::npos;
}

std::vector<Layout> detect(const Folder& folder, const Files& files) {
  for (const auto& [path, text] : samples(folder, files)) {
    if (knows(text)) return {{path + ", Running upgrade", folder.path, {}, Evidence::markers, {}}};
  }
  return {};
}

Project order(const Layout& layout, const Files& files, const ReadOptions& /*options*/, Notes& notes) {
  return files_by_name(alembic_runner, layout, files, notes);
}

void cut(const Project& /*project*/, Migration& migration, Notes& /*notes*/) { whole(migration, Sent::statement); }

}  // namespace

constinit const Runner alembic_runner = {
    .name = "alembic",
    .title = "Alembic",
    .looks_for = "what alembic upgrade --sql prints",
    .detect = detect,
    .order = order,
    .cut = cut,
    .scope = Scope::per_statement,
    .knows = knows,
    .outside =
        "Alembic runs all revisions in one transaction: put the operation in a with "
        "op.get_context().autocommit_block().",
    .later =
        "Alembic runs all revisions in one transaction unless transaction_per_migration is set: the second half "
        "belongs in a revision that is deployed later.",
};

}  // namespace pglint::source
