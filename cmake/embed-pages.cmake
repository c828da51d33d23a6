# cmake -DOUTPUT=pages.cc "-DPAGES=a.md;b.md" -P embed-pages.cmake: writes the pages of the rules as a C++ table, by id.

set(table "")
set(count 0)
foreach(page IN LISTS PAGES)
  cmake_path(GET page STEM LAST_ONLY id)
  file(READ "${page}" text)
  string(APPEND table "    Page{\"${id}\", R\"pglint(${text})pglint\"},\n")
  math(EXPR count "${count} + 1")
endforeach()

file(WRITE "${OUTPUT}" "// Generated from rules/*.md by cmake/embed-pages.cmake.
#include \"rules/registry.h\"

#include <algorithm>
#include <array>

namespace pglint::rules {
namespace {

struct Page {
  std::string_view id;
  std::string_view text;
};

// By id, in byte order.
constexpr std::array<Page, ${count}> table = {{
${table}}};

}  // namespace

std::string_view page(std::string_view id) {
  const auto* const found =
      std::lower_bound(table.begin(), table.end(), id, [](const Page& page, std::string_view key) { return page.id < key; });
  return found != table.end() && found->id == id ? found->text : std::string_view{};
}

}  // namespace pglint::rules
")
