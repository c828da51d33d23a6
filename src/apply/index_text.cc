#include "apply/index_text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace pglint::apply {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Words in lower case, names without their quotes, texts as they are, comments left out.
std::vector<std::string> tokens(std::string_view sql) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') {
      ++i;
    } else if (sql.substr(i).starts_with("--")) {
      i = std::min(sql.find('\n', i), sql.size());
    } else if (sql.substr(i).starts_with("/*")) {
      const std::size_t end = sql.find("*/", i + 2);
      i = end == std::string_view::npos ? sql.size() : end + 2;
    } else if (c == '"' || c == '\'') {
      std::string token = c == '"' ? "" : "'";
      for (++i; i < sql.size(); ++i) {
        if (sql[i] == c && (i + 1 == sql.size() || sql[i + 1] != c)) break;
        if (sql[i] == c) ++i;
        token += sql[i];
      }
      ++i;
      all.push_back(token);
    } else if (is_word(c)) {
      std::string token;
      for (; i < sql.size() && is_word(sql[i]); ++i)
        token += static_cast<char>(sql[i] >= 'A' && sql[i] <= 'Z' ? sql[i] - 'A' + 'a' : sql[i]);
      all.push_back(token);
    } else {
      all.emplace_back(1, c);
      ++i;
    }
  }
  return all;
}

// What CREATE INDEX may leave out, and what pg_get_indexdef leaves out.
std::vector<std::string> essence(std::string_view sql) {
  std::vector<std::string> words = tokens(sql);
  const auto drop = [&words](const auto& sequence) {
    const auto found = std::search(words.begin(), words.end(), sequence.begin(), sequence.end());
    if (found != words.end()) words.erase(found, found + static_cast<std::ptrdiff_t>(sequence.size()));
  };
  drop(std::array<std::string, 1>{"concurrently"});
  drop(std::array<std::string, 3>{"if", "not", "exists"});
  drop(std::array<std::string, 2>{"using", "btree"});
  drop(std::array<std::string, 2>{"on", "only"});
  // The parentheses that the server puts around a predicate.
  const auto where = std::find(words.begin(), words.end(), "where");
  if (where != words.end() && words.end() - where > 2 && *(where + 1) == "(" && words.back() == ")") {
    int depth = 0;
    bool outer = true;
    for (auto it = where + 1; it != words.end(); ++it) {
      if (*it == "(") ++depth;
      if (*it == ")") --depth;
      if (depth == 0 && it + 1 != words.end()) outer = false;
    }
    if (outer) {
      words.pop_back();
      words.erase(where + 1);
    }
  }
  while (!words.empty() && words.back() == ";") words.pop_back();
  std::erase(words, "on");
  return words;
}

}  // namespace

std::string built_index(std::string_view statement) {
  const std::vector<std::string> words = tokens(statement);
  std::size_t at = 0;
  const auto next = [&](std::string_view word) {
    const bool is = at < words.size() && words[at] == word;
    if (is) ++at;
    return is;
  };
  if (!next("create")) return "";
  next("unique");
  if (!next("index") || !next("concurrently")) return "";
  if (next("if")) {
    next("not");
    next("exists");
  }
  return at + 1 < words.size() && words[at + 1] == "on" ? words[at] : "";
}

bool same_index(std::string_view statement, std::string_view definition) {
  return essence(statement) == essence(definition);
}

}  // namespace pglint::apply
