// The grammar is checked by nlohmann's parser, which builds nothing here; what follows only looks for the ends of
// values in a text that is known to be right, without recursion.
#include "source/json_text.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace pglint::source {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

// Behind the string that starts at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

std::size_t value_end(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(text, at);
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;  // a number or a word before it
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || is_blank(c))) {
      return at;
    }
    ++at;
  }
  return at;
}

// Calls `one` where each element or member of a list starts; it returns where that ends.
template <class F>
void each(std::string_view text, JsonValue list, char open, const F& one) {
  if (list.begin >= list.end || text[list.begin] != open) return;
  std::size_t at = skip_blanks(text, list.begin + 1);
  while (at + 1 < list.end) {
    at = skip_blanks(text, one(at));
    if (at + 1 >= list.end || text[at] != ',') return;
    at = skip_blanks(text, at + 1);
  }
}

}  // namespace

std::optional<JsonValue> json_root(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF") || !nlohmann::json::accept(text)) return std::nullopt;
  const std::size_t begin = skip_blanks(text, 0);
  return JsonValue{begin, value_end(text, begin)};
}

std::vector<JsonMember> json_members(std::string_view text, JsonValue object) {
  std::vector<JsonMember> members;
  each(text, object, '{', [&](std::size_t at) {
    const JsonValue key = {at, string_end(text, at)};
    const std::size_t begin = skip_blanks(text, skip_blanks(text, key.end) + 1);  // behind the colon
    const JsonValue value = {begin, value_end(text, begin)};
    members.push_back({json_string(text, key).value_or(""), value});
    return value.end;
  });
  return members;
}

std::vector<JsonValue> json_elements(std::string_view text, JsonValue array) {
  std::vector<JsonValue> elements;
  each(text, array, '[', [&](std::size_t at) {
    elements.push_back({at, value_end(text, at)});
    return elements.back().end;
  });
  return elements;
}

const JsonMember* json_find(const std::vector<JsonMember>& members, std::string_view key) {
  const auto found =
      std::find_if(members.rbegin(), members.rend(), [key](const JsonMember& member) { return member.key == key; });
  return found == members.rend() ? nullptr : &*found;
}

std::optional<std::string> json_string(std::string_view text, JsonValue value) {
  const std::string_view written = value.of(text);
  if (!written.starts_with('"')) return std::nullopt;
  if (written.find('\\') == std::string_view::npos) return std::string(written.substr(1, written.size() - 2));
  const nlohmann::json read = nlohmann::json::parse(written, nullptr, false);
  if (!read.is_string()) return std::nullopt;
  return read.get<std::string>();
}

std::optional<std::int64_t> json_integer(std::string_view text, JsonValue value) {
  const std::string_view written = value.of(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), number);
  if (error != std::errc{} || end != written.data() + written.size()) return std::nullopt;
  return number;
}

}  // namespace pglint::source
