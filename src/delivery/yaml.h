// YAML with places. What hostile texts can do to the library is kept from it here.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "delivery/mapped.h"
#include "pglint/span.h"

namespace pglint::delivery {

// All documents of a text, at most `most`.
[[nodiscard]] Result<std::vector<YAML::Node>> load_yaml(const std::string& text, std::size_t most = 1);

// The value of a key, also where it is merged in by `<<`. An undefined node if there is none.
[[nodiscard]] YAML::Node value_of(const YAML::Node& map, std::string_view key);
// The pairs of a map, those that are merged in as well.
[[nodiscard]] std::vector<std::pair<YAML::Node, YAML::Node>> pairs_of(const YAML::Node& map);
// The texts of a list, or the one text; of a map its keys.
[[nodiscard]] std::vector<YAML::Node> texts_of(const YAML::Node& node);
[[nodiscard]] std::string text_of(const YAML::Node& node);  // empty if it is none

// Where a node begins in the text that it was loaded from.
[[nodiscard]] std::size_t begin_of(const std::string& text, const YAML::Node& node);
[[nodiscard]] Span span_of(const std::string& text, const YAML::Node& word);
[[nodiscard]] Mapped mapped_text(const std::string& text, const YAML::Node& node);

// The lines that stand deeper than the one at `begin`, and that one.
[[nodiscard]] Span block_at(std::string_view text, std::size_t begin);

}  // namespace pglint::delivery
