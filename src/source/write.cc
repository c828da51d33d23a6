#include "source/write.h"

#include <fmt/core.h>

#include "source/runner.h"

namespace pglint::source {

const Writer* find_writer(std::string_view runner) {
  const Runner* const known = find_runner(runner);
  return known == nullptr ? nullptr : known->writer;
}

Error not_written(std::string_view runner) {
  const Runner* const known = find_runner(runner);
  return {fmt::format("pglint reads what {} runs, and does not write its migrations",
                      known == nullptr ? runner : known->title),
          "save the SQL in a folder of its own: `pglint fix --runner plain --apply FOLDER` plans it and executes the "
          "plan, and what it writes there shows which migrations to make"};
}

namespace {
constexpr std::string_view temporary = ".pglint-tmp";
}  // namespace

std::string temporary_name(std::string_view name) { return '.' + std::string(name) + std::string(temporary); }

bool is_temporary(std::string_view name) {
  return name.size() > temporary.size() + 1 && name.starts_with('.') && name.ends_with(temporary);
}

}  // namespace pglint::source
