// A name that is longer than PostgreSQL keeps: it is cut at 63 bytes, and whoever asks for it in full finds another
// object, or makes one that is there already.
#include <fmt/format.h>

#include <array>
#include <string>

#include "lint/context.h"
#include "lint/words.h"
#include "pg/lexer.h"
#include "pg/tree.h"

namespace pglint::rules::identifier_too_long {
namespace {

using namespace lint;

constexpr std::size_t longest = 63;

bool in_name(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '$';
}

// Whether the text holds so many bytes of one name in a row; the tokens are cut only then.
bool may_be_too_long(std::string_view sql) {
  if (sql.find('"') == std::string_view::npos) {
    // So long a name cannot lie between two bytes that far apart, and in half of that lies another of its bytes: most
    // bytes need no look.
    constexpr std::size_t half = longest / 2;
    for (std::size_t at = longest; at < sql.size(); at += longest + 1) {
      if (!in_name(sql[at])) continue;
      if (!in_name(sql[at - half]) && (at + half >= sql.size() || !in_name(sql[at + half]))) continue;
      std::size_t begin = at;
      while (begin > 0 && in_name(sql[begin - 1])) --begin;
      while (at < sql.size() && in_name(sql[at])) ++at;
      if (at - begin > longest) return true;
    }
    return false;
  }
  std::size_t run = 0;
  bool quoted_name = false;
  for (const char c : sql) {
    if (c == '"') {
      quoted_name = !quoted_name;
      run = 0;
      continue;
    }
    run = quoted_name || in_name(c) ? run + 1 : 0;
    if (run > longest) return true;
  }
  return false;
}

void check(const Context& context) {
  if (context.in_body) return;
  const std::string_view sql = context.text.substr(context.statement.begin, context.statement.size());
  if (!may_be_too_long(sql)) return;
  for (const pg::Token& token : pg::tokens(sql, context.statement.begin)) {
    const bool is_quoted = token.kind == pg::TokenKind::quoted_name;
    if (!is_quoted && token.kind != pg::TokenKind::word) continue;
    std::string name(context.text.substr(token.span.begin, token.span.size()));
    if (is_quoted) {
      if (name.size() < 2 || name.front() != '"') continue;  // U&"…"
      name = name.substr(1, name.size() - 2);
      for (std::size_t at = name.find("\"\""); at != std::string::npos; at = name.find("\"\"", at + 1))
        name.erase(at, 1);
    }
    if (name.size() <= longest) continue;
    std::size_t kept = longest;
    while (kept > 0 && (static_cast<unsigned char>(name[kept]) & 0xC0U) == 0x80U) --kept;
    context.report({
        .at = token.span,
        .message = fmt::format("The name {} has {} bytes and is cut to 63", quoted(name), name.size()),
        .why = fmt::format("PostgreSQL keeps {} and says so in a NOTICE only. What asks the catalogue for the whole "
                           "name finds nothing, and two names that differ behind the cut are one.",
                           quoted(name.substr(0, kept))),
        .help = "Write a name of at most 63 bytes.",
    });
    return;
  }
}

constexpr std::array<int, 16> tags = {T_AlterTableStmt,    T_CreateStmt,     T_IndexStmt,          T_ViewStmt,
                                      T_CreateTableAsStmt, T_CreateTrigStmt, T_CreateFunctionStmt, T_RenameStmt,
                                      T_CreateSeqStmt,     T_CreateEnumStmt, T_CreateDomainStmt,   T_CreatePolicyStmt,
                                      T_CreateSchemaStmt,  T_DropStmt,       T_CompositeTypeStmt,  T_AlterEnumStmt};
constexpr std::array aliases = {Alias{"squawk", "identifier-too-long"}, Alias{"pgsafe", "identifier-too-long"}};

}  // namespace

extern const Rule rule;
constexpr Rule rule = complete({
    .id = "identifier-too-long",
    .category = Category::fails,
    .severity = Severity::warning,
    .summary = "A name is longer than 63 bytes and is cut",
    .aliases = aliases,
    .tags = tags,
    .check = check,
    .effects = false,
});

}  // namespace pglint::rules::identifier_too_long
