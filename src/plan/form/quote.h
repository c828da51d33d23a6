// Texts as SQL. What is quoted here is our own or a plan's, and goes to the server as part of a statement.
#pragma once

#include <string>
#include <string_view>

namespace pglint::plan {

// 'text', whatever standard_conforming_strings says. PostgreSQL has no text with a zero byte: such bytes are left out.
[[nodiscard]] inline std::string quote_literal(std::string_view text) {
  std::string out = text.find('\\') == std::string_view::npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

// "name", always quoted: whether a name is a key word depends on the server's version.
[[nodiscard]] inline std::string quote_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '\0') continue;
    if (c == '"') out += c;
    out += c;
  }
  return out + "\"";
}

// $tag$body$tag$, with a tag that the body does not have.
[[nodiscard]] inline std::string quote_body(std::string_view body) {
  std::string tag = "$pglint$";
  for (int n = 1; body.find(tag) != std::string_view::npos; ++n) tag = "$pglint" + std::to_string(n) + "$";
  std::string out = tag;
  out += body;
  return out + tag;
}

}  // namespace pglint::plan
