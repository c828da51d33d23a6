#include "source/squawk.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>

#include "pg/lexer.h"

namespace pglint::source {
namespace {

constexpr std::size_t most_bytes = std::size_t{1024} * 1024;

std::vector<std::string> words(const toml::node& node) {
  std::vector<std::string> list;
  if (const toml::array* array = node.as_array())
    for (const toml::node& item : *array)
      if (const auto word = item.value<std::string>()) list.push_back(*word);
  return list;
}

// 15 of "15", "15.2" and 15.
std::optional<int> major_version(const toml::node& node) {
  if (const auto number = node.value<std::int64_t>()) return static_cast<int>(*number);
  const auto text = node.value<std::string>();
  int number = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc()) return {};
  return number;
}

bool is_rule_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

}  // namespace

Result<SquawkConfig> parse_squawk(std::string_view text) {
  if (text.size() > most_bytes) return failed("is larger than 1 MiB", "A configuration is not.");
  try {
    const toml::table table = toml::parse(text);
    SquawkConfig config;
    for (const auto& [key, node] : table) {
      if (key == "excluded_rules") {
        config.excluded_rules = words(node);
      } else if (key == "included_rules") {
        config.included_rules = words(node);
      } else if (key == "excluded_paths") {
        config.excluded_paths = words(node);
      } else if (key == "pg_version") {
        config.pg_version = major_version(node);
      } else if (key == "assume_in_transaction") {
        config.assume_in_transaction = node.value_or(false);
      } else {
        config.other_keys.emplace_back(key.str());
      }
    }
    return config;
  } catch (const toml::parse_error& error) {
    return failed(fmt::format("line {}, column {}: {}", error.source().begin.line, error.source().begin.column,
                              error.description()),
                  "It must be TOML.");
  }
}

std::vector<SquawkIgnore> squawk_ignores(std::string_view sql) {
  constexpr std::string_view mark = "squawk-ignore";
  std::vector<SquawkIgnore> ignores;
  if (sql.find(mark) == std::string_view::npos) return ignores;
  const pg::Lexed lexed = pg::lex(sql, {.psql = true});
  std::uint32_t line = 1;
  std::size_t counted = 0;
  for (const pg::Comment& comment : lexed.comments) {
    std::string_view text = sql.substr(comment.span.begin, comment.span.size());
    line += static_cast<std::uint32_t>(
        std::count(sql.begin() + static_cast<std::ptrdiff_t>(counted), sql.begin() + comment.span.begin, '\n'));
    counted = comment.span.begin;
    const std::size_t at = text.find_first_not_of("-/* \t");
    if (at == std::string_view::npos || !text.substr(at).starts_with(mark)) continue;
    text.remove_prefix(at + mark.size());
    SquawkIgnore ignore;
    ignore.line = line;
    if (text.starts_with("-file")) {
      ignore.whole_file = true;
      text.remove_prefix(5);
    }
    while (!text.empty()) {
      const auto begin = std::ranges::find_if(text, is_rule_character);
      const auto end = std::find_if_not(begin, text.end(), is_rule_character);
      if (begin == end) break;
      ignore.rules.emplace_back(begin, end);
      text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    }
    ignores.push_back(std::move(ignore));
  }
  return ignores;
}

}  // namespace pglint::source
