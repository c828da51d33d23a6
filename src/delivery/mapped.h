// A value as a program reads it out of a file, with the place of each of its bytes there: in the file it is quoted,
// escaped, folded or indented, and findings point at the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pglint/span.h"

namespace pglint::delivery {

struct Mapped {
  std::string text;
  std::vector<std::uint32_t> at;  // of each byte of the text, and where the last one ends

  [[nodiscard]] Span span(std::size_t begin, std::size_t end) const;
};

// `value` is what stands in `file` from `begin` on, in whatever form YAML and JSON have for a text. Where the two do
// not fit, places are those of the neighbours; they are never outside of the file.
[[nodiscard]] Mapped mapped(std::string_view file, std::size_t begin, std::string value);

// What stands in the file as it is read.
[[nodiscard]] Mapped plain(std::string_view file, std::size_t begin, std::size_t end);

}  // namespace pglint::delivery
