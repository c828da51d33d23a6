// The system catalogs are written by hand.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::catalog_written {
namespace {

using namespace lint;

void check(const Context& context) {
  const ::RangeVar* name = nullptr;
  if (const auto* update = context.as<UpdateStmt>())
    name = update->relation;
  else if (const auto* removal = context.as<DeleteStmt>())
    name = removal->relation;
  else if (const auto* insert = context.as<InsertStmt>())
    name = insert->relation;
  if (name == nullptr) return;
  const std::string_view schema = pg::text(name->schemaname);
  const std::string_view table = pg::text(name->relname);
  if (schema.empty() ? !table.starts_with("pg_") : schema != "pg_catalog") return;
  if (schema.empty()) {
    // Somebody may have a table of such a name.
    const catalog::Lookup found = context.catalog->find(*name);
    if (found.relation != nullptr && found.presence == catalog::Presence::known) return;
    if (table == "pg_settings") return;  // a view that is made for it
  }
  context.report({
      .at = context.node_span(name->location),
      .message = fmt::format("{} is written by hand", table),
      .why = "Nothing checks what is written there, no other session is told of it, and what the server keeps in step "
             "(dependencies, "
             "caches, files) falls apart: from wrong answers to a database that no longer starts. Managed services "
             "refuse it (42501).",
      .help = "Use the ALTER statement that there is for it.",
  });
}

constexpr std::array<int, 3> tags = {T_UpdateStmt, T_DeleteStmt, T_InsertStmt};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "catalog-written",
    .category = Category::fails,
    .severity = Severity::error,
    .summary = "A system catalog is written by hand",
    .tags = tags,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::catalog_written
