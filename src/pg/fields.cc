#include "pg/fields.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "pg/node.h"

namespace pglint::pg {
namespace {

constexpr std::array fields = std::to_array<Field>({
#define PGLINT_FIELD(Type, field, what) {T_##Type, offsetof(Type, field), sizeof(Type::field), Holds::what, #field},
#include "pg/fields.inc"
#undef PGLINT_FIELD
});

struct Range {
  std::uint16_t begin = 0;
  std::uint16_t end = 0;
};

constexpr auto ranges = [] {
  constexpr int last = std::ranges::max(fields, {}, &Field::tag).tag;
  std::array<Range, static_cast<std::size_t>(last) + 1> out = {};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    Range& range = out[static_cast<std::size_t>(fields[i].tag)];
    if (range.end == 0) range.begin = static_cast<std::uint16_t>(i);
    range.end = static_cast<std::uint16_t>(i + 1);
  }
  return out;
}();

}  // namespace

std::span<const Field> fields_of(int tag) {
  if (tag < 0 || static_cast<std::size_t>(tag) >= ranges.size()) return {};
  const Range range = ranges[static_cast<std::size_t>(tag)];
  return std::span(fields).subspan(range.begin, range.end - range.begin);
}

}  // namespace pglint::pg
