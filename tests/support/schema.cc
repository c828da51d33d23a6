#include "support/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "support/golden.h"

namespace pglint::test {
namespace {

using nlohmann::json;

bool is_a(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  return false;
}

class Validator {
 public:
  explicit Validator(const json& root) : root_(root) {}

  std::string check(const json& schema, const json& value, const std::string& where) const;

 private:
  [[nodiscard]] std::string check_object(const json& schema, const json& value, const std::string& where) const;

  const json& root_;
};

std::string Validator::check_object(const json& schema, const json& value, const std::string& where) const {
  for (const json& key : schema.value("required", json::array())) {
    if (!value.contains(key)) return where + " has no " + key.get<std::string>();
  }
  const json properties = schema.value("properties", json::object());
  for (const auto& [key, member] : value.items()) {
    if (!properties.contains(key)) {
      if (!schema.contains("additionalProperties")) continue;
      const json& others = schema["additionalProperties"];
      if (!others.is_object()) return fmt::format("{} must not have {}", where, key);
      if (std::string wrong = check(others, member, fmt::format("{}.{}", where, key)); !wrong.empty()) return wrong;
      continue;
    }
    if (std::string wrong = check(properties[key], member, fmt::format("{}.{}", where, key)); !wrong.empty())
      return wrong;
  }
  return "";
}

std::string Validator::check(const json& schema, const json& value, const std::string& where) const {
  static constexpr std::array<std::string_view, 14> known = {
      "$schema", "$defs", "$ref",  "title",      "description",          "type",
      "const",   "enum",  "items", "properties", "additionalProperties", "required",
      "minimum", "oneOf",
  };
  for (const auto& [key, unused] : schema.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      return "the schema's keyword " + key + " is not known";
  }
  if (schema.contains("additionalProperties") && schema["additionalProperties"] != false &&
      !schema["additionalProperties"].is_object())
    return "additionalProperties can only be false, or a schema";

  if (schema.contains("$ref")) {
    const auto ref = schema["$ref"].get<std::string>();
    const json::json_pointer target(ref.substr(1));
    if (!root_.contains(target)) return "the schema has no " + ref;
    if (std::string wrong = check(root_.at(target), value, where); !wrong.empty()) return wrong;
  }
  if (schema.contains("oneOf")) {
    std::string all;
    std::size_t fits = 0;
    for (const json& one : schema["oneOf"]) {
      const std::string wrong = check(one, value, where);
      if (wrong.empty()) ++fits;
      all += (all.empty() ? "" : ", or ") + wrong;
    }
    if (fits != 1) return fits == 0 ? all : where + " can be read in several ways";
  }
  if (schema.contains("const") && value != schema["const"]) return where + " is " + value.dump();
  if (schema.contains("enum")) {
    const json& all = schema["enum"];
    if (std::find(all.begin(), all.end(), value) == all.end()) return where + " is " + value.dump();
  }
  if (schema.contains("type")) {
    const json types = schema["type"].is_array() ? schema["type"] : json::array({schema["type"]});
    const bool fits = std::any_of(types.begin(), types.end(), [&](const json& t) { return is_a(value, t); });
    if (!fits) return where + " is " + value.dump() + ", not " + types.dump();
  }
  if (schema.contains("minimum") && value < schema["minimum"]) return where + " is " + value.dump();
  if (schema.contains("items") && value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string element = fmt::format("{}[{}]", where, i);
      if (std::string wrong = check(schema["items"], value[i], element); !wrong.empty()) return wrong;
    }
  }
  return value.is_object() ? check_object(schema, value, where) : "";
}

}  // namespace

std::string violation(const json& schema, const json& value) { return Validator(schema).check(schema, value, "$"); }

json schema(const std::string& name) {
  return json::parse(read_file(std::string(PGLINT_SOURCE_DIR) + "/docs/schemas/" + name + ".schema.json"));
}

}  // namespace pglint::test
