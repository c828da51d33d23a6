#include "lint/sizes.h"

#include <algorithm>

#include "base/glob.h"

namespace pglint::lint {
bool fits_relation(std::string_view pattern, std::string_view schema, std::string_view name) {
  const std::size_t dot = pattern.find('.');
  if (dot == std::string_view::npos) return schema == "public" && glob_matches(pattern, name, '.');
  return glob_matches(pattern.substr(0, dot), schema, '.') && glob_matches(pattern.substr(dot + 1), name, '.');
}

TableSize TableSizes::of(std::string_view relation) const {
  TableSize size;
  const std::size_t dot = std::min(relation.find('.'), relation.size());
  const std::string_view schema = relation.substr(0, dot);
  const std::string_view name = relation.substr(std::min(dot + 1, relation.size()));
  const auto fits = [&](const std::string& pattern) { return fits_relation(pattern, schema, name); };
  size.hot = std::ranges::any_of(hot, fits);
  const auto said = std::ranges::find_if(rows, [&](const auto& line) { return fits(line.first); });
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
