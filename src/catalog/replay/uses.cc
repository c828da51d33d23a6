#include "catalog/replay/state.h"

namespace pglint::catalog {
namespace {

// The table that a reference is qualified by; empty if it is not.
std::string_view qualifier(const ::ColumnRef& reference) {
  const auto fields = pg::nodes(reference.fields);
  return fields.size() < 2 ? std::string_view() : pg::string(fields[fields.size() - 2]);
}

}  // namespace

void Replay::forget_uses(Relation& relation, ColumnUse::By by, Symbol object) const {
  std::uint32_t kept = 0;
  for (const ColumnUse& use : relation.extra().column_uses) kept += use.by == by && use.object == object ? 0 : 1;
  if (kept == relation.extra().column_uses.size()) return;
  Vec<ColumnUse> rest;
  reserve(rest, kept, c.arena);
  for (const ColumnUse& use : relation.extra().column_uses)
    if (use.by != by || use.object != object) push(rest, use, c.arena);
  set(extra(relation).column_uses, rest);
}

void Replay::add_use(Relation& relation, ColumnUse::By by, Symbol object, Symbol column) const {
  // Every one is looked at for each change; tables of so many triggers and policies are not made by hand.
  constexpr std::uint32_t most = 1024;
  if (relation.extra().column_uses.size() >= most) return;
  for (const ColumnUse& use : relation.extra().column_uses)
    if (use.by == by && use.object == object && use.column == column) return;
  append(extra(relation).column_uses, ColumnUse{by, object, column});
}

void Replay::add_uses(Relation& relation, ColumnUse::By by, Symbol object, const ::Node* expression) const {
  const std::string_view table = c.text(relation.name);
  // In a subquery a name alone is more likely one of its own tables.
  const auto add = [&](const ::ColumnRef& reference, bool in_subquery) {
    const std::string_view of = qualifier(reference);
    const std::string_view name = pg::column_name(reference);
    if (name.empty()) return;
    const bool own =
        by == ColumnUse::By::policy ? of == table || (of.empty() && !in_subquery) : of == "old" || of == "new";
    if (own) add_use(relation, by, object, symbol(name));
  };
  pg::walk(expression, [&](const ::Node& node) {
    if (const auto* reference = pg::as<::ColumnRef>(&node)) add(*reference, false);
    const auto* link = pg::as<::SubLink>(&node);
    if (link == nullptr) return true;
    pg::each<::ColumnRef>(link->subselect, [&](const ::ColumnRef& reference) { add(reference, true); });
    pg::each<::ColumnRef>(link->testexpr, [&](const ::ColumnRef& reference) { add(reference, false); });
    return false;
  });
}

void Replay::rename_uses(Relation& relation, ColumnUse::By by, Symbol from, Symbol to) const {
  for (ColumnUse& use : relation.extra().column_uses)
    if (use.by == by && use.object == from) set(use.object, to);
}

}  // namespace pglint::catalog
