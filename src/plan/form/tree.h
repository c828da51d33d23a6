// The data of a YAML file, without its looks: texts, lists and maps. Plans are written from one and read into one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pglint::plan {

struct Tree {
  enum class Kind : std::uint8_t { nothing, text, list, map };

  Kind kind = Kind::nothing;
  bool literal = false;  // of a text that is written: a number or true or false, which are not quoted
  bool flow = false;     // of a list or map that is written: on one line, if it fits
  unsigned line = 0;     // of what was read, from 1
  std::string text = {};
  std::vector<Tree> list = {};
  std::vector<std::pair<std::string, Tree>> map = {};  // in their order
};

[[nodiscard]] std::string write_yaml(const Tree& tree);

// No aliases, no merge keys, no key twice, one document, bounded depth and size: what is not so is an error that names
// its line.
[[nodiscard]] Result<Tree> read_yaml(std::string_view text);

}  // namespace pglint::plan
