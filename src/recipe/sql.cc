#include "recipe/sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include "catalog/names.h"
#include "catalog/quote.h"
#include "pg/lexer.h"
#include "plan/form/quote.h"

namespace pglint::recipe {
std::string ident(std::string_view name) {
  std::string out;
  catalog::append_quoted(out, name);
  return out;
}

std::string unquoted(std::string_view name) {
  if (!name.starts_with('"') || name.size() < 2) return std::string(name);
  name = name.substr(1, name.size() - 2);
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    out += name[i];
    if (name[i] == '"') ++i;  // written twice
  }
  return out;
}

std::string literal(std::string_view text) { return plan::quote_literal(text); }

std::string type_text(const catalog::Catalog& catalog, const catalog::TypeName& type) {
  if (!type.name) return {};
  std::string out;
  const std::string_view name = catalog.text(type.name);
  if (type.schema) {
    out = catalog.qualified(type.schema, type.name);
    if (type.typmods[0] != -1) return {};
  } else if (name == "interval") {
    if (type.typmods[0] != -1 || type.typmods[1] != -1) return {};
    out = name;
  } else {
    if (!catalog.is_builtin_type(type.name)) return {};
    const std::string_view spelt = catalog::type_spelling(name);
    std::string mods;
    // bpchar without a length is another type than character, which is character(1).
    if (name == "bpchar" && type.typmods[0] == -1) return {};
    if (name == "bit" && type.typmods[0] == -1) mods = "(1)";
    if (type.typmods[0] != -1)
      mods = type.typmods[1] != -1 ? fmt::format("({},{})", type.typmods[0], type.typmods[1])
                                   : fmt::format("({})", type.typmods[0]);
    // timestamp(3) with time zone
    const std::size_t zone = spelt.find(" with");
    out = zone == std::string_view::npos ? std::string(spelt) + mods
                                         : std::string(spelt.substr(0, zone)) + mods + std::string(spelt.substr(zone));
  }
  if (type.array_dimensions != 0) out += "[]";
  return out;
}

std::string short_name(std::string name) {
  constexpr std::size_t most = 63;
  if (name.size() <= most) return name;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  name.resize(end);
  return name;
}

std::string digest(std::string_view text) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("{:08x}", hash);
}

std::string name_beside(std::string_view name, std::string_view label) {
  constexpr std::size_t room = 46;
  return fmt::format("{}_{}_{}", catalog::clip(name, room), label, digest(name));
}

std::string slug(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0)
      out += static_cast<char>(std::tolower(u));
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "x" : out;
}

std::string do_block(std::string_view body) { return "DO " + plan::quote_body(fmt::format("\n{}\n", body)); }

std::string_view trimmed(std::string_view text) {
  const std::vector<pg::Token> tokens = pg::tokens(text, 0);
  if (tokens.empty()) return {};
  return text.substr(tokens.front().span.begin, tokens.back().span.end - tokens.front().span.begin);
}

std::string_view in_parentheses(std::string_view text, std::size_t from) {
  std::size_t begin = std::string_view::npos;
  std::uint16_t depth = 0;
  for (const pg::Token& token : pg::tokens(text, 0)) {
    if (token.span.begin < from || token.kind != pg::TokenKind::symbol) continue;
    const char c = text[token.span.begin];
    if (begin == std::string_view::npos && c == '(') {
      begin = token.span.end;
      depth = token.depth;
    } else if (begin != std::string_view::npos && c == ')' && token.depth == depth) {
      return text.substr(begin, token.span.begin - begin);
    }
  }
  return {};
}

Span name_at(std::string_view text, std::size_t from) {
  const std::vector<pg::Token> tokens = pg::tokens(text, 0);
  std::size_t i = 0;
  while (i < tokens.size() && tokens[i].span.begin < from) ++i;
  if (i == tokens.size()) return {};
  Span span = tokens[i].span;
  const auto dot = [&](std::size_t n) {
    return n + 1 < tokens.size() && tokens[n].span.size() == 1 && text[tokens[n].span.begin] == '.';
  };
  for (; dot(i + 1); i += 2) span.end = tokens[i + 2].span.end;
  return span;
}

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

}  // namespace

bool is_word(std::string_view text, const pg::Token& token, std::string_view word) {
  return token.kind == pg::TokenKind::word && token.depth == 0 &&
         std::ranges::equal(text.substr(token.span.begin, token.span.size()), word, {}, lower, lower);
}

namespace {

bool is_name(std::string_view text, const pg::Token& token, std::string_view name) {
  const std::string_view said = text.substr(token.span.begin, token.span.size());
  return (token.kind == pg::TokenKind::quoted_name && unquoted(said) == name) ||
         (token.kind == pg::TokenKind::word && std::ranges::equal(said, name, {}, lower));
}

}  // namespace

bool says_name(std::string_view text, std::string_view name) {
  return std::ranges::any_of(pg::tokens(text, 0), [&](const pg::Token& token) { return is_name(text, token, name); });
}

std::string with_names(std::string_view text, Span between, const NewNames& names) {
  const std::vector<pg::Token> tokens = pg::tokens(text, 0);
  const auto is = [&](std::size_t i, std::string_view symbol) {
    return i < tokens.size() && text.substr(tokens[i].span.begin, tokens[i].span.size()) == symbol;
  };
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const pg::Token& token = tokens[i];
    if (token.span.begin < between.begin || token.span.end > between.end) continue;
    // A function, a type, or what qualifies a name.
    if (is(i + 1, "(") || is(i + 1, ".") || (i > 0 && is(i - 1, "::"))) continue;
    const auto found = std::ranges::find_if(names, [&](const auto& pair) { return is_name(text, token, pair.first); });
    if (found != names.end()) edits.push_back({token.span.begin, token.span.end, ident(found->second)});
  }
  return edited(text, edits);
}

std::size_t after_keyword(std::string_view text, std::string_view word, std::size_t from) {
  for (const pg::Token& token : pg::tokens(text, 0))
    if (token.span.begin >= from && is_word(text, token, word)) return token.span.end;
  return std::string_view::npos;
}

}  // namespace pglint::recipe
