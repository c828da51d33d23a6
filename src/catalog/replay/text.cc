#include "catalog/replay/text.h"

#include "pg/scan.h"

namespace pglint::catalog {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_name(char c) { return pg::scan::in_word(c) && c != '$'; }

std::size_t after_quoted(std::string_view sql, std::size_t at, bool escapes) {
  const char quote = sql[at];
  for (std::size_t i = at + 1; i < sql.size(); ++i) {
    if (escapes && sql[i] == '\\') {
      ++i;
    } else if (sql[i] == quote) {
      if (i + 1 == sql.size() || sql[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return sql.size();
}

std::size_t after_block_comment(std::string_view sql, std::size_t at) {
  std::size_t depth = 0;
  for (std::size_t i = at; i + 1 < sql.size(); ++i) {
    if (sql[i] == '/' && sql[i + 1] == '*') {
      ++depth;
      ++i;
    } else if (sql[i] == '*' && sql[i + 1] == '/') {
      ++i;
      if (--depth == 0) return i + 1;
    }
  }
  return sql.size();
}

std::size_t after_dollar(std::string_view sql, std::size_t at) {
  std::size_t end = at + 1;
  while (end < sql.size() && is_name(sql[end])) ++end;
  const bool digit = at + 1 < sql.size() && sql[at + 1] >= '0' && sql[at + 1] <= '9';
  if (end == sql.size() || sql[end] != '$' || digit) return at + 1;  // $1, or an operator's dollar
  const std::string_view tag = sql.substr(at, end + 1 - at);
  const std::size_t close = sql.find(tag, end + 1);
  return close == std::string_view::npos ? sql.size() : close + tag.size();
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_word(std::string_view token, std::string_view keyword) {
  if (token.size() != keyword.size()) return false;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const char lower = token[i] >= 'A' && token[i] <= 'Z' ? static_cast<char>(token[i] - 'A' + 'a') : token[i];
    if (lower != keyword[i]) return false;
  }
  return true;
}

std::size_t after_token(std::string_view sql, std::size_t at) {
  const char c = sql[at];
  if (c == ' ') return at + 1;
  const char next = at + 1 < sql.size() ? sql[at + 1] : '\0';
  if (is_name(c)) {
    if ((c == 'e' || c == 'E') && next == '\'') return after_quoted(sql, at + 1, true);
    // A dollar inside a name opens no quote.
    return pg::scan::word_end(sql, at);
  }
  if (c == '\'' || c == '"') return after_quoted(sql, at, false);
  if (c == '$') return after_dollar(sql, at);
  if (c == '-' && next == '-') {
    const std::size_t end = sql.find('\n', at);
    return end == std::string_view::npos ? sql.size() : end + 1;
  }
  if (c == '/' && next == '*') return after_block_comment(sql, at);
  return at + 1;
}

int after_word(std::string_view sql, int from, std::string_view keyword) {
  if (from < 0) return -1;
  std::size_t depth = 0;
  for (auto i = static_cast<std::size_t>(from); i < sql.size() && sql[i] != ';';) {
    const std::size_t end = after_token(sql, i);
    if (sql[i] == '(') ++depth;
    if (sql[i] == ')' && depth > 0) --depth;
    if (depth == 0 && is_word(sql.substr(i, end - i), keyword)) return static_cast<int>(end);
    i = end;
  }
  return -1;
}

std::string_view in_parentheses(std::string_view sql, int from) {
  if (from < 0) return {};
  std::size_t depth = 0;
  std::size_t begin = 0;
  for (auto i = static_cast<std::size_t>(from); i < sql.size();) {
    if (sql[i] == '(') {
      if (depth++ == 0) begin = i + 1;
    } else if (sql[i] == ')') {
      if (depth == 0) return {};
      if (--depth == 0) return trimmed(sql.substr(begin, i - begin));
    }
    i = after_token(sql, i);
  }
  return {};
}

std::string_view expression_at(std::string_view sql, int from, int limit) {
  if (from < 0 || static_cast<std::size_t>(from) >= sql.size()) return {};
  const auto begin = static_cast<std::size_t>(from);
  std::size_t end = sql.size();
  if (limit > from && static_cast<std::size_t>(limit) < end) end = static_cast<std::size_t>(limit);
  std::size_t depth = 0;
  std::size_t i = begin;
  while (i < end) {
    const char c = sql[i];
    if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      if (depth == 0) break;
      --depth;
    } else if ((c == ',' && depth == 0) || c == ';') {
      break;
    }
    i = after_token(sql, i);
  }
  return trimmed(sql.substr(begin, (i < end ? i : end) - begin));
}

}  // namespace pglint::catalog
