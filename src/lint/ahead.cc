#include "lint/ahead.h"

#include <algorithm>
#include <string>
#include <vector>

#include "pg/lexer.h"

namespace pglint::lint {
namespace {

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

}  // namespace

bool made_again(const Context& context, std::string_view name) {
  if (context.transaction->kind == TransactionKind::autocommit && !context.in_body) return false;
  constexpr std::size_t far_enough = 64 * 1024;
  constexpr std::size_t longest_head = 12;  // CREATE OR REPLACE MATERIALIZED VIEW IF NOT EXISTS schema . name
  const std::string_view rest = context.text.substr(context.statement.end, far_enough);
  const std::vector<pg::Token> tokens = pg::tokens(rest, 0);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind != pg::TokenKind::word) continue;
    const std::string word = name_of(rest, tokens[i]);
    if (word == "commit" || word == "rollback") return false;
    if (word != "create") continue;
    const std::size_t end = std::min(tokens.size(), i + longest_head);
    for (std::size_t next = i + 1; next < end; ++next) {
      if (tokens[next].kind == pg::TokenKind::symbol && rest[tokens[next].span.begin] != '.') break;
      if (name_of(rest, tokens[next]) == name) return true;
    }
  }
  return false;
}

bool waits_briefly(const Context& context) {
  if (context.catalog->session.lock_timeout_ms > 0) return true;
  if (!context.in_body) return false;
  constexpr std::size_t far_enough = 16 * 1024;  // of one block
  const std::size_t end = context.statement.begin;
  const std::size_t begin = end > far_enough ? end - far_enough : 0;
  return context.text.substr(begin, end - begin).find("set_config('lock_timeout'") != std::string_view::npos;
}

bool looked_for_invalid(const Context& context) {
  constexpr std::size_t far_enough = 4000;
  const std::size_t end = context.statement.begin;
  const std::size_t begin = end > far_enough ? end - far_enough : 0;
  return context.text.substr(begin, end - begin).find("indisvalid") != std::string_view::npos;
}

bool behind_gate(const Context& context) {
  return context.text.substr(0, context.statement.begin).find("pglint.gate") != std::string_view::npos;
}

}  // namespace pglint::lint
