// Where the values of a JSON text stand, so that one of them can be changed and all other bytes be kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pglint::source {

struct JsonValue {
  std::size_t begin = 0;
  std::size_t end = 0;

  [[nodiscard]] std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

// The outermost value; nothing if the text is not JSON as JavaScript reads it (a byte order mark is refused).
[[nodiscard]] std::optional<JsonValue> json_root(std::string_view text);

// Of a text that has a root. Empty where the value is no object, or no array.
[[nodiscard]] std::vector<JsonMember> json_members(std::string_view text, JsonValue object);
[[nodiscard]] std::vector<JsonValue> json_elements(std::string_view text, JsonValue array);

// The member of that name, the last one if there are several: that is the one that JavaScript takes.
[[nodiscard]] const JsonMember* json_find(const std::vector<JsonMember>& members, std::string_view key);

[[nodiscard]] std::optional<std::string> json_string(std::string_view text, JsonValue value);
[[nodiscard]] std::optional<std::int64_t> json_integer(std::string_view text, JsonValue value);

}  // namespace pglint::source
