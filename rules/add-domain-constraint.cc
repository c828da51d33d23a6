// A constraint is added to a domain: every table with a column of it is read while its writers wait.
#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::add_domain_constraint {
namespace {

using namespace lint;

void check(const AlterDomainStmt& statement, const Context& context) {
  if (context.effects->has_error) return;
  const bool not_null = statement.subtype == 'O';
  const auto* constraint = statement.subtype == 'C' ? pg::as<Constraint>(statement.def) : nullptr;
  if (!not_null && (constraint == nullptr || constraint->skip_validation)) return;
  const effect::RelationEffect* first = nullptr;
  std::string names;
  for (const effect::RelationEffect& effect : context.effects->relations) {
    if (effect.is_new || !has(effect.work, Work::scan)) continue;
    if (first == nullptr) first = &effect;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", context.display(effect));
  }
  const pg::QualifiedName name = pg::qualified_name(statement.typeName);
  const catalog::Catalog& catalog = *context.catalog;
  const catalog::Type* type = catalog.find_type(name.schema.empty() ? Symbol{} : catalog.symbols.intern(name.schema),
                                                catalog.symbols.intern(name.name));
  if (first == nullptr && type != nullptr) return;  // nothing uses it
  context.report({
      .at = not_null ? context.keywords("SET", "NULL") : context.keyword("ADD"),
      .message = first != nullptr
                     ? fmt::format("A constraint on the domain {} reads all of {}", quoted(name.name), names)
                     : fmt::format("A constraint on the domain {} reads every table that uses it", quoted(name.name)),
      .why = "PostgreSQL holds SHARE on every table with a column of the domain while it tests each row: writes wait "
             "for all of "
             "them.",
      .help =
          not_null
              ? std::string(
                    "Hold the columns to it by a check on each table, NOT VALID and then VALIDATE; a domain has no "
                    "NOT NULL that is not checked.")
              : fmt::format(
                    "Add it NOT VALID, which locks no table; then ALTER DOMAIN {} VALIDATE CONSTRAINT …, in a later "
                    "transaction, where writers wait table by table only.",
                    quoted(name.name)),
      .relation = first,
      .lock = LockMode::share,
      .work = Work::scan,
      .at_most = first == nullptr ? std::optional(Severity::warning) : std::nullopt,
  });
}

constexpr std::array<int, 1> tags = {T_AlterDomainStmt};
constexpr std::array aliases = {Alias{"squawk", "ban-alter-domain-with-add-constraint"},
                                Alias{"pgfence", "ban-alter-domain-add-constraint"},
                                Alias{"pgsafe", "add-domain-constraint"}, Alias{"migrationpilot", "MP043"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "add-domain-constraint",
    .category = Category::lock,
    .severity = Severity::error,
    .summary = "A constraint on a domain reads every table that uses it",
    .aliases = aliases,
    .tags = tags,
    .check = on<AlterDomainStmt, check>,
});

}  // namespace pglint::rules::add_domain_constraint
