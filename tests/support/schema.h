// As much of JSON Schema as docs/schemas uses: type, const, enum, required, properties, additionalProperties, items,
// minimum, oneOf and $ref into $defs. Any other keyword is an error, so that none is believed to be checked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace pglint::test {

// What is wrong with `value`, and where; empty if nothing.
[[nodiscard]] std::string violation(const nlohmann::json& schema, const nlohmann::json& value);
// docs/schemas/<name>.schema.json.
[[nodiscard]] nlohmann::json schema(const std::string& name);

}  // namespace pglint::test
