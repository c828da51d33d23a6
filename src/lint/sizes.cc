#include "lint/sizes.h"

#include <algorithm>

#include "base/glob.h"

namespace pglint::lint {
namespace {

bool fits(std::string_view pattern, std::string_view relation) {
  if (pattern.find('.') != std::string_view::npos) return glob_matches(pattern, relation, '.');
  constexpr std::string_view usual = "public.";
  return relation.starts_with(usual) && glob_matches(pattern, relation.substr(usual.size()), '.');
}

}  // namespace

TableSize TableSizes::of(std::string_view relation) const {
  TableSize size;
  size.hot = std::ranges::any_of(hot, [&](const std::string& pattern) { return fits(pattern, relation); });
  const auto said = std::ranges::find_if(rows, [&](const auto& line) { return fits(line.first, relation); });
  if (said != rows.end()) {
    size.rows = said->second;
  } else if (const auto found = measured.find(std::string(relation)); found != measured.end()) {
    size.rows = found->second;
  }
  if (size.rows >= 0)
    size.size = size.rows < small_rows ? Size::small : size.rows >= large_rows ? Size::large : Size::medium;
  return size;
}

}  // namespace pglint::lint
