#include "recipe/joined.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/edit.h"
#include "pg/lexer.h"
#include "pg/tree.h"
#include "recipe/recipes.h"
#include "recipe/sql.h"

namespace pglint::recipe {
namespace {

constexpr std::string_view by_hand = "write it as batches by hand, or run it in the application";

std::string_view qualifier(const ColumnRef& column) {
  const auto fields = pg::nodes(column.fields);
  return fields.size() < 2 ? std::string_view() : pg::string(fields[fields.size() - 2]);
}

void add_terms(const Node* condition, std::vector<const Node*>& out) {
  if (condition == nullptr) return;
  std::vector<const Node*> terms;
  pg::conjuncts(condition, terms);
  out.insert(out.end(), terms.begin(), terms.end());
}

// The tables of a FROM, and the conditions of its joins; or what is in it beside them.
std::string leaves(const List* from, std::vector<const RangeVar*>& tables, std::vector<const Node*>& terms) {
  std::vector<const Node*> open;
  for (const Node* item : pg::nodes(from)) open.push_back(item);
  while (!open.empty()) {
    const Node* item = open.back();
    open.pop_back();
    if (const auto* table = pg::as<RangeVar>(item)) {
      if (table->alias != nullptr && table->alias->colnames != nullptr) return "a table whose columns get other names";
      if (!table->inh) return "ONLY a table";
      tables.push_back(table);
      continue;
    }
    const auto* join = pg::as<JoinExpr>(item);
    if (join == nullptr)
      return pg::as<RangeSubselect>(item) != nullptr  ? "a sub-select, which each batch would work out anew"
             : pg::as<RangeFunction>(item) != nullptr ? "what a function returns"
                                                      : "more than tables";
    if (join->jointype != JOIN_INNER) return "an outer join";
    if (join->isNatural || join->usingClause != nullptr || join->alias != nullptr)
      return "a join without ON, whose columns are named by no table";
    if (join->quals != nullptr) add_terms(join->quals, terms);
    open.push_back(join->larg);
    open.push_back(join->rarg);
  }
  return {};
}

bool is_equality(const Node* term, const Node*& left, const Node*& right) {
  const auto* comparison = pg::as<A_Expr>(term);
  if (comparison == nullptr || comparison->kind != AEXPR_OP || pg::last_name(comparison->name) != "=") return false;
  left = comparison->lexpr;
  right = comparison->rexpr;
  return true;
}

// Whether a column of that table is compared with what is known once the others that are `found` are.
bool is_pinned(const Joined& all, const catalog::Catalog& catalog, std::size_t which, Symbol column,
               const std::vector<bool>& found) {
  const auto known = [&](const Node* value) {
    bool yes = true;
    pg::each<SubLink>(value, [&](const SubLink&) { yes = false; });
    pg::each<ColumnRef>(value, [&](const ColumnRef& reference) {
      const std::size_t of = all.other(catalog, reference);
      yes = yes && (of == std::string::npos ? all.of_row(catalog, reference) : of != which && found[of]);
    });
    return yes;
  };
  const auto is_it = [&](const Node* side) {
    const auto* reference = pg::as<ColumnRef>(side);
    return reference != nullptr && all.other(catalog, *reference) == which &&
           catalog.symbols.find(pg::column_name(*reference)) == column;
  };
  return std::ranges::any_of(all.terms, [&](const Node* term) {
    const Node* left = nullptr;
    const Node* right = nullptr;
    return is_equality(term, left, right) && ((is_it(left) && known(right)) || (is_it(right) && known(left)));
  });
}

// The first table of which several rows may be found for one; null if there is none.
const JoinedTable* finds_several(const Joined& all, const catalog::Catalog& catalog) {
  std::vector<bool> found(all.others.size(), false);
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < all.others.size(); ++i) {
      if (found[i]) continue;
      const auto& indexes = all.others[i].relation->indexes;
      found[i] = std::any_of(indexes.begin(), indexes.end(), [&](const catalog::Relation* index) {
        if (index->dropped || index->index == nullptr || !index->index->unique || !index->index->valid ||
            !index->index->predicate.empty() || index->index->keys.empty())
          return false;
        const auto& keys = index->index->keys;
        return std::all_of(keys.begin(), keys.end(), [&](const catalog::IndexKey& key) {
          return key.column && is_pinned(all, catalog, i, key.column, found);
        });
      });
      more = more || found[i];
    }
  }
  const auto missing = std::ranges::find(found, false);
  return missing == found.end() ? nullptr : &all.others[static_cast<std::size_t>(missing - found.begin())];
}

// Where the clause stands in the text, and what it says with the tables' full names.
void write_clause(const Command& command, std::string_view keyword, const std::vector<const RangeVar*>& tables,
                  Joined& out) {
  const std::string_view text = command.text;
  const auto first =
      std::ranges::min_element(tables, [](const RangeVar* a, const RangeVar* b) { return a->location < b->location; });
  const std::size_t at = command.at((*first)->location);
  std::size_t begins = std::string_view::npos;
  std::size_t behind = 0;
  std::size_t ends = text.size();
  for (const pg::Token& token : pg::tokens(text, 0)) {
    if (token.span.begin < at && is_word(text, token, keyword)) {
      begins = token.span.begin;
      behind = token.span.end;
    }
    if (token.span.begin > at && is_word(text, token, "WHERE")) {
      ends = token.span.begin;
      break;
    }
  }
  if (begins == std::string_view::npos) return;
  std::vector<Edit> edits;
  for (const RangeVar* table : tables) {
    const Span name = name_at(text, command.at(table->location));
    const catalog::Lookup found = command.catalog->find(*table);
    std::string full = command.catalog->qualified(found.schema, found.name);
    if (table->alias == nullptr) full += fmt::format(" AS {}", ident(pg::text(table->relname)));
    edits.push_back({name.begin - behind, name.end - behind, std::move(full)});
  }
  std::ranges::sort(edits, {}, &Edit::begin);
  out.from_begins = begins;
  out.from_ends = ends;
  out.from = trimmed(edited(text.substr(behind, ends - behind), edits));
}

}  // namespace

std::size_t Joined::other(const catalog::Catalog& catalog, const ::ColumnRef& column) const {
  const std::string_view by = qualifier(column);
  const Symbol name = catalog.symbols.find(pg::column_name(column));
  if (by.empty() && target.relation != nullptr && catalog::column(*target.relation, name) != nullptr)
    return std::string::npos;
  for (std::size_t i = 0; i < others.size(); ++i)
    if (by.empty() ? catalog::column(*others[i].relation, name) != nullptr : others[i].label == by) return i;
  return std::string::npos;
}

bool Joined::of_row(const catalog::Catalog& catalog, const ::ColumnRef& column) const {
  const std::string_view by = qualifier(column);
  if (!by.empty()) return by == target.label;
  return others.empty() ||
         (target.relation != nullptr &&
          catalog::column(*target.relation, catalog.symbols.find(pg::column_name(column))) != nullptr);
}

bool Joined::of_target(const catalog::Catalog& catalog, const ::ColumnRef& column) const {
  const std::size_t of = other(catalog, column);
  return of == std::string::npos || others[of].relation == target.relation;
}

std::optional<Joined> joined(const Command& command, const ::RangeVar& target, const ::List* from,
                             std::string_view keyword, const ::Node* where, Pieces& pieces) {
  const catalog::Catalog& catalog = *command.catalog;
  const std::string on = command.table_name();
  Joined out;
  out.target.relation = command.table()->relation;
  out.aliased = target.alias != nullptr;
  out.target.label = out.aliased ? pg::text(target.alias->aliasname) : pg::text(target.relname);
  add_terms(where, out.terms);
  if (from == nullptr) return out;

  const auto no = [&](std::string reason, std::string_view supply = by_hand) {
    refuse(pieces, std::move(reason), std::string(supply));
    return std::nullopt;
  };
  std::vector<const RangeVar*> tables;
  if (const std::string what = leaves(from, tables, out.terms); !what.empty())
    return no(fmt::format("what is written to {} is joined with {}", on, what),
              "join tables by their keys, or " + std::string(by_hand));
  for (const RangeVar* table : tables) {
    const catalog::Lookup found = catalog.find(*table);
    const std::string name = catalog.qualified(found.schema, found.name);
    const catalog::Relation* relation = found.relation;
    if (relation == nullptr || !relation->known || !relation->columns_known)
      return no(
          fmt::format("{} is read, and nothing is known of it: whether one row of {} finds several there", name, on),
          "--schema FILE, a pg_dump --schema-only of the database");
    if (!relation->is_table())
      return no(fmt::format("{} is read, which is no table: what it has may change with what is written", name));
    if (relation->kind == catalog::RelationKind::table && !relation->extra().children.empty())
      return no(fmt::format("{} is read, and no key tells its rows from those of its children", name));
    out.others.push_back({relation, std::string(table->alias != nullptr ? pg::text(table->alias->aliasname)
                                                                        : pg::text(table->relname))});
  }
  if (const JoinedTable* several = finds_several(out, catalog); several != nullptr)
    return no(fmt::format("a row of {} may find several of {}: no unique key of that is compared with what is known of "
                          "one row",
                          on, catalog.qualified(*several->relation)),
              "compare all columns of a unique key of it, or " + std::string(by_hand));
  write_clause(command, keyword, tables, out);
  if (out.from.empty()) return no(fmt::format("it cannot be told where the {} of it begins", keyword));
  return out;
}

}  // namespace pglint::recipe
