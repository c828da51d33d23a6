// What an expand step left for a contract step that never came: a trigger that keeps two columns the same, the old
// column behind it, a check that only proved a NOT NULL.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/tree.h"

namespace pglint::rules::unfinished_contract {
namespace {

using namespace lint;

constexpr std::uint32_t a_while = 10;         // migrations
constexpr std::uint32_t most_triggers = 256;  // of a table: each is looked for among all

// The two columns that a trigger keeps the same: each filled from the other, or by a name that says so.
const catalog::Copied* kept_same(const catalog::Catalog& catalog, const catalog::Trigger& trigger) {
  if (trigger.calls == nullptr) return nullptr;
  const auto says_so = [&](Symbol name) {
    const std::string_view text = catalog.text(name);
    return std::ranges::any_of(std::array<std::string_view, 4>{"sync", "dual_write", "mirror", "backfill"},
                               [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
  };
  const Vec<catalog::Copied>& copies = trigger.calls->copies;
  for (const catalog::Copied& one : copies) {
    const bool both_ways = std::any_of(copies.begin(), copies.end(), [&](const catalog::Copied& other) {
      return other.to == one.from && other.from == one.to;
    });
    if (both_ways || says_so(trigger.name) || says_so(trigger.function)) return &one;
  }
  return nullptr;
}

// A check of nothing but c IS NOT NULL.
Symbol only_not_null(const catalog::Constraint& constraint, std::string_view sql) {
  const bool one = constraint.kind == catalog::ConstraintKind::check && constraint.columns.size() == 1 &&
                   constraint.implies_not_null.size() == 1 &&
                   std::none_of(sql.begin(), sql.end(), [](char c) { return c == '<' || c == '>' || c == '='; });
  if (!one) return {};
  const auto words = std::count(sql.begin(), sql.end(), ' ');
  return words <= 3 ? constraint.columns[0] : Symbol{};  // c IS NOT NULL
}

void check(const Context& context) {
  Note note{.at = context.statement};
  if (const auto* trigger = context.as<CreateTrigStmt>()) {
    const effect::RelationEffect* table = context.table();
    if (table == nullptr || !trigger->row || (trigger->timing & TRIGGER_TYPE_BEFORE) == 0) return;
    note.schema = table->schema;
    note.name = table->name;
    note.what = context.catalog->symbols.intern(pg::text(trigger->trigname));
    return context.note(note);
  }
  const effect::RelationEffect* table = context.effects->target();
  const auto* statement = context.as<AlterTableStmt>();
  if (table == nullptr || statement == nullptr || context.effects->has_error) return;
  std::size_t index = 0;
  for (const AlterTableCmd& command : pg::list<AlterTableCmd>(statement->cmds)) {
    const std::size_t at = index++;
    const auto* constraint = command.subtype == AT_AddConstraint ? pg::as<Constraint>(command.def) : nullptr;
    if (constraint == nullptr || constraint->contype != CONSTR_CHECK || constraint->conname == nullptr) continue;
    const auto* test = pg::as<NullTest>(constraint->raw_expr);
    if (test == nullptr || test->nulltesttype != IS_NOT_NULL) continue;
    note.at = context.command(at);
    note.schema = table->schema;
    note.name = table->name;
    note.what = context.catalog->symbols.intern(pg::text(constraint->conname));
    context.note(note);
  }
}

void say(const Context& context, const Note& note, std::uint32_t later, std::string message, std::string why,
         std::string help) {
  context.report({.at = note.at,
                  .message = fmt::format("{}, {} migrations later", message, later),
                  .why = std::move(why),
                  .help = std::move(help)});
}

void at_end(const Context& context, const Note& note) {
  const catalog::Catalog& catalog = *context.catalog;
  if (catalog.now.migration < note.migration + a_while) return;  // its turn may come
  const std::uint32_t later = catalog.now.migration - note.migration;
  const catalog::Relation* table = catalog.find(note.schema, note.name).relation;
  if (table == nullptr || table->dropped || table->extra().triggers.size() > most_triggers) return;
  if (!context.plans.empty() && context.plans.find(catalog.text(note.what)) != std::string_view::npos) return;
  const std::string name = context.display(table->schema, table->name);

  if (const catalog::Constraint* constraint = catalog::constraint(*table, note.what)) {
    const Symbol column = only_not_null(*constraint, constraint->sql);
    const catalog::Column* known = column ? catalog::column(*table, column) : nullptr;
    if (known == nullptr || !known->not_null || !constraint->valid || constraint->created.migration != note.migration)
      return;
    return say(context, note, later,
               fmt::format("{} of {} is still there beside the NOT NULL that it proved",
                           quoted(catalog.text(note.what)), name),
               "Every row that is written is checked twice, and a change of the column's type reads the whole table "
               "for its sake.",
               fmt::format("ALTER TABLE {} DROP CONSTRAINT {}; it is instant.", name, quoted(catalog.text(note.what))));
  }
  // The last of that name: it may have been made anew.
  const catalog::Trigger* trigger = nullptr;
  for (const catalog::Trigger& one : table->extra().triggers)
    if (one.name == note.what && one.created.migration == note.migration) trigger = &one;
  const catalog::Copied* pair = trigger != nullptr ? kept_same(catalog, *trigger) : nullptr;
  if (pair == nullptr || catalog::column(*table, pair->to) == nullptr || catalog::column(*table, pair->from) == nullptr)
    return;
  const std::string columns =
      fmt::format("{} and {} of {}", quoted(catalog.text(pair->from)), quoted(catalog.text(pair->to)), name);
  if (!trigger->dropped)
    return say(context, note, later, fmt::format("A trigger still keeps {} the same", columns),
               "It was to last for one release. Every write pays for it, the value is stored twice, and whoever reads "
               "the schema has to guess which of the two counts.",
               fmt::format("When no release uses the old column: DROP TRIGGER {} ON {}, its function, and the column.",
                           quoted(catalog.text(note.what)), name));
  const bool both_ways =
      std::any_of(trigger->calls->copies.begin(), trigger->calls->copies.end(),
                  [&](const catalog::Copied& other) { return other.to == pair->from && other.from == pair->to; });
  if (!both_ways) return;
  say(context, note, later, fmt::format("{} are both still there, and nothing keeps them the same any more", columns),
      "One of them is stale. Who reads the wrong one sees old values and no error.",
      "Drop the column that the last release no longer uses.");
}

constexpr std::array<int, 2> tags = {T_CreateTrigStmt, T_AlterTableStmt};
constexpr std::array commands = {int{AT_AddConstraint}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "unfinished-contract",
    .category = Category::history,
    .severity = Severity::advice,
    .summary = "What was to last for one release only is still there many migrations later",
    .subject = Subject::history,
    .tags = tags,
    .commands = commands,
    .check = check,
    .at_end = at_end,
});

}  // namespace pglint::rules::unfinished_contract
