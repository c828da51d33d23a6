// A table is renamed while the running release still asks for it by its old name.
#include <fmt/format.h>

#include <array>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/lexer.h"

namespace pglint::rules::rename_table {
namespace {

using namespace lint;

// A token as the name that it means.
std::string name_of(std::string_view sql, const pg::Token& token) {
  std::string_view written = sql.substr(token.span.begin, token.span.size());
  std::string name;
  if (token.kind == pg::TokenKind::quoted_name && written.size() > 1) {
    written = written.substr(1, written.size() - 2);
    for (std::size_t i = 0; i < written.size(); ++i) {
      name += written[i];
      if (written[i] == '"') ++i;
    }
  } else if (token.kind == pg::TokenKind::word) {
    for (const char c : written) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

// Whether the same transaction goes on to put a view in the old name's place, as the help below says: then the old
// release is served. Looked for a little way only.
bool view_follows(const Context& context, std::string_view old) {
  if (context.transaction->kind == TransactionKind::autocommit && !context.in_body) return false;
  constexpr std::size_t far_enough = 2000;
  const std::string_view rest = context.text.substr(context.statement.end, far_enough);
  const std::vector<pg::Token> tokens = pg::tokens(rest, 0);
  const auto at = [&](std::size_t i) { return i < tokens.size() ? name_of(rest, tokens[i]) : std::string(); };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind != pg::TokenKind::word) continue;
    const std::string word = at(i);
    if (word == "commit" || word == "rollback") return false;
    if (word != "create") continue;
    std::size_t next = i + 1;
    if (at(next) == "or" && at(next + 1) == "replace") next += 2;
    if (at(next) != "view") continue;
    ++next;
    while (next + 2 < tokens.size() && tokens[next + 1].kind == pg::TokenKind::symbol &&
           rest[tokens[next + 1].span.begin] == '.')
      next += 2;
    if (at(next) == old) return true;
  }
  return false;
}

void check(const RenameStmt& statement, const Context& context) {
  if (statement.renameType != OBJECT_TABLE && statement.renameType != OBJECT_VIEW &&
      statement.renameType != OBJECT_MATVIEW && statement.renameType != OBJECT_FOREIGN_TABLE)
    return;
  const effect::RelationEffect* table = context.table();
  // ALTER TABLE also renames indexes and sequences, which no query names.
  if (table == nullptr || table->is_new || table->kind == catalog::RelationKind::sequence) return;
  // Queries ask the parent of a partition.
  if (table->relation != nullptr && table->relation->is_partition) return;
  if (view_follows(context, context.catalog->text(table->name))) return;

  const std::string name = context.display(*table);
  const std::string to = quoted(pg::text(statement.newname));
  context.report({
      .at = context.keywords("RENAME", "TO"),
      .message = fmt::format("Renaming {} to {} breaks the release that is running", name, to),
      .why =
          fmt::format("The rename is instant, and from then on every query of {} fails (42P01), until the last process "
                      "of the old release is gone.",
                      name),
      .help =
          fmt::format("In the same transaction CREATE VIEW {0} AS SELECT * FROM {1}: the old release goes on reading "
                      "and writing through it. Drop the view when that release is gone.",
                      name, to),
      .relation = table,
  });
}

constexpr std::array<int, 1> tags = {T_RenameStmt};
constexpr std::array aliases = {Alias{"squawk", "renaming-table"}, Alias{"pgfence", "rename-table"},
                                Alias{"strong_migrations", "rename_table"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "rename-table",
    .category = Category::compat,
    .severity = Severity::error,
    .summary = "A table is renamed under the release that is running",
    .aliases = aliases,
    .tags = tags,
    .check = on<RenameStmt, check>,
});

}  // namespace pglint::rules::rename_table
