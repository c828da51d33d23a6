#include "recipe/probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "recipe/sql.h"

namespace pglint::recipe::probe {
namespace {

std::string oid(std::string_view table) { return fmt::format("pg_catalog.to_regclass({})", literal(table)); }

std::string attribute(std::string_view table, std::string_view column, std::string_view more) {
  return fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = {} AND attname = {} AND NOT attisdropped{})",
      oid(table), literal(column), more);
}

std::string element(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// An array of names as a literal: {"a","b"}.
std::string names(const std::vector<std::string>& list) {
  std::string out = "{";
  for (const std::string& name : list) out += (out.size() > 1 ? "," : "") + element(name);
  return literal(out + "}") + "::pg_catalog.name[]";
}

}  // namespace

std::string relation(std::string_view table) { return oid(table) + " IS NOT NULL"; }

std::string column(std::string_view table, std::string_view column) { return attribute(table, column, ""); }

std::string column(const catalog::Catalog& catalog, std::string_view table, std::string_view column,
                   const catalog::TypeName& type) {
  const std::string text = type_text(catalog, type);
  if (text.empty()) return attribute(table, column, "");
  // format_type() leaves the schema out where the search_path finds the type without it.
  if (type.schema)
    return attribute(table, column, fmt::format(" AND atttypid = pg_catalog.to_regtype({})", literal(text)));
  return attribute(table, column, fmt::format(" AND pg_catalog.format_type(atttypid, atttypmod) = {}", literal(text)));
}

std::string not_null(std::string_view table, std::string_view column) {
  return attribute(table, column, " AND attnotnull");
}

std::string not_null_valid(std::string_view table, std::string_view column) {
  return fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND "
      "a.attnum = k.conkey[1] WHERE k.conrelid = {} AND k.contype = 'n' AND k.convalidated AND a.attname = {})",
      oid(table), literal(column));
}

std::string has_default(std::string_view table, std::string_view column) {
  return attribute(table, column, " AND atthasdef");
}

std::string constraint(std::string_view table, std::string_view name, char kind, Valid valid,
                       const std::vector<std::string>& columns, std::string_view references) {
  std::string out = fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = {} AND conname = {} AND contype = '{}'",
      oid(table), literal(name), kind);
  if (valid == Valid::valid) out += " AND convalidated";
  if (!references.empty()) out += fmt::format(" AND confrelid = {}", oid(references));
  if (!columns.empty())
    out += fmt::format(
        " AND ARRAY(SELECT attname FROM pg_catalog.unnest(conkey) WITH ORDINALITY AS k(number, place) JOIN "
        "pg_catalog.pg_attribute ON attrelid = conrelid AND attnum = k.number ORDER BY k.place) = {}",
        names(columns));
  return out + ")";
}

std::string not_null_check(std::string_view table, std::string_view name, std::string_view column, Valid valid) {
  return fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = {} AND conname = {} AND contype = 'c' AND "
      "pg_catalog.pg_get_expr(conbin, conrelid) = {}{})",
      oid(table), literal(name), literal(fmt::format("({} IS NOT NULL)", ident(column))),
      valid == Valid::valid ? " AND convalidated" : "");
}

std::string index(std::string_view table, std::string_view index, const IndexShape& shape) {
  std::string out = fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = {} AND indrelid = {} AND indisvalid AND "
      "{}indisunique AND indnkeyatts = {} AND indpred IS {}NULL",
      oid(index), oid(table), shape.unique ? "" : "NOT ", shape.columns.size(), shape.predicate ? "NOT " : "");
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    if (shape.columns[i].empty())
      out += fmt::format(" AND indkey[{}] = 0", i);
    else
      out += fmt::format(
          " AND indkey[{}] = (SELECT attnum FROM pg_catalog.pg_attribute WHERE attrelid = indrelid AND attname = {})",
          i, literal(shape.columns[i]));
  }
  return out + ")";
}

std::string trigger(std::string_view table, std::string_view name, std::string_view body) {
  return fmt::format(
      "EXISTS (SELECT FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_proc ON pg_proc.oid = tgfoid WHERE tgrelid = {} "
      "AND "
      "tgname = {} AND tgenabled <> 'D' AND pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(prosrc, "
      "'UTF8')), "
      "'hex') = '{}')",
      oid(table), literal(name), sha256(body));
}

std::string with_columns(std::string condition, const NewNames& names) {
  std::vector<Edit> edits;
  const std::vector<pg::Token> tokens = pg::tokens(condition, 0);
  const auto text = [&](std::size_t i) {
    return std::string_view(condition).substr(tokens[i].span.begin, tokens[i].span.size());
  };
  for (std::size_t i = 2; i < tokens.size(); ++i) {
    const pg::Token& token = tokens[i];
    if (token.kind != pg::TokenKind::string || text(i - 1) != "=") continue;
    const std::string_view said = text(i);
    for (const auto& [from, to] : names) {
      if (text(i - 2) == "attname" && said == literal(from))
        edits.push_back({token.span.begin, token.span.end, literal(to)});
      // Within an array: a quote doubled by the literal stands between elements of their own all the same.
      if (!said.starts_with("'{\"") && !said.starts_with("E'{\"")) continue;
      const std::string whole = literal(element(from));
      const std::string one = whole.substr(whole.find('"'), whole.rfind('"') - whole.find('"') + 1);
      const std::string other_whole = literal(element(to));
      const std::string other =
          other_whole.substr(other_whole.find('"'), other_whole.rfind('"') - other_whole.find('"') + 1);
      for (std::size_t at = said.find(one); at != std::string_view::npos; at = said.find(one, at + one.size())) {
        const char before = said[at - 1];
        const char behind = said[at + one.size()];
        if ((before == '{' || before == ',') && (behind == '}' || behind == ','))
          edits.push_back({token.span.begin + at, token.span.begin + at + one.size(), other});
      }
    }
  }
  std::ranges::sort(edits, {}, &Edit::begin);
  return edited(condition, edits);
}

std::string both(std::string_view a, std::string_view b) { return fmt::format("{}\n  AND {}", a, b); }
std::string either(std::string_view a, std::string_view b) { return fmt::format("({}\n  OR ({}))", a, b); }
std::string no(std::string_view a) { return fmt::format("NOT ({})", a); }
std::string query(std::string_view condition) { return fmt::format("SELECT {}", condition); }

}  // namespace pglint::recipe::probe
