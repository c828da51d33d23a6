#include "story.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "catalog/dump.h"
#include "catalog/replay.h"
#include "pg/lexer.h"
#include "pg/parse.h"

namespace pglint::catalog::test {
namespace {

// " @1.2", the migration and transaction of something.
std::string without_when(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size();) {
    if (line.substr(i, 2) == " @" && i + 2 < line.size() && line[i + 2] >= '0' && line[i + 2] <= '9') {
      i += 2;
      while (i < line.size() && ((line[i] >= '0' && line[i] <= '9') || line[i] == '.')) ++i;
    } else {
      out += line[i++];
    }
  }
  return out;
}

}  // namespace

Story& Story::tell(std::string_view sql) { return script(sql, Sent::statement); }

Story& Story::script(std::string_view sql, Sent sent, bool wrapped) {
  if (sql.empty()) return *this;
  const pg::Lexed lexed = pg::lex(sql);
  const std::string_view text = lexed.blanked.empty() ? sql : std::string_view(lexed.blanked);
  transactions.begin_script(sent, wrapped, static_cast<std::uint32_t>(lexed.statements.size()));
  pg::parse(text, 0, lexed, [&](const pg::Parsed& parsed) {
    REQUIRE_MESSAGE(parsed.node != nullptr, parsed.error->message);
    const TransactionState& state = transactions.before(parsed.node);
    if (!seen.empty()) seen += ", ";
    seen += fmt::format("{} {}{}", name(state.kind), state.id, state.block ? " block" : "");
    apply(catalog, parsed.node, text.substr(parsed.base), pg_version_);
    transactions.after(parsed.node);
    return true;
  });
  transactions.end_script();
  return *this;
}

std::string Story::about(std::string_view prefix) const {
  const std::string all = dump(catalog);
  std::string out;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    const std::string_view line = std::string_view(all).substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(prefix)) continue;
    if (!out.empty()) out += '\n';
    out += without_when(line);
  }
  return out;
}

const Relation& Story::relation(std::string_view schema, std::string_view name) const {
  const Lookup lookup = catalog.find(symbol(schema), symbol(name));
  REQUIRE_MESSAGE(lookup.relation != nullptr, name);
  return *lookup.relation;
}

const Column& Story::column(std::string_view table_name, std::string_view name) const {
  const Column* found = catalog::column(table(table_name), symbol(name));
  REQUIRE_MESSAGE(found != nullptr, name);
  return *found;
}

Presence Story::presence(std::string_view name) const { return catalog.find({}, symbol(name)).presence; }

}  // namespace pglint::catalog::test
